/* SPDX-License-Identifier: GPL-2.0-only */
/* What one end of a connection is asked to do; see peer.c. */
#ifndef TOPOLOGY_PEER_H
#define TOPOLOGY_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "../net/lib.h"

enum { PEER_LINES = 6 };

struct peer_ask {
	const char *listen;	/* address, or NULL */
	const char *connect;	/* address, or NULL; with both: a relay */
	const char *from;	/* address to connect from, or NULL */
	uint16_t port;
	uint16_t from_port;
	bool direct;		/* AF_SDIRECT, not AF_INET */
	bool onward;		/* the same for a relay's second connection */
	uint64_t bytes;		/* to send; the peer sends as many */
	unsigned int seed;	/* of what is sent */
	unsigned int expect;	/* of what is received */
	unsigned int connections;
	bool fastopen;
	bool gate;		/* wait for words on standard input */
	bool quiet;		/* let the first messages arrive, one by one */
	bool whole;		/* send all bytes in one call */
	bool fill;		/* send what fits before the peer reads */
	int64_t corrupt;	/* which byte to send wrong, or -1 */
	const char *line[PEER_LINES];
	int lines;
};

/* One direction of a connection, and what has become of it. */
struct peer_flow {
	const struct peer_ask *ask;
	int fd;
	unsigned int seed;
	uint64_t pos;		/* bytes moved so far */
	uint64_t sum;		/* of these */
};

/* Says what went wrong, in JSON, and exits. */
__attribute__((noreturn))
void peer_fail(const char *what, int64_t pos);

/* Makes the next bytes to send, and counts them. */
void peer_prepare(struct peer_flow *f, unsigned char *buf, size_t len);
/* Thread functions on a struct peer_flow: the bytes that were asked for. */
void *peer_send(void *flow);
void *peer_recv(void *flow);
/* Sends what fits. */
void peer_fill(struct peer_flow *f);
/* Reads to the end of the stream. */
void peer_rest(struct peer_flow *f);
/* Moves bytes between two sockets, until both directions have ended. */
void peer_relay(int a, int b);

#endif /* TOPOLOGY_PEER_H */
