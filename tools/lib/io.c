// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * Sending and receiving: first by the ring, then by the system call.
 *
 * A thread keeps the lock of its direction over the system call too, so that
 * bytes keep their order; other threads of the direction then go their own,
 * unmarked way.
 */
#include "io.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "attach.h"
#include "quick.h"
#include "sys.h"

#define SEND_FLAGS	(MSG_DONTWAIT | MSG_NOSIGNAL)
#define RECV_FLAGS	(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_PEEK | MSG_WAITALL)

/**
 * struct op - one call on its way
 * @e:		the entry
 * @fd:		its descriptor
 * @flags:	of the call
 * @tid:	the caller
 * @spun:	waiting by looking again has been tried
 * @it:		what is left of the caller's buffers
 * @done:	bytes that have moved
 * @at_end:	what comes next is not in this ring
 * @empty:	nothing is in it, and more may come
 */
struct op {
	struct sdi_entry *e;
	int fd;
	int flags;
	uint32_t tid;
	int spun;
	struct sdi_iter it;
	size_t done;
	int at_end;
	int empty;
};

/* False if the call is of a kind that only the kernel does. */
static int op_init(struct op *op, struct sdi_entry *e, int fd,
		   const struct msghdr *msg, int flags)
{
	size_t left = 0;

	*op = (struct op) { .e = e, .fd = fd, .flags = flags };
	if (msg->msg_name || msg->msg_controllen ||
	    msg->msg_iovlen > SDI_IOV_MAX ||
	    (msg->msg_iovlen && sdi_never_mapped(msg->msg_iov)))
		return 0;
	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		const struct iovec *v = &msg->msg_iov[i];

		if (v->iov_len > SDI_BYTES_MAX - left ||
		    (v->iov_len && sdi_never_mapped(v->iov_base)))
			return 0;
		left += v->iov_len;
	}
	op->it.iov = msg->msg_iov;
	op->it.left = left;
	return left != 0;
}

/* As far as we know: the kernel knows better. */
static int may_wait(const struct sdi_entry *e, int flags)
{
	return !(flags & MSG_DONTWAIT) &&
	       !__atomic_load_n(&e->nonblock, __ATOMIC_RELAXED);
}

/* Of who may wait: does it pay to look before? */
static int looks_pay(const struct sdi_entry *e)
{
	return sdi_may_spin && !(e->view.hints & SDIRECT_HINT_CALL);
}

static int may_spin(const struct sdi_entry *e, int flags)
{
	return looks_pay(e) && may_wait(e, flags);
}

/* Keeps the books of one operation on the view. */
static void op_account(struct op *op, const struct sdi_moved *m,
		       struct sdi_iter before, size_t took)
{
	if (took != m->count) {
		op->it = before;
		sdi_iter_advance(&op->it, took);
	}
	op->done += took;
	sdi_ring_bell(op->e, op->fd, m);
}

/* What is left of a call of which a quick operation has done something. */
static void op_after(struct op *op, struct sdi_entry *e, int fd,
		     const struct msghdr *msg, int flags,
		     const struct sdi_moved *m, size_t took)
{
	struct sdi_iter whole;

	op_init(op, e, fd, msg, flags);
	op->tid = sdi_self();
	whole = op->it;
	sdi_iter_advance(&op->it, m->count);
	op_account(op, m, whole, took);
}

/* ---- marked system calls ---- */

static uint32_t *mark_lock(const struct sdi_mark *m)
{
	return m->sends ? &m->e->tx_lock : &m->e->rx_lock;
}

static uint32_t *mark_word(const struct sdi_mark *m)
{
	struct sdirect_ctl_page *ctl = m->e->view.ctl;

	return m->sends ? &ctl->tx_call : &ctl->rx_call;
}

static void mark_begin(struct sdi_mark *m, struct sdi_entry *e, uint32_t tid,
		       int sends)
{
	*m = (struct sdi_mark) { .e = e, .sends = sends };
	__atomic_store_n(mark_lock(m), tid | SDI_IN_CALL, __ATOMIC_RELAXED);
	__atomic_store_n(mark_word(m), tid, __ATOMIC_RELAXED);
}

void sdi_mark_end(struct sdi_mark *m)
{
	struct sdi_entry *e = m->e;

	if (!e)
		return;
	__atomic_store_n(mark_word(m), 0, __ATOMIC_RELAXED);
	if (m->sends)
		sdi_view_tx_moved(&e->view);
	else
		sdi_view_rx_moved(&e->view);
	if (m->full)
		sdi_expect_full(e);
	sdi_unlock(mark_lock(m));
	sdi_entry_reap(e);
}

