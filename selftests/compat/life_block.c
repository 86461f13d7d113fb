// SPDX-License-Identifier: GPL-2.0-only
/* Somebody sleeps in recv() or send(): what wakes it, and with what. */
#include "life.h"

struct end {
	const char *name;
	void (*act)(struct compat *c);
	bool both;	/* the peer neither reads nor writes any more */
};

static void peer_shuts_rd(struct compat *c)
{
	REC(shutdown(c->sv, SHUT_RD));
}

static void peer_shuts_both(struct compat *c)
{
	REC(shutdown(c->sv, SHUT_RDWR));
}

static void peer_closes(struct compat *c)
{
	REC(net_close(&c->sv));
}

static void peer_resets(struct compat *c)
{
	life_abort_on_close(c->sv);
	REC(net_close(&c->sv));
}

static void peer_sends(struct compat *c)
{
	REC(send(c->sv, "abc", 3, 0));
}

static void peer_says_last(struct compat *c)
{
	REC(send(c->sv, "abc", 3, 0));
	REC(shutdown(c->sv, SHUT_WR));
}

static const struct end ends[] = {
	{ "the peer ends writing", life_peer_shuts_wr, false },
	{ "the peer ends reading", peer_shuts_rd, false },
	{ "the peer ends both", peer_shuts_both, true },
	{ "the peer closes", peer_closes, false },
	{ "the peer resets", peer_resets, false },
	{ "it ends reading", life_shuts_rd, false },
	{ "it ends writing", life_shuts_wr, false },
	{ "it ends both", life_shuts_both, false },
	{ "the peer sends", peer_sends, false },
	{ "the peer sends, and ends", peer_says_last, false },
	{ }
};

/* One that still waits is woken by the end of its socket. */
static void ended(struct compat *c, struct life_call *call)
{
	const struct end *e;

	for (e = ends; e->name; e++) {
		rec_say("-- %s", e->name);
		life_pair(c);
		call->fd = c->cl;
		life_begin(call);
		e->act(c);
		life_look(call);
		if (!life_done(call))
			REC(shutdown(c->cl, SHUT_RDWR));
		life_end(call);
		rec_bytes("got", call->buf, call->ret);
		life_say(c);
		life_error("error", c->cl);
		REC(recv(c->cl, call->buf, 8, MSG_DONTWAIT));
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
		life_close(c);
	}
}

void recv_ended(struct compat *c)
{
	struct life_call call = { .what = "recv", .run = life_recv, .len = 10 };

	ended(c, &call);
	call.what = "read";
	call.run = life_read;
	ended(c, &call);
}

static long peek(struct life_call *call)
{
	return recv(call->fd, call->buf, call->len, MSG_PEEK);
}

void peek_ended(struct compat *c)
{
	struct life_call call = { .what = "peek", .run = peek, .len = 10 };

	ended(c, &call);
}

static long wait_all(struct life_call *call)
{
	return recv(call->fd, call->buf, call->len, MSG_WAITALL);
}

void wait_all_ended(struct compat *c)
{
	struct life_call call = { .what = "recv of all", .run = wait_all,
				  .len = 10 };

	ended(c, &call);
}

/*
 * The buffers are full: not a byte goes before the end.  A peer that will read
 * no more resets when a byte comes: whether one does depends on its buffer.
 */
void send_ended(struct compat *c)
{
	struct life_call call = { .what = "send", .run = life_send_all };
	const struct end *e;

	for (e = ends; e->name; e++) {
		rec_say("-- %s", e->name);
		life_pair(c);
		life_fill(c->cl, c->sv);
		call.fd = c->cl;
		life_begin(&call);
		e->act(c);
		life_settle();
		if (!e->both)
			life_look(&call);
		if (e->both || !life_done(&call))
			shutdown(c->cl, SHUT_RDWR);
		life_end(&call);
		life_settle();
		REC_POLL(c->cl, LIFE_EVENTS);
		life_error("error", c->cl);
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
		REC(recv(c->cl, call.buf, 8, MSG_DONTWAIT));
		life_close(c);
	}
}

