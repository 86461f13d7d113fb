// SPDX-License-Identifier: GPL-2.0-only
/* The queue of errors and what is told by it; Fast Open. */
#include <signal.h>
#include <time.h>
/* Needs struct timespec. */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "flags.h"

#ifndef TCP_INQ
#define TCP_INQ			36
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE	34
#endif

static void set(int fd, int level, int name, int value)
{
	COMPAT_MUST(!setsockopt(fd, level, name, &value, sizeof(value)));
}

void error_queue(struct compat *c)
{
	char buf[64], control[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int i, one = 1;

	REC(setsockopt(c->cl, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)));
	for (i = 0; i < 6; i++) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		REC(recv(c->cl, buf, sizeof(buf), MSG_ERRQUEUE));
		REC(recvmsg(c->cl, &msg, MSG_ERRQUEUE));
		REC(recvmsg(c->cl, &msg, MSG_ERRQUEUE | MSG_PEEK));
		REC(write(c->sv, "hello", 5));
		compat_arrived(c->cl, 5);
		REC(recv(c->cl, buf, sizeof(buf), MSG_ERRQUEUE));
		REC_RECV(read(c->cl, buf, sizeof(buf)), buf);
		REC_POLL(c->cl, POLLIN | POLLOUT);
		compat_send(c->cl, "x", 1);
		REC(read(c->sv, buf, sizeof(buf)));
	}
	compat_close(c, &c->sv);
	compat_until(c->cl, POLLRDHUP);
	REC(recv(c->cl, buf, sizeof(buf), MSG_ERRQUEUE));
}

/* The next message of the queue that is of @origin; it must come. */
static struct sock_extended_err next_notice(int fd, unsigned int origin)
{
	struct sock_extended_err err;
	union {
		char buf[512];
		struct cmsghdr align;
	} u;
	struct msghdr msg;
	struct cmsghdr *cm;

	for (;;) {
		msg = (struct msghdr){ .msg_control = u.buf,
				       .msg_controllen = sizeof(u) };
		compat_until(fd, 0);
		COMPAT_MUST(recvmsg(fd, &msg, MSG_ERRQUEUE) >= 0);
		COMPAT_MUST(msg.msg_flags & MSG_ERRQUEUE);
		for (cm = CMSG_FIRSTHDR(&msg); cm; cm = CMSG_NXTHDR(&msg, cm)) {
			if (cm->cmsg_level != SOL_IP &&
			    cm->cmsg_level != SOL_IPV6)
				continue;
			memcpy(&err, CMSG_DATA(cm), sizeof(err));
			if (err.ee_origin == origin)
				return err;
		}
	}
}

/* One notice may speak of several calls, so they are counted. */
static void wait_completed(int fd, unsigned int from, unsigned int count)
{
	unsigned int next = from;

	while (next < from + count) {
		const struct sock_extended_err err =
			next_notice(fd, SO_EE_ORIGIN_ZEROCOPY);

		COMPAT_MUST(err.ee_info == next);
		COMPAT_MUST(err.ee_data >= next);
		rec_say("  errno %u, type %u, code %u", err.ee_errno,
			err.ee_type, err.ee_code);
		next = err.ee_data + 1;
	}
	rec_say("  completed up to %u", next);
	REC_POLL(fd, POLLIN | POLLOUT);
}

void zerocopy(struct compat *c)
{
	static char out[30000], in[30000];
	const int one = 1;
	unsigned int i;

	net_fill(out, sizeof(out), 1, 0);
	REC(setsockopt(c->cl, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)));
	for (i = 0; i < 4; i++) {
		REC(send(c->cl, out, 5000 * (i + 1), MSG_ZEROCOPY));
		REC_RECV(recv(c->sv, in, 5000 * (i + 1), MSG_WAITALL), in);
		wait_completed(c->cl, i, 1);
		REC(write(c->cl, out, 3000));
		REC_RECV(recv(c->sv, in, 3000, MSG_WAITALL), in);
		REC(write(c->sv, out, 3000));
		REC_RECV(recv(c->cl, in, 3000, MSG_WAITALL), in);
	}
	REC(send(c->cl, "", 0, MSG_ZEROCOPY));
	REC(send(c->cl, NULL, 3, MSG_ZEROCOPY));
	REC(send(c->cl, "a", 1, MSG_ZEROCOPY | MSG_DONTWAIT));
	REC_RECV(recv(c->sv, in, 1, 0), in);
}

