// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* Epoll sets: looked at in user space if their members are on rings. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "../lib/io.h"
#include "../lib/serve.h"
#include "next.h"
#include "spared.h"

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

HOOK int epoll_create1(int flags)
{
	int fd = next.epoll_create1(flags);

	if (fd >= 0 && shim_serves)
		sdi_set_note(fd);
	return fd;
}

HOOK int epoll_create(int size)
{
	if (size > 0)
		return epoll_create1(0);
	errno = EINVAL;
	return -1;
}

HOOK int epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	struct sdi_set *s = sdi_set_find(ep);

	if (op == EPOLL_CTL_ADD)
		shim_spared_keep(fd);
	if (s && (op == EPOLL_CTL_DEL || !sdi_never_mapped(ev)))
		return result(sdi_epoll_ctl(s, ep, op, fd, ev));
	/* A set in a set that we do not know. */
	sdi_set_give_up(fd);
	return next.epoll_ctl(ep, op, fd, ev);
}

/* What only the kernel has an answer to is an error. */
static struct sdi_set *lookup(int ep, const struct epoll_event *ev, int max)
{
	if (max <= 0 || max > INT_MAX / (int)sizeof(*ev) || sdi_never_mapped(ev))
		return NULL;
	return sdi_set_find(ep);
}

static int wait(struct sdi_set *s, const struct sdi_wait *w)
{
	pthread_testcancel();
	return result(sdi_epoll_wait(s, w));
}

static struct timespec ms_time(int ms)
{
	return (struct timespec){ ms / 1000, ms % 1000 * 1000000l };
}

HOOK int epoll_pwait(int ep, struct epoll_event *ev, int max, int ms,
		     const sigset_t *mask)
{
	struct sdi_set *s = lookup(ep, ev, max);
	struct timespec ts = ms_time(ms);
	struct sdi_wait w = { ep, ev, max, ms < 0 ? NULL : &ts, mask };

	return s ? wait(s, &w) : next.epoll_pwait(ep, ev, max, ms, mask);
}

HOOK int epoll_wait(int ep, struct epoll_event *ev, int max, int ms)
{
	struct sdi_set *s = lookup(ep, ev, max);
	struct timespec ts = ms_time(ms);
	struct sdi_wait w = { ep, ev, max, ms < 0 ? NULL : &ts, NULL };

	return s ? wait(s, &w) : next.epoll_wait(ep, ev, max, ms);
}

static int is_time(const struct timespec *ts)
{
	return !ts || (!sdi_never_mapped(ts) && ts->tv_sec >= 0 &&
		       ts->tv_nsec >= 0 && ts->tv_nsec < 1000000000);
}

HOOK int epoll_pwait2(int ep, struct epoll_event *ev, int max,
		      const struct timespec *ts, const sigset_t *mask)
{
	struct sdi_set *s = is_time(ts) ? lookup(ep, ev, max) : NULL;
	struct sdi_wait w = { ep, ev, max, ts, mask };

	return s ? wait(s, &w) : next.epoll_pwait2(ep, ev, max, ts, mask);
}
