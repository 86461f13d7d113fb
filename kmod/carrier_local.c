// SPDX-License-Identifier: GPL-2.0
/*
 * A ring in shared memory as a carrier.
 *
 * Where an end stands is what its control page says: user space may have moved
 * it since the last call.  Nothing there is believed; each word is read once,
 * checked against what was true before, and then used.
 */
#include "compat.h"

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/sdirect_ring.h>
#include <linux/tcp.h>

#include "carrier.h"
#include "ring.h"
#include "stats.h"
#include "wake.h"

/* A peer that sends without end must not keep a poll busy without end. */
#define SDR_ARM_TRIES	16

static struct sdirect_ctl_page *own_ctl(const struct sdr_flow *flow)
{
	return sdr_pair_ctl(flow->pair, flow->side);
}

static struct sdirect_ctl_page *peer_ctl(const struct sdr_flow *flow)
{
	return sdr_pair_ctl(flow->pair, !flow->side);
}

static s64 room(const struct sdr_flow *tx, const struct sdr_seg *seg, u64 tail)
{
	u64 head = SDIRECT_LOAD_ACQUIRE(&peer_ctl(tx)->rx_head);	/* D */

	return sdirect_ring_room(seg->ring->size, seg->start, tail, head);
}

static s64 avail(const struct sdr_flow *rx, const struct sdr_seg *seg, u64 head)
{
	u64 tail = SDIRECT_LOAD_ACQUIRE(&peer_ctl(rx)->tx_tail);	/* B */

	/* After the tail: who sees bytes of the next ring sees the seal. */
	return sdirect_ring_avail(seg->ring->size, head, tail,
				  READ_ONCE(seg->end));
}

static void account(struct sdr_flow *flow, u64 pos, enum sdr_stat bytes)
{
	sdr_tally_add(flow->tally, bytes, pos - flow->pos);
	flow->pos = pos;
}

/* What user space says it has done by itself; an operation moves a byte. */
static void account_user(struct sdr_flow *flow, u64 pos, enum sdr_stat bytes,
			 u64 ops, enum sdr_stat calls)
{
	if (ops - flow->user_ops <= pos - flow->pos)
		sdr_tally_add(flow->tally, calls, ops - flow->user_ops);
	flow->user_ops = ops;
	account(flow, pos, bytes);
}

static int local_sync_tx(struct sdr_flow *tx)
{
	u64 tail = READ_ONCE(own_ctl(tx)->tx_tail);

	if (likely(tail == tx->pos))
		return 0;
	if (tail < tx->pos || room(tx, tx->seg, tail) < 0)
		return -EPROTO;
	account_user(tx, tail, SDR_STAT_RING_TX, READ_ONCE(own_ctl(tx)->tx_ops),
		     SDR_STAT_USER_TX_MSGS);
	return 0;
}

static int local_sync_rx(struct sdr_flow *rx)
{
	u64 head = READ_ONCE(own_ctl(rx)->rx_head);

	if (likely(head == rx->pos))
		return 0;
	if (head < rx->pos || avail(rx, rx->seg, head) < 0)
		return -EPROTO;
	account_user(rx, head, SDR_STAT_RING_RX, READ_ONCE(own_ctl(rx)->rx_ops),
		     SDR_STAT_USER_RX_MSGS);
	return 0;
}

static ssize_t local_send(struct sdr_flow *tx, struct msghdr *msg, size_t len)
{
	s64 n = room(tx, tx->seg, tx->pos);
	u64 before = tx->pos;

	if (n <= 0)
		return n ? -EPROTO : -EAGAIN;
	n = sdr_ring_write(tx->seg->ring, before, min_t(u64, n, len),
			   &msg->msg_iter);
	if (!n)
		return -EFAULT;
	account(tx, before + n, SDR_STAT_RING_TX);
	if (sdirect_ring_publish_tail(&own_ctl(tx)->tx_tail,
				      &sdr_pair_kern(tx->pair, !tx->side)->rx_want,
				      &peer_ctl(tx)->rx_want, before, tx->pos))
		sdr_wake_end(tx->pair, !tx->side);
	else
		sdr_wake_sigio(tx->pair, !tx->side);
	return n;
}

