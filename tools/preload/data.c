// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* Calls that move bytes: to the rings if the descriptor is on rings. */
#include <errno.h>
#include <pthread.h>

#include "../lib/attach.h"
#include "../lib/io.h"
#include "../lib/quick.h"
#include "next.h"

/*
 * These functions are cancellation points; the quick ones are, too, as they are
 * none any more where a thread may have been cancelled: see cancel.c.
 */
static SDI_HOT struct sdi_entry *lookup(int fd)
{
	struct sdi_entry *e = sdi_lookup(fd);

	if (e)
		pthread_testcancel();
	return e;
}

/*
 * Calls that other files take too: the number may have been closed behind our
 * back and be one of those now.
 */
static int is_no_socket(int fd, ssize_t ret, int saved)
{
	if (ret != -ENOTSOCK)
		return 0;
	sdi_fd_drop(fd);
	errno = saved;
	return 1;
}

/* How the C library ends a program that would write past its buffer. */
void __chk_fail(void) __attribute__((noreturn));

/* Programs built with _FORTIFY_SOURCE come through the functions below. */
static void check_size(size_t len, size_t size)
{
	if (len > size)
		__chk_fail();
}

/*
 * read() and write() are not recv() and send() when there is nothing to move,
 * or more than one call can: let them answer that themselves.
 */
static int is_ordinary(const struct iovec *iov, int count)
{
	size_t sum = 0;
	int i;

	if (count <= 0 || count > SDI_IOV_MAX || sdi_never_mapped(iov))
		return 0;
	for (i = 0; i < count; i++) {
		if (iov[i].iov_len > SDI_BYTES_MAX - sum)
			return 0;
		sum += iov[i].iov_len;
	}
	return sum != 0;
}

static SDI_HOT ssize_t read_long(int fd, void *buf, size_t len, int flags)
{
	struct sdi_entry *e = len - 1 < SDI_BYTES_MAX ? lookup(fd) : NULL;
	const int saved = errno;
	ssize_t ret = e ? sdi_recv(e, fd, buf, len, flags) : 0;

	if (!e || is_no_socket(fd, ret, saved))
		return next.read(fd, buf, len);
	return sdi_result(ret);
}

HOOK SDI_HOT ssize_t read(int fd, void *buf, size_t len)
{
	return sdi_try_recv(fd, buf, len, 0, read_long);
}

HOOK ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
	check_size(len, size);
	return read(fd, buf, len);
}

static SDI_HOT ssize_t recv_long(int fd, void *buf, size_t len, int flags)
{
	struct sdi_entry *e = len > SDI_BYTES_MAX ? NULL : lookup(fd);

	if (!e)
		return next.recvfrom(fd, buf, len, flags, NULL, NULL);
	return sdi_result(sdi_recv(e, fd, buf, len, flags));
}

HOOK SDI_HOT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return sdi_try_recv(fd, buf, len, flags, recv_long);
}

HOOK ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	check_size(len, size);
	return recv(fd, buf, len, flags);
}

HOOK SDI_HOT ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
			      struct sockaddr *addr, socklen_t *addrlen)
{
	if (!addr)
		return recv(fd, buf, len, flags);
	return next.recvfrom(fd, buf, len, flags, addr, addrlen);
}

HOOK ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t size,
			    int flags, struct sockaddr *addr,
			    socklen_t *addrlen)
{
	check_size(len, size);
	return recvfrom(fd, buf, len, flags, addr, addrlen);
}

HOOK ssize_t readv(int fd, const struct iovec *iov, int count)
{
	struct sdi_entry *e = is_ordinary(iov, count) ? lookup(fd) : NULL;
	struct msghdr msg = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)count,
	};
	const int saved = errno;
	ssize_t ret = e ? sdi_recvmsg(e, fd, &msg, 0) : 0;

	if (!e || is_no_socket(fd, ret, saved))
		return next.readv(fd, iov, count);
	return sdi_result(ret);
}

