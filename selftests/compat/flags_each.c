// SPDX-License-Identifier: GPL-2.0-only
/* Every flag there could be, one by one and in pairs. */
#include <signal.h>

#include "flags.h"

#define TOP	31

/* Bits that make a call wait for what nobody sends, or are tested elsewhere. */
static bool left_out(int flags)
{
	return flags & MSG_FASTOPEN;
}

/* What one side sends with @flags, and what the other gets. */
static void send_with(struct compat *c, int flags)
{
	struct net_pair p;
	char buf[64];

	compat_pair(c, &p);
	COMPAT_MUST(!net_nonblock(p.server));
	rec_say("flags %x", flags);
	REC(send(p.client, "abc", 3, flags));
	REC(send(p.client, "def", 3, 0));
	compat_sent(p.client);
	REC_RECV(recv(p.server, buf, sizeof(buf), 0), buf);
	REC_RECV(recv(p.server, buf, sizeof(buf), 0), buf);
	REC_POLL(p.client, POLLIN | POLLOUT | POLLPRI);
	net_pair_close(&p);
}

void send_bits(struct compat *c)
{
	int bit;

	signal(SIGPIPE, SIG_IGN);
	for (bit = 0; bit < TOP; bit++)
		if (!left_out(1 << bit))
			send_with(c, 1 << bit);
	send_with(c, 1u << TOP);
	send_with(c, -1 & ~MSG_FASTOPEN);
}

static void receive_with(struct compat *c, int flags)
{
	struct net_pair p;
	char buf[64];

	compat_pair(c, &p);
	COMPAT_MUST(!net_nonblock(p.server));
	rec_say("flags %x", flags);
	REC(send(p.client, "abc", 3, 0));
	compat_arrived(p.server, 3);
	memset(buf, '.', sizeof(buf));
	REC_RECV(recv(p.server, buf, 2, flags), buf);
	REC_RECV(recv(p.server, buf, sizeof(buf), flags), buf);
	REC_RECV(recv(p.server, buf, sizeof(buf), 0), buf);
	REC(recv(p.server, buf, sizeof(buf), flags));
	net_pair_close(&p);
}

void receive_bits(struct compat *c)
{
	int bit;

	for (bit = 0; bit < TOP; bit++)
		receive_with(c, 1 << bit);
	receive_with(c, 1u << TOP);
	receive_with(c, -1);
}

/* Nothing is there, then nothing will ever be. */
void receive_bits_nothing(struct compat *c)
{
	char buf[64];
	int bit;

	for (bit = 0; bit < TOP; bit++)
		REC(recv(c->sv, buf, sizeof(buf), 1 << bit | MSG_DONTWAIT));
	REC(shutdown(c->cl, SHUT_WR));
	compat_until(c->sv, POLLRDHUP);
	for (bit = 0; bit < TOP; bit++)
		REC(recv(c->sv, buf, sizeof(buf), 1 << bit | MSG_DONTWAIT));
}

static void receive_msg_with(struct compat *c, int flags, bool bare)
{
	char buf[64], control[64];
	struct iovec iov = { buf, 2 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = bare ? NULL : control,
		.msg_controllen = bare ? 0 : sizeof(control),
		.msg_flags = -1,
	};

	REC(send(c->cl, "abc", 3, 0));
	compat_arrived(c->sv, 3);
	memset(buf, '.', sizeof(buf));
	rec_say("flags %x, %s", flags, bare ? "bare" : "with room");
	REC_RECV(recvmsg(c->sv, &msg, flags), buf);
	rec_say("  control %zu, flags %x", msg.msg_controllen, msg.msg_flags);
	while (recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* What the call says that it has done. */
void receive_msg_bits(struct compat *c)
{
	int bit;

	for (bit = 0; bit < TOP; bit++) {
		receive_msg_with(c, 1 << bit, false);
		receive_msg_with(c, 1 << bit, true);
	}
}

static void in_pairs(struct compat *c, const int *flags, int count,
		     void (*with)(struct compat *c, int flags))
{
	int i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			with(c, flags[i] | flags[j]);
}

void send_pairs(struct compat *c)
{
	static const int flags[] = {
		MSG_OOB, MSG_DONTROUTE, MSG_DONTWAIT, MSG_EOR, MSG_CONFIRM,
		MSG_NOSIGNAL, MSG_MORE, MSG_ZEROCOPY,
	};

	in_pairs(c, flags, sizeof(flags) / sizeof(*flags), send_with);
}

void receive_pairs(struct compat *c)
{
	static const int flags[] = {
		MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_ERRQUEUE,
		MSG_CMSG_CLOEXEC, MSG_DONTWAIT, MSG_NOSIGNAL,
	};

	in_pairs(c, flags, sizeof(flags) / sizeof(*flags), receive_with);
}
