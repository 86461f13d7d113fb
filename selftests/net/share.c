// SPDX-License-Identifier: GPL-2.0-only
/* One socket, several users: fork, dup, SCM_RIGHTS, threads, exec. */
#include "fixture.h"

#include <sys/socket.h>
#include <sys/un.h>

NET_FIXTURE(share);
NET_VARIANTS(share);

enum { MESSAGE = 37 };

/* A token goes to and fro, so that two processes take turns. */
struct turns {
	int to_child[2];
	int to_parent[2];
};

static int turns_open(struct turns *t)
{
	return pipe(t->to_child) || pipe(t->to_parent);
}

static int pass(int fd)
{
	return write(fd, "t", 1) == 1 ? 0 : -1;
}

static int take(int fd)
{
	char token;

	return read(fd, &token, 1) == 1 ? 0 : -1;
}

static int send_at(int fd, uint64_t pos)
{
	return net_say(fd, &pos, MESSAGE);
}

static int recv_at(int fd, uint64_t pos)
{
	return net_hear(fd, &pos, MESSAGE);
}

/* A child that does something to every second message, when it has the token. */
static pid_t turns_fork(const struct turns *t, int rounds,
			int (*what)(int fd, uint64_t pos), int fd)
{
	pid_t pid = net_fork();
	int i;

	if (pid)
		return pid;
	for (i = 0; i < rounds; i++) {
		CHILD_CHECK(!take(t->to_child[0]));
		CHILD_CHECK(!what(fd, (2 * i + 1) * MESSAGE));
		CHILD_CHECK(!pass(t->to_parent[1]));
	}
	_exit(0);
}

TEST_F(share, writers_take_turns)
{
	int i, rounds = net_rounds(300);
	struct turns t;
	pid_t pid;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	ASSERT_EQ(0, turns_open(&t));
	pid = turns_fork(&t, rounds, send_at, self->p.client);
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, send_at(self->p.client, 2 * i * MESSAGE));
		ASSERT_EQ(0, pass(t.to_child[1]));
		ASSERT_EQ(0, recv_at(self->p.server, 2 * i * MESSAGE));
		ASSERT_EQ(0, recv_at(self->p.server, (2 * i + 1) * MESSAGE));
		ASSERT_EQ(0, take(t.to_parent[0]));
	}
	EXPECT_EQ(0, net_wait(pid));
	/* Alone again. */
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 100));
}

TEST_F(share, readers_take_turns)
{
	int i, rounds = net_rounds(300);
	struct turns t;
	pid_t pid;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	ASSERT_EQ(0, turns_open(&t));
	pid = turns_fork(&t, rounds, recv_at, self->p.server);
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, send_at(self->p.client, 2 * i * MESSAGE));
		ASSERT_EQ(0, send_at(self->p.client, (2 * i + 1) * MESSAGE));
		ASSERT_EQ(0, recv_at(self->p.server, 2 * i * MESSAGE));
		ASSERT_EQ(0, pass(t.to_child[1]));
		ASSERT_EQ(0, take(t.to_parent[0]));
	}
	EXPECT_EQ(0, net_wait(pid));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 100));
}

/* The usual forking server: the parent accepts, the child serves. */
TEST_F(share, child_serves)
{
	pid_t pid;
	int i;

	for (i = 0; i < 5; i++) {
		char out[500], in[500];
		struct net_pair p;
		int j;

		ASSERT_EQ(0, net_pair_join(&variant->nf, &self->p, &p));
		pid = net_fork();
		if (!pid) {
			net_close(&p.client);
			CHILD_CHECK(net_echo(p.server) == 0);
			_exit(0);
		}
		net_close(&p.server);
		for (j = 0; j < 100; j++) {
			net_fill(out, sizeof(out), i, j);
			ASSERT_EQ(500, send(p.client, out, 500, 0));
			ASSERT_EQ(500, net_recv_all(p.client, in, 500));
			ASSERT_EQ(0, memcmp(out, in, 500));
		}
		net_close(&p.client);
		EXPECT_EQ(0, net_wait(pid));
	}
}

enum { WRITERS = 4, SLIP = 4 };

/* Small messages that say whose they are and which. */
static int send_slips(int fd, unsigned int id, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		const unsigned int m[SLIP] = { id, i, id ^ i, 0xfeed };

		if (send(fd, m, sizeof(m), 0) != sizeof(m))
			return -1;
	}
	return 0;
}

