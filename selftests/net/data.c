// SPDX-License-Identifier: GPL-2.0-only
/* The data path: every way to move bytes, small and large, both directions. */
#include "fixture.h"

#include <linux/sockios.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>

NET_FIXTURE(data);
NET_VARIANTS(data);

enum { KB = 1024 };

/* A child that echoes what it reads; the parent keeps the client's end. */
static pid_t echo_child(struct net_pair *p)
{
	pid_t pid = net_fork();

	if (!pid) {
		net_close(&p->client);
		CHILD_CHECK(net_echo(p->server) == 0);
		_exit(0);
	}
	net_close(&p->server);
	return pid;
}

static int set_timeout(int fd, int name, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
			      .tv_usec = ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, name, &tv, sizeof(tv));
}

TEST_F(data, echo_sizes)
{
	const size_t sizes[] = { 1, 2, 7, 63, 64, 65, 1000, 4095, 4096, 4097,
				 10000, 65535, 65536, 100001 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, net_pingpong(&self->p, sizes[i], 5))
			TH_LOG("size number %u: %s", i, strerror(errno));
	}
}

TEST_F_TIMEOUT(data, pingpong_over_switch, 60)
{
	ASSERT_EQ(0, net_pingpong(&self->p, 33, net_rounds(5000)));
	EXPECT_EQ(0, net_used_rings(&variant->nf, self->p.client));
	EXPECT_EQ(0, net_used_rings(&variant->nf, self->p.server));
}

TEST_F_TIMEOUT(data, pingpong_two_processes, 60)
{
	char out[64], in[64];
	int i, rounds = net_rounds(3000);
	pid_t pid = echo_child(&self->p);

	for (i = 0; i < rounds; i++) {
		net_fill(out, sizeof(out), 1, i);
		ASSERT_EQ(sizeof(out), send(self->p.client, out, sizeof(out), 0));
		ASSERT_EQ(sizeof(in), net_recv_all(self->p.client, in, sizeof(in)));
		ASSERT_EQ(0, memcmp(out, in, sizeof(in)));
	}
	EXPECT_EQ(0, net_used_rings(&variant->nf, self->p.client));
	net_close(&self->p.client);
	EXPECT_EQ(0, net_wait(pid));
}

/* A message cut in odd pieces while the stream changes its carrier. */
TEST_F(data, partial_reads_over_switch)
{
	static char out[997], in[997];
	uint64_t sent = 0, got = 0;
	size_t n;
	int i;

	for (i = 0; i < 2000; i++) {
		net_fill(out, sizeof(out), 2, sent);
		ASSERT_EQ(sizeof(out), send(self->p.client, out, sizeof(out), 0));
		sent += sizeof(out);
		/* Leave up to three messages lying, then catch up. */
		while (sent - got > (uint64_t)(i % 4) * sizeof(out)) {
			n = 1 + got % 313;
			if (n > sent - got)
				n = sent - got;
			ASSERT_EQ(n, net_recv_all(self->p.server, in, n));
			ASSERT_EQ(-1, net_check(in, n, 2, got));
			got += n;
		}
		/* The other direction makes it a conversation. */
		ASSERT_EQ(1, send(self->p.server, "a", 1, 0));
		ASSERT_EQ(1, recv(self->p.client, in, 1, 0));
	}
	ASSERT_EQ(sent - got, net_recv_all(self->p.server, in, sent - got));
	EXPECT_EQ(-1, net_check(in, sent - got, 2, got));
	EXPECT_EQ(0, net_used_rings(&variant->nf, self->p.client));
}

/* All of a flow to a child, which takes pieces of up to @chunk. */
static int flow_to_child(struct net_pair *p, struct net_flow *f, size_t chunk)
{
	pid_t pid = net_fork();

	if (!pid) {
		net_close(&p->client);
		f->fd = p->server;
		f->chunk = chunk;
		CHILD_CHECK(!net_flow_recv(f));
		_exit(0);
	}
	net_close(&p->server);
	f->fd = p->client;
	return net_flow_send(f) || net_wait(pid) ? -1 : 0;
}

TEST_F_TIMEOUT(data, bulk_one_way, 90)
{
	struct net_flow f = { .seed = 3, .bytes = net_bytes(64),
			      .chunk = 200 * KB };

	ASSERT_EQ(0, flow_to_child(&self->p, &f, 200 * KB))
		TH_LOG("at %ju: %s", (uintmax_t)f.pos, strerror(f.err));
}

