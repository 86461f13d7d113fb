// SPDX-License-Identifier: GPL-2.0-only
/* When edge-triggered and one-shot sets say something again. */
#include "epoll.h"

#define EDGE	(EP_ALL | EPOLLET)

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

/* The same, and what the set says of it. */
static void sent(int ep, int fd, int len, const char *what)
{
	sends(fd, len);
	ep_look(ep, what);
}

static void taken(int ep, int fd, int len, const char *what)
{
	reads(fd, len);
	ep_look(ep, what);
}

/* Nothing new the second time. */
static void look_again(int ep, const char *what)
{
	ep_look(ep, what);
	ep_look(ep, "again");
}

static void look_quiet(struct compat *c, int ep, const char *what)
{
	life_quiet(c);
	ep_look(ep, what);
}

static void drain(int fd)
{
	rec_say("read %ld", life_drain(fd));
}

/* The set has both ends; what was there before is said at once. */
static int begin(struct compat *c)
{
	const int ep = ep_new();

	life_settle();
	EP_CTL(ep, ADD, c->cl, EDGE, 1);
	EP_CTL(ep, ADD, c->sv, EDGE, 2);
	look_again(ep, "new");
	return ep;
}

/* Each arrival is an edge, whether the last one has been read or not. */
void edge_data(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 40; i++) {
		sent(ep, c->cl, 1 + 100 * i, "arrived");
		ep_look(ep, "again");
		if (i % 4 == 3)
			drain(c->sv);
		if (i % 8 == 7) {
			ep_look(ep, "read");
			sent(ep, c->sv, 10, "answer");
			taken(ep, c->cl, 10, "answer read");
		}
	}
	/* Two between looks are one event. */
	sends(c->cl, 1);
	sent(ep, c->cl, 1, "two");
	ep_look(ep, "again");
}

/* What is left by a read is no edge; new data is. */
void edge_partial(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 16; i++) {
		sent(ep, c->cl, 100, "arrived");
		taken(ep, c->sv, 40, "read some");
		taken(ep, c->sv, 40, "read more");
		sent(ep, c->cl, 1, "arrived");
		taken(ep, c->sv, 1000, "read all");
		taken(ep, c->sv, 1000, "read nothing");
		sends(c->sv, 1);
		taken(ep, c->cl, 1, "answered");
	}
}

void edge_end(struct compat *c)
{
	const int ep = begin(c);

	sent(ep, c->cl, 100, "arrived");
	REC(shutdown(c->cl, SHUT_WR));
	life_quiet(c);
	look_again(ep, "end");
	taken(ep, c->sv, 50, "read some");
	taken(ep, c->sv, 100, "read the rest");
	taken(ep, c->sv, 100, "read the end");
	sent(ep, c->sv, 100, "answer");
	REC(shutdown(c->sv, SHUT_WR));
	look_quiet(c, ep, "both ends");
	reads(c->cl, 1000);
	taken(ep, c->cl, 1000, "read");
}

void edge_reset(struct compat *c)
{
	const int ep = begin(c);

	sent(ep, c->cl, 100, "arrived");
	EP_CTL(ep, DEL, c->sv, 0, 0);
	compat_close(c, &c->sv);
	life_quiet(c);
	look_again(ep, "reset");
	taken(ep, c->cl, 10, "error taken");
	reads(c->cl, 10);
	sent(ep, c->cl, 10, "written to");
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
		look_again(ep, "full");
		life_empty(c->sv);
		compat_acknowledged(c->cl);
		look_again(ep, "emptied");
		sent(ep, c->cl, 1, "one more byte");
		taken(ep, c->sv, 1, "read");
	}
}

/* EPOLL_CTL_MOD looks again, and EPOLLONESHOT waits for it. */
void edge_rearmed(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 12; i++) {
		sent(ep, c->cl, 10, "arrived");
		EP_CTL(ep, MOD, c->sv, EDGE, 2);
		look_again(ep, "changed");
		EP_CTL(ep, MOD, c->sv, EPOLLIN | EPOLLONESHOT, 2);
		ep_look(ep, "once");
		sent(ep, c->cl, 10, "arrived, once");
		EP_CTL(ep, MOD, c->sv, EPOLLIN | EPOLLONESHOT | EPOLLET, 2);
		ep_look(ep, "once, edge");
		reads(c->sv, 20);
		sent(ep, c->cl, 10, "not armed");
		reads(c->sv, 20);
		EP_CTL(ep, MOD, c->sv, EDGE, 2);
		ep_look(ep, "armed");
		sends(c->sv, 10);
		taken(ep, c->cl, 10, "answered");
	}
}

/* Both directions, with unequal sizes, over the change to rings. */
void edge_both_ways(struct compat *c)
{
	const int ep = begin(c);
	int i;

	for (i = 0; i < 24; i++) {
		sends(c->cl, 3000);
		sent(ep, c->sv, 7, "both");
		taken(ep, c->cl, 7, "one read");
		if (i & 1)
			drain(c->sv);
		ep_look(ep, "other read");
	}
	sent(ep, c->cl, 65536, "much");
}

void edge_urgent(struct compat *c)
{
	const int ep = begin(c);
	char byte = 0;
	int i;

	for (i = 0; i < 4; i++) {
		sent(ep, c->cl, 10, "arrived");
		REC(send(c->cl, "!", 1, MSG_OOB));
		life_settle();
		look_again(ep, "urgent");
		REC_RECV(recv(c->sv, &byte, 1, MSG_OOB), &byte);
		ep_look(ep, "taken");
		drain(c->sv);
		ep_look(ep, "read");
	}
}

void edge_low_water(struct compat *c)
{
	const int ep = begin(c), mark = 100;
	int i;

	REC(setsockopt(c->sv, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)));
	for (i = 0; i < 8; i++) {
		sent(ep, c->cl, 60, "below");
		sent(ep, c->cl, 60, "above");
		taken(ep, c->sv, 50, "below again");
		drain(c->sv);
		sent(ep, c->sv, 100, "answered");
		drain(c->cl);
	}
}

/* A look at the data takes nothing, and is no edge. */
void edge_peek(struct compat *c)
{
	const int ep = begin(c);
	char buf[16];
	int i;

	for (i = 0; i < 10; i++) {
		sent(ep, c->cl, 10, "arrived");
		REC(recv(c->sv, buf, 16, MSG_PEEK));
		ep_look(ep, "peeked");
		reads(c->sv, 16);
		REC(recv(c->sv, buf, 16, MSG_PEEK | MSG_DONTWAIT));
		look_quiet(c, ep, "read");
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
		drain(c->sv);
		ep_look(ep, "edge");
		ep_look(level, "level");
		sent(ep, c->cl, 10, "edge");
		ep_look(level, "level");
		drain(c->sv);
		/* Or TCP may hold the next one back: too many are under way. */
		look_quiet(c, ep, "edge, read");
		ep_look(level, "level, read");
	}
}

void edge_own_shutdown(struct compat *c)
{
	const int ep = begin(c);

	REC(shutdown(c->cl, SHUT_RD));
	look_quiet(c, ep, "reading ended");
	sent(ep, c->sv, 10, "arrived all the same");
	reads(c->cl, 10);
	REC(shutdown(c->cl, SHUT_WR));
	look_quiet(c, ep, "writing ended");
	REC(shutdown(c->cl, SHUT_RDWR));
	look_quiet(c, ep, "both again");
	sent(ep, c->sv, 10, "sent to it");
}
