// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "member.h"

#include <errno.h>
#include <stddef.h>

#include "attach.h"
#include "entry.h"
#include "look.h"
#include "sys.h"

static uint64_t token(const struct sdi_member *m)
{
	return (uint64_t)sdi_process->secret << 32 |
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

/* As the program has it. */
static int tell_asked(const struct sdi_member *m)
{
	return m->there ? tell(m, EPOLL_CTL_MOD, m->asked, m->data) :
			  tell(m, EPOLL_CTL_DEL, 0, 0);
}

static int tell_wanted(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	/* More than is asked for does no harm, and is not told twice. */
	__atomic_store_n(&m->told, m->told | wanted(m), __ATOMIC_RELAXED);
	if (!tell(m, EPOLL_CTL_MOD, m->told, token(m)))
		return 1;
	sdi_look_serve(e, 0);
	sdi_set_forget(e);
	return 0;
}

/* What was not said yet is not known, so that an edge may be said twice. */
static int may_forget_edges(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	m->edge = sdi_look_end(e);
	if (!(m->asked & EPOLLET))
		return 1;
	if (sdi_look_unread(e))
		return 0;
	__atomic_store_n(&e->tx_full, 1, __ATOMIC_RELAXED);
	return 1;
}

/*
 * A thread that works on what EPOLLONESHOT has told must not hear of it again,
 * which only the kernel's own book of it makes sure.
 */
static int may_promote(const struct sdi_entry *e)
{
	const struct sdi_member *m = &e->member;

	return !__atomic_load_n(&m->left, __ATOMIC_RELAXED) && m->there &&
	       !m->ended && !(m->asked & EPOLLONESHOT) && sdi_look_usable(e);
}

void sdi_member_promote(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	if (!may_promote(e) || (!m->fresh && !may_forget_edges(e)))
		return;
	sdi_look_serve(e, 1);
	m->idle = 0;
	__atomic_store_n(&m->told, wanted(m), __ATOMIC_SEQ_CST);
	/* Pairs with I in set.c. */
	if (__atomic_load_n(&m->left, __ATOMIC_SEQ_CST)) {
		__atomic_store_n(&m->told, 0, __ATOMIC_RELAXED);
		sdi_look_serve(e, 0);
	} else if (tell_wanted(e)) {
		sdi_set_move(e, SDI_ACTIVE);
	}
}

/* Out of the zones that are served; the kernel is not told. */
static void leave(struct sdi_entry *e)
{
	sdi_look_serve(e, 0);
	sdi_set_move(e, SDI_COLD);
}

/* Gives the kernel back what the program has added. */
static void restore(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	/* Closed behind our back, it is gone with that. */
	if (tell_asked(m))
		m->there = 0;
	__atomic_store_n(&m->told, 0, __ATOMIC_RELAXED);
	if (!m->there)
		sdi_set_forget(e);
}

void sdi_member_demote(struct sdi_entry *e)
{
	e->member.set->rounds = SDI_ROUNDS;
	leave(e);
	restore(e);
}

void sdi_member_hand_over(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	if (m->told) {
		leave(e);
		restore(e);
	}
	if (m->set)
		sdi_set_forget(e);
}

void sdi_member_give_back(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	if (m->told) {
		sdi_look_serve(e, 0);
		tell_asked(m);
		__atomic_store_n(&m->told, 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&m->set, NULL, __ATOMIC_RELEASE);
	sdi_entry_reap(e);
}

void sdi_member_abandon(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	__atomic_store_n(&m->left, 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&m->told, __ATOMIC_RELAXED))
		return;
	sdi_entry_hold(e);
	sdi_look_serve(e, 0);
	sdi_entry_let_go(e);
	tell_asked(m);
}

void sdi_member_rewrite(struct sdi_entry *e, int op,
			const struct epoll_event *ev)
{
	struct sdi_member *m = &e->member;

	m->there = op != EPOLL_CTL_DEL;
	if (!m->there)
		return;
	m->asked = ev->events;
	m->data = ev->data.u64;
}

int sdi_member_ended(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;

	if (!m->there)
		return 0;
	m->ended = 1;
	leave(e);
	/* The kernel has said it, and will say it again if it is level. */
	if (!(m->asked & EPOLLET))
		restore(e);
	return 1;
}

void sdi_member_sync(struct sdi_entry *e)
{
	const struct sdi_member *m = &e->member;

	if (!m->there)
		sdi_member_demote(e);
	else if (wanted(m) & ~m->told)
		tell_wanted(e);
}

/* The same, and it looks again: somebody sleeps. */
static void tell_now(struct sdi_entry *e)
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

int sdi_member_listens(const struct sdi_entry *e)
{
	return e->member.there && e->member.asked & SDI_SOFT_IN;
}

int sdi_member_quieten(struct sdi_entry *e)
{
	struct sdi_member *m = &e->member;
	uint64_t end;

	m->idle = 0;
	sdi_member_sync(e);
	if (!m->set)
		return 1;
	if (sdi_member_listens(e))
		sdi_look_arm(e, 0);
	SDIRECT_FENCE();				/* F */
	if ((sdi_member_listens(e) && !sdi_look_armed(e)) ||
	    sdi_look(e, &end)) {
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
	sdi_member_rewrite(e, op, ev);
	m->fresh = 1;
	s->unsynced = 1;
	sdi_member_activate(e);
	if (s->asleep)
		tell_now(e);
	return 0;
}
