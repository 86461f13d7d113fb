/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "uring", by the file that has them. */
#ifndef COMPAT_URING_H
#define COMPAT_URING_H

#include <liburing.h>

#include "compat.h"

extern struct io_uring uring;

/* The ring is the test's process's own, and ends with it. */
void uring_open(unsigned int flags);
/* The next request, which will be called @name when it is done. */
struct io_uring_sqe *uring_next(const char *name);
/* The same for what receives: "read" or "recv", by turns of @i. */
struct io_uring_sqe *uring_next_in(int i, int fd, void *buf, size_t len);
/* Submits all, then writes down @count results in the order of requests. */
void uring_done(int count);
/* One result, and the bytes that it has brought into @buf. */
#define URING_DONE_IN(buf)	uring_done_in(#buf, buf)
void uring_done_in(const char *what, const void *buf);
/* Only submits: what waits goes on waiting. */
void uring_begin(void);
/* True if no result is there; for what must still be waiting. */
void uring_quiet(void);
/* The result of the last uring_done()'s last one. */
extern int uring_result;

/* uring_wait.c: poll, time limits, cancelling */
void uring_poll(struct compat *c);
void uring_poll_end(struct compat *c);
void uring_poll_multi(struct compat *c);
void uring_poll_change(struct compat *c);
void uring_epoll(struct compat *c);
void uring_link(struct compat *c);
void uring_link_timeout(struct compat *c);
void uring_cancel(struct compat *c);
void uring_cancel_fd(struct compat *c);

/* uring_open.c: accept, connect, close, shutdown */
void uring_accept(struct compat *c);
void uring_accept_multi(struct compat *c);
void uring_accept_flags(struct compat *c);
void uring_connect(struct compat *c);
void uring_connect_refused(struct compat *c);
void uring_shutdown(struct compat *c);
void uring_close(struct compat *c);
void uring_socket(struct compat *c);

/* uring_fixed.c: registered files and buffers, buffers of a pool */
void uring_files(struct compat *c);
void uring_accept_direct(struct compat *c);
void uring_buffers(struct compat *c);
void uring_pool(struct compat *c);
void uring_recv_multi(struct compat *c);
void uring_zerocopy(struct compat *c);
void uring_splice(struct compat *c);

/* aio.c: the kernel's older asynchronous calls */
void aio_data(struct compat *c);
void aio_vectors(struct compat *c);
void aio_nothing(struct compat *c);
void aio_errors(struct compat *c);
void aio_poll(struct compat *c);
void aio_poll_unasked(struct compat *c);
void aio_poll_cancel(struct compat *c);
void aio_event(struct compat *c);
void aio_end(struct compat *c);

#endif /* COMPAT_URING_H */
