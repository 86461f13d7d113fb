// SPDX-License-Identifier: GPL-2.0-only
/*
 * splice(), tee() and vmsplice().  Memory that is given away is not changed
 * before it has been read: whether that is seen is nobody's promise.
 */
#include <signal.h>

#include "files.h"

void splice_to(struct compat *c)
{
	int pipes[2], i;
	char buf[64];

	files_pipe(pipes);
	for (i = 0; i < 10; i++) {
		COMPAT_MUST(write(pipes[1], "abcdefghij", 10) == 10);
		REC(splice(pipes[0], NULL, c->cl, NULL, 4, 0));
		REC(splice(pipes[0], NULL, c->cl, NULL, 2, SPLICE_F_MORE));
		REC(splice(pipes[0], NULL, c->cl, NULL, 64, SPLICE_F_NONBLOCK));
		compat_arrived(c->sv, 10);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		REC(splice(pipes[0], NULL, c->cl, NULL, 64, SPLICE_F_NONBLOCK));
		compat_back(c);
	}
}

void splice_from(struct compat *c)
{
	int pipes[2], i;
	char buf[64];

	files_pipe(pipes);
	for (i = 0; i < 10; i++) {
		REC(write(c->cl, "abcdefghij", 10));
		compat_arrived(c->sv, 10);
		REC(splice(c->sv, NULL, pipes[1], NULL, 4, 0));
		REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
		REC(splice(c->sv, NULL, pipes[1], NULL, 64, SPLICE_F_NONBLOCK));
		REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
		compat_back(c);
	}
}

/* The flag is for the pipe: a socket that may wait does. */
void splice_from_nothing(struct compat *c)
{
	int pipes[2], i;
	char buf[64];

	files_pipe(pipes);
	REC(net_nonblock(c->sv));
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, SPLICE_F_NONBLOCK));
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, 0));
	REC(splice(c->sv, NULL, pipes[1], NULL, 0, 0));
	for (i = 0; i < 4; i++) {
		REC(write(c->cl, "abc", 3));
		compat_arrived(c->sv, 3);
		REC(splice(c->sv, NULL, pipes[1], NULL, 64, 0));
		REC(splice(c->sv, NULL, pipes[1], NULL, 64, 0));
		REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
	}
	/* A pipe that is full is said so before the socket is looked at. */
	while (write(pipes[1], buf, sizeof(buf)) > 0)
		;
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, SPLICE_F_NONBLOCK));
	REC(write(c->cl, "abc", 3));
	compat_arrived(c->sv, 3);
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, SPLICE_F_NONBLOCK));
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
}

void splice_errors(struct compat *c)
{
	int pipes[2], file = files_memory(100, 1);
	loff_t at = 0;
	char buf[64];

	files_pipe(pipes);
	COMPAT_MUST(write(pipes[1], "abcdef", 6) == 6);
	REC(write(c->cl, "ghi", 3));
	compat_arrived(c->sv, 3);
	REC(splice(pipes[0], NULL, c->cl, &at, 3, 0));
	REC(splice(c->sv, &at, pipes[1], NULL, 3, 0));
	REC(splice(pipes[1], NULL, c->cl, NULL, 3, 0));
	REC(splice(c->sv, NULL, pipes[0], NULL, 3, 0));
	REC(splice(c->sv, NULL, c->cl, NULL, 3, 0));
	REC(splice(c->sv, NULL, file, NULL, 3, 0));
	REC(splice(pipes[0], NULL, c->cl, NULL, 3, 0x100));
	REC(splice(c->sv, NULL, pipes[1], NULL, 3, 0x100));
	REC(splice(-1, NULL, c->cl, NULL, 3, 0));
	REC(splice(c->sv, NULL, -1, NULL, 3, 0));
	REC(tee(c->sv, pipes[1], 3, 0));
	REC(tee(pipes[0], c->cl, 3, 0));
	REC(vmsplice(c->cl, &(struct iovec){ buf, 3 }, 1, 0));
	REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	COMPAT_MUST(write(pipes[1], "abcdef", 6) == 6);
	REC(splice(pipes[0], NULL, c->cl, NULL, 3, 0));
	REC(net_signals);
	REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
}

/* All of it by pipes, at both ends. */
#define LONG	(1 << 20)

static void *pump_in(void *arg)
{
	const struct compat *c = arg;
	int file = files_memory(LONG, 4), pipes[2];
	long left = LONG, n, in;

	COMPAT_MUST(!pipe(pipes));
	for (; left; left -= n) {
		n = splice(file, NULL, pipes[1], NULL, left, 0);
		COMPAT_MUST(n > 0);
		for (in = n; in;) {
			const long out = splice(pipes[0], NULL, c->cl, NULL, in,
						SPLICE_F_MOVE);

			COMPAT_MUST(out > 0);
			in -= out;
		}
	}
	return NULL;
}

void splice_long(struct compat *c)
{
	char *buf = malloc(LONG);
	pthread_t thread;
	int pipes[2];
	long sum = 0, n, got;

	COMPAT_MUST(buf && !pipe(pipes));
	COMPAT_MUST(!pthread_create(&thread, NULL, pump_in, c));
	while (sum < LONG) {
		n = splice(c->sv, NULL, pipes[1], NULL, LONG - sum, 0);
		COMPAT_MUST(n > 0);
		for (; n; n -= got, sum += got) {
			got = read(pipes[0], buf + sum, n);
			COMPAT_MUST(got > 0);
		}
	}
	pthread_join(thread, NULL);
	REC(sum);
	REC(net_check(buf, LONG, 4, 0));
	REC(recv(c->sv, buf, 1, MSG_DONTWAIT));
	free(buf);
}

