/* SPDX-License-Identifier: GPL-2.0-only */
/* A server of one thread in epoll that sends back what comes. */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include <sys/types.h>

/**
 * echo_start - start a server in a process of its own
 * @family:	of its listener
 * @edge:	edge-triggered: each socket is read until it is empty
 * @cpu:	it runs there alone
 * @listener:	(out) to connect to
 *
 * It ends when the last of its connections is closed.
 *
 * Return: its process id.
 */
pid_t echo_start(int family, int edge, int cpu, int *listener);

/* Waits for its end, which must be a good one. */
void echo_end(pid_t pid);

#endif /* BENCH_ECHO_H */
