/* SPDX-License-Identifier: GPL-2.0-only */
/* Two processes with a connection between them, and what they do on it. */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "end.h"

#define PAIR_PHASES	2

/**
 * struct phase - both do something until the client stops
 * @stream:	the client sends and the server receives; else they take turns
 * @ns:		how long
 * @idle_ns:	as in struct work
 * @samples:	at most so many single times are wanted; 0: none
 * @count:	(out) of messages or round trips
 * @took:	(out) nanoseconds
 * @cpu:	(out) CPU time of both, nanoseconds
 * @typical:	(out) nanoseconds for one, in most parts of the time: what a
 *		disturbance by others does not change
 * @sample:	(out) nanoseconds each; freed by nobody
 */
struct phase {
	int stream;
	uint64_t ns;
	uint64_t idle_ns;
	size_t samples;
	uint64_t count;
	uint64_t took;
	uint64_t cpu;
	double typical;
	uint32_t *sample;
};

/**
 * struct pair - what is to be done
 * @t:		the transport
 * @size:	of messages
 * @cpu:	of the client and the server
 * @warm_ns:	for each try to get the connection ready
 * @phase:	in this order
 * @phases:	how many
 */
struct pair {
	const struct transport *t;
	size_t size;
	int cpu[2];
	uint64_t warm_ns;
	struct phase phase[PAIR_PHASES];
	int phases;
};

/* Messages of @size, and room for them. */
void work_init(struct work *w, size_t size);

/* Does all of it; ends the program where that fails. */
void pair_run(struct pair *p);

#endif /* BENCH_PAIR_H */
