/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * The data path: one operation on the mapped pages of one connection, with no
 * descriptor and no system call in it.  Tests and benchmarks build views over
 * memory of their own.  The caller keeps other threads of the process away
 * from the direction that he works on.
 */
#ifndef SDI_VIEW_H
#define SDI_VIEW_H

#include <linux/sdirect.h>
#include <linux/sdirect_ring.h>
#include <stddef.h>
#include <stdint.h>

#include "iter.h"

/* Between two publications; lets the reader begin while we still copy. */
#define SDI_CHUNK	(64u << 10)

/**
 * struct sdi_view_dir - one direction
 * @ring:	the ring, mapped twice in a row
 * @base:	stream position at which it begins
 * @known:	room or bytes are known to be there up to this position
 * @pos:	where the process that has the lease is; of no use without it
 * @size:	of the ring, 0 if there is none
 * @mask:	@size - 1
 * @epoch:	of the lease
 * @eager:	so many looks for bytes to come are to be made at once, and not
 *		by sdi_view_avail_patient()
 */
struct sdi_view_dir {
	uint8_t *ring;
	uint64_t base;
	uint64_t known;
	uint64_t pos;
	uint32_t size;
	uint32_t mask;
	uint32_t epoch;
	uint32_t eager;
};

/**
 * struct sdirect_view - the mapped pages of one connection
 * @ctl:	this end's own page
 * @peer:	the other end's page
 * @own:	what the kernel says about this end
 * @other:	what the kernel says about the other end
 * @hints:	SDIRECT_HINT_*
 * @tx:		the send direction
 * @rx:		the receive direction
 * @sent:	where @tx was at the last patient look
 */
struct sdirect_view {
	struct sdirect_ctl_page *ctl;
	const struct sdirect_ctl_page *peer;
	const struct sdirect_kern_end *own;
	const struct sdirect_kern_end *other;
	uint32_t hints;
	struct sdi_view_dir tx;
	struct sdi_view_dir rx;
	uint64_t sent;
};

/* What is left to do after an operation. */
#define SDI_BELL	0x1	/* the other end sleeps: ring */
#define SDI_SETTLE	0x2	/* the lease went away: ask what took effect */
#define SDI_SLOW	0x4	/* no use in trying again here */
#define SDI_END		0x8	/* read up to the end of this ring */
#define SDI_NUDGE	0x10	/* its epoll set sleeps: ring once for each sleep */
#define SDI_EMPTY	0x20	/* nothing was there, for how little ever */

/**
 * struct sdi_moved - the outcome of one operation
 * @start:	stream position of the first byte
 * @count:	bytes that moved, unless SDI_SETTLE finds less
 * @todo:	SDI_BELL, SDI_NUDGE, SDI_SETTLE, SDI_SLOW, SDI_END, SDI_EMPTY
 */
struct sdi_moved {
	uint64_t start;
	size_t count;
	unsigned int todo;
};

static inline int sdi_view_tx_held(const struct sdirect_view *v)
{
	return v->tx.size && SDIRECT_LOAD(&v->own->tx_epoch) == v->tx.epoch;
}

static inline int sdi_view_rx_held(const struct sdirect_view *v)
{
	return v->rx.size && SDIRECT_LOAD(&v->own->rx_epoch) == v->rx.epoch;
}

#define sdi_barrier()		__atomic_signal_fence(__ATOMIC_SEQ_CST)
#define sdi_store(p, v)		__atomic_store_n(p, v, __ATOMIC_RELAXED)

/**
 * sdi_view_room - room in the send ring
 * @v:		the view
 * @tail:	the position behind the last byte sent
 * @need:	look at the reader's page only if less is known to be there
 *
 * Room does not become less, so what was seen once needs no look.
 *
 * Return: 0 to the ring's size, or SDIRECT_RING_BAD.
 */
static inline int64_t sdi_view_room(struct sdirect_view *v, uint64_t tail,
				    size_t need)
{
	struct sdi_view_dir *tx = &v->tx;
	uint64_t head;
	int64_t room;

	if (tail + need <= tx->known)
		return (int64_t)(tx->known - tail);
	if (!tx->size || tail < tx->base)
		return SDIRECT_RING_BAD;
	head = SDIRECT_LOAD_ACQUIRE(&v->peer->rx_head);		/* D */
	room = sdirect_ring_room(tx->size, tx->base, tail, head);
	if (room >= 0)
		tx->known = tail + (uint64_t)room;
	return room;
}

