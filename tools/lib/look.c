// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "look.h"

#include "entry.h"

static uint64_t end_of(const struct sdirect_view *v)
{
	return SDIRECT_LOAD_ACQUIRE(&v->peer->tx_tail);		/* B */
}

/* Before the end, which another thread may read up to meanwhile. */
static uint64_t place_of(const struct sdirect_view *v)
{
	return SDIRECT_LOAD_ACQUIRE(&v->ctl->rx_head);
}

/* As the kernel has it: a good part of the ring is free. */
static int has_room(const struct sdirect_view *v)
{
	uint64_t tail = SDIRECT_LOAD(&v->ctl->tx_tail);
	uint64_t head = SDIRECT_LOAD(&v->peer->rx_head);
	int64_t room = sdirect_ring_room(v->tx.size, v->tx.base, tail, head);

	return room >= (int64_t)(v->tx.size / 4);
}

static int rx_tells(const struct sdirect_view *v, uint64_t head, uint64_t tail)
{
	const struct sdirect_kern_end *own = v->own;

	return sdi_view_rx_held(v) && head >= v->rx.base &&
	       SDIRECT_LOAD(&own->rx_limit) == SDIRECT_POS_OPEN &&
	       !SDIRECT_LOAD(&own->tx_closed) &&
	       !SDIRECT_LOAD(&own->rx_closed) &&
	       tail >= head && tail - head <= v->rx.size;
}

/*
 * What is true now of what is asked for, or SDI_LOOK_LEAVE; @level: where there
 * is little room only the kernel knows whether that will do.
 */
static uint32_t state(const struct sdirect_view *v, uint64_t head,
		      uint64_t tail, uint32_t asked, int level)
{
	uint32_t bits = 0;

	if (!rx_tells(v, head, tail))
		return SDI_LOOK_LEAVE;
	if (tail != head)
		bits |= SDI_SOFT_IN;
	if (asked & SDI_SOFT_OUT) {
		if (!sdi_view_tx_held(v))
			return SDI_LOOK_LEAVE;
		if (has_room(v))
			bits |= SDI_SOFT_OUT;
		else if (level)
			return SDI_LOOK_LEAVE;
	}
	return bits & asked;
}

static int is_level(const struct sdi_member *m)
{
	return m->fresh || !(m->asked & EPOLLET);
}

uint32_t sdi_look_now(const struct sdi_entry *e, uint32_t asked)
{
	uint64_t head;

	if (!sdi_entry_made(e))
		return SDI_LOOK_LEAVE;
	head = place_of(&e->view);
	return state(&e->view, head, end_of(&e->view), asked, 1);
}

uint32_t sdi_look(const struct sdi_entry *e, uint64_t *end)
{
	const struct sdi_member *m = &e->member;
	uint64_t head, tail;
	uint32_t bits;

	if (__atomic_load_n(&m->left, __ATOMIC_RELAXED) || !sdi_entry_made(e))
		return SDI_LOOK_LEAVE;
	head = place_of(&e->view);
	tail = *end = end_of(&e->view);
	bits = state(&e->view, head, tail, m->asked, is_level(m));
	if (bits == SDI_LOOK_LEAVE)
		return bits;
	if (!m->there)
		return 0;
	if (!(m->asked & EPOLLET) || m->fresh || tail != m->edge)
		return bits;
	/* Room is an edge for who has found none. */
	return bits & SDI_SOFT_OUT &&
	       __atomic_load_n(&e->tx_full, __ATOMIC_RELAXED) ? bits : 0;
}

void sdi_look_took_room(struct sdi_entry *e)
{
	__atomic_store_n(&e->tx_full, 0, __ATOMIC_RELAXED);
	/* Another thread fills it and then says so: one of us sees the other. */
	SDIRECT_FENCE();
	if (!has_room(&e->view))
		__atomic_store_n(&e->tx_full, 1, __ATOMIC_RELAXED);
}

int sdi_look_usable(const struct sdi_entry *e)
{
	uint64_t head;

	if (!sdi_entry_made(e))
		return 0;
	head = place_of(&e->view);
	return state(&e->view, head, end_of(&e->view), e->member.asked,
		     is_level(&e->member)) != SDI_LOOK_LEAVE;
}

int sdi_look_unread(const struct sdi_entry *e)
{
	return end_of(&e->view) != place_of(&e->view);
}

uint64_t sdi_look_end(const struct sdi_entry *e)
{
	return end_of(&e->view);
}

void sdi_look_arm(struct sdi_entry *e, uint64_t sleep)
{
	struct sdirect_ctl_page *ctl = e->view.ctl;

	if (!sdi_entry_made(e))
		return;
	__atomic_store_n(&ctl->rx_sleep, sleep, __ATOMIC_RELAXED);
	__atomic_store_n(&ctl->rx_want, end_of(&e->view), __ATOMIC_RELAXED);
}

void sdi_look_disarm(struct sdi_entry *e)
{
	if (sdi_entry_made(e))
		__atomic_store_n(&e->view.ctl->rx_want, 0, __ATOMIC_RELAXED);
}

int sdi_look_armed(const struct sdi_entry *e)
{
	return sdi_entry_made(e) &&
	       SDIRECT_LOAD(&e->view.ctl->rx_want) == end_of(&e->view) &&
	       /* If the lease has gone the word was written to nowhere. */
	       sdi_view_rx_held(&e->view);
}

void sdi_look_serve(struct sdi_entry *e, int on)
{
	struct sdirect_ctl_page *ctl = e->view.ctl;

	if (!sdi_entry_made(e))
		return;
	__atomic_store_n(&ctl->rx_sleep, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&ctl->rx_served, (uint32_t)on, __ATOMIC_RELAXED);
}