/* All of all writers, each one's in order, none torn. */
static int recv_slips(int fd, int each)
{
	unsigned int m[SLIP], seen[WRITERS] = {};
	int i;

	for (i = 0; i < WRITERS * each; i++) {
		if (net_recv_all(fd, m, sizeof(m)) != sizeof(m))
			return -1;
		errno = EBADMSG;
		if (m[0] >= WRITERS || m[1] != seen[m[0]]++ ||
		    m[2] != (m[0] ^ m[1]) || m[3] != 0xfeed)
			return -1;
	}
	return 0;
}

TEST_F_TIMEOUT(share, writers_at_once, 60)
{
	int each = net_rounds(500), w;
	pid_t pid[WRITERS];

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	for (w = 0; w < WRITERS; w++) {
		pid[w] = net_fork();
		if (pid[w])
			continue;
		CHILD_CHECK(!send_slips(self->p.client, w, each));
		_exit(0);
	}
	ASSERT_EQ(0, recv_slips(self->p.server, each));
	for (w = 0; w < WRITERS; w++)
		EXPECT_EQ(0, net_wait(pid[w]));
}

/* Parent and child read at once: together they get every byte once. */
TEST_F_TIMEOUT(share, readers_at_once, 60)
{
	enum { N = 40000 };
	static unsigned char buf[N];
	uint64_t want = 0, got, sum = 0;
	int result[2], i;
	pid_t pid;
	ssize_t n;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	ASSERT_EQ(0, pipe(result));
	net_fill(buf, N, 1, 0);
	for (i = 0; i < N; i++)
		want += buf[i];
	pid = net_fork();
	if (!pid) {
		net_close(&self->p.client);
		while ((n = recv(self->p.server, buf, 61, 0)) > 0)
			for (i = 0; i < n; i++)
				sum += buf[i];
		CHILD_CHECK(!n);
		CHILD_CHECK(write(result[1], &sum, 8) == 8);
		_exit(0);
	}
	for (i = 0; i < N; i += 40)
		ASSERT_EQ(40, send(self->p.client, buf + i, 40, 0));
	net_close(&self->p.client);
	while ((n = recv(self->p.server, buf, 53, 0)) > 0)
		for (i = 0; i < n; i++)
			sum += buf[i];
	ASSERT_EQ(0, n);
	ASSERT_EQ(8, read(result[0], &got, 8));
	EXPECT_EQ(want, sum + got);
	EXPECT_EQ(0, net_wait(pid));
}

TEST_F(share, handed_over)
{
	char out[200], in[200];
	int via[2], i;
	pid_t pid;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, via));
	pid = net_fork();
	if (!pid) {
		int fd;

		net_pair_close(&self->p);
		net_close(&via[0]);
		fd = net_recv_fd(via[1], 0);
		CHILD_CHECK(fd >= 0);
		CHILD_CHECK(net_echo(fd) == 0);
		_exit(0);
	}
	/* Bytes written before, during and after, in order. */
	net_fill(out, sizeof(out), 1, 0);
	ASSERT_EQ(100, send(self->p.client, out, 100, 0));
	ASSERT_EQ(0, net_send_fd(via[0], self->p.server, 0));
	net_close(&self->p.server);
	ASSERT_EQ(100, send(self->p.client, out + 100, 100, 0));
	ASSERT_EQ(200, net_recv_all(self->p.client, in, 200));
	EXPECT_EQ(0, memcmp(in, out, 200));
	for (i = 0; i < 100; i++) {
		net_fill(out, sizeof(out), 1, i);
		ASSERT_EQ(200, send(self->p.client, out, 200, 0));
		ASSERT_EQ(200, net_recv_all(self->p.client, in, 200));
		ASSERT_EQ(0, memcmp(in, out, 200));
	}
	net_close(&self->p.client);
	EXPECT_EQ(0, net_wait(pid));
}

