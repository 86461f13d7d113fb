// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "member.h"

#include <errno.h>
#include <stddef.h>

#include "entry.h"
#include "look.h"
#include "sys.h"

static uint64_t token(const struct sdi_member *m)
{
	return (uint64_t)m->set->secret << 32 |
	       (m->serial & (SDI_SERIALS - 1)) * (uint64_t)SDI_FD_MAX |
	       (uint32_t)m->fd;
}

struct sdi_entry *sdi_member_of(const struct sdi_set *s, uint64_t data)
{
	struct sdi_entry *e = sdi_entry_find((int)(data % SDI_FD_MAX));

	if (!e || e->member.set != s || token(&e->member) != data)
		return NULL;
	return e;
}

static int tell(const struct sdi_member *m, int op, uint32_t events,
		uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	return sdi_sys.epoll_ctl(m->set->fd, op, m->fd, &ev);
}

/* What the kernel is to look for while the member is not cold. */
static uint32_t wanted(const struct sdi_member *m)
{
	return (m->asked | EPOLLET) & ~(uint32_t)EPOLLONESHOT;
}

static int tell_wanted(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	/* More than is asked for does no harm, and is not told twice. */
	m->told |= wanted(m);
	if (!tell(m, EPOLL_CTL_MOD, m->told, token(m)))
		return 1;
	sdi_look_serve(e, 0);
	sdi_set_forget(e);
	return 0;
}

void sdi_member_promote(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	if (__atomic_load_n(&m->left, __ATOMIC_RELAXED) || !m->there ||
	    m->spent || !sdi_look_usable(e))
		return;
	/*
	 * What the kernel has not reported yet is not known: wait until nothing
	 * is unread, or the program has just asked anew.
	 */
	if (!m->fresh) {
		if (m->asked & EPOLLONESHOT)
			return;
		m->edge = sdi_look_end(e);
		if (m->asked & EPOLLET && sdi_look_unread(e))
			return;
	}
	sdi_look_serve(e, 1);
	m->told = 0;
	m->idle = 0;
	if (tell_wanted(e))
		sdi_set_move(e, SDI_ACTIVE);
}

/* All that has come was reported, and the kernel rings for what comes. */
static int told_all(struct sdi_entry *e)
{
	const struct sdi_member *m = &e->member;

	if (!(m->asked & EPOLLET) || m->fresh ||
	    __atomic_load_n(&m->left, __ATOMIC_RELAXED))
		return 0;
	sdi_look_arm(e, 0);
	SDIRECT_FENCE();				/* F */
	return sdi_look_armed(e) && sdi_look_end(e) == m->edge;
}

void sdi_member_leave(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	sdi_look_serve(e, 0);
	if (__atomic_load_n(&e->state, __ATOMIC_RELAXED) == SDI_STALE)
		m->set->stale = e;
	sdi_set_move(e, SDI_COLD);
}

/* Gives the kernel back what the program has added. */
static void restore(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	m->told = 0;
	__atomic_store_n(&m->left, 0, __ATOMIC_RELAXED);
	if (!m->there || m->spent)
		tell(m, EPOLL_CTL_DEL, 0, 0);
	else if (tell(m, EPOLL_CTL_MOD, m->asked, m->data))
		m->there = 0;		/* closed, and gone with that */
	if (!m->there)
		sdi_set_forget(e);
}

void sdi_member_demote(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;
	int quiet = m->there && !m->spent && told_all(e);

	sdi_member_leave(e);
	/* The kernel would say anew what has been said. */
	if (quiet && !(m->asked & EPOLLONESHOT))
		return;
	m->set->rounds = SDI_ROUNDS;
	restore(e);
}

void sdi_member_hand_over(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	if (sdi_set_zone(e) != SDI_COLD)
		sdi_member_leave(e);
	if (m->told)
		restore(e);
	else if (m->spent && !__atomic_load_n(&m->left, __ATOMIC_RELAXED))
		/*
		 * Closest to what has fired; it may say once that the end has
		 * come.
		 */
		tell(m, EPOLL_CTL_ADD, EPOLLONESHOT, m->data);
	if (m->set)
		sdi_set_forget(e);
}

int sdi_member_ended(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	if (!m->there || m->spent)
		return 0;
	sdi_member_leave(e);
	m->spent = !!(m->asked & EPOLLONESHOT);
	/* The kernel has said it, and will say it again if it is level. */
	if (m->spent || !(m->asked & EPOLLET))
		restore(e);
	return 1;
}

void sdi_member_sync(struct sdi_entry *e)
{
	const struct sdi_member *m = &e->member;

	if (!m->there)
		sdi_member_demote(e);
	else if (!m->spent && wanted(m) & ~m->told)
		tell_wanted(e);
}

void sdi_member_wake(struct sdi_entry *e)
{
	const struct sdi_member *m = &e->member;

	if (!m->there) {
		sdi_member_demote(e);
		return;
	}
	sdi_look_arm(e, 0);
	SDIRECT_FENCE();				/* F */
	tell_wanted(e);
}

int sdi_member_quieten(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;
	uint64_t end;

	m->idle = 0;
	if (m->spent)
		return 0;
	sdi_member_sync(e);
	if (!m->set)
		return 1;
	sdi_look_arm(e, 0);
	SDIRECT_FENCE();				/* F */
	if (!sdi_look_armed(e) || sdi_look(e, &end)) {
		sdi_look_disarm(e);
		return 0;
	}
	sdi_set_move(e, SDI_QUIET);
	return 1;
}

void sdi_member_activate(struct sdi_entry *e)
{
	e->member.idle = 0;
	if (sdi_set_zone(e) != SDI_QUIET)
		return;
	sdi_look_disarm(e);
	sdi_set_move(e, SDI_ACTIVE);
}

int sdi_member_change(struct sdi_entry *e, int op, const struct epoll_event *ev)
{
	struct sdi_member *m = &e->member;
	struct sdi_set *s = m->set;

	if (op == EPOLL_CTL_ADD && m->there)
		return -EEXIST;
	if (op != EPOLL_CTL_ADD && !m->there)
		return -ENOENT;
	if (op != EPOLL_CTL_DEL) {
		m->asked = ev->events;
		m->data = ev->data.u64;
		m->spent = 0;
		m->fresh = 1;
	}
	m->there = op != EPOLL_CTL_DEL;
	s->unsynced = 1;
	sdi_member_activate(e);
	if (s->asleep)
		sdi_member_wake(e);
	return 0;
}
