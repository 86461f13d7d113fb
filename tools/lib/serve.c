// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * epoll_ctl() and epoll_wait() on a served set.
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
 * sleep: so one doorbell does for all that were armed for one.
 */
#include "serve.h"

#include <errno.h>
#include <stddef.h>

#include "entry.h"
#include "look.h"
#include "member.h"
#include "sys.h"

/* Looks without result after which a member is quiet. */
#define IDLE_MOST	256
/* Cold members that are tried with each question to the kernel. */
#define TRY_MOST	32

static int kernel_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	return sdi_sys.epoll_ctl(ep, op, fd, ev);
}

static int kernel_wait(const struct sdi_wait *w, struct epoll_event *ev,
		       int max, const struct timespec *timeout,
		       const sigset_t *mask)
{
	int n = sdi_sys.epoll_wait(w->ep, ev, max, timeout, mask);

	return n < 0 ? -errno : n;
}

/* ---- epoll_ctl() ---- */

/*
 * The number was closed, and another set has what it means now.  Where that
 * set's lock is not to be had at once the kernel serves the new one.
 */
static void evict(struct sdi_entry *e)
{
	struct sdi_set *s = e->member.set;

	if (!__atomic_load_n(&e->member.left, __ATOMIC_RELAXED) ||
	    !sdi_trylock(&s->lock, sdi_self()))
		return;
	if (e->member.set == s)
		sdi_member_hand_over(e);
	sdi_unlock(&s->lock);
}

/* What the kernel has just taken of a member that it serves. */
static void note(struct sdi_set *s, struct sdi_entry *e, int op, int fd,
		 const struct epoll_event *ev)
{
	const uint32_t odd = EPOLLEXCLUSIVE | EPOLLWAKEUP;
	struct sdi_member *m = &e->member;
	int mine = m->set == s;

	if (op == EPOLL_CTL_DEL || ev->events & odd) {
		if (mine)
			sdi_set_forget(e);
		return;
	}
	if (!mine && m->set)
		evict(e);
	if (!mine && (m->set || sdi_fd_known(fd) != SDI_CANDIDATE ||
		      !sdi_set_enter(s, e, fd)))
		return;
	m->asked = ev->events;
	m->told = 0;
	m->data = ev->data.u64;
	m->there = 1;
	m->spent = 0;
	m->fresh = 1;
	__atomic_store_n(&m->left, 0, __ATOMIC_RELAXED);
	/* Nobody can have been told of it yet, unless somebody sleeps. */
	if (!s->asleep)
		sdi_member_promote(e);
	m->fresh = m->set && sdi_set_zone(e) != SDI_COLD;
}

/* One whose one shot is spent is not in the kernel's set. */
static int ctl_parked(struct sdi_entry *e, int op, struct epoll_event *ev)
{
	struct sdi_member *m = &e->member;

	if (op == EPOLL_CTL_ADD)
		return -EEXIST;
	if (op == EPOLL_CTL_DEL)
		return 0;
	return kernel_ctl(m->set->fd, EPOLL_CTL_ADD, m->fd, ev);
}

static int ctl_cold(struct sdi_set *s, struct sdi_entry *e, int op, int fd,
		    struct epoll_event *ev)
{
	int err;

	if (e && e->member.set == s && e->member.spent)
		err = ctl_parked(e, op, ev);
	else
		err = kernel_ctl(s->fd, op, fd, ev);
	if (err)
		return err;
	if (op != EPOLL_CTL_DEL && sdi_set_is_token(s, ev->data.u64))
		sdi_set_hand_over(s);
	else if (e)
		note(s, e, op, fd, ev);
	return 0;
}

static int is_odd(const struct sdi_set *s, int op, const struct epoll_event *ev)
{
	if (op == EPOLL_CTL_DEL)
		return 0;
	return (op != EPOLL_CTL_ADD && op != EPOLL_CTL_MOD) || !ev ||
	       ev->events & (EPOLLEXCLUSIVE | EPOLLWAKEUP) ||
	       sdi_set_is_token(s, ev->data.u64);
}

