// SPDX-License-Identifier: GPL-2.0
/* The state that AF_SDIRECT adds to a TCP socket. */
#include "compat.h"

#include <linux/slab.h>
#include <net/tcp.h>

#include "lease.h"
#include "payer.h"
#include "region.h"
#include "rendezvous.h"
#include "ring.h"
#include "sock.h"
#include "stream.h"
#include "upkeep.h"
#include "wake.h"

/* Of its own: the next larger one of kmalloc() would waste a third. */
static struct kmem_cache *sdr_sock_cache __ro_after_init;

struct sdr_sock *sdr_sock_alloc(struct sock *sk, bool active)
{
	struct sdr_sock *ss = kmem_cache_zalloc(sdr_sock_cache, GFP_KERNEL);

	if (!ss)
		return NULL;
	ss->sk = sk;
	ss->active = active;
	ss->reason = SDIRECT_REASON_IDLE;
	mutex_init(&ss->rx_lock);
	INIT_HLIST_NODE(&ss->rdv_node);
	ss->tally.all = sdr_net(sock_net(sk))->stats;
	sdr_stream_init(&ss->tx, sk, &ss->tally);
	sdr_stream_init(&ss->rx, sk, &ss->tally);
	return ss;
}

static void sock_free(struct sdr_sock *ss)
{
	/* Or they are the pair's. */
	if (!ss->pair)
		sdr_owner_put(&ss->owner);
	kmem_cache_free(sdr_sock_cache, ss);
}

void sdr_sock_create(struct sock *sk, bool active)
{
	struct sdr_sock *ss = sdr_sock_alloc(sk, active);

	if (!ss)
		return;
	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data) {
		write_unlock_bh(&sk->sk_callback_lock);
		sock_free(ss);
		return;
	}
	__rcu_assign_sk_user_data_with_flags(sk, ss, SK_USER_DATA_NOCOPY);
	write_unlock_bh(&sk->sk_callback_lock);

	sdr_roll_add(&sdr_net(sock_net(sk))->roll, ss);
	sdr_tally_inc(&ss->tally, SDR_STAT_SOCKETS);
}

/**
 * struct search - the state of a socket is looked for
 * @sk:		the socket
 * @found:	its state, or NULL
 */
struct search {
	const struct sock *sk;
	struct sdr_sock *found;
};

static bool is_another(struct sdr_sock *ss, void *arg)
{
	struct search *search = arg;

	if (ss->sk != search->sk)
		return true;
	search->found = ss;
	return false;
}

struct sdr_sock *sdr_sock_of(const struct sock *sk)
{
	struct sdr_roll *roll = &sdr_net(sock_net(sk))->roll;
	struct search search = { .sk = sk };
	struct sdr_sock *ss = sdr_sk(sk);
	struct sdr_walk walk;

	if (likely(ss && ss->sk == sk))
		return ss;
	walk = sdr_roll_begin(roll);
	while (sdr_roll_walk(roll, &walk, is_another, &search) && !search.found)
		cond_resched();
	return search.found;
}

void sdr_sock_take_over(struct sdr_sock *ss)
{
	sock_owned_by_me(ss->sk);
	/* Mostly there was nobody before, or it is who tries once more. */
	if (READ_ONCE(ss->rdv) != SDR_RDV_IDLE ||
	    sdr_owner_is_current(&ss->owner))
		return;
	sdr_owner_put(&ss->owner);
	ss->owner = sdr_owner_current();
}

/* Leave a pair, and tell the other end, whom TCP does not tell. */
static void part(struct sdr_sock *ss, struct sdr_pair *pair)
{
	bool rings;

	/* Under its lock: who has that finds the state, or no end. */
	spin_lock_bh(&pair->lock);
	pair->end[ss->side].ss = NULL;
	rings = pair->kern;
	if (rings)
		WRITE_ONCE(sdr_pair_kern(pair, !ss->side)->tx_closed, 1);
	spin_unlock_bh(&pair->lock);
	WRITE_ONCE(ss->rdv, SDR_RDV_OVER);
	/* Who waits for TCP alone hears of the end from TCP; another host does not. */
	if (rings || pair->far)
		sdr_wake_end(pair, !ss->side);
}

void sdr_sock_leave(struct sdr_sock *ss)
{
	lock_sock(ss->sk);
	if (!sdr_rendezvous_leave(ss))
		part(ss, sdr_sock_pair(ss));
	release_sock(ss->sk);
}

/* The same at the end of the socket, where no call can have its lock. */
static void leave_for_good(struct sdr_sock *ss)
{
	struct sdr_pair *pair;

	if (sdr_rendezvous_is_over(ss) || sdr_rendezvous_leave(ss))
		return;
	pair = sdr_sock_pair(ss);
	/* But sdr_far_to_tcp() may, which goes on with what it finds. */
	if (pair->far)
		sdr_sock_leave(ss);
	else
		part(ss, pair);
}

