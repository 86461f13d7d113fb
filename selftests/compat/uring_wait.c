// SPDX-License-Identifier: GPL-2.0-only
/* io_uring: polling, time limits, and cancelling what waits. */
#include "uring.h"

/* Longer than any test, and shorter than it needs to be to be seen. */
static struct __kernel_timespec ample = { .tv_sec = 1000 };
static struct __kernel_timespec soon = { .tv_nsec = 20000000 };

static void done_events(void)
{
	uring_done(1);
	if (uring_result >= 0)
		rec_epoll("events", uring_result);
}

/* With the request that comes next: one before it, or limited by it. */
static void send_linked(int fd, const char *buf)
{
	struct io_uring_sqe *sqe = uring_next("send");

	io_uring_prep_send(sqe, fd, buf, 5, 0);
	sqe->flags |= IOSQE_IO_LINK;
}

static void recv_linked(int fd, char *buf, int flags, unsigned int link)
{
	struct io_uring_sqe *sqe = uring_next("recv");

	io_uring_prep_recv(sqe, fd, buf, 64, flags);
	sqe->flags |= link;
}

void uring_poll(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	for (i = 0; i < 8; i++) {
		io_uring_prep_poll_add(uring_next("poll"), c->sv, POLLIN);
		uring_begin();
		uring_quiet();
		compat_send(c->cl, "hello", 5);
		done_events();
		io_uring_prep_poll_add(uring_next("poll"), c->sv,
				       POLLIN | POLLOUT | POLLRDHUP | POLLPRI);
		done_events();
		REC_RECV(recv(c->sv, buf, 64, 0), buf);
		io_uring_prep_poll_add(uring_next("poll"), c->sv,
				       POLLIN | POLLOUT);
		done_events();
		compat_nod(c);
	}
}

void uring_poll_end(struct compat *c)
{
	uring_open(0);
	io_uring_prep_poll_add(uring_next("poll"), c->sv, POLLRDHUP);
	uring_begin();
	uring_quiet();
	compat_send(c->cl, "hello", 5);
	compat_arrived(c->sv, 5);
	uring_quiet();
	REC(shutdown(c->cl, SHUT_WR));
	done_events();
	/* Whether it is asked for or not. */
	io_uring_prep_poll_add(uring_next("poll"), c->sv, 0);
	done_events();
	compat_close(c, &c->cl);
	compat_send(c->sv, "x", 1);
	compat_until(c->sv, POLLERR);
	io_uring_prep_poll_add(uring_next("poll"), c->sv, 0);
	done_events();
	io_uring_prep_poll_add(uring_next("poll"), c->sv, POLLIN | POLLOUT);
	done_events();
}

/* One request, and a result for each time something happens. */
void uring_poll_multi(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	io_uring_prep_poll_multishot(uring_next("poll"), c->sv, POLLIN);
	uring_begin();
	for (i = 0; i < 12; i++) {
		uring_quiet();
		compat_send(c->cl, "hello", 5);
		done_events();
		compat_arrived(c->sv, 5);
		REC_RECV(recv(c->sv, buf, 64, MSG_DONTWAIT), buf);
		compat_nod(c);
	}
	/* Bytes that come behind others that nobody has read. */
	compat_send(c->cl, "abc", 3);
	uring_done(1);
	compat_send(c->cl, "abc", 3);
	done_events();
	REC(shutdown(c->cl, SHUT_WR));
	done_events();
}

void uring_poll_change(struct compat *c)
{
	struct io_uring_sqe *sqe;
	__u64 which;

	uring_open(0);
	sqe = uring_next("poll");
	which = sqe->user_data;
	io_uring_prep_poll_add(sqe, c->sv, POLLPRI);
	uring_begin();
	uring_quiet();
	io_uring_prep_poll_update(uring_next("update"), which, 0, POLLIN,
				  IORING_POLL_UPDATE_EVENTS);
	uring_done(1);
	uring_quiet();
	compat_send(c->cl, "hello", 5);
	done_events();
	io_uring_prep_poll_update(uring_next("update"), which, 0, POLLIN,
				  IORING_POLL_UPDATE_EVENTS);
	uring_done(1);
	sqe = uring_next("poll");
	which = sqe->user_data;
	io_uring_prep_poll_add(sqe, c->sv, POLLPRI);
	uring_begin();
	io_uring_prep_poll_remove(uring_next("remove"), which);
	uring_done(2);
	io_uring_prep_poll_remove(uring_next("remove"), which);
	uring_done(1);
}