/* The same for unread bytes; @head is the position of the first. */
static inline int64_t sdi_view_avail(struct sdirect_view *v, uint64_t head,
				     size_t need)
{
	struct sdi_view_dir *rx = &v->rx;
	uint64_t tail, limit;
	int64_t avail;

	if (head + need <= rx->known)
		return (int64_t)(rx->known - head);
	/* What comes before the ring came another way; all, where there is none. */
	if (head < rx->base)
		return rx->size ? 0 : SDIRECT_RING_BAD;
	tail = SDIRECT_LOAD_ACQUIRE(&v->peer->tx_tail);		/* B */
	limit = SDIRECT_LOAD(&v->own->rx_limit);
	avail = sdirect_ring_avail(rx->size, head, tail, limit);
	if (avail >= 0)
		rx->known = head + (uint64_t)avail;
	return avail;
}

static inline int sdi_view_tx_usable(const struct sdirect_view *v)
{
	return sdi_view_tx_held(v) && !SDIRECT_LOAD(&v->own->tx_closed);
}

/*
 * The two halves of sdi_view_send() without the copy: between them the
 * caller fills @count bytes of the ring.  The first says with 0 that the lease
 * is gone; it gives the position.
 *
 * That is not read from the page: the reader, who looks at the tail, has taken
 * its line away, and to have it back takes as long as a byte to the other end.
 */
static inline int sdi_view_tx_enter(struct sdirect_view *v, uint32_t tid,
				    uint64_t *tail)
{
	struct sdirect_ctl_page *ctl = v->ctl;

	sdi_store(&ctl->tx_inside, tid);
	sdi_barrier();
	*tail = v->tx.pos;
	if (SDIRECT_LOAD(&v->own->tx_epoch) == v->tx.epoch &&
	    !SDIRECT_LOAD(&v->own->tx_closed))
		return 1;
	sdi_store(&ctl->tx_inside, 0);
	return 0;
}

/* Who waits for the tail, of the two that may?  Return: SDIRECT_RING_*. */
static inline int sdi_view_tail_wanted(const struct sdirect_view *v,
				       uint64_t before, uint64_t now)
{
	int bell = 0;

	if (sdirect_need_event(SDIRECT_LOAD(&v->other->rx_want), now, before))
		bell = SDIRECT_RING_BELL;
	if (sdirect_need_event(SDIRECT_LOAD(&v->peer->rx_want), now, before))
		bell |= SDIRECT_RING_NUDGE;
	return bell;
}

/*
 * The thread is not inside any more when it looks at the want words: if the
 * lease is taken away meanwhile, who does that wakes the peer.
 */
static inline struct sdi_moved
sdi_view_tx_leave(struct sdirect_view *v, uint64_t tail, size_t count)
{
	struct sdi_moved m = { .start = tail, .count = count };
	struct sdirect_ctl_page *ctl = v->ctl;
	int bell = 0;

	if (count) {
		ctl->tx_ops++;
		sdi_store(&v->tx.pos, tail + count);
		SDIRECT_STORE_RELEASE(&ctl->tx_tail, tail + count);	/* A */
	}
	SDIRECT_STORE_RELEASE(&ctl->tx_inside, 0);
	if (count) {
		SDIRECT_FENCE();	/* E, pairs with F */
		bell = sdi_view_tail_wanted(v, tail, tail + count);
	}
	sdi_barrier();
	if (__builtin_expect(bell, 0))
		m.todo |= bell & SDIRECT_RING_BELL ? SDI_BELL : SDI_NUDGE;
	if (__builtin_expect(SDIRECT_LOAD(&v->own->tx_epoch) != v->tx.epoch, 0))
		m.todo |= SDI_SETTLE | SDI_SLOW;
	return m;
}

