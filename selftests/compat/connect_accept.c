// SPDX-License-Identifier: GPL-2.0-only
/* The listener: accept(), its errors, and the queue of connections. */
#include <sys/resource.h>
#include <sys/time.h>

#include "connect.h"

static int client(struct compat *c)
{
	int fd = net_connect(c->nf, &c->p.addr);

	COMPAT_MUST(fd >= 0);
	life_settle();
	return fd;
}

void accept_flags(struct compat *c)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC,
				     SOCK_NONBLOCK | SOCK_CLOEXEC };
	size_t i;

	listen_here(c, 8);
	for (i = 0; i < 4; i++) {
		c->cl = client(c);
		c->sv = REC_FD(accept4(c->p.listener, NULL, NULL, flags[i]));
		REC(fcntl(c->sv, F_GETFL));
		REC(fcntl(c->sv, F_GETFD));
		say_talk(c->cl, c->sv);
		life_close(c);
	}
	c->cl = client(c);
	REC(accept4(c->p.listener, NULL, NULL, 1));
	REC(accept4(c->p.listener, NULL, NULL, SOCK_STREAM));
	/* What the listener has is not handed on. */
	REC(fcntl(c->p.listener, F_SETFL, O_NONBLOCK | O_ASYNC));
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	REC(fcntl(c->sv, F_GETFL));
	REC(accept(c->p.listener, NULL, NULL));
}

void accept_address(struct compat *c)
{
	static const socklen_t rooms[] = { 0, 2, 8, 16, 28, 128 };
	size_t i;

	listen_here(c, 8);
	for (i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		union net_addr addr, name;
		socklen_t len = rooms[i], all = sizeof(name);

		memset(&addr, 0, sizeof(addr));
		memset(&name, 0, sizeof(name));
		c->cl = client(c);
		c->sv = REC_FD(accept(c->p.listener, &addr.sa, &len));
		COMPAT_MUST(!getsockname(c->cl, &name.sa, &all));
		rec_say("room %u, length %u, %s", rooms[i], len,
			memcmp(&addr, &name, rooms[i] < all ? rooms[i] : all) ?
			"another address" : "the client's address");
		say_names(c, "the server", c->sv);
		life_close(c);
	}
}

void accept_bad(struct compat *c)
{
	socklen_t *volatile nowhere = (void *)8;
	union net_addr addr;
	socklen_t len = -1;

	listen_here(c, 8);
	REC(fcntl(c->p.listener, F_SETFL, O_NONBLOCK));
	REC(accept(c->p.listener, &addr.sa, nowhere));
	/* The connection is taken first, and lost. */
	c->cl = client(c);
	REC(accept(c->p.listener, &addr.sa, nowhere));
	life_settle();
	REC_POLL(c->cl, POLLIN | POLLRDHUP | POLLOUT);
	REC(accept(c->p.listener, &addr.sa, &len));
	net_close(&c->cl);
	c->cl = client(c);
	REC(accept(c->p.listener, &addr.sa, &len));
	life_settle();
	REC_POLL(c->cl, POLLIN | POLLRDHUP | POLLOUT);
	REC(accept(-1, NULL, NULL));
	REC(accept(1 << 20, NULL, NULL));
	REC(accept(c->cl, NULL, NULL));
}

void accept_in_states(struct compat *c)
{
	const struct life_state *s;

	for (s = life_states; s->name; s++) {
		int fd;

		life_open(c, s);
		COMPAT_MUST(!net_nonblock(c->cl));
		fd = REC_FD(accept(c->cl, NULL, NULL));
		REC(accept(c->cl, NULL, NULL));
		if (fd >= 0)
			say_talk(fd, c->sv);
		life_close(c);
	}
}

void accept_timeout(struct compat *c)
{
	const struct timeval soon = { 0, 20000 };
	struct timeval now;
	socklen_t len = sizeof(now);

	listen_here(c, 8);
	REC(setsockopt(c->p.listener, SOL_SOCKET, SO_RCVTIMEO, &soon,
		       sizeof(soon)));
	REC(accept(c->p.listener, NULL, NULL));
	c->cl = client(c);
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	/* And the one that is accepted has it too. */
	REC(getsockopt(c->sv, SOL_SOCKET, SO_RCVTIMEO, &now, &len));
	rec_say("%s", now.tv_usec ? "a time limit" : "no time limit");
	REC(recv(c->sv, &len, 1, now.tv_usec ? 0 : MSG_DONTWAIT));
}

