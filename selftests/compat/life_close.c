// SPDX-License-Identifier: GPL-2.0-only
/* close(): what the other end sees of it, and what becomes of the bytes. */
#include <signal.h>
#include <sys/wait.h>

#include "life.h"

static void linger(int fd, int on, int seconds)
{
	const struct linger how = { on, seconds };

	REC(setsockopt(fd, SOL_SOCKET, SO_LINGER, &how, sizeof(how)));
}

/* A new pair as the first one. */
static void renew(struct compat *c)
{
	net_close(&c->cl);
	net_close(&c->sv);
	life_pair(c);
}

/* The server's end is gone: what the client sees of that. */
static void hears_it_go(struct compat *c)
{
	life_say(c);
	life_reads(c->cl);
	life_reads(c->cl);
}

/* What a process had is closed when it ends. */
static void hears_it_end(struct compat *c, pid_t pid)
{
	REC(net_wait(pid));
	compat_until(c->cl, POLLRDHUP);
	hears_it_go(c);
	renew(c);
}

/* One unread byte makes it a reset, and the other's unread bytes are lost. */
void close_unread(struct compat *c)
{
	static char much[100000];
	static const int sizes[] = { 1, 100, 5000, 70000 };
	size_t i;

	life_settle();
	for (i = 0; i < 8; i++) {
		const int size = sizes[i / 2];

		REC(send(c->cl, much, size, 0));
		REC(send(c->sv, "behind", 6, 0));
		life_settle();
		if (i & 1)
			REC(recv(c->sv, much, size - 1, MSG_WAITALL) == size - 1);
		compat_close(c, &c->sv);
		hears_it_go(c);
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
		renew(c);
	}
	/* All read: an ordinary end. */
	REC(send(c->cl, much, 5000, 0));
	REC(send(c->sv, "behind", 6, 0));
	REC(recv(c->sv, much, 5000, MSG_WAITALL));
	compat_close(c, &c->sv);
	hears_it_go(c);
}

/* What was sent before close() arrives, all of it. */
void close_after_much(struct compat *c)
{
	static char out[300000], in[300000];
	static const int sizes[] = { 1, 100, 20000, 65536, 300000 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memset(in, 0, sizeof(in));
		net_fill(out, sizes[i], i, 0);
		REC(send(c->cl, out, sizes[i], 0));
		compat_close(c, &c->cl);
		REC_RECV(recv(c->sv, in, sizeof(in), MSG_WAITALL), in);
		life_say(c);
		life_reads(c->sv);
		renew(c);
	}
}

/* More than fits on the way: the socket outlives its descriptor. */
void close_with_full(struct compat *c)
{
	static char in[1 << 16];
	long sum = 0, sent, n;

	life_fill(c->cl, c->sv);
	/* Some more, as much as there may still be room for. */
	sent = send(c->cl, in, 1, MSG_DONTWAIT);
	compat_close(c, &c->cl);
	life_settle();
	while ((n = recv(c->sv, in, sizeof(in), 0)) > 0)
		sum += n;
	rec_result("last recv", n, n ? errno : 0);
	rec_say("%s", sum > 16384 && sent < 2 ? "all came" : "little came");
	life_say(c);
}

void linger_zero(struct compat *c)
{
	int i;

	for (i = 0; i < 4; i++) {
		life_settle();
		if (i & 1)
			REC(send(c->sv, "behind", 6, 0));
		if (i & 2)
			REC(shutdown(c->sv, SHUT_WR));
		life_settle();
		linger(c->sv, 1, 0);
		compat_close(c, &c->sv);
		hears_it_go(c);
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
		renew(c);
	}
}

/* Bytes that the other end has not read when the reset comes. */
void linger_zero_unread(struct compat *c)
{
	static char much[60000];
	/* Not more than has arrived in any case: the rest is lost. */
	static const int sizes[] = { 1, 3000, 20000, 60000 };
	size_t i;

	for (i = 0; i < 4; i++) {
		life_settle();
		REC(send(c->cl, much, sizes[i], 0));
		life_settle();
		REC(recv(c->sv, much, 1, 0));
		linger(c->cl, 1, 0);
		compat_close(c, &c->cl);
		life_say(c);
		REC(recv(c->sv, much, sizeof(much), 0));
		REC(recv(c->sv, much, sizeof(much), 0));
		life_error("error", c->sv);
		renew(c);
	}
}

/* All has arrived: there is nothing to wait for. */
void linger_waits(struct compat *c)
{
	static char buf[30000];
	int i;

	for (i = 0; i < 3; i++) {
		linger(c->cl, 1, 1000);
		REC(send(c->cl, buf, i * 15000, 0));
		if (i == 2)
			REC(fcntl(c->cl, F_SETFL, O_NONBLOCK));
		life_settle();
		compat_close(c, &c->cl);
		REC(recv(c->sv, buf, sizeof(buf), MSG_WAITALL));
		life_say(c);
		renew(c);
	}
}

static long wait_close(struct life_call *call)
{
	return close(call->fd);
}

/*
 * The other one does not read: close() waits a second at most, and gives up.
 * How much has come to the other end by then is a matter of its buffer.
 */
void linger_times_out(struct compat *c)
{
	struct life_call call = LIFE_CALL("close", wait_close, c->cl);
	char byte;

	life_fill(c->cl, c->sv);
	linger(c->cl, 1, 1);
	life_start(&call);
	life_end(&call);
	c->cl = c->p.client = -1;
	REC_POLL(c->sv, POLLIN | POLLOUT);
	/* And when it does read, that is the end of the wait. */
	net_close(&c->sv);
	life_pair(c);
	call.fd = c->cl;
	life_fill(c->cl, c->sv);
	linger(c->cl, 1, 1000);
	life_start(&call);
	c->cl = -1;
	while (recv(c->sv, &byte, 1, 0) > 0)
		life_drain(c->sv);
	life_end(&call);
	life_say(c);
}

