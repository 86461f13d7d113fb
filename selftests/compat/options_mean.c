// SPDX-License-Identifier: GPL-2.0-only
/* What the options that shape buffering or delay are seen to do. */
#include <linux/sockios.h>

#include "options.h"

#define KB	1024
#define MB	(1024 * KB)

static void set(int fd, int level, int name, int value)
{
	COMPAT_MUST(!setsockopt(fd, level, name, &value, sizeof(value)));
}

static int get(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	COMPAT_MUST(!getsockopt(fd, level, name, &value, &len));
	return value;
}

/* All that fits until nothing more does, also after what is under way. */
static long fill(int fd, long limit)
{
	static const char block[4 * KB];
	long sum = 0, n;
	int idle = 0;

	do {
		n = send(fd, block, sizeof(block), MSG_DONTWAIT);
		if (n > 0) {
			sum += n;
			idle = 0;
		} else {
			COMPAT_MUST(errno == EAGAIN);
			idle++;
			poll(NULL, 0, 1);
		}
	} while (idle < 50 && sum < limit);
	return sum;
}

/* A connection that began with these sizes; 0 leaves one as it is. */
static void open_sized(struct compat *c, int send_size, int receive_size)
{
	c->p.listener = net_listen(c->nf, 4, &c->p.addr);
	if (receive_size)
		set(c->p.listener, SOL_SOCKET, SO_RCVBUF, receive_size);
	c->cl = net_socket(c->nf, SOCK_CLOEXEC);
	if (send_size)
		set(c->cl, SOL_SOCKET, SO_SNDBUF, send_size);
	COMPAT_MUST(!connect(c->cl, &c->p.addr.sa, net_addr_len(c->nf)));
	c->sv = accept(c->p.listener, NULL, NULL);
	COMPAT_MUST(c->sv >= 0);
	set(c->cl, SOL_TCP, TCP_NODELAY, 1);
	set(c->sv, SOL_TCP, TCP_NODELAY, 1);
	c->p.client = c->cl;
	c->p.server = c->sv;
	if (c->nf->hot)
		COMPAT_MUST(!net_warm(c->nf, &c->p));
}

/* Empties what fill() has filled, and sees that it goes on. */
static void drain(struct compat *c, long sum)
{
	static char block[64 * KB];
	long n, got = 0;

	while (got < sum && (n = recv(c->sv, block, sizeof(block), 0)) > 0)
		got += n;
	REC(got == sum);
	compat_until(c->cl, POLLOUT);
	REC_POLL(c->cl, POLLOUT);
	REC(send(c->cl, "abc", 3, MSG_DONTWAIT));
	compat_arrived(c->sv, 3);
	REC_RECV(recv(c->sv, block, sizeof(block), 0), block);
}

static void close_both(struct compat *c)
{
	net_close(&c->cl);
	net_close(&c->sv);
	net_close(&c->p.listener);
}

/* As much as can be written, of which the other end then reads all. */
static void filled(struct compat *c, long low, long high)
{
	const long sum = fill(c->cl, 128 * MB);

	if (getenv("COMPAT_SHOW"))
		fprintf(stderr, "%ld to %ld: %ld\n", low, high, sum);
	REC_IN(sum, low, high);
	REC_POLL(c->cl, POLLOUT);
	drain(c, sum);
	close_both(c);
}

/*
 * How much can be written before EAGAIN.  TCP counts its overhead into both
 * buffers, and doubles what is asked for because of that; how large that is
 * depends on how the bytes are cut into segments.  So it takes a quarter of
 * what is asked for at least, and twice what it says of both sizes at most.
 */
static void sized(struct compat *c, int send_size, int receive_size)
{
	long both;

	open_sized(c, send_size, receive_size);
	both = get(c->cl, SOL_SOCKET, SO_SNDBUF) +
	       get(c->sv, SOL_SOCKET, SO_RCVBUF);
	rec_say("send buffer %d, receive buffer %d", send_size, receive_size);
	filled(c, (send_size + receive_size) / 4, 2 * both);
}

void send_buffer(struct compat *c)
{
	sized(c, 4 * KB, 64 * KB);
	sized(c, 16 * KB, 64 * KB);
	sized(c, 64 * KB, 64 * KB);
	sized(c, 200 * KB, 64 * KB);
}

void receive_buffer(struct compat *c)
{
	sized(c, 64 * KB, 4 * KB);
	sized(c, 64 * KB, 16 * KB);
	sized(c, 64 * KB, 200 * KB);
}

