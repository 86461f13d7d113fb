// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * Where descriptors go: a number that means another file from now on, or that
 * somebody will use behind our back, is served by system calls.  Forgetting
 * one too many costs speed, never bytes.
 *
 * posix_spawn(3), system(3) and popen(3) need nothing: what they close, they
 * close in the child, which has a table of its own.  stdio closes with calls of
 * its own, so a descriptor is forgotten when it is handed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "../lib/entry.h"
#include "../lib/family.h"
#include "../lib/io.h"
#include "../lib/raw.h"
#include "next.h"
#include "polls.h"
#include "spared.h"

/*
 * Before the call, so that no byte goes to a number that is being closed; and
 * again after it: a thread that used the number meanwhile may have attached it.
 */
HOOK SDI_HOT int close(int fd)
{
	int ret;

	sdi_fd_close(fd);
	ret = next.close(fd);
	sdi_fd_drop(fd);
	return ret;
}

static void drop_range(unsigned int first, unsigned int last, int flags)
{
	if (!(flags & (int)CLOSE_RANGE_CLOEXEC))
		sdi_fd_drop_range(first, last);
}

HOOK int close_range(unsigned int first, unsigned int last, int flags)
{
	int ret;

	drop_range(first, last, flags);
	ret = next.close_range(first, last, flags);
	drop_range(first, last, flags);
	return ret;
}

HOOK void closefrom(int first)
{
	unsigned int from = first > 0 ? (unsigned int)first : 0;

	sdi_fd_drop_range(from, ~0u);
	if (next.odd.closefrom)
		next.odd.closefrom(first);
	else
		next.close_range(from, ~0u, 0);
	sdi_fd_drop_range(from, ~0u);
}

/* Two descriptors for one socket: neither can know what the other does. */
HOOK int dup(int fd)
{
	sdi_fd_drop(fd);
	return next.dup(fd);
}

HOOK int dup3(int fd, int to, int flags)
{
	int ret;

	sdi_fd_drop(fd);
	sdi_fd_drop(to);
	ret = next.dup3(fd, to, flags);
	sdi_fd_drop(to);
	return ret;
}

HOOK int dup2(int fd, int to)
{
	if (fd == to)
		return next.odd.fcntl(fd, F_GETFD) < 0 ? -1 : fd;
	return dup3(fd, to, 0);
}

static void before_fcntl(int fd, int cmd, long arg)
{
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		sdi_fd_drop(fd);
	/* A signal for each arrival: the kernel has to see them. */
	if (cmd == F_SETFL && arg & O_ASYNC)
		sdi_fd_drop(fd);
	/* Flags are carried over, owners and signals are not. */
	if (cmd != F_GETFL && cmd != F_SETFL && cmd != F_GETFD &&
	    cmd != F_SETFD)
		shim_spared_keep(fd);
}

/* The peer rings only for those who asked; a look without a wait asks. */
static void ask_for_signal(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	sdi_raw(SYS_ppoll, &pfd, 1, &(struct timespec){}, NULL, 0);
}

HOOK int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;
	int ret;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	before_fcntl(fd, cmd, arg);
	ret = next.odd.fcntl(fd, cmd, arg);
	if (cmd == F_SETFL && ret >= 0) {
		sdi_fd_note_nonblock(fd, !!(arg & O_NONBLOCK));
		if (arg & O_ASYNC)
			ask_for_signal(fd);
	}
	return ret;
}

HOOK int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	long arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, long);
	va_end(ap);
	if (request == FIOASYNC)
		sdi_fd_drop(fd);
	if (request != FIONBIO && request != FIOCLEX && request != FIONCLEX)
		shim_spared_keep(fd);
	ret = next.odd.ioctl(fd, request, arg);
	if (request == FIOASYNC && ret >= 0)
		ask_for_signal(fd);
	if (request == FIONBIO && ret >= 0)
		sdi_fd_note_nonblock(fd, *(const int *)arg);
	return ret;
}