static int change(struct sdi_set *s, int op, int fd, struct epoll_event *ev)
{
	struct sdi_entry *e = sdi_fd_known(fd) == SDI_CANDIDATE ?
			      sdi_entry_place(fd) : sdi_entry_find(fd);

	if (!e || e->member.set != s)
		return ctl_cold(s, e, op, fd, ev);
	if (sdi_set_zone(e) != SDI_COLD) {
		if (!__atomic_load_n(&e->member.left, __ATOMIC_RELAXED) &&
		    !is_odd(s, op, ev))
			return sdi_member_change(e, op, ev);
		sdi_member_demote(e);
	} else if (__atomic_load_n(&e->member.left, __ATOMIC_RELAXED)) {
		/* Whatever the kernel has under this number may be new. */
		sdi_member_hand_over(e);
	}
	return ctl_cold(s, e, op, fd, ev);
}

int sdi_epoll_ctl(struct sdi_set *s, int ep, int op, int fd,
		  struct epoll_event *ev)
{
	int ret;

	/* A set in a set: whoever waits for the outer one waits for both. */
	sdi_set_drop(fd);
	if (!sdi_set_lock(s, sdi_self()))
		return kernel_ctl(ep, op, fd, ev);
	if (s->give_up)
		sdi_set_hand_over(s);
	if (s->served && s->fd == ep)
		ret = change(s, op, fd, ev);
	else
		ret = kernel_ctl(ep, op, fd, ev);
	sdi_set_unlock(s);
	return ret;
}

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
	m->spent = !!(m->asked & EPOLLONESHOT);
	if (events & SDI_SOFT_OUT)
		__atomic_store_n(&e->tx_full, 0, __ATOMIC_RELAXED);
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