/* How much more there is, for who asks; where TCP has bytes, it says so too. */
static void tell_inq(const struct sdr_flow *rx, struct msghdr *msg, u64 more)
{
	int inq;

	if (likely(!msg->msg_get_inq && !tcp_sk(rx->sk)->recvmsg_inq))
		return;
	more += sdr_carrier_tcp.poll_rx(rx, NULL, SDR_ARM_EMPTY);
	inq = min_t(u64, more, INT_MAX);
	if (msg->msg_get_inq)
		msg->msg_inq = inq;
	if (tcp_sk(rx->sk)->recvmsg_inq)
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
}

static ssize_t local_recv(struct sdr_flow *rx, struct msghdr *msg, size_t len,
			  int flags)
{
	s64 there = avail(rx, rx->seg, rx->pos), n;
	u64 before = rx->pos;

	if (there <= 0)
		return there ? -EPROTO : -EAGAIN;
	n = min_t(u64, there, len);
	if (n && !(flags & MSG_TRUNC)) {
		n = sdr_ring_read(rx->seg->ring, before, n, &msg->msg_iter);
		if (!n)
			return -EFAULT;
	}
	tell_inq(rx, msg, flags & MSG_PEEK ? there : there - n);
	if (flags & MSG_PEEK)
		return n;
	account(rx, before + n, SDR_STAT_RING_RX);
	if (sdirect_ring_publish(&own_ctl(rx)->rx_head,
				 &sdr_pair_kern(rx->pair, !rx->side)->tx_want,
				 before, rx->pos))
		sdr_wake_end(rx->pair, !rx->side);
	return n;
}

/* As TCP: a sender is called back when a good part of the buffer is free. */
static bool local_poll_tx(const struct sdr_flow *tx, const struct sdr_seg *seg,
			  bool arm)
{
	u64 tail = READ_ONCE(own_ctl(tx)->tx_tail);
	s64 need = seg->ring->size / 4;
	s64 n = room(tx, seg, tail);

	/* Let the call find out what is wrong. */
	if (n < 0 || n >= need)
		return true;
	if (!arm)
		return false;
	/* Full to n: the head must pass the byte that makes it "need". */
	sdirect_ring_arm(&sdr_pair_kern(tx->pair, tx->side)->tx_want,
			 tail + need - seg->ring->size - 1);
	n = room(tx, seg, tail);
	return n < 0 || n >= need;
}

static s64 local_poll_rx(const struct sdr_flow *rx, const struct sdr_seg *seg,
			 enum sdr_arm arm)
{
	u64 head = max(READ_ONCE(own_ctl(rx)->rx_head), seg->start);
	__u64 *want = &sdr_pair_kern(rx->pair, rx->side)->rx_want;
	s64 seen, n = avail(rx, seg, head);
	int tries;

	if (n < 0)
		return 1;	/* let the call find out */
	if (arm == SDR_ARM_NOT || (n && arm != SDR_ARM_ALWAYS))
		return n;
	/* Again if more came meanwhile, or nobody would ring for what follows. */
	for (tries = 0; tries < SDR_ARM_TRIES; tries++) {
		seen = n;
		if (sdirect_ring_arm(want, head + seen) && seen)
			sdr_wake_sharers(rx->sk);
		n = avail(rx, seg, head);
		if (n < 0)
			return 1;
		if (n == seen)
			return n;
	}
	/* Armed behind what is there: see to it that somebody looks again. */
	sdr_wake_sock(rx->sk);
	return n;
}

const struct sdr_carrier sdr_carrier_local = {
	.id		= SDIRECT_CARRIER_LOCAL,
	.name		= "local",
	.tx_calls	= SDR_STAT_RING_TX_MSGS,
	.rx_calls	= SDR_STAT_RING_RX_MSGS,
	.sync_tx	= local_sync_tx,
	.sync_rx	= local_sync_rx,
	.send		= local_send,
	.recv		= local_recv,
	.poll_tx	= local_poll_tx,
	.poll_rx	= local_poll_rx,
};
EXPORT_SYMBOL_NS_GPL(sdr_carrier_local, SDR_SYMBOLS);
