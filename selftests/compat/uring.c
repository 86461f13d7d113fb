// SPDX-License-Identifier: GPL-2.0-only
/* io_uring: requests that move bytes. */
#include <limits.h>
#include <signal.h>

#include "uring.h"

#define ENTRIES	64

struct io_uring uring;
int uring_result;

static const char *names[ENTRIES];
static unsigned int asked;

void uring_open(unsigned int flags)
{
	COMPAT_MUST(!io_uring_queue_init(ENTRIES, &uring, flags));
}

struct io_uring_sqe *uring_next(const char *name)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);

	COMPAT_MUST(sqe);
	sqe->user_data = ++asked;
	names[asked % ENTRIES] = name;
	return sqe;
}

struct io_uring_sqe *uring_next_in(int i, int fd, void *buf, size_t len)
{
	struct io_uring_sqe *sqe = uring_next(i & 1 ? "read" : "recv");

	if (i & 1)
		io_uring_prep_read(sqe, fd, buf, len, 0);
	else
		io_uring_prep_recv(sqe, fd, buf, len, 0);
	return sqe;
}

void uring_begin(void)
{
	COMPAT_MUST(io_uring_submit(&uring) >= 0);
}

void uring_quiet(void)
{
	struct io_uring_cqe *cqe;

	COMPAT_MUST(io_uring_peek_cqe(&uring, &cqe) == -EAGAIN);
}

/* Stable, for requests with several results: few, so insertion will do. */
static void sort(struct io_uring_cqe *cqes, int count)
{
	int i, j;

	for (i = 1; i < count; i++) {
		const struct io_uring_cqe cqe = cqes[i];

		for (j = i; j && cqes[j - 1].user_data > cqe.user_data; j--)
			cqes[j] = cqes[j - 1];
		cqes[j] = cqe;
	}
}

void uring_done(int count)
{
	struct io_uring_cqe all[ENTRIES], *cqe;
	int i;

	COMPAT_MUST(count <= ENTRIES);
	uring_begin();
	for (i = 0; i < count; i++) {
		COMPAT_MUST(!io_uring_wait_cqe(&uring, &cqe));
		all[i] = *cqe;
		io_uring_cqe_seen(&uring, cqe);
	}
	sort(all, count);
	for (i = 0; i < count; i++) {
		const int res = all[i].res;

		uring_result = res;
		rec_result(names[all[i].user_data % ENTRIES],
			   res < 0 ? -1 : res, res < 0 ? -res : 0);
		if (all[i].flags)
			rec_say("  flags %x", all[i].flags);
	}
}

void uring_done_in(const char *what, const void *buf)
{
	uring_done(1);
	rec_bytes(what, buf, uring_result);
}

static void read_write(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	for (i = 0; i < 10; i++) {
		io_uring_prep_write(uring_next("write"), c->cl, "hello", 5,
				    i & 1 ? -1 : 0);
		uring_done(1);
		compat_arrived(c->sv, 5);
		io_uring_prep_read(uring_next("read"), c->sv, buf, 3, 0);
		URING_DONE_IN(buf);
		io_uring_prep_read(uring_next("read"), c->sv, buf, 64, -1);
		URING_DONE_IN(buf);
		/* The same by calls, in between. */
		REC(write(c->sv, "back", 4));
		compat_arrived(c->cl, 4);
		REC_RECV(read(c->cl, buf, 64), buf);
	}
	io_uring_prep_write(uring_next("write somewhere"), c->cl, "a", 1, 9);
	uring_done(1);
	io_uring_prep_read(uring_next("read somewhere"), c->sv, buf, 1, 9);
	uring_done(1);
	io_uring_prep_write(uring_next("write of nothing"), c->cl, "", 0, 0);
	uring_done(1);
	io_uring_prep_read(uring_next("read of nothing"), c->sv, buf, 0, 0);
	uring_done(1);
	io_uring_prep_write(uring_next("bad write"), c->cl, NULL, 5, 0);
	uring_done(1);
	compat_send(c->cl, "abc", 3);
	compat_arrived(c->sv, 3);
	io_uring_prep_read(uring_next("bad read"), c->sv, NULL, 5, 0);
	uring_done(1);
}