static long wait_accept(struct life_call *call)
{
	int fd = accept(call->fd, NULL, NULL);

	if (fd < 0)
		return fd;
	call->len = fd;
	return 0;
}

void accept_interrupted(struct compat *c)
{
	struct life_call call = LIFE_CALL("accept", wait_accept, -1);

	listen_here(c, 8);
	call.fd = c->p.listener;
	interrupt_twice(&call);
	c->cl = client(c);
	life_end(&call);
	c->sv = call.len;
	say_talk(c->cl, c->sv);
}

/* Shutting a listener down ends accept(); it may listen again. */
void accept_shut(struct compat *c)
{
	struct life_call call = LIFE_CALL("accept", wait_accept, -1);
	socklen_t len;
	int i;

	listen_here(c, 8);
	call.fd = c->p.listener;
	for (i = SHUT_RD; i <= SHUT_RDWR; i++) {
		life_begin(&call);
		REC(shutdown(c->p.listener, i));
		life_look(&call);
		if (i != SHUT_WR)
			life_end(&call);
		REC_POLL(c->p.listener, POLLIN | POLLOUT | POLLRDHUP);
		REC(listen(c->p.listener, 8));
		REC_POLL(c->p.listener, POLLIN | POLLOUT | POLLRDHUP);
		/* A port that was not asked for by number may be another. */
		len = sizeof(c->p.addr);
		COMPAT_MUST(!getsockname(call.fd, &c->p.addr.sa, &len));
		c->cl = client(c);
		c->sv = -1;
		if (i == SHUT_WR)
			life_end(&call);
		else
			call.len = REC_FD(accept(c->p.listener, NULL, NULL));
		c->sv = call.len;
		say_talk(c->cl, c->sv);
		life_close(c);
	}
}

