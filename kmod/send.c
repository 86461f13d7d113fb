// SPDX-License-Identifier: GPL-2.0
/* Sending: the one loop that waits for room, on the socket's own wait queue. */
#include "compat.h"

#include <net/tcp.h>

#include "far.h"
#include "lease.h"
#include "rendezvous.h"
#include "stall.h"
#include "stream.h"

/* Why must this message go by TCP?  SDIRECT_REASON_NONE: it need not. */
static enum sdirect_reason needs_tcp(const struct msghdr *msg)
{
	if (msg->msg_flags & MSG_OOB)
		return SDIRECT_REASON_OOB;
	if (msg->msg_flags & MSG_ZEROCOPY || msg->msg_controllen)
		return SDIRECT_REASON_OPTION;
	return SDIRECT_REASON_NONE;
}

/* Why does nobody read the ring of this end any more, or the end itself end? */
static enum sdirect_reason why_unread(const struct sdr_pair *pair, int side)
{
	const struct sdr_end *peer = &pair->end[!side];
	u8 by_tcp = READ_ONCE(peer->by_tcp);

	if (sdr_pair_gone(pair, !side) || !by_tcp)
		return SDIRECT_REASON_PEER_GONE;
	if (by_tcp & SDR_BY_TCP_OPTION)
		return SDIRECT_REASON_OPTION;
	return by_tcp & SDR_BY_TCP_POLICY ? SDIRECT_REASON_POLICY :
					    SDIRECT_REASON_DEMOTED;
}

/*
 * TCP goes on for as long as acknowledgements make room: a large message would
 * be all its, so the question of a ring is asked again now and then.
 */
static size_t pass_length(const struct sdr_sock *ss, struct msghdr *msg)
{
	size_t left = msg_data_left(msg);

	return sdr_flow_on_tcp(&ss->tx) && ss->tx.pair && !ss->stay_tcp ?
		       min_t(size_t, left, SDR_SEAL_BUSY) : left;
}

/* One attempt, on one carrier. */
static ssize_t send_pass(struct sdr_sock *ss, struct msghdr *msg, bool first)
{
	enum sdirect_reason reason = needs_tcp(msg);
	const struct sdr_carrier *carrier;
	struct sdr_flow *tx = &ss->tx;
	ssize_t n;

	sdr_lease_enter_tx(ss);
	sdr_stream_join(ss, tx, true);
	n = tx->seg->carrier->sync_tx(tx);
	if (n)
		return n;
	/* What was sent counts; the error, and its signal, come next time. */
	if (!first && sdr_stream_tx_ended(ss->sk))
		return -EPIPE;
	if (reason && tx->pair) {
		sdr_sock_stay_tcp(ss, reason);
		if (!sdr_flow_on_tcp(tx))
			return -ENOMEM;
	} else if (sdr_stream_seal_due(ss)) {
		sdr_stream_seal(ss);
	}
	if (!sdr_flow_on_tcp(tx) && (sdr_stream_unread(tx->pair, ss->side) ||
				     sdr_stream_tx_ended(ss->sk))) {
		/* A reset came before the peer went: take it from the backlog. */
		release_sock(ss->sk);
		lock_sock(ss->sk);
		if (!first && sdr_stream_tx_ended(ss->sk))
			return -EPIPE;
		n = sdr_stream_to_tcp(ss, why_unread(tx->pair, ss->side));
		if (n)
			return n;
	}
	carrier = tx->seg->carrier;
	/* Nothing to send is TCP's to answer. */
	if (unlikely(!msg_data_left(msg)))
		carrier = &sdr_carrier_tcp;
	n = carrier->send(tx, msg, pass_length(ss, msg));
	if (n == -EAGAIN && sdr_stream_grow(ss)) {
		carrier = tx->seg->carrier;
		n = carrier->send(tx, msg, msg_data_left(msg));
	}
	if (n > 0)
		sdr_tally_inc(&ss->tally, carrier->tx_calls);
	return n;
}

/* May more be sent?  If not, a wake-up is armed. */
static bool tx_ready(struct sdr_sock *ss)
{
	struct sdr_flow *tx = &ss->tx;
	struct sock *sk = ss->sk;

	return READ_ONCE(sk->sk_err) ||
	       (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN) ||
	       (!sdr_flow_on_tcp(tx) &&
		sdr_stream_unread(tx->pair, ss->side)) ||
	       tx->seg->carrier->poll_tx(tx, tx->seg, true);
}

/* The far end of a pair, and how far it had read. */
struct full {
	struct sdr_pair *pair;
	u64 head;
};

static bool has_read(const void *arg)
{
	const struct full *full = arg;

	return sdr_far_head(full->pair) != full->head;
}

/* Sleep until more may be sent; @idle counts wake-ups that led to nothing. */
static int wait_tx(struct sdr_sock *ss, long *timeo, int idle)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	long nap = *timeo, left = nap;
	struct full full = { ss->pair, sdr_far_head(ss->pair) };
	struct sock *sk = ss->sk;
	bool ready;

	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	add_wait_queue(sk_sleep(sk), &wait);
	smp_mb();	/* pairs with skwq_has_sleeper() in sdr_wake_sock() */
	ready = tx_ready(ss);
	release_sock(sk);
	if (ready && idle > 1) {
		/* TCP says yes and takes nothing: it is short of memory. */
		nap = min_t(long, nap, HZ / 50 + 1);
		left = wait_woken(&wait, TASK_INTERRUPTIBLE, nap);
	} else if (!ready &&
		   !sdr_far_spin(full.pair, false, has_read, &full)) {
		sdr_tally_inc(&ss->tally, SDR_STAT_SLEEPS);
		left = wait_woken(&wait, TASK_INTERRUPTIBLE, nap);
	}
	if (*timeo != MAX_SCHEDULE_TIMEOUT)
		*timeo -= nap - left;
	lock_sock(sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	return 0;
}

ssize_t sdr_stream_send(struct sdr_sock *ss, struct msghdr *msg, size_t len)
{
	long timeo = sock_sndtimeo(ss->sk, msg->msg_flags & MSG_DONTWAIT);
	int idle = 0, disconnects = sdr_sk_disconnects(ss->sk), err;
	ssize_t done = 0, n;

	do {
		n = send_pass(ss, msg, !done);
		if (n > 0) {
			done += n;
			idle = 0;
			sdr_stall_over(ss);
			continue;
		}
		if (n != -EAGAIN)
			break;
		sdr_stall_begin(ss);
		if (!timeo) {
			/* An edge-triggered writer goes by this EAGAIN. */
			if (idle++ || !tx_ready(ss))
				break;
			continue;
		}
		err = wait_tx(ss, &timeo, idle++);
		/* It may have waited to be connected: no byte before the search. */
		if (!err)
			sdr_rendezvous_try(ss);
		/* As sk_stream_wait_memory() has it. */
		if (!err && disconnects != sdr_sk_disconnects(ss->sk))
			err = done ? -EPIPE :
				sk_stream_error(ss->sk, msg->msg_flags, -EPIPE);
		if (err) {
			n = err;
			break;
		}
	} while (msg_data_left(msg));

	if (n == -EPROTO) {
		WRITE_ONCE(ss->failed, true);
		return -ECONNRESET;
	}
	if (done)
		ss->tx.calls++;
	return done ?: n;
}
