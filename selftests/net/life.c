// SPDX-License-Identifier: GPL-2.0-only
/* How connections end: shutdown, close, death, and what interrupts a call. */
#include "fixture.h"

#include <signal.h>
#include <sys/time.h>

NET_FIXTURE(life);
NET_VARIANTS(life);

/* A child that holds the only reference to the server's end and sleeps. */
static pid_t holder(struct net_pair *p)
{
	pid_t pid = net_fork();

	if (!pid) {
		net_close(&p->client);
		for (;;)
			pause();
	}
	net_close(&p->server);
	return pid;
}

static int fill(int fd, char *buf, size_t len)
{
	while (send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	return errno == EAGAIN ? 0 : -1;
}

static int shoot_in(int ms)
{
	struct itimerval it = {
		.it_value.tv_usec = ms * 1000,
		/* Again, in case the first finds the call not yet begun. */
		.it_interval.tv_usec = ms * 1000,
	};

	return net_count_signal(SIGALRM) || setitimer(ITIMER_REAL, &it, NULL);
}

static void stop_shooting(void)
{
	struct itimerval it = {};

	setitimer(ITIMER_REAL, &it, NULL);
}

TEST_F(life, end_after_all_bytes)
{
	enum { LEN = 200000 };
	static char buf[LEN];

	net_fill(buf, LEN, 1, 0);
	ASSERT_EQ(LEN, net_send_all(self->p.client, buf, LEN));
	ASSERT_EQ(0, net_close(&self->p.client));
	memset(buf, 0, LEN);
	ASSERT_EQ(LEN, net_recv_all(self->p.server, buf, LEN));
	EXPECT_EQ(-1, net_check(buf, LEN, 1, 0));
	EXPECT_EQ(0, recv(self->p.server, buf, 1, 0));
	EXPECT_EQ(0, recv(self->p.server, buf, 1, 0));
}

TEST_F(life, half_close_then_transfer)
{
	struct net_flow out = { .fd = self->p.server, .seed = 2,
				.bytes = net_bytes(4), .chunk = 50000 };
	struct net_flow in = out;
	pthread_t t;
	void *bad;
	char byte;

	in.fd = self->p.client;
	ASSERT_EQ(4, send(self->p.client, "last", 4, 0));
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	ASSERT_EQ(0, pthread_create(&t, NULL, net_flow_send, &out));
	EXPECT_NULL(net_flow_recv(&in))
		TH_LOG("at %ju: %s", (uintmax_t)in.pos, strerror(in.err));
	ASSERT_EQ(0, pthread_join(t, &bad));
	EXPECT_NULL(bad);
	EXPECT_EQ(1, recv(self->p.server, &byte, 1, 0));
	EXPECT_EQ('l', byte);
}

TEST_F(life, send_after_shutdown)
{
	ASSERT_EQ(0, net_count_signal(SIGPIPE));
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	EXPECT_EQ(-1, send(self->p.client, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, net_signals);
	EXPECT_EQ(-1, write(self->p.client, "x", 1));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(1, net_signals);
	EXPECT_EQ(0, shutdown(self->p.client, SHUT_WR));
}

TEST_F(life, shutdown_read)
{
	char buf[8];

	ASSERT_EQ(3, send(self->p.server, "abc", 3, 0));
	ASSERT_EQ(3, recv(self->p.client, buf, 8, MSG_PEEK));
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_RD));
	/* What is there can still be read, and more may come. */
	EXPECT_EQ(3, recv(self->p.client, buf, 8, 0));
	EXPECT_EQ(0, recv(self->p.client, buf, 8, 0));
	EXPECT_EQ(3, send(self->p.server, "def", 3, MSG_NOSIGNAL));
	EXPECT_EQ(3, send(self->p.client, "ghi", 3, MSG_NOSIGNAL));
	EXPECT_EQ(3, recv(self->p.server, buf, 8, 0));
	EXPECT_EQ(0, memcmp(buf, "ghi", 3));
}

