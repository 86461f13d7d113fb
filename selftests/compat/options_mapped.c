// SPDX-License-Identifier: GPL-2.0-only
/* IPv4 by IPv6 sockets: addresses such as ::ffff:127.0.0.1. */
#include "options.h"

static const struct net_family *ip4(const struct compat *c)
{
	return compat_family(c->nf->direct, false);
}

static const struct net_family *ip6(const struct compat *c)
{
	return compat_family(c->nf->direct, true);
}

static void say_address(const char *what, const union net_addr *addr,
			socklen_t len)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (addr->sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &addr->in.sin_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET6, &addr->in6.sin6_addr, text, sizeof(text));
	rec_say("  %s: family %d, %s, %u bytes", what, addr->sa.sa_family,
		text, len);
}

static void say_names(const char *what, int fd)
{
	union net_addr addr;
	socklen_t len = sizeof(addr);

	rec_say("%s", what);
	if (!REC(getsockname(fd, &addr.sa, &len)))
		say_address("here", &addr, len);
	len = sizeof(addr);
	if (!REC(getpeername(fd, &addr.sa, &len)))
		say_address("there", &addr, len);
}

static void mapped_address(union net_addr *addr, const char *text,
			   in_port_t port)
{
	memset(addr, 0, sizeof(*addr));
	addr->in6.sin6_family = AF_INET6;
	addr->in6.sin6_port = port;
	COMPAT_MUST(inet_pton(AF_INET6, text, &addr->in6.sin6_addr) == 1);
}

static int listen_on(struct compat *c, const char *text, union net_addr *addr)
{
	const int fd = net_socket(ip6(c), SOCK_CLOEXEC);
	socklen_t len = sizeof(*addr);

	mapped_address(addr, text, 0);
	COMPAT_MUST(!bind(fd, &addr->sa, sizeof(addr->in6)));
	COMPAT_MUST(!listen(fd, 4) && !getsockname(fd, &addr->sa, &len));
	return fd;
}

/* Levels of options that depend on what is beneath. */
static void options_of(int fd)
{
	static const int values[] = { 0x10, 65, 1 };
	socklen_t len = sizeof(int);
	int value = -1;

	REC(setsockopt(fd, SOL_IP, IP_TOS, &values[0], len));
	REC(getsockopt(fd, SOL_IP, IP_TOS, &value, &len));
	REC(value);
	REC(setsockopt(fd, SOL_IP, IP_TTL, &values[1], len));
	REC(getsockopt(fd, SOL_IP, IP_TTL, &value, &len));
	REC(value);
	REC(setsockopt(fd, SOL_IPV6, IPV6_TCLASS, &values[0], len));
	REC(getsockopt(fd, SOL_IPV6, IPV6_TCLASS, &value, &len));
	REC(value);
	REC(setsockopt(fd, SOL_IPV6, IPV6_UNICAST_HOPS, &values[1], len));
	REC(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &values[2], len));
	REC(getsockopt(fd, SOL_IPV6, IPV6_MTU, &value, &len));
	REC(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len));
	REC(value);
}

/* Across the switch to the rings, which must find the other end here too. */
static void talk(struct compat *c, int client, int server)
{
	const struct net_pair p = { -1, client, server, { } };
	struct net_family hot = *c->nf;
	char buf[100], out[100];
	int i;

	hot.hot = true;
	COMPAT_MUST(!net_warm(&hot, &p));
	REC(net_used_rings(&hot, client));
	for (i = 0; i < 20; i++) {
		net_fill(out, sizeof(out), 2, i);
		REC(write(client, out, sizeof(out)));
		REC_RECV(recv(server, buf, sizeof(buf), MSG_WAITALL), buf);
		REC(write(server, out, i + 1));
		REC_RECV(recv(client, buf, i + 1, MSG_WAITALL), buf);
	}
}

static void both_ends(struct compat *c, int client, int server)
{
	char byte;

	say_names("client", client);
	say_names("server", server);
	talk(c, client, server);
	options_of(client);
	options_of(server);
	talk(c, client, server);
	REC(shutdown(client, SHUT_WR));
	REC(recv(server, &byte, 1, 0));
	REC(close(server));
	REC(recv(client, &byte, 1, 0));
	REC(close(client));
}

static int accept_from(int listener)
{
	union net_addr addr;
	socklen_t len = sizeof(addr);
	const int fd = REC_FD(accept(listener, &addr.sa, &len));

	say_address("from", &addr, len);
	return fd;
}

/* An IPv4 client of a server for both. */
void mapped_server(struct compat *c)
{
	union net_addr addr, to = { };
	const int listener = listen_on(c, "::", &addr);
	const int client = net_socket(ip4(c), SOCK_CLOEXEC);

	to.in.sin_family = AF_INET;
	to.in.sin_port = addr.in6.sin6_port;
	to.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	REC(connect(client, &to.sa, sizeof(to.in)));
	both_ends(c, client, accept_from(listener));
}

/* An IPv6 client of an IPv4 server. */
void mapped_client(struct compat *c)
{
	union net_addr addr, to;
	const int listener = net_listen(ip4(c), 4, &addr);
	const int client = net_socket(ip6(c), SOCK_CLOEXEC);

	mapped_address(&to, "::ffff:127.0.0.1", addr.in.sin_port);
	REC(connect(client, &to.sa, sizeof(to.in6)));
	both_ends(c, client, accept_from(listener));
}

void mapped_both(struct compat *c)
{
	union net_addr addr;
	const int listener = listen_on(c, "::ffff:127.0.0.1", &addr);
	const int client = net_socket(ip6(c), SOCK_CLOEXEC);

	say_names("listener", listener);
	options_of(listener);
	REC(connect(client, &addr.sa, sizeof(addr.in6)));
	both_ends(c, client, accept_from(listener));
}

void mapped_refused(struct compat *c)
{
	union net_addr addr, bound;
	const int fd = net_socket(ip6(c), SOCK_CLOEXEC), one = 1;
	const int other = net_socket(ip6(c), SOCK_CLOEXEC);

	REC(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	mapped_address(&addr, "::ffff:127.0.0.1", htons(1));
	REC(connect(fd, &addr.sa, sizeof(addr.in6)));
	REC(bind(fd, &addr.sa, sizeof(addr.in6)));
	/* A port that is surely not listened at. */
	mapped_address(&bound, "::ffff:127.0.0.1", 0);
	REC(bind(other, &bound.sa, sizeof(bound.in6)));
	REC(setsockopt(other, SOL_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	REC(getsockname(other, &bound.sa,
			&(socklen_t){ sizeof(bound) }));
	REC(connect(net_socket(ip6(c), 0), &bound.sa, sizeof(bound.in6)));
	REC(connect(net_socket(ip4(c), 0), &bound.sa, sizeof(bound.in6)));
}
