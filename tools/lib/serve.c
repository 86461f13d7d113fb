// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * epoll_wait() on a served set.
 *
 *	sender				who waits
 *
 *	STORE.release tail	(A)	STORE rx_want of all active members
 *	full fence		(E)	full fence		(F)
 *	LOAD both rx_want		LOAD tail of all active members
 *
 * E pairs with F as in linux/sdirect_ring.h: either the one who waits sees the
 * bytes and does not sleep, or the sender sees the want and rings.  Whoever has
 * been woken looks at all active members, behind another F, before the next
 * sleep: so one doorbell does for all that were armed for one.  Where others can
 * change or close a member while one sleeps, its doorbell may be lost, and the
 * others need their own.
 */
#include "serve.h"

#include <errno.h>
#include <stddef.h>

#include "due.h"
#include "entry.h"
#include "look.h"
#include "member.h"
#include "raw.h"
#include "sys.h"

/* Looks without result after which a member is quiet. */
#define IDLE_MOST	256
/* Cold members that are tried with each question to the kernel. */
#define TRY_MOST	32

/* ---- what the rings say ---- */

static void give(struct sdi_entry *e, struct epoll_event *ev, uint32_t events,
		 uint64_t end)
{
	struct sdi_member *m = &e->member;

	ev->events = events;
	ev->data.u64 = m->data;
	m->edge = end;
	m->fresh = 0;
	m->idle = 0;
	if (events & SDI_SOFT_OUT)
		sdi_look_took_room(e);
}

/* Up to @max events of active members, in turn. */
static int serve(struct sdi_set *s, struct epoll_event *ev, int max)
{
	uint32_t left = s->end[SDI_ACTIVE], events;
	struct sdi_entry *e;
	uint64_t end;
	int n = 0;

	for (; left && n < max; left--) {
		if (s->cursor >= s->end[SDI_ACTIVE])
			s->cursor = 0;
		e = s->all[s->cursor];
		if (!e)
			break;
		events = sdi_look(e, &end);
		if (events == SDI_LOOK_LEAVE) {
			sdi_member_demote(e);
			continue;
		}
		if (events)
			give(e, &ev[n++], events, end);
		else if (++e->member.idle > IDLE_MOST && sdi_member_quieten(e))
			continue;
		s->cursor++;
	}
	return n;
}

static int anything(const struct sdi_set *s)
{
	uint64_t end;

	for (uint32_t i = 0; i < s->end[SDI_ACTIVE]; i++)
		if (sdi_look(s->all[i], &end))
			return 1;
	return 0;
}

/* Those of which the rings do not tell all, so that the kernel does. */
static void sweep(struct sdi_set *s)
{
	uint64_t end;

	for (uint32_t i = s->end[SDI_ACTIVE]; i--;)
		if (s->all[i] && sdi_look(s->all[i], &end) == SDI_LOOK_LEAVE)
			sdi_member_demote(s->all[i]);
}

static void try_one(struct sdi_entry *e)
{
	if (__atomic_load_n(&e->member.left, __ATOMIC_RELAXED))
		sdi_member_hand_over(e);
	else
		sdi_member_promote(e);
}

static void try_cold(struct sdi_set *s, uint32_t most)
{
	uint32_t cold = s->end[SDI_COLD] - s->end[SDI_QUIET];

	/* One that is promoted changes places with the first. */
	for (most = most < cold ? most : cold; most; most--) {
		if (++s->retry >= s->end[SDI_COLD] ||
		    s->retry < s->end[SDI_QUIET])
			s->retry = s->end[SDI_QUIET];
		if (s->retry < s->end[SDI_COLD])
			try_one(s->all[s->retry]);
	}
}

/* ---- what the kernel says ---- */

/* What a member's event means for the program; 0: nothing. */
static uint32_t meaning(struct sdi_entry *e, uint32_t events)
{
	struct sdi_member *m = &e->member;

	events &= m->asked | EPOLLERR | EPOLLHUP;
	if (sdi_set_zone(e) == SDI_COLD)
		return m->told ? events : 0;
	sdi_member_activate(e);
	/* What the rings tell is reported from there. */
	return events & ~SDI_SOFT && sdi_member_ended(e) ? events : 0;
}