TEST_F_TIMEOUT(data, bulk_small_chunks, 90)
{
	struct net_flow f = { .seed = 4, .bytes = net_bytes(4), .chunk = 300 };

	ASSERT_EQ(0, flow_to_child(&self->p, &f, 700))
		TH_LOG("at %ju: %s", (uintmax_t)f.pos, strerror(f.err));
}

TEST_F_TIMEOUT(data, both_ways_with_threads, 90)
{
	struct net_flow f[4] = {
		{ .fd = self->p.client, .seed = 5 },
		{ .fd = self->p.server, .seed = 5 },
		{ .fd = self->p.server, .seed = 6 },
		{ .fd = self->p.client, .seed = 6 },
	};
	pthread_t t[4];
	void *bad;
	int i;

	for (i = 0; i < 4; i++) {
		f[i].bytes = net_bytes(16);
		f[i].chunk = 30 * KB + i;
		ASSERT_EQ(0, pthread_create(&t[i], NULL,
					    i % 2 ? net_flow_recv : net_flow_send,
					    &f[i]));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(t[i], &bad));
		EXPECT_NULL(bad)
			TH_LOG("flow %d: %s", i, strerror(f[i].err));
	}
}

/* Programs rely on this much being taken before anyone reads. */
TEST_F(data, write_both_before_read)
{
	enum { LEN = 300 * KB };
	static char buf[LEN];

	net_fill(buf, LEN, 1, 0);
	ASSERT_EQ(LEN, net_send_all(self->p.client, buf, LEN));
	net_fill(buf, LEN, 2, 0);
	ASSERT_EQ(LEN, net_send_all(self->p.server, buf, LEN));
	ASSERT_EQ(LEN, net_recv_all(self->p.client, buf, LEN));
	EXPECT_EQ(-1, net_check(buf, LEN, 2, 0));
	ASSERT_EQ(LEN, net_recv_all(self->p.server, buf, LEN));
	EXPECT_EQ(-1, net_check(buf, LEN, 1, 0));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
}