/* The same for a receive. */
static inline int sdi_view_rx_enter(struct sdirect_view *v, uint32_t tid,
				    uint64_t *head)
{
	struct sdirect_ctl_page *ctl = v->ctl;

	sdi_store(&ctl->rx_inside, tid);
	sdi_barrier();
	*head = v->rx.pos;
	if (SDIRECT_LOAD(&v->own->rx_epoch) == v->rx.epoch)
		return 1;
	sdi_store(&ctl->rx_inside, 0);
	return 0;
}

static inline struct sdi_moved
sdi_view_rx_leave(struct sdirect_view *v, uint64_t head, size_t count)
{
	struct sdi_moved m = { .start = head, .count = count };
	struct sdirect_ctl_page *ctl = v->ctl;

	if (count) {
		ctl->rx_ops++;
		sdi_store(&v->rx.pos, head + count);
		SDIRECT_STORE_RELEASE(&ctl->rx_head, head + count);	/* C */
	}
	SDIRECT_STORE_RELEASE(&ctl->rx_inside, 0);
	if (count) {
		SDIRECT_FENCE();	/* E, pairs with F */
		if (sdirect_need_event(SDIRECT_LOAD(&v->other->tx_want),
				       head + count, head))
			m.todo = SDI_BELL;
	}
	sdi_barrier();
	if (__builtin_expect(SDIRECT_LOAD(&v->own->rx_epoch) != v->rx.epoch, 0))
		m.todo |= SDI_SETTLE | SDI_SLOW;
	return m;
}

/* Nothing will come here before a system call has moved us on. */
static inline int sdi_view_at_end(const struct sdirect_view *v, uint64_t head)
{
	return head < v->rx.base || head >= SDIRECT_LOAD(&v->own->rx_limit);
}

/*
 * The kernel may have moved the position in a marked call.  Said when the mark has
 * been taken back: a signal handler's calls end the lease from then on.
 */
static inline void sdi_view_tx_moved(struct sdirect_view *v)
{
	sdi_barrier();
	sdi_store(&v->tx.pos, SDIRECT_LOAD(&v->ctl->tx_tail));
}

static inline void sdi_view_rx_moved(struct sdirect_view *v)
{
	sdi_barrier();
	sdi_store(&v->rx.pos, SDIRECT_LOAD(&v->ctl->rx_head));
}

/* Ends an operation that has done nothing. */
static inline void sdi_view_tx_turn_back(struct sdirect_view *v)
{
	SDIRECT_STORE_RELEASE(&v->ctl->tx_inside, 0);
}

static inline void sdi_view_rx_turn_back(struct sdirect_view *v)
{
	SDIRECT_STORE_RELEASE(&v->ctl->rx_inside, 0);
}

void sdi_view_init(struct sdirect_view *v, const struct sdirect_attach *at,
		   void *tx_map, void *rx_map, size_t page);

/* True if a send would do something: room, or a reason to ask the kernel. */
int sdi_view_tx_ready(struct sdirect_view *v);
int sdi_view_rx_ready(struct sdirect_view *v);

/* sdi_view_send - send as much as fits, at most SDI_CHUNK */
struct sdi_moved sdi_view_send(struct sdirect_view *v, uint32_t tid,
			       struct sdi_iter *it);

/**
 * sdi_view_avail_patient - sdi_view_avail() after a moment, if that pays
 * @v:		the view
 * @head:	position of the first unread byte
 * @need:	bytes that one read takes, from 1
 *
 * A look takes the sender's line from it, and its next fence has to wait until it
 * has that back.  So who only receives, and finds a few messages at each look,
 * leaves the sender its line for as long as it takes to send some more.  Who has
 * sent something since waits for an answer, and looks at once.
 *
 * Return: as sdi_view_avail().
 */
int64_t sdi_view_avail_patient(struct sdirect_view *v, uint64_t head,
			       size_t need);

/*
 * sdi_view_recv - read what is there, at most SDI_CHUNK
 *
 * Reads nothing if there is less than @min; @peek leaves the bytes there.
 */
struct sdi_moved sdi_view_recv(struct sdirect_view *v, uint32_t tid,
			       struct sdi_iter *it, size_t min, int peek);

#endif /* SDI_VIEW_H */
