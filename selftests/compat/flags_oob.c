// SPDX-License-Identifier: GPL-2.0-only
/* Urgent data: MSG_OOB, SO_OOBINLINE, SIOCATMARK, POLLPRI and SIGURG. */
#include <linux/sockios.h>
#include <signal.h>

#include "flags.h"

/* All that can be seen of the mark without reading. */
static void look(int fd)
{
	int mark = -1, unread = -1;

	COMPAT_MUST(!ioctl(fd, SIOCATMARK, &mark));
	COMPAT_MUST(!ioctl(fd, FIONREAD, &unread));
	rec_say("  at mark %d, unread %d, sockatmark %d", mark, unread,
		sockatmark(fd));
	rec_poll("poll", compat_poll(fd, POLLIN | POLLPRI | POLLRDBAND, 0));
}

static void inline_urgent(int fd, int on)
{
	REC(setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)));
}

/* The two talk until rings would have come. */
static void talk(struct compat *c)
{
	char byte;
	int i;

	for (i = 0; i < 12; i++) {
		compat_send(c->cl, "t", 1);
		COMPAT_MUST(net_recv_all(c->sv, &byte, 1) == 1);
		compat_send(c->sv, "t", 1);
		COMPAT_MUST(net_recv_all(c->cl, &byte, 1) == 1);
	}
}

/* Up to the mark, or up to the end. */
static void read_and_look(struct compat *c)
{
	char buf[64];

	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	look(c->sv);
}

void urgent(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 4; i++) {
		look(c->sv);
		REC(recv(c->sv, buf, 1, MSG_OOB));
		REC(send(c->cl, "abc", 3, 0));
		REC(send(c->cl, "deF", 3, MSG_OOB));
		REC(send(c->cl, "ghi", 3, 0));
		compat_sent(c->cl);
		look(c->sv);
		REC_RECV(recv(c->sv, buf, 1, MSG_OOB), buf);
		REC(recv(c->sv, buf, 1, MSG_OOB));
		look(c->sv);
		read_and_look(c);
		read_and_look(c);
		REC(recv(c->sv, buf, 64, MSG_DONTWAIT));
		talk(c);
	}
}

void urgent_inline(struct compat *c)
{
	char buf[64];
	int i;

	inline_urgent(c->sv, 1);
	for (i = 0; i < 4; i++) {
		REC(send(c->cl, "abc", 3, 0));
		REC(send(c->cl, "deF", 3, MSG_OOB));
		REC(send(c->cl, "ghi", 3, 0));
		compat_sent(c->cl);
		look(c->sv);
		REC(recv(c->sv, buf, 1, MSG_OOB));
		REC_RECV(recv(c->sv, buf, 2, 0), buf);
		read_and_look(c);
		read_and_look(c);
		talk(c);
	}
}

/* The second takes the first one's place. */
void urgent_twice(struct compat *c)
{
	char buf[64];

	REC(send(c->cl, "aB", 2, MSG_OOB));
	REC(send(c->cl, "cD", 2, MSG_OOB));
	compat_sent(c->cl);
	look(c->sv);
	REC_RECV(recv(c->sv, buf, 1, MSG_OOB), buf);
	read_and_look(c);
	REC(recv(c->sv, buf, 64, MSG_DONTWAIT));
	talk(c);
	REC(send(c->cl, "eF", 2, MSG_OOB));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	REC(send(c->cl, "gH", 2, MSG_OOB));
	compat_sent(c->cl);
	look(c->sv);
	REC_RECV(recv(c->sv, buf, 1, MSG_OOB), buf);
	REC_RECV(recv(c->sv, buf, 64, MSG_DONTWAIT), buf);
	REC_RECV(recv(c->sv, buf, 64, MSG_DONTWAIT), buf);
}

