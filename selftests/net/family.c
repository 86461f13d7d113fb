// SPDX-License-Identifier: GPL-2.0-only
/* Creating, naming, connecting, accepting: what the family itself does. */
#include "fixture.h"

#include <sys/stat.h>
#include <sys/un.h>

NET_FIXTURE(family);
NET_VARIANTS_COLD(family);

static int int_option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(fd, level, name, &value, &len) ? -1 : value;
}

static int plain_tcp(const struct net_family *nf)
{
	return socket(nf->ip, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A port where nobody listens, kept busy by a bound socket. */
static int closed_port(const struct net_family *nf, union net_addr *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = net_socket(nf, SOCK_CLOEXEC);

	net_loopback(nf, addr);
	if (fd < 0 || bind(fd, &addr->sa, net_addr_len(nf)) ||
	    getsockname(fd, &addr->sa, &len))
		return -1;
	return fd;
}

static bool same_addr(const struct net_family *nf, int a, int b)
{
	union net_addr one = {}, two = {};
	socklen_t len1 = sizeof(one), len2 = sizeof(two);

	return !getsockname(a, &one.sa, &len1) &&
	       !getpeername(b, &two.sa, &len2) && len1 == len2 &&
	       len1 == net_addr_len(nf) && !memcmp(&one, &two, len1);
}

TEST_F(family, is_a_stream_socket)
{
	struct stat st;

	EXPECT_EQ(SOCK_STREAM, int_option(self->p.client, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(0, fstat(self->p.client, &st));
	EXPECT_TRUE(S_ISSOCK(st.st_mode));
}

TEST_F(family, domain_is_inet)
{
	const int fds[] = { self->p.listener, self->p.client, self->p.server };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(variant->nf.ip,
			  int_option(fds[i], SOL_SOCKET, SO_DOMAIN));
		EXPECT_EQ(IPPROTO_TCP,
			  int_option(fds[i], SOL_SOCKET, SO_PROTOCOL));
	}
	EXPECT_EQ(1, int_option(self->p.listener, SOL_SOCKET, SO_ACCEPTCONN));
}

TEST_F(family, other_types_refused)
{
	const int types[] = { SOCK_SEQPACKET, SOCK_RDM };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(-1, socket(variant->nf.family, types[i],
				     variant->nf.protocol));
		EXPECT_EQ(ESOCKTNOSUPPORT, errno);
	}
	/* AF_INET has datagrams; AF_SDIRECT has not. */
	if (variant->nf.direct) {
		EXPECT_EQ(-1, socket(AF_SDIRECT, SOCK_DGRAM,
				     variant->nf.protocol));
		EXPECT_EQ(ESOCKTNOSUPPORT, errno);
		EXPECT_EQ(-1, socket(AF_SDIRECT, SOCK_RAW,
				     variant->nf.protocol));
		EXPECT_EQ(ESOCKTNOSUPPORT, errno);
	}
}

TEST_F(family, other_protocols_refused)
{
	const int protocols[] = { IPPROTO_UDP, IPPROTO_ICMP, 200 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		EXPECT_EQ(-1, socket(variant->nf.family, SOCK_STREAM,
				     protocols[i]));
		EXPECT_EQ(EPROTONOSUPPORT, errno);
	}
}

TEST_F(family, creation_flags)
{
	int fd = net_socket(&variant->nf, SOCK_NONBLOCK | SOCK_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = net_socket(&variant->nf, 0);
	ASSERT_LE(0, fd);
	EXPECT_FALSE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_FALSE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

TEST_F(family, no_socketpair)
{
	int fds[2];

	EXPECT_EQ(-1, socketpair(variant->nf.family, SOCK_STREAM,
				 variant->nf.protocol, fds));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(family, names)
{
	EXPECT_TRUE(same_addr(&variant->nf, self->p.client, self->p.server));
	EXPECT_TRUE(same_addr(&variant->nf, self->p.server, self->p.client));
}

TEST_F(family, short_name_buffer)
{
	union net_addr addr = {};
	socklen_t len = 4;

	EXPECT_EQ(0, getsockname(self->p.client, &addr.sa, &len));
	EXPECT_EQ(net_addr_len(&variant->nf), len);
	EXPECT_EQ(variant->nf.ip, addr.sa.sa_family);
}

TEST_F(family, accept_says_who)
{
	union net_addr who = {}, mine = {};
	socklen_t len = sizeof(who);
	int c, s;

	c = net_connect(&variant->nf, &self->p.addr);
	ASSERT_LE(0, c);
	s = accept(self->p.listener, &who.sa, &len);
	ASSERT_LE(0, s);
	EXPECT_EQ(net_addr_len(&variant->nf), len);
	len = sizeof(mine);
	EXPECT_EQ(0, getsockname(c, &mine.sa, &len));
	EXPECT_EQ(0, memcmp(&who, &mine, len));
	close(c);
	close(s);
}

TEST_F(family, accept4_flags)
{
	int c = net_connect(&variant->nf, &self->p.addr), s;
	char byte;

	ASSERT_LE(0, c);
	s = accept4(self->p.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ASSERT_LE(0, s);
	EXPECT_TRUE(fcntl(s, F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(s, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(-1, read(s, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, accept4(self->p.listener, NULL, NULL, ~0));
	EXPECT_EQ(EINVAL, errno);
	close(c);
	close(s);
}

TEST_F(family, accept_errors)
{
	int fd = net_socket(&variant->nf, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, accept(fd, NULL, NULL));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, accept(self->p.client, NULL, NULL));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, net_nonblock(self->p.listener));
	EXPECT_EQ(-1, accept(self->p.listener, NULL, NULL));
	EXPECT_EQ(EAGAIN, errno);
	close(fd);
}

TEST_F(family, listen_errors)
{
	EXPECT_EQ(-1, listen(self->p.client, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, listen(self->p.listener, 5));
	EXPECT_EQ(-1, connect(self->p.listener, &self->p.addr.sa,
			      net_addr_len(&variant->nf)));
	EXPECT_EQ(EISCONN, errno);
}

TEST_F(family, not_connected)
{
	int fd = net_socket(&variant->nf, 0);
	union net_addr addr;
	socklen_t len = sizeof(addr);
	char byte = 0;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, send(fd, &byte, 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(-1, recv(fd, &byte, 1, 0));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_EQ(-1, getpeername(fd, &addr.sa, &len));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_EQ(-1, shutdown(fd, SHUT_WR));
	EXPECT_EQ(ENOTCONN, errno);
	close(fd);
}

TEST_F(family, bind_conflict)
{
	int own = net_socket(&variant->nf, 0), tcp = plain_tcp(&variant->nf);
	const socklen_t len = net_addr_len(&variant->nf);

	ASSERT_LE(0, own);
	ASSERT_LE(0, tcp);
	EXPECT_EQ(-1, bind(own, &self->p.addr.sa, len));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_EQ(-1, bind(tcp, &self->p.addr.sa, len));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_EQ(-1, bind(self->p.client, &self->p.addr.sa, len));
	EXPECT_EQ(EINVAL, errno);
	close(own);
	close(tcp);
}

TEST_F(family, foreign_addresses)
{
	const sa_family_t families[] = { AF_UNIX, AF_SDIRECT, AF_MAX };
	union net_addr addr;
	unsigned int i;
	int fd;

	fd = net_socket(&variant->nf, 0);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		addr = self->p.addr;
		addr.sa.sa_family = families[i];
		EXPECT_EQ(-1, connect(fd, &addr.sa,
				      net_addr_len(&variant->nf)));
		EXPECT_EQ(EAFNOSUPPORT, errno);
		EXPECT_EQ(-1, bind(fd, &addr.sa, net_addr_len(&variant->nf)));
		EXPECT_EQ(EAFNOSUPPORT, errno);
	}
	EXPECT_EQ(-1, connect(fd, &self->p.addr.sa, 3));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

TEST_F(family, connection_refused)
{
	union net_addr addr;
	int held = closed_port(&variant->nf, &addr);

	ASSERT_LE(0, held);
	EXPECT_EQ(-1, net_connect(&variant->nf, &addr));
	EXPECT_EQ(ECONNREFUSED, errno);
	close(held);
}

TEST_F(family, refused_then_connected)
{
	const socklen_t len = net_addr_len(&variant->nf);
	union net_addr addr;
	int held = closed_port(&variant->nf, &addr);
	int fd = net_socket(&variant->nf, 0);

	ASSERT_LE(0, held);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, connect(fd, &addr.sa, len));
	EXPECT_EQ(ECONNREFUSED, errno);
	EXPECT_EQ(0, connect(fd, &self->p.addr.sa, len));
	EXPECT_EQ(1, send(fd, "x", 1, 0));
	close(fd);
	close(held);
}

TEST_F(family, connect_nonblocking)
{
	int fd = net_socket(&variant->nf, SOCK_NONBLOCK);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	const socklen_t len = net_addr_len(&variant->nf);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, connect(fd, &self->p.addr.sa, len));
	EXPECT_EQ(EINPROGRESS, errno);
	EXPECT_EQ(1, poll(&pfd, 1, 10000));
	EXPECT_EQ(POLLOUT, pfd.revents);
	EXPECT_EQ(0, int_option(fd, SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, connect(fd, &self->p.addr.sa, len));
	EXPECT_EQ(-1, connect(fd, &self->p.addr.sa, len));
	EXPECT_EQ(EISCONN, errno);
	close(fd);
}

TEST_F(family, refused_nonblocking)
{
	int fd = net_socket(&variant->nf, SOCK_NONBLOCK), held;
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	union net_addr addr;

	held = closed_port(&variant->nf, &addr);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, held);
	EXPECT_EQ(-1, connect(fd, &addr.sa, net_addr_len(&variant->nf)));
	EXPECT_EQ(EINPROGRESS, errno);
	EXPECT_EQ(1, poll(&pfd, 1, 10000));
	EXPECT_TRUE(pfd.revents & POLLERR);
	EXPECT_TRUE(pfd.revents & POLLHUP);
	EXPECT_EQ(ECONNREFUSED, int_option(fd, SOL_SOCKET, SO_ERROR));
	close(fd);
	close(held);
}

TEST_F(family, already_connected)
{
	EXPECT_EQ(-1, connect(self->p.client, &self->p.addr.sa,
			      net_addr_len(&variant->nf)));
	EXPECT_EQ(EISCONN, errno);
	EXPECT_EQ(0, net_pingpong(&self->p, 10, 2));
}

TEST_F(family, disconnect_and_again)
{
	union net_addr none = { .sa.sa_family = AF_UNSPEC };
	char byte;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 200));
	ASSERT_EQ(0, connect(self->p.client, &none.sa, sizeof(none.sa)));
	EXPECT_EQ(-1, recv(self->p.server, &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	net_close(&self->p.server);
	ASSERT_EQ(0, connect(self->p.client, &self->p.addr.sa,
			     net_addr_len(&variant->nf)));
	self->p.server = accept(self->p.listener, NULL, NULL);
	ASSERT_LE(0, self->p.server);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
}

TEST_F(family, backlog_keeps_them_apart)
{
	enum { N = 16 };
	int c[N], s, i;
	char byte;

	for (i = 0; i < N; i++) {
		c[i] = net_connect(&variant->nf, &self->p.addr);
		ASSERT_LE(0, c[i]);
		byte = i;
		ASSERT_EQ(1, send(c[i], &byte, 1, 0));
	}
	for (i = 0; i < N; i++) {
		s = accept(self->p.listener, NULL, NULL);
		ASSERT_LE(0, s);
		ASSERT_EQ(1, recv(s, &byte, 1, 0));
		EXPECT_EQ(i, byte);
		EXPECT_TRUE(same_addr(&variant->nf, c[(int)byte], s));
		byte += 100;
		ASSERT_EQ(1, send(s, &byte, 1, 0));
		ASSERT_EQ(1, recv(c[i], &byte, 1, 0));
		EXPECT_EQ(i + 100, byte);
		close(s);
		close(c[i]);
	}
}

TEST_F(family, sent_before_accept)
{
	enum { LEN = 100000 };
	static char buf[LEN];
	int c = net_connect(&variant->nf, &self->p.addr), s;

	ASSERT_LE(0, c);
	net_fill(buf, LEN, 3, 0);
	ASSERT_EQ(LEN, net_send_all(c, buf, LEN));
	ASSERT_EQ(0, shutdown(c, SHUT_WR));
	s = accept(self->p.listener, NULL, NULL);
	ASSERT_LE(0, s);
	memset(buf, 0, LEN);
	ASSERT_EQ(LEN, net_recv_all(s, buf, LEN));
	EXPECT_EQ(-1, net_check(buf, LEN, 3, 0));
	EXPECT_EQ(0, recv(s, buf, 1, 0));
	close(c);
	close(s);
}

TEST_F(family, listener_closed_with_waiting)
{
	int c = net_connect(&variant->nf, &self->p.addr);
	char byte;

	ASSERT_LE(0, c);
	ASSERT_EQ(0, net_close(&self->p.listener));
	EXPECT_EQ(-1, recv(c, &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
	close(c);
}

/* A peer that does not know AF_SDIRECT is reached by TCP, both ways round. */
TEST_F(family, plain_tcp_client)
{
	struct net_pair mixed = { .client = plain_tcp(&variant->nf) };

	ASSERT_LE(0, mixed.client);
	ASSERT_EQ(0, connect(mixed.client, &self->p.addr.sa,
			     net_addr_len(&variant->nf)));
	mixed.server = accept(self->p.listener, NULL, NULL);
	ASSERT_LE(0, mixed.server);
	EXPECT_EQ(0, net_pingpong(&mixed, 100, 300));
	EXPECT_EQ(0, net_pingpong(&mixed, 30000, 10));
	close(mixed.client);
	close(mixed.server);
}

TEST_F(family, plain_tcp_server)
{
	struct net_family tcp = { .family = variant->nf.ip,
				  .ip = variant->nf.ip };
	struct net_pair mixed;

	mixed.listener = net_listen(&tcp, 4, &mixed.addr);
	ASSERT_LE(0, mixed.listener);
	mixed.client = net_connect(&variant->nf, &mixed.addr);
	ASSERT_LE(0, mixed.client);
	mixed.server = accept(mixed.listener, NULL, NULL);
	ASSERT_LE(0, mixed.server);
	EXPECT_EQ(0, net_pingpong(&mixed, 100, 300));
	net_pair_close(&mixed);
}

TEST_F(family, mapped_address)
{
	struct net_family four = variant->nf;
	struct net_pair p;
	union net_addr to = {};

	if (variant->nf.ip != AF_INET6)
		SKIP(return, "needs IPv6");
	four.ip = AF_INET;
	four.protocol = 0;
	four.family = four.direct ? AF_SDIRECT : AF_INET;
	p.listener = net_listen(&four, 4, &p.addr);
	ASSERT_LE(0, p.listener);
	to.in6.sin6_family = AF_INET6;
	to.in6.sin6_port = p.addr.in.sin_port;
	ASSERT_EQ(1, inet_pton(AF_INET6, "::ffff:127.0.0.1",
			       &to.in6.sin6_addr));
	p.client = net_connect(&variant->nf, &to);
	ASSERT_LE(0, p.client);
	p.server = accept(p.listener, NULL, NULL);
	ASSERT_LE(0, p.server);
	EXPECT_EQ(0, net_pingpong(&p, 1000, 500));
	EXPECT_EQ(0, net_used_rings(&variant->nf, p.client));
	net_pair_close(&p);
}

TEST_F(family, options)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int one = 1;

	EXPECT_EQ(0, setsockopt(self->p.client, IPPROTO_TCP, TCP_NODELAY,
				&one, sizeof(one)));
	EXPECT_EQ(1, int_option(self->p.client, IPPROTO_TCP, TCP_NODELAY));
	EXPECT_EQ(0, setsockopt(self->p.client, SOL_SOCKET, SO_KEEPALIVE,
				&one, sizeof(one)));
	EXPECT_EQ(1, int_option(self->p.client, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(0, getsockopt(self->p.client, IPPROTO_TCP, TCP_INFO, &info,
				&len));
	EXPECT_EQ(TCP_ESTABLISHED, info.tcpi_state);
	EXPECT_EQ(-1, setsockopt(self->p.client, IPPROTO_TCP, 9999, &one,
				 sizeof(one)));
	EXPECT_EQ(ENOPROTOOPT, errno);
	EXPECT_EQ(-1, int_option(self->p.client, SOL_SDIRECT, 9999));
	EXPECT_TRUE(errno == ENOPROTOOPT || errno == EOPNOTSUPP);
}

/* Options by which others would put their operations in place of ours. */
TEST_F(family, refused_options)
{
	int inet = AF_INET, one = 1, fd;

	if (!variant->nf.direct)
		SKIP(return, "TCP takes them");
	fd = net_socket(&variant->nf, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, setsockopt(self->p.client, IPPROTO_TCP, TCP_ULP, "tls",
				 4));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, setsockopt(self->p.client, IPPROTO_IPV6, IPV6_ADDRFORM,
				 &inet, sizeof(inet)));
	EXPECT_EQ(ENOPROTOOPT, errno);
	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &one,
				 sizeof(one)));
	EXPECT_EQ(EPERM, errno);
	close(fd);
}

TEST_F(family, many_connections)
{
	enum { N = 60 };
	struct net_pair p[N];
	int i;

	for (i = 0; i < N; i++)
		ASSERT_EQ(0, net_pair_join(&variant->nf, &self->p, &p[i]));
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, net_pingpong(&p[i], 100 + i, 20));
	for (i = 0; i < N; i++)
		net_pair_close(&p[i]);
}

NET_MAIN