void sdi_mark_send(struct sdi_mark *m, int fd)
{
	struct sdi_entry *e = sdi_lookup(fd);
	uint32_t tid;

	m->e = NULL;
	if (!e)
		return;
	tid = sdi_self();
	if (!sdi_entry_lock(e, &e->tx_lock, fd, tid))
		return;
	if (!sdi_entry_made(e)) {
		sdi_unlock(&e->tx_lock);
		return;
	}
	/* Whether it finds no room is not seen here. */
	sdi_expect_full(e);
	mark_begin(m, e, tid, 1);
	m->full = 1;
}

static ssize_t result(ssize_t ret)
{
	return ret < 0 ? -errno : ret;
}

/*
 * The shorter call does the same, if nothing is asked for besides the bytes and
 * the kernel would not refuse the length: it cuts that of send() and recv().
 */
static int is_simple(const struct msghdr *msg)
{
	return msg->msg_iovlen == 1 && !sdi_never_mapped(msg->msg_iov) &&
	       !msg->msg_name && !msg->msg_controllen &&
	       msg->msg_iov->iov_len <= SDI_BYTES_MAX;
}

static ssize_t call_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (is_simple(msg))
		return result(sdi_sys.send(fd, msg->msg_iov->iov_base,
					   msg->msg_iov->iov_len, flags));
	return result(sdi_sys.sendmsg(fd, msg, flags));
}

static ssize_t call_recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t ret;

	if (!is_simple(msg))
		return result(sdi_sys.recvmsg(fd, msg, flags));
	ret = result(sdi_sys.recv(fd, msg->msg_iov->iov_base,
				  msg->msg_iov->iov_len, flags));
	if (ret >= 0)
		msg->msg_flags = 0;
	return ret;
}

/* What has not moved yet, as a message; @msg has room for it. */
static void rest_of(const struct op *op, struct msghdr *msg)
{
	struct sdi_iter it = op->it;
	size_t len;

	for (; it.left; it.left -= len) {
		struct iovec *iov = &msg->msg_iov[msg->msg_iovlen++];

		iov->iov_base = sdi_iter_next(&it, &len);
		iov->iov_len = len;
		it.skip += len;
	}
}

static ssize_t send_rest(const struct op *op)
{
	struct iovec iov[SDI_IOV_MAX];
	struct msghdr msg = { .msg_iov = iov };

	rest_of(op, &msg);
	/* As TCP does: no signal for a call that has sent something. */
	return call_sendmsg(op->fd, &msg, op->flags | MSG_NOSIGNAL |
					  SDIRECT_MSG_CONTINUED);
}

static void was_full(struct op *op, uint32_t before, ssize_t ret)
{
	int whole = ret >= 0 && (size_t)ret == op->it.left;

	/* Said anew: a set may have taken it for what was there before. */
	if (!before || !whole)
		__atomic_store_n(&op->e->tx_full, !whole, __ATOMIC_SEQ_CST);
}

/* Ends with the lock released, also if the thread is cancelled in it. */
static ssize_t send_by_call(struct op *op, const struct msghdr *msg)
{
	struct sdi_mark mark __attribute__((cleanup(sdi_mark_end)));
	int saved = errno;
	uint32_t full;
	ssize_t ret;

	mark_begin(&mark, op->e, op->tid, 1);
	full = sdi_expect_full(op->e);
	ret = op->done ? send_rest(op) : call_sendmsg(op->fd, msg, op->flags);
	was_full(op, full, ret);
	if (!op->done)
		return ret;
	errno = saved;
	/* What the kernel says but once, the next call will say. */
	if (ret < 0 && ret != -EAGAIN && ret != -EINTR && ret != -EPIPE)
		sdi_entry_keep_error(op->e, SDI_TX_KEPT, (int)-ret);
	return (ssize_t)op->done + (ret > 0 ? ret : 0);
}

/*
 * More may follow on the next carrier, and a read that stops short of it would
 * tell the program that there is nothing more.  The first question keeps an
 * error where it is, for the next read; the second ends a read before urgent
 * data, as TCP does.
 */
static ssize_t recv_rest(const struct op *op)
{
	struct iovec iov[SDI_IOV_MAX];
	struct msghdr msg = { .msg_iov = iov };
	int queued = 0, mark = 0;

	if (sdi_sys.ioctl(op->fd, FIONREAD, &queued) || queued <= 0)
		return 0;
	if (!sdi_sys.ioctl(op->fd, SIOCATMARK, &mark) && mark)
		return 0;
	rest_of(op, &msg);
	return call_recvmsg(op->fd, &msg, op->flags | MSG_DONTWAIT);
}

/* The caller wants all of it, and waits. */
static ssize_t recv_all(const struct op *op)
{
	struct iovec iov[SDI_IOV_MAX];
	struct msghdr msg = { .msg_iov = iov };

	rest_of(op, &msg);
	return call_recvmsg(op->fd, &msg, op->flags | SDIRECT_MSG_CONTINUED);
}

