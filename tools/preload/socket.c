// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* Where sockets come from. */
#include <errno.h>
#include <linux/sdirect.h>
#include <netinet/in.h>

#include "../lib/entry.h"
#include "../lib/family.h"
#include "next.h"
#include "spared.h"

#ifndef TCP_INQ
#define TCP_INQ	36	/* of linux/tcp.h, which netinet/tcp.h lacks */
#endif

static int is_tcp(int family, int type, int protocol)
{
	return (family == AF_INET || family == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

HOOK SDI_HOT int socket(int family, int type, int protocol)
{
	int fd;

	if (!shim_active || !is_tcp(family, type, protocol)) {
		fd = next.socket(family, type, protocol);
		if (fd >= 0 && family == AF_SDIRECT && shim_active)
			sdi_fd_note(fd);
		else if (fd >= 0)
			/* The number may have been closed behind our back. */
			shim_spared_keep(fd);
		return fd;
	}
	fd = sdi_socket_try(family, type, protocol);
	if (fd >= 0)
		return fd;
	errno = -fd;
	return -1;
}

/*
 * The listener may have come from another program, so each new descriptor is
 * a candidate; what is not of our family says so when it is first attached.
 */
HOOK SDI_HOT int accept4(int listener, struct sockaddr *addr, socklen_t *len,
			 int flags)
{
	int fd = next.accept4(listener, addr, len, flags);

	if (fd >= 0 && shim_active)
		sdi_fd_note(fd);
	return fd;
}

HOOK SDI_HOT int accept(int listener, struct sockaddr *addr, socklen_t *len)
{
	int fd = next.accept(listener, addr, len);

	if (fd >= 0 && shim_active)
		sdi_fd_note(fd);
	return fd;
}

HOOK int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	shim_spared_binds(fd, addr, len);
	return next.bind(fd, addr, len);
}

/* What it costs to open listeners is not asked. */
HOOK int listen(int fd, int backlog)
{
	shim_spared_listens(fd);
	sdi_fd_end_try(fd);
	return next.listen(fd, backlog);
}

/*
 * The ring gives bytes as they come, and nothing besides; only the kernel holds
 * some back, or says with recvmsg() how many there are.
 */
HOOK SDI_HOT int setsockopt(int fd, int level, int name, const void *value,
			    socklen_t len)
{
	if ((level == SOL_SOCKET && name == SO_RCVLOWAT) ||
	    (level == IPPROTO_TCP && name == TCP_INQ))
		sdi_fd_drop(fd);
	shim_spared_option(fd, level, name);
	return next.setsockopt(fd, level, name, value, len);
}