void sdr_sock_destroy(struct sdr_sock *ss)
{
	struct sock *sk = ss->sk;

	sdr_upkeep_end(ss);
	leave_for_good(ss);
	sdr_lease_end(ss);
	sdr_roll_del(&sdr_net(sock_net(sk))->roll, ss);

	write_lock_bh(&sk->sk_callback_lock);
	if (sdr_sk(sk) == ss)
		rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);

	sdr_rendezvous_forget(ss);
	if (ss->region)
		sdr_region_release(ss->region);
	if (ss->pair)
		sdr_pair_close(ss->pair);
	sdr_pair_put(ss->pair);
	kfree(ss->tx.way_back);
	sock_free(ss);
}

void sdr_sock_stay_tcp(struct sdr_sock *ss, enum sdirect_reason reason)
{
	sock_owned_by_me(ss->sk);
	if (!ss->stay_tcp) {
		ss->stay_tcp = true;
		sdr_tally_inc(&ss->tally, SDR_STAT_NO_OPTION);
	}
	WRITE_ONCE(ss->reason, reason);
	if (!sdr_rendezvous_leave(ss))
		sdr_stream_to_tcp(ss, reason);
}

ssize_t sdr_sock_abort_if_failed(struct sdr_sock *ss, ssize_t ret)
{
	struct sock *sk = ss->sk;

	if (likely(!READ_ONCE(ss->failed)))
		return ret;
	if (inet_sk_state_load(sk) != TCP_CLOSE) {
		sdr_tally_inc(&ss->tally, SDR_STAT_FAILED);
		tcp_abort(sk, ECONNRESET);
	}
	return -ECONNRESET;
}

static u32 ring_size(const struct sdr_flow *flow)
{
	const struct sdr_seg *seg;
	u32 size = 0;

	rcu_read_lock();
	seg = READ_ONCE(flow->seg);
	if (seg->ring)
		size = seg->ring->size;
	rcu_read_unlock();
	return size;
}

static u8 carrier_id(const struct sdr_flow *flow)
{
	u8 id;

	rcu_read_lock();
	id = READ_ONCE(flow->seg)->carrier->id;
	rcu_read_unlock();
	return id;
}

/* That it is to be TCP shows at once, and no longer than it is. */
static u16 reason_now(const struct sdr_sock *ss)
{
	const struct sdr_pair *pair = sdr_sock_pair(ss);
	u16 reason = READ_ONCE(ss->reason);

	if (!pair || (reason != SDIRECT_REASON_COLD &&
		      reason != SDIRECT_REASON_POLICY &&
		      reason != SDIRECT_REASON_DEMOTED))
		return reason;
	if (sdr_pair_barred(pair))
		return SDIRECT_REASON_POLICY;
	return sdr_pair_demoted(pair, ss->side) ? SDIRECT_REASON_DEMOTED :
						  SDIRECT_REASON_COLD;
}

void sdr_sock_info(const struct sdr_sock *ss, struct sdirect_info *info)
{
	const struct tcp_sock *tp = tcp_sk(ss->sk);

	memset(info, 0, sizeof(*info));
	info->abi_version = SDIRECT_ABI_VERSION;
	info->reason = reason_now(ss);
	info->tx_carrier = carrier_id(&ss->tx);
	info->rx_carrier = carrier_id(&ss->rx);
	info->tx_ring_size = ring_size(&ss->tx);
	info->rx_ring_size = ring_size(&ss->rx);
	info->tx_ring_bytes = sdr_tally_read(&ss->tally, SDR_STAT_RING_TX);
	info->rx_ring_bytes = sdr_tally_read(&ss->tally, SDR_STAT_RING_RX);
	sdr_stream_unsynced(ss, &info->tx_ring_bytes, &info->rx_ring_bytes);
	/* bytes_received counts a FIN, which a byte count can do without. */
	info->tx_bytes = tp->bytes_sent - tp->bytes_retrans +
			 info->tx_ring_bytes;
	info->rx_bytes = tp->bytes_received - !!sock_flag(ss->sk, SOCK_DONE) +
			 info->rx_ring_bytes;
	info->leased = sdr_lease_held(ss);
}

int __init sdr_sock_init(void)
{
	sdr_sock_cache = KMEM_CACHE(sdr_sock, SLAB_ACCOUNT);
	return sdr_sock_cache ? 0 : -ENOMEM;
}

void sdr_sock_exit(void)
{
	kmem_cache_destroy(sdr_sock_cache);
}