/* Set when the connection is in use already. */
static void resized(struct compat *c, int send_size, int receive_size)
{
	long both;

	open_sized(c, 0, 0);
	set(c->cl, SOL_SOCKET, SO_SNDBUF, send_size);
	set(c->sv, SOL_SOCKET, SO_RCVBUF, receive_size);
	rec_say("now %d and %d", send_size, receive_size);
	both = get(c->cl, SOL_SOCKET, SO_SNDBUF);
	/* A window that has been offered stays: what is in it is TCP's. */
	filled(c, send_size / 4, both + 6 * MB);
}

void both_buffers(struct compat *c)
{
	sized(c, 4 * KB, 4 * KB);
	sized(c, 16 * KB, 16 * KB);
	resized(c, 4 * KB, 4 * KB);
	resized(c, 200 * KB, 200 * KB);
	/* More does fit into more. */
	resized(c, 100 * KB, 16 * KB);
}

/* With and without, small messages come, and in order. */
void no_delay(struct compat *c)
{
	char buf[200];
	int i, round;

	for (round = 0; round < 4; round++) {
		set(c->cl, SOL_TCP, TCP_NODELAY, round & 1);
		set(c->sv, SOL_TCP, TCP_NODELAY, round & 1);
		for (i = 0; i < 10; i++)
			compat_send(c->cl, "0123456789" + i, 10 - i);
		REC_RECV(recv(c->sv, buf, 55, MSG_WAITALL), buf);
		compat_send(c->sv, "back", 4);
		REC_RECV(recv(c->cl, buf, 4, MSG_WAITALL), buf);
		REC(get(c->cl, SOL_TCP, TCP_NODELAY));
	}
}

/* A counter of this network namespace: the names, then the numbers. */
static long tcp_counter(const char *name)
{
	FILE *file = fopen("/proc/net/netstat", "re");
	static const char blanks[] = "\n ";
	char names[8192], values[8192];
	char *at[2], *word, *value;
	long found = -1;

	COMPAT_MUST(file);
	while (found < 0 && fgets(names, sizeof(names), file) &&
	       fgets(values, sizeof(values), file)) {
		word = strtok_r(names, blanks, &at[0]);
		value = strtok_r(values, blanks, &at[1]);
		while (word && value && strcmp(word, name)) {
			word = strtok_r(NULL, blanks, &at[0]);
			value = strtok_r(NULL, blanks, &at[1]);
		}
		if (word && value)
			found = atol(value);
	}
	fclose(file);
	return found;
}

static void ask(struct compat *c, int rounds)
{
	char buf[8];

	while (rounds--) {
		compat_send(c->cl, "ask", 3);
		COMPAT_MUST(recv(c->sv, buf, 3, MSG_WAITALL) == 3);
		compat_send(c->sv, "answer", 6);
		COMPAT_MUST(recv(c->cl, buf, 6, MSG_WAITALL) == 6);
	}
}

/*
 * Requests and answers, with Nagle's algorithm: an answer goes when the one
 * before has been acknowledged, which the request after that one does.  The
 * answers need TCP; where the requests do not, somebody must acknowledge, or
 * one of them waits for the timer.
 */
void answers_by_tcp(struct compat *c)
{
	const int connections = 12;
	const long before = tcp_counter("DelayedACKs");
	int i;

	COMPAT_MUST(before >= 0);
	for (i = 0; i < connections; i++) {
		open_sized(c, 0, 0);
		set(c->cl, SOL_TCP, TCP_NODELAY, 0);
		set(c->sv, SOL_TCP, TCP_NODELAY, 0);
		set(c->cl, SOL_SOCKET, SO_TIMESTAMP, 1);
		ask(c, 10);
		close_both(c);
	}
	REC_IN(tcp_counter("DelayedACKs") - before, 0, connections / 3);
}

/* What is corked comes at the latest when the cork is drawn, or in a while. */
void cork(struct compat *c)
{
	char buf[200];
	int round;

	for (round = 0; round < 3; round++) {
		set(c->cl, SOL_TCP, TCP_CORK, 1);
		REC(get(c->cl, SOL_TCP, TCP_CORK));
		REC(write(c->cl, "head", 4));
		REC(write(c->cl, "er, ", 4));
		REC(send(c->cl, "more", 4, MSG_MORE));
		if (!round)
			compat_until(c->sv, POLLIN);
		set(c->cl, SOL_TCP, TCP_CORK, 0);
		compat_arrived(c->sv, 12);
		REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
	}
	set(c->cl, SOL_TCP, TCP_CORK, 1);
	REC(write(c->cl, "last", 4));
	REC(shutdown(c->cl, SHUT_WR));
	REC_RECV(recv(c->sv, buf, 4, MSG_WAITALL), buf);
	REC(recv(c->sv, buf, 4, 0));
}

