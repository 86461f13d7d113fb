/* SPDX-License-Identifier: GPL-2.0-only */
/* One end of a connection, whatever it is made of. */
#ifndef BENCH_END_H
#define BENCH_END_H

#include "queue.h"

/**
 * struct end - one end, in the process that works on it
 * @fd:		to send on; -1 where there is no descriptor
 * @in:		to receive from
 * @tx:		of the bare queue
 * @rx:		the same
 * @line_tx:	of the bare line
 * @line_rx:	the same
 * @all_bytes:	sent and received when it was ready
 * @ring_bytes:	of them, by rings
 */
struct end {
	int fd;
	int in;
	struct queue_end tx;
	struct queue_end rx;
	struct line_end line_tx;
	struct line_end line_rx;
	uint64_t all_bytes;
	uint64_t ring_bytes;
};

#define WORK_PARTS	8192u

/**
 * struct work - what to do on an end, and what came out of it
 * @size:	of each message, bytes, a power of two from 8
 * @ns:		how long, roughly
 * @idle_ns:	without any traffic before each round trip
 * @sample:	of single round trips, nanoseconds; NULL: only the sum
 * @samples:	room there; on return how many there are
 * @out:	@size bytes, the pattern
 * @in:		@size bytes
 * @pattern:	@size bytes that nobody writes to
 * @count:	messages or round trips; (out) unless for @through
 * @begin:	(out) when it began, nanoseconds
 * @end:	(out) when it ended
 * @part:	(out) nanoseconds for a message, in each part of the time
 * @parts:	(out) how many there are
 */
struct work {
	size_t size;
	uint64_t ns;
	uint64_t idle_ns;
	uint32_t *sample;
	size_t samples;
	uint8_t *out;
	uint8_t *in;
	const uint8_t *pattern;
	uint64_t count;
	uint64_t begin;
	uint64_t end;
	double part[WORK_PARTS];
	size_t parts;
};

typedef void work_fn(struct end *e, struct work *w);

#define END_SPINS	0x1	/* both ends must run all the time */
#define END_ALONE	0x2	/* has no other end; streams only */
#define END_TINY	0x4	/* messages of 8 bytes, one at a time: no streams */

/**
 * struct transport - a row of the table of transports
 * @name:	as the results name it
 * @flags:	END_*
 * @family:	of its sockets, where they can be listened on; else 0
 * @before:	makes what both processes inherit, at the first two descriptors
 * @open:	makes this process's end of it
 * @ready:	the connection is what the name promises; NULL: at once
 * @kept:	dies unless the bytes have gone that way since; NULL: they must
 * @ping:	sends and waits for the answer, again and again
 * @pong:	the other end of that
 * @source:	sends only
 * @sink:	receives only
 * @through:	sends @count messages on one end, each received at the other
 */
struct transport {
	const char *name;
	unsigned int flags;
	int family;
	void (*before)(int fds[4]);
	void (*open)(struct end *e, const int fds[4], int server);
	int (*ready)(struct end *e);
	void (*kept)(const struct end *e);
	work_fn *ping;
	work_fn *pong;
	work_fn *source;
	work_fn *sink;
	void (*through)(struct end *from, struct end *to, struct work *w);
};

/* The row of a name, or NULL. */
const struct transport *transport_find(const char *name);
/* Writes all names, a line each. */
void transport_list(void);

#endif /* BENCH_END_H */