/* Without the option the flag means nothing. */
void zerocopy_not_asked(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 12; i++) {
		REC(send(c->cl, "hello", 5, MSG_ZEROCOPY));
		compat_arrived(c->sv, 5);
		REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
		REC(recv(c->cl, buf, sizeof(buf), MSG_ERRQUEUE));
		REC_POLL(c->cl, POLLIN | POLLOUT);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, buf, sizeof(buf)));
	}
}

/* Many at once, among others that are copied. */
void zerocopy_many(struct compat *c)
{
	static char out[4000], in[4000];
	unsigned int i, count;

	set(c->cl, SOL_SOCKET, SO_ZEROCOPY, 1);
	for (i = 0, count = 0; i < 20; i++) {
		net_fill(out, sizeof(out), i, 0);
		REC(send(c->cl, out, sizeof(out), i % 3 ? MSG_ZEROCOPY : 0));
		REC_RECV(recv(c->sv, in, sizeof(in), MSG_WAITALL), in);
		count += i % 3 != 0;
	}
	for (i = 0; i < count;) {
		const struct sock_extended_err err =
			next_notice(c->cl, SO_EE_ORIGIN_ZEROCOPY);

		COMPAT_MUST(err.ee_info == i);
		i = err.ee_data + 1;
	}
	rec_say("completed %u", i);
	REC(recv(c->cl, in, sizeof(in), MSG_ERRQUEUE));
}

void zerocopy_option(struct compat *c)
{
	static const int values[] = { 0, 1, 2, -1, 1, 0 };
	socklen_t len;
	size_t i;
	int value;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		REC(setsockopt(c->cl, SOL_SOCKET, SO_ZEROCOPY, &values[i],
			       sizeof(values[i])));
		len = sizeof(value);
		REC(getsockopt(c->cl, SOL_SOCKET, SO_ZEROCOPY, &value, &len));
		REC(value);
	}
}

static void send_stamped(int fd, const char *text)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = { };
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = u.buf,
			      .msg_controllen = sizeof(u) };
	const int how = SOF_TIMESTAMPING_TX_ACK;

	u.align.cmsg_level = SOL_SOCKET;
	u.align.cmsg_type = SO_TIMESTAMPING;
	u.align.cmsg_len = CMSG_LEN(sizeof(how));
	memcpy(CMSG_DATA(&u.align), &how, sizeof(how));
	REC(sendmsg(fd, &msg, 0));
}

