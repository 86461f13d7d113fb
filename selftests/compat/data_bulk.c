// SPDX-License-Identifier: GPL-2.0-only
/* Much at once: more than buffers take, in both directions, with waiting. */
#include <sys/time.h>

#include "data.h"

#define MB	(1 << 20)

static void *receive_all(void *arg)
{
	struct net_flow *f = arg;
	char *buf = malloc(f->bytes);

	COMPAT_MUST(buf);
	f->bytes = net_recv_all(f->fd, buf, f->bytes);
	f->err = net_check(buf, f->bytes, f->seed, f->pos) != -1;
	free(buf);
	return NULL;
}

static pthread_t begin(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	COMPAT_MUST(!pthread_create(&thread, NULL, run, arg));
	return thread;
}

static void finish(pthread_t reader, const struct net_flow *f)
{
	pthread_join(reader, NULL);
	rec_say("%llu bytes came, %s", (unsigned long long)f->bytes,
		f->err ? "wrong ones" : "the right ones");
}

static char *filled(size_t len, unsigned int seed)
{
	char *buf = malloc(len);

	COMPAT_MUST(buf);
	net_fill(buf, len, seed, 0);
	return buf;
}

/* A blocking call takes all that it is given. */
void one_big_write(struct compat *c)
{
	static const size_t sizes[] = { 65535, 65536, 70000, 300000, 3 * MB };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct net_flow f = { c->sv, 1, sizes[i], 0, 0, 0 };
		const pthread_t reader = begin(receive_all, &f);
		char *out = filled(sizes[i], 1);

		REC(i & 1 ? send(c->cl, out, sizes[i], 0) :
			    write(c->cl, out, sizes[i]));
		finish(reader, &f);
		free(out);
	}
}

static size_t fill_up(int fd)
{
	static char out[10000];
	size_t sum = 0;
	ssize_t n;

	for (;;) {
		net_fill(out, sizeof(out), 2, sum);
		n = send(fd, out, sizeof(out), MSG_DONTWAIT);
		if (n <= 0)
			break;
		sum += n;
	}
	rec_result("filled up", n, errno);
	return sum;
}

static void drain(int fd, size_t size)
{
	char *in;

	COMPAT_MUST(size);
	in = malloc(size);
	COMPAT_MUST(in);
	REC(net_recv_all(fd, in, size) == (ssize_t)size);
	REC(net_check(in, size, 2, 0));
	free(in);
}

/* How much goes in is the transport's choice; that all comes out is not. */
void full_then_drained(struct compat *c)
{
	int i;

	for (i = 0; i < 4; i++) {
		const int from = i & 1 ? c->sv : c->cl;
		const int to = i & 1 ? c->cl : c->sv;
		const size_t sum = fill_up(from);
		char byte;

		REC(sum > 0);
		REC(write(to, "x", 1));
		compat_arrived(from, 1);
		REC_POLL(from, POLLIN);
		REC_POLL(to, POLLIN);
		drain(to, sum);
		REC_POLL_WAIT(from, POLLOUT);
		compat_sent(from);
		REC(recv(to, &byte, 1, MSG_DONTWAIT));
		REC(read(from, &byte, 1));
	}
}

void both_ways(struct compat *c)
{
	struct net_flow flows[4] = {
		{ c->cl, 3, 4 * MB, 70000, 0, 0 },
		{ c->sv, 4, 4 * MB, 1500, 0, 0 },
		{ c->sv, 3, 4 * MB, 30000, 0, 0 },
		{ c->cl, 4, 4 * MB, 100000, 0, 0 },
	};
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		threads[i] = begin(i < 2 ? net_flow_send : net_flow_recv,
				   &flows[i]);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		rec_say("%d: %llu bytes, error %d", i,
			(unsigned long long)flows[i].pos, flows[i].err);
	}
	REC_POLL(c->cl, POLLIN | POLLOUT);
	REC_POLL(c->sv, POLLIN | POLLOUT);
}

struct writer {
	int fd;
	volatile pid_t tid;
	long ret;
	int err;
};

static void *write_much(void *arg)
{
	struct writer *w = arg;
	char *out = filled(16 * MB, 2);

	__atomic_store_n(&w->tid, net_tid(), __ATOMIC_RELEASE);
	w->ret = write(w->fd, out, 16 * MB);
	w->err = errno;
	free(out);
	return NULL;
}

/* A writer that sleeps because all is full, and is woken by a reader. */
void blocked_writer(struct compat *c)
{
	struct writer w = { .fd = c->cl };
	const pthread_t thread = begin(write_much, &w);

	while (!__atomic_load_n(&w.tid, __ATOMIC_ACQUIRE))
		sched_yield();
	COMPAT_MUST(!net_wait_sleeping(w.tid));
	REC_POLL_WAIT(c->sv, POLLIN);
	drain(c->sv, 16 * MB);
	pthread_join(thread, NULL);
	rec_result("write_much", w.ret, w.err);
	REC_POLL_WAIT(c->cl, POLLOUT);
}

/* Long vectors with long and short pieces, to others of the same kind. */
void big_vectors(struct compat *c)
{
	struct net_flow f = { c->sv, 1, 0, 0, 0, 0 };
	char *out = filled(2 * MB, 1);
	struct iovec iov[100];
	pthread_t reader;
	size_t at = 0;
	int i;

	for (i = 0; i < 100; i++) {
		iov[i].iov_base = out + at;
		iov[i].iov_len = i % 3 ? i * 300 : i;
		at += iov[i].iov_len;
	}
	f.bytes = at;
	reader = begin(receive_all, &f);
	REC(writev(c->cl, iov, 100));
	finish(reader, &f);
	f.bytes = at;
	reader = begin(receive_all, &f);
	REC(writev(c->cl, iov, 50));
	REC(writev(c->cl, iov + 50, 50));
	finish(reader, &f);
	free(out);
}

/* Part of it, and then nothing any more. */
void send_timeout(struct compat *c)
{
	const struct timeval tv = { .tv_usec = 50000 };
	char *out = filled(16 * MB, 1);

	REC(setsockopt(c->cl, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	REC_IN(write(c->cl, out, 16 * MB), 1, 16 * MB - 1);
	/* What the first wait has left may take a little more. */
	while (send(c->cl, out, 65536, 0) > 0)
		;
	REC(write(c->cl, out, 1));
	REC(send(c->cl, out, 16 * MB, 0));
	free(out);
}

void receive_timeout(struct compat *c)
{
	const struct timeval tv = { .tv_usec = 20000 };
	char buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	REC(setsockopt(c->sv, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	REC(read(c->sv, buf, sizeof(buf)));
	REC(recv(c->sv, buf, sizeof(buf), MSG_PEEK));
	REC(recvmsg(c->sv, &msg, 0));
	REC(readv(c->sv, &iov, 1));
	REC(write(c->cl, "abc", 3));
	compat_arrived(c->sv, 3);
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_WAITALL | MSG_PEEK), buf);
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_WAITALL), buf);
	REC(recv(c->sv, buf, sizeof(buf), MSG_WAITALL));
}