TEST_F(data, fill_to_eagain_and_drain)
{
	static char buf[50001];
	uint64_t sent = 0, got = 0;
	ssize_t n;

	ASSERT_EQ(0, net_nonblock(self->p.client));
	for (;;) {
		net_fill(buf, sizeof(buf), 7, sent);
		n = send(self->p.client, buf, sizeof(buf), 0);
		if (n < 0)
			break;
		ASSERT_LT(0, n);
		sent += n;
		ASSERT_GT(1 << 28, sent);
	}
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LT(300 * KB, sent);
	while (got < sent) {
		n = recv(self->p.server, buf, sizeof(buf), 0);
		ASSERT_LT(0, n);
		ASSERT_EQ(-1, net_check(buf, n, 7, got));
		got += n;
	}
	EXPECT_EQ(sent, got);
	EXPECT_EQ(-1, recv(self->p.server, buf, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(3, send(self->p.client, "end", 3, 0));
	EXPECT_EQ(3, recv(self->p.server, buf, 3, 0));
}

TEST_F(data, vectors)
{
	char a[3], b[5000], c[1], in[5004];
	struct iovec v[4] = { { a, sizeof(a) }, { NULL, 0 },
			      { b, sizeof(b) }, { c, sizeof(c) } };
	int i;

	for (i = 0; i < 100; i++) {
		net_fill(a, sizeof(a), 1, i);
		net_fill(b, sizeof(b), 1, i + sizeof(a));
		net_fill(c, sizeof(c), 1, i + sizeof(a) + sizeof(b));
		ASSERT_EQ(sizeof(in), writev(self->p.client, v, 4));
		ASSERT_EQ(sizeof(in), net_recv_all(self->p.server, in, sizeof(in)));
		ASSERT_EQ(-1, net_check(in, sizeof(in), 1, i));
		ASSERT_EQ(sizeof(in), send(self->p.server, in, sizeof(in), 0));
		memset(b, 0, sizeof(b));
		ASSERT_EQ(sizeof(in), readv(self->p.client, v, 4));
		ASSERT_EQ(-1, net_check(b, sizeof(b), 1, i + sizeof(a)));
	}
}

TEST_F(data, message_headers)
{
	char out[100], in[100];
	union net_addr from;
	struct iovec vo = { out, sizeof(out) }, vi = { in, sizeof(in) };
	struct msghdr mo = { .msg_iov = &vo, .msg_iovlen = 1 };
	struct msghdr mi = { .msg_iov = &vi, .msg_iovlen = 1,
			     .msg_name = &from, .msg_namelen = sizeof(from) };
	int i;

	for (i = 0; i < 200; i++) {
		net_fill(out, sizeof(out), 1, i);
		ASSERT_EQ(sizeof(out), sendmsg(self->p.client, &mo, 0));
		mi.msg_flags = -1;
		mi.msg_namelen = sizeof(from);
		ASSERT_EQ(sizeof(in), recvmsg(self->p.server, &mi, 0));
		ASSERT_EQ(0, mi.msg_flags);
		ASSERT_EQ(0, mi.msg_namelen);
		ASSERT_EQ(0, memcmp(in, out, sizeof(in)));
		ASSERT_EQ(1, send(self->p.server, "a", 1, 0));
		ASSERT_EQ(1, recv(self->p.client, in, 1, 0));
	}
}

TEST_F(data, multiple_messages)
{
	char in[2][10], out[2][10];
	struct iovec vi[2] = { { in[0], 10 }, { in[1], 10 } };
	struct iovec vo[2] = { { out[0], 10 }, { out[1], 10 } };
	struct mmsghdr mi[2] = {}, mo[2] = {};
	int i;

	for (i = 0; i < 2; i++) {
		mi[i].msg_hdr.msg_iov = &vi[i];
		mi[i].msg_hdr.msg_iovlen = 1;
		mo[i].msg_hdr.msg_iov = &vo[i];
		mo[i].msg_hdr.msg_iovlen = 1;
		net_fill(out[i], 10, 1, 10 * i);
	}
	ASSERT_EQ(2, sendmmsg(self->p.client, mo, 2, 0));
	ASSERT_EQ(2, recvmmsg(self->p.server, mi, 2, 0, NULL));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
}

TEST_F(data, peek)
{
	char in[10];

	ASSERT_EQ(6, send(self->p.client, "abcdef", 6, 0));
	ASSERT_EQ(3, recv(self->p.server, in, 3, MSG_PEEK));
	EXPECT_EQ(0, memcmp(in, "abc", 3));
	ASSERT_EQ(6, recv(self->p.server, in, 10, MSG_PEEK));
	EXPECT_EQ(0, memcmp(in, "abcdef", 6));
	ASSERT_EQ(2, recv(self->p.server, in, 2, 0));
	ASSERT_EQ(4, recv(self->p.server, in, 10, MSG_PEEK));
	EXPECT_EQ(0, memcmp(in, "cdef", 4));
	ASSERT_EQ(4, recv(self->p.server, in, 10, 0));
	EXPECT_EQ(0, memcmp(in, "cdef", 4));
	EXPECT_EQ(-1, recv(self->p.server, in, 1, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

/* A peek that waits for more than comes, and one that copies nothing. */
TEST_F(data, peek_waits)
{
	struct timeval limit = { .tv_usec = 200000 };
	char in[16];

	ASSERT_EQ(0, setsockopt(self->p.server, SOL_SOCKET, SO_RCVTIMEO,
				&limit, sizeof(limit)));
	ASSERT_EQ(6, send(self->p.client, "abcdef", 6, 0));
	EXPECT_EQ(6, recv(self->p.server, in, 10, MSG_PEEK | MSG_WAITALL));
	EXPECT_EQ(0, memcmp(in, "abcdef", 6));
	EXPECT_EQ(6, recv(self->p.server, in, 10,
			  MSG_PEEK | MSG_WAITALL | MSG_TRUNC));
	EXPECT_EQ(2, recv(self->p.server, NULL, 2, MSG_TRUNC));
	EXPECT_EQ(4, recv(self->p.server, in, 10, 0));
	EXPECT_EQ(0, memcmp(in, "cdef", 4));
}

TEST_F(data, wait_for_all)
{
	enum { LEN = 100000 };
	struct net_flow f = { .fd = self->p.client, .seed = 2, .bytes = LEN,
			      .chunk = 900 };
	static char buf[LEN];
	pthread_t t;
	void *bad;

	ASSERT_EQ(0, pthread_create(&t, NULL, net_flow_send, &f));
	ASSERT_EQ(LEN, recv(self->p.server, buf, LEN, MSG_WAITALL));
	EXPECT_EQ(-1, net_check(buf, LEN, 2, 0));
	ASSERT_EQ(0, pthread_join(t, &bad));
	EXPECT_NULL(bad);
	/* End of stream ends the waiting. */
	ASSERT_EQ(5, send(self->p.client, "hello", 5, 0));
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	EXPECT_EQ(5, recv(self->p.server, buf, LEN, MSG_WAITALL));
	EXPECT_EQ(0, recv(self->p.server, buf, LEN, MSG_WAITALL));
}

TEST_F(data, dont_wait)
{
	char byte;

	EXPECT_EQ(-1, recv(self->p.server, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(1, send(self->p.client, "x", 1, MSG_DONTWAIT));
	EXPECT_EQ(1, recv(self->p.server, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(-1, recv(self->p.server, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, net_nonblock(self->p.server));
	EXPECT_EQ(-1, read(self->p.server, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
}

/* On a TCP socket MSG_TRUNC throws bytes away unseen. */
TEST_F(data, throw_away)
{
	char in[4];

	ASSERT_EQ(8, send(self->p.client, "abcdefgh", 8, 0));
	ASSERT_EQ(5, recv(self->p.server, NULL, 5, MSG_TRUNC));
	ASSERT_EQ(3, recv(self->p.server, in, 4, 0));
	EXPECT_EQ(0, memcmp(in, "fgh", 3));
}

TEST_F(data, zero_length)
{
	char byte;

	EXPECT_EQ(0, send(self->p.client, "", 0, 0));
	EXPECT_EQ(0, write(self->p.client, "", 0));
	EXPECT_EQ(-1, recv(self->p.server, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
	EXPECT_EQ(0, recv(self->p.server, &byte, 0, 0));
	EXPECT_EQ(1, recv(self->p.server, &byte, 1, 0));
}

TEST_F(data, bad_memory)
{
	char in[4];

	/* The library copies by itself: a bad pointer faults in the program. */
	if (getenv("SDIRECT_SHIM"))
		SKIP(return, "not under the preload shim");
	EXPECT_EQ(-1, send(self->p.client, (void *)8, 100, 0));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(3, send(self->p.client, "abc", 3, 0));
	EXPECT_EQ(-1, recv(self->p.server, (void *)8, 3, 0));
	EXPECT_EQ(EFAULT, errno);
	/* Nothing is lost by it. */
	ASSERT_EQ(3, recv(self->p.server, in, 4, 0));
	EXPECT_EQ(0, memcmp(in, "abc", 3));
	EXPECT_EQ(0, net_pingpong(&self->p, 50, 10));
}

TEST_F(data, bytes_queued)
{
	static char buf[3000];

	EXPECT_EQ(0, net_queued(self->p.server, FIONREAD));
	ASSERT_EQ(3000, send(self->p.client, buf, 3000, 0));
	EXPECT_EQ(3000, net_queued(self->p.server, FIONREAD));
	ASSERT_EQ(1000, recv(self->p.server, buf, 1000, 0));
	EXPECT_EQ(2000, net_queued(self->p.server, FIONREAD));
	ASSERT_EQ(2000, recv(self->p.server, buf, 3000, 0));
	EXPECT_EQ(0, net_queued(self->p.server, FIONREAD));
	/* All is acknowledged in the end. */
	EXPECT_TRUE(net_until(!net_queued(self->p.client, SIOCOUTQ)));
	EXPECT_EQ(0, net_queued(self->p.client, SIOCOUTQNSD));
}

TEST_F(data, receive_timeout)
{
	uint64_t begin = net_now_ms();
	char byte;

	ASSERT_EQ(0, set_timeout(self->p.server, SO_RCVTIMEO, 100));
	EXPECT_EQ(-1, recv(self->p.server, &byte, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(10, net_now_ms() - begin);
	/* What has come before the time is over is returned. */
	ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
	EXPECT_EQ(1, recv(self->p.server, &byte, 1, 0));
	ASSERT_EQ(1, send(self->p.client, "x", 1, 0));
	EXPECT_EQ(1, recv(self->p.server, &byte, 2, MSG_WAITALL));
}

TEST_F(data, send_timeout)
{
	static char buf[100000];
	uint64_t sent = 0;
	ssize_t n;

	ASSERT_EQ(0, set_timeout(self->p.client, SO_SNDTIMEO, 100));
	while ((n = send(self->p.client, buf, sizeof(buf), 0)) > 0) {
		sent += n;
		ASSERT_GT(1 << 28, sent);
	}
	EXPECT_EQ(-1, n);
	EXPECT_EQ(EAGAIN, errno);
	while (sent) {
		n = recv(self->p.server, buf, sizeof(buf), 0);
		ASSERT_LT(0, n);
		sent -= n;
	}
}

TEST_F(data, low_water_mark)
{
	struct pollfd pfd = { .fd = self->p.server, .events = POLLIN };
	int low = 100;
	char buf[200] = {};

	ASSERT_EQ(0, setsockopt(self->p.server, SOL_SOCKET, SO_RCVLOWAT, &low,
				sizeof(low)));
	ASSERT_EQ(50, send(self->p.client, buf, 50, 0));
	ASSERT_TRUE(net_until(net_queued(self->p.server, FIONREAD) == 50));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(50, send(self->p.client, buf, 50, 0));
	EXPECT_EQ(1, poll(&pfd, 1, 10000));
	EXPECT_EQ(100, recv(self->p.server, buf, 200, 0));
}

TEST_F(data, sendfile_out)
{
	enum { LEN = 1000 * KB };
	struct net_flow f = { .fd = self->p.server, .seed = 3, .bytes = LEN,
			      .chunk = 20000 };
	static char buf[LEN];
	off_t at = 0;
	pthread_t t;
	void *bad;
	int file;

	file = memfd_create("sendfile", MFD_CLOEXEC);
	ASSERT_LE(0, file);
	net_fill(buf, LEN, 3, 0);
	ASSERT_EQ(LEN, write(file, buf, LEN));
	ASSERT_EQ(0, pthread_create(&t, NULL, net_flow_recv, &f));
	while (at < LEN)
		ASSERT_LT(0, sendfile(self->p.client, file, &at, LEN - at));
	ASSERT_EQ(0, pthread_join(t, &bad));
	EXPECT_NULL(bad)
		TH_LOG("at %ju: %s", (uintmax_t)f.pos, strerror(f.err));
	close(file);
}

/* Socket to pipe to socket, as a proxy does it. */
TEST_F(data, splice_through_pipe)
{
	static char buf[3000];
	uint64_t pos = 0;
	int fds[2], i;
	ssize_t n, m;

	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < 300; i++) {
		net_fill(buf, sizeof(buf), 4, pos);
		ASSERT_EQ(sizeof(buf), send(self->p.client, buf, sizeof(buf), 0));
		for (n = 0; n < (ssize_t)sizeof(buf); n += m) {
			m = splice(self->p.server, NULL, fds[1], NULL,
				   sizeof(buf) - n, SPLICE_F_MOVE);
			ASSERT_LT(0, m);
			ASSERT_EQ(m, splice(fds[0], NULL, self->p.server, NULL,
					    m, SPLICE_F_MOVE));
		}
		memset(buf, 0, sizeof(buf));
		ASSERT_EQ(sizeof(buf), net_recv_all(self->p.client, buf,
						    sizeof(buf)));
		ASSERT_EQ(-1, net_check(buf, sizeof(buf), 4, pos));
		pos += sizeof(buf);
	}
	ASSERT_EQ(0, shutdown(self->p.client, SHUT_WR));
	EXPECT_EQ(0, splice(self->p.server, NULL, fds[1], NULL, 10, 0));
	ASSERT_EQ(0, net_nonblock(self->p.client));
	EXPECT_EQ(-1, splice(self->p.client, NULL, fds[1], NULL, 10, 0));
	EXPECT_EQ(EAGAIN, errno);
	close(fds[0]);
	close(fds[1]);
}

/* read(), recv(), readv() and MSG_PEEK take turns on one stream. */
TEST_F(data, mixed_calls)
{
	char out[200], in[200];
	struct iovec v[2] = { { in, 50 }, { in + 50, 50 } };
	uint64_t pos = 0;
	ssize_t n;
	int i;

	for (i = 0; i < 1000; i++) {
		net_fill(out, 200, 5, pos);
		ASSERT_EQ(200, write(self->p.client, out, 200));
		n = i % 3 ? readv(self->p.server, v, 2) :
			    recv(self->p.server, in, 100, 0);
		ASSERT_EQ(100, n);
		ASSERT_EQ(100, recv(self->p.server, in + 100, 100, MSG_PEEK));
		ASSERT_EQ(100, read(self->p.server, in + 100, 100));
		ASSERT_EQ(-1, net_check(in, 200, 5, pos));
		ASSERT_EQ(1, send(self->p.server, "a", 1, MSG_MORE));
		ASSERT_EQ(1, send(self->p.server, "b", 1, 0));
		ASSERT_EQ(2, recv(self->p.client, in, 2, MSG_WAITALL));
		pos += 200;
	}
}

TEST_F(data, stdio)
{
	FILE *c = fdopen(dup(self->p.client), "w"), *s;
	char line[100], want[100];
	int i;

	s = fdopen(dup(self->p.server), "r");
	ASSERT_NE(NULL, c);
	ASSERT_NE(NULL, s);
	for (i = 0; i < 500; i++) {
		snprintf(want, sizeof(want), "line %d of some text\n", i);
		ASSERT_LT(0, fputs(want, c));
		ASSERT_EQ(0, fflush(c));
		ASSERT_NE(NULL, fgets(line, sizeof(line), s));
		ASSERT_STREQ(want, line);
	}
	fclose(c);
	fclose(s);
}

NET_MAIN
