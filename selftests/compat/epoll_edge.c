// SPDX-License-Identifier: GPL-2.0-only
/* When edge-triggered and one-shot sets say something again. */
#include "epoll.h"

#define EDGE	(EP_ALL | EPOLLET)

/* The set has both ends; what was there before is said at once. */
static int begin(struct compat *c)
{
	const int ep = ep_new();

	life_settle();
	EP_CTL(ep, ADD, c->cl, EDGE, 1);
	EP_CTL(ep, ADD, c->sv, EDGE, 2);
	ep_look(ep, "new");
	ep_look(ep, "again");
	return ep;
}

static void sends(int fd, int len)
{
	static char buf[70000];

	COMPAT_MUST(len <= (int)sizeof(buf));
	REC(send(fd, buf, len, MSG_NOSIGNAL));
	life_settle();
}

static void reads(int fd, int len)
{
	static char buf[70000];

	REC(recv(fd, buf, len, MSG_DONTWAIT));
	life_settle();
}

/* Each arrival is an edge, whether the last one has been read or not. */
void edge_data(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 40; i++) {
		sends(c->cl, 1 + 100 * i);
		ep_look(ep, "arrived");
		ep_look(ep, "again");
		if (i % 4 == 3)
			rec_say("read %ld", life_drain(c->sv));
		if (i % 8 == 7) {
			ep_look(ep, "read");
			sends(c->sv, 10);
			ep_look(ep, "answer");
			reads(c->cl, 10);
			ep_look(ep, "answer read");
		}
	}
	/* Two between looks are one event. */
	sends(c->cl, 1);
	sends(c->cl, 1);
	ep_look(ep, "two");
	ep_look(ep, "again");
}

/* What is left by a read is no edge; new data is. */
void edge_partial(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 16; i++) {
		sends(c->cl, 100);
		ep_look(ep, "arrived");
		reads(c->sv, 40);
		ep_look(ep, "read some");
		reads(c->sv, 40);
		ep_look(ep, "read more");
		sends(c->cl, 1);
		ep_look(ep, "arrived");
		reads(c->sv, 1000);
		ep_look(ep, "read all");
		reads(c->sv, 1000);
		ep_look(ep, "read nothing");
		sends(c->sv, 1);
		reads(c->cl, 1);
		ep_look(ep, "answered");
	}
}

void edge_end(struct compat *c)
{
	const int ep = begin(c);

	sends(c->cl, 100);
	ep_look(ep, "arrived");
	REC(shutdown(c->cl, SHUT_WR));
	life_quiet(c);
	ep_look(ep, "end");
	ep_look(ep, "again");
	reads(c->sv, 50);
	ep_look(ep, "read some");
	reads(c->sv, 100);
	ep_look(ep, "read the rest");
	reads(c->sv, 100);
	ep_look(ep, "read the end");
	sends(c->sv, 100);
	ep_look(ep, "answer");
	REC(shutdown(c->sv, SHUT_WR));
	life_quiet(c);
	ep_look(ep, "both ends");
	reads(c->cl, 1000);
	reads(c->cl, 1000);
	ep_look(ep, "read");
}

void edge_reset(struct compat *c)
{
	const int ep = begin(c);

	sends(c->cl, 100);
	ep_look(ep, "arrived");
	EP_CTL(ep, DEL, c->sv, 0, 0);
	compat_close(c, &c->sv);
	life_quiet(c);
	ep_look(ep, "reset");
	ep_look(ep, "again");
	reads(c->cl, 10);
	ep_look(ep, "error taken");
	reads(c->cl, 10);
	sends(c->cl, 10);
	ep_look(ep, "written to");
	EP_CTL(ep, MOD, c->cl, EDGE, 3);
	ep_look(ep, "changed");
}

/*
 * Room is an edge once there was none.  In how many parts the rest comes to the
 * other end, and so how many edges it has, is open.
 */
void edge_room(struct compat *c)
{
	const int ep = begin(c);
	int i;

	EP_CTL(ep, DEL, c->sv, 0, 0);
	for (i = 0; i < 4; i++) {
		life_fill(c->cl, c->sv);
		ep_look(ep, "full");
		ep_look(ep, "again");
		do {
			life_settle();
		} while (life_drain(c->sv));
		compat_acknowledged(c->cl);
		ep_look(ep, "emptied");
		ep_look(ep, "again");
		sends(c->cl, 1);
		ep_look(ep, "one more byte");
		reads(c->sv, 1);
		ep_look(ep, "read");
	}
}

