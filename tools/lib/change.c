// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* epoll_ctl() on a served set. */
#include <errno.h>
#include <stddef.h>

#include "entry.h"
#include "member.h"
#include "serve.h"
#include "sys.h"

static int kernel_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	return sdi_sys.epoll_ctl(ep, op, fd, ev);
}

/*
 * The number was closed, and another set has what it means now.  Where that
 * set's lock is not to be had at once the kernel serves the new one.
 */
static void evict(struct sdi_entry *e)
{
	struct sdi_set *s = e->member.set;

	if (!__atomic_load_n(&e->member.left, __ATOMIC_RELAXED) ||
	    !sdi_set_try(s, 0))
		return;
	if (e->member.set == s)
		sdi_member_hand_over(e);
	sdi_set_unlock(s);
}

/* What the kernel has just taken of a member that it serves. */
static void note(struct sdi_set *s, struct sdi_entry *e, int op, int fd,
		 const struct epoll_event *ev)
{
	const uint32_t odd = EPOLLEXCLUSIVE | EPOLLWAKEUP;
	struct sdi_member *m = &e->member;

	if (op == EPOLL_CTL_DEL || ev->events & odd) {
		if (m->set == s)
			sdi_set_forget(e);
		return;
	}
	if (m->set && m->set != s)
		evict(e);
	if (m->set != s && (m->set || !(sdi_fd_known(fd) & SDI_CANDIDATE) ||
			    !sdi_set_enter(s, e, fd)))
		return;
	sdi_member_rewrite(e, op, ev);
	__atomic_store_n(&m->told, 0, __ATOMIC_RELAXED);
	m->ended = 0;
	m->fresh = 1;
	/* Nobody can have been told of it yet, unless somebody sleeps. */
	if (!s->asleep)
		sdi_member_promote(e);
	m->fresh = m->set && sdi_set_zone(e) != SDI_COLD;
}

static int ctl_cold(struct sdi_set *s, struct sdi_entry *e, int op, int fd,
		    struct epoll_event *ev)
{
	int err = kernel_ctl(s->fd, op, fd, ev);

	if (err)
		return err;
	if (op != EPOLL_CTL_DEL && sdi_is_token(ev->data.u64))
		sdi_set_hand_over(s);
	else if (e)
		note(s, e, op, fd, ev);
	return 0;
}

/* What the kernel must see, and may refuse. */
static int is_odd(int op, const struct epoll_event *ev)
{
	const uint32_t kernels = EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT;

	if (op == EPOLL_CTL_DEL)
		return 0;
	return (op != EPOLL_CTL_ADD && op != EPOLL_CTL_MOD) || !ev ||
	       ev->events & kernels || sdi_is_token(ev->data.u64);
}

static int change(struct sdi_set *s, int op, int fd, struct epoll_event *ev)
{
	struct sdi_entry *e = sdi_fd_known(fd) & SDI_CANDIDATE ?
			      sdi_entry_place(fd) : sdi_entry_find(fd);

	if (!e || e->member.set != s)
		return ctl_cold(s, e, op, fd, ev);
	if (__atomic_load_n(&e->member.left, __ATOMIC_RELAXED)) {
		/* Whatever the kernel has under this number may be new. */
		sdi_member_hand_over(e);
	} else if (sdi_set_zone(e) != SDI_COLD) {
		if (!is_odd(op, ev))
			return sdi_member_change(e, op, ev);
		sdi_member_demote(e);
	}
	return ctl_cold(s, e, op, fd, ev);
}

/* The kernel has the set, and whoever has its lock takes back what he does. */
static int change_abandoned(const struct sdi_set *s, int ep, int op, int fd,
			    struct epoll_event *ev)
{
	struct sdi_entry *e = sdi_entry_find(fd);
	int err = kernel_ctl(ep, op, fd, ev);

	if (!err && e && e->member.set == s)
		sdi_member_rewrite(e, op, ev);
	return err;
}

int sdi_epoll_ctl(struct sdi_set *s, int ep, int op, int fd,
		  struct epoll_event *ev)
{
	int ret;

	/* A set in a set: whoever waits for the outer one waits for both. */
	sdi_set_give_up(fd);
	if (!sdi_set_lock(s))
		return change_abandoned(s, ep, op, fd, ev);
	if (s->served && s->fd == ep)
		ret = change(s, op, fd, ev);
	else
		ret = kernel_ctl(ep, op, fd, ev);
	sdi_set_unlock(s);
	return ret;
}
