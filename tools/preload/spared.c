// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "spared.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/entry.h"
#include "../lib/family.h"
#include "../lib/io.h"
#include "../lib/raw.h"
#include "next.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE	71	/* of asm/socket.h, since Linux 5.14 */
#endif

/* What clients and listeners say of a socket that will be bound. */
static const struct option {
	int level;
	int name;
} carried[] = {
	{ SOL_SOCKET, SO_REUSEADDR },
	{ SOL_SOCKET, SO_REUSEPORT },
	{ IPPROTO_IPV6, IPV6_V6ONLY },
};

#define CARRIED	(sizeof(carried) / sizeof(*carried))

/**
 * struct maker - who has made a socket, and where
 * @netns:	cookie of the network namespace
 * @uid:	user id
 */
struct maker {
	uint64_t netns;
	uid_t uid;
};

static int find_maker(int fd, struct maker *m)
{
	socklen_t len = sizeof(m->netns);
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &m->netns, &len) ||
	    len != sizeof(m->netns) || fstat(fd, &st))
		return -1;
	m->uid = st.st_uid;
	return 0;
}

static int have_one_maker(int fd, int fresh)
{
	struct maker was, is;

	return !find_maker(fd, &was) && !find_maker(fresh, &is) &&
	       was.netns == is.netns && was.uid == is.uid;
}

static int carry_one(int fd, int fresh, const struct option *o)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, o->level, o->name, &value, &len))
		return -1;
	return next.setsockopt(fresh, o->level, o->name, &value, len);
}

static int carry_options(int fd, int fresh, int family)
{
	for (size_t i = 0; i < CARRIED; i++)
		if ((carried[i].level != IPPROTO_IPV6 || family == AF_INET6) &&
		    carry_one(fd, fresh, &carried[i]))
			return -1;
	return 0;
}

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
	if (have_one_maker(fd, fresh) && !carry_options(fd, fresh, family) &&
	    !next.odd.fcntl(fresh, F_SETFL, flags) &&
	    next.dup3(fresh, fd, cloexec) == fd)
		sdi_fd_note(fd);
	sdi_fd_drop(fresh);
	/* Not close(3): in neither bind(2) nor listen(2) is a thread cancelled. */
	sdi_raw(SYS_close, fresh);
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

/* IPv6 has its port in the same place. */
static int has_port(const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_in in;

	if (len < sizeof(in) || sdi_never_mapped(addr))
		return 0;
	memcpy(&in, addr, sizeof(in));
	return in.sin_port != 0;
}

void shim_spared_binds(int fd, const struct sockaddr *addr, socklen_t len)
{
	if (!sdi_fd_is_spared(fd))
		return;
	if (has_port(addr, len))
		shim_spared_listens(fd);
	else
		shim_spared_keep(fd);
}

SDI_HOT void shim_spared_option(int fd, int level, int name)
{
	for (size_t i = 0; i < CARRIED; i++)
		if (carried[i].level == level && carried[i].name == name)
			return;
	shim_spared_keep(fd);
}
