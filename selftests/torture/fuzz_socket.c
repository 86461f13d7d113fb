// SPDX-License-Identifier: GPL-2.0-only
/* The fuzzer's calls that make, change and end sockets. */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const int families[] = { AF_SDIRECT, AF_SDIRECT, AF_SDIRECT, AF_INET,
				AF_INET6, AF_UNIX };
static const int protocols[] = { 0, 0, IPPROTO_TCP, IPPROTO_IPV6,
				 IPPROTO_MPTCP, 255 };

static void do_socket(struct fuzzer *z)
{
	const int types[] = { SOCK_STREAM, SOCK_STREAM | SOCK_NONBLOCK,
			      SOCK_STREAM | SOCK_CLOEXEC, SOCK_DGRAM,
			      SOCK_SEQPACKET, SOCK_RAW };

	const int family = families[fuzz_below(z, 6)];
	const int type = types[fuzz_below(z, fuzz_one_in(z, 8) ? 6 : 3)];

	fuzz_keep(z, socket(family, type,
			    protocols[fuzz_below(z, fuzz_one_in(z, 4) ? 6 : 2)]));
}

static void any_addr(struct fuzzer *z, union net_addr *a)
{
	*a = z->f->addr;
	switch (fuzz_below(z, 10)) {
	case 0:
		memset(a, 0, sizeof(*a));
		break;
	case 1:
		a->sa.sa_family = fuzz_below(z, 50);
		break;
	case 2:
		a->in.sin_port = fuzz_below(z, 1 << 16);
		break;
	case 3:
		a->in.sin_port = 0;
		break;
	}
}

static socklen_t any_addr_len(struct fuzzer *z)
{
	static const socklen_t len[] = { 0, 1, 2, 8, 128, ~0u };

	if (fuzz_one_in(z, 10))
		return len[fuzz_below(z, 6)];
	return sizeof(struct sockaddr_in6);
}

static void do_bind(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	union net_addr a;

	any_addr(z, &a);
	a.in.sin_port = fuzz_one_in(z, 4) ? a.in.sin_port : 0;
	bind(fd, &a.sa, any_addr_len(z));
}

static void do_listen(struct fuzzer *z)
{
	socklen_t len = sizeof(union net_addr);
	union net_addr a;
	int fd = fuzz_fd(z);

	if (listen(fd, fuzz_below(z, 5)) || getsockname(fd, &a.sa, &len))
		return;
	if (a.sa.sa_family == AF_INET || a.sa.sa_family == AF_INET6)
		z->f->addr = a;
}

static void do_connect(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	union net_addr a;

	any_addr(z, &a);
	connect(fd, &a.sa, any_addr_len(z));
}

static void do_accept(struct fuzzer *z)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC, ~0 };
	const int fd = fuzz_fd(z);
	const bool ask = fuzz_one_in(z, 2);
	socklen_t len = any_addr_len(z);
	union net_addr a;

	if (len > sizeof(a))
		len = sizeof(a);
	fuzz_keep(z, accept4(fd, ask ? &a.sa : NULL, &len,
			     flags[fuzz_below(z, 4)]));
}

/*
 * A new pair, so that there is always something that works; of some, one end
 * knows nothing of the family.
 */
static void do_pair(struct fuzzer *z)
{
	static const struct net_family kinds[] = {
		{ .family = AF_SDIRECT, .ip = AF_INET, .direct = true },
		{ .family = AF_SDIRECT, .ip = AF_INET6, .direct = true,
		  .protocol = IPPROTO_IPV6 },
		{ .family = AF_INET, .ip = AF_INET },
	};
	const struct net_family *nf = &kinds[fuzz_below(z, 3)];
	struct net_pair p = { .client = -1, .server = -1 };
	int listener;
	int i;

	listener = net_listen(nf, 1, &p.addr);
	if (listener < 0)
		return;
	p.listener = listener;
	if (nf->ip == AF_INET)
		nf = &kinds[fuzz_one_in(z, 4) ? 2 : 0];
	if (net_pair_join(nf, &p, &p)) {
		net_pair_close(&p);
		close(listener);
		return;
	}
	for (i = fuzz_below(z, 12); i; i--) {
		send(p.client, z->buf, 100, MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(p.server, z->buf, 100, MSG_DONTWAIT);
		send(p.server, z->buf, 100, MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(p.client, z->buf, 100, MSG_DONTWAIT);
	}
	fuzz_keep(z, p.client);
	fuzz_keep(z, p.server);
	fuzz_keep(z, listener);
}

static void do_shutdown(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);

	shutdown(fd, (int)fuzz_below(z, 5) - 1);
}

static void do_close(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	unsigned int i;

	if (fd > 2)
		close(fd);
	if (fuzz_one_in(z, 4))
		return;
	for (i = 0; i < FUZZ_FDS; i++)
		if (z->f->fds[i] == fd)
			z->f->fds[i] = -1;
}

static void do_dup(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	const int onto = fuzz_fd(z);

	if (fuzz_one_in(z, 2))
		fuzz_keep(z, dup(fd));
	else if (onto > 2)
		dup2(fd, onto);
}

static void do_fcntl(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);

	switch (fuzz_below(z, 5)) {
	case 0:
		fcntl(fd, F_SETFL, O_NONBLOCK);
		break;
	case 1:
		fcntl(fd, F_SETFL, 0);
		break;
	case 2:
		fcntl(fd, F_SETOWN, getpid());
		fcntl(fd, F_SETFL, O_ASYNC);
		break;
	case 3:
		fcntl(fd, F_SETSIG, fuzz_one_in(z, 2) ? SIGIO : 0);
		break;
	default:
		fcntl(fd, F_GETFL);
	}
}

