// SPDX-License-Identifier: GPL-2.0-only
/* The fake kernel: sending and receiving. */
#include <errno.h>
#include <linux/sdirect_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"
#include "iter.h"

#define HANG_SECONDS	20

int fake_marked(int side, uint32_t mark)
{
	(void)side;
	return mark == (uint32_t)gettid();
}

static struct sdi_iter iter_of(const struct msghdr *msg)
{
	struct sdi_iter it = { .iov = msg->msg_iov };

	for (size_t i = 0; i < msg->msg_iovlen; i++)
		it.left += msg->msg_iov[i].iov_len;
	return it;
}

static int bad_address(const struct msghdr *msg)
{
	for (size_t i = 0; i < msg->msg_iovlen; i++)
		if ((uintptr_t)msg->msg_iov[i].iov_base - 4096 > INTPTR_MAX)
			return 1;
	return 0;
}

/* A wake-up that is lost ends here, not in a hang. */
static void wait_for_news(const char *what)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += HANG_SECONDS;
	if (!pthread_cond_timedwait(&fake.cond, &fake.lock, &until))
		return;
	fprintf(stderr, "fake kernel: %s sleeps for ever\n", what);
	abort();
}

static size_t send_some(int side, struct sdi_iter *it)
{
	struct fake_end *e = &fake.end[side];
	struct fake_seg *seg = &e->seg[e->tx_seg];
	uint64_t tail = SDIRECT_LOAD(&fake.ctl[side]->tx_tail);
	uint64_t head = SDIRECT_LOAD_ACQUIRE(&fake.ctl[!side]->rx_head);
	int64_t n = sdirect_ring_room(seg->size, seg->start, tail, head);

	if (n < 0)
		abort();
	if ((uint64_t)n > it->left)
		n = (int64_t)it->left;
	if (!n)
		return 0;
	sdi_iter_gather(it, seg->ring + sdirect_ring_offset(seg->size, tail),
			(size_t)n);
	if (sdirect_ring_publish_tail(&fake.ctl[side]->tx_tail,
				      &fake.kern->end[!side].rx_want,
				      &fake.ctl[!side]->rx_want, tail,
				      tail + (uint64_t)n))
		fake_wake(!side);
	return (size_t)n;
}

static int may_grow(int side)
{
	const struct fake_end *e = &fake.end[side];

	return e->tx_seg + 1 < FAKE_SEGS &&
	       e->seg[e->tx_seg].size < fake.ring_max;
}

static int still_full(int side)
{
	struct fake_seg *seg = &fake.end[side].seg[fake.end[side].tx_seg];
	uint64_t tail = SDIRECT_LOAD(&fake.ctl[side]->tx_tail);
	uint64_t head = SDIRECT_LOAD_ACQUIRE(&fake.ctl[!side]->rx_head);

	return !sdirect_ring_room(seg->size, seg->start, tail, head);
}

/* Room comes when the head passes what fills the ring now. */
static void sleep_for_room(int side)
{
	struct fake_seg *seg = &fake.end[side].seg[fake.end[side].tx_seg];
	uint64_t tail = SDIRECT_LOAD(&fake.ctl[side]->tx_tail);
	uint64_t full = tail - seg->size;

	if (tail - seg->start < seg->size)
		return;
	sdirect_ring_arm(&fake.kern->end[side].tx_want, full);
	if (still_full(side))
		wait_for_news("a sender");
}

ssize_t fake_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct sdi_iter it = iter_of(msg);
	int side = fd - FAKE_FD, wait;
	ssize_t done = 0;

	fake.sends++;
	if (bad_address(msg)) {
		errno = EFAULT;
		return -1;
	}
	pthread_mutex_lock(&fake.lock);
	wait = !(flags & MSG_DONTWAIT) && !fake.end[side].nonblock;
	while (it.left) {
		if (!fake_marked(side, SDIRECT_LOAD(&fake.ctl[side]->tx_call)))
			fake_revoke_locked(side);
		if (fake.end[!side].closed)
			break;
		done += (ssize_t)send_some(side, &it);
		if (!it.left)
			break;
		if (may_grow(side))
			fake_grow(side);
		else if (wait)
			sleep_for_room(side);
		else if (still_full(side))
			break;
	}
	if (!done && it.left) {
		errno = fake.end[!side].closed ? EPIPE : EAGAIN;
		done = -1;
	}
	pthread_mutex_unlock(&fake.lock);
	return done;
}

static size_t recv_some(int side, struct sdi_iter *it, int peek)
{
	struct fake_end *e = &fake.end[side];
	uint64_t head = SDIRECT_LOAD(&fake.ctl[side]->rx_head);
	struct fake_seg *seg;
	int64_t n;

	while (fake.end[!side].seg[e->rx_seg].end == head)
		fake_advance(side);
	seg = &fake.end[!side].seg[e->rx_seg];
	n = sdirect_ring_avail(seg->size, head,
			       SDIRECT_LOAD_ACQUIRE(&fake.ctl[!side]->tx_tail),
			       seg->end);
	if (n < 0)
		abort();
	if ((uint64_t)n > it->left)
		n = (int64_t)it->left;
	if (!n)
		return 0;
	sdi_iter_scatter(it, seg->ring + sdirect_ring_offset(seg->size, head),
			 (size_t)n);
	if (!peek && sdirect_ring_publish(&fake.ctl[side]->rx_head,
					  &fake.kern->end[!side].tx_want, head,
					  head + (uint64_t)n))
		pthread_cond_broadcast(&fake.cond);
	return (size_t)n;
}

static void sleep_for_bytes(int side)
{
	uint64_t head = SDIRECT_LOAD(&fake.ctl[side]->rx_head);

	sdirect_ring_arm(&fake.kern->end[side].rx_want, head);
	if (SDIRECT_LOAD_ACQUIRE(&fake.ctl[!side]->tx_tail) == head &&
	    !fake.end[!side].closed)
		wait_for_news("a receiver");
}

ssize_t fake_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sdi_iter it = iter_of(msg);
	int side = fd - FAKE_FD, wait;
	ssize_t done = 0;
	size_t n;

	fake.recvs++;
	if (bad_address(msg)) {
		errno = EFAULT;
		return -1;
	}
	msg->msg_flags = 0;
	pthread_mutex_lock(&fake.lock);
	wait = !(flags & MSG_DONTWAIT) && !fake.end[side].nonblock;
	while (it.left) {
		if (!fake_marked(side, SDIRECT_LOAD(&fake.ctl[side]->rx_call)))
			fake_revoke_locked(side);
		n = recv_some(side, &it, flags & MSG_PEEK);
		done += (ssize_t)n;
		if ((done && !(flags & MSG_WAITALL)) || !it.left)
			break;
		if (n)
			continue;
		if (fake.end[!side].closed)
			break;
		if (!wait) {
			errno = EAGAIN;
			done = done ? done : -1;
			break;
		}
		sleep_for_bytes(side);
	}
	pthread_mutex_unlock(&fake.lock);
	return done;
}

ssize_t fake_send(int fd, const void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return fake_sendmsg(fd, &msg, flags);
}

ssize_t fake_recv(int fd, void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return fake_recvmsg(fd, &msg, flags);
}