static void send_recv(struct compat *c)
{
	struct iovec out[2] = { { "abc", 3 }, { "defg", 4 } }, in[2];
	struct msghdr to = { .msg_iov = out, .msg_iovlen = 2 };
	struct msghdr from = { .msg_iov = in, .msg_iovlen = 2 };
	char buf[64];
	int i;

	uring_open(0);
	in[0] = (struct iovec){ buf, 2 };
	in[1] = (struct iovec){ buf + 2, 62 };
	for (i = 0; i < 10; i++) {
		io_uring_prep_send(uring_next("send"), c->cl, "hello", 5, 0);
		uring_done(1);
		compat_arrived(c->sv, 5);
		io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, 0);
		URING_DONE_IN(buf);
		io_uring_prep_sendmsg(uring_next("sendmsg"), c->sv, &to, 0);
		uring_done(1);
		compat_arrived(c->cl, 7);
		io_uring_prep_recvmsg(uring_next("recvmsg"), c->cl, &from, 0);
		URING_DONE_IN(buf);
		rec_say("  name %u, control %zu, flags %x", from.msg_namelen,
			from.msg_controllen, from.msg_flags);
		io_uring_prep_writev(uring_next("writev"), c->cl, out, 2, 0);
		uring_done(1);
		compat_arrived(c->sv, 7);
		io_uring_prep_readv(uring_next("readv"), c->sv, in, 2, 0);
		URING_DONE_IN(buf);
	}
}

/* How the request is asked to be made: at once, later, by another thread. */
static void waits(struct compat *c)
{
	static const unsigned int how[] = { 0, IOSQE_ASYNC, IOSQE_IO_DRAIN };
	struct io_uring_sqe *sqe;
	char buf[64];
	int i;

	uring_open(0);
	for (i = 0; i < 15; i++) {
		sqe = uring_next_in(i, c->sv, buf, 64);
		io_uring_sqe_set_flags(sqe, how[i % 3]);
		uring_begin();
		uring_quiet();
		compat_send(c->cl, "hello", 5);
		URING_DONE_IN(buf);
		sqe = uring_next("send");
		io_uring_prep_send(sqe, c->sv, "back", 4, 0);
		io_uring_sqe_set_flags(sqe, how[i % 3]);
		uring_done(1);
		REC_RECV(recv(c->cl, buf, 64, 0), buf);
	}
	io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, 0);
	uring_begin();
	REC(shutdown(c->cl, SHUT_WR));
	uring_done(1);
}

static void first_poll(struct compat *c)
{
	struct io_uring_sqe *sqe;
	char buf[64];
	int i;

	uring_open(0);
	for (i = 0; i < 6; i++) {
		sqe = uring_next("recv");
		io_uring_prep_recv(sqe, c->sv, buf, 64, 0);
		sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
		if (i & 1)
			uring_begin();
		compat_send(c->cl, "hello", 5);
		uring_done(1);
		sqe = uring_next("send");
		io_uring_prep_send(sqe, c->sv, "back", 4, 0);
		sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
		uring_done(1);
		REC_RECV(recv(c->cl, buf, 64, 0), buf);
	}
}

/* Later kernels wait where earlier ones say EAGAIN: so something comes. */
static void nonblocking(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	REC(net_nonblock(c->sv));
	for (i = 0; i < 8; i++) {
		uring_next_in(i, c->sv, buf, 64);
		uring_begin();
		compat_send(c->cl, "hello", 5);
		uring_done(1);
		compat_sent(c->cl);
		REC_RECV(recv(c->sv, buf, 64, 0), buf);
		compat_send(c->cl, "world", 5);
		compat_arrived(c->sv, 5);
		io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64,
				   MSG_DONTWAIT);
		URING_DONE_IN(buf);
		compat_nod(c);
	}
}