static ssize_t recv_by_call(struct op *op, struct msghdr *msg)
{
	struct sdi_mark mark __attribute__((cleanup(sdi_mark_end)));
	int saved = errno;
	ssize_t ret;

	mark_begin(&mark, op->e, op->tid, 0);
	/* What was only looked at is looked at again, with what follows it. */
	if (!op->done || op->flags & MSG_PEEK)
		return call_recvmsg(op->fd, msg, op->flags);
	ret = (op->flags & MSG_WAITALL) ? recv_all(op) : recv_rest(op);
	errno = saved;
	msg->msg_flags = 0;
	/* What the kernel says but once, the next call will say. */
	if (ret < 0 && ret != -EAGAIN && ret != -EINTR)
		sdi_entry_keep_error(op->e, SDI_RX_KEPT, (int)-ret);
	return (ssize_t)op->done + (ret > 0 ? ret : 0);
}

/* ---- the send direction ---- */

static int tx_ready(void *view)
{
	return sdi_view_tx_ready(view);
}

static void send_fast(struct op *op)
{
	struct sdi_entry *e = op->e;

	while (op->it.left) {
		struct sdi_iter before = op->it;
		struct sdi_moved m = sdi_view_send(&e->view, op->tid, &op->it);

		op_account(op, &m, before, sdi_settle_tx(op->fd, &m));
		if (m.todo & SDI_SLOW)
			return;
		if (!m.count && !(may_spin(e, op->flags) &&
				  sdi_spin_until(&e->tx_spin, tx_ready,
						 &e->view)))
			return;
	}
}

ssize_t sdi_sendmsg(struct sdi_entry *e, int fd, const struct msghdr *msg,
		    int flags)
{
	uint32_t tid = sdi_self();
	struct op op;
	int fast, err;

	fast = op_init(&op, e, fd, msg, flags) && !(flags & ~SEND_FLAGS);
	if (!sdi_entry_lock(e, &e->tx_lock, fd, tid))
		return call_sendmsg(fd, msg, flags);
	op.tid = tid;
	if (sdi_entry_made(e) && !sdi_view_tx_held(&e->view))
		sdi_entry_earn(e, fd, tid, SDI_HOLDS_TX);
	if (!sdi_entry_made(e)) {
		sdi_unlock(&e->tx_lock);
		sdi_entry_reap(e);
		return call_sendmsg(fd, msg, flags);
	}
	err = sdi_entry_take_error(e, SDI_TX_KEPT);
	if (err) {
		sdi_unlock(&e->tx_lock);
		return -err;
	}
	if (fast)
		send_fast(&op);
	if (!fast || op.it.left)
		return send_by_call(&op, msg);
	sdi_unlock(&e->tx_lock);
	return (ssize_t)op.done;
}

ssize_t sdi_send(struct sdi_entry *e, int fd, const void *buf, size_t len,
		 int flags)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return sdi_sendmsg(e, fd, &msg, flags);
}

ssize_t sdi_send_more(struct sdi_entry *e, int fd, const void *buf, size_t len,
		      int flags)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct sdi_moved m = e->tx_moved;
	struct op op;

	/* All of it has been sent, and somebody waits for it. */
	if (!(m.todo & SDI_SETTLE)) {
		sdi_ring_bell(e, fd, &m);
		sdi_unlock(&e->tx_lock);
		return (ssize_t)m.count;
	}
	op_after(&op, e, fd, &msg, flags, &m, sdi_settle_tx(fd, &m));
	if (op.it.left)
		return send_by_call(&op, &msg);
	sdi_unlock(&e->tx_lock);
	return (ssize_t)op.done;
}

/* ---- the receive direction ---- */

static int rx_ready(void *view)
{
	return sdi_view_rx_ready(view);
}

static void recv_fast(struct op *op, size_t min)
{
	struct sdi_entry *e = op->e;
	int peek = op->flags & MSG_PEEK;

	while (op->it.left) {
		struct sdi_iter before = op->it;
		size_t want = before.left < SDI_CHUNK ? before.left : SDI_CHUNK;
		struct sdi_moved m = sdi_view_recv(&e->view, op->tid, &op->it,
						   min, peek);
		size_t took = peek ? m.count : sdi_settle_rx(op->fd, &m);

		op_account(op, &m, before, took);
		op->at_end = m.todo & SDI_END && !(m.todo & SDI_SETTLE);
		if (m.todo & SDI_SLOW || (m.count && m.count < want))
			return;
		op->empty = !m.count && !op->done && min == 1;
		if (!m.count && (op->done || min != 1 || op->spun ||
				 !may_spin(e, op->flags) ||
				 !sdi_spin_until(&e->rx_spin, rx_ready,
						 &e->view)))
			return;
		if (m.count)
			min = 1;
	}
}