/* Keeps what the program is to see. */
static int translate(struct sdi_set *s, struct epoll_event *ev, int n)
{
	struct sdi_entry *e;
	uint32_t events;
	int kept = 0;

	for (int i = 0; i < n; i++) {
		if (!sdi_is_token(ev[i].data.u64)) {
			ev[kept++] = ev[i];
			continue;
		}
		e = sdi_member_of(s, ev[i].data.u64);
		events = e ? meaning(e, ev[i].events) : 0;
		if (!events)
			continue;
		ev[kept].events = events;
		ev[kept++].data.u64 = e->member.data;
	}
	return kept;
}

/* A token is nothing to a program, whoever has left it behind. */
static int without_tokens(struct epoll_event *ev, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (!sdi_is_token(ev[i].data.u64))
			ev[kept++] = ev[i];
	return kept;
}

/* Asks without waiting. */
static int ask(struct sdi_set *s, const struct sdi_wait *w)
{
	int n;

	sweep(s);
	s->rounds = 0;
	n = sdi_sys.epoll_ask(w->ep, w->ev, w->max);
	return n < 0 ? n : translate(s, w->ev, n);
}

/* ---- arming ---- */

static void disarm(struct sdi_set *s)
{
	for (uint32_t i = 0; i < s->end[SDI_ACTIVE]; i++)
		sdi_look_disarm(s->all[i]);
}

static int all_armed(const struct sdi_set *s)
{
	for (uint32_t i = 0; i < s->end[SDI_ACTIVE]; i++)
		if (sdi_member_listens(s->all[i]) && !sdi_look_armed(s->all[i]))
			return 0;
	return 1;
}

/* False if there is something to do. */
static int arm(struct sdi_set *s)
{
	/* Who is alone cannot lose what he has been rung for. */
	uint64_t sleep = ++s->sleep;
	uint64_t number = __libc_single_threaded ? sleep : 0;

	for (uint32_t i = s->unsynced ? s->end[SDI_QUIET] : 0; i--;)
		if (s->all[i])
			sdi_member_sync(s->all[i]);
	s->unsynced = 0;
	for (uint32_t i = 0; i < s->end[SDI_ACTIVE]; i++)
		if (sdi_member_listens(s->all[i]))
			sdi_look_arm(s->all[i], number);
	SDIRECT_FENCE();				/* F, pairs with E */
	if (!anything(s) && all_armed(s))
		return 1;
	disarm(s);
	return 0;
}

/* ---- epoll_wait() ---- */

/**
 * struct call - one epoll_wait()
 * @s:		the set
 * @w:		the arguments
 * @due:	when it is over
 * @generation:	of the set, when it began
 * @held:	it has the set's lock
 * @asleep:	it is in the kernel, or its thread has been ended there
 */
struct call {
	struct sdi_set *s;
	const struct sdi_wait *w;
	struct sdi_due due;
	uint32_t generation;
	int held;
	int asleep;
};

/* Is the set the one that it was, as far as the lock tells? */
static int is_same(const struct call *c)
{
	return c->held && c->s->generation == c->generation;
}

static int is_served(const struct call *c)
{
	return is_same(c) && c->s->served && c->s->fd == c->w->ep &&
	       !__atomic_load_n(&c->s->give_up, __ATOMIC_RELAXED);
}

static int enter(struct call *c)
{
	struct sdi_set *s = c->s;

	c->held = sdi_set_lock(s);
	if (!c->held)
		return 0;
	c->generation = s->generation;
	/* A second one. */
	if (s->inside)
		sdi_set_hand_over(s);
	if (!is_served(c))
		return 0;
	s->inside = 1;
	return 1;
}

static void leave(struct call *c)
{
	if (is_same(c))
		c->s->inside = 0;
	if (c->held)
		sdi_set_unlock(c->s);
	c->held = 0;
}

/* The lock is free for a moment. */
static void give_way(struct call *c)
{
	sdi_set_unlock(c->s);
	sdi_raw(SYS_sched_yield);
	c->held = sdi_set_lock(c->s);
}

static int kernel_wait(const struct sdi_wait *w, const struct timespec *left)
{
	int n = sdi_sys.epoll_wait(w->ep, w->ev, w->max, left, w->mask);

	return n < 0 ? -errno : n;
}

static void wake_up(struct call *c)
{
	c->asleep = 0;
	c->held = sdi_set_lock(c->s);
	if (!is_same(c))
		return;
	c->s->asleep = 0;
	disarm(c->s);
}

/* The thread ends here, or the sleep is over already. */
static void nap_cleanup(struct call **c)
{
	if (!(*c)->asleep)
		return;
	wake_up(*c);
	leave(*c);
}

