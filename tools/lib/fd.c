// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* The public calls: errno instead of -errno, and descriptors to entries. */
#include "sdirect.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "attach.h"
#include "family.h"
#include "io.h"
#include "quick.h"
#include "sys.h"

ssize_t sdi_fail(ssize_t err)
{
	errno = (int)-err;
	return -1;
}

int sdirect_socket(int family, int flags)
{
	if (family != AF_INET && family != AF_INET6)
		return (int)sdi_result(-EAFNOSUPPORT);
	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return (int)sdi_result(-EINVAL);
	return (int)sdi_result(sdi_socket(family, SOCK_STREAM | flags, 0));
}

int sdirect_attach(int fd)
{
	struct sdi_entry *e;
	int err;

	if (fd < 0)
		return (int)sdi_result(-EBADF);
	if (!sdi_process)
		sdi_self_init();
	if (sdi_self_yields())
		return (int)sdi_result(-EOPNOTSUPP);
	e = sdi_process ? sdi_entry_place(fd) : NULL;
	if (!e)
		return (int)sdi_result(-ENOMEM);
	if (!(sdi_fd_known(fd) & (SDI_CANDIDATE | SDI_SET_FD)))
		sdi_fd_note(fd);
	err = sdi_entry_attach(e, fd, sdi_self(), 0);
	if (err && err != -EAGAIN && err != -EBUSY && err != -ENOTCONN &&
	    err != -ENOMEM)
		sdi_fd_drop(fd);
	return (int)sdi_result(err == -EBUSY ? -EAGAIN : err);
}

int sdirect_detach(int fd)
{
	sdi_fd_drop(fd);
	return 0;
}

static ssize_t send_long(int fd, const void *buf, size_t len, int flags)
{
	struct sdi_entry *e = sdi_lookup_here(fd);

	if (!e)
		return sdi_sys.send(fd, buf, len, flags);
	return sdi_result(sdi_send(e, fd, buf, len, flags));
}

ssize_t sdirect_send(int fd, const void *buf, size_t len, int flags)
{
	return sdi_try_send(fd, buf, len, flags, send_long);
}

static ssize_t recv_long(int fd, void *buf, size_t len, int flags)
{
	struct sdi_entry *e = sdi_lookup_here(fd);

	if (!e)
		return sdi_sys.recv(fd, buf, len, flags);
	return sdi_result(sdi_recv(e, fd, buf, len, flags));
}

ssize_t sdirect_recv(int fd, void *buf, size_t len, int flags)
{
	return sdi_try_recv(fd, buf, len, flags, recv_long);
}

const char *sdirect_version(void)
{
	return SDIRECT_VERSION;
}