/* Asked for with single messages; a stamp names the byte it belongs to. */
void timestamps_asked(struct compat *c)
{
	struct sock_extended_err err;
	char buf[64];
	int i;

	set(c->cl, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE |
	    SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	for (i = 0; i < 4; i++) {
		REC(write(c->cl, "plain bytes", 11));
		compat_arrived(c->sv, 11);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		send_stamped(c->cl, "stamped");
		compat_arrived(c->sv, 7);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		err = next_notice(c->cl, SO_EE_ORIGIN_TIMESTAMPING);
		rec_say("errno %u, kind %u, byte %u", err.ee_errno,
			err.ee_info, err.ee_data);
		REC_POLL(c->cl, POLLIN | POLLOUT);
	}
}

static void read_counted(struct compat *c, size_t room)
{
	char control[64] = {}, buf[2];
	struct iovec iov = { buf, 2 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = room,
	};

	REC_RECV(recvmsg(c->sv, &msg, 0), buf);
	rec_say("  flags %x, control %zu", msg.msg_flags, msg.msg_controllen);
	rec_bytes("control", control, msg.msg_controllen);
}

void control_truncated(struct compat *c)
{
	size_t room;
	char buf[2];

	set(c->sv, IPPROTO_TCP, TCP_INQ, 1);
	for (room = 0; room <= 64; room += 8) {
		REC(write(c->cl, "abcdef", 6));
		compat_arrived(c->sv, 6);
		read_counted(c, room);
		while (recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		compat_nod(c);
	}
	/* The end, too, is told with a count. */
	REC(shutdown(c->sv, SHUT_RD));
	read_counted(c, 64);
	read_counted(c, 0);
}

/* Messages each way on what Fast Open has made. */
static void talk(int fd, int listener, int first)
{
	int sv = REC_FD(accept(listener, NULL, NULL)), i;
	char buf[64];

	COMPAT_MUST(sv >= 0);
	if (first > 0) {
		memset(buf, 0, sizeof(buf));
		REC_RECV(recv(sv, buf, first, MSG_WAITALL), buf);
	}
	compat_until(fd, POLLOUT);
	for (i = 0; i < 10; i++) {
		REC(write(fd, "there", 5));
		REC_RECV(recv(sv, buf, 5, MSG_WAITALL), buf);
		REC(write(sv, "back", 4));
		compat_arrived(fd, 4);
		REC_RECV(recv(fd, buf, 4, MSG_WAITALL), buf);
	}
	REC(shutdown(fd, SHUT_WR));
	REC(read(sv, buf, sizeof(buf)));
	net_close(&sv);
}

/* 0: waits, 1: does not, 2: does not and needs no cookie, 3: both. */
static void open_fast(struct compat *c, int listener,
		      const union net_addr *addr, int how)
{
	int fd = net_socket(c->nf, how & 1 ? SOCK_NONBLOCK : 0);
	const socklen_t len = net_addr_len(c->nf);
	long n;

	rec_say("way %d", how);
	COMPAT_MUST(fd >= 0);
	if (how & 2)
		set(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	n = REC(sendto(fd, "hello", 5, MSG_FASTOPEN, &addr->sa, len));
	talk(fd, listener, n);
	net_close(&fd);
}

void fastopen_client(struct compat *c)
{
	union net_addr addr;
	int listener = net_listen(c->nf, 8, &addr), how;

	COMPAT_MUST(listener >= 0);
	for (how = 0; how < 4; how++)
		open_fast(c, listener, &addr, how);
}

void fastopen_server(struct compat *c)
{
	union net_addr addr;
	int listener = net_listen(c->nf, 8, &addr), how, queue = 5;
	socklen_t len = sizeof(queue);

	COMPAT_MUST(listener >= 0);
	REC(setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &queue, len));
	queue = 0;
	REC(getsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &queue, &len));
	REC(queue);
	for (how = 0; how < 4; how++)
		open_fast(c, listener, &addr, how);
}

void fastopen_refused(struct compat *c)
{
	union net_addr addr, unspec = { .sa.sa_family = AF_UNSPEC };
	int fd = net_listen(c->nf, 1, &addr), how, error;
	const socklen_t len = net_addr_len(c->nf);
	socklen_t size = sizeof(error);

	signal(SIGPIPE, SIG_IGN);
	net_close(&fd);
	for (how = 0; how < 4; how++) {
		fd = net_socket(c->nf, how & 1 ? SOCK_NONBLOCK : 0);
		COMPAT_MUST(fd >= 0);
		if (how & 2)
			set(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
		REC(sendto(fd, "hello", 5, MSG_FASTOPEN, &unspec.sa, len));
		REC(sendto(fd, "hello", 5, MSG_FASTOPEN, NULL, 0));
		REC(sendto(fd, "hello", 5, MSG_FASTOPEN, &addr.sa, 2));
		REC(sendto(fd, "hello", 5, MSG_FASTOPEN, &addr.sa, len));
		if (how & 1)
			compat_until(fd, POLLERR);
		REC(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
		REC(error);
		REC(send(fd, "hello", 5, 0));
		net_close(&fd);
	}
}

void fastopen_connect(struct compat *c)
{
	union net_addr addr;
	int listener = net_listen(c->nf, 8, &addr), how, fd;
	const socklen_t len = net_addr_len(c->nf);

	COMPAT_MUST(listener >= 0);
	for (how = 0; how < 2; how++) {
		fd = net_socket(c->nf, 0);
		COMPAT_MUST(fd >= 0);
		set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
		if (how)
			set(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
		REC(connect(fd, &addr.sa, len));
		REC_POLL(fd, POLLIN | POLLOUT);
		/* A second one would wait for what the first puts off. */
		if (!how)
			REC(connect(fd, &addr.sa, len));
		talk(fd, listener, REC(write(fd, "hello", 5)));
		net_close(&fd);
	}
}

/* The connection is there already. */
void fastopen_late(struct compat *c)
{
	const socklen_t len = net_addr_len(c->nf);
	char buf[64];
	int i;

	for (i = 0; i < 12; i++) {
		REC(send(c->cl, "abc", 3, MSG_FASTOPEN));
		REC(sendto(c->cl, "def", 3, MSG_FASTOPEN, &c->p.addr.sa, len));
		REC(send(c->cl, "ghi", 3, 0));
		compat_sent(c->cl);
		REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, buf, sizeof(buf)));
	}
}
