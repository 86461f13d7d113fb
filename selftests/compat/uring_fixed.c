// SPDX-License-Identifier: GPL-2.0-only
/* io_uring: what is registered beforehand, and buffers that it chooses. */
#include <sys/mman.h>

#include "uring.h"

#define GROUP	7
#define BUFFERS	4
#define SIZE	8

/* A socket that is known by its place among registered files. */
void uring_files(struct compat *c)
{
	const int fds[] = { c->cl, -1, c->sv };
	struct io_uring_sqe *sqe;
	char buf[64];
	int i;

	uring_open(0);
	REC(io_uring_register_files(&uring, fds, 3));
	for (i = 0; i < 8; i++) {
		sqe = uring_next("send");
		io_uring_prep_send(sqe, 0, "hello", 5, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		uring_done(1);
		compat_arrived(c->sv, 5);
		sqe = uring_next("recv");
		io_uring_prep_recv(sqe, 2, buf, 64, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		URING_DONE_IN(buf);
		compat_nod(c);
	}
	sqe = uring_next("send to none");
	io_uring_prep_send(sqe, 1, "hello", 5, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	uring_done(1);
	/* It stays open for them when the number is closed. */
	compat_close(c, &c->cl);
	REC(recv(c->sv, buf, 64, MSG_DONTWAIT));
	sqe = uring_next("send");
	io_uring_prep_send(sqe, 0, "after", 5, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	uring_done(1);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	REC(io_uring_unregister_files(&uring));
	compat_until(c->sv, POLLRDHUP);
	REC(recv(c->sv, buf, 64, 0));
}

void uring_accept_direct(struct compat *c)
{
	struct io_uring_sqe *sqe;
	union net_addr addr;
	int listener, i, cl;
	char buf[64];

	uring_open(0);
	listener = net_listen(c->nf, 8, &addr);
	COMPAT_MUST(listener >= 0);
	REC(io_uring_register_files_sparse(&uring, 4));
	for (i = 0; i < 4; i++) {
		cl = net_connect(c->nf, &addr);
		COMPAT_MUST(cl >= 0);
		io_uring_prep_accept_direct(uring_next("accept"), listener,
					    NULL, NULL, 0, i);
		uring_done(1);
		sqe = uring_next("send");
		io_uring_prep_send(sqe, i, "hello", 5, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		uring_done(1);
		REC_RECV(recv(cl, buf, 5, MSG_WAITALL), buf);
		REC(write(cl, "back", 4));
		sqe = uring_next("recv");
		io_uring_prep_recv(sqe, i, buf, 64, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		uring_done(1);
		io_uring_prep_close_direct(uring_next("close"), i);
		uring_done(1);
		REC(recv(cl, buf, 64, 0));
		close(cl);
	}
}

void uring_buffers(struct compat *c)
{
	static char out[8192], in[8192];
	const struct iovec iov[] = { { out, sizeof(out) }, { in, sizeof(in) } };
	int i;

	uring_open(0);
	net_fill(out, sizeof(out), 1, 0);
	REC(io_uring_register_buffers(&uring, iov, 2));
	for (i = 0; i < 8; i++) {
		const int len = 10 + 700 * i;

		io_uring_prep_write_fixed(uring_next("write"), c->cl, out + i,
					  len, 0, 0);
		uring_done(1);
		compat_arrived(c->sv, len);
		io_uring_prep_read_fixed(uring_next("read"), c->sv, in,
					 sizeof(in), 0, 1);
		URING_DONE_IN(in);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, in, 1));
	}
	io_uring_prep_read_fixed(uring_next("read outside"), c->sv, in + 8000,
				 1000, 0, 1);
	uring_done(1);
	io_uring_prep_read_fixed(uring_next("read to none"), c->sv, in, 10, 0,
				 5);
	uring_done(1);
	io_uring_prep_read_fixed(uring_next("read"), c->sv, in, 10, 0, 1);
	uring_begin();
	compat_send(c->cl, "waited for", 10);
	URING_DONE_IN(in);
}

static char pool[BUFFERS][SIZE];

static void provide(int first, int count)
{
	io_uring_prep_provide_buffers(uring_next("provide"), pool[first], SIZE,
				      count, GROUP, first);
	uring_done(1);
}

static struct io_uring_sqe *from_pool(struct io_uring_sqe *sqe)
{
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	return sqe;
}

/* The kernel takes a buffer when there are bytes, and says which. */
void uring_pool(struct compat *c)
{
	char buf[8];
	int i;

	uring_open(0);
	provide(0, BUFFERS);
	for (i = 0; i <= BUFFERS; i++) {
		from_pool(uring_next_in(i, c->sv, NULL, SIZE));
		if (i & 2)
			compat_send(c->cl, "abcdef", 6);
		uring_begin();
		if (!(i & 2))
			compat_send(c->cl, "ghijklmnopqr", 12);
		compat_sent(c->cl);
		uring_done(1);
		rec_bytes("pool", pool, sizeof(pool));
		while (recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		compat_nod(c);
	}
	/* One buffer has come back. */
	provide(1, 1);
	from_pool(uring_next_in(0, c->sv, NULL, SIZE));
	uring_begin();
	compat_send(c->cl, "back", 4);
	uring_done(1);
	rec_bytes("pool", pool, sizeof(pool));
}

/* One request, a result and a buffer for each time bytes come. */
void uring_recv_multi(struct compat *c)
{
	struct io_uring_sqe *sqe;
	char buf[8];
	int i;

	uring_open(0);
	provide(0, BUFFERS);
	sqe = uring_next("recv");
	io_uring_prep_recv_multishot(sqe, c->sv, NULL, 0, 0);
	from_pool(sqe);
	uring_begin();
	for (i = 0; i < BUFFERS; i++) {
		uring_quiet();
		compat_send(c->cl, "abcdefg" + i, 7 - i);
		uring_done(1);
		rec_bytes("pool", pool, sizeof(pool));
		compat_nod(c);
	}
	/* There are no more buffers, which ends it. */
	compat_send(c->cl, "late", 4);
	uring_done(1);
	REC_RECV(recv(c->sv, buf, 8, MSG_DONTWAIT), buf);
	provide(0, BUFFERS);
	sqe = uring_next("recv");
	io_uring_prep_recv_multishot(sqe, c->sv, NULL, 0, 0);
	from_pool(sqe);
	uring_begin();
	REC(shutdown(c->cl, SHUT_WR));
	uring_done(1);
}

/* Two results: of the call, and that the memory is free again. */
void uring_zerocopy(struct compat *c)
{
	static char out[20000], in[20000];
	const struct iovec iov = { out, sizeof(out) };
	struct msghdr msg = { .msg_iov = (struct iovec *)&iov,
			      .msg_iovlen = 1 };
	int i;

	uring_open(0);
	net_fill(out, sizeof(out), 1, 0);
	REC(io_uring_register_buffers(&uring, &iov, 1));
	for (i = 0; i < 6; i++) {
		const int len = 10 + 3000 * i;

		io_uring_prep_send_zc(uring_next("send"), c->cl, out, len,
				      MSG_WAITALL, 0);
		uring_done(2);
		REC_RECV(recv(c->sv, in, len, MSG_WAITALL), in);
		io_uring_prep_send_zc_fixed(uring_next("send"), c->cl, out, len,
					    MSG_WAITALL, 0, 0);
		uring_done(2);
		REC_RECV(recv(c->sv, in, len, MSG_WAITALL), in);
		compat_send(c->sv, "x", 1);
		REC(read(c->cl, in, 1));
	}
	io_uring_prep_sendmsg_zc(uring_next("sendmsg"), c->cl, &msg,
				 MSG_WAITALL);
	uring_done(2);
	REC_RECV(recv(c->sv, in, sizeof(in), MSG_WAITALL), in);
}

void uring_splice(struct compat *c)
{
	int pipes[2], i;
	char buf[64];

	uring_open(0);
	COMPAT_MUST(!pipe2(pipes, O_NONBLOCK));
	for (i = 0; i < 6; i++) {
		COMPAT_MUST(write(pipes[1], "hello", 5) == 5);
		io_uring_prep_splice(uring_next("splice to"), pipes[0], -1,
				     c->cl, -1, 5, 0);
		uring_done(1);
		compat_arrived(c->sv, 5);
		io_uring_prep_splice(uring_next("splice from"), c->sv, -1,
				     pipes[1], -1, 64, 0);
		uring_done(1);
		REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
		io_uring_prep_splice(uring_next("splice from"), c->sv, -1,
				     pipes[1], -1, 64, 0);
		uring_begin();
		compat_send(c->cl, "waited", 6);
		uring_done(1);
		REC_RECV(read(pipes[0], buf, sizeof(buf)), buf);
		compat_nod(c);
	}
}