TEST_F(life, shutdown_both)
{
	char byte;

	ASSERT_EQ(0, shutdown(self->p.client, SHUT_RDWR));
	EXPECT_EQ(0, recv(self->p.client, &byte, 1, 0));
	EXPECT_EQ(-1, send(self->p.client, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
	EXPECT_EQ(0, shutdown(self->p.server, SHUT_RDWR));
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
}

TEST_F(life, shutdown_bad_argument)
{
	EXPECT_EQ(-1, shutdown(self->p.client, 17));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, net_pingpong(&self->p, 10, 3));
}

TEST_F(life, both_end_in_turn)
{
	char buf[8];

	ASSERT_EQ(1, send(self->p.client, "c", 1, 0));
	ASSERT_EQ(1, send(self->p.server, "s", 1, 0));
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	ASSERT_EQ(0, shutdown(self->p.server, SHUT_WR));
	EXPECT_EQ(1, recv(self->p.client, buf, 8, 0));
	EXPECT_EQ(0, recv(self->p.client, buf, 8, 0));
	EXPECT_EQ(1, recv(self->p.server, buf, 8, 0));
	EXPECT_EQ(0, recv(self->p.server, buf, 8, 0));
	EXPECT_EQ(0, net_close(&self->p.client));
	EXPECT_EQ(0, net_close(&self->p.server));
}

TEST_F(life, reset_by_unread_bytes)
{
	char byte;

	ASSERT_EQ(100, send(self->p.client, (char[100]){}, 100, 0));
	ASSERT_EQ(1, recv(self->p.server, &byte, 1, 0));
	ASSERT_EQ(0, net_close(&self->p.server));
	EXPECT_EQ(-1, recv(self->p.client, &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	/* The error is told once. */
	EXPECT_EQ(0, recv(self->p.client, &byte, 1, 0));
	EXPECT_EQ(-1, send(self->p.client, &byte, 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

TEST_F(life, reset_leaves_received_bytes)
{
	char buf[200];

	ASSERT_EQ(100, send(self->p.client, (char[100]){}, 100, 0));
	net_fill(buf, 150, 4, 0);
	ASSERT_EQ(150, send(self->p.server, buf, 150, 0));
	ASSERT_EQ(0, net_close(&self->p.server));
	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(150, recv(self->p.client, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, net_check(buf, 150, 4, 0));
	EXPECT_EQ(-1, recv(self->p.client, buf, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
}

TEST_F(life, reset_by_linger)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	char byte;

	ASSERT_EQ(0, setsockopt(self->p.server, SOL_SOCKET, SO_LINGER, &now,
				sizeof(now)));
	ASSERT_EQ(0, net_close(&self->p.server));
	EXPECT_EQ(-1, recv(self->p.client, &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
}

TEST_F(life, write_to_closed)
{
	struct pollfd pfd = { .fd = self->p.client, .events = POLLIN };
	char byte;

	ASSERT_EQ(0, net_count_signal(SIGPIPE));
	ASSERT_EQ(0, net_close(&self->p.server));
	ASSERT_EQ(1, poll(&pfd, 1, 10000));
	/* TCP takes the first; what comes back breaks the second. */
	EXPECT_EQ(1, send(self->p.client, "x", 1, 0));
	EXPECT_EQ(-1, send(self->p.client, "y", 1, 0));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(1, net_signals);
	EXPECT_EQ(0, recv(self->p.client, &byte, 1, 0));
}

/* A reader of the client's end gets the end of the stream. */
static void reader_woken(struct __test_metadata *_metadata, int client,
			 int ended, int how)
{
	char byte;
	struct net_call c = { .fd = client, .buf = &byte, .len = 1 };
	pthread_t t;

	ASSERT_EQ(0, net_call_start(&t, net_call_recv, &c));
	ASSERT_EQ(0, shutdown(ended, how));
	ASSERT_EQ(0, pthread_join(t, NULL));
	EXPECT_EQ(0, c.ret);
}

TEST_F(life, reader_woken_by_shutdown)
{
	reader_woken(_metadata, self->p.client, self->p.server, SHUT_WR);
}

TEST_F(life, reader_woken_by_own_shutdown)
{
	reader_woken(_metadata, self->p.client, self->p.client, SHUT_RDWR);
}

TEST_F(life, reader_woken_by_data)
{
	char byte;
	struct net_call c = { .fd = self->p.client, .buf = &byte, .len = 1 };
	pthread_t t;
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, net_call_start(&t, net_call_recv, &c));
		ASSERT_EQ(1, send(self->p.server, "x", 1, 0));
		ASSERT_EQ(0, pthread_join(t, NULL));
		ASSERT_EQ(1, c.ret);
	}
}

TEST_F(life, killed_peer_ends_stream)
{
	char byte;
	struct net_call c = { .fd = self->p.client, .buf = &byte, .len = 1 };
	pid_t pid = holder(&self->p);
	pthread_t t;

	ASSERT_EQ(0, net_call_start(&t, net_call_recv, &c));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(256 + SIGKILL, net_wait(pid));
	ASSERT_EQ(0, pthread_join(t, NULL));
	EXPECT_EQ(0, c.ret);
}

TEST_F(life, killed_peer_resets)
{
	char byte;
	struct net_call c = { .fd = self->p.client, .buf = &byte, .len = 1 };
	pid_t pid = holder(&self->p);
	pthread_t t;

	ASSERT_EQ(9, send(self->p.client, "unread...", 9, 0));
	ASSERT_EQ(0, net_call_start(&t, net_call_recv, &c));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(256 + SIGKILL, net_wait(pid));
	ASSERT_EQ(0, pthread_join(t, NULL));
	EXPECT_EQ(-1, c.ret);
	EXPECT_EQ(ECONNRESET, c.err);
}

TEST_F(life, killed_peer_wakes_writer)
{
	static char buf[100000];
	struct net_call c = { .fd = self->p.client, .buf = buf,
			  .len = sizeof(buf) };
	pid_t pid = holder(&self->p);
	pthread_t t;

	ASSERT_EQ(0, fill(self->p.client, buf, sizeof(buf)));
	ASSERT_EQ(0, net_call_start(&t, net_call_send, &c));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(256 + SIGKILL, net_wait(pid));
	ASSERT_EQ(0, pthread_join(t, NULL));
	EXPECT_EQ(-1, c.ret);
	EXPECT_EQ(ECONNRESET, c.err);
}

TEST_F(life, killed_sender_loses_nothing_sent)
{
	enum { LEN = 150000 };
	static char buf[LEN];
	char byte = 0;
	pid_t pid = net_fork();

	if (!pid) {
		net_close(&self->p.client);
		net_fill(buf, LEN, 6, 0);
		CHILD_CHECK(net_send_all(self->p.server, buf, LEN) == LEN);
		for (;;)
			pause();
	}
	net_close(&self->p.server);
	ASSERT_EQ(1, recv(self->p.client, &byte, 1, 0));
	EXPECT_EQ(-1, net_check(&byte, 1, 6, 0));
	ASSERT_EQ(0, net_wait_sleeping(pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(256 + SIGKILL, net_wait(pid));
	ASSERT_EQ(LEN - 1, net_recv_all(self->p.client, buf, LEN));
	EXPECT_EQ(-1, net_check(buf, LEN - 1, 6, 1));
}

TEST_F(life, interrupted_read)
{
	char byte;

	ASSERT_EQ(0, shoot_in(30));
	EXPECT_EQ(-1, recv(self->p.server, &byte, 1, 0));
	EXPECT_EQ(EINTR, errno);
	EXPECT_LT(0, net_signals);
	stop_shooting();
	EXPECT_EQ(0, net_pingpong(&self->p, 10, 3));
}

TEST_F(life, interrupted_read_keeps_what_came)
{
	char buf[100];

	ASSERT_EQ(10, send(self->p.client, "0123456789", 10, 0));
	ASSERT_EQ(0, shoot_in(30));
	EXPECT_EQ(10, recv(self->p.server, buf, 100, MSG_WAITALL));
	stop_shooting();
	EXPECT_EQ(0, memcmp(buf, "0123456789", 10));
}

TEST_F(life, interrupted_write)
{
	enum { LEN = 32 << 20 };
	char *buf = malloc(LEN);
	uint64_t got = 0;
	ssize_t sent, n;

	ASSERT_NE(NULL, buf);
	net_fill(buf, LEN, 1, 0);
	ASSERT_EQ(0, shoot_in(100));
	sent = send(self->p.client, buf, LEN, 0);
	stop_shooting();
	/* A part is told as such; it is there, and no more than it. */
	ASSERT_LT(0, sent);
	ASSERT_GT(LEN, sent);
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	while ((n = recv(self->p.server, buf, 65536, 0)) > 0) {
		ASSERT_EQ(-1, net_check(buf, n, 1, got));
		got += n;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(sent, got);
	free(buf);
}

TEST_F(life, urgent_data)
{
	struct pollfd pfd = { .fd = self->p.server, .events = POLLPRI };
	char buf[20];
	int mark;

	ASSERT_EQ(3, send(self->p.client, "abc", 3, 0));
	ASSERT_EQ(1, send(self->p.client, "!", 1, MSG_OOB));
	ASSERT_EQ(3, send(self->p.client, "def", 3, 0));
	EXPECT_EQ(1, poll(&pfd, 1, 10000));
	EXPECT_TRUE(pfd.revents & POLLPRI);
	EXPECT_EQ(1, recv(self->p.server, buf, 1, MSG_OOB));
	EXPECT_EQ('!', buf[0]);
	/* Reading stops at the mark, and leaves the urgent byte out. */
	EXPECT_EQ(3, recv(self->p.server, buf, 20, 0));
	EXPECT_EQ(0, memcmp(buf, "abc", 3));
	EXPECT_EQ(0, ioctl(self->p.server, SIOCATMARK, &mark));
	EXPECT_EQ(1, mark);
	EXPECT_EQ(3, recv(self->p.server, buf, 20, 0));
	EXPECT_EQ(0, memcmp(buf, "def", 3));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 300));
}

TEST_F(life, urgent_data_inline)
{
	char buf[20];
	int one = 1;

	ASSERT_EQ(0, setsockopt(self->p.server, SOL_SOCKET, SO_OOBINLINE, &one,
				sizeof(one)));
	ASSERT_EQ(3, send(self->p.client, "abc", 3, 0));
	ASSERT_EQ(2, send(self->p.client, "d!", 2, MSG_OOB));
	EXPECT_EQ(4, recv(self->p.server, buf, 20, 0));
	EXPECT_EQ(0, memcmp(buf, "abcd", 4));
	EXPECT_EQ(1, recv(self->p.server, buf, 20, 0));
	EXPECT_EQ('!', buf[0]);
}

TEST_F(life, no_urgent_data)
{
	char byte;

	EXPECT_EQ(-1, recv(self->p.server, &byte, 1, MSG_OOB | MSG_DONTWAIT));
	EXPECT_EQ(EINVAL, errno);
}

/* A descriptor closed while another one keeps the socket open. */
TEST_F(life, close_of_a_copy)
{
	int copy = dup(self->p.client);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, net_pingpong(&self->p, 10, 100));
	ASSERT_EQ(0, net_close(&self->p.client));
	self->p.client = copy;
	EXPECT_EQ(0, net_pingpong(&self->p, 10, 100));
}

/* A number used again belongs to the new socket only. */
TEST_F(life, descriptor_used_again)
{
	struct net_pair again;
	int i, old = self->p.client;
	char buf[8];

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, net_pingpong(&self->p, 10, 100));
		ASSERT_EQ(3, send(self->p.server, "old", 3, 0));
		ASSERT_EQ(3, recv(self->p.client, buf, 8, 0));
		net_pair_close(&self->p);
		ASSERT_EQ(0, net_pair_open(&variant->nf, &again));
		self->p = again;
		/* Or it has tried nothing. */
		ASSERT_EQ(old, self->p.client);
		ASSERT_EQ(0, net_pingpong(&self->p, 20, 3));
	}
}

TEST_F_TIMEOUT(life, many_short_connections, 60)
{
	int i, n = net_rounds(200);
	struct net_pair p;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, net_pair_join(&variant->nf, &self->p, &p));
		ASSERT_EQ(0, net_pingpong(&p, 50, i % 70));
		net_pair_close(&p);
	}
}

NET_MAIN
