// SPDX-License-Identifier: GPL-2.0-only
/* epoll_wait(): what ends it, and sets that change while it waits. */
#include <signal.h>
#include <time.h>

#include "epoll.h"

static void ends_with(struct life_call *call)
{
	life_end(call);
	if (call->ret > 0)
		rec_epoll("events", call->len);
}

static void ends_and_reads(struct life_call *call, int fd)
{
	ends_with(call);
	ep_recv(fd);
}

static void wake(struct compat *c, struct life_call *call, uint32_t form)
{
	int i;

	EP_CTL(call->fd, ADD, c->sv, EPOLLIN | EPOLLRDHUP | form, 1);
	for (i = 0; i < 20; i++) {
		life_begin(call);
		ep_send(c->cl, "hello");
		ends_and_reads(call, c->sv);
		ep_pass(c->sv, c->cl, "world");
		if (form & EPOLLONESHOT)
			EP_CTL(call->fd, MOD, c->sv, EPOLLIN | form, 1);
	}
	EP_CTL(call->fd, DEL, c->sv, 0, 0);
}

void wait_woken(struct compat *c)
{
	struct life_call call = LIFE_CALL("epoll_wait", ep_wait_one, ep_new());

	life_settle();
	wake(c, &call, 0);
	wake(c, &call, EPOLLET);
	wake(c, &call, EPOLLONESHOT);
	EP_CTL(call.fd, ADD, c->sv, EPOLLRDHUP, 2);
	life_begin(&call);
	ep_send(c->cl, "not that");
	life_look(&call);
	REC(shutdown(c->cl, SHUT_WR));
	ends_with(&call);
	EP_CTL(call.fd, MOD, c->sv, 0, 3);
	life_begin(&call);
	ep_recv(c->sv);
	life_look(&call);
	REC(shutdown(c->sv, SHUT_WR));
	ends_with(&call);
}

void wait_interrupted(struct compat *c)
{
	struct life_call call = LIFE_CALL("epoll_wait", ep_wait_one, ep_new());
	int i;

	life_settle();
	life_handle(true);
	EP_CTL(call.fd, ADD, c->cl, EPOLLIN, 1);
	for (i = 0; i < 4; i++) {
		life_begin(&call);
		REC(pthread_kill(call.thread, SIGUSR1));
		ends_with(&call);
	}
	rec_say("handled %d", net_signals);
	life_begin(&call);
	ep_send(c->sv, "x");
	ends_with(&call);
}

/* A signal that only the call lets through. */
void wait_mask(struct compat *c)
{
	const int ep = ep_new();
	struct epoll_event ev;
	sigset_t usr, none;

	life_settle();
	sigemptyset(&none);
	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	COMPAT_MUST(!net_count_signal(SIGUSR1));
	COMPAT_MUST(!pthread_sigmask(SIG_BLOCK, &usr, NULL));
	EP_CTL(ep, ADD, c->cl, EPOLLIN, 1);
	REC(raise(SIGUSR1));
	REC(epoll_wait(ep, &ev, 1, 0));
	REC(epoll_pwait(ep, &ev, 1, 0, NULL));
	rec_say("handled %d", net_signals);
	REC(epoll_pwait(ep, &ev, 1, -1, &none));
	rec_say("handled %d", net_signals);
	ep_send(c->sv, "x");
	REC(raise(SIGUSR1));
	REC(epoll_pwait(ep, &ev, 1, -1, &none));
	rec_say("handled %d", net_signals);
	ep_recv(c->cl);
	REC(epoll_pwait(ep, &ev, 1, 0, &none));
	rec_say("handled %d", net_signals);
	REC(pthread_sigmask(SIG_BLOCK, NULL, &none));
	rec_say("blocked %d", sigismember(&none, SIGUSR1));
}

void wait_timeouts(struct compat *c)
{
	const int ep = ep_new();
	const uint64_t start = net_now_ms();
	struct epoll_event ev;

	REC(epoll_wait(ep, &ev, 1, 20));
	EP_CTL(ep, ADD, c->cl, EPOLLIN, 1);
	REC(epoll_wait(ep, &ev, 1, 20));
	rec_say("waited: %d", net_now_ms() - start >= 20);
	compat_send(c->sv, "x", 1);
	REC(epoll_wait(ep, &ev, 1, 100000));
	REC(epoll_wait(ep, &ev, 1, -7));
}