/* Without a free number nothing is taken from the queue. */
void accept_no_room(struct compat *c)
{
	struct rlimit limit, old;

	listen_here(c, 8);
	c->cl = client(c);
	COMPAT_MUST(!getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = 3;
	COMPAT_MUST(!setrlimit(RLIMIT_NOFILE, &limit));
	REC(accept(c->p.listener, NULL, NULL));
	REC(net_socket(c->nf, 0));
	REC_POLL(c->p.listener, 0);
	COMPAT_MUST(!setrlimit(RLIMIT_NOFILE, &old));
	REC_POLL(c->p.listener, POLLIN);
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	say_talk(c->cl, c->sv);
}

/* What waits in the queue may be over, or broken, when it is accepted. */
void accepted_is_dead(struct compat *c)
{
	char buf[32];
	int i;

	listen_here(c, 8);
	for (i = 0; i < 6; i++) {
		c->cl = client(c);
		if (i & 1)
			REC(send(c->cl, "early", 5, 0));
		life_settle();
		if (i / 2 == 1)
			life_abort_on_close(c->cl);
		if (i / 2 == 2)
			REC(shutdown(c->cl, SHUT_WR));
		else
			REC(net_close(&c->cl));
		life_settle();
		REC_POLL(c->p.listener, POLLIN);
		c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
		say_name(c, "peer", c->sv, true);
		REC_POLL(c->sv, POLLIN | POLLOUT | POLLRDHUP);
		REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
		REC(send(c->sv, "late", 4, MSG_NOSIGNAL));
		life_settle();
		REC(send(c->sv, "late", 4, MSG_NOSIGNAL));
		life_error("error", c->sv);
		life_close(c);
	}
}

static void inherits(struct compat *c, const char *name, int level, int option,
		     int value)
{
	socklen_t len = sizeof(value);

	REC(setsockopt(c->p.listener, level, option, &value, sizeof(value)));
	c->cl = client(c);
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	value = -1;
	REC(getsockopt(c->sv, level, option, &value, &len));
	rec_say("%s: %d", name, value);
	life_close(c);
}

void accept_inherits(struct compat *c)
{
	listen_here(c, 8);
	inherits(c, "keepalive", SOL_SOCKET, SO_KEEPALIVE, 1);
	inherits(c, "reuse", SOL_SOCKET, SO_REUSEADDR, 1);
	inherits(c, "low water", SOL_SOCKET, SO_RCVLOWAT, 33);
	inherits(c, "receive buffer", SOL_SOCKET, SO_RCVBUF, 20000);
	inherits(c, "send buffer", SOL_SOCKET, SO_SNDBUF, 20000);
	inherits(c, "urgent inline", SOL_SOCKET, SO_OOBINLINE, 1);
	inherits(c, "no delay", IPPROTO_TCP, TCP_NODELAY, 1);
	inherits(c, "cork", IPPROTO_TCP, TCP_CORK, 1);
	inherits(c, "user timeout", IPPROTO_TCP, TCP_USER_TIMEOUT, 5000);
	inherits(c, "keepalive time", IPPROTO_TCP, TCP_KEEPIDLE, 77);
	inherits(c, "lifetime of FIN", IPPROTO_TCP, TCP_LINGER2, 7);
	inherits(c, "type of service", IPPROTO_IP, IP_TOS, 0x10);
}

#define MOST	12

/* How many a listener keeps, and that the others get no answer. */
void backlog(struct compat *c)
{
	static const int lengths[] = { 0, 1, 3, 8 };
	size_t at;

	for (at = 0; at < sizeof(lengths) / sizeof(*lengths); at++) {
		int fds[MOST], i, lis;

		listen_here(c, lengths[at]);
		for (i = 0; i < MOST; i++) {
			fds[i] = net_socket(c->nf, SOCK_NONBLOCK);
			REC(connect(fds[i], &c->p.addr.sa, net_addr_len(c->nf)));
			life_settle();
			REC_POLL(fds[i], POLLOUT);
		}
		lis = c->p.listener;
		COMPAT_MUST(!net_nonblock(lis));
		for (i = 0; i < MOST; i++) {
			int fd = REC_FD(accept(lis, NULL, NULL));

			if (fd >= 0) {
				life_abort_on_close(fd);
				net_close(&fd);
			}
		}
		for (i = 0; i < MOST; i++)
			net_close(&fds[i]);
		net_close(&c->p.listener);
	}
}

/* Who got no answer asks again after a second. */
void backlog_drains(struct compat *c)
{
	int last;

	life_settle();
	last = life_deaf(c, &c->p.addr);
	c->p.listener = last;
	c->cl = net_socket(c->nf, SOCK_NONBLOCK);
	REC(connect(c->cl, &c->p.addr.sa, net_addr_len(c->nf)));
	REC(accept(last, NULL, NULL) >= 0);
	net_close(&c->sv);
	compat_until(c->cl, POLLOUT);
	c->sv = REC_FD(accept(last, NULL, NULL));
	say_talk(c->cl, c->sv);
}

/* Who waits in the queue is reset; who waits for accept() keeps the listener. */
void listener_closes(struct compat *c)
{
	struct life_call call = LIFE_CALL("accept", wait_accept, -1);
	char byte;

	listen_here(c, 8);
	c->cl = client(c);
	REC(send(c->cl, "early", 5, 0));
	life_settle();
	REC(net_close(&c->p.listener));
	life_settle();
	REC_POLL(c->cl, POLLIN | POLLOUT | POLLRDHUP);
	REC(recv(c->cl, &byte, 1, MSG_DONTWAIT));
	REC(recv(c->cl, &byte, 1, MSG_DONTWAIT));
	net_close(&c->cl);

	listen_here(c, 8);
	call.fd = c->p.listener;
	life_begin(&call);
	REC(net_close(&c->p.listener));
	life_look(&call);
	c->cl = client(c);
	life_end(&call);
	c->sv = call.len;
	say_talk(c->cl, c->sv);
	/* Now nobody holds it. */
	REC(net_connect(c->nf, &c->p.addr));
}

/* Which of them gets a connection is open; each gets to one of them. */
void reuse_port_group(struct compat *c)
{
	union net_addr addr = { 0 };
	int fds[16], group[4], i, j, sum = 0;

	life_settle();
	for (i = 0; i < 4; i++) {
		group[i] = bind_to(c, &addr, BIND_REUSE_PORT);
		REC(listen(group[i], 32));
		COMPAT_MUST(!net_nonblock(group[i]));
	}
	c->p.addr = addr;
	for (i = 0; i < 16; i++)
		fds[i] = client(c);
	for (i = 0; i < 4; i++) {
		while ((j = accept(group[i], NULL, NULL)) >= 0) {
			sum++;
			compat_send(j, "hello", 5);
		}
	}
	rec_say("%d accepted", sum);
	for (i = 0; i < 16; i++) {
		char buf[8];

		REC_RECV(recv(fds[i], buf, sizeof(buf), 0), buf);
	}
}
