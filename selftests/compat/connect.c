// SPDX-License-Identifier: GPL-2.0-only
/* Making connections: the tests, and how addresses are written down. */
#include "connect.h"

static uint16_t port_of(const union net_addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? addr->in6.sin6_port :
						addr->in.sin_port;
}

static const char *whose(struct compat *c, uint16_t port)
{
	const struct { const char *name; int fd; } known[] = {
		{ "the listener's port", c->p.listener },
		{ "the client's port", c->cl },
		{ "the server's port", c->sv },
	};
	size_t i;

	if (!port)
		return "no port";
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		union net_addr addr = { 0 };
		socklen_t len = sizeof(addr);
		const int saved = errno;

		if (known[i].fd >= 0 &&
		    !getsockname(known[i].fd, &addr.sa, &len) &&
		    port_of(&addr) == port)
			return known[i].name;
		errno = saved;
	}
	return "some port";
}

void say_name(struct compat *c, const char *what, int fd, bool peer)
{
	char text[INET6_ADDRSTRLEN] = "?";
	union net_addr addr = { 0 };
	socklen_t len = sizeof(addr);
	int ret;

	errno = 0;
	ret = peer ? getpeername(fd, &addr.sa, &len) :
		     getsockname(fd, &addr.sa, &len);
	if (ret) {
		rec_result(what, ret, errno);
		return;
	}
	if (addr.sa.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &addr.in6.sin6_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET, &addr.in.sin_addr, text, sizeof(text));
	rec_say("%s: family %d, %u bytes, %s, %s", what, addr.sa.sa_family,
		len, text, whose(c, port_of(&addr)));
}

void say_names(struct compat *c, const char *what, int fd)
{
	rec_say("names of %s", what);
	say_name(c, "  own", fd, false);
	say_name(c, "  peer", fd, true);
}

void say_talk(int one, int other)
{
	char buf[8];
	int i;

	for (i = 0; i < 8; i++) {
		if (REC(send(one, "there", 5, MSG_NOSIGNAL)) > 0)
			compat_until(other, POLLIN);
		REC_RECV(recv(other, buf, sizeof(buf), MSG_DONTWAIT), buf);
		if (REC(send(other, "back", 4, MSG_NOSIGNAL)) > 0)
			compat_until(one, POLLIN);
		REC_RECV(recv(one, buf, sizeof(buf), MSG_DONTWAIT), buf);
	}
}

void interrupt_twice(struct life_call *call)
{
	life_handle(false);
	life_interrupt(call);
	life_end(call);
	life_handle(true);
	life_interrupt(call);
	life_look(call);
	rec_say("handled %d", net_signals);
}

void listen_here(struct compat *c, int length)
{
	life_settle();
	c->p.listener = net_listen(c->nf, length, &c->p.addr);
	COMPAT_MUST(c->p.listener >= 0);
}

int bind_to(struct compat *c, union net_addr *addr, int how)
{
	const int one = 1;
	int fd = net_socket(c->nf, 0);
	socklen_t len = sizeof(*addr);

	COMPAT_MUST(fd >= 0);
	/* What others have of IPv4 is theirs. */
	if (c->nf->ip == AF_INET6)
		COMPAT_MUST(!setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, 4));
	if (how & BIND_REUSE_ADDR)
		REC(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, 4));
	if (how & BIND_REUSE_PORT)
		REC(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, 4));
	if (!addr->sa.sa_family)
		net_loopback(c->nf, addr);
	if (REC(bind(fd, &addr->sa, net_addr_len(c->nf))) ||
	    getsockname(fd, &addr->sa, &len)) {
		net_close(&fd);
		return -1;
	}
	return fd;
}

const struct compat_test compat_tests[] = {
	COMPAT_WITH(nonblocking, COMPAT_ALONE),
	COMPAT_WITH(nonblocking_refused, COMPAT_ALONE),
	COMPAT_WITH(blocking_refused, COMPAT_ALONE),
	COMPAT_WITH(refused_then_accepted, COMPAT_ALONE),
	COMPAT_WITH(already, COMPAT_ALONE),
	COMPAT_WITH(connect_in_states, COMPAT_ALONE),
	COMPAT_WITH(connect_bad, COMPAT_ALONE),
	COMPAT_WITH(connect_send_timeout, COMPAT_ALONE),
	COMPAT_WITH(connect_interrupted, COMPAT_ALONE),
	COMPAT_WITH(no_answer, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(to_oneself, COMPAT_ALONE),
	COMPAT_WITH(simultaneous, COMPAT_ALONE),
	COMPAT_WITH(data_before_accept, COMPAT_ALONE),
	COMPAT(nobody_asks),
	COMPAT_WITH(send_while_connecting, COMPAT_ALONE),
	COMPAT_WITH(many_in_a_row, COMPAT_ALONE),

	COMPAT_WITH(bind_bad, COMPAT_ALONE),
	COMPAT_WITH(bind_conflicts, COMPAT_ALONE),
	COMPAT(bind_after_close),
	COMPAT(bind_connected),
	COMPAT_WITH(listen_in_states, COMPAT_ALONE),
	COMPAT_WITH(names_in_states, COMPAT_ALONE),
	COMPAT(names_bad),
	COMPAT(family_of_sockets),

	COMPAT_WITH(accept_flags, COMPAT_ALONE),
	COMPAT_WITH(accept_address, COMPAT_ALONE),
	COMPAT_WITH(accept_bad, COMPAT_ALONE),
	COMPAT_WITH(accept_in_states, COMPAT_ALONE),
	COMPAT_WITH(accept_timeout, COMPAT_ALONE),
	COMPAT_WITH(accept_interrupted, COMPAT_ALONE),
	COMPAT_WITH(accept_shut, COMPAT_ALONE),
	COMPAT_WITH(accept_no_room, COMPAT_ALONE),
	COMPAT_WITH(accepted_is_dead, COMPAT_ALONE),
	COMPAT_WITH(accept_inherits, COMPAT_ALONE),
	COMPAT_WITH(backlog, COMPAT_ALONE),
	COMPAT_WITH(backlog_drains, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(listener_closes, COMPAT_ALONE),
	COMPAT_WITH(reuse_port_group, COMPAT_ALONE),

	COMPAT_WITH(unspec_in_states, COMPAT_ALONE),
	COMPAT_WITH(unspec_then_connect, COMPAT_ALONE),
	COMPAT_WITH(unspec_then_listen, COMPAT_ALONE),
	COMPAT_WITH(unspec_unread, COMPAT_ALONE),
	COMPAT(unspec_while_waiting),
	COMPAT_WITH(unspec_peer, COMPAT_ALONE),
	COMPAT_WITH(listener_to_client, COMPAT_ALONE),
	COMPAT_WITH(again_and_again, COMPAT_ALONE),
	{ }
};