/* In flight inside an unreceived message is a holder like any other. */
TEST_F(share, in_flight)
{
	char buf[10];
	int via[2], fd;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, via));
	ASSERT_EQ(0, net_send_fd(via[0], self->p.server, 0));
	net_close(&self->p.server);
	ASSERT_EQ(5, send(self->p.client, "hello", 5, 0));
	EXPECT_EQ(-1, recv(self->p.client, buf, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	fd = net_recv_fd(via[1], 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(5, recv(fd, buf, 10, 0));
	close(fd);
	EXPECT_EQ(0, recv(self->p.client, buf, 1, 0));
	close(via[0]);
	close(via[1]);
}

TEST_F(share, copies_of_a_descriptor)
{
	int copy[3], i, n;

	for (n = 0; n < 3; n++) {
		copy[n] = n ? fcntl(self->p.client, F_DUPFD_CLOEXEC, 100) :
			      dup(self->p.client);
		ASSERT_LE(0, copy[n]);
	}
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, send_at(i % 4 ? copy[i % 4 - 1] : self->p.client,
				     i * MESSAGE));
		ASSERT_EQ(0, recv_at(self->p.server, i * MESSAGE));
		ASSERT_EQ(0, send_at(self->p.server, i * MESSAGE));
		ASSERT_EQ(0, recv_at(copy[i % 3], i * MESSAGE));
	}
	for (n = 0; n < 3; n++)
		close(copy[n]);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 100));
}

/* dup2() onto a live connection: the number now means the other one. */
TEST_F(share, number_moved)
{
	struct net_pair other;
	char byte;

	ASSERT_EQ(0, net_pair_open(&variant->nf, &other));
	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	ASSERT_EQ(0, net_pingpong(&other, 100, 100));
	ASSERT_EQ(self->p.client, dup2(other.client, self->p.client));
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
	ASSERT_EQ(1, send(self->p.client, "m", 1, 0));
	EXPECT_EQ(1, recv(other.server, &byte, 1, 0));
	EXPECT_EQ('m', byte);
	net_pair_close(&other);
}

struct writer {
	int fd, each;
	unsigned int id;
};

static void *write_slips(void *arg)
{
	struct writer *w = arg;

	return send_slips(w->fd, w->id, w->each) ? w : NULL;
}

TEST_F_TIMEOUT(share, writing_threads, 60)
{
	int i, each = net_rounds(2000);
	struct writer w[WRITERS];
	pthread_t t[WRITERS];
	void *bad;

	for (i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ self->p.client, each, i };
		ASSERT_EQ(0, pthread_create(&t[i], NULL, write_slips, &w[i]));
	}
	ASSERT_EQ(0, recv_slips(self->p.server, each));
	for (i = 0; i < WRITERS; i++) {
		ASSERT_EQ(0, pthread_join(t[i], &bad));
		EXPECT_NULL(bad);
	}
}

/* A child that execs keeps the socket and its place in the stream. */
TEST_F(share, through_exec)
{
	char out[100], in[100];
	pid_t pid;
	int i;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	pid = net_fork();
	if (!pid) {
		CHILD_CHECK(dup2(self->p.server, 0) == 0);
		CHILD_CHECK(dup2(self->p.server, 1) == 1);
		net_pair_close(&self->p);
		execl("/bin/cat", "cat", "-u", NULL);
		CHILD_CHECK(!"exec");
	}
	net_close(&self->p.server);
	for (i = 0; i < 200; i++) {
		net_fill(out, sizeof(out), 1, i);
		ASSERT_EQ(100, send(self->p.client, out, 100, 0));
		ASSERT_EQ(100, net_recv_all(self->p.client, in, 100));
		ASSERT_EQ(0, memcmp(in, out, 100));
	}
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	EXPECT_EQ(0, recv(self->p.client, in, 1, 0));
	EXPECT_EQ(0, net_wait(pid));
}

/* Changes of owner while bytes lie unread in both directions. */
TEST_F(share, bytes_lie_while_owner_changes)
{
	uint64_t sent = 0, got = 0;
	pid_t pid;
	int i, j;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 100));
	for (i = 0; i < 20; i++) {
		for (j = 0; j < 5; j++, sent += MESSAGE)
			ASSERT_EQ(0, send_at(self->p.client, sent));
		pid = net_fork();
		if (!pid) {
			CHILD_CHECK(!recv_at(self->p.server, got));
			CHILD_CHECK(!recv_at(self->p.server, got + MESSAGE));
			CHILD_CHECK(!send_at(self->p.client, sent));
			_exit(0);
		}
		ASSERT_EQ(0, net_wait(pid));
		got += 2 * MESSAGE;
		sent += MESSAGE;
		ASSERT_EQ(0, recv_at(self->p.server, got));
		got += MESSAGE;
	}
	for (; got < sent; got += MESSAGE)
		ASSERT_EQ(0, recv_at(self->p.server, got));
}

NET_MAIN