void pwait2(struct compat *c)
{
	struct timespec ts = { 0, 20000000 }, bad = { 0, 1000000000 };
	struct timespec past = { -1, 0 }, now = { 0, 0 };
	struct timespec *volatile nowhere = (void *)8;
	const uint64_t start = net_now_ms();
	const int ep = ep_new();
	struct epoll_event ev;
	sigset_t none;

	life_settle();
	EP_CTL(ep, ADD, c->cl, EPOLLIN, 1);
	REC(epoll_pwait2(ep, &ev, 1, &ts, NULL));
	rec_say("waited: %d, left %ld", net_now_ms() - start >= 10, ts.tv_nsec);
	REC(epoll_pwait2(ep, &ev, 1, &bad, NULL));
	REC(epoll_pwait2(ep, &ev, 1, &past, NULL));
	REC(epoll_pwait2(ep, &ev, 1, nowhere, NULL));
	REC(epoll_pwait2(ep, &ev, 1, &now, NULL));
	ep_send(c->sv, "x");
	REC(epoll_pwait2(ep, &ev, 1, NULL, NULL));
	rec_epoll("got", ev.events);
	sigemptyset(&none);
	REC(epoll_pwait2(ep, &ev, 1, NULL, &none));
	REC(epoll_pwait2(ep, &ev, 0, NULL, &none));
}

#define MANY	12

/* More are ready than there is room for: the others come next. */
void few_at_a_time(struct compat *c)
{
	struct net_pair pairs[MANY];
	struct epoll_event ev[5];
	int ep = ep_new(), i, n, seen[MANY], round;

	life_settle();
	for (i = 0; i < MANY; i++) {
		compat_pair(c, &pairs[i]);
		EP_CTL(ep, ADD, pairs[i].server, EPOLLIN, i);
	}
	for (round = 0; round < 8; round++) {
		memset(seen, 0, sizeof(seen));
		for (i = 0; i < MANY; i++)
			compat_send(pairs[i].client, "x", 1);
		life_settle();
		for (i = 0; i < 12; i++) {
			n = REC(epoll_wait(ep, ev, 5, 0));
			while (n-- > 0)
				seen[ev[n].data.u32]++;
		}
		/* 60 places for 12: each has been in them five times. */
		for (i = 0; i < MANY; i++)
			rec_say("%d: %d, read %ld", i, seen[i],
				life_drain(pairs[i].server));
		for (i = 0; i < MANY; i++)
			compat_acknowledged(pairs[i].client);
		ep_look(ep, "read");
	}
}

void added_meanwhile(struct compat *c)
{
	struct life_call call = LIFE_CALL("epoll_wait", ep_wait_one, ep_new());
	int i;

	life_settle();
	for (i = 0; i < 12; i++) {
		/* First what is ready when it is added, then what is not. */
		life_begin(&call);
		if (i & 1)
			ep_send(c->cl, "before");
		EP_CTL(call.fd, ADD, c->sv, EPOLLIN, 1);
		life_look(&call);
		ep_send(c->cl, "after");
		ends_and_reads(&call, c->sv);
		EP_CTL(call.fd, DEL, c->sv, 0, 0);
		ep_pass(c->sv, c->cl, "answer");
	}
}

void changed_meanwhile(struct compat *c)
{
	struct life_call call = LIFE_CALL("epoll_wait", ep_wait_one, ep_new());
	int i;

	life_settle();
	EP_CTL(call.fd, ADD, c->sv, 0, 1);
	for (i = 0; i < 12; i++) {
		life_begin(&call);
		ep_send(c->cl, "unasked");
		life_look(&call);
		EP_CTL(call.fd, MOD, c->sv, EPOLLIN | (i & 1 ? EPOLLET : 0), 2);
		ends_and_reads(&call, c->sv);
		EP_CTL(call.fd, MOD, c->sv, 0, 1);
		ep_pass(c->sv, c->cl, "answer");
	}
}

void removed_meanwhile(struct compat *c)
{
	struct life_call call = LIFE_CALL("epoll_wait", ep_wait_one, ep_new());
	struct net_pair other;
	int i;

	life_settle();
	compat_pair(c, &other);
	EP_CTL(call.fd, ADD, other.server, EPOLLIN, 2);
	for (i = 0; i < 12; i++) {
		EP_CTL(call.fd, ADD, c->sv, EPOLLIN, 1);
		life_begin(&call);
		EP_CTL(call.fd, DEL, c->sv, 0, 0);
		ep_send(c->cl, "unseen");
		life_look(&call);
		ep_send(other.client, "seen");
		ends_and_reads(&call, c->sv);
		ep_recv(other.server);
		ep_pass(c->sv, c->cl, "answer");
	}
}