static void with_flags(struct compat *c)
{
	static const int flags[] = {
		MSG_PEEK, MSG_TRUNC | MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_OOB,
		MSG_ERRQUEUE | MSG_DONTWAIT, MSG_NOSIGNAL,
	};
	char buf[64];
	size_t i;

	uring_open(0);
	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		compat_send(c->cl, "hello", 5);
		compat_arrived(c->sv, 5);
		memset(buf, '.', sizeof(buf));
		io_uring_prep_recv(uring_next("recv"), c->sv, buf, 4, flags[i]);
		URING_DONE_IN(buf);
		REC_RECV(recv(c->sv, buf, 64, MSG_DONTWAIT), buf);
		compat_nod(c);
	}
	io_uring_prep_send(uring_next("more"), c->cl, "abc", 3, MSG_MORE);
	io_uring_prep_send(uring_next("urgent"), c->cl, "U", 1, MSG_OOB);
	uring_done(2);
	compat_sent(c->cl);
	io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, MSG_OOB);
	uring_done(1);
	io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, 0);
	URING_DONE_IN(buf);
}

static void wait_for_all(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	for (i = 0; i < 6; i++) {
		io_uring_prep_recv(uring_next("recv"), c->sv, buf, 20,
				   MSG_WAITALL);
		uring_begin();
		compat_send(c->cl, "abcdefghij", 10);
		compat_sent(c->cl);
		uring_quiet();
		compat_send(c->cl, "klmnopqrst", 10);
		URING_DONE_IN(buf);
		compat_nod(c);
	}
	io_uring_prep_recv(uring_next("recv"), c->sv, buf, 20, MSG_WAITALL);
	uring_begin();
	compat_send(c->cl, "abcdefghij", 10);
	REC(shutdown(c->cl, SHUT_WR));
	URING_DONE_IN(buf);
}

#define LONG	(3 << 20)

static void *receive_all(void *arg)
{
	struct net_flow *f = arg;
	char *buf = malloc(LONG);

	COMPAT_MUST(buf);
	f->pos = net_recv_all(f->fd, buf, LONG);
	f->err = net_check(buf, LONG, f->seed, 0) != -1;
	free(buf);
	return NULL;
}

/* More than there is room for: with MSG_WAITALL all of it, else some. */
static void long_send(struct compat *c)
{
	struct net_flow f = { c->sv, 1, LONG, 0, 0, 0 };
	char *out = malloc(LONG);
	pthread_t reader;
	long sum;

	COMPAT_MUST(out);
	net_fill(out, LONG, 1, 0);
	uring_open(0);
	COMPAT_MUST(!pthread_create(&reader, NULL, receive_all, &f));
	io_uring_prep_send(uring_next("send"), c->cl, out, LONG, MSG_WAITALL);
	uring_done(1);
	pthread_join(reader, NULL);
	rec_say("%llu, wrong %d", (unsigned long long)f.pos, f.err);
	COMPAT_MUST(!pthread_create(&reader, NULL, receive_all, &f));
	for (sum = 0; sum < LONG;) {
		struct io_uring_cqe *cqe;

		io_uring_prep_write(uring_next("write"), c->cl, out + sum,
				    LONG - sum, 0);
		uring_begin();
		COMPAT_MUST(!io_uring_wait_cqe(&uring, &cqe));
		COMPAT_MUST(cqe->res > 0);
		sum += cqe->res;
		io_uring_cqe_seen(&uring, cqe);
	}
	pthread_join(reader, NULL);
	rec_say("%llu, wrong %d", (unsigned long long)f.pos, f.err);
	free(out);
}