/* Without the lock meanwhile; it may not be had again. */
static int nap(struct call *c, const struct timespec *left)
{
	struct call *whose __attribute__((cleanup(nap_cleanup))) = c;
	int n;

	whose->asleep = 1;
	c->s->asleep = 1;
	c->s->rounds = 0;
	sdi_set_unlock(c->s);
	c->held = 0;
	n = kernel_wait(c->w, left);
	wake_up(c);
	return n;
}

/* Is it time to hear what other descriptors have to say? */
static int is_kernels_turn(struct sdi_set *s)
{
	struct timespec ts;
	uint64_t tick;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	tick = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	if (++s->rounds < SDI_ROUNDS && s->tick == tick)
		return 0;
	s->tick = tick;
	return 1;
}

/*
 * Both sides.  Where the kernel had enough for all of the last answer the rings
 * begin, and have this one for themselves: what they have told of a member the
 * kernel may tell again, and no answer has a member twice.
 */
static int ask_and_serve(struct sdi_set *s, const struct sdi_wait *w)
{
	int n = s->after ? serve(s, w->ev, w->max) : 0;

	s->after = 0;
	if (n)
		return n;
	n = ask(s, w);
	if (n < 0)
		return n;
	s->after = n == w->max;
	return n + serve(s, w->ev + n, w->max - n);
}

/*
 * What is there without waiting.  Who asks for that alone gets all of it; who
 * would wait gets what the rings tell, and hears the others when he does.
 */
static int take_ready(struct sdi_set *s, const struct sdi_wait *w)
{
	int now = sdi_due_is_over(w->timeout), turn = is_kernels_turn(s) || now;
	int news = (int)__atomic_exchange_n(&s->news, 0, __ATOMIC_RELAXED);

	if (news || turn)
		try_cold(s, news ? SDI_SET_MOST : TRY_MOST);
	if (now || (turn && anything(s)))
		return ask_and_serve(s, w);
	return serve(s, w->ev, w->max);
}

/* Something to do, or somebody wants the lock? */
static int is_enough(void *set)
{
	const struct sdi_set *s = set;

	return sdi_owner_wanted(&s->owner) || anything(s);
}

static int look_on(struct call *c)
{
	struct sdi_set *s = c->s;

	if (!sdi_may_spin || !s->end[SDI_ACTIVE] ||
	    !sdi_spin_until(&s->spin, is_enough, s))
		return 0;
	if (sdi_owner_wanted(&s->owner))
		give_way(c);
	return 1;
}

/* A sleep, with all armed; -EAGAIN: nothing for the program has come. */
static int sleep_once(struct call *c, const struct timespec *left)
{
	const struct sdi_wait *w = c->w;
	int said = nap(c, left), n;

	if (said <= 0)
		return said;
	if (!is_served(c)) {
		n = without_tokens(w->ev, said);
	} else {
		n = translate(c->s, w->ev, said);
		n += serve(c->s, w->ev + n, w->max - n);
	}
	return n ? n : -EAGAIN;
}

/* -EAGAIN: the set is not served any more. */
static int wait_served(struct call *c)
{
	const struct timespec *left;
	int n;

	while (is_served(c)) {
		n = take_ready(c->s, c->w);
		if (n || sdi_due_is_over(c->w->timeout))
			return n;
		/* Where the kernel has all it needs no clock but its own. */
		left = c->s->end[SDI_QUIET] || c->due.end ?
		       sdi_due_left(&c->due) : c->w->timeout;
		if (sdi_due_is_over(left))
			return 0;
		if (look_on(c) || !arm(c->s))
			continue;
		n = sleep_once(c, left);
		if (n != -EAGAIN)
			return n;
	}
	return -EAGAIN;
}

/* The kernel has the set. */
static int wait_plainly(struct call *c)
{
	const struct sdi_wait *w = c->w;
	const struct timespec *left = c->due.end ? sdi_due_left(&c->due) :
						   w->timeout;
	int n, kept;

	for (;;) {
		n = kernel_wait(w, left);
		kept = n > 0 ? without_tokens(w->ev, n) : n;
		if (n <= 0 || kept)
			return kept;
		/* The number may mean something else by now. */
		if (sdi_set_find(w->ep) != c->s)
			return -EINTR;
		left = sdi_due_left(&c->due);
	}
}

int sdi_epoll_wait(struct sdi_set *s, const struct sdi_wait *w)
{
	struct call c = { .s = s, .w = w, .due.timeout = w->timeout };
	int n = -EAGAIN;

	if (enter(&c))
		n = wait_served(&c);
	leave(&c);
	return n == -EAGAIN ? wait_plainly(&c) : n;
}
