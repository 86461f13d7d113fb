// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets that are used by signal handlers in the middle of a call on them, that are
 * left by jumps, and whose threads are cancelled.  The timer's signal comes
 * anywhere; what is written down does not depend on where.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "epoll.h"

#define SIGNALS	100
#define ROUNDS	20

static int set, member;
static volatile sig_atomic_t handled, wrong;
static sigjmp_buf out;

static void tick(int us)
{
	struct itimerval it = { { 0, us }, { 0, us } };

	COMPAT_MUST(!setitimer(ITIMER_REAL, &it, NULL));
}

static void handle(void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler };

	handled = 0;
	wrong = 0;
	COMPAT_MUST(!sigaction(SIGALRM, &act, NULL));
	tick(1000);
}

/* What the tags are, if there is anything. */
static void check(const struct epoll_event *ev, int n)
{
	if (n > 1 || (n == 1 && ev->data.u64 != 1 && ev->data.u64 != 2))
		wrong++;
}

static void look_until_handled(int signals)
{
	struct epoll_event ev;

	while (handled < signals)
		check(&ev, epoll_wait(set, &ev, 1, 0));
	tick(0);
}

/* On rings, in a set that is served. */
static void begin(struct compat *c)
{
	int i;

	set = ep_new();
	member = c->sv;
	life_settle();
	EP_CTL(set, ADD, c->sv, EPOLLIN | EPOLLRDHUP, 1);
	for (i = 0; i < 20; i++) {
		ep_pass(c->cl, c->sv, "hello");
		ep_pass(c->sv, c->cl, "world");
		ep_look(set, "nothing");
	}
}

static void goes_on(struct compat *c, uint64_t tag)
{
	ep_send(c->cl, "again");
	ep_wait(set, "arrived");
	ep_recv(c->sv);
	ep_look(set, "read");
	EP_CTL(set, MOD, c->sv, EPOLLIN | EPOLLRDHUP, tag);
	ep_send(c->cl, "and again");
	ep_wait(set, "arrived");
	ep_recv(c->sv);
}

static void change_and_look(int sig)
{
	struct epoll_event ev = { EPOLLIN, { .u64 = 1 + handled % 2 } };

	(void)sig;
	if (epoll_ctl(set, EPOLL_CTL_MOD, member, &ev))
		wrong++;
	check(&ev, epoll_wait(set, &ev, 1, 0));
	handled++;
}

/* A handler that changes the set, and looks itself. */
void handler_looks(struct compat *c)
{
	begin(c);
	handle(change_and_look);
	look_until_handled(SIGNALS);
	rec_say("wrong %d", wrong);
	ep_send(c->cl, "for both");
	ep_wait(set, "arrived");
	ep_recv(c->sv);
	goes_on(c, 3);
}

static void close_it(int sig)
{
	(void)sig;
	if (handled++ == 3)
		close(member);
}

/* A handler that closes the member that is looked at: its end is told. */
void handler_closes(struct compat *c)
{
	begin(c);
	handle(close_it);
	look_until_handled(8);
	rec_say("wrong %d", wrong);
	c->sv = -1;
	compat_until(c->cl, POLLRDHUP);
	ep_recv(c->cl);
	EP_CTL(set, DEL, member, 0, 0);
	EP_CTL(set, ADD, c->cl, EPOLLIN | EPOLLRDHUP, 2);
	ep_look(set, "the other end");
}

static void jump(int sig)
{
	(void)sig;
	handled++;
	siglongjmp(out, 1);
}

static void *change_it(void *arg)
{
	struct epoll_event ev = { EPOLLIN | EPOLLRDHUP, { .u64 = 2 } };

	(void)arg;
	return epoll_ctl(set, EPOLL_CTL_MOD, member, &ev) ? &set : NULL;
}

/* The old way to end a wait; then another thread wants the set. */
void jumped_out(struct compat *c)
{
	pthread_t thread;
	void *failed;

	begin(c);
	sigsetjmp(out, 1);
	if (!handled)
		handle(jump);
	look_until_handled(SIGNALS);
	rec_say("wrong %d", wrong);
	COMPAT_MUST(!pthread_create(&thread, NULL, change_it, NULL));
	pthread_join(thread, &failed);
	rec_say("changed: %s", failed ? "no" : "yes");
	goes_on(c, 3);
}

void jumped_out_of_poll(struct compat *c)
{
	struct pollfd pfd = { .fd = c->sv, .events = POLLIN };

	begin(c);
	close(set);
	sigsetjmp(out, 1);
	if (!handled)
		handle(jump);
	while (handled < SIGNALS)
		wrong += poll(&pfd, 1, 0) != 0;
	tick(0);
	rec_say("wrong %d", wrong);
	/* Nothing of it is kept: the other end sees the end. */
	compat_close(c, &c->sv);
	compat_until(c->cl, POLLRDHUP);
	ep_recv(c->cl);
}

static void *look_for_ever(void *arg)
{
	struct epoll_event ev;

	(void)arg;
	for (;;) {
		check(&ev, epoll_wait(set, &ev, 1, 0));
		__atomic_store_n(&handled, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* A thread that ends in the middle of it leaves the set as it was. */
void cancelled(struct compat *c)
{
	pthread_t thread;
	void *how;
	int i, lost = 0;

	begin(c);
	for (i = 0; i < ROUNDS; i++) {
		handled = 0;
		COMPAT_MUST(!pthread_create(&thread, NULL, look_for_ever, NULL));
		COMPAT_MUST(net_until(__atomic_load_n(&handled,
						      __ATOMIC_RELAXED)));
		pthread_cancel(thread);
		pthread_join(thread, &how);
		lost += how != PTHREAD_CANCELED;
		EP_CTL(set, MOD, c->sv, EPOLLIN | EPOLLRDHUP, 1);
	}
	rec_say("wrong %d, lost %d", wrong, lost);
	goes_on(c, 2);
}
