// SPDX-License-Identifier: GPL-2.0-only
/* What epoll says of a socket in each state, in each form. */
#include "epoll.h"

static void in_states(struct compat *c, uint32_t form)
{
	const struct life_state *s;

	for (s = life_states; s->name; s++) {
		const int ep = ep_new();

		life_open(c, s);
		EP_CTL(ep, ADD, c->cl, EP_ALL | form, 1);
		if (c->sv >= 0)
			EP_CTL(ep, ADD, c->sv, EP_ALL | form, 2);
		ep_look(ep, "first");
		ep_look(ep, "second");
		life_error("error", c->cl);
		ep_look(ep, "error taken");
		rec_say("read %ld", life_drain(c->cl));
		ep_look(ep, "read");
		EP_CTL(ep, MOD, c->cl, EP_ALL | form, 3);
		ep_look(ep, "changed");
		ep_look(ep, "once more");
		REC(close(ep));
		life_close(c);
	}
}

void level_in_states(struct compat *c)
{
	in_states(c, 0);
}

void edge_in_states(struct compat *c)
{
	in_states(c, EPOLLET);
}

void once_in_states(struct compat *c)
{
	in_states(c, EPOLLONESHOT);
}

void masks_in_states(struct compat *c)
{
	static const uint32_t masks[] = {
		0, EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLPRI, EPOLLERR,
		EPOLLHUP, EPOLLIN | EPOLLRDHUP, EPOLLRDNORM, EPOLLWRNORM,
	};
	const struct life_state *s;
	size_t i;

	for (s = life_states; s->name; s++) {
		const int ep = ep_new();

		life_open(c, s);
		EP_CTL(ep, ADD, c->cl, 0, 100);
		for (i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
			EP_CTL(ep, MOD, c->cl, masks[i], i);
			ep_look(ep, "level");
			EP_CTL(ep, MOD, c->cl, masks[i] | EPOLLET, i);
			ep_look(ep, "edge");
		}
		REC(close(ep));
		life_close(c);
	}
}

static void connect_by(struct compat *c, const union net_addr *addr,
		       uint32_t form)
{
	const int ep = ep_new();

	c->cl = net_socket(c->nf, SOCK_NONBLOCK);
	EP_CTL(ep, ADD, c->cl, EP_ALL | form, 1);
	ep_look(ep, "new");
	ep_look(ep, "new, again");
	REC(connect(c->cl, &addr->sa, net_addr_len(c->nf)));
	life_settle();
	ep_look(ep, "connected");
	ep_look(ep, "connected, again");
	life_error("error", c->cl);
	REC(connect(c->cl, &addr->sa, net_addr_len(c->nf)));
	ep_look(ep, "after a second connect");
	REC(close(ep));
}

/* A set that knows the socket before it is anything. */
void added_before_connect(struct compat *c)
{
	static const uint32_t forms[] = { 0, EPOLLET, EPOLLONESHOT };
	union net_addr addr, deaf;
	size_t i;
	int lis, unheard;

	life_settle();
	lis = net_listen(c->nf, 8, &addr);
	unheard = life_unheard(c->nf, &deaf);
	COMPAT_MUST(lis >= 0 && unheard >= 0);
	for (i = 0; i < 3; i++) {
		rec_say("-- somebody listens");
		connect_by(c, &addr, forms[i]);
		c->sv = REC_FD(accept(lis, NULL, NULL));
		life_close(c);
		rec_say("-- nobody listens");
		connect_by(c, &deaf, forms[i]);
		life_close(c);
	}
}

static void listener_by(struct compat *c, uint32_t form)
{
	union net_addr addr;
	int lis = net_listen(c->nf, 8, &addr), ep = ep_new(), i;
	int cl[4], sv;

	EP_CTL(ep, ADD, lis, EP_ALL | form, 1);
	ep_look(ep, "nobody");
	for (i = 0; i < 4; i++) {
		cl[i] = REC_FD(net_connect(c->nf, &addr));
		life_settle();
		ep_look(ep, "one more");
		ep_look(ep, "again");
	}
	for (i = 0; i < 4; i++) {
		sv = REC_FD(accept(lis, NULL, NULL));
		ep_look(ep, "one less");
		life_abort_on_close(sv);
		REC(close(sv));
		REC(close(cl[i]));
	}
	cl[0] = REC_FD(net_connect(c->nf, &addr));
	life_settle();
	EP_CTL(ep, MOD, lis, EP_ALL | form, 2);
	ep_look(ep, "changed");
	REC(shutdown(lis, SHUT_RD));
	life_settle();
	ep_look(ep, "shut down");
	REC(close(ep));
	REC(close(lis));
	REC(close(cl[0]));
}

void listener_events(struct compat *c)
{
	life_settle();
	listener_by(c, 0);
	listener_by(c, EPOLLET);
	listener_by(c, EPOLLONESHOT);
	listener_by(c, EPOLLEXCLUSIVE & ~EPOLLRDHUP);
}