/* Of a large buffer no more is used than the limit, and what the peer takes. */
void unsent_limit(struct compat *c)
{
	long free_sum, sum;

	open_sized(c, 200 * KB, 8 * KB);
	free_sum = fill(c->cl, 128 * MB);
	REC(free_sum > 100 * KB);
	drain(c, free_sum);
	close_both(c);
	open_sized(c, 200 * KB, 8 * KB);
	set(c->cl, SOL_TCP, TCP_NOTSENT_LOWAT, 4 * KB);
	sum = fill(c->cl, 128 * MB);
	if (getenv("COMPAT_SHOW"))
		fprintf(stderr, "limited %ld, free %ld\n", sum, free_sum);
	REC(sum < free_sum / 2);
	REC_POLL(c->cl, POLLOUT);
	drain(c, sum);
}

/* A peer that does not read for so long is given up. */
void user_timeout(struct compat *c)
{
	char byte;
	long sum;

	open_sized(c, 16 * KB, 16 * KB);
	set(c->cl, SOL_TCP, TCP_USER_TIMEOUT, 1000);
	REC(get(c->cl, SOL_TCP, TCP_USER_TIMEOUT));
	sum = fill(c->cl, MB);
	COMPAT_MUST(sum > 0);
	REC_POLL_WAIT(c->cl, POLLHUP);
	REC(send(c->cl, "abc", 3, MSG_NOSIGNAL | MSG_DONTWAIT));
	REC(send(c->cl, "abc", 3, MSG_NOSIGNAL | MSG_DONTWAIT));
	REC(recv(c->cl, &byte, 1, MSG_DONTWAIT));
}

/* A peer that lives answers, so an idle connection lasts. */
void keep_alive(struct compat *c)
{
	char buf[8];

	set(c->cl, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(c->cl, SOL_TCP, TCP_KEEPIDLE, 1);
	set(c->cl, SOL_TCP, TCP_KEEPINTVL, 1);
	set(c->cl, SOL_TCP, TCP_KEEPCNT, 1);
	/* Nothing must happen: for longer than the probes take. */
	REC(poll(&(struct pollfd){ c->cl, POLLIN, 0 }, 1, 4000));
	REC(send(c->cl, "abc", 3, MSG_NOSIGNAL));
	REC_RECV(recv(c->sv, buf, 3, MSG_WAITALL), buf);
}

/* The options that programs do set, between messages. */
void options_in_use(struct compat *c)
{
	static const struct {
		int level, name, value;
	} steps[] = {
		{ SOL_TCP, TCP_NODELAY, 0 }, { SOL_TCP, TCP_CORK, 1 },
		{ SOL_TCP, TCP_CORK, 0 }, { SOL_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 }, { SOL_TCP, TCP_KEEPIDLE, 60 },
		{ SOL_SOCKET, SO_SNDBUF, 16 * KB },
		{ SOL_SOCKET, SO_RCVBUF, 16 * KB },
		{ SOL_SOCKET, SO_SNDBUF, MB }, { SOL_SOCKET, SO_RCVBUF, MB },
		{ SOL_TCP, TCP_QUICKACK, 1 }, { SOL_IP, IP_TOS, 0x10 },
		{ SOL_TCP, TCP_USER_TIMEOUT, 30000 },
		{ SOL_TCP, TCP_NOTSENT_LOWAT, 16 * KB },
		{ SOL_SOCKET, SO_PRIORITY, 5 }, { SOL_SOCKET, SO_RCVLOWAT, 3 },
		{ SOL_SOCKET, SO_RCVLOWAT, 1 }, { SOL_TCP, TCP_INQ, 1 },
		{ SOL_SOCKET, SO_TIMESTAMP, 1 }, { SOL_TCP, TCP_INQ, 0 },
		{ SOL_SOCKET, SO_ZEROCOPY, 1 }, { SOL_SOCKET, SO_OOBINLINE, 1 },
	};
	char buf[400], out[400];
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		rec_say("%d/%d = %d", steps[i].level, steps[i].name,
			steps[i].value);
		REC(setsockopt(c->cl, steps[i].level, steps[i].name,
			       &steps[i].value, sizeof(int)));
		REC(setsockopt(c->sv, steps[i].level, steps[i].name,
			       &steps[i].value, sizeof(int)));
		net_fill(out, sizeof(out), 1, i);
		compat_send(c->cl, out, sizeof(out));
		REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_WAITALL), buf);
		compat_send(c->sv, out, 30 + i);
		REC_RECV(recv(c->cl, buf, 30 + i, MSG_WAITALL), buf);
	}
}
