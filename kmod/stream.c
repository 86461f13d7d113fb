// SPDX-License-Identifier: GPL-2.0
/*
 * A stream is a chain of carriers: this is where it is made and walked.
 *
 * The sender seals the range it is in at byte P and appends the next, which
 * begins at P; the receiver reads up to P and moves on.  Nobody waits for
 * anybody.
 */
#include "compat.h"

#include <linux/log2.h>
#include <linux/sdirect_ring.h>
#include <net/tcp.h>

#include "far.h"
#include "lease.h"
#include "payer.h"
#include "rendezvous.h"
#include "ring.h"
#include "sockopt.h"
#include "stream.h"
#include "upkeep.h"
#include "wake.h"

/* Connections that carry less than this never pay for a ring. */
#define SDR_SEAL_CALLS	4
#define SDR_SEAL_BYTES	(64u << 10)
#define SDR_RING_FIRST	(16u << 10)

/* Where a stream is before its ends have met. */
static struct sdr_seg sdr_seg_alone = {
	.carrier	= &sdr_carrier_tcp,
	.end		= SDIRECT_POS_OPEN,
};

void sdr_stream_init(struct sdr_flow *flow, struct sock *sk,
		     struct sdr_tally *tally)
{
	flow->sk = sk;
	flow->tally = tally;
	flow->seg = &sdr_seg_alone;
}

/* Once the ends have met, the flow goes on in the chain that they share. */
void sdr_stream_join(struct sdr_sock *ss, struct sdr_flow *flow, bool is_tx)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);

	if (likely(flow->pair == pair))
		return;
	flow->side = ss->side;
	flow->pos = 0;
	flow->tcp_seq = (is_tx ? ss->key.mine : ss->key.theirs) + 1;
	WRITE_ONCE(flow->seg, pair->first[is_tx ? ss->side : !ss->side]);
	/* Pairs with rx_chain(): who sees the pair sees the place in it. */
	smp_store_release(&flow->pair, pair);
}

/* Seal the range that is being sent and append @seg. */
static void append(struct sdr_sock *ss, struct sdr_seg *seg)
{
	struct sdr_flow *tx = &ss->tx;
	struct sdr_pair *pair = tx->pair;
	struct sdr_seg *old = tx->seg;
	bool far = sdr_far_is(pair, !ss->side);

	sock_owned_by_me(ss->sk);
	seg->start = tx->pos;
	/* A, pairs with B in sdirect_ring.h: a new ring begins where we are. */
	if (seg->ring)
		SDIRECT_STORE_RELEASE(&sdr_pair_ctl(pair, ss->side)->tx_tail,
				      tx->pos);
	tx->tcp_seq = tcp_sk(ss->sk)->write_seq;
	/* Readers without a lock follow the pointer. */
	smp_store_release(&tx->seg, seg);
	spin_lock_bh(&pair->lock);
	/* Whoever has left since we looked has told pages that were not there. */
	if (seg->ring && sdr_stream_unread(pair, ss->side))
		WRITE_ONCE(sdr_pair_kern(pair, ss->side)->tx_closed, 1);
	old->next = seg;
	if (pair->kern && pair->first[ss->side] == old)
		WRITE_ONCE(sdr_pair_kern(pair, !ss->side)->rx_limit, tx->pos);
	/*
	 * Pairs with the loads of ->end: who sees it sees ->next and TCP's P
	 * bytes.  The receiver may free @old from here on.
	 */
	smp_store_release(&old->end, tx->pos);
	/* Who reads there has a chain of his own, which begins as this does. */
	if (far)
		pair->first[ss->side] = seg;
	spin_unlock_bh(&pair->lock);
	if (far)
		sdr_pair_drop_seg(pair, old);

	sdr_lease_stale_tx(ss);
	sdr_wake_end(pair, !ss->side);
}

static bool all_acked(const struct sdr_sock *ss)
{
	return sdr_key_acked(ss->sk, &ss->key) ==
	       sdr_key_written(ss->sk, &ss->key);
}

/*
 * Why no ring may follow what is sent now, or SDIRECT_REASON_NONE; @n: bytes
 * still under way to the peer.  The receiver pays for what follows.
 */
static enum sdirect_reason obstacle(struct sdr_sock *ss,
				    struct sdr_payer *payer, s64 *n)
{
	enum sdirect_reason why = SDIRECT_REASON_PEER_GONE;
	struct sdr_pair *pair = ss->tx.pair;
	const struct sdr_end *end = &pair->end[!ss->side];

