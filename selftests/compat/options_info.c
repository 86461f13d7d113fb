// SPDX-License-Identifier: GPL-2.0-only
/* What options say about a socket, and what accepted sockets inherit. */
#include "options.h"

static void look_info(const char *what, int fd)
{
	socklen_t len = sizeof(struct tcp_info);
	struct tcp_info i;

	memset(&i, 0, sizeof(i));
	if (REC(getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len)))
		return;
	rec_say("  %s: state %u, ca %u, retransmits %u, probes %u, backoff %u",
		what, i.tcpi_state, i.tcpi_ca_state, i.tcpi_retransmits,
		i.tcpi_probes, i.tcpi_backoff);
	rec_say("  options %u, scales %u %u, pmtu %u, advmss %u",
		i.tcpi_options, i.tcpi_snd_wscale, i.tcpi_rcv_wscale,
		i.tcpi_pmtu, i.tcpi_advmss);
	/* What TCP measures is plausible: of a wire that loses little. */
	REC_IN(i.tcpi_rto, 200000, 3000000);
	REC_IN(i.tcpi_snd_mss, 500, 65536);
	REC_IN(i.tcpi_rcv_mss, 500, 65536);
	REC_IN(i.tcpi_rtt, 0, 1000000);
	REC_IN(i.tcpi_snd_cwnd, 1, 100000);
	REC_IN(i.tcpi_lost, 0, 10);
	REC_IN(i.tcpi_retrans, 0, 10);
	REC_IN(i.tcpi_total_retrans, 0, 100);
}

