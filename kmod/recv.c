// SPDX-License-Identifier: GPL-2.0
/* Receiving: the one loop that waits for bytes, on the socket's own wait queue. */
#include "compat.h"

#include <net/tcp.h>

#include "far.h"
#include "lease.h"
#include "stream.h"

static int rx_enter(struct sdr_sock *ss)
{
	lockdep_assert_held(&ss->rx_lock);
	sdr_lease_enter_rx(ss);
	sdr_stream_join(ss, &ss->rx, false);
	return ss->rx.seg->carrier->sync_rx(&ss->rx);
}

/* Step over a seal; a peek does so only in its own copy of the flow. */
static int step(struct sdr_sock *ss, struct sdr_flow *rx)
{
	if (rx == &ss->rx)
		return sdr_stream_advance(ss);
	rx->seg = rx->seg->next;
	return 0;
}

static bool at_urgent_mark(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return READ_ONCE(tp->urg_data) &&
	       READ_ONCE(tp->urg_seq) == READ_ONCE(tp->copied_seq);
}

/* Has TCP something final to say: an error, the end, that there is nothing? */
static bool tcp_is_over(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) || sock_flag(sk, SOCK_DONE) ||
	       ((1 << inet_sk_state_load(sk)) & (TCPF_CLOSE | TCPF_LISTEN));
}

/*
 * Read from the range that @rx is in; @more: after bytes of the ranges before.
 * Then errors, the end of the stream and the urgent mark are for the next call.
 * -ERESTART: the range ends here.
 */
static ssize_t recv_range(const struct sdr_sock *ss, struct sdr_flow *rx,
			  struct msghdr *msg, size_t len, int flags, bool more)
{
	bool over = tcp_is_over(rx->sk);
	s64 inq = sdr_carrier_tcp.poll_rx(rx, rx->seg, SDR_ARM_EMPTY);
	const struct sdr_seg *seg = rx->seg;
	ssize_t n = -EAGAIN;
	u64 end;

	/*
	 * What TCP has to say may belong to a later range.  Its sender sealed
	 * this one first, so who has looked at TCP sees the seal, and the last
	 * byte on a ring.
	 */
	smp_rmb();
	/* The ends have met since this call began, and the chain may be longer. */
	if (unlikely(!rx->pair && sdr_sock_pair(ss)))
		return -EAGAIN;
	end = smp_load_acquire(&seg->end);	/* append() */
	if (rx->pos == end)
		return -ERESTART;
	/* Another host may say that TCP has ended where we have been. */
	if (unlikely(rx->pos > end))
		return -EPROTO;
	len = min_t(u64, len, end - rx->pos);
	if (!sdr_flow_on_tcp(rx)) {
		n = seg->carrier->recv(rx, msg, len, flags);
		if (n != -EAGAIN)
			return n;
		/* Pairs with append(): sealed meanwhile? */
		if (smp_load_acquire(&seg->end) == rx->pos)
			return -ERESTART;
		/* A peek has left the bytes before the ring where they are. */
		if (inq && !more)
			return -EPROTO;
	} else if (inq && !(more && at_urgent_mark(rx->sk))) {
		return seg->carrier->recv(rx, msg, min_t(u64, len, inq), flags);
	}
	if (inq || more)
		return n;
	if (over)
		return sdr_carrier_tcp.recv(rx, msg, len, flags);
	/*
	 * The reader has shut down himself: that says nothing of TCP's bytes,
	 * but TCP may have a control message to give.
	 */
	return READ_ONCE(rx->sk->sk_shutdown) & RCV_SHUTDOWN ?
		       sdr_carrier_tcp.recv(rx, msg, 0, flags) : n;
}

/* A peek has seen the bytes of an earlier TCP range, which are still there. */
static ssize_t peek_second(struct sdr_flow *rx, u32 peeked, struct msghdr *msg,
			   size_t len, int flags)
{
	u64 end = smp_load_acquire(&rx->seg->end);	/* append() */

	if (rx->pos == end)
		return -ERESTART;
	return sdr_carrier_tcp_peek(rx, peeked, msg,
				    min_t(u64, len, end - rx->pos), flags);
}

/* Everything that is there now, up to @len bytes, on however many carriers. */
static ssize_t recv_chain(struct sdr_sock *ss, struct sdr_flow *rx,
			  struct msghdr *msg, size_t len, int flags, bool more)
{
	ssize_t done = 0, n;
	u32 peeked = 0;		/* of TCP's bytes */

	for (;;) {
		if (peeked && sdr_flow_on_tcp(rx))
			n = peek_second(rx, peeked, msg, len - done, flags);
		else
			n = recv_range(ss, rx, msg, len - done, flags,
				       more || done);
		if (n == -ERESTART) {
			n = step(ss, rx);
			if (n)
				break;
			continue;
		}
		if (n <= 0)
			break;
		done += n;
		sdr_tally_inc(&ss->tally, rx->seg->carrier->rx_calls);
		if (flags & MSG_PEEK) {
			rx->pos += n;
			if (sdr_flow_on_tcp(rx))
				peeked += n;
		}
		/* Pairs with append(): does the next range follow here? */
		if (done == len || smp_load_acquire(&rx->seg->end) != rx->pos)
			break;
	}
	return done ?: n;
}