/* The kernel would say that there is nothing, and that it must not wait. */
static int would_block(const struct op *op)
{
	return op->empty && !SDIRECT_LOAD(&op->e->view.own->rx_closed) &&
	       (op->flags & MSG_DONTWAIT || sdi_entry_is_nonblock(op->e));
}

static int recv_is_fast(const struct op *op)
{
	if (op->flags & ~RECV_FLAGS)
		return 0;
	return !(op->flags & MSG_PEEK) ||
	       (!(op->flags & MSG_WAITALL) && op->it.left <= SDI_CHUNK);
}

static ssize_t recv_long(struct sdi_entry *e, int fd, struct msghdr *msg,
			 int flags, int spun)
{
	uint32_t tid = sdi_self();
	struct op op;
	int fast, err;

	fast = op_init(&op, e, fd, msg, flags) && recv_is_fast(&op);
	if (!sdi_entry_lock(e, &e->rx_lock, fd, tid))
		return call_recvmsg(fd, msg, flags);
	op.tid = tid;
	op.spun = spun;
	if (sdi_entry_made(e) && !sdi_view_rx_held(&e->view))
		sdi_entry_earn(e, fd, tid, SDI_HOLDS_RX);
	if (!sdi_entry_made(e)) {
		sdi_unlock(&e->rx_lock);
		sdi_entry_reap(e);
		return call_recvmsg(fd, msg, flags);
	}
	err = sdi_entry_take_error(e, SDI_RX_KEPT);
	if (err) {
		sdi_unlock(&e->rx_lock);
		return -err;
	}
	if (fast)
		recv_fast(&op, (flags & MSG_WAITALL) ? op.it.left : 1);
	if (would_block(&op)) {
		sdi_unlock(&e->rx_lock);
		return -EAGAIN;
	}
	if (!op.done || (op.it.left && (op.at_end || flags & MSG_WAITALL)))
		return recv_by_call(&op, msg);
	sdi_unlock(&e->rx_lock);
	msg->msg_flags = 0;
	return (ssize_t)op.done;
}

ssize_t sdi_recvmsg(struct sdi_entry *e, int fd, struct msghdr *msg,
		    int flags)
{
	return recv_long(e, fd, msg, flags, 0);
}

ssize_t sdi_recv_more(struct sdi_entry *e, int fd, void *buf, size_t len,
		      int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct sdi_moved m = e->rx_moved;
	struct op op;

	op_after(&op, e, fd, &msg, flags, &m, sdi_settle_rx(fd, &m));
	op.at_end = !(m.todo & SDI_SETTLE) &&
		    sdi_view_at_end(&e->view, m.start + m.count);
	if (!op.done || (op.it.left && op.at_end))
		return recv_by_call(&op, &msg);
	sdi_unlock(&e->rx_lock);
	return (ssize_t)op.done;
}

/* There is nothing, and the caller waits: what comes is the kernel's to copy. */
static ssize_t recv_asleep(struct sdi_entry *e, int fd, void *buf, size_t len,
			   int flags)
{
	struct sdi_mark mark __attribute__((cleanup(sdi_mark_end)));

	mark_begin(&mark, e, sdi_self(), 0);
	return result(sdi_sys.recv(fd, buf, len, flags));
}

/* With the lock held, waits for a moment for what may come, or for long. */
static ssize_t recv_soon(struct sdi_entry *e, int fd, void *buf, size_t len,
			 int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int waits = sdi_entry_made(e) && sdi_view_rx_held(&e->view) &&
		    !e->rx_error && may_wait(e, flags);
	struct sdi_moved m = { 0 };

	if (waits && !(looks_pay(e) ?
		       sdi_spin_until(&e->rx_spin, rx_ready, &e->view) :
		       rx_ready(&e->view)))
		return recv_asleep(e, fd, buf, len, flags);
	if (waits)
		m = sdi_quick_recv(&e->view, sdi_self(), buf, len, 1, 1);
	if (m.count && !sdi_quick_all(&e->view, &m, len)) {
		e->rx_moved = m;
		return sdi_recv_more(e, fd, buf, len, flags);
	}
	sdi_unlock(&e->rx_lock);
	return m.count ? (ssize_t)m.count :
			 recv_long(e, fd, &msg, flags, waits);
}

ssize_t sdi_recv(struct sdi_entry *e, int fd, void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (sdi_is_quick(buf, len, flags) &&
	    sdi_lock_at_once(&e->rx_lock, sdi_self()))
		return recv_soon(e, fd, buf, len, flags);
	return recv_long(e, fd, &msg, flags, 0);
}