	spin_lock_bh(&pair->lock);
	if (end->ss) {
		*n = sdr_rendezvous_counts(ss, end->ss);
		*payer = sdr_payer_of(end->ss->sk);
		if (end->by_tcp & SDR_BY_TCP_OPTION ||
		    sdr_sockopt_rx_needs_tcp(end->ss->sk))
			why = SDIRECT_REASON_OPTION;
		else if (end->by_tcp & SDR_BY_TCP_POLICY)
			why = SDIRECT_REASON_POLICY;
		else if (end->by_tcp)
			why = SDIRECT_REASON_DEMOTED;
		else if (*n < 0)
			why = SDIRECT_REASON_COUNTS;
		else if (!sdr_key_no_nat(ss->sk, end->ss->sk) &&
			 (*n || !all_acked(ss)))
			/* Only what has arrived can be seen to be the same. */
			why = all_acked(ss) ? SDIRECT_REASON_COUNTS :
					      SDIRECT_REASON_COLD;
		else if (sdr_pair_unread_long(pair, ss->side))
			why = SDIRECT_REASON_COLD;
		else
			why = SDIRECT_REASON_NONE;
	}
	spin_unlock_bh(&pair->lock);
	return why;
}

/* What TCP would have let a program write before the peer reads. */
static u32 ring_limit(const struct sdr_sock *ss)
{
	u32 most = READ_ONCE(ss->tx.pair->ruling.ring_max);
	const struct sock *sk = ss->sk;
	u64 limit = sk->sk_userlocks & SOCK_SNDBUF_LOCK ?
		READ_ONCE(sk->sk_sndbuf) :
		READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_wmem[2]);

	limit = min_t(u64, limit, tcp_notsent_lowat(tcp_sk(sk)));
	/* Much of it would be in the peer's buffer, which it may fill. */
	limit += READ_ONCE(tcp_sk(sk)->snd_wnd);
	limit = min_t(u64, limit, most ?: SDIRECT_RING_MAX);
	limit = clamp_t(u64, limit, SDR_RING_FIRST, SDIRECT_RING_MAX);
	return rounddown_pow_of_two(limit);
}

/* The same where the peer is on another host, and at most how long the ring. */
static enum sdirect_reason far_obstacle(struct sdr_sock *ss, u32 *size)
{
	const struct sdr_pair *pair = ss->tx.pair;
	u8 by_tcp = READ_ONCE(pair->end[SDR_FAR_SIDE].by_tcp);

	*size = min(*size, ring_limit(ss));
	if (sdr_pair_gone(pair, SDR_FAR_SIDE))
		return SDIRECT_REASON_PEER_GONE;
	if (by_tcp & SDR_BY_TCP_OPTION)
		return SDIRECT_REASON_OPTION;
	if (by_tcp & SDR_BY_TCP_POLICY)
		return SDIRECT_REASON_POLICY;
	if (by_tcp)
		return SDIRECT_REASON_DEMOTED;
	return pair->far->ops->ready(pair->far, size);
}

/* Who pays for what end @side sends: who reads it, if that is here. */
static const struct cred *payer_cred(const struct sdr_pair *pair, int side)
{
	return pair->end[pair->far ? side : !side].owner.cred;
}

static int start_ring(struct sdr_sock *ss, u32 size, struct sdr_payer *payer)
{
	struct sdr_flow *tx = &ss->tx;
	struct sdr_far *far = tx->pair->far;
	const struct cred *reader = payer_cred(tx->pair, ss->side);
	struct sdr_ring *ring;
	struct sdr_seg *seg;
	int err = 0;

	sdr_payer_add_user(payer, reader->euid);
	/* The way back to TCP must not fail: it is laid before it is needed. */
	if (!tx->way_back)
		tx->way_back = sdr_seg_alloc(&sdr_carrier_tcp, 0, NULL);
	if (!tx->way_back || sdr_upkeep_make(ss) ||
	    sdr_pair_pages(tx->pair, payer))
		return -ENOMEM;
	ring = sdr_ring_alloc(size, payer);
	if (!ring)
		return -ENOMEM;
	seg = sdr_seg_alloc(far ? far->ops->carrier : &sdr_carrier_local, 0,
			    ring);
	if (!seg) {
		sdr_ring_put(ring);
		return -ENOMEM;
	}
	if (far)
		err = far->ops->begin(far, ring, tx->pos);
	if (err) {
		sdr_seg_free(seg);
		return err;
	}
	append(ss, seg);
	sdr_keep_begin(ss);
	return 0;
}

static void remain_tcp(struct sdr_sock *ss, enum sdirect_reason reason,
		       enum sdr_stat stat)
{
	ss->stay_tcp = true;
	WRITE_ONCE(ss->reason, reason);
	sdr_tally_inc(&ss->tally, stat);
}