/* @more: the call has bytes already. */
static ssize_t recv_pass(struct sdr_sock *ss, struct msghdr *msg, size_t len,
			 int flags, bool more)
{
	struct sdr_flow peek;
	ssize_t n = rx_enter(ss);

	if (n)
		return n;
	if (!(flags & MSG_PEEK))
		return recv_chain(ss, &ss->rx, msg, len, flags, more);
	peek = ss->rx;
	return recv_chain(ss, &peek, msg, len, flags, false);
}

/*
 * Is there more for a receiver than the @seen bytes that it has peeked at?  Any
 * byte helps it, whatever SO_RCVLOWAT says.  If not, a wake-up is armed.
 */
static bool rx_ready(struct sdr_sock *ss, u64 seen)
{
	if (sdr_stream_rx_ended(ss->sk) || sdr_stream_inq(ss) > seen)
		return true;
	/* A look that has found nothing has armed. */
	return seen && sdr_stream_inq_arm(ss) > seen;
}

/* What a receiver waits for that does not arm a wake-up. */
struct unseen {
	struct sdr_sock *ss;
	u64 seen;
};

static bool more_there(const void *arg)
{
	const struct unseen *unseen = arg;

	return sdr_far_unread(unseen->ss->pair) > unseen->seen ||
	       sdr_stream_rx_ended(unseen->ss->sk);
}

static int wait_rx(struct sdr_sock *ss, long *timeo, int idle, u64 seen)
{
	long nap = *timeo, left = nap;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	const struct unseen unseen = { ss, seen };
	struct sock *sk = ss->sk;

	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	if (!idle && sdr_far_spin(sdr_sock_pair(ss), true, more_there, &unseen))
		return 0;
	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	smp_mb();	/* pairs with skwq_has_sleeper() in sdr_wake_sock() */
	if (!rx_ready(ss, seen)) {
		sdr_tally_inc(&ss->tally, SDR_STAT_SLEEPS);
		left = wait_woken(&wait, TASK_INTERRUPTIBLE, nap);
	} else if (idle > 1) {
		nap = min_t(long, nap, HZ / 50 + 1);
		left = wait_woken(&wait, TASK_INTERRUPTIBLE, nap);
	}
	if (*timeo != MAX_SCHEDULE_TIMEOUT)
		*timeo -= nap - left;
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	return 0;
}

/* What a call comes to that has @done bytes and was ended by @n. */
static ssize_t recv_end(struct sdr_sock *ss, struct msghdr *msg, ssize_t done,
			ssize_t n)
{
	if (n == -EPROTO) {
		WRITE_ONCE(ss->failed, true);
		n = -ECONNRESET;
	}
	/* A program that goes by SIGIO may never poll; arm for it. */
	if (unlikely(sock_flag(ss->sk, SOCK_FASYNC)))
		sdr_stream_poll(ss, 0, EPOLLIN | EPOLLET, false);
	if (!done)
		return n;
	ss->rx.calls++;
	/* TCP knows of its own bytes only. */
	if (msg->msg_get_inq && msg->msg_inq <= 0)
		msg->msg_inq = min_t(u64, sdr_stream_inq(ss), INT_MAX);
	return done;
}

ssize_t sdr_stream_recv(struct sdr_sock *ss, struct msghdr *msg, size_t len,
			int flags)
{
	long timeo = sock_rcvtimeo(ss->sk, flags & MSG_DONTWAIT);
	size_t target = sock_rcvlowat(ss->sk, flags & MSG_WAITALL, len);
	int idle = 0, disconnects = sdr_sk_disconnects(ss->sk), err;
	const struct iov_iter start = msg->msg_iter;
	ssize_t done = 0, n;
	bool at_mark;
	u64 seen;

	msg->msg_namelen = 0;
	for (;;) {
		if (flags & MSG_PEEK && done) {
			/* A peek begins anew, at the first byte. */
			msg->msg_iter = start;
			done = 0;
		}
		mutex_lock(&ss->rx_lock);
		n = recv_pass(ss, msg, len - done, flags, done);
		at_mark = sdr_flow_on_tcp(&ss->rx) && at_urgent_mark(ss->sk);
		mutex_unlock(&ss->rx_lock);
		if (n > 0) {
			done += n;
			/* What a peek has seen is there the next time too. */
			if (!(flags & MSG_PEEK))
				idle = 0;
		}
		if (done >= target || !n || (n < 0 && n != -EAGAIN))
			break;
		/* No call reads on both sides of the mark. */
		if (done && at_mark)
			break;
		seen = flags & MSG_PEEK ? done : 0;
		/* What is there counts; what ended it is for the next call. */
		if (done && sdr_stream_rx_ended(ss->sk) &&
		    sdr_stream_inq(ss) <= seen)
			break;
		/* A peek that has met TCP a second time can see no further. */
		if (seen && idle > 1 && sdr_stream_inq(ss) > seen)
			break;
		if (!timeo) {
			/* An edge-triggered reader goes by this EAGAIN. */
			if (done || idle++ || !rx_ready(ss, 0))
				break;
			continue;
		}
		err = wait_rx(ss, &timeo, idle++, seen);
		/* As sk_wait_event() has it. */
		if (!err && disconnects != sdr_sk_disconnects(ss->sk))
			err = -EPIPE;
		if (err) {
			n = err;
			break;
		}
	}
	return recv_end(ss, msg, done, n);
}

void sdr_stream_sync_rx(struct sdr_sock *ss)
{
	if (rx_enter(ss))
		WRITE_ONCE(ss->failed, true);
}
