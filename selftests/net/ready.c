// SPDX-License-Identifier: GPL-2.0-only
/* Readiness: poll, select and epoll say what a call would find, in time. */
#include "fixture.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

NET_FIXTURE(ready);
NET_VARIANTS(ready);

enum { LIMIT_MS = NET_LIMIT_MS };

static int poll_now(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, 0) < 0 ? -1 : pfd.revents;
}

static int poll_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, LIMIT_MS) < 0 ? -1 : pfd.revents;
}

static int watch(int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) ? -1 : ep;
}

/* The events of one descriptor, 0 if there are none within the time. */
static int events(int ep, int ms)
{
	struct epoll_event ev = {};
	int n = epoll_wait(ep, &ev, 1, ms);

	return n < 0 ? -1 : n ? (int)ev.events : 0;
}

static uint64_t fill(int fd)
{
	static char buf[65536];
	uint64_t sent = 0;
	ssize_t n;

	while ((n = send(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += n;
	return sent;
}

static int drain(int fd, uint64_t len)
{
	static char buf[65536];
	ssize_t n;

	while (len) {
		n = recv(fd, buf, len < sizeof(buf) ? len : sizeof(buf), 0);
		if (n <= 0)
			return -1;
		len -= n;
	}
	return 0;
}

/* A byte back: it takes two directions to make a conversation. */
static int answer(const struct net_pair *p)
{
	return send(p->server, "z", 1, 0) == 1 ? drain(p->client, 1) : -1;
}

TEST_F(ready, poll_input)
{
	char byte;
	int i;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, poll_now(self->p.server, POLLIN));
		ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
		ASSERT_EQ(POLLIN | POLLRDNORM,
			  poll_for(self->p.server, POLLIN | POLLRDNORM));
		ASSERT_EQ(1, recv(self->p.server, &byte, 1, 0));
		ASSERT_EQ(1, send(self->p.server, "y", 1, 0));
		ASSERT_EQ(POLLIN, poll_for(self->p.client, POLLIN));
		ASSERT_EQ(1, recv(self->p.client, &byte, 1, 0));
	}
}

TEST_F(ready, poll_output)
{
	uint64_t sent;

	EXPECT_EQ(POLLOUT, poll_now(self->p.client, POLLOUT | POLLIN));
	sent = fill(self->p.client);
	EXPECT_LT(0, sent);
	EXPECT_EQ(0, poll_now(self->p.client, POLLOUT));
	ASSERT_EQ(0, drain(self->p.server, sent));
	EXPECT_EQ(POLLOUT, poll_for(self->p.client, POLLOUT));
}

TEST_F(ready, poll_end)
{
	const short all = POLLIN | POLLRDHUP | POLLOUT;

	ASSERT_EQ(3, send(self->p.client, "abc", 3, 0));
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	EXPECT_EQ(all, poll_for(self->p.server, all));
	ASSERT_EQ(0, drain(self->p.server, 3));
	EXPECT_EQ(all, poll_for(self->p.server, all));
	ASSERT_EQ(0, shutdown(self->p.server, SHUT_WR));
	EXPECT_EQ(all | POLLHUP, poll_for(self->p.server, all));
	EXPECT_EQ(all | POLLHUP, poll_for(self->p.client, all));
}

TEST_F(ready, poll_reset)
{
	ASSERT_EQ(3, send(self->p.client, "abc", 3, 0));
	ASSERT_EQ(0, net_close(&self->p.server));
	EXPECT_EQ(POLLERR | POLLHUP,
		  poll_for(self->p.client, 0) & (POLLERR | POLLHUP));
}

TEST_F(ready, select_both)
{
	int c = self->p.client, s = self->p.server, i;
	struct timeval tv = { .tv_sec = LIMIT_MS / 1000 };
	fd_set r, w;

	for (i = 0; i < 100; i++) {
		FD_ZERO(&r);
		FD_ZERO(&w);
		FD_SET(s, &r);
		FD_SET(c, &w);
		ASSERT_EQ(1, select((c > s ? c : s) + 1, &r, &w, NULL, &tv));
		ASSERT_TRUE(FD_ISSET(c, &w));
		ASSERT_EQ(1, send(c, "x", 1, 0));
		FD_ZERO(&r);
		FD_SET(s, &r);
		ASSERT_EQ(1, select(s + 1, &r, NULL, NULL, &tv));
		ASSERT_EQ(0, drain(s, 1));
		ASSERT_EQ(1, send(s, "x", 1, 0));
		ASSERT_EQ(0, drain(c, 1));
	}
}

TEST_F(ready, level_triggered)
{
	int ep = watch(self->p.server, EPOLLIN), i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, events(ep, 0));
		ASSERT_EQ(2, send(self->p.client, "xy", 2, 0));
		ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS));
		ASSERT_EQ(0, drain(self->p.server, 1));
		/* Still something there, so told again. */
		ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS));
		ASSERT_EQ(0, drain(self->p.server, 1));
		ASSERT_EQ(0, answer(&self->p));
	}
	close(ep);
}

