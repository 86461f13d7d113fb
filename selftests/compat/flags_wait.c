// SPDX-License-Identifier: GPL-2.0-only
/* MSG_WAITALL and MSG_DONTWAIT: how long a call waits, and what ends that. */
#include <limits.h>
#include <signal.h>
#include <sys/time.h>

#include "flags.h"

/**
 * struct reader - a call that another thread makes, and what came of it
 * @fd:		the socket
 * @len:	how much it asks for
 * @flags:	of the call
 * @tid:	the thread, once it is about to call
 * @thread:	to wait for
 * @ret:	what the call gave
 * @err:	its error
 * @buf:	what it brought
 */
struct reader {
	int fd;
	size_t len;
	int flags;
	pid_t tid;
	pthread_t thread;
	long ret;
	int err;
	char buf[70000];
};

static struct reader reader;

static void *receive(void *arg)
{
	struct reader *r = arg;

	__atomic_store_n(&r->tid, net_tid(), __ATOMIC_RELEASE);
	errno = 0;
	r->ret = recv(r->fd, r->buf, r->len, r->flags);
	r->err = errno;
	return NULL;
}

/* Starts a call that will wait, and returns when it does. */
static void begin(int fd, size_t len, int flags)
{
	reader = (struct reader){ .fd = fd, .len = len, .flags = flags };
	COMPAT_MUST(!pthread_create(&reader.thread, NULL, receive, &reader));
	while (!__atomic_load_n(&reader.tid, __ATOMIC_ACQUIRE))
		sched_yield();
	COMPAT_MUST(!net_wait_sleeping(reader.tid));
}

static void end(void)
{
	pthread_join(reader.thread, NULL);
	rec_result("recv", reader.ret, reader.err);
	rec_bytes("buf", reader.buf, reader.ret);
}

void waitall(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 8; i++) {
		REC(write(c->cl, "abcdefghij", 10));
		REC_RECV(recv(c->sv, buf, 10, MSG_WAITALL), buf);
		REC(write(c->cl, "abcdefghij", 10));
		REC_RECV(recv(c->sv, buf, 4, MSG_WAITALL), buf);
		REC_RECV(recv(c->sv, buf, 6, MSG_WAITALL), buf);
		REC_RECV(recv(c->sv, buf, 0, MSG_WAITALL | MSG_DONTWAIT), buf);
		REC(write(c->sv, "x", 1));
		REC(read(c->cl, buf, sizeof(buf)));
	}
}

void waitall_pieces(struct compat *c)
{
	int i;

	for (i = 0; i < 6; i++) {
		begin(c->sv, 30, MSG_WAITALL);
		compat_send(c->cl, "abcdefghij", 10);
		COMPAT_MUST(!net_wait_sleeping(reader.tid));
		compat_send(c->cl, "klmnopqrst", 10);
		compat_send(c->cl, "uvwxyzABCD", 10);
		end();
		begin(c->sv, 30, 0);
		compat_send(c->cl, "abcdefghij", 10);
		end();
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, reader.buf, 64));
	}
}

void waitall_end(struct compat *c)
{
	begin(c->sv, 30, MSG_WAITALL);
	compat_send(c->cl, "abcdefghij", 10);
	REC(shutdown(c->cl, SHUT_WR));
	end();
	REC(recv(c->sv, reader.buf, 30, MSG_WAITALL));
	begin(c->cl, 30, MSG_WAITALL);
	compat_send(c->sv, "abcdefghij", 10);
	REC(shutdown(c->cl, SHUT_RD));
	end();
	REC(recv(c->cl, reader.buf, 30, MSG_WAITALL));
}

void waitall_reset(struct compat *c)
{
	const struct linger hard = { 1, 0 };

	begin(c->sv, 30, MSG_WAITALL);
	compat_send(c->cl, "abcdefghij", 10);
	/* Taken before the reset, or it might be lost with the connection. */
	compat_sent(c->cl);
	COMPAT_MUST(!net_wait_sleeping(reader.tid));
	REC(setsockopt(c->cl, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	compat_close(c, &c->cl);
	end();
	REC(recv(c->sv, reader.buf, 30, MSG_WAITALL));
	REC(recv(c->sv, reader.buf, 30, MSG_WAITALL));
}

/* What is there counts; with nothing there it is an error. */
void waitall_signal(struct compat *c)
{
	int i;

	REC(net_count_signal(SIGUSR1));
	for (i = 0; i < 6; i++) {
		int unread = 0;

		begin(c->sv, 30, MSG_WAITALL);
		pthread_kill(reader.thread, SIGUSR1);
		end();
		begin(c->sv, 30, MSG_WAITALL);
		compat_send(c->cl, "abcdefghij", 10);
		/* Asleep again, and with all of it. */
		do
			COMPAT_MUST(!ioctl(c->sv, FIONREAD, &unread));
		while (unread);
		COMPAT_MUST(!net_wait_sleeping(reader.tid));
		pthread_kill(reader.thread, SIGUSR1);
		end();
		begin(c->sv, 30, 0);
		pthread_kill(reader.thread, SIGUSR1);
		end();
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, reader.buf, 64));
	}
}

