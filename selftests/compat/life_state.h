/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of what a connection does in each of its states: the states, calls
 * that wait in a thread, and the certainty that no packet is under way.
 */
#ifndef COMPAT_LIFE_STATE_H
#define COMPAT_LIFE_STATE_H

#include "compat.h"

/**
 * struct life_state - a state that a socket can be in
 * @name:	as it is written down
 * @make:	brings c->cl into it; c->sv is the other end, or -1
 */
struct life_state {
	const char *name;
	void (*make)(struct compat *c);
};

/* Ended by one without a name. */
extern const struct life_state life_states[];

/* Makes the state, says its name, and waits until no packet is under way. */
void life_open(struct compat *c, const struct life_state *state);
/* Ends what life_open() and life_pair() have begun, leaving no TIME_WAIT. */
void life_close(struct compat *c);
/* A connection by a listener that is kept for the next one, in c->cl, c->sv. */
void life_pair(struct compat *c);

/*
 * Returns when all packets that this process has sent, and their answers, have
 * come to their sockets.  Call it before the first of them is sent, too.
 */
void life_settle(void);

/* The same, and until all that either end has sent is acknowledged, too. */
void life_quiet(struct compat *c);

/* Sends until that would block, now and later; nobody reads from @peer. */
void life_fill(int fd, int peer);
/* Reads until that would block, or the end; gives the number of bytes. */
long life_drain(int fd);
/* The same, and what is still under way. */
void life_empty(int fd);
/* Bound to a port, and not listening: nobody can connect to @addr. */
int life_unheard(const struct net_family *nf, union net_addr *addr);
/* Listening and full: SYNs are dropped; the connection is in c->sv. */
int life_deaf(struct compat *c, union net_addr *addr);
/* Makes close() a reset. */
void life_abort_on_close(int fd);
/* SO_ERROR, as a line. */
void life_error(const char *what, int fd);

/* What either end may do to the other that sleeps, written down. */
void life_peer_shuts_wr(struct compat *c);
void life_shuts_rd(struct compat *c);
void life_shuts_wr(struct compat *c);
void life_shuts_both(struct compat *c);

/**
 * struct life_call - a call that waits, in a thread of its own
 * @what:	as it is written down
 * @run:	the call; its result is what @arg gave
 * @arg:	for @run
 * @fd:		for @run
 * @len:	for @run
 * @tid:	of the thread
 * @ret:	what it returned
 * @err:	errno, after it
 * @buf:	for @run
 * @done:	it has returned
 * @thread:	to be joined
 */
struct life_call {
	const char *what;
	long (*run)(struct life_call *call);
	void *arg;
	int fd;
	size_t len;
	pid_t tid;
	long ret;
	int err;
	char buf[64];
	bool done;
	pthread_t thread;
};

/* For one that only needs a descriptor. */
#define LIFE_CALL(name, fn, number) \
	{ .what = (name), .run = (fn), .fd = (number) }

/* Starts it, and returns when it sleeps. */
void life_begin(struct life_call *call);
/* Starts it; it may be done at once. */
void life_start(struct life_call *call);
/* From now on SIGUSR1 is counted in net_signals. */
void life_handle(bool restart);
/* Starts it, and sends that when it sleeps. */
void life_interrupt(struct life_call *call);
/* Has it returned? */
bool life_done(const struct life_call *call);
/* Returns when one of them has. */
void life_either(const struct life_call *a, const struct life_call *b);
/* Writes down whether it still waits: once nothing that has been done wakes it. */
void life_look(struct life_call *call);
/* Waits for its end, and writes down what it returned. */
void life_end(struct life_call *call);

/* Some that are often needed: @len bytes into or out of @buf. */
long life_recv(struct life_call *call);
long life_read(struct life_call *call);
/* Sends until it fails; gives the error as a result. */
long life_send_all(struct life_call *call);
/* poll() for @len as events; gives revents. */
long life_poll(struct life_call *call);

#endif /* COMPAT_LIFE_STATE_H */
