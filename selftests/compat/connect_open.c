// SPDX-License-Identifier: GPL-2.0-only
/* Ways to open a connection, and how they fail. */
#include <sys/time.h>

#include "connect.h"

#define OPEN_EVENTS	(POLLIN | POLLOUT | POLLRDHUP)

static int try_connect(struct compat *c, int fd, const union net_addr *addr)
{
	return REC(connect(fd, &addr->sa, net_addr_len(c->nf)));
}

void nonblocking(struct compat *c)
{
	listen_here(c, 8);
	c->cl = net_socket(c->nf, SOCK_NONBLOCK);
	REC_POLL(c->cl, OPEN_EVENTS);
	try_connect(c, c->cl, &c->p.addr);
	life_settle();
	REC_POLL(c->cl, OPEN_EVENTS);
	say_names(c, "the client", c->cl);
	life_error("error", c->cl);
	try_connect(c, c->cl, &c->p.addr);
	try_connect(c, c->cl, &c->p.addr);
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	REC_POLL(c->cl, OPEN_EVENTS);
	say_talk(c->cl, c->sv);
	try_connect(c, c->cl, &c->p.addr);
	say_names(c, "the client", c->cl);
	say_names(c, "the server", c->sv);
}

/* The error is told once, by whoever asks first. */
void nonblocking_refused(struct compat *c)
{
	union net_addr addr;
	int i;

	life_settle();
	COMPAT_MUST(life_unheard(c->nf, &addr) >= 0);
	for (i = 0; i < 4; i++) {
		char byte;

		c->cl = net_socket(c->nf, SOCK_NONBLOCK);
		try_connect(c, c->cl, &addr);
		life_settle();
		REC_POLL(c->cl, OPEN_EVENTS);
		switch (i) {
		case 0:
			life_error("error", c->cl);
			break;
		case 1:
			REC(recv(c->cl, &byte, 1, 0));
			break;
		case 2:
			REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
			break;
		}
		REC_POLL(c->cl, OPEN_EVENTS);
		try_connect(c, c->cl, &addr);
		life_settle();
		try_connect(c, c->cl, &addr);
		REC(recv(c->cl, &byte, 1, 0));
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
		life_error("error", c->cl);
		say_names(c, "the client", c->cl);
		net_close(&c->cl);
	}
}

void blocking_refused(struct compat *c)
{
	union net_addr addr;
	char byte;

	life_settle();
	COMPAT_MUST(life_unheard(c->nf, &addr) >= 0);
	c->cl = net_socket(c->nf, 0);
	try_connect(c, c->cl, &addr);
	life_error("error", c->cl);
	REC_POLL(c->cl, OPEN_EVENTS);
	REC(recv(c->cl, &byte, 1, MSG_DONTWAIT));
	REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
	say_names(c, "the client", c->cl);
	try_connect(c, c->cl, &addr);
	REC(shutdown(c->cl, SHUT_RDWR));
	try_connect(c, c->cl, &addr);
}

/* One socket may try until somebody listens. */
void refused_then_accepted(struct compat *c)
{
	int i;

	life_settle();
	c->p.listener = life_unheard(c->nf, &c->p.addr);
	c->cl = net_socket(c->nf, 0);
	for (i = 0; i < 3; i++)
		try_connect(c, c->cl, &c->p.addr);
	REC(listen(c->p.listener, 1));
	try_connect(c, c->cl, &c->p.addr);
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	say_talk(c->cl, c->sv);
}

/* While no answer comes. */
void already(struct compat *c)
{
	union net_addr addr;
	char byte;

	life_settle();
	life_deaf(c, &addr);
	c->cl = net_socket(c->nf, SOCK_NONBLOCK);
	try_connect(c, c->cl, &addr);
	try_connect(c, c->cl, &addr);
	life_settle();
	REC_POLL(c->cl, OPEN_EVENTS);
	say_name(c, "peer", c->cl, true);
	life_error("error", c->cl);
	REC(recv(c->cl, &byte, 1, 0));
	REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
	REC(listen(c->cl, 1));
	REC(bind(c->cl, &addr.sa, net_addr_len(c->nf)));
	REC(shutdown(c->cl, SHUT_WR));
	life_settle();
	REC_POLL(c->cl, OPEN_EVENTS);
	try_connect(c, c->cl, &addr);
	life_error("error", c->cl);
	REC(recv(c->cl, &byte, 1, 0));
	REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
}

void connect_in_states(struct compat *c)
{
	const struct life_state *s;
	union net_addr addr;
	const int lis = net_listen(c->nf, 64, &addr);

	COMPAT_MUST(lis >= 0);
	for (s = life_states; s->name; s++) {
		life_open(c, s);
		COMPAT_MUST(!net_nonblock(c->cl));
		try_connect(c, c->cl, &addr);
		life_settle();
		REC_POLL(c->cl, OPEN_EVENTS);
		try_connect(c, c->cl, &addr);
		life_error("error", c->cl);
		say_name(c, "peer", c->cl, true);
		life_close(c);
	}
}