/* The sleeper keeps the socket: it gets what comes; then that is the end. */
void recv_closed(struct compat *c)
{
	struct life_call call = { .what = "recv", .run = life_recv, .len = 10 };
	int i;

	life_settle();
	for (i = 0; i < 4; i++) {
		call.fd = c->cl;
		life_begin(&call);
		compat_close(c, &c->cl);
		life_look(&call);
		life_say(c);
		if (i & 1)
			REC(shutdown(c->sv, SHUT_WR));
		else
			REC(send(c->sv, "still", 5, 0));
		life_end(&call);
		rec_bytes("got", call.buf, call.ret);
		compat_until(c->sv, POLLRDHUP);
		life_say(c);
		REC(recv(c->sv, call.buf, 8, MSG_DONTWAIT));
		net_close(&c->sv);
		life_pair(c);
	}
}

/* The number becomes another connection: the sleeper stays with the first. */
void recv_replaced(struct compat *c)
{
	struct life_call call = { .what = "recv", .run = life_recv, .len = 10 };
	char buf[16];
	int i;

	life_settle();
	for (i = 0; i < 4; i++) {
		struct net_pair other;

		compat_pair(c, &other);
		call.fd = c->cl;
		life_begin(&call);
		REC(dup2(other.client, c->cl) == c->cl);
		REC(close(other.client));
		REC(send(other.server, "other", 5, 0));
		life_look(&call);
		REC(send(c->cl, "to the other", 12, 0));
		REC(send(c->sv, "first", 5, 0));
		life_end(&call);
		rec_bytes("got", call.buf, call.ret);
		REC_RECV(recv(c->cl, buf, sizeof(buf), 0), buf);
		REC_RECV(recv(other.server, buf, sizeof(buf), 0), buf);
		compat_until(c->sv, POLLRDHUP);
		REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
		net_close(&c->sv);
		c->sv = other.server;
		REC(close(other.listener));
	}
}

static long send_some(struct life_call *call)
{
	static char block[10000];

	return send(call->fd, block, sizeof(block), MSG_NOSIGNAL);
}

void send_closed(struct compat *c)
{
	struct life_call call = { .what = "send", .run = send_some };
	int i;

	for (i = 0; i < 3; i++) {
		char last = 0;

		call.fd = c->cl;
		life_fill(c->cl, c->sv);
		life_begin(&call);
		compat_close(c, &c->cl);
		life_look(&call);
		if (i == 1)
			REC(net_close(&c->sv));
		while (c->sv >= 0 && recv(c->sv, &last, 1, 0) > 0)
			life_drain(c->sv);
		life_end(&call);
		life_say(c);
		net_close(&c->sv);
		life_pair(c);
	}
}

/* Each byte is for one of them; who gets it is open. */
void two_receivers(struct compat *c)
{
	struct life_call a = { .what = "first", .run = life_recv, .len = 3 };
	struct life_call b = { .what = "second", .run = life_recv, .len = 3 };
	int i;

	life_settle();
	a.fd = b.fd = c->sv;
	for (i = 0; i < 20; i++) {
		life_begin(&a);
		life_begin(&b);
		compat_send(c->cl, "abc", 3);
		life_either(&a, &b);
		rec_say("one of them: %d", a.done != b.done);
		compat_send(c->cl, "abc", 3);
		life_end(&a);
		life_end(&b);
		REC(send(c->sv, "answer", 6, 0));
		REC(recv(c->cl, a.buf, 6, MSG_WAITALL));
	}
	life_begin(&a);
	life_begin(&b);
	REC(shutdown(c->cl, SHUT_WR));
	life_end(&a);
	life_end(&b);
}

/* Reading and writing at once; the one who is told first is not the last. */
void both_blocked(struct compat *c)
{
	struct life_call r = { .what = "recv", .run = life_recv, .len = 3 };
	struct life_call s = { .what = "send", .run = life_send_all };
	int i;

	for (i = 0; i < 3; i++) {
		life_settle();
		r.fd = s.fd = c->cl;
		life_fill(c->cl, c->sv);
		life_begin(&r);
		life_begin(&s);
		if (i == 0)
			REC(shutdown(c->cl, SHUT_RDWR));
		if (i == 1)
			life_abort_on_close(c->sv);
		if (i)
			REC(net_close(&c->sv));
		pthread_join(r.thread, NULL);
		pthread_join(s.thread, NULL);
		/* One of them gets the reset, the other what follows it. */
		if (i == 0)
			rec_say("%s, %s", r.ret ? strerrorname_np(r.err) : "end",
				strerrorname_np(s.err));
		else
			rec_say("reset: %d", (r.ret && r.err == ECONNRESET) !=
				(s.err == ECONNRESET));
		life_error("error", c->cl);
		net_close(&c->cl);
		net_close(&c->sv);
		life_pair(c);
	}
}
