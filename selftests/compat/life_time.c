// SPDX-License-Identifier: GPL-2.0-only
/* Calls that end by a signal or by a time limit. */
#include <signal.h>
#include <sys/time.h>

#include "life.h"

static void handle(bool restart)
{
	net_signals = 0;
	life_handle(restart);
}

static void limit(int fd, int option, long us)
{
	const struct timeval tv = { us / 1000000, us % 1000000 };

	REC(setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv)));
}

static void interrupt(struct life_call *call)
{
	life_interrupt(call);
	life_look(call);
}

static void hello(struct compat *c)
{
	char buf[8];

	REC(send(c->cl, "hello", 5, 0));
	REC(recv(c->sv, buf, 5, MSG_WAITALL));
	REC(send(c->sv, "world", 5, 0));
	REC(recv(c->cl, buf, 5, MSG_WAITALL));
}

static long by_recvmsg(struct life_call *call)
{
	struct iovec iov = { call->buf, call->len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return recvmsg(call->fd, &msg, 0);
}

static long by_readv(struct life_call *call)
{
	struct iovec iov = { call->buf, call->len };

	return readv(call->fd, &iov, 1);
}

static long wait_all(struct life_call *call)
{
	return recv(call->fd, call->buf, call->len, MSG_WAITALL);
}

static struct life_call receivers[] = {
	{ .what = "recv", .run = life_recv, .len = 10 },
	{ .what = "read", .run = life_read, .len = 10 },
	{ .what = "recvmsg", .run = by_recvmsg, .len = 10 },
	{ .what = "readv", .run = by_readv, .len = 10 },
};

#define RECEIVERS	(sizeof(receivers) / sizeof(*receivers))

/* One of them after the other, while it waits. */
static struct life_call *interrupt_receiver(struct compat *c, size_t i)
{
	struct life_call *call = &receivers[i % RECEIVERS];

	call->fd = c->cl;
	interrupt(call);
	return call;
}

void recv_signal(struct compat *c)
{
	size_t i;

	life_settle();
	handle(false);
	for (i = 0; i < 3 * RECEIVERS; i++) {
		life_end(interrupt_receiver(c, i));
		rec_say("handled %d", net_signals);
		hello(c);
	}
}

/* The handler runs, and the call goes on. */
void recv_restart(struct compat *c)
{
	size_t i;

	life_settle();
	handle(true);
	for (i = 0; i < 3 * RECEIVERS; i++) {
		struct life_call *call = interrupt_receiver(c, i);

		rec_say("handled %d", net_signals);
		REC(pthread_kill(call->thread, SIGUSR1));
		life_look(call);
		REC(send(c->sv, "at last", 7, 0));
		life_end(call);
		rec_bytes("got", call->buf, call->ret);
		hello(c);
	}
}

/* What has come by then is the result. */
void wait_all_signal(struct compat *c)
{
	struct life_call call = { .what = "recv of all", .run = wait_all,
				  .fd = c->cl, .len = 10 };
	int i;

	life_settle();
	for (i = 0; i < 8; i++) {
		handle(i & 1);
		/* Some is there before the call, some comes while it waits. */
		if (i & 4) {
			REC(send(c->sv, "xy", 2, 0));
			compat_arrived(c->cl, 2);
		}
		life_begin(&call);
		if (i & 2)
			REC(send(c->sv, "abc", 3, 0));
		life_look(&call);
		REC(pthread_kill(call.thread, SIGUSR1));
		life_look(&call);
		if (!life_done(&call))
			REC(send(c->sv, "0123456789", 10, 0));
		life_end(&call);
		rec_bytes("got", call.buf, call.ret);
		rec_say("read %ld", life_drain(c->cl));
		hello(c);
	}
}

static long send_block(struct life_call *call)
{
	static char block[5000];

	return send(call->fd, block, sizeof(block), MSG_NOSIGNAL);
}

/* More than fits anywhere: some of it, or all. */
static long send_much(struct life_call *call)
{
	static char much[48 << 20];
	long n = send(call->fd, much, sizeof(much), MSG_NOSIGNAL);

	return n < 0 ? n : (size_t)n == sizeof(much) ? 2 : n > 0;
}

/* Some of it has gone: that cannot be done again. */
static void interrupt_much(struct compat *c)
{
	struct life_call much = LIFE_CALL("send of much", send_much, c->cl);

	interrupt(&much);
	life_end(&much);
	life_empty(c->sv);
}

void send_signal(struct compat *c)
{
	struct life_call call = LIFE_CALL("send", send_block, c->cl);
	int i;

	handle(false);
	for (i = 0; i < 3; i++) {
		life_fill(c->cl, c->sv);
		interrupt(&call);
		life_end(&call);
		life_empty(c->sv);
		interrupt_much(c);
	}
	rec_say("handled %d", net_signals);
}

void send_restart(struct compat *c)
{
	struct life_call call = LIFE_CALL("send", send_block, c->cl);
	int i;

	handle(true);
	for (i = 0; i < 3; i++) {
		life_fill(c->cl, c->sv);
		interrupt(&call);
		rec_say("handled %d", net_signals);
		do {
			life_drain(c->sv);
		} while (!life_done(&call));
		life_end(&call);
		life_empty(c->sv);
		interrupt_much(c);
	}
	rec_say("handled %d", net_signals);
}

/* With a time limit nothing is restarted. */
void signal_with_limit(struct compat *c)
{
	struct life_call r = { .what = "recv", .run = life_recv, .fd = c->cl,
			       .len = 10 };
	struct life_call s = LIFE_CALL("send", send_block, c->cl);
	int i;

	life_settle();
	limit(c->cl, SO_RCVTIMEO, 1000000000);
	limit(c->cl, SO_SNDTIMEO, 1000000000);
	for (i = 0; i < 4; i++) {
		handle(i & 1);
		interrupt(&r);
		life_end(&r);
		hello(c);
		life_fill(c->cl, c->sv);
		interrupt(&s);
		life_end(&s);
		life_empty(c->sv);
		rec_say("handled %d", net_signals);
	}
}

static void timed_recv(int fd, int flags)
{
	const uint64_t start = net_now_ms();
	char buf[16];

	REC_RECV(recv(fd, buf, 10, flags), buf);
	rec_say("waited: %d", net_now_ms() - start >= 10);
}

void recv_limit(struct compat *c)
{
	char buf[16];
	int i;

	life_settle();
	limit(c->cl, SO_RCVTIMEO, 20000);
	for (i = 0; i < 8; i++) {
		timed_recv(c->cl, 0);
		timed_recv(c->cl, MSG_PEEK);
		REC(read(c->cl, buf, 10));
		compat_send(c->sv, "abc", 3);
		compat_arrived(c->cl, 3);
		REC(recv(c->cl, buf, 10, 0));
		hello(c);
	}
	REC(shutdown(c->sv, SHUT_WR));
	compat_until(c->cl, POLLRDHUP);
	REC(recv(c->cl, buf, 10, 0));
}

/* What has come in time is the result. */
void wait_all_limit(struct compat *c)
{
	int i;

	life_settle();
	limit(c->cl, SO_RCVTIMEO, 20000);
	for (i = 0; i < 8; i++) {
		timed_recv(c->cl, MSG_WAITALL);
		compat_send(c->sv, "abc", 3);
		timed_recv(c->cl, MSG_WAITALL | MSG_PEEK);
		timed_recv(c->cl, MSG_WAITALL);
		timed_recv(c->cl, MSG_WAITALL);
		hello(c);
	}
}

/* A probe may make room for a few bytes more, once in a while. */
static void send_until_full(int fd)
{
	static char much[1 << 20];
	const uint64_t start = net_now_ms();
	int i;

	for (i = 0; i < 100; i++)
		if (send(fd, much, sizeof(much), 0) < 0)
			break;
	rec_say("in the end %s", strerrorname_np(errno));
	rec_say("waited: %d", net_now_ms() - start >= 15);
}

void send_limit(struct compat *c)
{
	struct life_call much = LIFE_CALL("send of much", send_much, c->cl);
	const char byte = 0;
	int i;

	limit(c->cl, SO_SNDTIMEO, 30000);
	for (i = 0; i < 3; i++) {
		life_start(&much);
		life_end(&much);
		send_until_full(c->cl);
		life_empty(c->sv);
		REC(send(c->cl, &byte, 1, 0));
		life_empty(c->sv);
	}
}

static void say_limit(int fd, int option)
{
	struct timeval tv = { -1, -1 };
	socklen_t len = sizeof(tv);

	REC(getsockopt(fd, SOL_SOCKET, option, &tv, &len));
	rec_say("  %ld.%06ld, %u bytes", (long)tv.tv_sec, (long)tv.tv_usec, len);
}

void limit_values(struct compat *c)
{
	static const struct timeval values[] = {
		{ 0, 0 }, { 0, 1 }, { 1, 500000 }, { 0, 1000000 }, { 0, -1 },
		{ -1, 0 }, { 1l << 40, 0 }, { 3, 4000 },
	};
	struct timeval tv = { 1, 0 };
	size_t i;

	say_limit(c->cl, SO_RCVTIMEO);
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		rec_say("%ld %ld", (long)values[i].tv_sec,
			(long)values[i].tv_usec);
		REC(setsockopt(c->cl, SOL_SOCKET, SO_RCVTIMEO, &values[i],
			       sizeof(tv)));
		say_limit(c->cl, SO_RCVTIMEO);
		REC(setsockopt(c->cl, SOL_SOCKET, SO_SNDTIMEO, &values[i],
			       sizeof(tv)));
		say_limit(c->cl, SO_SNDTIMEO);
	}
	REC(setsockopt(c->cl, SOL_SOCKET, SO_RCVTIMEO, &tv, 8));
	REC(setsockopt(c->cl, SOL_SOCKET, SO_RCVTIMEO, NULL, sizeof(tv)));
	say_limit(c->sv, SO_RCVTIMEO);
}

void limit_not_for_nonblocking(struct compat *c)
{
	char buf[4];

	limit(c->cl, SO_RCVTIMEO, 1000000000);
	limit(c->cl, SO_SNDTIMEO, 1000000000);
	REC(recv(c->cl, buf, 4, MSG_DONTWAIT));
	life_fill(c->cl, c->sv);
	REC(send(c->cl, buf, 1, MSG_DONTWAIT));
	REC(fcntl(c->cl, F_SETFL, O_NONBLOCK));
	REC(recv(c->cl, buf, 4, 0));
	REC(send(c->cl, buf, 1, 0));
	REC(recv(c->cl, buf, 4, MSG_WAITALL));
}

/* It was looked at when the call began. */
void limit_changed(struct compat *c)
{
	struct life_call call = { .what = "recv", .run = life_recv,
				  .fd = c->cl, .len = 10 };
	int i;

	life_settle();
	for (i = 0; i < 4; i++) {
		limit(c->cl, SO_RCVTIMEO, 0);
		life_begin(&call);
		limit(c->cl, SO_RCVTIMEO, 1000);
		life_look(&call);
		REC(send(c->sv, "abc", 3, 0));
		life_end(&call);
		life_start(&call);
		life_end(&call);
		hello(c);
	}
}