/* A proxy: from one connection to another, which do not know each other. */
void splice_both_ends(struct compat *c)
{
	static char out[3000], in[3000];
	struct net_pair p;
	int pipes[2], i;

	files_pipe(pipes);
	compat_pair(c, &p);
	for (i = 0; i < 12; i++) {
		const int len = 100 + 200 * i;

		net_fill(out, len, 1, i);
		REC(write(c->cl, out, len));
		compat_arrived(c->sv, len);
		REC(splice(c->sv, NULL, pipes[1], NULL, len, 0));
		REC(splice(pipes[0], NULL, p.client, NULL, len, 0));
		REC_RECV(recv(p.server, in, len, MSG_WAITALL), in);
		REC(write(p.server, in, 10));
		compat_arrived(p.client, 10);
		REC(splice(p.client, NULL, pipes[1], NULL, 10, 0));
		REC(splice(pipes[0], NULL, c->sv, NULL, 10, 0));
		REC_RECV(recv(c->cl, in, 10, MSG_WAITALL), in);
	}
}

void splice_end(struct compat *c)
{
	const struct linger hard = { 1, 0 };
	int pipes[2];
	char buf[64];

	files_pipe(pipes);
	REC(write(c->cl, "abc", 3));
	REC(shutdown(c->cl, SHUT_WR));
	compat_until(c->sv, POLLRDHUP);
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, 0));
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, 0));
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, SPLICE_F_NONBLOCK));
	REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
	REC(setsockopt(c->cl, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	compat_close(c, &c->cl);
	compat_until(c->sv, POLLERR);
	COMPAT_MUST(write(pipes[1], "abc", 3) == 3);
	REC(net_count_signal(SIGPIPE));
	REC(splice(pipes[0], NULL, c->sv, NULL, 3, 0));
	REC(net_signals);
	REC(splice(c->sv, NULL, pipes[1], NULL, 64, 0));
}

struct splicer {
	int from;
	int to;
	pid_t tid;
	long ret;
	int err;
};

static void *splice_once(void *arg)
{
	struct splicer *s = arg;

	__atomic_store_n(&s->tid, net_tid(), __ATOMIC_RELEASE);
	errno = 0;
	s->ret = splice(s->from, NULL, s->to, NULL, 64, 0);
	s->err = errno;
	return NULL;
}

/* Asleep in the call when the bytes come, or the end. */
void splice_waits(struct compat *c)
{
	pthread_t thread;
	char buf[64];
	int pipes[2], i;

	COMPAT_MUST(!pipe(pipes));
	for (i = 0; i < 8; i++) {
		struct splicer s = { .from = c->sv, .to = pipes[1] };

		COMPAT_MUST(!pthread_create(&thread, NULL, splice_once, &s));
		while (!__atomic_load_n(&s.tid, __ATOMIC_ACQUIRE))
			sched_yield();
		COMPAT_MUST(!net_wait_sleeping(s.tid));
		if (i < 7)
			compat_send(c->cl, "abc", 3);
		else
			REC(shutdown(c->cl, SHUT_WR));
		pthread_join(thread, NULL);
		rec_result("splice", s.ret, s.err);
		if (s.ret > 0)
			REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
		REC(write(c->sv, "back", 4));
		REC_RECV(recv(c->cl, buf, 4, MSG_WAITALL), buf);
	}
}

/* What came by a socket goes to two. */
void tee_between(struct compat *c)
{
	int a[2], b[2], i;
	struct net_pair p;
	char buf[64];

	files_pipe(a);
	files_pipe(b);
	compat_pair(c, &p);
	for (i = 0; i < 6; i++) {
		REC(write(c->cl, "abcdef", 6));
		compat_arrived(c->sv, 6);
		REC(splice(c->sv, NULL, a[1], NULL, 64, SPLICE_F_NONBLOCK));
		REC(tee(a[0], b[1], 64, 0));
		REC(splice(a[0], NULL, c->sv, NULL, 64, 0));
		REC(splice(b[0], NULL, p.client, NULL, 64, 0));
		REC_RECV(recv(c->cl, buf, 6, MSG_WAITALL), buf);
		REC_RECV(recv(p.server, buf, 6, MSG_WAITALL), buf);
	}
}

void vmsplice_to(struct compat *c)
{
	static char out[8192] __attribute__((aligned(4096))), in[8192];
	int pipes[2], i;

	files_pipe(pipes);
	for (i = 0; i < 8; i++) {
		struct iovec iov[2] = { { out, 10 }, { out + 4096, 4096 } };

		net_fill(out, sizeof(out), i, 0);
		REC(vmsplice(pipes[1], iov, 2, i & 1 ? SPLICE_F_GIFT : 0));
		REC(splice(pipes[0], NULL, c->cl, NULL, 4106, 0));
		compat_arrived(c->sv, 4106);
		if (i & 2) {
			REC_RECV(read(c->sv, in, sizeof(in)), in);
		} else {
			REC(splice(c->sv, NULL, pipes[1], NULL, 4106, 0));
			iov[0] = (struct iovec){ in, 4106 };
			REC_RECV(vmsplice(pipes[0], iov, 1, 0), in);
		}
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, in, 1));
	}
}
