// SPDX-License-Identifier: GPL-2.0-only
/* What wakes a call that waits, and what does not; sets that change meanwhile. */
#include <poll.h>
#include <sys/select.h>

#include "ready.h"

/* What the peer, or the socket's own process, does to a waiting poll(). */
struct stir {
	const char *name;
	short events;
	void (*act)(struct compat *c);
};

static void send_byte(struct compat *c)
{
	REC(send(c->sv, "x", 1, 0));
}

static void send_urgent(struct compat *c)
{
	REC(send(c->sv, "!", 1, MSG_OOB));
}

static void peer_closes(struct compat *c)
{
	REC(close(c->sv));
	c->sv = -1;
}

static void peer_resets(struct compat *c)
{
	life_abort_on_close(c->sv);
	peer_closes(c);
}

static const struct stir stirs[] = {
	{ "data", POLLIN, send_byte },
	{ "data, for the end", POLLIN | POLLRDHUP, send_byte },
	{ "urgent", POLLPRI, send_urgent },
	{ "end", POLLIN, life_peer_shuts_wr },
	{ "end, only that", POLLRDHUP, life_peer_shuts_wr },
	{ "close", POLLIN, peer_closes },
	{ "reset", POLLIN, peer_resets },
	{ "reset, nothing asked", 0, peer_resets },
	{ "reset, urgent asked", POLLPRI, peer_resets },
	{ "own end of reading", POLLIN, life_shuts_rd },
	{ "own end of reading, only that", POLLRDHUP, life_shuts_rd },
	{ "both own ends", 0, life_shuts_both },
	{ }
};

static void stir_poll(struct compat *c, const struct stir *s)
{
	struct life_call call = { "poll", life_poll, .fd = c->cl,
				  .len = s->events };

	life_begin(&call);
	s->act(c);
	life_end(&call);
	rec_poll("woken", call.ret);
}

void poll_woken(struct compat *c)
{
	const struct stir *s;

	for (s = stirs; s->name; s++) {
		struct compat one = *c;

		rec_say("-- %s", s->name);
		compat_pair(c, &one.p);
		one.cl = one.p.client;
		one.sv = one.p.server;
		stir_poll(&one, s);
	}
}

/* Returns a number whose digits say which sets have it. */
static long wait_select(struct life_call *call)
{
	fd_set sets[3];
	int i, ret;

	for (i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(call->fd, &sets[i]);
	}
	ret = select(call->fd + 1, call->len & 1 ? &sets[0] : NULL,
		     call->len & 2 ? &sets[1] : NULL,
		     call->len & 4 ? &sets[2] : NULL, NULL);
	if (ret < 0)
		return ret;
	for (i = 0; i < 3; i++)
		ret = 10 * ret + (call->len & (1 << i) &&
				  FD_ISSET(call->fd, &sets[i]));
	return ret;
}

void select_woken(struct compat *c)
{
	static const struct stir select_stirs[] = {
		{ "data", 1, send_byte },
		{ "data, exceptions too", 5, send_byte },
		{ "urgent", 4, send_urgent },
		{ "end", 1, life_peer_shuts_wr },
		{ "close", 5, peer_closes },
		{ "reset", 1, peer_resets },
		{ "own end", 1, life_shuts_rd },
		{ }
	};
	const struct stir *s;

	for (s = select_stirs; s->name; s++) {
		struct compat one = *c;
		struct life_call call = { "select", wait_select,
					  .len = s->events };

		rec_say("-- %s", s->name);
		compat_pair(c, &one.p);
		call.fd = one.cl = one.p.client;
		one.sv = one.p.server;
		life_begin(&call);
		s->act(&one);
		life_end(&call);
	}
}

/* What it does not ask for must not end it; then what it asks for does. */
void poll_not_woken(struct compat *c)
{
	struct life_call call = { "poll for the end", life_poll, .fd = c->cl,
				  .len = POLLRDHUP };
	int i;

	life_settle();
	life_begin(&call);
	for (i = 0; i < 20; i++) {
		compat_send(c->sv, "not that", 8);
		life_quiet(c);
	}
	life_shuts_wr(c);
	life_settle();
	life_look(&call);
	life_peer_shuts_wr(c);
	life_end(&call);
	rec_poll("woken", call.ret);
	rec_say("read %ld", life_drain(c->cl));
}

/* A time that has passed is not measured, only that it did. */
void poll_timeouts(struct compat *c)
{
	struct pollfd pfd = { c->cl, POLLIN, 0x55 };
	struct timespec ts = { 0, 20000000 };
	uint64_t start = net_now_ms();

	REC(poll(&pfd, 1, 0));
	rec_poll("now", pfd.revents);
	REC(poll(&pfd, 1, 20));
	rec_say("waited: %d", net_now_ms() - start >= 10);
	start = net_now_ms();
	REC(ppoll(&pfd, 1, &ts, NULL));
	/* libc hides that the system call writes what is left. */
	rec_say("waited: %d, left %ld.%09ld", net_now_ms() - start >= 10,
		(long)ts.tv_sec, ts.tv_nsec);
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	REC(poll(&pfd, 1, -5));
	REC(ppoll(&pfd, 1, NULL, NULL));
	rec_poll("has data", pfd.revents);
}

