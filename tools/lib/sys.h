/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Everything that the library asks of the kernel, in one table. */
#ifndef SDI_SYS_H
#define SDI_SYS_H

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include "place.h"

/**
 * struct sdi_sys - the kernel as the library sees it
 * @send:	as the C library's: -1 and errno.  The shim puts the C library's
 *		own functions here, so that threads can be cancelled in them
 * @recv:	the same
 * @sendmsg:	the same
 * @recvmsg:	the same
 * @ioctl:	returns -errno
 * @mmap:	maps @len bytes of @fd shared, at *@at; negative error
 * @munmap:	takes such a mapping away
 * @getfl:	file status flags, or -errno
 * @epoll_ctl:	returns -errno
 * @epoll_wait:	as epoll_pwait2() of the C library; can be cancelled, too
 * @epoll_ask:	the same without waiting; cannot be, and returns -errno
 *
 * Tests put a kernel of their own here.
 */
struct sdi_sys {
	ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
	ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	int (*mmap)(void **at, size_t len, int prot, int fd, off_t offset);
	void (*munmap)(void *addr, size_t len);
	int (*getfl)(int fd);
	int (*epoll_ctl)(int ep, int op, int fd, struct epoll_event *ev);
	int (*epoll_wait)(int ep, struct epoll_event *ev, int max,
			  const struct timespec *timeout,
			  const sigset_t *mask);
	int (*epoll_ask)(int ep, struct epoll_event *ev, int max);
};

extern SDI_SHARED struct sdi_sys sdi_sys;

#endif /* SDI_SYS_H */