HOOK FILE *fdopen(int fd, const char *mode)
{
	sdi_fd_drop(fd);
	if (next.odd.fdopen)
		return next.odd.fdopen(fd, mode);
	errno = ENOSYS;
	return NULL;
}

/* Puts /dev/null on the first three, with calls of the C library's own. */
HOOK int daemon(int nochdir, int noclose)
{
	if (!noclose)
		sdi_fd_drop_range(0, 2);
	if (next.odd.daemon)
		return next.odd.daemon(nochdir, noclose);
	errno = ENOSYS;
	return -1;
}

static void before_clone(unsigned long flags)
{
	if (!(flags & CLONE_VM))
		sdi_set_before_fork();
}

static void before_clone3(const uint64_t *flags)
{
	if (!sdi_never_mapped(flags))
		before_clone(*flags);
}

/* fork() says it by itself. */
HOOK pid_t _Fork(void)
{
	sdi_set_before_fork();
	if (next.odd._Fork)
		return next.odd._Fork();
	errno = ENOSYS;
	return -1;
}

HOOK int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	void *parent, *tls, *child;
	va_list ap;

	va_start(ap, arg);
	parent = va_arg(ap, void *);
	tls = va_arg(ap, void *);
	child = va_arg(ap, void *);
	va_end(ap);
	before_clone((unsigned int)flags);
	if (next.odd.clone)
		return next.odd.clone(fn, stack, flags, arg, parent, tls, child);
	errno = ENOSYS;
	return -1;
}

/* Processes and waits of a program that makes its calls by number. */
static void before_odd_syscall(long number, long a, long b, long c, long d)
{
	switch (number) {
#ifdef SYS_fork
	case SYS_fork:
		sdi_set_before_fork();
		break;
#endif
	case SYS_clone:
		before_clone((unsigned long)a);
		break;
	case SYS_clone3:
		before_clone3((const uint64_t *)a);
		break;
#ifdef SYS_poll
	case SYS_poll:
#endif
	case SYS_ppoll:
		shim_give_up_polled((struct pollfd *)a, (nfds_t)b);
		break;
#ifdef SYS_select
	case SYS_select:
#endif
	case SYS_pselect6:
		shim_give_up_selected((int)a, (const fd_set *)b,
				      (const fd_set *)c, (const fd_set *)d);
		break;
	}
}

/* What is not carried over when a listener is replaced. */
static void before_socket_syscall(long number, long a, long c)
{
	switch (number) {
	case SYS_setsockopt:
	case SYS_bind:
	case SYS_listen:
	case SYS_ioctl:
		shim_spared_keep((int)a);
		break;
	case SYS_epoll_ctl:
		shim_spared_keep((int)c);
		break;
	}
}

static void before_syscall(long number, long a, long b, long c)
{
	switch (number) {
	case SYS_close:
		sdi_fd_close((int)a);
		break;
	case SYS_dup:
		sdi_fd_drop((int)a);
		break;
#ifdef SYS_dup2
	case SYS_dup2:
#endif
	case SYS_dup3:
		sdi_fd_drop((int)a);
		sdi_fd_drop((int)b);
		break;
	case SYS_close_range:
		drop_range((unsigned int)a, (unsigned int)b, (int)c);
		break;
	case SYS_fcntl:
		before_fcntl((int)a, (int)b, c);
		break;
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
	case SYS_epoll_ctl:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
		sdi_set_give_up((int)a);
		break;
	}
}

/*
 * Not declared with "..." so that it ends in a jump: the arguments stay where
 * the caller has put them, and a call that returns twice finds no frame of
 * ours on the stack.
 */
long shim_syscall(long number, long a, long b, long c, long d, long e, long f);

HOOK long shim_syscall(long number, long a, long b, long c, long d, long e,
		       long f)
{
	long (*call)(long, long, long, long, long, long, long) =
		(long (*)(long, long, long, long, long, long, long))
		next.odd.syscall;

	before_syscall(number, a, b, c);
	before_odd_syscall(number, a, b, c, d);
	before_socket_syscall(number, a, c);
	return call(number, a, b, c, d, e, f);
}