TEST_F(ready, edge_triggered)
{
	int ep = watch(self->p.server, EPOLLIN | EPOLLET), i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(2, send(self->p.client, "xy", 2, 0));
		ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS));
		ASSERT_EQ(0, drain(self->p.server, 1));
		/* New bytes are a new edge, read or not. */
		ASSERT_EQ(1, send(self->p.client, "z", 1, 0));
		ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS));
		ASSERT_EQ(0, drain(self->p.server, 2));
		ASSERT_EQ(0, answer(&self->p));
	}
	close(ep);
}

TEST_F(ready, one_shot)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	int ep = watch(self->p.server, EPOLLIN | EPOLLONESHOT), i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
		ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS));
		ASSERT_EQ(1, send(self->p.client, "y", 1, 0));
		/* It is there, and nothing is said of it. */
		ASSERT_TRUE(net_until(net_queued(self->p.server, FIONREAD) == 2));
		ASSERT_EQ(0, events(ep, 0));
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, self->p.server, &ev));
		ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS));
		ASSERT_EQ(0, drain(self->p.server, 2));
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, self->p.server, &ev));
		ASSERT_EQ(0, answer(&self->p));
	}
	close(ep);
}

/* Reads until EAGAIN after each edge, answers each message; no lost edge. */
static int edge_server(int fd, int messages)
{
	int ep = watch(fd, EPOLLIN | EPOLLET | EPOLLRDHUP);
	ssize_t n, i;
	char buf[64];

	if (ep < 0 || net_nonblock(fd))
		return -1;
	while (messages > 0) {
		if (events(ep, LIMIT_MS) <= 0)
			return -1;
		while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
			for (i = 0; i < n; i++)
				buf[i]++;
			if (send(fd, buf, n, 0) != n)
				return -1;
			messages -= n;
		}
		if (n == 0 || errno != EAGAIN)
			return -1;
	}
	close(ep);
	return 0;
}

static pid_t edge_child(struct net_pair *p, int messages)
{
	pid_t pid = net_fork();

	if (!pid) {
		net_close(&p->client);
		CHILD_CHECK(!edge_server(p->server, messages));
		_exit(0);
	}
	net_close(&p->server);
	return pid;
}

TEST_F_TIMEOUT(ready, edge_pingpong_blocking_client, 60)
{
	int i, n = net_rounds(4000);
	pid_t pid = edge_child(&self->p, n);
	char byte;

	for (i = 0; i < n; i++) {
		byte = i;
		ASSERT_EQ(1, send(self->p.client, &byte, 1, 0));
		ASSERT_EQ(1, recv(self->p.client, &byte, 1, 0));
		ASSERT_EQ((char)(i + 1), byte);
	}
	EXPECT_EQ(0, net_wait(pid));
	EXPECT_EQ(0, net_used_rings(&variant->nf, self->p.client));
}

TEST_F_TIMEOUT(ready, edge_pingpong_both_epoll, 60)
{
	int i, n = net_rounds(4000), ep;
	pid_t pid = edge_child(&self->p, n);
	char byte;

	ep = watch(self->p.client, EPOLLIN | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, net_nonblock(self->p.client));
	for (i = 0; i < n; i++) {
		byte = i;
		ASSERT_EQ(1, send(self->p.client, &byte, 1, 0));
		ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS) & EPOLLIN)
			TH_LOG("no edge for message %d", i);
		ASSERT_EQ(1, recv(self->p.client, &byte, 1, 0));
		ASSERT_EQ((char)(i + 1), byte);
		/* The server ends with the last one. */
		if (i == n - 1)
			break;
		ASSERT_EQ(-1, recv(self->p.client, &byte, 1, 0));
		ASSERT_EQ(EAGAIN, errno);
	}
	EXPECT_EQ(0, net_wait(pid));
	close(ep);
}

/* Several messages on the way: the edge must survive a reader in full swing. */
TEST_F_TIMEOUT(ready, edge_pipelined, 60)
{
	enum { WINDOW = 16 };
	int n = net_rounds(8000) & ~(WINDOW - 1), sent;
	char out[WINDOW] = {}, in[WINDOW];
	pid_t pid = edge_child(&self->p, n);

	for (sent = 0; sent < n; sent += WINDOW) {
		int i;

		for (i = 0; i < WINDOW; i++)
			ASSERT_EQ(1, send(self->p.client, out + i, 1, 0));
		ASSERT_EQ(WINDOW, net_recv_all(self->p.client, in, WINDOW));
	}
	EXPECT_EQ(0, net_wait(pid));
}

