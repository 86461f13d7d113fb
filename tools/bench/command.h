/* SPDX-License-Identifier: GPL-2.0-only */
/* What the program is asked to do. */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include "end.h"

#define SIZES_MOST	32

/**
 * struct options - the command line
 * @transport:	the row
 * @size:	of messages, bytes
 * @sizes:	how many
 * @ns:		how long each measurement takes, roughly
 * @idle:	nothing is in flight for a while before each round trip
 * @cpu:	of the client and the server
 * @clients:	connections, or threads
 * @active:	of them, in use
 * @edge:	edge-triggered
 * @count:	of messages; of connections, at most, if there are more than one
 */
struct options {
	const struct transport *transport;
	size_t size[SIZES_MOST];
	int sizes;
	uint64_t ns;
	int idle;
	int cpu[2];
	int clients;
	int active;
	int edge;
	int count;
};

/* Each prints lines of "size metric value unit", or ends the program. */
void command_rtt(const struct options *o);
void command_stream(const struct options *o);
void command_server(const struct options *o);
void command_connect(const struct options *o);
void command_memory(const struct options *o);
void command_threads(const struct options *o);
void command_lease(const struct options *o);
void command_fork(const struct options *o);
void command_through(const struct options *o);

#endif /* BENCH_COMMAND_H */
