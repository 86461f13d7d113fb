// SPDX-License-Identifier: GPL-2.0-only
/* Sending and receiving in three ways; see way.h. */
#include "way.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sdirect.h>

#define ATTACH_LIMIT_MS	20000

void way_init(struct way *w, int fd, enum way_kind kind)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->kind = kind;
}

static bool try_attach(struct way *w)
{
	if (!w->open)
		w->open = !direct_open(w->fd, &w->d);
	if (!w->open && w->d.ctl)
		memset(&w->d, 0, sizeof(w->d));
	return w->open;
}

void way_attach(struct way *w)
{
	const uint64_t end = net_now_ms() + ATTACH_LIMIT_MS;

	if (w->kind == WAY_CALL)
		return;
	while (w->kind == WAY_LIBRARY ? sdirect_attach(w->fd) :
					!try_attach(w))
		CHILD_CHECK(errno == EAGAIN && net_now_ms() < end);
}

void way_close(struct way *w)
{
	if (w->open)
		direct_close(&w->d);
	w->open = false;
	if (w->kind == WAY_LIBRARY)
		sdirect_detach(w->fd);
}

static void stop_at(struct way *w, enum way_stop here)
{
	if (here == STOP_NEVER || w->stop != here)
		return;
	w->stop = STOP_NEVER;
	raise(SIGSTOP);
}

static void enter(uint32_t *inside)
{
	__atomic_store_n(inside, net_tid(), __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void leave(uint32_t *inside)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(inside, 0, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* How many of the bytes from @before to @after the kernel has seen. */
static ssize_t landed(int fd, bool tx, uint64_t before, uint64_t after)
{
	struct sdirect_settle s;
	uint64_t final;

	CHILD_CHECK(!ioctl(fd, SDIRECT_IOC_SETTLE, &s));
	final = tx ? s.tx_final : s.rx_final;
	if (final <= before)
		return 0;
	return final < after ? final - before : after - before;
}

static ssize_t hand_send(struct way *w, const void *buf, size_t len)
{
	struct direct *d = &w->d;
	const uint64_t before = d->tail = SDIRECT_LOAD(&d->ctl->tx_tail);
	int64_t room = 0;
	int ring = 0;

	enter(&d->ctl->tx_inside);
	stop_at(w, STOP_INSIDE);
	if (d->at.tx_size && !direct_tx_lost(d) &&
	    !SDIRECT_LOAD(&d->me->tx_closed) && before >= d->at.tx_base)
		room = sdirect_ring_room(d->at.tx_size, d->at.tx_base, before,
					 SDIRECT_LOAD_ACQUIRE(&d->peer->rx_head));
	if (room <= 0) {
		leave(&d->ctl->tx_inside);
		return room;
	}
	len = len < (size_t)room ? len : (size_t)room;
	memcpy(d->tx + sdirect_ring_offset(d->at.tx_size, before), buf, len);
	stop_at(w, STOP_COPIED);
	d->ctl->tx_ops++;
	ring = sdirect_ring_publish_tail(&d->ctl->tx_tail, &d->other->rx_want,
					 &d->peer->rx_want, before,
					 before + len);
	stop_at(w, STOP_PUBLISHED);
	leave(&d->ctl->tx_inside);
	if (direct_tx_lost(d))
		len = landed(d->fd, true, before, before + len);
	if (ring)
		ioctl(d->fd, SDIRECT_IOC_DOORBELL);
	stop_at(w, STOP_DONE);
	return len;
}

static ssize_t hand_recv(struct way *w, void *buf, size_t len)
{
	struct direct *d = &w->d;
	const uint64_t before = d->head = SDIRECT_LOAD(&d->ctl->rx_head);
	int64_t avail = 0;
	uint64_t tail;
	int ring = 0;

	enter(&d->ctl->rx_inside);
	stop_at(w, STOP_INSIDE);
	if (d->at.rx_size && !direct_rx_lost(d) && before >= d->at.rx_base) {
		tail = SDIRECT_LOAD_ACQUIRE(&d->peer->tx_tail);
		avail = sdirect_ring_avail(d->at.rx_size, before, tail,
					   SDIRECT_LOAD(&d->me->rx_limit));
	}
	if (avail <= 0) {
		leave(&d->ctl->rx_inside);
		return avail;
	}
	len = len < (size_t)avail ? len : (size_t)avail;
	memcpy(buf, d->rx + sdirect_ring_offset(d->at.rx_size, before), len);
	stop_at(w, STOP_COPIED);
	d->ctl->rx_ops++;
	ring = sdirect_ring_publish(&d->ctl->rx_head, &d->other->tx_want,
				    before, before + len);
	stop_at(w, STOP_PUBLISHED);
	leave(&d->ctl->rx_inside);
	if (direct_rx_lost(d))
		len = landed(d->fd, false, before, before + len);
	if (ring)
		ioctl(d->fd, SDIRECT_IOC_DOORBELL);
	stop_at(w, STOP_DONE);
	return len;
}

/* A system call that the library would mark as its own. */
static void mark(struct way *w, uint32_t *word, uint32_t tid)
{
	if (w->open)
		__atomic_store_n(word, tid, __ATOMIC_RELAXED);
}

ssize_t way_send(struct way *w, const void *buf, size_t len, int flags)
{
	const bool after = w->stop >= STOP_PUBLISHED;
	ssize_t n = 0;

	flags |= MSG_NOSIGNAL;
	if (w->kind == WAY_LIBRARY)
		return sdirect_send(w->fd, buf, len, flags);
	if (w->kind == WAY_HAND && try_attach(w))
		n = hand_send(w, buf, len);
	if (n > 0)
		return n;
	if (!after)
		stop_at(w, w->stop);
	mark(w, &w->d.ctl->tx_call, net_tid());
	n = send(w->fd, buf, len, flags);
	mark(w, &w->d.ctl->tx_call, 0);
	/* The ring may have been replaced: attach again next time. */
	if (w->open && direct_tx_lost(&w->d))
		way_close(w);
	if (after)
		stop_at(w, w->stop);
	return n;
}

ssize_t way_recv(struct way *w, void *buf, size_t len, int flags)
{
	const bool after = w->stop >= STOP_PUBLISHED;
	ssize_t n = 0;

	if (w->kind == WAY_LIBRARY)
		return sdirect_recv(w->fd, buf, len, flags);
	if (w->kind == WAY_HAND && try_attach(w))
		n = hand_recv(w, buf, len);
	if (n > 0)
		return n;
	if (!after)
		stop_at(w, w->stop);
	mark(w, &w->d.ctl->rx_call, net_tid());
	n = recv(w->fd, buf, len, flags);
	mark(w, &w->d.ctl->rx_call, 0);
	if (w->open && direct_rx_lost(&w->d))
		way_close(w);
	if (after)
		stop_at(w, w->stop);
	return n;
}
