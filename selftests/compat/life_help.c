// SPDX-License-Identifier: GPL-2.0-only
/* What the tests of states share; see life_state.h. */
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>

#include "life_state.h"

#define DEEP	4	/* answers to answers, at most */

static int backlog_probe = -1;

/* One CPU from now on: its packets come in the order in which they were sent. */
static void settle_begin(void)
{
	const struct sockaddr_in self = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	union net_addr addr;
	socklen_t len = sizeof(addr);
	cpu_set_t set;
	int fd;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	COMPAT_MUST(!sched_setaffinity(0, sizeof(set), &set));
	/* Out of the way of tests that use a number again. */
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	backlog_probe = fcntl(fd, F_DUPFD_CLOEXEC, 900);
	COMPAT_MUST(backlog_probe >= 0 && !close(fd));
	COMPAT_MUST(!bind(backlog_probe, (void *)&self, sizeof(self)) &&
		    !getsockname(backlog_probe, &addr.sa, &len) &&
		    !connect(backlog_probe, &addr.sa, len));
}

/*
 * Loopback packets wait in one queue of the CPU that sent them: when a datagram
 * has come back, so has all before it, and another one follows the answers.
 */
void life_settle(void)
{
	char byte = 0;
	int i;

	if (backlog_probe < 0)
		settle_begin();
	for (i = 0; i < DEEP; i++)
		COMPAT_MUST(send(backlog_probe, &byte, 1, 0) == 1 &&
			    recv(backlog_probe, &byte, 1, 0) == 1);
}

void life_pair(struct compat *c)
{
	struct net_pair p = { .listener = c->p.listener };
	const int one = 1;

	life_settle();
	if (c->p.listener < 0) {
		p.listener = net_listen(c->nf, 64, &c->p.addr);
		c->p.listener = p.listener;
	}
	COMPAT_MUST(p.listener >= 0);
	p.client = net_connect(c->nf, &c->p.addr);
	p.server = accept(p.listener, NULL, NULL);
	COMPAT_MUST(p.client >= 0 && p.server >= 0);
	COMPAT_MUST(!setsockopt(p.client, IPPROTO_TCP, TCP_NODELAY, &one,
				sizeof(one)) &&
		    !setsockopt(p.server, IPPROTO_TCP, TCP_NODELAY, &one,
				sizeof(one)));
	if (c->nf->hot)
		COMPAT_MUST(!net_warm(c->nf, &p));
	c->cl = p.client;
	c->sv = p.server;
}

void life_open(struct compat *c, const struct life_state *state)
{
	life_settle();
	rec_say("-- %s", state->name);
	state->make(c);
	COMPAT_MUST(c->cl >= 0);
	life_quiet(c);
}

static void end(int *fd)
{
	if (*fd >= 0) {
		life_abort_on_close(*fd);
		net_close(fd);
	}
}

void life_close(struct compat *c)
{
	end(&c->cl);
	end(&c->sv);
	end(&c->p.client);
	life_settle();
}

static int outq(int fd, unsigned long which)
{
	int n = -1;

	COMPAT_MUST(!ioctl(fd, which, &n));
	return n;
}

/* What is not under way stays where it is: in a buffer, at either end. */
static void none_under_way(int fd)
{
	const uint64_t limit = net_now_ms() + compat_stretch(10000);

	while (outq(fd, SIOCOUTQ) != outq(fd, SIOCOUTQNSD)) {
		COMPAT_MUST(net_now_ms() < limit);
		poll(NULL, 0, 1);
	}
}

/* Rings grow as TCP's buffers do: none takes more than this. */
#define FILL_MAX	(64 << 20)

void life_fill(int fd, int peer)
{
	static const char block[1 << 16];
	const int size = 1 << 18;
	long sum = 0, n;
	bool room;

	/* Or TCP enlarges them whenever it hears from the other end. */
	COMPAT_MUST(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
				sizeof(size)) &&
		    !setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	do {
		room = false;
		while ((n = send(fd, block, sizeof(block), MSG_DONTWAIT)) > 0) {
			room = true;
			sum += n;
			COMPAT_MUST(sum < FILL_MAX);
		}
		COMPAT_MUST(errno == EAGAIN);
		life_settle();
		none_under_way(fd);
	} while (room);
}

/* An end, too, is acknowledged, and that may be seen at the other end. */
static void acknowledged(int fd)
{
	const uint64_t limit = net_now_ms() + compat_stretch(10000);
	struct tcp_info info;

	for (;;) {
		socklen_t len = sizeof(info);

		COMPAT_MUST(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info,
					&len));
		if (info.tcpi_state == TCP_LISTEN ||
		    info.tcpi_state == TCP_SYN_SENT || !info.tcpi_unacked)
			return;
		COMPAT_MUST(net_now_ms() < limit);
		poll(NULL, 0, 1);
	}
}

void life_quiet(struct compat *c)
{
	life_settle();
	if (c->cl >= 0)
		acknowledged(c->cl);
	if (c->sv >= 0)
		acknowledged(c->sv);
	life_settle();
}

long life_drain(int fd)
{
	static char block[65536];
	long sum = 0, n;

	while ((n = recv(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		sum += n;
	return sum;
}

void life_empty(int fd)
{
	do {
		life_settle();
	} while (life_drain(fd));
}

int life_unheard(const struct net_family *nf, union net_addr *addr)
{
	int fd = net_socket(nf, SOCK_CLOEXEC);
	socklen_t len = sizeof(*addr);

	net_loopback(nf, addr);
	COMPAT_MUST(!bind(fd, &addr->sa, net_addr_len(nf)) &&
		    !getsockname(fd, &addr->sa, &len));
	return fd;
}

int life_deaf(struct compat *c, union net_addr *addr)
{
	int fd = net_listen(c->nf, 0, addr);

	COMPAT_MUST(fd >= 0);
	c->sv = net_connect(c->nf, addr);
	COMPAT_MUST(c->sv >= 0);
	life_settle();
	return fd;
}

void life_abort_on_close(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void life_error(const char *what, int fd)
{
	socklen_t len = sizeof(int);
	int err = -1;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		rec_result(what, -1, errno);
	else
		rec_say("  %s: %s", what, err ? strerrorname_np(err) : "no error");
}

void life_peer_shuts_wr(struct compat *c)
{
	REC(shutdown(c->sv, SHUT_WR));
}

void life_shuts_rd(struct compat *c)
{
	REC(shutdown(c->cl, SHUT_RD));
}

void life_shuts_wr(struct compat *c)
{
	REC(shutdown(c->cl, SHUT_WR));
}

void life_shuts_both(struct compat *c)
{
	REC(shutdown(c->cl, SHUT_RDWR));
}
