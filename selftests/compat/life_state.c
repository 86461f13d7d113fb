// SPDX-License-Identifier: GPL-2.0-only
/* Connections in each of their states; see life_state.h. */
#include "life_state.h"

static void open_pair(struct compat *c)
{
	life_pair(c);
}

static void never(struct compat *c)
{
	c->cl = net_socket(c->nf, 0);
}

static void bound(struct compat *c)
{
	union net_addr addr;

	c->cl = life_unheard(c->nf, &addr);
}

static void listening(struct compat *c)
{
	union net_addr addr;

	c->cl = net_listen(c->nf, 4, &addr);
}

static void pending(struct compat *c)
{
	union net_addr addr;

	c->cl = net_listen(c->nf, 4, &addr);
	c->sv = net_connect(c->nf, &addr);
}

/* Nobody answers; a listener that is full keeps c->sv. */
static void connecting(struct compat *c)
{
	union net_addr addr;

	c->p.client = life_deaf(c, &addr);
	c->cl = net_socket(c->nf, SOCK_NONBLOCK);
	COMPAT_MUST(connect(c->cl, &addr.sa, net_addr_len(c->nf)) &&
		    errno == EINPROGRESS);
}

static void refused(struct compat *c)
{
	union net_addr addr;

	c->sv = life_unheard(c->nf, &addr);
	c->cl = net_socket(c->nf, SOCK_NONBLOCK);
	COMPAT_MUST(connect(c->cl, &addr.sa, net_addr_len(c->nf)) &&
		    errno == EINPROGRESS);
}

static void unread(struct compat *c)
{
	open_pair(c);
	compat_send(c->sv, "unread", 6);
}

/* What is there before, and which end is then shut down. */
#define SHUT(name, before, fd, how) \
	static void name(struct compat *c) \
	{ \
		before(c); \
		COMPAT_MUST(!shutdown(fd, how)); \
	}

SHUT(peer_shut, open_pair, c->sv, SHUT_WR)
SHUT(peer_shut_unread, unread, c->sv, SHUT_WR)
SHUT(peer_shut_rd, open_pair, c->sv, SHUT_RD)
SHUT(shut_wr, open_pair, c->cl, SHUT_WR)
SHUT(shut_wr_unread, unread, c->cl, SHUT_WR)
SHUT(shut_rd, open_pair, c->cl, SHUT_RD)
SHUT(shut_rd_unread, unread, c->cl, SHUT_RD)
SHUT(shut_both, open_pair, c->cl, SHUT_RDWR)
SHUT(shut_both_unread, unread, c->cl, SHUT_RDWR)

static void both_shut(struct compat *c)
{
	shut_wr(c);
	life_settle();
	COMPAT_MUST(!shutdown(c->sv, SHUT_WR));
}

static void both_shut_unread(struct compat *c)
{
	peer_shut_unread(c);
	life_settle();
	COMPAT_MUST(!shutdown(c->cl, SHUT_WR));
}

static void peer_closed(struct compat *c)
{
	open_pair(c);
	COMPAT_MUST(!net_close(&c->sv));
}

static void peer_closed_unread(struct compat *c)
{
	unread(c);
	COMPAT_MUST(!net_close(&c->sv));
}

/* What is sent to a closed end is answered by a reset. */
static void peer_closed_sent(struct compat *c)
{
	peer_closed(c);
	life_settle();
	compat_send(c->cl, "lost", 4);
}

static void peer_left_unread(struct compat *c)
{
	open_pair(c);
	compat_send(c->cl, "lost", 4);
	life_settle();
	COMPAT_MUST(!net_close(&c->sv));
}

static void reset(struct compat *c)
{
	open_pair(c);
	life_abort_on_close(c->sv);
	COMPAT_MUST(!net_close(&c->sv));
}

static void reset_unread(struct compat *c)
{
	unread(c);
	life_settle();
	life_abort_on_close(c->sv);
	COMPAT_MUST(!net_close(&c->sv));
}

static void reset_shut(struct compat *c)
{
	shut_wr(c);
	life_settle();
	life_abort_on_close(c->sv);
	COMPAT_MUST(!net_close(&c->sv));
}

/*
 * How much of it, and of its end, has come to the peer depends on the sizes of
 * buffers: nobody looks at that one.
 */
static void full(struct compat *c)
{
	open_pair(c);
	life_fill(c->cl, c->sv);
	c->p.client = c->sv;
	c->sv = -1;
}

static void full_reset(struct compat *c)
{
	full(c);
	COMPAT_MUST(!net_close(&c->p.client));
}

SHUT(full_shut, full, c->cl, SHUT_WR)

static void disconnected(struct compat *c)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	open_pair(c);
	COMPAT_MUST(!connect(c->cl, &none, sizeof(none)));
}

static void peer_disconnected(struct compat *c)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	open_pair(c);
	COMPAT_MUST(!connect(c->sv, &none, sizeof(none)));
}

#define STATE(name)	{ #name, name }

const struct life_state life_states[] = {
	STATE(never),
	STATE(bound),
	STATE(listening),
	STATE(pending),
	STATE(connecting),
	STATE(refused),
	{ "established", open_pair },
	STATE(unread),
	STATE(peer_shut),
	STATE(peer_shut_unread),
	STATE(peer_shut_rd),
	STATE(shut_wr),
	STATE(shut_wr_unread),
	STATE(shut_rd),
	STATE(shut_rd_unread),
	STATE(shut_both),
	STATE(shut_both_unread),
	STATE(both_shut),
	STATE(both_shut_unread),
	STATE(peer_closed),
	STATE(peer_closed_unread),
	STATE(peer_closed_sent),
	STATE(peer_left_unread),
	STATE(reset),
	STATE(reset_unread),
	STATE(reset_shut),
	STATE(full),
	STATE(full_reset),
	STATE(full_shut),
	STATE(disconnected),
	STATE(peer_disconnected),
	{ }
};