void uring_epoll(struct compat *c)
{
	struct epoll_event want = { .events = EPOLLIN | EPOLLET }, got = { };
	int ep = epoll_create1(0), i;
	char buf[64];

	uring_open(0);
	io_uring_prep_epoll_ctl(uring_next("add"), ep, c->sv, EPOLL_CTL_ADD,
				&want);
	uring_done(1);
	for (i = 0; i < 8; i++) {
		REC(epoll_wait(ep, &got, 1, 0));
		compat_send(c->cl, "hello", 5);
		compat_arrived(c->sv, 5);
		REC(epoll_wait(ep, &got, 1, -1));
		rec_epoll("events", got.events);
		REC_RECV(recv(c->sv, buf, 64, 0), buf);
		compat_nod(c);
	}
	io_uring_prep_epoll_ctl(uring_next("remove"), ep, c->sv, EPOLL_CTL_DEL,
				&want);
	uring_done(1);
}

/* Each waits for the one before, and fails with it. */
void uring_link(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	for (i = 0; i < 6; i++) {
		send_linked(c->cl, "hello");
		recv_linked(c->sv, buf, 0, IOSQE_IO_LINK);
		send_linked(c->sv, buf);
		io_uring_prep_recv(uring_next("recv"), c->cl, buf + 5, 59, 0);
		uring_done(4);
		rec_bytes("buf", buf, 10);
	}
	recv_linked(c->sv, buf, MSG_DONTWAIT, IOSQE_IO_LINK);
	io_uring_prep_send(uring_next("send"), c->sv, "never", 5, 0);
	uring_done(2);
	recv_linked(c->sv, buf, MSG_DONTWAIT, IOSQE_IO_HARDLINK);
	io_uring_prep_send(uring_next("send"), c->sv, "anyway", 6, 0);
	uring_done(2);
	REC_RECV(recv(c->cl, buf, 64, 0), buf);
}

void uring_link_timeout(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	for (i = 0; i < 6; i++) {
		uring_next_in(i, c->sv, buf, 64)->flags |= IOSQE_IO_LINK;
		io_uring_prep_link_timeout(uring_next("timeout"), &soon, 0);
		uring_done(2);
		/* Nobody waits any more, so nobody takes these. */
		compat_send(c->cl, "hello", 5);
		compat_arrived(c->sv, 5);
		recv_linked(c->sv, buf, 0, IOSQE_IO_LINK);
		io_uring_prep_link_timeout(uring_next("timeout"), &ample, 0);
		uring_done(2);
		recv_linked(c->sv, buf, 0, IOSQE_IO_LINK);
		io_uring_prep_link_timeout(uring_next("timeout"), &ample, 0);
		uring_begin();
		compat_send(c->cl, "world", 5);
		uring_done(2);
		rec_bytes("buf", buf, 5);
		compat_nod(c);
	}
}

void uring_cancel(struct compat *c)
{
	struct io_uring_sqe *sqe;
	char buf[64];
	__u64 which;
	int i;

	uring_open(0);
	for (i = 0; i < 8; i++) {
		sqe = uring_next("recv");
		which = sqe->user_data;
		io_uring_prep_recv(sqe, c->sv, buf, 64, 0);
		uring_begin();
		uring_quiet();
		if (i & 1) {
			compat_send(c->cl, "in time", 7);
			URING_DONE_IN(buf);
		}
		io_uring_prep_cancel64(uring_next("cancel"), which, 0);
		uring_done(i & 1 ? 1 : 2);
		compat_nod(c);
	}
	io_uring_prep_cancel64(uring_next("cancel"), which, 0);
	uring_done(1);
	/* The bytes that come now are for whoever asks now. */
	compat_send(c->cl, "hello", 5);
	REC_RECV(recv(c->sv, buf, 64, 0), buf);
}

void uring_cancel_fd(struct compat *c)
{
	char buf[3][64];
	int i;

	uring_open(0);
	for (i = 0; i < 3; i++)
		io_uring_prep_recv(uring_next("recv"), c->sv, buf[i], 64, 0);
	io_uring_prep_poll_add(uring_next("poll"), c->sv, POLLPRI);
	uring_begin();
	uring_quiet();
	io_uring_prep_cancel_fd(uring_next("cancel"), c->sv,
				IORING_ASYNC_CANCEL_ALL);
	uring_done(5);
	io_uring_prep_recv(uring_next("recv"), c->cl, buf[0], 64, 0);
	uring_begin();
	io_uring_prep_cancel_fd(uring_next("cancel"), c->sv, 0);
	uring_done(1);
	io_uring_prep_cancel64(uring_next("cancel"), 0,
			       IORING_ASYNC_CANCEL_ANY);
	uring_done(2);
	compat_send(c->cl, "hello", 5);
	REC_RECV(recv(c->sv, buf[0], 64, 0), buf[0]);
}