/* Closing removes it; the one that waits hears nothing of it. */
void closed_meanwhile(struct compat *c)
{
	struct life_call call = LIFE_CALL("epoll_wait", ep_wait_one, ep_new());
	struct net_pair other;

	life_settle();
	compat_pair(c, &other);
	EP_CTL(call.fd, ADD, c->sv, EPOLLIN | EPOLLRDHUP, 1);
	EP_CTL(call.fd, ADD, other.server, EPOLLIN | EPOLLRDHUP, 2);
	life_begin(&call);
	compat_close(c, &c->sv);
	life_look(&call);
	REC_POLL(c->cl, EPOLLIN | EPOLLRDHUP);
	ep_send(other.client, "other");
	ends_and_reads(&call, other.server);
	/* A set that is closed while somebody waits for it lives on. */
	life_begin(&call);
	REC(close(call.fd));
	life_look(&call);
	ep_send(other.client, "still");
	ends_with(&call);
}

/* Each waits for its own sockets. */
void one_thread_each(struct compat *c)
{
	struct life_call calls[4];
	struct net_pair pairs[4];
	int i, round;

	life_settle();
	for (i = 0; i < 4; i++) {
		calls[i] = (struct life_call)
			LIFE_CALL("epoll_wait", ep_wait_one, ep_new());
		compat_pair(c, &pairs[i]);
		EP_CTL(calls[i].fd, ADD, pairs[i].server, EPOLLIN, 1 + i);
	}
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 4; i++)
			life_begin(&calls[i]);
		for (i = 0; i < 4; i++) {
			const int at = (i + round) % 4;

			ep_send(pairs[at].client, "for one");
			ends_and_reads(&calls[at], pairs[at].server);
		}
	}
}

/* Two wait for one set: an edge is for one of them. */
void one_of_two_threads(struct compat *c)
{
	struct life_call a = LIFE_CALL("first", ep_wait_one, ep_new());
	struct life_call b = LIFE_CALL("second", ep_wait_one, a.fd);
	struct net_pair other;
	int i;

	life_settle();
	compat_pair(c, &other);
	EP_CTL(a.fd, ADD, c->sv, EPOLLIN | EPOLLET, 1);
	EP_CTL(a.fd, ADD, other.server, EPOLLIN | EPOLLET, 2);
	for (i = 0; i < 10; i++) {
		life_begin(&a);
		life_begin(&b);
		ep_send(c->cl, "for one");
		ep_send(other.client, "for the other");
		pthread_join(a.thread, NULL);
		pthread_join(b.thread, NULL);
		/* Either may have got either. */
		rec_say("%ld between them", a.ret + b.ret);
		ep_look(a.fd, "left");
		life_quiet(c);
		ep_recv(c->sv);
		ep_recv(other.server);
	}
}

void room_meanwhile(struct compat *c)
{
	struct life_call call = LIFE_CALL("epoll_wait for room", ep_wait_one, ep_new());
	int i;

	life_settle();
	for (i = 0; i < 4; i++) {
		EP_CTL(call.fd, ADD, c->cl,
		       EPOLLOUT | (i & 1 ? EPOLLET : 0), 1);
		life_fill(c->cl, c->sv);
		/* One edge was there before it was full. */
		ep_look(call.fd, "full");
		life_begin(&call);
		life_look(&call);
		life_empty(c->sv);
		ends_with(&call);
		EP_CTL(call.fd, DEL, c->cl, 0, 0);
	}
}

/* As servers do it: edges, reading until there is no more. */
void echo_server(struct compat *c)
{
	static char out[40000], in[40000];
	const int ep = ep_new();
	long sum, sent, n;
	int i;

	life_settle();
	COMPAT_MUST(!net_nonblock(c->sv) && !net_nonblock(c->cl));
	EP_CTL(ep, ADD, c->sv, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 1);
	EP_CTL(ep, ADD, c->cl, EPOLLIN | EPOLLET, 2);
	ep_look(ep, "new");
	for (i = 1; i < 60; i++) {
		net_fill(out, 613 * i, 1, i);
		sent = REC(send(c->cl, out, 613 * i, 0));
		life_settle();
		ep_look(ep, "request");
		for (sum = 0; (n = recv(c->sv, in + sum, 4096, 0)) > 0;)
			sum += n;
		rec_bytes("request", in, sum);
		ep_look(ep, "read");
		REC(send(c->sv, in, sum, 0) == sent);
		life_settle();
		ep_look(ep, "answer");
		rec_say("read %ld", life_drain(c->cl));
	}
	compat_close(c, &c->cl);
	life_settle();
	ep_look(ep, "closed");
}
