/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls of a process, counted by the kernel at its tracepoint: no
 * tracer in the way, and nothing to pay for each call but an increment.
 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdint.h>
#include <sys/types.h>

/*
 * A counter for a process of one thread, 0 for this one; -1 where the kernel
 * does not count (no tracefs, no right to).
 */
int count_calls(pid_t pid);
/* Begins at 0. */
void count_start(int counter);
/* What it has counted; it stops. */
uint64_t count_stop(int counter);

#endif /* BENCH_COUNT_H */
