// SPDX-License-Identifier: GPL-2.0-only
/* Half-closed connections, and errors at the right call and only once. */
#include <signal.h>

#include "life.h"

void life_say(struct compat *c)
{
	life_settle();
	if (c->cl >= 0)
		REC_POLL(c->cl, LIFE_EVENTS);
	if (c->sv >= 0)
		REC_POLL(c->sv, LIFE_EVENTS);
}

void life_reads(int fd)
{
	char buf[100];

	REC_RECV(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), buf);
}

/* One end has said all; the other goes on until the rings have come, and on. */
static void half_closed(struct compat *c, int done, int other)
{
	static char out[4000], in[4000];
	int i;

	REC(send(done, "the last", 8, 0));
	REC(shutdown(done, SHUT_WR));
	life_say(c);
	REC(send(done, "x", 1, MSG_NOSIGNAL));
	for (i = 0; i < 40; i++) {
		const size_t len = 1 + i * 99;

		net_fill(out, len, 1, i);
		REC(send(other, out, len, MSG_NOSIGNAL));
		life_settle();
		REC_RECV(recv(done, in, sizeof(in), MSG_DONTWAIT), in);
		if (i == 20)
			life_reads(other);
		if (i % 10 == 0)
			life_say(c);
	}
	life_reads(other);
	REC(shutdown(other, SHUT_WR));
	life_say(c);
	life_reads(done);
	life_reads(done);
	REC(shutdown(done, SHUT_WR));
	REC(shutdown(done, SHUT_RDWR));
	REC(send(other, "x", 1, MSG_NOSIGNAL));
}

static void half_closed_client(struct compat *c)
{
	half_closed(c, c->cl, c->sv);
}

static void half_closed_server(struct compat *c)
{
	half_closed(c, c->sv, c->cl);
}

/* More than any buffer, after the end of the other direction. */
static void half_closed_bulk(struct compat *c)
{
	struct net_flow out = { c->sv, 1, 12 << 20, 60000, 0, 0 };
	struct net_flow in = { c->cl, 1, 12 << 20, 50000, 0, 0 };
	pthread_t thread;

	REC(shutdown(c->cl, SHUT_WR));
	compat_until(c->sv, POLLRDHUP);
	COMPAT_MUST(!pthread_create(&thread, NULL, net_flow_send, &out));
	net_flow_recv(&in);
	pthread_join(thread, NULL);
	rec_say("sent %d, received %d, %llu bytes", out.err, in.err,
		(unsigned long long)in.pos);
	compat_close(c, &c->sv);
	compat_until(c->cl, POLLRDHUP);
	life_reads(c->cl);
}

/* The end comes after every byte, however many there are. */
static void end_after_much(struct compat *c)
{
	long sum = 0, got;
	int i;

	/* When the end comes depends on the room for what is before it. */

	for (i = 0; i < 20; i++) {
		static char buf[9000];

		REC(send(c->cl, buf, sizeof(buf), 0));
		sum += sizeof(buf);
	}
	REC(shutdown(c->cl, SHUT_WR));
	life_settle();
	REC_POLL(c->sv, POLLIN | POLLOUT);
	for (got = 0; got < sum;) {
		static char buf[10000];

		got += REC(recv(c->sv, buf, sizeof(buf), MSG_WAITALL));
		REC_POLL(c->sv, POLLIN | POLLOUT);
		REC_POLL(c->cl, LIFE_EVENTS);
	}
	compat_until(c->sv, POLLRDHUP);
	life_say(c);
	life_reads(c->sv);
	life_reads(c->sv);
	REC(send(c->sv, "answer", 6, 0));
	life_say(c);
	life_reads(c->cl);
}

/* Reading that is shut down still takes what is there; then nothing more. */
static void shut_reading(struct compat *c)
{
	char byte;
	int i;

	for (i = 0; i < 3; i++) {
		REC(send(c->cl, "before", 6, 0));
		life_settle();
		REC(shutdown(c->sv, SHUT_RD));
		life_say(c);
		life_reads(c->sv);
		life_reads(c->sv);
		REC(send(c->cl, "after", 5, 0));
		life_say(c);
		life_reads(c->sv);
		REC(send(c->sv, "answer", 6, 0));
		life_say(c);
		life_reads(c->cl);
	}
	REC(recv(c->sv, &byte, 1, 0));
	REC(recv(c->sv, &byte, 1, MSG_PEEK));
	compat_close(c, &c->sv);
	life_say(c);
}

static void shut_bad(struct compat *c)
{
	REC(shutdown(c->cl, -1));
	REC(shutdown(c->cl, 3));
	REC(shutdown(-1, SHUT_WR));
	REC(shutdown(c->p.listener, 7));
	REC(shutdown(0, SHUT_WR));
	life_say(c);
}