void urgent_alone(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 3; i++) {
		REC(send(c->cl, "", 0, MSG_OOB));
		REC(send(c->cl, "U", 1, MSG_OOB));
		compat_sent(c->cl);
		look(c->sv);
		REC(recv(c->sv, buf, 64, MSG_DONTWAIT));
		look(c->sv);
		REC_RECV(recv(c->sv, buf, 64, MSG_OOB), buf);
		look(c->sv);
		REC(recv(c->sv, buf, 64, MSG_DONTWAIT));
		REC(recv(c->sv, buf, 64, MSG_OOB));
		talk(c);
		look(c->sv);
	}
}

void urgent_peeked(struct compat *c)
{
	char buf[64], byte[8];
	struct iovec iov = { byte, sizeof(byte) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	REC(send(c->cl, "abcU", 4, MSG_OOB));
	REC(send(c->cl, "def", 3, 0));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, buf, 64, MSG_PEEK), buf);
	REC_RECV(recv(c->sv, buf, 1, MSG_PEEK | MSG_OOB), buf);
	REC_RECV(recv(c->sv, buf, 1, MSG_PEEK | MSG_OOB), buf);
	REC(recv(c->sv, NULL, 0, MSG_OOB | MSG_PEEK));
	REC(recvmsg(c->sv, &msg, MSG_OOB | MSG_PEEK));
	REC(msg.msg_flags);
	REC_RECV(recv(c->sv, buf, 1, MSG_OOB | MSG_TRUNC), buf);
	REC(recvmsg(c->sv, &msg, MSG_OOB));
	REC_RECV(recv(c->sv, buf, 64, MSG_PEEK), buf);
	REC_RECV(recv(c->sv, buf, 3, 0), buf);
	REC_RECV(recv(c->sv, buf, 64, MSG_PEEK), buf);
	look(c->sv);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
}

/* Nobody asks for the urgent byte: reading goes past it. */
void urgent_not_read(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 3; i++) {
		REC(send(c->cl, "abcU", 4, MSG_OOB));
		REC(send(c->cl, "def", 3, 0));
		compat_sent(c->cl);
		read_and_look(c);
		read_and_look(c);
		REC(recv(c->sv, buf, 1, MSG_OOB));
		talk(c);
	}
}

/* Bytes of every way there is are unread before the mark. */
void urgent_unread_before(struct compat *c)
{
	static char out[300], in[20000];
	int i, sum = 0;
	char byte;

	for (i = 0; i < 20; i++) {
		net_fill(out, sizeof(out), 1, sum);
		compat_send(c->cl, out, sizeof(out));
		sum += sizeof(out);
		compat_arrived(c->sv, sum);
		compat_send(c->sv, "t", 1);
		COMPAT_MUST(net_recv_all(c->cl, &byte, 1) == 1);
	}
	REC(send(c->cl, "U", 1, MSG_OOB));
	REC(send(c->cl, "after", 5, 0));
	compat_sent(c->cl);
	look(c->sv);
	REC_RECV(recv(c->sv, &byte, 1, MSG_OOB), &byte);
	REC_RECV(recv(c->sv, in, 5000, 0), in);
	look(c->sv);
	REC_RECV(recv(c->sv, in, sizeof(in), MSG_PEEK), in);
	REC_RECV(recv(c->sv, in, sizeof(in), 0), in);
	look(c->sv);
	REC_RECV(recv(c->sv, in, sizeof(in), 0), in);
	look(c->sv);
}

/* A signal for whoever owns the socket; nobody does at first. */
void urgent_signal(struct compat *c)
{
	char byte;
	int i;

	REC(net_count_signal(SIGURG));
	for (i = 0; i < 3; i++) {
		REC(send(c->cl, "U", 1, MSG_OOB));
		compat_until(c->sv, POLLPRI);
		REC(net_signals);
		REC_RECV(recv(c->sv, &byte, 1, MSG_OOB), &byte);
		talk(c);
		REC(fcntl(c->sv, F_SETOWN, getpid()));
	}
}

