/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel for the library, in this process: one connection, whose rings and
 * pages are memory files.  Its calls work on the same rings, as the contract
 * in linux/sdirect.h wants it, and take leases away the same way: the epoch
 * changes, a barrier runs on all threads (membarrier instead of a TLB
 * shoot-down), whoever is inside is waited for, then the pages are replaced by
 * a dummy.
 */
#ifndef FAKE_H
#define FAKE_H

#include <linux/sdirect.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define FAKE_FD		1000	/* the two ends are this and the next */
#define FAKE_SEGS	8

/**
 * struct fake_seg - one ring of a direction
 * @start:	stream position at which it begins
 * @end:	where it ends, SDIRECT_POS_OPEN while it is in use
 * @size:	of the ring
 * @fd:		its memory
 * @ring:	the kernel's own mapping, twice in a row
 */
struct fake_seg {
	uint64_t start;
	uint64_t end;
	uint32_t size;
	int fd;
	uint8_t *ring;
};

struct fake_end {
	struct fake_seg seg[FAKE_SEGS];	/* of the direction that it sends on */
	int tx_seg;			/* index of the one it sends on */
	int rx_seg;			/* index, in the peer's, it reads from */
	int leased;
	int nonblock;
	int closed;
	struct sdirect_settle settle;
	void *tx_map;			/* what the library has mapped */
	size_t tx_length;
};

struct fake {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	int page_fd;			/* kernel's page, two control pages */
	struct sdirect_kern_page *kern;
	struct sdirect_ctl_page *ctl[2];
	struct fake_end end[2];
	uint32_t ring_max;
	int attach_error;		/* what ATTACH answers, 0: attach */
	size_t page;

	/* What was asked of it */
	atomic_int sends, recvs, attaches, settles, bells, revokes;
	atomic_int mapped;		/* mappings that the library has now */
	atomic_int ctls, waits;		/* of epoll */
	struct epoll_event told;	/* with the last epoll_ctl() */
	int bell_fd[2];			/* stands for the end in epoll sets */
};

extern struct fake fake;

/* A fresh connection with rings of @size that grow up to @max. */
void fake_open(uint32_t size, uint32_t max);
void fake_close(void);

/* Somebody else uses an end: takes the lease away. */
void fake_revoke(int side);

/* Wakes the epoll sets that have an end. */
void fake_wake(int side);

/* The other end goes away: end of stream here. */
void fake_hang_up(int side);

/* Memory mapped twice in a row; aborts if that fails. */
void *fake_map_twice(int fd, size_t size, int prot, void *at);
int fake_memory(size_t size);

/* The calls, as the library sees them; fake_open() puts them in its table. */
ssize_t fake_send(int fd, const void *buf, size_t len, int flags);
ssize_t fake_recv(int fd, void *buf, size_t len, int flags);
ssize_t fake_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t fake_recvmsg(int fd, struct msghdr *msg, int flags);

/* With the lock held: */
void fake_revoke_locked(int side);
int fake_marked(int side, uint32_t mark);
void fake_grow(int side);
void fake_advance(int side);

#endif /* FAKE_H */
