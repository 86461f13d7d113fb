// SPDX-License-Identifier: GPL-2.0-only
/* Several messages by one call. */
#include <signal.h>

#include "data.h"

/* Where nothing is; the compiler does not know. */
static void *volatile nowhere = (void *)8;

#define COUNT	8

/**
 * struct batch - messages of one buffer each
 * @msgs:	what the call is given
 * @iov:	where each one's bytes are
 * @buf:	the bytes
 */
struct batch {
	struct mmsghdr msgs[COUNT];
	struct iovec iov[COUNT];
	char buf[COUNT][16];
};

static void prepare(struct batch *b, size_t len)
{
	int i;

	memset(b, 0, sizeof(*b));
	for (i = 0; i < COUNT; i++) {
		memset(b->buf[i], 'a' + i, sizeof(b->buf[i]));
		b->iov[i] = (struct iovec){ b->buf[i], len };
		b->msgs[i].msg_hdr.msg_iov = &b->iov[i];
		b->msgs[i].msg_hdr.msg_iovlen = 1;
		b->msgs[i].msg_len = 77;
	}
}

static void say_sent(const struct batch *b)
{
	int i;

	for (i = 0; i < COUNT; i++)
		rec_say("  %d: %u", i, b->msgs[i].msg_len);
}

static void say_received(const struct batch *b, int count)
{
	int i;

	for (i = 0; i < COUNT; i++) {
		rec_say("  %d: %u, flags %x", i, b->msgs[i].msg_len,
			b->msgs[i].msg_hdr.msg_flags);
		if (i < count)
			rec_bytes("buf", b->buf[i], b->msgs[i].msg_len);
	}
}

void send_mmsg(struct compat *c)
{
	struct batch b;
	char buf[128];
	int i;

	for (i = 0; i <= COUNT; i++) {
		prepare(&b, i);
		REC(sendmmsg(c->cl, b.msgs, i, 0));
		say_sent(&b);
		compat_arrived(c->sv, i * i);
		if (i)
			REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
		REC(sendmmsg(c->sv, b.msgs, 1, 0));
		compat_arrived(c->cl, i);
		REC_RECV(recv(c->cl, buf, sizeof(buf), MSG_DONTWAIT), buf);
	}
	prepare(&b, 1);
	b.msgs[1].msg_hdr.msg_iovlen = 0;
	REC(sendmmsg(c->cl, b.msgs, 3, 0));
	say_sent(&b);
	compat_arrived(c->sv, 2);
	REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
}

/* What was sent before the bad one counts; its error is lost. */
void send_mmsg_fails(struct compat *c)
{
	struct batch b;
	char buf[128];
	int bad;

	for (bad = 0; bad < 4; bad++) {
		prepare(&b, 2);
		b.msgs[bad].msg_hdr.msg_iovlen = 1025;
		REC(sendmmsg(c->cl, b.msgs, 4, 0));
		say_sent(&b);
		compat_arrived(c->sv, 2 * bad);
		REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
	}
	REC(sendmmsg(c->cl, NULL, 1, 0));
	REC(sendmmsg(c->cl, NULL, 0, 0));
	REC(sendmmsg(c->cl, nowhere, 1, 0));
	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	prepare(&b, 2);
	REC(sendmmsg(c->cl, b.msgs, 4, 0));
	say_sent(&b);
	REC(net_signals);
	REC(sendmmsg(c->cl, b.msgs, 4, MSG_NOSIGNAL));
	REC(net_signals);
}

