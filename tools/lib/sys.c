// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* The real kernel behind struct sdi_sys. */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "raw.h"

static ssize_t to_errno(long ret)
{
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

static ssize_t raw_send(int fd, const void *buf, size_t len, int flags)
{
	return to_errno(sdi_raw(SYS_sendto, fd, buf, len, flags, 0, 0));
}

static ssize_t raw_recv(int fd, void *buf, size_t len, int flags)
{
	return to_errno(sdi_raw(SYS_recvfrom, fd, buf, len, flags, 0, 0));
}

static ssize_t raw_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return to_errno(sdi_raw(SYS_sendmsg, fd, msg, flags));
}

static ssize_t raw_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return to_errno(sdi_raw(SYS_recvmsg, fd, msg, flags));
}

static int raw_ioctl(int fd, unsigned long request, void *arg)
{
	return (int)sdi_raw(SYS_ioctl, fd, request, arg);
}

static int raw_mmap(void **at, size_t len, int prot, int fd, off_t offset)
{
	long ret = sdi_raw(SYS_mmap, 0, len, prot, MAP_SHARED, fd, offset);

	if (ret < 0 && ret > -4096)
		return (int)ret;
	*at = (void *)ret;
	return 0;
}

static void raw_munmap(void *addr, size_t len)
{
	sdi_raw(SYS_munmap, addr, len);
}

static int raw_getfl(int fd)
{
	return (int)sdi_raw(SYS_fcntl, fd, F_GETFL);
}

static int raw_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	return (int)sdi_raw(SYS_epoll_ctl, ep, op, fd, ev);
}

static int raw_epoll_wait(int ep, struct epoll_event *ev, int max,
			  const struct timespec *timeout, const sigset_t *mask)
{
	return (int)to_errno(sdi_raw(SYS_epoll_pwait2, ep, ev, max, timeout,
				     mask, _NSIG / 8));
}

static int raw_epoll_ask(int ep, struct epoll_event *ev, int max)
{
	return (int)sdi_raw(SYS_epoll_wait, ep, ev, max, 0);
}

struct sdi_sys sdi_sys = {
	.send		= raw_send,
	.recv		= raw_recv,
	.sendmsg	= raw_sendmsg,
	.recvmsg	= raw_recvmsg,
	.ioctl		= raw_ioctl,
	.mmap		= raw_mmap,
	.munmap		= raw_munmap,
	.getfl		= raw_getfl,
	.epoll_ctl	= raw_epoll_ctl,
	.epoll_wait	= raw_epoll_wait,
	.epoll_ask	= raw_epoll_ask,
};