void linger_values(struct compat *c)
{
	struct linger now = { -1, -1 };
	socklen_t len = sizeof(now);

	linger(c->cl, 0, 5);
	REC(getsockopt(c->cl, SOL_SOCKET, SO_LINGER, &now, &len));
	rec_say("%d %d", now.l_onoff, now.l_linger);
	linger(c->cl, 7, 5);
	REC(getsockopt(c->cl, SOL_SOCKET, SO_LINGER, &now, &len));
	rec_say("%d %d", now.l_onoff, now.l_linger);
	linger(c->cl, 1, -1);
	REC(getsockopt(c->cl, SOL_SOCKET, SO_LINGER, &now, &len));
	rec_say("%d %d", now.l_onoff, now.l_linger > 1000);
	REC(setsockopt(c->cl, SOL_SOCKET, SO_LINGER, &now, 4));
	REC(setsockopt(c->cl, SOL_SOCKET, SO_LINGER, NULL, 8));
}

void close_both(struct compat *c)
{
	int i;

	for (i = 0; i < 6; i++) {
		if (i & 1)
			REC(send(c->cl, "lost", 4, 0));
		if (i & 2)
			REC(send(c->sv, "lost", 4, 0));
		compat_close(c, i & 4 ? &c->cl : &c->sv);
		compat_close(c, i & 4 ? &c->sv : &c->cl);
		life_settle();
		life_pair(c);
	}
}

/* Only the last one counts. */
void close_dup(struct compat *c)
{
	int twin = REC_FD(dup(c->sv)), i;

	compat_close(c, &c->sv);
	life_say(c);
	for (i = 0; i < 10; i++) {
		REC(send(c->cl, "hello", 5, 0));
		life_settle();
		life_reads(twin);
		REC(send(twin, "world", 5, 0));
		life_settle();
		life_reads(c->cl);
	}
	REC(net_close(&twin));
	life_say(c);
	life_reads(c->cl);
}

void close_in_child(struct compat *c)
{
	pid_t pid;
	int i;

	life_settle();
	for (i = 0; i < 6; i++) {
		pid = net_fork();
		if (!pid) {
			char buf[5];

			if (i == 4)
				shutdown(c->sv, SHUT_WR);
			if (i & 1)
				CHILD_CHECK(recv(c->sv, buf, 5, 0) == 5);
			if (i < 4)
				CHILD_CHECK(send(c->sv, "child", 5, 0) == 5);
			close(c->sv);
			_exit(0);
		}
		REC(send(c->cl, "hello", 5, MSG_NOSIGNAL));
		REC(net_wait(pid));
		life_say(c);
		life_reads(c->sv);
		life_reads(c->cl);
	}
}

/* The end of a process closes; with unread bytes that is a reset. */
void exit_unread(struct compat *c)
{
	int i;

	life_settle();
	for (i = 0; i < 4; i++) {
		pid_t pid = net_fork();

		if (!pid) {
			/* Not before the parent has let go. */
			compat_arrived(c->sv, 6);
			CHILD_CHECK(send(c->sv, "child", 5, 0) == 5);
			if (i & 1)
				life_drain(c->sv);
			_exit(0);
		}
		compat_close(c, &c->sv);
		REC(send(c->cl, "unread", 6, 0));
		hears_it_end(c, pid);
	}
}

void killed(struct compat *c)
{
	int i;

	life_settle();
	for (i = 0; i < 4; i++) {
		pid_t pid = net_fork();

		if (!pid) {
			char buf[8];

			if (i & 1)
				compat_arrived(c->sv, 5);
			else
				CHILD_CHECK(recv(c->sv, buf, 8, 0) == 5);
			CHILD_CHECK(send(c->sv, "there", 5, 0) == 5);
			for (;;)
				pause();
		}
		compat_close(c, &c->sv);
		REC(send(c->cl, "hello", 5, 0));
		compat_arrived(c->cl, 5);
		REC(kill(pid, SIGKILL));
		hears_it_end(c, pid);
	}
}

void close_twice(struct compat *c)
{
	const int fd = c->cl;
	char byte;

	compat_close(c, &c->cl);
	REC(close(fd));
	REC(send(fd, "x", 1, MSG_NOSIGNAL));
	REC(recv(fd, &byte, 1, 0));
	REC(shutdown(fd, SHUT_RDWR));
	REC(write(fd, "x", 1));
	REC(read(fd, &byte, 1));
	REC(fcntl(fd, F_GETFL));
}

/* The number at once becomes another connection, and then a file. */
void close_then_number(struct compat *c)
{
	char buf[16];
	int i, number;

	life_settle();
	for (i = 0; i < 8; i++) {
		struct net_pair other;
		int ends[2];

		compat_pair(c, &other);
		number = c->cl;
		compat_close(c, &c->cl);
		REC(dup2(other.client, number) == number);
		REC(close(other.client));
		REC(send(number, "hello", 5, 0));
		life_settle();
		life_reads(other.server);
		life_reads(c->sv);
		COMPAT_MUST(!pipe(ends));
		REC(dup2(ends[1], number) == number);
		REC(write(number, "file", 4));
		REC_RECV(read(ends[0], buf, sizeof(buf)), buf);
		REC(send(number, "x", 1, 0));
		life_settle();
		life_reads(other.server);
		close(number);
		close(ends[0]);
		close(ends[1]);
		close(other.server);
		close(other.listener);
		net_close(&c->sv);
		life_pair(c);
	}
}