bool sdr_stream_seal_now(struct sdr_sock *ss)
{
	struct sdr_payer payer = { };
	struct sdr_flow *tx = &ss->tx;
	u32 size = SDR_RING_FIRST;
	enum sdirect_reason why;
	s64 n = 0;

	sock_owned_by_me(ss->sk);
	sdr_stream_join(ss, tx, true);
	if (!sdr_flow_on_tcp(tx))
		return true;
	if (!tx->pair || ss->stay_tcp || sdr_stream_tx_ended(ss->sk))
		return false;
	if (sdr_pair_demoted(tx->pair, ss->side))
		return false;
	tx->seg->carrier->sync_tx(tx);
	if (tx->pair->far) {
		size = SDIRECT_RING_MAX;
		why = far_obstacle(ss, &size);
		payer = sdr_payer_of(ss->sk);
	} else {
		why = obstacle(ss, &payer, &n);
	}
	if (why == SDIRECT_REASON_COUNTS) {
		remain_tcp(ss, why, SDR_STAT_NO_COUNTS);
	} else if (why == SDIRECT_REASON_OPTION) {
		remain_tcp(ss, why, SDR_STAT_NO_OPTION);
	} else if (why != SDIRECT_REASON_NONE) {
		WRITE_ONCE(ss->reason, why);
	} else if (!n || tx->pos >= SDR_SEAL_BUSY) {
		int err = start_ring(ss, size, &payer);

		if (!err)
			sdr_tally_inc(&ss->tally, SDR_STAT_SEALS);
		else if (err == -EAGAIN)
			WRITE_ONCE(ss->reason, SDIRECT_REASON_COLD);
		else
			remain_tcp(ss, SDIRECT_REASON_MEMORY,
				   SDR_STAT_NO_MEMORY);
	}
	sdr_payer_put(&payer);
	if (sdr_flow_on_tcp(tx))
		return false;
	WRITE_ONCE(ss->reason, SDIRECT_REASON_NONE);
	return true;
}

void sdr_stream_seal(struct sdr_sock *ss)
{
	if (!sdr_flow_on_tcp(&ss->tx) || !sdr_stream_seal_now(ss))
		return;
	/* A peer that still sends by TCP waits for acknowledgements. */
	ss->owes_ack = true;
}

void sdr_stream_acknowledge(struct sdr_sock *ss)
{
	if (likely(!READ_ONCE(ss->owes_ack)))
		return;
	WRITE_ONCE(ss->owes_ack, false);
	tcp_sock_set_quickack(ss->sk, 1);
}

bool sdr_stream_seal_due(const struct sdr_sock *ss)
{
	const struct sdr_flow *tx = &ss->tx;

	return tx->pair && sdr_flow_on_tcp(tx) && !ss->stay_tcp &&
	       (tx->calls >= SDR_SEAL_CALLS || tx->pos >= SDR_SEAL_BYTES);
}

bool sdr_stream_can_grow(const struct sdr_sock *ss, const struct sdr_seg *seg)
{
	return !sdr_sock_pair(ss)->far && seg->ring->size < ring_limit(ss);
}

bool sdr_stream_grow(struct sdr_sock *ss)
{
	struct sdr_payer payer = { };
	struct sdr_flow *tx = &ss->tx;
	enum sdirect_reason why;
	u32 size;
	s64 n;

	if (sdr_flow_on_tcp(tx) || !sdr_stream_can_grow(ss, tx->seg))
		return false;
	size = min(tx->seg->ring->size * 4, ring_limit(ss));
	why = obstacle(ss, &payer, &n);
	if (why == SDIRECT_REASON_PEER_GONE || why == SDIRECT_REASON_POLICY) {
		sdr_payer_put(&payer);
		return false;
	}
	if (!start_ring(ss, size, &payer)) {
		sdr_tally_inc(&ss->tally, SDR_STAT_GROWS);
	} else {
		ss->stay_tcp = true;
		sdr_stream_to_tcp(ss, SDIRECT_REASON_MEMORY);
	}
	sdr_payer_put(&payer);
	return true;
}

/*
 * A link has died, and the other host has the bytes up to where TCP goes on now:
 * the rest is still on the ring.  Send them whatever the buffer's size; the ring
 * held them before.
 */
static int resend(struct sdr_sock *ss, struct sdr_ring *ring, u64 len)
{
	struct sock *sk = ss->sk;
	int sndbuf = sk->sk_sndbuf, n = 0;

	WRITE_ONCE(sk->sk_sndbuf, INT_MAX / 2);
	for (; len && n >= 0; len -= n) {
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
		size_t chunk = len;
		struct kvec vec;

		vec.iov_base = sdr_ring_at(ring, ss->tx.pos, &chunk);
		vec.iov_len = chunk;
		iov_iter_kvec(&msg.msg_iter, WRITE, &vec, 1, chunk);
		n = sdr_carrier_tcp.send(&ss->tx, &msg, chunk);
		if (n < 0)
			break;
	}
	/* A bigger buffer that TCP has given itself meanwhile is forgotten. */
	WRITE_ONCE(sk->sk_sndbuf, sndbuf);
	return min(n, 0);
}

