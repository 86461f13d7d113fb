// SPDX-License-Identifier: GPL-2.0-only
/* connect() with AF_UNSPEC ends a connection: the socket is as new. */
#include "connect.h"

#define AGAIN_EVENTS	(POLLIN | POLLOUT | POLLRDHUP)

static int unspec(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	int ret = REC(connect(fd, &none, sizeof(none)));

	life_settle();
	return ret;
}

static void meet(struct compat *c)
{
	REC(connect(c->cl, &c->p.addr.sa, net_addr_len(c->nf)));
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	say_talk(c->cl, c->sv);
}

void unspec_in_states(struct compat *c)
{
	const struct life_state *s;
	char byte;

	for (s = life_states; s->name; s++) {
		life_open(c, s);
		unspec(c->cl);
		REC_POLL(c->cl, AGAIN_EVENTS);
		if (c->sv >= 0)
			REC_POLL(c->sv, AGAIN_EVENTS);
		life_error("error", c->cl);
		say_names(c, "it", c->cl);
		REC(recv(c->cl, &byte, 1, MSG_DONTWAIT));
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
		REC(shutdown(c->cl, SHUT_WR));
		unspec(c->cl);
		life_close(c);
	}
}

/* Other bytes, another server: nothing of the first one is left. */
void unspec_then_connect(struct compat *c)
{
	int i;

	listen_here(c, 8);
	life_pair(c);
	for (i = 0; i < 5; i++) {
		int old = c->sv;

		REC(send(c->cl, "to the old one", 14, 0));
		unspec(c->cl);
		REC_POLL(old, AGAIN_EVENTS);
		meet(c);
		REC_POLL(old, AGAIN_EVENTS);
		rec_say("old: %ld", life_drain(old));
		REC(net_close(&old));
		say_names(c, "it", c->cl);
	}
	REC(shutdown(c->cl, SHUT_WR));
	life_settle();
	REC_POLL(c->sv, AGAIN_EVENTS);
}

void unspec_then_listen(struct compat *c)
{
	union net_addr addr;
	socklen_t len = sizeof(addr);
	int fd, peer;

	listen_here(c, 8);
	life_pair(c);
	unspec(c->cl);
	REC(listen(c->cl, 4));
	say_names(c, "it", c->cl);
	COMPAT_MUST(!getsockname(c->cl, &addr.sa, &len));
	fd = REC_FD(net_connect(c->nf, &addr));
	peer = REC_FD(accept(c->cl, NULL, NULL));
	if (fd >= 0 && peer >= 0)
		say_talk(fd, peer);
}

/* Unread bytes, on either side, are gone. */
void unspec_unread(struct compat *c)
{
	static char much[50000];
	char buf[16];
	int i;

	listen_here(c, 8);
	for (i = 0; i < 3; i++) {
		life_pair(c);
		compat_send(c->sv, much, i == 2 ? sizeof(much) : 5);
		compat_send(c->cl, much, i == 2 ? sizeof(much) : 5);
		life_settle();
		if (i == 1)
			REC(shutdown(c->cl, SHUT_WR));
		unspec(c->cl);
		REC(recv(c->cl, buf, sizeof(buf), MSG_DONTWAIT));
		REC_POLL(c->sv, AGAIN_EVENTS);
		REC(recv(c->sv, buf, 16, MSG_DONTWAIT));
		REC(recv(c->sv, buf, 16, MSG_DONTWAIT));
		net_close(&c->sv);
		meet(c);
		life_close(c);
	}
}

/* Somebody sleeps in recv() or poll(). */
void unspec_while_waiting(struct compat *c)
{
	struct life_call r = { .what = "recv", .run = life_recv, .len = 4 };
	struct life_call p = { .what = "poll", .run = life_poll,
			       .len = POLLIN };
	int ret;

	life_settle();
	p.fd = c->cl;
	life_begin(&p);
	ret = unspec(c->cl);
	life_look(&p);
	if (ret)
		compat_send(c->sv, "x", 1);
	life_end(&p);
	rec_poll("woken", p.ret);

	compat_pair(c, &c->p);
	c->cl = r.fd = c->p.client;
	c->sv = c->p.server;
	life_begin(&r);
	ret = unspec(c->cl);
	life_look(&r);
	if (ret)
		compat_send(c->sv, "xyz", 3);
	life_end(&r);
}

/* The other one sees a reset. */
void unspec_peer(struct compat *c)
{
	struct life_call r = { .what = "recv", .run = life_recv, .len = 4 };
	char buf[16];

	listen_here(c, 8);
	life_pair(c);
	r.fd = c->sv;
	life_begin(&r);
	unspec(c->cl);
	life_end(&r);
	REC(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT));
	REC(send(c->sv, "x", 1, MSG_NOSIGNAL));
	REC_POLL(c->sv, AGAIN_EVENTS);
	/* A server's socket can be a client's, afterwards. */
	unspec(c->sv);
	net_close(&c->cl);
	c->cl = c->sv;
	meet(c);
}

/* A listener that stops, and connects. */
void listener_to_client(struct compat *c)
{
	union net_addr addr;
	int fd;

	listen_here(c, 8);
	c->cl = net_listen(c->nf, 4, &addr);
	fd = REC_FD(net_connect(c->nf, &addr));
	REC(connect(c->cl, &c->p.addr.sa, net_addr_len(c->nf)));
	unspec(c->cl);
	REC_POLL(fd, AGAIN_EVENTS);
	REC_POLL(c->cl, AGAIN_EVENTS);
	meet(c);
	REC(net_connect(c->nf, &addr));
	REC(close(fd));
}

void again_and_again(struct compat *c)
{
	int i;

	listen_here(c, 8);
	c->cl = net_socket(c->nf, 0);
	for (i = 0; i < 30; i++) {
		meet(c);
		if (i % 3 == 1)
			REC(shutdown(c->cl, SHUT_WR));
		if (i % 3 == 2) {
			life_abort_on_close(c->sv);
			REC(net_close(&c->sv));
			life_settle();
		}
		unspec(c->cl);
		net_close(&c->sv);
	}
}