HOOK ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	/* Others of the flags come back in the message. */
	const int known = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_PEEK | MSG_WAITALL;
	struct sdi_entry *e = sdi_never_mapped(msg) || flags & ~known ?
			      NULL : lookup(fd);

	if (!e)
		return next.recvmsg(fd, msg, flags);
	return sdi_result(sdi_recvmsg(e, fd, msg, flags));
}

static SDI_HOT ssize_t write_long(int fd, const void *buf, size_t len,
				  int flags)
{
	struct sdi_entry *e = len - 1 < SDI_BYTES_MAX ? lookup(fd) : NULL;
	const int saved = errno;
	ssize_t ret = e ? sdi_send(e, fd, buf, len, flags) : 0;

	if (!e || is_no_socket(fd, ret, saved))
		return next.write(fd, buf, len);
	return sdi_result(ret);
}

HOOK SDI_HOT ssize_t write(int fd, const void *buf, size_t len)
{
	return sdi_try_send(fd, buf, len, 0, write_long);
}

static SDI_HOT ssize_t send_long(int fd, const void *buf, size_t len, int flags)
{
	struct sdi_entry *e = len > SDI_BYTES_MAX ? NULL : lookup(fd);

	if (!e)
		return next.sendto(fd, buf, len, flags, NULL, 0);
	return sdi_result(sdi_send(e, fd, buf, len, flags));
}

HOOK SDI_HOT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sdi_try_send(fd, buf, len, flags, send_long);
}

HOOK SDI_HOT ssize_t sendto(int fd, const void *buf, size_t len, int flags,
			    const struct sockaddr *addr, socklen_t addrlen)
{
	if (!addr)
		return send(fd, buf, len, flags);
	return next.sendto(fd, buf, len, flags, addr, addrlen);
}

HOOK ssize_t writev(int fd, const struct iovec *iov, int count)
{
	struct sdi_entry *e = is_ordinary(iov, count) ? lookup(fd) : NULL;
	struct msghdr msg = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)count,
	};
	const int saved = errno;
	ssize_t ret = e ? sdi_sendmsg(e, fd, &msg, 0) : 0;

	if (!e || is_no_socket(fd, ret, saved))
		return next.writev(fd, iov, count);
	return sdi_result(ret);
}

#define CONTROL_MOST	(1u << 20)	/* the kernel takes much less */

/* Another process is going to have these. */
static void drop_passed(const struct msghdr *msg)
{
	const char *end = (const char *)msg->msg_control + msg->msg_controllen;
	struct cmsghdr *c;

	if (msg->msg_controllen > CONTROL_MOST ||
	    !msg->msg_controllen || sdi_never_mapped(msg->msg_control))
		return;
	/* One that is too long is refused by the kernel. */
	for (c = CMSG_FIRSTHDR(msg); c && c->cmsg_len >= sizeof(*c) &&
	     c->cmsg_len <= (size_t)(end - (char *)c);
	     c = CMSG_NXTHDR((struct msghdr *)msg, c)) {
		const int *fd = (const int *)CMSG_DATA(c);
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(*fd);

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			while (n--)
				sdi_fd_drop(*fd++);
	}
}

HOOK ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct sdi_entry *e = sdi_never_mapped(msg) ? NULL : lookup(fd);

	if (!sdi_never_mapped(msg))
		drop_passed(msg);
	if (!e)
		return next.sendmsg(fd, msg, flags);
	return sdi_result(sdi_sendmsg(e, fd, msg, flags));
}

HOOK int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags)
{
	if (!sdi_never_mapped(msgs))
		for (unsigned int i = 0; i < n && i < UIO_MAXIOV; i++)
			drop_passed(&msgs[i].msg_hdr);
	return next.sendmmsg(fd, msgs, n, flags);
}

/* The kernel copies; all that is to be done is to keep the lease. */
HOOK ssize_t sendfile(int out, int in, off_t *offset, size_t count)
{
	struct sdi_mark mark __attribute__((cleanup(sdi_mark_end)));

	sdi_mark_send(&mark, out);
	return next.sendfile(out, in, offset, count);
}

/* The same function where off_t has 64 bits anyway. */
HOOK ssize_t sendfile64(int out, int in, off_t *offset, size_t count)
	__attribute__((alias("sendfile")));