void connect_bad(struct compat *c)
{
	const socklen_t len = net_addr_len(c->nf);
	union net_addr addr;

	listen_here(c, 8);
	c->cl = net_socket(c->nf, 0);
	addr = c->p.addr;
	REC(connect(c->cl, &addr.sa, 0));
	REC(connect(c->cl, &addr.sa, 1));
	/* IPv6 has grown a last member: without it is long enough. */
	REC(connect(c->cl, &addr.sa, len - 5));
	REC(connect(c->cl, &addr.sa, -1));
	REC(connect(c->cl, &addr.sa, sizeof(addr.ss) + 1));
	REC(connect(c->cl, NULL, len));
	REC(connect(-1, &addr.sa, len));
	addr.sa.sa_family = AF_UNIX;
	REC(connect(c->cl, &addr.sa, len));
	addr.sa.sa_family = AF_SDIRECT;
	REC(connect(c->cl, &addr.sa, len));
	addr.sa.sa_family = c->nf->ip == AF_INET ? AF_INET6 : AF_INET;
	/* The error may be SELinux's, which knows TCP's sockets by class. */
	rec_say("the other family: %d", connect(c->cl, &addr.sa, len));
	/* Broadcast and multicast addresses, and port 0. */
	net_loopback(c->nf, &addr);
	REC(connect(c->cl, &addr.sa, len));
	if (c->nf->ip == AF_INET) {
		addr.in.sin_port = c->p.addr.in.sin_port;
		addr.in.sin_addr.s_addr = INADDR_BROADCAST;
		REC(connect(c->cl, &addr.sa, len));
		addr.in.sin_addr.s_addr = htonl(0xe0000001);
		REC(connect(c->cl, &addr.sa, len));
	}
	REC(connect(c->cl, &c->p.addr.sa, sizeof(c->p.addr.ss)));
	c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
	say_talk(c->cl, c->sv);
}

/* A blocking connect() gives up waiting, not trying. */
void connect_send_timeout(struct compat *c)
{
	const struct timeval soon = { 0, 30000 };
	union net_addr addr;

	life_settle();
	life_deaf(c, &addr);
	c->cl = net_socket(c->nf, 0);
	REC(setsockopt(c->cl, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)));
	try_connect(c, c->cl, &addr);
	REC_POLL(c->cl, OPEN_EVENTS);
	try_connect(c, c->cl, &addr);
	life_error("error", c->cl);
	REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
}

static long wait_connect(struct life_call *call)
{
	const union net_addr *addr = call->arg;

	return connect(call->fd, &addr->sa, call->len);
}

void connect_interrupted(struct compat *c)
{
	union net_addr addr;
	struct life_call call = { "connect", wait_connect, .arg = &addr,
				  .len = net_addr_len(c->nf) };

	life_settle();
	life_deaf(c, &addr);
	call.fd = c->cl = net_socket(c->nf, 0);
	life_handle(false);
	life_interrupt(&call);
	life_end(&call);
	rec_say("handled %d", net_signals);
	/* It goes on by itself; another call waits for it. */
	REC_POLL(c->cl, OPEN_EVENTS);
	interrupt_twice(&call);
	/* Who is shut down connects no more. */
	REC(shutdown(c->cl, SHUT_RDWR));
	life_end(&call);
}

/* Gives up after a few seconds: one more SYN is sent. */
void no_answer(struct compat *c)
{
	const int once = 1;
	union net_addr addr;

	life_settle();
	life_deaf(c, &addr);
	c->cl = net_socket(c->nf, 0);
	REC(setsockopt(c->cl, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once)));
	try_connect(c, c->cl, &addr);
	life_error("error", c->cl);
	REC_POLL(c->cl, OPEN_EVENTS);
	net_close(&c->cl);
	c->cl = net_socket(c->nf, SOCK_NONBLOCK);
	REC(setsockopt(c->cl, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once)));
	try_connect(c, c->cl, &addr);
	compat_until(c->cl, POLLOUT);
	REC_POLL(c->cl, OPEN_EVENTS);
	life_error("error", c->cl);
	life_error("error", c->cl);
}