static void shut_in_states(struct compat *c)
{
	const struct life_state *s;
	char buf[9];
	int how;

	for (s = life_states; s->name; s++) {
		for (how = SHUT_RD; how <= SHUT_RDWR; how++) {
			life_open(c, s);
			REC(shutdown(c->cl, how));
			life_say(c);
			REC(shutdown(c->cl, how));
			REC(recv(c->cl, buf, 9, MSG_DONTWAIT));
			REC(send(c->cl, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
			life_say(c);
			life_close(c);
		}
	}
}

/* --- errors --- */

/* Which of the ways to ask gets the error: all orders of three. */
static void ask(struct compat *c, int how)
{
	switch (how) {
	case 0:
		life_reads(c->cl);
		break;
	case 1:
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
		life_settle();
		break;
	case 2:
		life_error("error", c->cl);
		break;
	case 3:
		REC(shutdown(c->cl, SHUT_RDWR));
		life_settle();
		break;
	}
}

static void error_once(struct compat *c)
{
	static const char *const names[] = {
		"reset", "reset_unread", "reset_shut", "peer_closed_sent",
		"peer_left_unread", "full_reset", "refused", "peer_closed",
	};
	const struct life_state *s;
	size_t i;
	int order;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (s = life_states; strcmp(s->name, names[i]); s++)
			COMPAT_MUST(s->name);
		for (order = 0; order < 64; order++) {
			life_open(c, s);
			ask(c, order & 3);
			ask(c, order >> 2 & 3);
			ask(c, order >> 4);
			REC_POLL(c->cl, LIFE_EVENTS);
			ask(c, order & 3);
			life_close(c);
		}
	}
}

/* The reset is on its way while somebody writes: first it works, then not. */
static void reset_while_writing(struct compat *c)
{
	int i;

	for (i = 0; i < 2; i++) {
		compat_send(c->sv, "unread", 6);
		life_settle();
		REC(send(c->cl, "one", 3, 0));
		life_settle();
		compat_close(c, &c->sv);
		life_settle();
		REC(send(c->cl, "two", 3, MSG_NOSIGNAL));
		REC(send(c->cl, "three", 5, MSG_NOSIGNAL));
		life_error("error", c->cl);
		life_reads(c->cl);
		life_reads(c->cl);
		compat_close(c, &c->cl);
		life_pair(c);
	}
}

/* SIGPIPE goes with EPIPE, not with ECONNRESET. */
static void sigpipe(struct compat *c)
{
	struct iovec iov = { (char []){ "x" }, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int i;

	for (i = 0; i < 3; i++) {
		COMPAT_MUST(!net_count_signal(SIGPIPE));
		life_settle();
		if (i == 0)
			REC(shutdown(c->cl, SHUT_WR));
		if (i == 2)
			life_abort_on_close(c->sv);
		if (i)
			compat_close(c, &c->sv);
		life_settle();
		REC(write(c->cl, "x", 1));
		life_settle();
		rec_say("signals: %d", net_signals);
		REC(send(c->cl, "x", 1, 0));
		rec_say("signals: %d", net_signals);
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
		rec_say("signals: %d", net_signals);
		REC(writev(c->cl, &iov, 1));
		rec_say("signals: %d", net_signals);
		REC(sendmsg(c->cl, &msg, 0));
		rec_say("signals: %d", net_signals);
		REC(write(c->cl, "", 0));
		rec_say("signals: %d", net_signals);
		compat_pair(c, &c->p);
		c->cl = c->p.client;
		c->sv = c->p.server;
	}
}

/* By default the signal ends the process. */
static void sigpipe_kills(struct compat *c)
{
	pid_t pid;

	REC(shutdown(c->cl, SHUT_WR));
	pid = net_fork();
	if (!pid)
		_exit(write(c->cl, "x", 1) < 0);
	REC(net_wait(pid));
	COMPAT_MUST(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	REC(write(c->cl, "x", 1));
}

const struct compat_test compat_tests[] = {
	COMPAT(half_closed_client),
	COMPAT(half_closed_server),
	COMPAT(half_closed_bulk),
	COMPAT(end_after_much),
	COMPAT(shut_reading),
	COMPAT(shut_bad),
	COMPAT_WITH(shut_in_states, COMPAT_ALONE),
	COMPAT_WITH(error_once, COMPAT_ALONE),
	COMPAT(reset_while_writing),
	COMPAT(sigpipe),
	COMPAT(sigpipe_kills),

	COMPAT(close_unread),
	COMPAT(close_after_much),
	COMPAT(close_with_full),
	COMPAT(linger_zero),
	COMPAT(linger_zero_unread),
	COMPAT(linger_waits),
	COMPAT(linger_times_out),
	COMPAT(linger_values),
	COMPAT(close_both),
	COMPAT(close_dup),
	COMPAT(close_in_child),
	COMPAT(exit_unread),
	COMPAT(killed),
	COMPAT(close_twice),
	COMPAT(close_then_number),

	COMPAT_WITH(recv_ended, COMPAT_ALONE),
	COMPAT_WITH(peek_ended, COMPAT_ALONE),
	COMPAT_WITH(wait_all_ended, COMPAT_ALONE),
	COMPAT_WITH(send_ended, COMPAT_ALONE),
	COMPAT(recv_closed),
	COMPAT(recv_replaced),
	COMPAT(send_closed),
	COMPAT(two_receivers),
	COMPAT(both_blocked),

	COMPAT(recv_signal),
	COMPAT(recv_restart),
	COMPAT(wait_all_signal),
	COMPAT(send_signal),
	COMPAT(send_restart),
	COMPAT(signal_with_limit),
	COMPAT(recv_limit),
	COMPAT(wait_all_limit),
	COMPAT(send_limit),
	COMPAT(limit_values),
	COMPAT(limit_not_for_nonblocking),
	COMPAT(limit_changed),

	COMPAT_WITH(sequences, COMPAT_ALONE),
	COMPAT_WITH(after_cl_shut_rd, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_cl_shut_wr, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_cl_shut_both, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_cl_send, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_cl_recv, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_cl_poll, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_cl_close, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_sv_shut_rd, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_sv_shut_wr, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_sv_shut_both, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_sv_send, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_sv_recv, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_sv_poll, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(after_sv_close, COMPAT_ALONE | COMPAT_SLOW),
	{ }
};