static void do_names(struct fuzzer *z)
{
	const bool own = fuzz_one_in(z, 2);
	const int fd = fuzz_fd(z);
	socklen_t len = any_addr_len(z);
	union net_addr a;

	if (len > sizeof(a))
		len = sizeof(a);
	if (own)
		getsockname(fd, &a.sa, &len);
	else
		getpeername(fd, &a.sa, &len);
}

__attribute__((noreturn))
static void child(struct fuzzer *z)
{
	int i, fd;

	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	for (i = fuzz_below(z, 20); i; i--) {
		fd = fuzz_fd(z);
		send(fd, z->buf, fuzz_below(z, 1000),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
		fd = fuzz_fd(z);
		recv(fd, z->buf, fuzz_below(z, 1000), MSG_DONTWAIT);
	}
	if (fuzz_one_in(z, 2))
		kill(getpid(), SIGKILL);
	_exit(0);
}

/* A child that does a little and ends, with all that it has inherited. */
static void do_fork(struct fuzzer *z)
{
	const pid_t pid = fork();

	if (!pid)
		child(z);
	if (pid > 0)
		net_wait(pid);
}

/* The same beside the calls that follow; what ends the process ends it. */
static void do_fork_and_go(struct fuzzer *z)
{
	if (!fork())
		child(z);
}

/* Options that say little by a number. */
static bool special_option(struct fuzzer *z, int fd)
{
	const struct timeval soon = { .tv_usec = 2000 };
	const struct linger reset = { .l_onoff = 1 };

	switch (fuzz_below(z, 20)) {
	case 0:
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
		return true;
	case 1:
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
		return true;
	case 2:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		return true;
	case 3:
		setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4);
		return true;
	case 4:
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
		return true;
	default:
		return false;
	}
}

static const int levels[] = { SOL_SOCKET, SOL_SOCKET, IPPROTO_TCP, IPPROTO_TCP,
			      IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6,
			      SOL_SDIRECT, 12345 };

static int any_option(struct fuzzer *z)
{
	return fuzz_one_in(z, 20) ? (int)fuzz_any(z) :
				    (int)fuzz_below(z, 70);
}

static void do_setsockopt(struct fuzzer *z)
{
	static const int values[] = { 0, 1, 2, -1, 4096, 1 << 20, 1 << 30 };
	const int fd = fuzz_fd(z);
	const int level = levels[fuzz_below(z, 9)];
	const int name = any_option(z);
	int value[64] = { values[fuzz_below(z, 7)] };
	void *at = value;

	if (special_option(z, fd))
		return;
	if (fuzz_one_in(z, 10))
		at = fuzz_pointer(z);
	setsockopt(fd, level, name, at,
		   fuzz_one_in(z, 4) ? fuzz_below(z, sizeof(value)) :
				       sizeof(int));
}

static void do_getsockopt(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	const int level = levels[fuzz_below(z, 9)];
	const int name = any_option(z);
	socklen_t len = fuzz_below(z, 600);
	void *at = z->buf;

	if (fuzz_one_in(z, 10))
		at = fuzz_pointer(z);
	getsockopt(fd, level, name, at,
		   fuzz_one_in(z, 20) ? fuzz_pointer(z) : &len);
}

static void do_info(struct fuzzer *z)
{
	struct sdirect_info info;

	net_info(fuzz_fd(z), &info);
}

const struct fuzz_op fuzz_socket_ops[] = {
	FUZZ_OP(socket, 4), FUZZ_OP(bind, 2), FUZZ_OP(listen, 2),
	FUZZ_OP(connect, 6), FUZZ_OP(accept, 6), FUZZ_OP(pair, 4),
	FUZZ_OP(shutdown, 2), FUZZ_OP(close, 2), FUZZ_OP(dup, 3),
	FUZZ_OP(fcntl, 4), FUZZ_OP(names, 1), FUZZ_OP(fork, 1),
	FUZZ_OP(fork_and_go, 1), FUZZ_OP(setsockopt, 4),
	FUZZ_OP(getsockopt, 4), FUZZ_OP(info, 4), {}
};
