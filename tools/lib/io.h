/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Data calls on a descriptor that sdi_lookup() has found on rings. */
#ifndef SDI_IO_H
#define SDI_IO_H

#include <sys/socket.h>

#include "entry.h"

/*
 * Each does what the system call of its name does, by the rings as far as
 * that goes at once, the rest by the system call.  Returns -errno.
 */
ssize_t sdi_sendmsg(struct sdi_entry *e, int fd, const struct msghdr *msg,
		    int flags);
ssize_t sdi_recvmsg(struct sdi_entry *e, int fd, struct msghdr *msg,
		    int flags);
ssize_t sdi_send(struct sdi_entry *e, int fd, const void *buf, size_t len,
		 int flags);
ssize_t sdi_recv(struct sdi_entry *e, int fd, void *buf, size_t len, int flags);

/*
 * What is left of a quick call that has done what @tx_moved (@rx_moved) of the
 * entry says: the lock of the direction is held, and released.
 */
ssize_t sdi_send_more(struct sdi_entry *e, int fd, const void *buf, size_t len,
		      int flags);
ssize_t sdi_recv_more(struct sdi_entry *e, int fd, void *buf, size_t len,
		      int flags);

/* As the C library gives them: errno instead of -errno. */
ssize_t sdi_fail(ssize_t err) __attribute__((cold));

static inline ssize_t sdi_result(ssize_t ret)
{
	return __builtin_expect(ret >= 0, 1) ? ret : sdi_fail(ret);
}

/**
 * struct sdi_mark - a system call that the kernel shall know as ours
 * @e:		the entry; NULL when there is nothing to take back
 * @sends:	the send direction is marked, and its lock held; else the other's
 * @full:	whether it finds no room is not seen
 */
struct sdi_mark {
	struct sdi_entry *e;
	int sends;
	int full;
};

/**
 * sdi_mark_send - lock the send direction and mark a call of another kind
 * @m:		to be given to sdi_mark_end()
 * @fd:		the descriptor
 *
 * Does nothing where there is no lease to keep.  For calls like sendfile(2).
 */
void sdi_mark_send(struct sdi_mark *m, int fd);
void sdi_mark_end(struct sdi_mark *m);

#define SDI_BYTES_MAX	0x7ffff000u	/* what one system call moves at most */
/* Nothing is ever mapped below by default. */
#define SDI_LOWEST	0x10000

/*
 * A bad address is EFAULT from the kernel and a signal from us.  Those that
 * programs do pass, NULL and small or negative numbers, are easy to tell.
 */
static inline int sdi_never_mapped(const void *p)
{
	return (intptr_t)p < SDI_LOWEST;
}

/*
 * An epoll set that waits for room must hear of it once a send has found none:
 * said before the call, because the room may be there before it returns.
 * Return: whether that was said already.
 */
static inline uint32_t sdi_expect_full(struct sdi_entry *e)
{
	return __atomic_exchange_n(&e->tx_full, 1, __ATOMIC_RELAXED);
}

/* Bytes of a finished operation that took effect. */
size_t sdi_settle_tx(int fd, const struct sdi_moved *m);
size_t sdi_settle_rx(int fd, const struct sdi_moved *m);
/* Rings if the operation says so, and that has not been done for its sleep. */
void sdi_ring_bell(const struct sdi_entry *e, int fd,
		   const struct sdi_moved *m);

#endif /* SDI_IO_H */