void tcp_info(struct compat *c)
{
	union net_addr addr;
	const int fresh = net_socket(c->nf, SOCK_CLOEXEC);
	const int listener = net_listen(c->nf, 3, &addr);
	const struct linger now = { .l_onoff = 1 };

	look_info("new", fresh);
	look_info("listening", listener);
	look_info("client", c->cl);
	look_info("server", c->sv);
	compat_send(c->cl, "abc", 3);
	compat_arrived(c->sv, 3);
	look_info("with bytes unread", c->sv);
	REC(shutdown(c->cl, SHUT_WR));
	compat_until(c->sv, POLLRDHUP);
	compat_acknowledged(c->cl);
	look_info("half closed", c->cl);
	look_info("half closed by the peer", c->sv);
	REC(setsockopt(c->sv, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	compat_close(c, &c->sv);
	compat_until(c->cl, POLLHUP);
	look_info("reset", c->cl);
}

void tcp_info_lengths(struct compat *c)
{
	unsigned char info[512];
	socklen_t len;
	int room;

	for (room = 0; room < 320; room += room < 16 ? 1 : 8) {
		memset(info, 0x5a, sizeof(info));
		len = room;
		rec_say("room for %d", room);
		REC(getsockopt(c->cl, SOL_TCP, TCP_INFO, info, &len));
		REC(len);
		for (len = room; len < sizeof(info) && info[len] == 0x5a; len++)
			;
		REC(len == sizeof(info));
	}
}

static void ask(const char *what, int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = -1, ret;

	errno = 0;
	ret = getsockopt(fd, SOL_SOCKET, name, &value, &len);
	rec_result(what, ret ? ret : value, errno);
}

static void ask_all(const char *what, int fd)
{
	rec_say("%s", what);
	ask("SO_DOMAIN", fd, SO_DOMAIN);
	ask("SO_TYPE", fd, SO_TYPE);
	ask("SO_PROTOCOL", fd, SO_PROTOCOL);
	ask("SO_ACCEPTCONN", fd, SO_ACCEPTCONN);
	ask("SO_ERROR", fd, SO_ERROR);
}

void who_am_i(struct compat *c)
{
	ask_all("new", net_socket(c->nf, 0));
	ask_all("not blocking", net_socket(c->nf, SOCK_NONBLOCK));
	ask_all("listener", c->p.listener);
	ask_all("client", c->cl);
	ask_all("server", c->sv);
	ask_all("dup", dup(c->cl));
}

static void ask_unknown(int fd, int level, int name)
{
	unsigned char value[512];
	socklen_t len = sizeof(value);
	char what[60];
	int ret, one = 1;

	snprintf(what, sizeof(what), "get %d/%d", level, name);
	errno = 0;
	ret = getsockopt(fd, level, name, value, &len);
	/* Those that have a value are in the table, which looks at it. */
	rec_result(what, ret, errno);
	if (!ret)
		return;
	snprintf(what, sizeof(what), "set %d/%d", level, name);
	errno = 0;
	rec_result(what, setsockopt(fd, level, name, &one, sizeof(one)),
		   errno);
}

/* All numbers, as some that nobody has heard of may do something. */
void unknown_options(struct compat *c)
{
	static const int levels[] = { SOL_SOCKET, SOL_TCP, SOL_IP, SOL_IPV6 };
	size_t i;
	int name;

	for (i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		for (name = 76; name < 300; name++)
			ask_unknown(c->cl, levels[i], name);
		ask_unknown(c->cl, levels[i], 0);
		ask_unknown(c->cl, levels[i], -1);
		ask_unknown(c->cl, levels[i], 1 << 30);
	}
}

/* Not 285, which is our own. */
void unknown_levels(struct compat *c)
{
	int level;

	for (level = -2; level < 300; level++)
		if (level > SOL_SOCKET && level != SOL_TCP &&
		    level != SOL_IPV6 && level != SOL_SDIRECT) {
			ask_unknown(c->cl, level, 1);
			ask_unknown(c->cl, level, 77);
		}
}

void inherited(struct compat *c)
{
	static const int value = 1, more = 20;
	const struct opt *opt;

	for (opt = opts; opt->what; opt++) {
		struct opt_socket s = { c->nf, opt, -1, -1, false };
		union net_addr addr;
		int listener, client;

		if (opt->flags & OPT_KEPT ||
		    (opt->level == SOL_SOCKET && opt->name == SO_BINDTOIFINDEX))
			continue;
		/* Over IPv6 nobody takes the answers of such a listener. */
		if (c->nf->ip == AF_INET6 && opt->level == SOL_IPV6 &&
		    opt->name == IPV6_RTHDRDSTOPTS)
			continue;
		listener = net_listen(c->nf, 4, &addr);
		rec_say("%s", opt->what);
		s.fd = listener;
		opt_set(&s, "20", &more, sizeof(more));
		opt_set(&s, "1", &value, sizeof(value));
		if (opt->values)
			opt_set(&s, opt->values->what, opt->values->at,
				opt->values->len);
		client = net_connect(c->nf, &addr);
		COMPAT_MUST(client >= 0);
		s.live = true;
		s.fd = accept(listener, NULL, NULL);
		COMPAT_MUST(s.fd >= 0);
		opt_get(&s, "  accepted");
		net_close(&client);
		net_close(&s.fd);
		net_close(&listener);
	}
}

static void look_flags(const char *what, int fd)
{
	rec_say("%s", what);
	REC(fcntl(fd, F_GETFL));
	REC(fcntl(fd, F_GETFD));
	REC(fcntl(fd, F_GETOWN));
	REC(fcntl(fd, F_GETSIG));
}

/* Of descriptors, which accepted sockets do not inherit. */
void inherited_flags(struct compat *c)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC };
	union net_addr addr;
	const int listener = net_listen(c->nf, 4, &addr);
	int client, fd, i;

	REC(fcntl(listener, F_SETFL, O_NONBLOCK | O_ASYNC));
	REC(fcntl(listener, F_SETFD, FD_CLOEXEC));
	look_flags("listener", listener);
	for (i = 0; i < 3; i++) {
		client = net_connect(c->nf, &addr);
		COMPAT_MUST(client >= 0);
		compat_until(listener, POLLIN);
		fd = i ? REC_FD(accept4(listener, NULL, NULL, flags[i])) :
			 REC_FD(accept(listener, NULL, NULL));
		look_flags("accepted", fd);
		look_flags("connected", client);
	}
}

void bad_descriptors(struct compat *c)
{
	int value = 1, fds[2];
	socklen_t len = sizeof(value);
	const int gone = c->cl;

	COMPAT_MUST(!pipe(fds));
	REC(getsockopt(-1, SOL_SOCKET, SO_TYPE, &value, &len));
	REC(setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &value, len));
	REC(getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &value, &len));
	REC(setsockopt(fds[0], SOL_SOCKET, SO_RCVLOWAT, &value, len));
	compat_close(c, &c->cl);
	REC(getsockopt(gone, SOL_SOCKET, SO_TYPE, &value, &len));
	REC(setsockopt(gone, SOL_SOCKET, SO_RCVLOWAT, &value, len));
	REC(setsockopt(gone, SOL_TCP, TCP_NODELAY, &value, len));
}