/* A port that connects to itself gets its own bytes. */
void to_oneself(struct compat *c)
{
	union net_addr addr = { 0 };
	const int one = 1;
	char byte;
	int i;

	life_settle();
	c->cl = bind_to(c, &addr, 0);
	REC(setsockopt(c->cl, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	try_connect(c, c->cl, &addr);
	say_names(c, "the client", c->cl);
	REC_POLL(c->cl, OPEN_EVENTS);
	for (i = 0; i < 40; i++) {
		char out[3000], in[3000];

		net_fill(out, sizeof(out), 1, i);
		REC(send(c->cl, out, 1 + 70 * i, 0));
		compat_arrived(c->cl, 1 + 70 * i);
		REC_POLL(c->cl, OPEN_EVENTS);
		REC_RECV(recv(c->cl, in, sizeof(in), MSG_DONTWAIT), in);
	}
	REC(shutdown(c->cl, SHUT_WR));
	life_settle();
	REC_POLL(c->cl, OPEN_EVENTS);
	REC(recv(c->cl, &byte, 1, MSG_DONTWAIT));
	REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
}

/*
 * A's SYN is dropped by a listener that is full; then B, bound to that port
 * too, connects to A's: A, which has sent its own, gets B's SYN.
 */
void simultaneous(struct compat *c)
{
	union net_addr a = { 0 }, b = { 0 };
	int b_fd, deaf, last;

	life_settle();
	c->cl = bind_to(c, &a, 0);
	deaf = bind_to(c, &b, BIND_REUSE_PORT);
	REC(listen(deaf, 0));
	last = REC_FD(net_connect(c->nf, &b));
	life_settle();
	COMPAT_MUST(!net_nonblock(c->cl));
	try_connect(c, c->cl, &b);
	life_settle();
	REC_POLL(c->cl, OPEN_EVENTS);
	b_fd = bind_to(c, &b, BIND_REUSE_PORT);
	COMPAT_MUST(b_fd >= 0 && !net_nonblock(b_fd));
	try_connect(c, b_fd, &a);
	life_settle();
	REC_POLL(c->cl, OPEN_EVENTS);
	REC_POLL(b_fd, OPEN_EVENTS);
	try_connect(c, c->cl, &b);
	c->sv = b_fd;
	say_names(c, "A", c->cl);
	say_names(c, "B", c->sv);
	say_talk(c->cl, c->sv);
	say_talk(c->sv, c->cl);
	REC(shutdown(c->cl, SHUT_WR));
	life_settle();
	REC_POLL(c->sv, OPEN_EVENTS);
	REC(close(last));
}

/* The client may talk, and even leave, before it has been accepted. */
void data_before_accept(struct compat *c)
{
	char buf[64];
	int i;

	listen_here(c, 8);
	for (i = 0; i < 4; i++) {
		c->cl = REC_FD(net_connect(c->nf, &c->p.addr));
		REC(send(c->cl, "early", 5, 0));
		life_settle();
		REC_POLL(c->cl, OPEN_EVENTS);
		if (i == 1)
			REC(shutdown(c->cl, SHUT_WR));
		if (i == 2)
			REC(net_close(&c->cl));
		if (i == 3) {
			life_abort_on_close(c->cl);
			REC(net_close(&c->cl));
		}
		life_settle();
		c->sv = REC_FD(accept(c->p.listener, NULL, NULL));
		REC_POLL(c->sv, OPEN_EVENTS);
		say_name(c, "peer", c->sv, true);
		REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
		REC(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT));
		if (i == 0)
			say_talk(c->cl, c->sv);
		life_close(c);
	}
}

/* Bytes are there for who does not ask first whether they are. */
static void talk_unasked(int one, int other)
{
	char buf[8];
	int i;

	for (i = 0; i < 12; i++) {
		REC(send(one, "there", 5, MSG_NOSIGNAL));
		life_settle();
		REC_RECV(recv(other, buf, sizeof(buf), MSG_DONTWAIT), buf);
		REC(send(other, "back", 4, MSG_NOSIGNAL));
		life_settle();
		REC_RECV(recv(one, buf, sizeof(buf), MSG_DONTWAIT), buf);
	}
}

void nobody_asks(struct compat *c)
{
	life_settle();
	talk_unasked(c->cl, c->sv);
	compat_pair(c, &c->p);
	talk_unasked(c->p.server, c->p.client);
}

/* Blocking calls wait for the connection: nobody answers here. */
void send_while_connecting(struct compat *c)
{
	struct life_call calls[] = {
		{ .what = "send", .run = life_send_all },
		{ .what = "recv", .run = life_recv, .len = 1 },
	};
	union net_addr addr;
	int i;

	life_settle();
	life_deaf(c, &addr);
	for (i = 0; i < 2; i++) {
		c->cl = calls[i].fd = net_socket(c->nf, SOCK_NONBLOCK);
		try_connect(c, c->cl, &addr);
		REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
		REC(recv(c->cl, calls[i].buf, 1, 0));
		REC(fcntl(c->cl, F_SETFL, 0));
		life_begin(&calls[i]);
		life_look(&calls[i]);
		REC(shutdown(c->cl, SHUT_RDWR));
		life_end(&calls[i]);
		life_error("error", c->cl);
		net_close(&c->cl);
	}
}

/* One after the other, short ones, by the same listener. */
void many_in_a_row(struct compat *c)
{
	char buf[8];
	int i;

	listen_here(c, 8);
	for (i = 0; i < 200; i++) {
		c->cl = net_connect(c->nf, &c->p.addr);
		c->sv = accept(c->p.listener, NULL, NULL);
		COMPAT_MUST(c->cl >= 0 && c->sv >= 0);
		compat_send(c->cl, "ask", 3);
		REC_RECV(recv(c->sv, buf, 3, MSG_WAITALL), buf);
		compat_send(c->sv, "yes", 3);
		REC_RECV(recv(c->cl, buf, 3, MSG_WAITALL), buf);
		if (i % 3 == 0)
			REC(shutdown(c->cl, SHUT_WR));
		if (i % 3 == 1)
			life_abort_on_close(c->cl);
		REC(net_close(i & 1 ? &c->cl : &c->sv));
		REC(net_close(i & 1 ? &c->sv : &c->cl));
	}
}
