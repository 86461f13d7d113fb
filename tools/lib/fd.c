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
#include "sys.h"

static ssize_t result(ssize_t ret)
{
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

int sdirect_socket(int family, int flags)
{
	if (family != AF_INET && family != AF_INET6)
		return (int)result(-EAFNOSUPPORT);
	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return (int)result(-EINVAL);
	return (int)result(sdi_socket(family, SOCK_STREAM | flags, 0));
}

int sdirect_attach(int fd)
{
	struct sdi_entry *e;
	int err;

	if (fd < 0)
		return (int)result(-EBADF);
	if (!sdi_process)
		sdi_self_init();
	e = sdi_process ? sdi_entry_place(fd) : NULL;
	if (!e)
		return (int)result(-ENOMEM);
	if (!sdi_fd_known(fd))
		sdi_fd_note(fd);
	err = sdi_entry_attach(e, fd, sdi_self(), 0);
	if (err && err != -EAGAIN && err != -EBUSY && err != -ENOTCONN &&
	    err != -ENOMEM)
		sdi_fd_drop(fd);
	return (int)result(err == -EBUSY ? -EAGAIN : err);
}

int sdirect_detach(int fd)
{
	sdi_fd_drop(fd);
	return 0;
}

ssize_t sdirect_send(int fd, const void *buf, size_t len, int flags)
{
	struct sdi_entry *e = sdi_lookup_here(fd);

	if (!e)
		return sdi_sys.send(fd, buf, len, flags);
	return result(sdi_send(e, fd, buf, len, flags));
}

ssize_t sdirect_recv(int fd, void *buf, size_t len, int flags)
{
	struct sdi_entry *e = sdi_lookup_here(fd);

	if (!e)
		return sdi_sys.recv(fd, buf, len, flags);
	return result(sdi_recv(e, fd, buf, len, flags));
}

const char *sdirect_version(void)
{
	return SDIRECT_VERSION;
}
