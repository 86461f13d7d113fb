// SPDX-License-Identifier: GPL-2.0
/* The other end of a connection on another host; see far.h. */
#include "compat.h"

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sdirect_ring.h>
#include <net/tcp.h>

#include "carrier.h"
#include "demote.h"
#include "far.h"
#include "net.h"
#include "party.h"
#include "payer.h"
#include "ring.h"
#include "sockopt.h"
#include "stream.h"
#include "wake.h"

static const struct sdr_far_ops __rcu *far_ops;

int sdr_far_register(const struct sdr_far_ops *ops)
{
	const struct sdr_far_ops *old;

	old = unrcu_pointer(cmpxchg(&far_ops, NULL, RCU_INITIALIZER(ops)));
	return old ? -EBUSY : 0;
}
EXPORT_SYMBOL_NS_GPL(sdr_far_register, SDR_SYMBOLS);

void sdr_far_unregister(const struct sdr_far_ops *ops)
{
	RCU_INIT_POINTER(far_ops, NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_NS_GPL(sdr_far_unregister, SDR_SYMBOLS);

bool sdr_far_there(void)
{
	return unlikely(rcu_access_pointer(far_ops));
}

bool sdr_far_wanted(struct net *net)
{
	return atomic_read(&sdr_net(net)->ends);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_wanted, SDR_SYMBOLS);

void sdr_far_ask(const struct sdr_far_who *who)
{
	const struct sdr_far_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(far_ops);
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	rcu_read_unlock();
	if (!ops)
		return;
	ops->ask(who);
	module_put(ops->owner);
}

static struct sdirect_ctl_page *far_ctl(struct sdr_pair *pair)
{
	return sdr_pair_ctl(pair, SDR_FAR_SIDE);
}

/* Who pays for what the own end receives; false: it does not receive by ring. */
static bool receiver(struct sdr_pair *pair, struct sdr_payer *payer)
{
	struct sdr_end *end = &pair->end[SDR_NEAR_SIDE];
	bool ok = false;

	spin_lock_bh(&pair->lock);
	if (end->ss && !end->by_tcp && !sdr_sockopt_rx_needs_tcp(end->ss->sk) &&
	    !sdr_pair_unread_long(pair, SDR_FAR_SIDE)) {
		*payer = sdr_payer_of(end->ss->sk);
		ok = true;
	}
	spin_unlock_bh(&pair->lock);
	return ok;
}

struct sdr_ring *sdr_far_ring(struct sdr_pair *pair, u32 size)
{
	struct sdr_ring *ring = NULL;
	struct sdr_payer payer;

	if (!receiver(pair, &payer))
		return NULL;
	sdr_payer_add_user(&payer, pair->end[SDR_NEAR_SIDE].owner.cred->euid);
	if (!sdr_pair_pages(pair, &payer))
		ring = sdr_ring_alloc(size, &payer);
	sdr_payer_put(&payer);
	return ring;
}
EXPORT_SYMBOL_NS_GPL(sdr_far_ring, SDR_SYMBOLS);

/*
 * What the far end sends is appended here, as stream.c does for a socket.  False:
 * it would end a range before that begins.
 */
static bool append(struct sdr_pair *pair, struct sdr_seg *seg, u64 there)
{
	struct sdr_seg *last;

	spin_lock_bh(&pair->lock);
	last = pair->first[SDR_FAR_SIDE];
	while (last->end != SDIRECT_POS_OPEN)
		last = last->next;
	if (seg->start < last->start) {
		spin_unlock_bh(&pair->lock);
		return false;
	}
	/* A, pairs with B in sdirect_ring.h: a new ring begins where we are. */
	if (seg->ring)
		SDIRECT_STORE_RELEASE(&far_ctl(pair)->tx_tail,
				      seg->start + there);
	if (pair->kern && pair->first[SDR_FAR_SIDE] == last)
		WRITE_ONCE(sdr_pair_kern(pair, SDR_NEAR_SIDE)->rx_limit,
			   seg->start);
	last->next = seg;
	/* Pairs with the loads of ->end: who sees it sees ->next. */
	smp_store_release(&last->end, seg->start);
	spin_unlock_bh(&pair->lock);
	sdr_wake_end(pair, SDR_NEAR_SIDE);
	return true;
}

int sdr_far_append(struct sdr_pair *pair, struct sdr_ring *ring, u64 pos,
		   u64 there)
{
	struct sdr_seg *seg;

	seg = sdr_seg_alloc(ring ? pair->far->ops->carrier : &sdr_carrier_tcp,
			    pos, ring);
	if (!seg) {
		sdr_ring_put(ring);
		return -ENOMEM;
	}
	if (append(pair, seg, there))
		return 0;
	sdr_seg_free(seg);
	return -EPROTO;
}
EXPORT_SYMBOL_NS_GPL(sdr_far_append, SDR_SYMBOLS);

void sdr_far_wrote(struct sdr_pair *pair, u64 before, u64 now)
{
	const struct sdirect_ctl_page *near = sdr_pair_ctl(pair, SDR_NEAR_SIDE);

	if (sdirect_ring_publish_tail(&far_ctl(pair)->tx_tail,
				      &sdr_pair_kern(pair,
						     SDR_NEAR_SIDE)->rx_want,
				      &near->rx_want, before, now))
		sdr_wake_end(pair, SDR_NEAR_SIDE);
	else
		sdr_wake_sigio(pair, SDR_NEAR_SIDE);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_wrote, SDR_SYMBOLS);

void sdr_far_read(struct sdr_pair *pair, u64 before, u64 now)
{
	if (sdirect_ring_publish(&far_ctl(pair)->rx_head,
				 &sdr_pair_kern(pair, SDR_NEAR_SIDE)->tx_want,
				 before, now))
		sdr_wake_end(pair, SDR_NEAR_SIDE);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_read, SDR_SYMBOLS);

u64 sdr_far_tail(struct sdr_pair *pair)
{
	return SDIRECT_LOAD_ACQUIRE(&sdr_pair_ctl(pair,		/* B */
						  SDR_NEAR_SIDE)->tx_tail);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_tail, SDR_SYMBOLS);

u64 sdr_far_sent(struct sdr_pair *pair, u64 from)
{
	sdirect_ring_arm(&sdr_pair_kern(pair, SDR_FAR_SIDE)->rx_want, from);
	return sdr_far_tail(pair);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_sent, SDR_SYMBOLS);

u64 sdr_far_got(struct sdr_pair *pair, u64 from)
{
	sdirect_ring_arm(&sdr_pair_kern(pair, SDR_FAR_SIDE)->tx_want, from);
	return SDIRECT_LOAD_ACQUIRE(&sdr_pair_ctl(pair,		/* D */
						  SDR_NEAR_SIDE)->rx_head);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_got, SDR_SYMBOLS);

u8 sdr_far_wish(const struct sdr_pair *pair)
{
	return READ_ONCE(pair->end[SDR_NEAR_SIDE].by_tcp);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_wish, SDR_SYMBOLS);

void sdr_far_by_tcp(struct sdr_pair *pair, bool option, bool demoted)
{
	u8 mark = SDR_BY_TCP_DEMOTED(SDR_FAR_SIDE, SDR_DEMOTER_PROGRAM);
	u8 *far = &pair->end[SDR_FAR_SIDE].by_tcp;

	spin_lock_bh(&pair->lock);
	WRITE_ONCE(*far, (*far & ~mark) | (option ? SDR_BY_TCP_OPTION : 0) |
			 (demoted ? mark : 0));
	if (pair->kern)
		sdr_demote_tell(pair, SDR_NEAR_SIDE);
	spin_unlock_bh(&pair->lock);
	sdr_wake_end(pair, SDR_NEAR_SIDE);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_by_tcp, SDR_SYMBOLS);

/*
 * The own end's TCP socket with a reference, or NULL.  @busy: its lock is kept
 * by somebody, who may be a program that does so on purpose.
 */
static struct sock *own_sock(struct sdr_pair *pair, bool *busy)
{
	struct sock *sk = NULL;

	*busy = false;

	spin_lock_bh(&pair->lock);
	if (pair->end[SDR_NEAR_SIDE].ss) {
		sk = pair->end[SDR_NEAR_SIDE].ss->sk;
		*busy = sock_owned_by_user_nocheck(sk);
		if (*busy)
			sk = NULL;
		else
			sock_hold(sk);
	}
	spin_unlock_bh(&pair->lock);
	return sk;
}

bool sdr_far_to_tcp(struct sdr_pair *pair, enum sdirect_reason reason)
{
	struct sdr_sock *ss;
	struct sock *sk;
	bool busy;

	sk = own_sock(pair, &busy);
	if (!sk)
		return !busy;
	lock_sock(sk);
	/* It leaves the pair under its lock: if it is there, it stays. */
	ss = READ_ONCE(pair->end[SDR_NEAR_SIDE].ss);
	if (ss && sdr_stream_to_tcp(ss, reason))
		ss = NULL;
	release_sock(sk);
	/* Whoever waits for room on the ring is to ask TCP. */
	sdr_wake_end(pair, SDR_NEAR_SIDE);
	if (!ss)
		tcp_abort(sk, ECONNRESET);
	sock_put(sk);
	return true;
}
EXPORT_SYMBOL_NS_GPL(sdr_far_to_tcp, SDR_SYMBOLS);

bool sdr_far_abort(struct sdr_pair *pair, int err)
{
	struct sock *sk;
	bool busy;

	sk = own_sock(pair, &busy);
	if (!sk)
		return !busy;
	tcp_abort(sk, err);
	sock_put(sk);
	return true;
}
EXPORT_SYMBOL_NS_GPL(sdr_far_abort, SDR_SYMBOLS);

struct sdr_far_who sdr_far_who_is(const struct sdr_sock *ss)
{
	struct sdr_far_who who = {
		.net	= sock_net(ss->sk),
		.key	= ss->key,
		.sport	= inet_sk(ss->sk)->inet_sport,
		.dport	= inet_sk(ss->sk)->inet_dport,
	};

	sdr_party_addrs(ss->sk, &who.saddr, &who.daddr);
	return who;
}

void sdr_far_gone(struct sdr_pair *pair)
{
	spin_lock_bh(&pair->lock);
	WRITE_ONCE(pair->end[SDR_FAR_SIDE].far, false);
	if (pair->kern)
		WRITE_ONCE(sdr_pair_kern(pair, SDR_NEAR_SIDE)->tx_closed, 1);
	spin_unlock_bh(&pair->lock);
	sdr_wake_end(pair, SDR_NEAR_SIDE);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_gone, SDR_SYMBOLS);

void sdr_far_close(struct sdr_pair *pair)
{
	sdr_far_gone(pair);
	sdr_pair_close(pair);
}
EXPORT_SYMBOL_NS_GPL(sdr_far_close, SDR_SYMBOLS);
