// SPDX-License-Identifier: GPL-2.0-only
/* Each socket option, in each state of a socket. */
#include "options.h"

static void make_new(struct compat *c, struct opt_socket *s)
{
	s->fd = net_socket(c->nf, SOCK_CLOEXEC);
}

static void make_bound(struct compat *c, struct opt_socket *s)
{
	union net_addr addr;

	make_new(c, s);
	net_loopback(c->nf, &addr);
	COMPAT_MUST(!bind(s->fd, &addr.sa, net_addr_len(c->nf)));
}

static void make_listening(struct compat *c, struct opt_socket *s)
{
	union net_addr addr;

	s->fd = net_listen(c->nf, 4, &addr);
}

/* No listener of its own, and none that an option has changed. */
static void make_connected(struct compat *c, struct opt_socket *s)
{
	struct net_pair p;

	if (c->p.listener < 0)
		c->p.listener = net_listen(c->nf, 64, &c->p.addr);
	COMPAT_MUST(c->p.listener >= 0 &&
		    !net_pair_join(c->nf, &c->p, &p));
	if (c->nf->hot)
		COMPAT_MUST(!net_warm(c->nf, &p));
	s->fd = c->cl = p.client;
	s->peer = c->sv = p.server;
	s->live = true;
}

static void make_accepted(struct compat *c, struct opt_socket *s)
{
	make_connected(c, s);
	s->fd = c->sv;
	s->peer = c->cl;
}

static void until_state(int fd, int state)
{
	const uint64_t end = net_now_ms() + compat_stretch(10000);
	struct tcp_info info;
	socklen_t len;

	do {
		COMPAT_MUST(net_now_ms() < end);
		len = sizeof(info);
		COMPAT_MUST(!getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len));
	} while (info.tcpi_state != state && !sched_yield());
}

static void make_shut(struct compat *c, struct opt_socket *s)
{
	make_connected(c, s);
	COMPAT_MUST(!shutdown(s->fd, SHUT_WR));
	until_state(s->fd, TCP_FIN_WAIT2);
	s->peer = -1;
}

/* The peer's end has been shut; what is sent from here still arrives. */
static void make_half_closed(struct compat *c, struct opt_socket *s)
{
	make_connected(c, s);
	COMPAT_MUST(!shutdown(s->peer, SHUT_WR));
	until_state(s->fd, TCP_CLOSE_WAIT);
	s->peer = -1;
}

static void make_reset(struct compat *c, struct opt_socket *s)
{
	const struct linger now = { .l_onoff = 1 };

	make_connected(c, s);
	COMPAT_MUST(!setsockopt(c->sv, SOL_SOCKET, SO_LINGER, &now,
				sizeof(now)));
	net_close(&c->sv);
	until_state(s->fd, TCP_CLOSE);
	s->peer = -1;
}

static void end(int *fd)
{
	const struct linger now = { .l_onoff = 1 };

	if (*fd < 0)
		return;
	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	net_close(fd);
}

/* A socket for each option, so that none sees what another one has done. */
static void every(struct compat *c, int level,
		  void (*make)(struct compat *c, struct opt_socket *s))
{
	const struct opt *opt;

	for (opt = opts; opt->what; opt++) {
		struct opt_socket s = { c->nf, opt, -1, -1, false };

		if (opt->level != level)
			continue;
		make(c, &s);
		COMPAT_MUST(s.fd >= 0);
		opt_try(&s);
		if (s.fd != c->cl && s.fd != c->sv)
			end(&s.fd);
		end(&c->cl);
		end(&c->sv);
	}
}

#define IN_STATE(state) \
	static void socket_##state(struct compat *c) \
	{ \
		every(c, SOL_SOCKET, make_##state); \
	} \
	static void tcp_##state(struct compat *c) \
	{ \
		every(c, SOL_TCP, make_##state); \
	} \
	static void ip_##state(struct compat *c) \
	{ \
		every(c, SOL_IP, make_##state); \
	} \
	static void ipv6_##state(struct compat *c) \
	{ \
		every(c, SOL_IPV6, make_##state); \
	}

IN_STATE(new)
IN_STATE(bound)
IN_STATE(listening)
IN_STATE(connected)
IN_STATE(accepted)
IN_STATE(shut)
IN_STATE(half_closed)
IN_STATE(reset)

const struct compat_test compat_tests[] = {
	COMPAT_WITH(socket_new, COMPAT_ALONE),
	COMPAT_WITH(tcp_new, COMPAT_ALONE),
	COMPAT_WITH(ip_new, COMPAT_ALONE),
	COMPAT_WITH(ipv6_new, COMPAT_ALONE),

	COMPAT_WITH(socket_bound, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(tcp_bound, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ip_bound, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ipv6_bound, COMPAT_ALONE | COMPAT_SLOW),

	COMPAT_WITH(socket_listening, COMPAT_ALONE),
	COMPAT_WITH(tcp_listening, COMPAT_ALONE),
	COMPAT_WITH(ip_listening, COMPAT_ALONE),
	COMPAT_WITH(ipv6_listening, COMPAT_ALONE),

	COMPAT_WITH(socket_connected, COMPAT_ALONE),
	COMPAT_WITH(tcp_connected, COMPAT_ALONE),
	COMPAT_WITH(ip_connected, COMPAT_ALONE),
	COMPAT_WITH(ipv6_connected, COMPAT_ALONE),

	COMPAT_WITH(socket_accepted, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(tcp_accepted, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ip_accepted, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ipv6_accepted, COMPAT_ALONE | COMPAT_SLOW),

	COMPAT_WITH(socket_shut, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(tcp_shut, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ip_shut, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ipv6_shut, COMPAT_ALONE | COMPAT_SLOW),

	COMPAT_WITH(socket_half_closed, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(tcp_half_closed, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ip_half_closed, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ipv6_half_closed, COMPAT_ALONE | COMPAT_SLOW),

	COMPAT_WITH(socket_reset, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(tcp_reset, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ip_reset, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT_WITH(ipv6_reset, COMPAT_ALONE | COMPAT_SLOW),

	COMPAT(tcp_info),
	COMPAT(tcp_info_lengths),
	COMPAT(who_am_i),
	COMPAT(unknown_options),
	COMPAT(unknown_levels),
	COMPAT_WITH(inherited, COMPAT_ALONE),
	COMPAT_WITH(inherited_flags, COMPAT_ALONE),
	COMPAT(bad_descriptors),

	COMPAT_WITH(mapped_server, COMPAT_ALONE),
	COMPAT_WITH(mapped_client, COMPAT_ALONE),
	COMPAT_WITH(mapped_both, COMPAT_ALONE),
	COMPAT_WITH(mapped_refused, COMPAT_ALONE),

	COMPAT_WITH(send_buffer, COMPAT_ALONE),
	COMPAT_WITH(receive_buffer, COMPAT_ALONE),
	COMPAT_WITH(both_buffers, COMPAT_ALONE | COMPAT_SLOW),
	COMPAT(no_delay),
	COMPAT_WITH(answers_by_tcp, COMPAT_ALONE),
	COMPAT(cork),
	COMPAT_WITH(unsent_limit, COMPAT_ALONE),
	COMPAT_WITH(user_timeout, COMPAT_ALONE),
	COMPAT_WITH(keep_alive, COMPAT_SLOW),
	COMPAT(options_in_use),
	{ }
};