TEST_F(ready, end_is_an_edge)
{
	int ep = watch(self->p.server, EPOLLIN | EPOLLRDHUP | EPOLLET);
	char byte;

	ASSERT_LE(0, ep);
	ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
	ASSERT_EQ(EPOLLIN, events(ep, LIMIT_MS));
	ASSERT_EQ(1, recv(self->p.server, &byte, 1, 0));
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP, events(ep, LIMIT_MS));
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
	close(ep);
}

TEST_F(ready, hangup_in_epoll)
{
	int ep = watch(self->p.client, EPOLLIN);

	ASSERT_LE(0, ep);
	ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
	ASSERT_EQ(0, net_close(&self->p.server));
	EXPECT_EQ(EPOLLERR | EPOLLHUP,
		  events(ep, LIMIT_MS) & (EPOLLERR | EPOLLHUP));
	close(ep);
}

TEST_F(ready, room_is_an_edge)
{
	int ep = watch(self->p.client, EPOLLOUT | EPOLLET), i;
	uint64_t sent;

	ASSERT_LE(0, ep);
	ASSERT_EQ(EPOLLOUT, events(ep, LIMIT_MS));
	for (i = 0; i < 5; i++) {
		sent = fill(self->p.client);
		ASSERT_LT(0, sent);
		ASSERT_EQ(0, drain(self->p.server, sent));
		ASSERT_EQ(EPOLLOUT, events(ep, LIMIT_MS) & EPOLLOUT);
	}
	close(ep);
}

/* A sleeping poll is woken by room that a reader in another process makes. */
TEST_F(ready, poll_sleeps_for_room)
{
	uint64_t sent = fill(self->p.client);
	pid_t parent = getpid(), pid = net_fork();

	if (!pid) {
		net_close(&self->p.client);
		CHILD_CHECK(!net_wait_sleeping(parent));
		CHILD_CHECK(!drain(self->p.server, sent));
		_exit(0);
	}
	EXPECT_EQ(POLLOUT, poll_for(self->p.client, POLLOUT));
	EXPECT_EQ(0, net_wait(pid));
}

TEST_F(ready, nested_epoll)
{
	int inner = watch(self->p.server, EPOLLIN | EPOLLET), outer, i;

	ASSERT_LE(0, inner);
	outer = watch(inner, EPOLLIN);
	ASSERT_LE(0, outer);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
		ASSERT_EQ(EPOLLIN, events(outer, LIMIT_MS));
		ASSERT_EQ(EPOLLIN, events(inner, LIMIT_MS));
		ASSERT_EQ(0, drain(self->p.server, 1));
		ASSERT_EQ(0, events(inner, 0));
		ASSERT_EQ(0, answer(&self->p));
	}
	close(outer);
	close(inner);
}

/* One epoll set, many connections: each is told of, none is forgotten. */
TEST_F_TIMEOUT(ready, many_in_one_set, 60)
{
	enum { N = 32 };
	int ep = epoll_create1(0), rounds = net_rounds(100), i, j, n;
	struct epoll_event ev, got[N];
	struct net_pair p[N];
	char byte;

	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, net_pair_join(&variant->nf, &self->p, &p[i]));
		ev.events = EPOLLIN;
		ev.data.u32 = i;
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, p[i].server, &ev));
	}
	for (j = 0; j < rounds; j++) {
		for (i = j % 3; i < N; i += 3)
			ASSERT_EQ(1, send(p[i].client, "x", 1, 0));
		for (n = 0; n < (N - j % 3 + 2) / 3; n++) {
			ASSERT_EQ(1, epoll_wait(ep, got, 1, LIMIT_MS));
			i = got[0].data.u32;
			ASSERT_EQ(j % 3, i % 3);
			ASSERT_EQ(1, recv(p[i].server, &byte, 1, 0));
			ASSERT_EQ(1, send(p[i].server, &byte, 1, 0));
			ASSERT_EQ(1, recv(p[i].client, &byte, 1, 0));
		}
		ASSERT_EQ(0, epoll_wait(ep, got, N, 0));
	}
	for (i = 0; i < N; i++)
		net_pair_close(&p[i]);
	close(ep);
}

/* Asynchronous notification by signal. */
TEST_F(ready, signal_driven)
{
	ASSERT_EQ(0, net_count_signal(SIGIO));
	ASSERT_EQ(0, fcntl(self->p.server, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->p.server, F_SETFL, O_ASYNC));
	ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
	EXPECT_TRUE(net_until(net_signals));
}

NET_MAIN
