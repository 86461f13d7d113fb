// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * Waiting for descriptors: at once, if they are all on rings.  A set that is
 * waited for as a descriptor is the kernel's to serve.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "../lib/io.h"
#include "../lib/polled.h"
#include "next.h"
#include "polls.h"

void __chk_fail(void) __attribute__((noreturn));

#define SURELY	1024	/* no limit is less, as good as ever */

/* The kernel refuses more before it looks at any. */
static int is_refused(nfds_t n)
{
	struct rlimit limit;

	return n > SURELY && (getrlimit(RLIMIT_NOFILE, &limit) ||
			      n > limit.rlim_cur);
}

SDI_HOT void shim_give_up_polled(struct pollfd *fds, nfds_t n)
{
	if (!sdi_set_any() || sdi_never_mapped(fds) || is_refused(n))
		return;
	for (nfds_t i = 0; i < n; i++)
		sdi_set_give_up(fds[i].fd);
}

static void give_up(int n, const fd_set *set)
{
	if (!sdi_never_mapped(set))
		for (int i = 0; i < n && i < FD_SETSIZE; i++)
			if (FD_ISSET(i, set))
				sdi_set_give_up(i);
}

void shim_give_up_selected(int n, const fd_set *in, const fd_set *out,
			   const fd_set *except)
{
	if (!sdi_set_any())
		return;
	give_up(n, in);
	give_up(n, out);
	give_up(n, except);
}

/* What the rings tell at once; 0: the kernel must be asked. */
static SDI_HOT int poll_rings(struct pollfd *fds, nfds_t n, int may_wait)
{
	int ready = shim_serves ? sdi_poll(fds, n, may_wait) : 0;

	if (ready)
		pthread_testcancel();
	else
		shim_give_up_polled(fds, n);
	return ready;
}

HOOK SDI_HOT int poll(struct pollfd *fds, nfds_t n, int ms)
{
	int ready = poll_rings(fds, n, ms != 0);

	if (ready)
		return ready;
	return next.poll(fds, n, ms);
}

HOOK int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts,
	       const sigset_t *mask)
{
	/* A time that is wrong is the kernel's to refuse. */
	int ready = ts ? 0 : poll_rings(fds, n, 1);

	if (ready)
		return ready;
	if (ts)
		shim_give_up_polled(fds, n);
	return next.ppoll(fds, n, ts, mask);
}

HOOK int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t size)
{
	if (n > size / sizeof(*fds))
		__chk_fail();
	return poll(fds, n, ms);
}

HOOK int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *ts,
		     const sigset_t *mask, size_t size)
{
	if (n > size / sizeof(*fds))
		__chk_fail();
	return ppoll(fds, n, ts, mask);
}

HOOK int select(int n, fd_set *in, fd_set *out, fd_set *except,
		struct timeval *tv)
{
	shim_give_up_selected(n, in, out, except);
	return next.select(n, in, out, except, tv);
}

HOOK int pselect(int n, fd_set *in, fd_set *out, fd_set *except,
		 const struct timespec *ts, const sigset_t *mask)
{
	shim_give_up_selected(n, in, out, except);
	return next.pselect(n, in, out, except, ts, mask);
}