void receive_mmsg(struct compat *c)
{
	struct batch b;
	int i;

	for (i = 0; i < 6; i++) {
		prepare(&b, 4);
		REC(recvmmsg(c->sv, b.msgs, 4, MSG_DONTWAIT, NULL));
		REC(write(c->cl, "abcdefghij", 10));
		compat_arrived(c->sv, 10);
		REC(recvmmsg(c->sv, b.msgs, 0, 0, NULL));
		REC(recvmmsg(c->sv, b.msgs, 4, MSG_DONTWAIT, NULL));
		say_received(&b, 3);
		REC(write(c->cl, "abcdefghij", 10));
		compat_arrived(c->sv, 10);
		prepare(&b, 5);
		REC(recvmmsg(c->sv, b.msgs, 4, MSG_WAITFORONE, NULL));
		say_received(&b, 2);
		compat_send(c->sv, "x", 1);
		prepare(&b, 1);
		REC(recvmmsg(c->cl, b.msgs, 1, 0, NULL));
	}
	REC(write(c->cl, "abcdefghij", 10));
	compat_arrived(c->sv, 10);
	REC(recvmmsg(c->sv, b.msgs, 1, MSG_PEEK, NULL));
	say_received(&b, 1);
	b.msgs[2].msg_hdr.msg_iov = NULL;
	REC(recvmmsg(c->sv, b.msgs, 4, 0, NULL));
	say_received(&b, 2);
	/* The error that ended the last one is kept for this one. */
	REC(recvmmsg(c->sv, b.msgs, 1, MSG_DONTWAIT, NULL));
	REC(recvmmsg(c->sv, b.msgs, 1, MSG_DONTWAIT, NULL));
	REC(recvmmsg(c->sv, NULL, 1, 0, NULL));
}

static void *send_pieces(void *arg)
{
	const struct compat *c = arg;
	int i;

	for (i = 0; i < 4; i++) {
		compat_send(c->cl, "abcd", 4);
		/* The reader takes it before there is more. */
		compat_sent(c->cl);
	}
	return NULL;
}

/* Without a flag it waits until it has as many as there is room for. */
void receive_mmsg_waits(struct compat *c)
{
	pthread_t thread;
	struct batch b;
	int i;

	for (i = 0; i < 4; i++) {
		prepare(&b, 1);
		COMPAT_MUST(!pthread_create(&thread, NULL, send_pieces, c));
		REC(recvmmsg(c->sv, b.msgs, COUNT, 0, NULL));
		say_received(&b, COUNT);
		REC(recvmmsg(c->sv, b.msgs, COUNT, 0, NULL));
		say_received(&b, COUNT);
		pthread_join(thread, NULL);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, b.buf, 1));
	}
}

/* The time is looked at after each message: what came late still counts. */
void receive_mmsg_timeout(struct compat *c)
{
	struct timespec now = { 0, 0 }, ample = { 1000, 0 };
	struct timespec bad = { 0, 1000000000 }, negative = { -1, 0 };
	struct batch b;

	prepare(&b, 4);
	REC(write(c->cl, "abcdefghijkl", 12));
	compat_arrived(c->sv, 12);
	REC(recvmmsg(c->sv, b.msgs, 4, 0, &bad));
	REC(recvmmsg(c->sv, b.msgs, 4, 0, &negative));
	REC(recvmmsg(c->sv, b.msgs, 4, 0, nowhere));
	REC(recvmmsg(c->sv, b.msgs, 4, 0, &now));
	say_received(&b, 1);
	rec_say("%ld %ld", (long)now.tv_sec, now.tv_nsec);
	REC(recvmmsg(c->sv, b.msgs, 2, 0, &ample));
	say_received(&b, 2);
	rec_say("%s", ample.tv_sec < 1000 && ample.tv_sec > 900 ?
		"less time left" : "wrong time");
	REC(recvmmsg(c->sv, b.msgs, 2, MSG_DONTWAIT, &ample));
}

void receive_mmsg_ends(struct compat *c)
{
	const struct linger reset = { 1, 0 };
	struct batch b;

	prepare(&b, 4);
	REC(write(c->cl, "abcdef", 6));
	REC(shutdown(c->cl, SHUT_WR));
	compat_until(c->sv, POLLRDHUP);
	REC(recvmmsg(c->sv, b.msgs, 4, 0, NULL));
	say_received(&b, 4);
	REC(write(c->sv, "abcdef", 6));
	compat_arrived(c->cl, 6);
	REC(setsockopt(c->sv, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	compat_close(c, &c->sv);
	compat_until(c->cl, POLLERR);
	prepare(&b, 4);
	REC(recvmmsg(c->cl, b.msgs, 4, 0, NULL));
	say_received(&b, 4);
	REC(recvmmsg(c->cl, b.msgs, 4, 0, NULL));
	say_received(&b, 0);
	REC(recvmmsg(c->cl, b.msgs, 4, 0, NULL));
}
