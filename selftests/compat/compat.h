/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests that write down what happens: each call with its result, its error and
 * what it brought.  The same program runs on TCP, on AF_SDIRECT and under the
 * shim; what is written must be equal, line by line, so TCP is the oracle and
 * no test knows what is right.
 *
 * What TCP leaves open (how many bytes one call takes, what a descriptor's
 * number is) is written down as what it may be: REC_FD, REC_IN, REC_SOME.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../net/lib.h"

/**
 * struct compat - what a test works on
 * @nf:		which sockets
 * @p:		a connected pair, unless the test is COMPAT_ALONE
 * @cl:		p.client, for short; -1 once closed by the test
 * @sv:		p.server
 */
struct compat {
	const struct net_family *nf;
	struct net_pair p;
	int cl;
	int sv;
};

enum compat_flags {
	COMPAT_ALONE	= 1,	/* begins without a connection */
	COMPAT_SLOW	= 2,	/* not for "make check" */
};

struct compat_test {
	const char *name;
	void (*run)(struct compat *c);
	unsigned int flags;
};

/* Each group defines its tests, ended by one without a name, and its name. */
extern const struct compat_test compat_tests[];

/* One row of the table; runs compat_NAME(). */
#define COMPAT(test)		{ #test, test, 0 }
#define COMPAT_WITH(test, how)	{ #test, test, how }

/* --- writing down --- */

/* A line of free text, as printf(); for what no macro below can say. */
void rec_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* @what gave @ret, with @err if that is -1. */
void rec_result(const char *what, long ret, int err);
void rec_fd(const char *what, long ret, int err);
void rec_in(const char *what, long ret, int err, long low, long high);
/* Bytes, as their number, the first few and a sum over all. */
void rec_bytes(const char *what, const void *buf, long len);
/* What poll() said, by name. */
void rec_poll(const char *what, short revents);
void rec_epoll(const char *what, uint32_t events);

#define REC_WITH(fn, call, ...) ({ \
	long __ret; \
	errno = 0; \
	__ret = (long)(call); \
	fn(#call, __ret, errno, ##__VA_ARGS__); \
	__ret; \
})

/* A call, its result and its error; gives the result. */
#define REC(call)		REC_WITH(rec_result, call)
/* A descriptor: any number is as good. */
#define REC_FD(call)		((int)REC_WITH(rec_fd, call))
/* From @low to @high, both included, or the error. */
#define REC_IN(call, low, high)	REC_WITH(rec_in, call, low, high)
/* At least one. */
#define REC_SOME(call)		REC_WITH(rec_in, call, 1, LONG_MAX)
/* A receiving call, and the bytes that are then in @buf. */
#define REC_RECV(call, buf) ({ \
	long __got = REC(call); \
	rec_bytes(#buf, buf, __got); \
	__got; \
})
/* What poll() says of @fd now, for @events. */
#define REC_POLL(fd, events)	rec_poll(#fd " " #events, \
					 compat_poll(fd, events, 0))
/* The same, waiting until it says something. */
#define REC_POLL_WAIT(fd, events) rec_poll(#fd " " #events, \
					   compat_poll(fd, events, -1))

/* --- what comes between others, so that both directions are used --- */

/* The server's "back", which the client reads; all written down. */
void compat_back(struct compat *c);
/* One byte, of which only the reading is written down. */
void compat_nod(struct compat *c);

/* --- helpers that write nothing, but for their failure --- */

/* Waits until @fd has one of @events (or error, or end); for the next call. */
void compat_until(int fd, short events);
short compat_poll(int fd, short events, int wait);
/* Waits until what @fd has sent has reached the other end's socket. */
void compat_sent(int fd);
/* Waits until nothing waits to be sent: over loopback it is there, or soon. */
void compat_left(int fd);
/* Waits until TCP has nothing in its queue; up to 40 ms. */
void compat_acknowledged(int fd);
/* Waits until @bytes can be read from @fd. */
void compat_arrived(int fd, int bytes);
/* Sends all of it, or ends the test. */
void compat_send(int fd, const void *buf, size_t len);
/* A second connection like the first one, as warm. */
void compat_pair(struct compat *c, struct net_pair *p);
/* Closes one end of the pair: &c->cl or &c->sv. */
void compat_close(struct compat *c, int *fd);
/* Ends the test with a line that no other transport will have. */
void compat_broken(const char *what) __attribute__((noreturn));

/* --- for those that run tests --- */

/* Slower machines get more time: SDIRECT_TIME multiplies the limits. */
int compat_stretch(int limit);
const struct net_family *compat_family(bool direct, bool ipv6);
/* Runs a test in a process of its own, and says how that ended if badly. */
void compat_run(const struct compat_test *test, const struct net_family *nf);

#define COMPAT_MUST(cond) do { \
	if (!(cond)) \
		compat_broken(#cond); \
} while (0)

#endif /* COMPAT_H */