void waitall_dontwait(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 8; i++) {
		REC(recv(c->sv, buf, 30, MSG_WAITALL | MSG_DONTWAIT));
		REC(write(c->cl, "abcdefghij", 10));
		compat_arrived(c->sv, 10);
		REC_RECV(recv(c->sv, buf, 30, MSG_WAITALL | MSG_DONTWAIT), buf);
		REC(write(c->sv, "x", 1));
		REC(read(c->cl, buf, sizeof(buf)));
	}
	REC(net_nonblock(c->sv));
	REC(recv(c->sv, buf, 30, MSG_WAITALL));
	REC(write(c->cl, "abcdefghij", 10));
	compat_arrived(c->sv, 10);
	REC_RECV(recv(c->sv, buf, 30, MSG_WAITALL), buf);
}

void waitall_peek(struct compat *c)
{
	int i;

	for (i = 0; i < 4; i++) {
		begin(c->sv, 20, MSG_WAITALL | MSG_PEEK);
		compat_send(c->cl, "abcdefghij", 10);
		compat_arrived(c->sv, 10);
		compat_send(c->cl, "klmnopqrst", 10);
		end();
		REC_RECV(recv(c->sv, reader.buf, 20, MSG_WAITALL), reader.buf);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, reader.buf, 64));
	}
	begin(c->sv, 20, MSG_WAITALL | MSG_PEEK);
	compat_send(c->cl, "abcdefghij", 10);
	REC(shutdown(c->cl, SHUT_WR));
	end();
	REC_RECV(recv(c->sv, reader.buf, 20, MSG_WAITALL), reader.buf);
	REC(recv(c->sv, reader.buf, 20, MSG_WAITALL | MSG_PEEK));
}

void peek_waits(struct compat *c)
{
	int i;

	for (i = 0; i < 6; i++) {
		begin(c->sv, 20, MSG_PEEK);
		compat_send(c->cl, "abcdefghij", 10);
		end();
		REC_RECV(read(c->sv, reader.buf, 20), reader.buf);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, reader.buf, 64));
	}
	begin(c->sv, 20, MSG_PEEK);
	REC(shutdown(c->cl, SHUT_WR));
	end();
}

/* More than rings and buffers hold at first. */
void waitall_long(struct compat *c)
{
	static char out[70000];
	int i;

	net_fill(out, sizeof(out), 1, 0);
	for (i = 0; i < 4; i++) {
		begin(c->sv, sizeof(out), MSG_WAITALL);
		compat_send(c->cl, out, sizeof(out));
		end();
	}
}

void waitall_lowat(struct compat *c)
{
	const struct timeval tv = { .tv_usec = 20000 };
	const int lowat = 20;
	char buf[64];

	REC(setsockopt(c->sv, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	REC(setsockopt(c->sv, SOL_SOCKET, SO_RCVLOWAT, &lowat, sizeof(lowat)));
	REC(write(c->cl, "abcdefghij", 10));
	compat_arrived(c->sv, 10);
	REC_POLL(c->sv, POLLIN);
	REC_RECV(recv(c->sv, buf, 64, MSG_PEEK | MSG_DONTWAIT), buf);
	REC_RECV(recv(c->sv, buf, 64, MSG_PEEK), buf);
	REC_RECV(recv(c->sv, buf, 5, 0), buf);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	REC(write(c->cl, "abcdefghijklmnopqrst", 20));
	compat_arrived(c->sv, 20);
	REC_POLL(c->sv, POLLIN);
	REC_RECV(recv(c->sv, buf, 30, MSG_WAITALL), buf);
}

void dontwait(struct compat *c)
{
	static char out[10000];
	char buf[64];
	ssize_t n;
	int i;

	for (i = 0; i < 8; i++) {
		REC(recv(c->sv, buf, 64, MSG_DONTWAIT));
		REC(send(c->cl, "abcdef", 6, MSG_DONTWAIT));
		compat_arrived(c->sv, 6);
		REC_RECV(recv(c->sv, buf, 64, MSG_DONTWAIT), buf);
		REC(send(c->sv, "x", 1, MSG_DONTWAIT));
		compat_arrived(c->cl, 1);
		REC(recv(c->cl, buf, 64, MSG_DONTWAIT));
	}
	do
		n = send(c->cl, out, sizeof(out), MSG_DONTWAIT);
	while (n > 0);
	rec_result("send until full", n, errno);
	REC_SOME(recv(c->sv, out, sizeof(out), MSG_DONTWAIT));
}
