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

	fuzz_keep(z, socket(families[fuzz_below(z, 6)],
			    types[fuzz_below(z, fuzz_one_in(z, 8) ? 6 : 3)],
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
		a->in.sin_port = rng_next(&z->rng);
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
	union net_addr a;

	any_addr(z, &a);
	a.in.sin_port = fuzz_one_in(z, 4) ? a.in.sin_port : 0;
	bind(fuzz_fd(z), &a.sa, any_addr_len(z));
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
	union net_addr a;

	any_addr(z, &a);
	connect(fuzz_fd(z), &a.sa, any_addr_len(z));
}

static void do_accept(struct fuzzer *z)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC, ~0 };
	socklen_t len = any_addr_len(z);
	union net_addr a;

	fuzz_keep(z, accept4(fuzz_fd(z), fuzz_one_in(z, 2) ? NULL : &a.sa, &len,
			     flags[fuzz_below(z, 4)]));
}

/* A new pair, so that there is always something that works. */
static void do_pair(struct fuzzer *z)
{
	static const struct net_family nf = { .family = AF_SDIRECT,
					      .ip = AF_INET, .direct = true };
	struct net_pair p;
	int i;

	if (net_pair_open(&nf, &p)) {
		net_pair_close(&p);
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
	fuzz_keep(z, p.listener);
}

static void do_shutdown(struct fuzzer *z)
{
	shutdown(fuzz_fd(z), (int)fuzz_below(z, 5) - 1);
}

static void do_close(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);

	if (fd > 2)
		close(fd);
}

static void do_dup(struct fuzzer *z)
{
	const int fd = fuzz_fd(z), onto = fuzz_fd(z);

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
	socklen_t len = any_addr_len(z);
	union net_addr a;

	if (len > sizeof(a))
		len = sizeof(a);
	if (fuzz_one_in(z, 2))
		getsockname(fuzz_fd(z), &a.sa, &len);
	else
		getpeername(fuzz_fd(z), &a.sa, &len);
}

/* A child that does a little and ends, with all that it has inherited. */
static void do_fork(struct fuzzer *z)
{
	pid_t pid;
	int i;

	pid = fork();
	if (pid < 0)
		return;
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		for (i = fuzz_below(z, 20); i; i--) {
			send(fuzz_fd(z), z->buf, fuzz_below(z, 1000),
			     MSG_DONTWAIT | MSG_NOSIGNAL);
			recv(fuzz_fd(z), z->buf, fuzz_below(z, 1000),
			     MSG_DONTWAIT);
		}
		if (fuzz_one_in(z, 2))
			kill(getpid(), SIGKILL);
		_exit(0);
	}
	net_wait(pid);
}

static const int levels[] = { SOL_SOCKET, SOL_SOCKET, IPPROTO_TCP, IPPROTO_TCP,
			      IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6,
			      SOL_SDIRECT, 12345 };

static int any_option(struct fuzzer *z)
{
	return fuzz_one_in(z, 20) ? (int)rng_next(&z->rng) :
				    (int)fuzz_below(z, 70);
}

static void do_setsockopt(struct fuzzer *z)
{
	static const int values[] = { 0, 1, 2, -1, 4096, 1 << 20, 1 << 30 };
	const int level = levels[fuzz_below(z, 9)], name = any_option(z);
	int value[64];

	memset(value, 0, sizeof(value));
	value[0] = values[fuzz_below(z, 7)];
	/* Programs of BPF must be true ones, or they are refused at once. */
	if (level == SOL_SOCKET && fuzz_one_in(z, 40)) {
		struct timeval soon = { .tv_usec = 2000 };

		setsockopt(fuzz_fd(z), level, fuzz_one_in(z, 2) ? SO_RCVTIMEO :
			   SO_SNDTIMEO, &soon, sizeof(soon));
		return;
	}
	setsockopt(fuzz_fd(z), level, name,
		   fuzz_one_in(z, 10) ? fuzz_pointer(z) : value,
		   fuzz_one_in(z, 4) ? fuzz_below(z, sizeof(value)) :
				       sizeof(int));
}

static void do_getsockopt(struct fuzzer *z)
{
	socklen_t len = fuzz_below(z, 600);

	getsockopt(fuzz_fd(z), levels[fuzz_below(z, 9)], any_option(z),
		   fuzz_one_in(z, 10) ? fuzz_pointer(z) : z->buf,
		   fuzz_one_in(z, 20) ? fuzz_pointer(z) : &len);
}

static void do_info(struct fuzzer *z)
{
	struct sdirect_info info;

	net_info(fuzz_fd(z), &info);
}

const struct fuzz_op fuzz_socket_ops[] = {
	{ do_socket, 4 }, { do_bind, 2 }, { do_listen, 2 }, { do_connect, 6 },
	{ do_accept, 6 }, { do_pair, 4 }, { do_shutdown, 2 }, { do_close, 2 },
	{ do_dup, 3 }, { do_fcntl, 4 }, { do_names, 1 }, { do_fork, 1 },
	{ do_setsockopt, 4 }, { do_getsockopt, 4 }, { do_info, 4 }, {}
};