static void at_the_end(struct compat *c)
{
	char buf[64];

	uring_open(0);
	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	io_uring_prep_send(uring_next("send"), c->cl, "abc", 3, 0);
	uring_done(1);
	REC(net_signals);
	io_uring_prep_write(uring_next("write"), c->cl, "abc", 3, 0);
	uring_done(1);
	REC(net_signals);
	io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, 0);
	uring_done(1);
	io_uring_prep_read(uring_next("read"), c->sv, buf, 64, 0);
	uring_done(1);
	compat_close(c, &c->cl);
	io_uring_prep_send(uring_next("send"), c->sv, "abc", 3, 0);
	uring_done(1);
	compat_until(c->sv, POLLERR);
	io_uring_prep_send(uring_next("send"), c->sv, "abc", 3, 0);
	uring_done(1);
	io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, 0);
	uring_done(1);
}

/* Many at once, whose order is that of the requests. */
static void batches(struct compat *c)
{
	static char out[16][100], in[16][100];
	struct io_uring_sqe *sqe;
	int i, round;

	uring_open(0);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < 16; i++) {
			net_fill(out[i], sizeof(out[i]), i, round);
			sqe = uring_next("send");
			io_uring_prep_send(sqe, c->cl, out[i], 100, 0);
			io_uring_sqe_set_flags(sqe, i < 15 ? IOSQE_IO_LINK : 0);
		}
		uring_done(16);
		compat_arrived(c->sv, 1600);
		for (i = 0; i < 16; i++) {
			sqe = uring_next("recv");
			io_uring_prep_recv(sqe, c->sv, in[i], 100, MSG_WAITALL);
			io_uring_sqe_set_flags(sqe, i < 15 ? IOSQE_IO_LINK : 0);
		}
		uring_done(16);
		for (i = 0; i < 16; i++)
			rec_bytes("in", in[i], 100);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, in, 1));
	}
}

/* The kernel takes requests by a thread of its own. */
static void by_thread(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(IORING_SETUP_SQPOLL);
	for (i = 0; i < 8; i++) {
		io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, 0);
		io_uring_prep_send(uring_next("send"), c->cl, "hello", 5, 0);
		uring_done(2);
		io_uring_prep_send(uring_next("send"), c->sv, "back", 4, 0);
		uring_done(1);
		REC_RECV(recv(c->cl, buf, 64, 0), buf);
	}
}

const struct compat_test compat_tests[] = {
	COMPAT(read_write),
	COMPAT(send_recv),
	COMPAT(waits),
	COMPAT(first_poll),
	COMPAT(nonblocking),
	COMPAT(with_flags),
	COMPAT(wait_for_all),
	COMPAT(long_send),
	COMPAT(at_the_end),
	COMPAT(batches),
	COMPAT(by_thread),

	COMPAT(uring_poll),
	COMPAT(uring_poll_end),
	COMPAT(uring_poll_multi),
	COMPAT(uring_poll_change),
	COMPAT(uring_epoll),
	COMPAT(uring_link),
	COMPAT(uring_link_timeout),
	COMPAT(uring_cancel),
	COMPAT(uring_cancel_fd),

	COMPAT_WITH(uring_accept, COMPAT_ALONE),
	COMPAT_WITH(uring_accept_multi, COMPAT_ALONE),
	COMPAT_WITH(uring_accept_flags, COMPAT_ALONE),
	COMPAT_WITH(uring_connect, COMPAT_ALONE),
	COMPAT_WITH(uring_connect_refused, COMPAT_ALONE),
	COMPAT(uring_shutdown),
	COMPAT(uring_close),
	COMPAT_WITH(uring_socket, COMPAT_ALONE),

	COMPAT(uring_files),
	COMPAT_WITH(uring_accept_direct, COMPAT_ALONE),
	COMPAT(uring_buffers),
	COMPAT(uring_pool),
	COMPAT(uring_recv_multi),
	COMPAT(uring_zerocopy),
	COMPAT(uring_splice),

	COMPAT(aio_data),
	COMPAT(aio_vectors),
	COMPAT(aio_nothing),
	COMPAT(aio_errors),
	COMPAT(aio_poll),
	COMPAT(aio_poll_unasked),
	COMPAT(aio_poll_cancel),
	COMPAT(aio_event),
	COMPAT(aio_end),
	{ }
};