static int anything(void *set)
{
	const struct sdi_set *s = set;
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
		if (sdi_look(s->all[i], &end) == SDI_LOOK_LEAVE)
			sdi_member_demote(s->all[i]);
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
			sdi_member_promote(s->all[s->retry]);
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
		if (!sdi_set_is_token(s, ev[i].data.u64)) {
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

/* Asks without waiting. */
static int ask(struct sdi_set *s, const struct sdi_wait *w)
{
	static const struct timespec now;
	int n;

	sweep(s);
	s->rounds = 0;
	n = kernel_wait(w, w->ev, w->max, &now, NULL);
	return n < 0 ? n : translate(s, w->ev, n);
}

/* ---- epoll_wait() ---- */

static void disarm(struct sdi_set *s)
{
	for (uint32_t i = 0; i < s->end[SDI_ACTIVE]; i++)
		sdi_look_disarm(s->all[i]);
}

static int all_armed(const struct sdi_set *s)
{
	for (uint32_t i = 0; i < s->end[SDI_ACTIVE]; i++)
		if (s->all[i]->member.told & SDI_SOFT_IN &&
		    !sdi_look_armed(s->all[i]))
			return 0;
	return 1;
}

/* False if there is something to do. */
static int arm(struct sdi_set *s)
{
	for (uint32_t i = s->unsynced ? s->end[SDI_QUIET] : 0; i--;)
		sdi_member_sync(s->all[i]);
	s->unsynced = 0;
	s->sleep++;
	for (uint32_t i = 0; i < s->end[SDI_ACTIVE]; i++)
		if (s->all[i]->member.told & SDI_SOFT_IN)
			sdi_look_arm(s->all[i], s->sleep);
	SDIRECT_FENCE();				/* F, pairs with E */
	if (!anything(s) && all_armed(s))
		return 1;
	disarm(s);
	return 0;
}

static void leave(struct sdi_set *s)
{
	s->inside = 0;
	if (!s->served)
		s->used = 0;
}

/* Takes the lock. */
static void wake_up(struct sdi_set *s)
{
	sdi_set_lock(s, sdi_self());
	s->asleep = 0;
	disarm(s);
}

/* A sleep: @set is who sleeps, NULL when that is over. */
struct nap {
	struct sdi_set *set;
};

static void nap_begin(struct nap *nap, struct sdi_set *s)
{
	nap->set = s;
	s->asleep = 1;
	s->rounds = 0;
	sdi_set_unlock(s);
}

static void nap_end(struct nap *nap)
{
	wake_up(nap->set);
	nap->set = NULL;
}

/* The thread ends here, or the sleep is over already. */
static void nap_cleanup(struct nap *nap)
{
	struct sdi_set *s = nap->set;

	if (!s)
		return;
	wake_up(s);
	leave(s);
	sdi_set_unlock(s);
}

/* With the lock, which is given up meanwhile. */
static int wait_in_kernel(struct sdi_set *s, const struct sdi_wait *w,
			  const struct timespec *timeout)
{
	struct nap nap __attribute__((cleanup(nap_cleanup)));
	int n;

	nap_begin(&nap, s);
	n = kernel_wait(w, w->ev, w->max, timeout, w->mask);
	nap_end(&nap);
	return n;
}

static uint64_t ticks_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int is_now(const struct timespec *ts)
{
	return ts && !ts->tv_sec && !ts->tv_nsec;
}

/* What is left of a wait that began at @start; never less than it should be. */
static const struct timespec *what_is_left(const struct sdi_wait *w,
					   uint64_t start, struct timespec *left)
{
	const uint64_t second = 1000000000u, tick = 10000000u;
	uint64_t took = ticks_ns() - start, all;

	if (!w->timeout || w->timeout->tv_sec >= INT32_MAX)
		return w->timeout;
	all = (uint64_t)w->timeout->tv_sec * second +
	      (uint64_t)w->timeout->tv_nsec;
	/* The clock is behind by a tick at most. */
	took = took > tick ? took - tick : 0;
	all = all > took ? all - took : 0;
	left->tv_sec = (time_t)(all / second);
	/* To whole milliseconds, as most have asked. */
	left->tv_nsec = (long)(all % second / 1000000u * 1000000u);
	return left;
}

/* Is it time to hear what other descriptors have to say? */
static int is_kernels_turn(struct sdi_set *s)
{
	uint64_t tick = ticks_ns();

	if (++s->rounds < SDI_ROUNDS && s->tick == tick)
		return 0;
	s->tick = tick;
	return 1;
}

/*
 * What is there without waiting.  Who asks for that alone gets all of it; who
 * would wait gets what the rings tell, if that is something.
 */
static int take_ready(struct sdi_set *s, const struct sdi_wait *w)
{
	int turn = is_kernels_turn(s) || is_now(w->timeout), n = 0;

	if (s->news || turn)
		try_cold(s, s->news ? SDI_SET_MOST : TRY_MOST);
	s->news = 0;
	if (turn)
		n = ask(s, w);
	return n < 0 ? n : n + serve(s, w->ev + n, w->max - n);
}

static int do_wait(struct sdi_set *s, const struct sdi_wait *w)
{
	const struct timespec *timeout = w->timeout;
	struct timespec left;
	uint64_t start = 0;
	int n, said;

	for (;;) {
		n = take_ready(s, w);
		if (n || is_now(w->timeout))
			return n;
		if (sdi_may_spin && s->end[SDI_ACTIVE] &&
		    sdi_spin_until(&s->spin, anything, s))
			continue;
		if (!arm(s))
			continue;
		start = start ? start : ticks_ns();
		said = wait_in_kernel(s, w, timeout);
		if (said < 0)
			return said;
		n = translate(s, w->ev, said);
		n += serve(s, w->ev + n, w->max - n);
		if (n || !said)
			return n;
		/* Nothing for the program: go on for what is left. */
		timeout = what_is_left(w, start, &left);
		if (is_now(timeout))
			return 0;
	}
}

int sdi_epoll_wait(struct sdi_set *s, const struct sdi_wait *w)
{
	int ret = 0, mine;

	if (!sdi_set_lock(s, sdi_self()))
		return kernel_wait(w, w->ev, w->max, w->timeout, w->mask);
	if (s->give_up || s->inside)
		sdi_set_hand_over(s);
	mine = s->served && s->fd == w->ep;
	if (mine) {
		s->inside = 1;
		ret = do_wait(s, w);
		leave(s);
	}
	sdi_set_unlock(s);
	return mine ? ret :
		      kernel_wait(w, w->ev, w->max, w->timeout, w->mask);
}
