/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls of a process, counted by the kernel at its tracepoint: no
 * tracer in the way, and nothing to pay for each call but a look at a number.
 *
 * To switch the tracepoint on and off the kernel rewrites code that other CPUs may
 * be in: not a copy of it that an emulator made meanwhile.  QEMU's stays at the
 * breakpoint that is there in between, and so does the guest.  So nobody else may
 * make system calls while a counter is opened or closed.  And the counters are of
 * CPUs, which look at the number of the process: one of a process has the
 * scheduler rewritten too, a second after it was closed.
 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdint.h>
#include <sys/types.h>

#define COUNT_CPUS	64	/* there may be more: then nothing is counted */

/**
 * struct count - the calls of one process
 * @fd:		a counter for each CPU
 * @cpus:	how many; 0 where the kernel does not count (no tracefs, no right)
 */
struct count {
	int fd[COUNT_CPUS];
	int cpus;
};

/* Counts from now on the calls of a process of one thread. */
void count_open(struct count *c, pid_t pid);
/* How many there were. */
uint64_t count_read(const struct count *c);
void count_close(struct count *c);

#endif /* BENCH_COUNT_H */