static void say_left(const char *what, const struct timeval *tv)
{
	rec_say("  %s: %s", what, !tv->tv_sec && !tv->tv_usec ? "none" :
		tv->tv_sec > 500 && tv->tv_sec < 1000 ? "less" : "as before");
}

void select_timeouts(struct compat *c)
{
	struct timeval tv = { 0, 20000 };
	struct timespec ts = { 1000, 0 };
	fd_set in;

	FD_ZERO(&in);
	FD_SET(c->cl, &in);
	REC(select(c->cl + 1, &in, NULL, NULL, &tv));
	say_left("left of 20 ms", &tv);
	rec_say("set: %d", FD_ISSET(c->cl, &in));
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	FD_SET(c->cl, &in);
	tv = (struct timeval){ 1000, 0 };
	REC(select(c->cl + 1, &in, NULL, NULL, &tv));
	say_left("left of 1000 s", &tv);
	FD_SET(c->cl, &in);
	REC(pselect(c->cl + 1, &in, NULL, NULL, &ts, NULL));
	rec_say("left of pselect: %ld", (long)ts.tv_sec);
	FD_SET(c->cl, &in);
	REC(select(c->cl + 1, &in, NULL, NULL, NULL));
}

/* Writing that is shut down is said to a poll() that waits for room. */
void own_shutdown_wakes(struct compat *c)
{
	struct life_call call = { "poll for room", life_poll, .fd = c->cl,
				  .len = POLLOUT };

	life_fill(c->cl, c->sv);
	life_begin(&call);
	REC(shutdown(c->cl, SHUT_WR));
	life_end(&call);
	rec_poll("woken", call.ret);
	compat_pair(c, &c->p);
	call.fd = c->p.client;
	life_fill(call.fd, c->p.server);
	life_begin(&call);
	REC(close(c->p.server));
	life_end(&call);
	rec_poll("woken by a reset", call.ret);
}

/* All that wait are told; one of them gets the byte. */
void two_waiters(struct compat *c)
{
	struct life_call a = { "first", life_poll, .fd = c->cl, .len = POLLIN };
	struct life_call b = { "second", life_poll, .fd = c->cl,
			       .len = POLLIN | POLLRDHUP };
	int i;

	for (i = 0; i < 12; i++) {
		life_begin(&a);
		life_begin(&b);
		REC(send(c->sv, "both", 4, 0));
		life_end(&a);
		life_end(&b);
		REC(recv(c->cl, a.buf, 4, 0));
		REC(send(c->cl, "back", 4, 0));
		REC(recv(c->sv, a.buf, 4, 0));
	}
}

/* A poll() goes on with the socket that it began with. */
void closed_while_waiting(struct compat *c)
{
	struct life_call call = { "poll", life_poll, .fd = c->cl,
				  .len = POLLIN };

	life_begin(&call);
	compat_close(c, &c->cl);
	life_look(&call);
	REC_POLL(c->sv, POLLIN | POLLRDHUP | POLLOUT);
	REC(send(c->sv, "still there", 11, 0));
	life_end(&call);
	rec_poll("woken", call.ret);
	/* It was the last holder: the bytes are unread, so that is a reset. */
	compat_until(c->sv, POLLERR);
	REC_POLL(c->sv, POLLIN | POLLRDHUP | POLLOUT);
	REC(recv(c->sv, call.buf, 8, 0));
}

/* The number is another socket's now: the old one wakes, the new one is seen. */
void replaced_while_waiting(struct compat *c)
{
	struct life_call call = { "poll", life_poll, .fd = c->cl,
				  .len = POLLIN };
	struct net_pair other;
	char buf[8];

	compat_pair(c, &other);
	life_begin(&call);
	REC(dup2(other.client, c->cl) == c->cl);
	REC(send(other.server, "other", 5, 0));
	compat_arrived(c->cl, 5);
	life_look(&call);
	REC(send(c->sv, "first", 5, 0));
	life_end(&call);
	rec_poll("woken", call.ret);
	REC_RECV(recv(c->cl, buf, sizeof(buf), 0), buf);
	REC_POLL(c->cl, POLLIN);
	compat_until(c->sv, POLLERR);
	REC_POLL(c->sv, POLLIN);
}

static long poll_two(struct life_call *call)
{
	return poll(call->arg, 2, -1);
}

/* What is written into the set meanwhile is not looked at. */
void added_while_waiting(struct compat *c)
{
	struct pollfd pfd[2] = { { c->cl, POLLIN, 0 }, { -1, POLLIN, 0 } };
	struct life_call call = { "poll of two", poll_two, .arg = pfd };
	struct net_pair other;

	compat_pair(c, &other);
	life_begin(&call);
	pfd[1].fd = other.client;
	REC(send(other.server, "x", 1, 0));
	compat_arrived(other.client, 1);
	life_look(&call);
	REC(send(c->sv, "y", 1, 0));
	life_end(&call);
	rec_poll("the first", pfd[0].revents);
	rec_poll("the second", pfd[1].revents);
	REC(poll(pfd, 2, -1));
	rec_poll("the first, then", pfd[0].revents);
	rec_poll("the second, then", pfd[1].revents);
}