/* EPOLL_CTL_MOD looks again, and EPOLLONESHOT waits for it. */
void edge_rearmed(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 12; i++) {
		sends(c->cl, 10);
		ep_look(ep, "arrived");
		EP_CTL(ep, MOD, c->sv, EDGE, 2);
		ep_look(ep, "changed");
		ep_look(ep, "again");
		EP_CTL(ep, MOD, c->sv, EPOLLIN | EPOLLONESHOT, 2);
		ep_look(ep, "once");
		sends(c->cl, 10);
		ep_look(ep, "arrived, once");
		EP_CTL(ep, MOD, c->sv, EPOLLIN | EPOLLONESHOT | EPOLLET, 2);
		ep_look(ep, "once, edge");
		reads(c->sv, 20);
		sends(c->cl, 10);
		ep_look(ep, "not armed");
		reads(c->sv, 20);
		EP_CTL(ep, MOD, c->sv, EDGE, 2);
		ep_look(ep, "armed");
		sends(c->sv, 10);
		reads(c->cl, 10);
		ep_look(ep, "answered");
	}
}

/* Both directions, with unequal sizes, over the change to rings. */
void edge_both_ways(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 24; i++) {
		sends(c->cl, 3000);
		sends(c->sv, 7);
		ep_look(ep, "both");
		reads(c->cl, 7);
		ep_look(ep, "one read");
		if (i & 1)
			rec_say("read %ld", life_drain(c->sv));
		ep_look(ep, "other read");
	}
	sends(c->cl, 65536);
	ep_look(ep, "much");
}

void edge_urgent(struct compat *c)
{
	const int ep = begin(c);
	char byte = 0;
	int i;

	for (i = 0; i < 4; i++) {
		sends(c->cl, 10);
		ep_look(ep, "arrived");
		REC(send(c->cl, "!", 1, MSG_OOB));
		life_settle();
		ep_look(ep, "urgent");
		ep_look(ep, "again");
		REC_RECV(recv(c->sv, &byte, 1, MSG_OOB), &byte);
		ep_look(ep, "taken");
		rec_say("read %ld", life_drain(c->sv));
		ep_look(ep, "read");
	}
}

void edge_low_water(struct compat *c)
{
	const int ep = begin(c), mark = 100;
	int i;

	REC(setsockopt(c->sv, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)));
	for (i = 0; i < 8; i++) {
		sends(c->cl, 60);
		ep_look(ep, "below");
		sends(c->cl, 60);
		ep_look(ep, "above");
		reads(c->sv, 50);
		ep_look(ep, "below again");
		rec_say("read %ld", life_drain(c->sv));
		sends(c->sv, 100);
		ep_look(ep, "answered");
		rec_say("read %ld", life_drain(c->cl));
	}
}

/* A look at the data takes nothing, and is no edge. */
void edge_peek(struct compat *c)
{
	const int ep = begin(c);
	char buf[16];
	int i;

	for (i = 0; i < 10; i++) {
		sends(c->cl, 10);
		ep_look(ep, "arrived");
		REC(recv(c->sv, buf, 16, MSG_PEEK));
		ep_look(ep, "peeked");
		reads(c->sv, 16);
		REC(recv(c->sv, buf, 16, MSG_PEEK | MSG_DONTWAIT));
		life_quiet(c);
		ep_look(ep, "read");
	}
}

/* Ready when it came, and no longer when somebody looks. */
void edge_drained_by_other(struct compat *c)
{
	const int ep = ep_new(), level = ep_new();
	int i;

	life_settle();
	EP_CTL(ep, ADD, c->sv, EPOLLIN | EPOLLET, 1);
	EP_CTL(level, ADD, c->sv, EPOLLIN, 2);
	for (i = 0; i < 16; i++) {
		sends(c->cl, 10);
		rec_say("read %ld", life_drain(c->sv));
		ep_look(ep, "edge");
		ep_look(level, "level");
		sends(c->cl, 10);
		ep_look(ep, "edge");
		ep_look(level, "level");
		rec_say("read %ld", life_drain(c->sv));
		/* Or TCP may hold the next one back: too many are under way. */
		life_quiet(c);
		ep_look(ep, "edge, read");
		ep_look(level, "level, read");
	}
}

void edge_own_shutdown(struct compat *c)
{
	const int ep = begin(c);

	REC(shutdown(c->cl, SHUT_RD));
	life_quiet(c);
	ep_look(ep, "reading ended");
	sends(c->sv, 10);
	ep_look(ep, "arrived all the same");
	reads(c->cl, 10);
	REC(shutdown(c->cl, SHUT_WR));
	life_quiet(c);
	ep_look(ep, "writing ended");
	REC(shutdown(c->cl, SHUT_RDWR));
	life_quiet(c);
	ep_look(ep, "both again");
	sends(c->sv, 10);
	ep_look(ep, "sent to it");
}
