// SPDX-License-Identifier: GPL-2.0-only
#include "util.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

void bench_die(const char *format, ...)
{
	int saved = errno;
	va_list ap;

	fputs("sdirect-bench: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	if (saved)
		fprintf(stderr, ": %s", strerror(saved));
	fputc('\n', stderr);
	_exit(1);	/* what a parent has buffered is not ours to write */
}

void *bench_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		bench_die("mmap");
	return at;
}

void bench_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bench_die("CPU %d", cpu);
}

void bench_more_files(void)
{
	struct rlimit most = { .rlim_cur = 1 << 16, .rlim_max = 1 << 16 };

	if (!setrlimit(RLIMIT_NOFILE, &most))
		return;
	if (getrlimit(RLIMIT_NOFILE, &most))
		bench_die("RLIMIT_NOFILE");
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
}

static uint64_t nanoseconds(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000000u +
	       (uint64_t)tv->tv_usec * 1000u;
}

uint64_t bench_cpu_ns(void)
{
	struct rusage use;

	if (getrusage(RUSAGE_SELF, &use))
		bench_die("getrusage");
	return nanoseconds(&use.ru_utime) + nanoseconds(&use.ru_stime);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void bench_sort(uint32_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), by_value);
}

void bench_report(size_t size, const char *metric, double value,
		  const char *unit)
{
	printf("%zu\t%s\t%.9g\t%s\n", size, metric, value, unit);
}
