// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * Reserve and commit, peek and consume.
 *
 * The lock of the direction is held from the first to the second of a pair.
 * A reservation is an operation of the lease that is under way ("inside"),
 * because the caller writes to the ring; a peek is not, it only reads.
 */
#include "sdirect.h"

#include <errno.h>
#include <stddef.h>

#include "attach.h"
#include "io.h"

static void *refuse(uint32_t *lock, int err)
{
	sdi_unlock(lock);
	errno = err;
	return NULL;
}

/* A descriptor's entry with one direction locked, leased if it can be. */
static struct sdi_entry *begin(int fd, uint32_t tid, unsigned int dir)
{
	struct sdi_entry *e = sdi_lookup(fd);
	uint32_t *lock;
	int held;

	if (!e)
		return NULL;
	lock = dir == SDI_HOLDS_TX ? &e->tx_lock : &e->rx_lock;
	if (!sdi_entry_lock(e, lock, fd, tid))
		return NULL;
	if (!sdi_entry_made(e)) {
		sdi_unlock(lock);
		return NULL;
	}
	held = dir == SDI_HOLDS_TX ? sdi_view_tx_held(&e->view) :
				     sdi_view_rx_held(&e->view);
	if (held || sdi_entry_earn(e, fd, tid, dir))
		return e;
	sdi_unlock(lock);
	return NULL;
}

void *sdirect_reserve(int fd, size_t *len)
{
	uint32_t tid = sdi_process ? sdi_self() : 0;
	size_t need = *len ? *len : 1;
	struct sdi_entry *e;
	uint64_t tail;
	int64_t room;

	e = begin(fd, tid, SDI_HOLDS_TX);
	if (!e) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	if (!sdi_view_tx_enter(&e->view, tid, &tail))
		return refuse(&e->tx_lock, EOPNOTSUPP);
	/* The caller may well want more than the least: look afresh. */
	room = sdi_view_room(&e->view, tail, SDIRECT_RING_MAX);
	if (room < 0 || (uint64_t)room < need) {
		sdi_expect_full(e);
		sdi_view_tx_leave(&e->view, tail, 0);
		return refuse(&e->tx_lock, room < 0 ? EOPNOTSUPP : EAGAIN);
	}
	*len = (size_t)room;
	e->reserved = (uint64_t)room + 1;
	e->reserved_at = tail;
	return e->view.tx.ring + sdirect_ring_offset(e->view.tx.size, tail);
}

/* The calling thread's own reservation or peek, else NULL. */
static struct sdi_entry *pending(int fd, unsigned int dir)
{
	struct sdi_entry *e = sdi_process ? sdi_entry_find(fd) : NULL;
	uint32_t *lock;

	if (!e)
		return NULL;
	lock = dir == SDI_HOLDS_TX ? &e->tx_lock : &e->rx_lock;
	if (__atomic_load_n(lock, __ATOMIC_RELAXED) != sdi_self())
		return NULL;
	return (dir == SDI_HOLDS_TX ? e->reserved : e->peeked) ? e : NULL;
}

int sdirect_commit(int fd, size_t len)
{
	struct sdi_entry *e = pending(fd, SDI_HOLDS_TX);
	struct sdi_moved m;
	size_t took;

	if (!e || len >= e->reserved)
		return (int)sdi_fail(-EINVAL);
	e->reserved = 0;
	m = sdi_view_tx_leave(&e->view, e->reserved_at, len);
	took = sdi_settle_tx(fd, &m);
	sdi_ring_bell(e, fd, &m);
	sdi_unlock(&e->tx_lock);
	sdi_entry_reap(e);
	return took == len ? 0 : (int)sdi_fail(-ESTALE);
}

const void *sdirect_peek(int fd, size_t *len)
{
	uint32_t tid = sdi_process ? sdi_self() : 0;
	struct sdi_entry *e;
	int64_t avail;
	uint64_t head;

	e = begin(fd, tid, SDI_HOLDS_RX);
	if (!e) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	head = SDIRECT_LOAD_ACQUIRE(&e->view.ctl->rx_head);
	avail = sdi_view_rx_held(&e->view) ?
		sdi_view_avail(&e->view, head, SDIRECT_RING_MAX) :
		SDIRECT_RING_BAD;
	/* At the end of this ring only a system call leads on to the next. */
	if (avail < 0 ||
	    (!avail && (head < e->view.rx.base ||
			head >= SDIRECT_LOAD(&e->view.own->rx_limit))))
		return refuse(&e->rx_lock, EOPNOTSUPP);
	if (!avail)
		return refuse(&e->rx_lock, EAGAIN);
	*len = (size_t)avail;
	e->peeked = (uint64_t)avail + 1;
	return e->view.rx.ring + sdirect_ring_offset(e->view.rx.size, head);
}

int sdirect_consume(int fd, size_t len)
{
	struct sdi_entry *e = pending(fd, SDI_HOLDS_RX);
	struct sdi_moved m = { 0 };
	uint64_t head;
	size_t took = 0;

	if (!e || len >= e->peeked)
		return (int)sdi_fail(-EINVAL);
	e->peeked = 0;
	if (sdi_view_rx_enter(&e->view, sdi_self(), &head)) {
		m = sdi_view_rx_leave(&e->view, head, len);
		took = sdi_settle_rx(fd, &m);
	}
	sdi_ring_bell(e, fd, &m);
	sdi_unlock(&e->rx_lock);
	sdi_entry_reap(e);
	return took == len ? 0 : (int)sdi_fail(-ESTALE);
}
