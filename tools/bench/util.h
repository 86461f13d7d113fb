/* SPDX-License-Identifier: GPL-2.0-only */
/* What each file here needs. */
#ifndef BENCH_UTIL_H
#define BENCH_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define BENCH_LINE	64	/* bytes */

/* Ends the process with a line on stderr; errno is said if it is not 0. */
void bench_die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

static inline uint64_t bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline void bench_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Memory that a child shares, full of zeros. */
void *bench_shared(size_t size);

/* This process may run on that CPU alone. */
void bench_pin(int cpu);

/* As many descriptors as this process may have. */
void bench_more_files(void);

/* CPU time of this process, nanoseconds. */
uint64_t bench_cpu_ns(void);

/* Times in order, for bench_us() of any of them. */
void bench_sort(uint32_t *ns, size_t n);

static inline double bench_us(uint64_t ns)
{
	return (double)ns / 1e3;
}

/* One result: what the driver reads. */
void bench_report(size_t size, const char *metric, double value,
		  const char *unit);

#endif /* BENCH_UTIL_H */
