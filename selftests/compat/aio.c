// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's older asynchronous calls, io_submit() and its kind. */
#include <libaio.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "uring.h"

static io_context_t context;

static void open_aio(void)
{
	COMPAT_MUST(!io_setup(16, &context));
}

/* libaio's calls give the error itself, and leave errno alone. */
static long say(const char *what, long ret)
{
	rec_result(what, ret < 0 ? -1 : ret, ret < 0 ? -ret : 0);
	return ret;
}

static bool submit(struct iocb *cb)
{
	struct iocb *list[] = { cb };

	return say("io_submit", io_submit(context, 1, list)) == 1;
}

static void submit_poll(struct iocb *cb, int fd, short events)
{
	io_prep_poll(cb, fd, events);
	COMPAT_MUST(submit(cb));
}

/* The result of one request that must come, or already has. */
static long result(void)
{
	struct io_event event = { };

	say("io_getevents", io_getevents(context, 1, 1, &event, NULL));
	return (long)event.res;
}

static long done(void)
{
	return say("  result", result());
}

/* All of a request, where nothing else is done meanwhile. */
static void run(struct iocb *cb)
{
	if (submit(cb))
		done();
}

static void run_into(struct iocb *cb, const char *buf)
{
	if (submit(cb))
		rec_bytes("buf", buf, done());
}

/* TCP may tell events that nobody has asked for: see aio_poll_unasked(). */
static void done_poll(short asked)
{
	const long events = result();

	if (events < 0)
		say("  result", events);
	else
		rec_poll("events", events & (asked | POLLERR | POLLHUP));
}

/* What has come, and something back. */
static void take_all(struct compat *c)
{
	char buf[64];

	REC_RECV(recv(c->sv, buf, 64, 0), buf);
	compat_nod(c);
}

static void quiet(void)
{
	struct io_event event;
	struct timespec now = { };

	say("io_getevents", io_getevents(context, 0, 1, &event, &now));
}

void aio_data(struct compat *c)
{
	struct iocb cb;
	char buf[64];
	int i;

	open_aio();
	for (i = 0; i < 10; i++) {
		io_prep_pwrite(&cb, c->cl, "hello", 5, 0);
		run(&cb);
		compat_arrived(c->sv, 5);
		io_prep_pread(&cb, c->sv, buf, 3, 0);
		run_into(&cb, buf);
		io_prep_pread(&cb, c->sv, buf, 64, 100);
		run_into(&cb, buf);
		compat_back(c);
	}
}

void aio_vectors(struct compat *c)
{
	struct iovec out[2] = { { "abc", 3 }, { "defg", 4 } }, in[2];
	struct iocb cb;
	char buf[64];
	int i;

	open_aio();
	in[0] = (struct iovec){ buf, 2 };
	in[1] = (struct iovec){ buf + 2, 62 };
	for (i = 0; i < 8; i++) {
		io_prep_pwritev(&cb, c->cl, out, 2, 0);
		run(&cb);
		compat_arrived(c->sv, 7);
		io_prep_preadv(&cb, c->sv, in, 2, 0);
		run_into(&cb, buf);
		compat_nod(c);
	}
}

void aio_nothing(struct compat *c)
{
	struct iocb cb;
	char buf[64];
	int i;

	open_aio();
	REC(net_nonblock(c->sv));
	for (i = 0; i < 6; i++) {
		io_prep_pread(&cb, c->sv, buf, 64, 0);
		run(&cb);
		io_prep_pread(&cb, c->sv, buf, 0, 0);
		run(&cb);
		io_prep_pwrite(&cb, c->sv, buf, 0, 0);
		run(&cb);
		compat_nod(c);
		compat_send(c->cl, "x", 1);
		compat_arrived(c->sv, 1);
		REC(read(c->sv, buf, 1));
	}
}

void aio_errors(struct compat *c)
{
	struct iocb cb, *none[] = { NULL };
	char buf[64];

	open_aio();
	io_prep_pwrite(&cb, c->cl, NULL, 5, 0);
	run(&cb);
	compat_send(c->cl, "hello", 5);
	compat_arrived(c->sv, 5);
	io_prep_pread(&cb, c->sv, NULL, 5, 0);
	run(&cb);
	io_prep_pread(&cb, -1, buf, 5, 0);
	run(&cb);
	io_prep_pread(&cb, c->sv, buf, 5, -1);
	run_into(&cb, buf);
	io_prep_fsync(&cb, c->cl);
	run(&cb);
	io_prep_pwrite(&cb, c->cl, "hello", 5, 0);
	cb.aio_lio_opcode = 99;
	run(&cb);
	say("io_submit", io_submit(context, 1, none));
	say("io_submit", io_submit(context, 0, none));
}

void aio_poll(struct compat *c)
{
	struct iocb cb;
	int i;

	open_aio();
	for (i = 0; i < 8; i++) {
		submit_poll(&cb, c->sv, POLLIN);
		quiet();
		compat_send(c->cl, "hello", 5);
		done_poll(POLLIN);
		submit_poll(&cb, c->sv, POLLIN | POLLOUT);
		done_poll(POLLIN | POLLOUT);
		take_all(c);
	}
	submit_poll(&cb, c->sv, POLLRDHUP);
	quiet();
	REC(shutdown(c->cl, SHUT_WR));
	done_poll(POLLRDHUP);
}

/* What wakes the request is the result, in full, if it is known by then. */
void aio_poll_unasked(struct compat *c)
{
	struct iocb cb;
	int i;

	open_aio();
	for (i = 0; i < 8; i++) {
		submit_poll(&cb, c->sv, POLLIN);
		compat_send(c->cl, "hello", 5);
		rec_poll("events", result());
		take_all(c);
	}
}

void aio_poll_cancel(struct compat *c)
{
	struct io_event event;
	struct iocb cb;
	int i;

	open_aio();
	for (i = 0; i < 6; i++) {
		submit_poll(&cb, c->sv, POLLIN);
		say("io_cancel", io_cancel(context, &cb, &event));
		done();
		say("io_cancel", io_cancel(context, &cb, &event));
		compat_send(c->cl, "hello", 5);
		compat_arrived(c->sv, 5);
		quiet();
		take_all(c);
	}
}

/* Told by an eventfd. */
void aio_event(struct compat *c)
{
	int event = eventfd(0, 0), i;
	struct iocb cb;
	uint64_t count;
	char buf[64];

	open_aio();
	for (i = 0; i < 6; i++) {
		io_prep_poll(&cb, c->sv, POLLIN);
		io_set_eventfd(&cb, event);
		if (!submit(&cb))
			return;
		REC_POLL(event, POLLIN);
		compat_send(c->cl, "hello", 5);
		REC(read(event, &count, sizeof(count)));
		REC(count);
		done_poll(POLLIN);
		io_prep_pread(&cb, c->sv, buf, 64, 0);
		io_set_eventfd(&cb, event);
		if (submit(&cb)) {
			REC(read(event, &count, sizeof(count)));
			rec_bytes("buf", buf, done());
		}
		compat_nod(c);
	}
}

void aio_end(struct compat *c)
{
	struct iocb cb;
	char buf[64];

	open_aio();
	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	io_prep_pwrite(&cb, c->cl, "hello", 5, 0);
	run(&cb);
	REC(net_signals);
	compat_until(c->sv, POLLRDHUP);
	io_prep_pread(&cb, c->sv, buf, 64, 0);
	run(&cb);
}
