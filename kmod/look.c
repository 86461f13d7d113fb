// SPDX-License-Identifier: GPL-2.0
/* Looking at a stream without taking from it: poll, ioctls, reports. */
#include "compat.h"

#include <linux/sdirect_ring.h>
#include <net/tcp.h>

#include "ring.h"
#include "stall.h"
#include "stream.h"

/* Where a reader's chain starts: the flow's, or the pair's if not joined. */
static const struct sdr_seg *rx_chain(const struct sdr_sock *ss,
				      const struct sdr_pair *pair)
{
	/* Pairs with sdr_stream_join(). */
	if (!smp_load_acquire(&ss->rx.pair))
		return READ_ONCE(pair->first[!ss->side]);
	return READ_ONCE(ss->rx.seg);
}

/* A copy of a flow that has joined, for the poll hooks; they want no more. */
static struct sdr_flow look(const struct sdr_sock *ss, struct sdr_pair *pair)
{
	struct sdr_flow flow = {
		.sk = ss->sk, .pair = pair, .side = ss->side,
	};

	return flow;
}

/* Where the reader stands, as far as TCP's ranges need it. */
static u64 rx_pos(const struct sdr_sock *ss)
{
	/* Pairs with sdr_stream_join(). */
	if (smp_load_acquire(&ss->rx.pair))
		return READ_ONCE(ss->rx.pos);
	return READ_ONCE(tcp_sk(ss->sk)->copied_seq) - (ss->key.theirs + 1);
}

/*
 * Bytes that can be read without waiting: up to the first range that is not
 * complete yet.  All ranges are armed all the same, as @arm says.
 */
static u64 rx_bytes(struct sdr_sock *ss, enum sdr_arm arm)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	struct sdr_flow rx = look(ss, pair);
	u64 inq = tcp_inq(ss->sk);	/* to the urgent mark, if there is one */
	u64 sum = 0, n, end, from, pos;
	const struct sdr_seg *seg;
	bool complete = true;

	if (!pair || !sdr_pair_has_more(pair))
		return inq;
	rcu_read_lock();
	pos = rx_pos(ss);
	for (seg = rx_chain(ss, pair); ; seg = seg->next) {
		end = smp_load_acquire(&seg->end);	/* append() */
		from = max(seg->start, pos);
		if (seg->ring) {
			n = seg->carrier->poll_rx(&rx, seg, arm);
		} else {
			/* TCP's bytes, dealt out to its ranges in turn. */
			n = end > from ? min(inq, end - from) : 0;
			inq -= n;
		}
		if (complete)
			sum += n;
		if (end == SDIRECT_POS_OPEN)
			break;
		if (!seg->ring && end > from + n)
			complete = false;
	}
	rcu_read_unlock();
	return sum;
}

u64 sdr_stream_inq_arm(struct sdr_sock *ss)
{
	return rx_bytes(ss, SDR_ARM_ALWAYS);
}

static bool tx_writable(struct sdr_sock *ss, struct sdr_pair *pair,
			const struct sdr_seg *seg)
{
	struct sdr_flow tx = look(ss, pair);

	return sdr_stream_can_grow(ss, seg) ||
	       seg->carrier->poll_tx(&tx, seg, true) ||
	       sdr_stream_unread(pair, ss->side);
}

/* Some must hear of what comes after what is, and some look by themselves. */
static enum sdr_arm arm_for(__poll_t events, int lowat, bool served)
{
	if (served)
		return SDR_ARM_NOT;
	return events & EPOLLET || lowat > 1 ? SDR_ARM_ALWAYS : SDR_ARM_EMPTY;
}

/*
 * From how many bytes on there is something to be read.  Another host is told
 * what was read by halves of a ring, so no more may come before that is read; TCP
 * gives up the mark, too, where its window is closed.
 */
static int low_water(const struct sdr_sock *ss, const struct sdr_pair *pair)
{
	int lowat = sock_rcvlowat(ss->sk, 0, INT_MAX);
	const struct sdr_seg *seg;

	if (likely(lowat == 1) || !pair->far)
		return lowat;
	rcu_read_lock();
	seg = rx_chain(ss, pair);
	/* Pairs with append(), before ->next is followed. */
	while (smp_load_acquire(&seg->end) != SDIRECT_POS_OPEN)
		seg = seg->next;
	if (seg->ring)
		lowat = min_t(u32, lowat, seg->ring->size / 2);
	rcu_read_unlock();
	return lowat;
}

__poll_t sdr_stream_poll(struct sdr_sock *ss, __poll_t mask, __poll_t events,
			 bool served)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	const __poll_t out = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	int lowat;
	const struct sdr_seg *seg;

	if (!pair)
		return mask;
	lowat = low_water(ss, pair);
	if (rx_bytes(ss, arm_for(events, lowat, served)) >= lowat)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!(events & out) || READ_ONCE(ss->sk->sk_shutdown) & SEND_SHUTDOWN)
		return mask;
	rcu_read_lock();
	seg = READ_ONCE(ss->tx.seg);
	if (seg->ring) {
		mask &= ~out;
		if (tx_writable(ss, pair, seg))
			mask |= EPOLLOUT | EPOLLWRNORM;
		else
			sdr_stall_polled(ss);
	}
	rcu_read_unlock();
	return mask;
}

u64 sdr_stream_inq(struct sdr_sock *ss)
{
	return rx_bytes(ss, SDR_ARM_EMPTY);
}

bool sdr_stream_ring_unread(struct sdr_sock *ss)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	struct sdr_flow rx = look(ss, pair);
	const struct sdr_seg *seg;
	bool unread = false;

	if (!pair)
		return false;
	rcu_read_lock();
	for (seg = rx_chain(ss, pair); !unread; seg = seg->next) {
		unread = seg->ring && seg->carrier->poll_rx(&rx, seg,
							   SDR_ARM_EMPTY);
		/* Pairs with append(), before ->next is followed. */
		if (smp_load_acquire(&seg->end) == SDIRECT_POS_OPEN)
			break;
	}
	rcu_read_unlock();
	return unread;
}

/*
 * What user space has moved by itself and no call has counted yet.  A position
 * that cannot be true adds nothing; the next call will find it out.
 */
void sdr_stream_unsynced(const struct sdr_sock *ss, u64 *tx, u64 *rx)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	const struct sdirect_ctl_page *own, *peer;
	const struct sdr_seg *seg;
	u64 pos, known;

	if (!pair || !sdr_pair_has_pages(pair))
		return;
	own = sdr_pair_ctl(pair, ss->side);
	peer = sdr_pair_ctl(pair, !ss->side);
	rcu_read_lock();
	seg = READ_ONCE(ss->tx.seg);
	known = READ_ONCE(ss->tx.pos);
	pos = READ_ONCE(own->tx_tail);
	if (seg->ring && pos > known &&
	    sdirect_ring_room(seg->ring->size, seg->start, pos,
			      READ_ONCE(peer->rx_head)) >= 0)
		*tx += pos - known;
	seg = READ_ONCE(ss->rx.seg);
	known = READ_ONCE(ss->rx.pos);
	pos = READ_ONCE(own->rx_head);
	if (seg->ring && pos > known &&
	    sdirect_ring_avail(seg->ring->size, pos, READ_ONCE(peer->tx_tail),
			       READ_ONCE(seg->end)) >= 0)
		*rx += pos - known;
	rcu_read_unlock();
}