/* What has arrived already is treated as the option says when it is read. */
void urgent_option_late(struct compat *c)
{
	char buf[64];

	REC(send(c->cl, "abU", 3, MSG_OOB));
	REC(send(c->cl, "cd", 2, 0));
	compat_sent(c->cl);
	inline_urgent(c->sv, 1);
	REC(recv(c->sv, buf, 1, MSG_OOB));
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	REC(send(c->cl, "efU", 3, MSG_OOB));
	REC(send(c->cl, "gh", 2, 0));
	compat_sent(c->cl);
	inline_urgent(c->sv, 0);
	look(c->sv);
	REC_RECV(recv(c->sv, buf, 1, MSG_OOB), buf);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
}

void urgent_waitall(struct compat *c)
{
	char buf[64];

	REC(send(c->cl, "abcU", 4, MSG_OOB));
	REC(send(c->cl, "defghij", 7, 0));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, buf, 8, MSG_WAITALL), buf);
	look(c->sv);
	REC_RECV(recv(c->sv, buf, 5, MSG_WAITALL | MSG_DONTWAIT), buf);
	REC(send(c->cl, "klmU", 4, MSG_OOB));
	REC(send(c->cl, "nop", 3, 0));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, buf, 5, MSG_TRUNC), buf);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	REC(send(c->cl, "klmU", 4, MSG_OOB));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, buf, 64, MSG_WAITALL | MSG_DONTWAIT), buf);
	REC(recv(c->sv, buf, 64, MSG_WAITALL | MSG_DONTWAIT));
}

/* Both directions, in turns with everything else. */
void urgent_again(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 10; i++) {
		const int from = i & 1 ? c->sv : c->cl;
		const int to = i & 1 ? c->cl : c->sv;

		REC(send(from, "abcU", 4, MSG_OOB));
		compat_sent(from);
		REC(send(to, "back", 4, 0));
		compat_arrived(from, 4);
		REC_RECV(recv(from, buf, 64, 0), buf);
		REC_RECV(recv(to, buf, 1, MSG_OOB), buf);
		REC_RECV(recv(to, buf, 64, 0), buf);
		look(to);
		REC(send(from, "more", 4, 0));
		compat_sent(from);
		REC_RECV(recv(to, buf, 64, 0), buf);
		look(to);
	}
}

void urgent_at_end(struct compat *c)
{
	char buf[64];

	REC(send(c->cl, "abcU", 4, MSG_OOB));
	REC(shutdown(c->cl, SHUT_WR));
	compat_until(c->sv, POLLRDHUP);
	look(c->sv);
	read_and_look(c);
	REC_RECV(recv(c->sv, buf, 1, MSG_OOB), buf);
	REC(recv(c->sv, buf, 64, 0));
	REC(recv(c->sv, buf, 1, MSG_OOB));
	look(c->sv);
}

/* Only the last byte is urgent, however many there are. */
void urgent_long(struct compat *c)
{
	static char out[40000], in[50000];

	net_fill(out, sizeof(out), 1, 0);
	REC(send(c->cl, out, sizeof(out), MSG_OOB));
	compat_sent(c->cl);
	look(c->sv);
	REC_RECV(recv(c->sv, in, 1, MSG_OOB), in);
	REC_RECV(recv(c->sv, in, sizeof(in), 0), in);
	REC(recv(c->sv, in, sizeof(in), MSG_DONTWAIT));
	talk(c);
	REC(send(c->cl, out, sizeof(out), MSG_OOB | MSG_MORE));
	REC(send(c->cl, out, sizeof(out), MSG_DONTWAIT));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, in, sizeof(in), 0), in);
	REC_RECV(recv(c->sv, in, sizeof(in), 0), in);
}

void urgent_splice(struct compat *c)
{
	char buf[64];
	int pipes[2], i;

	COMPAT_MUST(!pipe2(pipes, O_NONBLOCK) && !net_nonblock(c->sv));
	REC(send(c->cl, "abcU", 4, MSG_OOB));
	REC(send(c->cl, "def", 3, 0));
	compat_sent(c->cl);
	for (i = 0; i < 3; i++) {
		REC(splice(c->sv, NULL, pipes[1], NULL, 64,
			   SPLICE_F_NONBLOCK));
		REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
		look(c->sv);
	}
}
