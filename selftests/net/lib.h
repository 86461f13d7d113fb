/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all socket tests share: the variants, a connected pair, a forked peer,
 * a byte stream that checks itself, and the counters of a socket.
 *
 * Every test runs on every variant with the same assertions, so plain TCP
 * proves the test and the test proves AF_SDIRECT.  The "hot" variants exchange
 * some messages first, so that the test begins on the rings.
 */
#ifndef NET_LIB_H
#define NET_LIB_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/sdirect.h>

struct net_family {
	int family;	/* first argument of socket() */
	int protocol;	/* third argument of socket() */
	int ip;		/* family of the addresses */
	bool direct;	/* an AF_SDIRECT socket */
	bool hot;	/* exchange some messages before the test */
};

union net_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage ss;
};

struct net_pair {
	int listener;
	int client;
	int server;
	union net_addr addr;	/* of the listener */
};

/* Sockets.  All return -1 and set errno on failure. */
int net_socket(const struct net_family *nf, int flags);
socklen_t net_addr_len(const struct net_family *nf);
void net_loopback(const struct net_family *nf, union net_addr *addr);
int net_listen(const struct net_family *nf, int backlog, union net_addr *addr);
int net_connect(const struct net_family *nf, const union net_addr *addr);
int net_pair_open(const struct net_family *nf, struct net_pair *p);
/* One more connection through the listener of @by, which stays its owner. */
int net_pair_join(const struct net_family *nf, const struct net_pair *by,
		  struct net_pair *p);
void net_pair_close(struct net_pair *p);
int net_close(int *fd);
int net_nonblock(int fd);
int net_queued(int fd, unsigned long request);	/* an ioctl() that counts */
bool net_supported(const struct net_family *nf);

/* True where the rings must come into use: AF_SDIRECT, or under the shim. */
bool net_direct(const struct net_family *nf);
int net_info(int fd, struct sdirect_info *info);
/* Exchanges messages until both directions are on rings; bounded. */
int net_warm(const struct net_family *nf, const struct net_pair *p);
/* 0 if @fd has sent and read through rings, or need not have. */
int net_used_rings(const struct net_family *nf, int fd);

/*
 * A byte stream: the byte at a position depends on the seed and the position,
 * so that a lost, repeated or moved byte is found where it happens.
 */
void net_fill(void *buf, size_t len, unsigned int seed, uint64_t pos);
/* Offset of the first wrong byte, or -1. */
ssize_t net_check(const void *buf, size_t len, unsigned int seed, uint64_t pos);

/* All of @len or failure; the receiving one returns less at end of stream. */
ssize_t net_send_all(int fd, const void *buf, size_t len);
ssize_t net_recv_all(int fd, void *buf, size_t len);

/* The next @len bytes of the stream of seed 1, checked; moves @pos; 0 or -1. */
int net_say(int fd, uint64_t *pos, size_t len);
int net_hear(int fd, uint64_t *pos, size_t len);

struct net_flow {
	int fd;
	unsigned int seed;
	uint64_t bytes;		/* to send or to expect */
	size_t chunk;		/* largest single call; sizes vary below it */
	uint64_t pos;		/* where to begin; moved along */
	int err;		/* errno, or EBADMSG for a wrong byte */
};

/* Thread functions on a struct net_flow; return NULL when all went well. */
void *net_flow_send(void *flow);
void *net_flow_recv(void *flow);

/* One message of @len each way, checked, within one process. */
int net_pingpong(const struct net_pair *p, size_t len, int rounds);
/* Sends back all it reads until end of stream. */
int net_echo(int fd);

/* A descriptor, by a Unix socket; @flags as for sendmsg() and recvmsg(). */
int net_send_fd(int via, int fd, int flags);
int net_recv_fd(int via, int flags);	/* the new one */

/* One call, made by a thread. */
struct net_call {
	int fd;
	char *buf;
	size_t len;
	volatile pid_t tid;
	ssize_t ret;
	int err;
};

void *net_call_recv(void *call);
void *net_call_send(void *call);	/* again and again, until it fails */
/* Starts a call in a thread and waits until it sleeps in the kernel. */
int net_call_start(pthread_t *t, void *(*fn)(void *), struct net_call *call);

/* Processes: a child dies with its parent. */
pid_t net_fork(void);
int net_wait(pid_t pid);	/* exit status, or 256 + signal */
int net_wait_sleeping(pid_t tid);	/* until that thread sleeps */
pid_t net_tid(void);

/* Signals are counted by one handler, without SA_RESTART. */
extern volatile int net_signals;
int net_count_signal(int sig);

uint64_t net_bytes(unsigned int megabytes);	/* scaled for slow machines */
int net_rounds(int rounds);
uint64_t net_now_ms(void);

enum { NET_LIMIT_MS = 20000 };	/* of any one wait */

/* True if @cond comes true in time: for what nothing can be slept on. */
#define net_until(cond) \
	({ \
		const uint64_t __end = net_now_ms() + NET_LIMIT_MS; \
		\
		while (!(cond) && net_now_ms() < __end) \
			sched_yield(); \
		(cond); \
	})

/* In a child: say what went wrong and exit. */
#define CHILD_CHECK(cond) \
	do { \
		if (!(cond)) \
			net_child_fail(__FILE__, __LINE__, #cond); \
	} while (0)
__attribute__((noreturn))
void net_child_fail(const char *file, int line, const char *what);

#endif /* NET_LIB_H */
