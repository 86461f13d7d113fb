// SPDX-License-Identifier: GPL-2.0-only
/* Addresses: which can be had, and what getsockname() and getpeername() say. */
#include "connect.h"

void bind_bad(struct compat *c)
{
	const socklen_t len = net_addr_len(c->nf);
	union net_addr addr;

	c->cl = net_socket(c->nf, 0);
	net_loopback(c->nf, &addr);
	REC(bind(c->cl, &addr.sa, 0));
	REC(bind(c->cl, &addr.sa, len - 8));
	REC(bind(c->cl, &addr.sa, -1));
	REC(bind(c->cl, &addr.sa, sizeof(addr.ss) + 1));
	REC(bind(c->cl, NULL, len));
	REC(bind(-1, &addr.sa, len));
	addr.sa.sa_family = AF_UNIX;
	REC(bind(c->cl, &addr.sa, len));
	addr.sa.sa_family = AF_SDIRECT;
	REC(bind(c->cl, &addr.sa, len));
	addr.sa.sa_family = AF_UNSPEC;
	REC(bind(c->cl, &addr.sa, len));
	net_loopback(c->nf, &addr);
	/* An address that is not ours: for documentation only. */
	if (c->nf->ip == AF_INET)
		addr.in.sin_addr.s_addr = htonl(0xc0000201);
	else
		addr.in6.sin6_addr.s6_addr[0] = 0x20;
	REC(bind(c->cl, &addr.sa, len));
	net_loopback(c->nf, &addr);
	REC(bind(c->cl, &addr.sa, len));
	REC(bind(c->cl, &addr.sa, len));
	say_names(c, "the bound one", c->cl);
	REC(listen(c->cl, 1));
	REC(bind(c->cl, &addr.sa, len));
}

/* Any address as well as one's own. */
static void any_of(const struct compat *c, union net_addr *addr)
{
	if (c->nf->ip == AF_INET)
		addr->in.sin_addr.s_addr = htonl(INADDR_ANY);
	else
		addr->in6.sin6_addr = in6addr_any;
}

/* Two sockets want one port: each with each way of sharing it. */
static void conflict(struct compat *c, int first, int second, int listens)
{
	union net_addr addr = { 0 };
	int a, b;

	rec_say("-- first %d, second %d, listening %d", first, second, listens);
	a = bind_to(c, &addr, first);
	COMPAT_MUST(a >= 0);
	if (listens & 1)
		REC(listen(a, 1));
	b = bind_to(c, &addr, second);
	if (b >= 0 && listens & 2)
		REC(listen(b, 1));
	if (b >= 0)
		REC(net_close(&b));
	any_of(c, &addr);
	b = bind_to(c, &addr, second);
	if (b >= 0)
		REC(net_close(&b));
	REC(net_close(&a));
}

void bind_conflicts(struct compat *c)
{
	int first, second, listens;

	for (first = 0; first < 4; first++)
		for (second = 0; second < 4; second++)
			for (listens = 0; listens < 4; listens++)
				conflict(c, first, second, listens);
}

/* The port of a listener with connections, and of one that waits to die. */
void bind_after_close(struct compat *c)
{
	union net_addr addr = c->p.addr;
	int fd, how;

	life_settle();
	for (how = 0; how < 4; how++) {
		fd = bind_to(c, &addr, how);
		if (fd >= 0)
			REC(net_close(&fd));
	}
	REC(net_close(&c->p.listener));
	for (how = 0; how < 4; how++) {
		fd = bind_to(c, &addr, how);
		if (fd >= 0)
			REC(net_close(&fd));
	}
	compat_close(c, &c->sv);
	life_settle();
	compat_close(c, &c->cl);
	life_settle();
	/* The server's end has closed first: it keeps the port a while. */
	for (how = 0; how < 4; how++) {
		fd = bind_to(c, &addr, how);
		if (fd >= 0)
			REC(net_close(&fd));
	}
	fd = bind_to(c, &addr, BIND_REUSE_ADDR);
	REC(listen(fd, 1));
	c->p.listener = fd;
	c->p.addr = addr;
	life_pair(c);
	say_talk(c->cl, c->sv);
}

void bind_connected(struct compat *c)
{
	const socklen_t len = net_addr_len(c->nf);
	union net_addr addr;

	net_loopback(c->nf, &addr);
	REC(bind(c->cl, &addr.sa, len));
	REC(bind(c->sv, &addr.sa, len));
	REC(shutdown(c->cl, SHUT_RDWR));
	REC(bind(c->cl, &addr.sa, len));
	compat_close(c, &c->sv);
	compat_until(c->cl, POLLHUP);
	REC(bind(c->cl, &addr.sa, len));
}

void listen_in_states(struct compat *c)
{
	const struct life_state *s;

	for (s = life_states; s->name; s++) {
		life_open(c, s);
		REC(listen(c->cl, 3));
		REC_POLL(c->cl, POLLIN | POLLOUT | POLLRDHUP);
		REC(listen(c->cl, -1));
		say_names(c, "it", c->cl);
		life_close(c);
	}
}

void names_in_states(struct compat *c)
{
	const struct life_state *s;

	for (s = life_states; s->name; s++) {
		life_open(c, s);
		say_names(c, "it", c->cl);
		if (c->sv >= 0)
			say_names(c, "the other", c->sv);
		life_drain(c->cl);
		say_name(c, "after reading", c->cl, true);
		life_close(c);
	}
}

static void short_name(const char *what, int fd, socklen_t room)
{
	unsigned char buf[160];
	socklen_t len = room;
	size_t i, last = 0;

	memset(buf, 0xa5, sizeof(buf));
	REC(getsockname(fd, (void *)buf, &len));
	for (i = 0; i < sizeof(buf); i++)
		if (buf[i] != 0xa5)
			last = i + 1;
	/* The last byte may happen to be what was there. */
	rec_say("%s: room %u, length %u, %s", what, room, len,
		last > room ? "too much is written" : "no more is written");
	len = room;
	REC(getpeername(fd, (void *)buf, &len));
	rec_say("%s: length %u", what, len);
}

void names_bad(struct compat *c)
{
	const int rooms[] = { 0, 1, 2, 4, 8, 15, 16, 17, 28, 128 };
	union net_addr addr;
	socklen_t len;
	size_t i;

	for (i = 0; i < sizeof(rooms) / sizeof(*rooms); i++)
		short_name("client", c->cl, rooms[i]);
	len = -1;
	REC(getsockname(c->cl, &addr.sa, &len));
	REC(getpeername(c->cl, &addr.sa, &len));
	len = sizeof(addr);
	REC(getsockname(c->cl, NULL, &len));
	REC(getsockname(c->cl, &addr.sa, NULL));
	REC(getpeername(c->cl, NULL, &len));
	REC(getpeername(c->cl, &addr.sa, NULL));
	REC(getsockname(-1, &addr.sa, &len));
	REC(getpeername(c->p.listener, &addr.sa, &len));
}

static void say_option(const char *what, int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	REC(getsockopt(fd, SOL_SOCKET, option, &value, &len));
	rec_say("%s: %d", what, value);
}

/* What a program asks to find out what it has been given. */
void family_of_sockets(struct compat *c)
{
	const int fds[] = { c->p.listener, c->cl, c->sv };
	size_t i;

	for (i = 0; i < 3; i++) {
		say_option("domain", fds[i], SO_DOMAIN);
		say_option("type", fds[i], SO_TYPE);
		say_option("protocol", fds[i], SO_PROTOCOL);
		say_option("listening", fds[i], SO_ACCEPTCONN);
		say_names(c, "it", fds[i]);
	}
}
