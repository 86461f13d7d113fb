// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "spared.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#include "../lib/entry.h"
#include "../lib/family.h"
#include "next.h"

/*
 * The family of a TCP socket that is not bound, nor anything more; else 0.  One
 * that was connected has an address still, when it has no port any more.
 */
static int family_of_new(int fd)
{
	struct sockaddr_in6 name = { 0 }, none = { 0 };
	struct tcp_info info = { 0 };
	socklen_t len = offsetof(struct tcp_info, tcpi_ca_state) + 1;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ||
	    info.tcpi_state != TCP_CLOSE)
		return 0;
	len = sizeof(name);
	if (getsockname(fd, (struct sockaddr *)&name, &len))
		return 0;
	none.sin6_family = name.sin6_family;
	return memcmp(&name, &none, sizeof(name)) ? 0 : name.sin6_family;
}

static void replace(int fd, int family)
{
	int flags = next.odd.fcntl(fd, F_GETFL);
	int cloexec = next.odd.fcntl(fd, F_GETFD);
	int fresh;

	if (flags < 0 || cloexec < 0)
		return;
	cloexec = (cloexec & FD_CLOEXEC) ? O_CLOEXEC : 0;
	fresh = sdi_socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fresh < 0)
		return;
	if (!next.odd.fcntl(fresh, F_SETFL, flags) &&
	    next.dup3(fresh, fd, cloexec) == fd)
		sdi_fd_note(fd);
	sdi_fd_drop(fresh);
	next.close(fresh);
}

void shim_spared_listens(int fd)
{
	int saved = errno, family;

	if (!sdi_fd_is_spared(fd))
		return;
	sdi_fd_drop(fd);
	family = family_of_new(fd);
	if (family)
		replace(fd, family);
	errno = saved;
}

void shim_spared_keep(int fd)
{
	if (sdi_fd_is_spared(fd))
		sdi_fd_drop(fd);
}