static void take_way_back(struct sdr_sock *ss)
{
	append(ss, ss->tx.way_back);
	ss->tx.way_back = NULL;
}

/* Back to TCP, from where the other host says that it has not received. */
static int far_to_tcp(struct sdr_sock *ss)
{
	struct sdr_flow *tx = &ss->tx;
	struct sdr_ring *ring;
	u64 end = tx->pos;
	int err = 0;
	s64 from;

	from = tx->pair->far->ops->leave(tx->pair->far, end);
	if (from < 0)
		return from;
	ring = sdr_ring_get(tx->seg->ring);
	tx->pos = from;
	take_way_back(ss);
	if (tx->pos != end && !sdr_stream_tx_ended(ss->sk))
		err = resend(ss, ring, end - tx->pos);
	sdr_ring_put(ring);
	return err;
}

int sdr_stream_to_tcp(struct sdr_sock *ss, enum sdirect_reason reason)
{
	struct sdr_flow *tx = &ss->tx;
	int err;

	sock_owned_by_me(ss->sk);
	sdr_stream_join(ss, tx, true);
	if (sdr_flow_on_tcp(tx))
		return 0;
	sdr_lease_revoke(ss);
	err = tx->seg->carrier->sync_tx(tx);
	if (!err && tx->pair->far)
		err = far_to_tcp(ss);
	else if (!err)
		take_way_back(ss);
	if (err) {
		WRITE_ONCE(ss->failed, true);
		return err;
	}
	WRITE_ONCE(ss->reason, reason);
	sdr_tally_inc(&ss->tally, SDR_STAT_DEMOTES);
	return 0;
}

bool sdr_stream_rx_by_tcp(struct sdr_sock *ss)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);

	if (!pair ||
	    READ_ONCE(pair->end[ss->side].by_tcp) & SDR_BY_TCP_OPTION)
		return false;
	spin_lock_bh(&pair->lock);
	WRITE_ONCE(pair->end[ss->side].by_tcp,
		   pair->end[ss->side].by_tcp | SDR_BY_TCP_OPTION);
	/* Who sends without system calls makes one, and finds out. */
	if (pair->kern)
		WRITE_ONCE(sdr_pair_kern(pair, !ss->side)->tx_closed, 1);
	spin_unlock_bh(&pair->lock);
	sdr_wake_end(pair, !ss->side);
	return true;
}

int sdr_stream_advance(struct sdr_sock *ss)
{
	struct sdr_flow *rx = &ss->rx;
	struct sdr_pair *pair = rx->pair;
	struct sdr_seg *old = rx->seg, *next = old->next;

	if (sdr_flow_on_tcp(rx) &&
	    sdr_carrier_tcp.poll_rx(rx, old, SDR_ARM_EMPTY)) {
		/* They must belong to a later range; its seal came first. */
		smp_rmb();
		/* Pairs with append(). */
		if (smp_load_acquire(&next->end) == SDIRECT_POS_OPEN) {
			sdr_tally_inc(&ss->tally, SDR_STAT_NO_COUNTS);
			return -EPROTO;
		}
	}
	spin_lock_bh(&pair->lock);
	pair->first[!ss->side] = next;
	if (next->ring) {
		WRITE_ONCE(sdr_pair_ctl(pair, ss->side)->rx_head, rx->pos);
		WRITE_ONCE(sdr_pair_kern(pair, ss->side)->rx_limit,
			   READ_ONCE(next->end));
	}
	spin_unlock_bh(&pair->lock);
	WRITE_ONCE(rx->seg, next);
	sdr_pair_drop_seg(pair, old);
	sdr_lease_stale_rx(ss);
	return 0;
}

struct sdr_ring *sdr_stream_ring_tx(struct sdr_sock *ss, u64 *base)
{
	sock_owned_by_me(ss->sk);
	*base = ss->tx.seg->start;
	return ss->tx.seg->ring;
}

bool sdr_stream_rx_on_last(struct sdr_sock *ss)
{
	u64 base;

	return !sdr_stream_ring_rx(ss, &base) && sdr_flow_on_tcp(&ss->rx) &&
	       /* Pairs with append(). */
	       smp_load_acquire(&ss->rx.seg->end) == SDIRECT_POS_OPEN;
}

struct sdr_ring *sdr_stream_ring_rx(struct sdr_sock *ss, u64 *base)
{
	struct sdr_flow *rx = &ss->rx;

	lockdep_assert_held(&ss->rx_lock);
	sdr_stream_join(ss, rx, false);
	if (rx->seg->carrier->sync_rx(rx))
		return NULL;
	/* Pairs with append(). */
	while (smp_load_acquire(&rx->seg->end) == rx->pos)
		if (sdr_stream_advance(ss))
			return NULL;
	*base = rx->seg->start;
	return rx->seg->ring;
}
