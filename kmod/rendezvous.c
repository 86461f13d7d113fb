// SPDX-License-Identifier: GPL-2.0
/*
 * How the two ends of a connection find each other.
 *
 * Both know the two initial sequence numbers.  (mine, theirs) meets
 * (theirs, mine).  A match is only a candidate: both ends must be established,
 * their byte counts and clocks must agree.  Then they are a pair, which stays on
 * TCP until the policy allows more.
 */
#include "compat.h"

#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "demote.h"
#include "far.h"
#include "judge.h"
#include "pair.h"
#include "payer.h"
#include "rendezvous.h"
#include "sock.h"

#define SDR_RDV_BITS	12
/* An end waits so long, and so many bytes, for the other to show up. */
#define SDR_RDV_TIME	(60 * HZ)
#define SDR_RDV_BYTES	BIT(30)

/* Connections that carry less are never asked for on other hosts. */
#define SDR_RDV_ASK_CALLS	4
#define SDR_RDV_ASK_BYTES	(64u << 10)
#define SDR_RDV_ASK_AGAIN	HZ

/* One host can stand for two only if its ends do not meet by themselves. */
static bool sdr_rdv_apart;
module_param_named(apart, sdr_rdv_apart, bool, 0600);
MODULE_PARM_DESC(apart, "ends on this host do not meet; for tests");

struct sdr_rdv_bucket {
	spinlock_t lock;	/* protects head, and rdv of those on it */
	struct hlist_head head;
};

static struct sdr_rdv_bucket *sdr_rdv_table;
static u32 sdr_rdv_secret __ro_after_init;

/*
 * Both orders of a key's halves fall into the same bucket.  A remote end chooses
 * its half, so the hash has a secret.
 */
static struct sdr_rdv_bucket *bucket_of(const struct sdr_key *key)
{
	u32 hash = jhash_2words(min(key->mine, key->theirs),
				max(key->mine, key->theirs), sdr_rdv_secret);

	return &sdr_rdv_table[hash & (BIT(SDR_RDV_BITS) - 1)];
}

static const enum sdr_stat reason_stat[__SDIRECT_REASON_MAX] = {
	[SDIRECT_REASON_NO_PEER]	= SDR_STAT_NO_PEER,
	[SDIRECT_REASON_KEY]		= SDR_STAT_NO_KEY,
	[SDIRECT_REASON_COUNTS]		= SDR_STAT_NO_COUNTS,
	[SDIRECT_REASON_MEMORY]		= SDR_STAT_NO_MEMORY,
	[SDIRECT_REASON_OPTION]		= SDR_STAT_NO_OPTION,
};

/* It counts no more among those of its user that have a peer, or may have. */
static void dismiss(struct sdr_sock *ss)
{
	struct sdr_quota *quota = ss->admitted;

	if (!quota)
		return;
	ss->admitted = NULL;
	sdr_quota_dismiss(quota, &sdr_net(sock_net(ss->sk))->ends);
	sdr_quota_put(quota);
}

/* False: its user, group or namespace has more of them than is good. */
static bool admit(struct sdr_sock *ss)
{
	struct sdr_payer payer = sdr_payer_of(ss->sk);

	sdr_payer_add_user(&payer, ss->owner.cred->euid);
	if (sdr_quota_admit(payer.quota, &sdr_net(sock_net(ss->sk))->ends))
		swap(ss->admitted, payer.quota);
	sdr_payer_put(&payer);
	return ss->admitted;
}

/*
 * The one place where a search fails; the bucket's lock is held if posted.  Last
 * of all it says so: whose search is over may go away without another lock.
 */
static void give_up(struct sdr_sock *ss, enum sdirect_reason reason)
{
	WRITE_ONCE(ss->reason, reason);
	hlist_del_init(&ss->rdv_node);
	sdr_tally_inc(&ss->tally, reason_stat[reason]);
	dismiss(ss);
	/* Pairs with sdr_rendezvous_is_over(). */
	smp_store_release(&ss->rdv, SDR_RDV_OVER);
}

s64 sdr_rendezvous_counts(const struct sdr_sock *ss,
			  const struct sdr_sock *peer)
{
	u32 written = sdr_key_written(ss->sk, &ss->key);
	u32 acked = sdr_key_acked(ss->sk, &ss->key);
	u32 got = sdr_key_received(peer->sk, &peer->key);

	/* acked <= got <= written, in sequence arithmetic */
	if (before(got, acked) || after(got, written))
		return -1;
	return written - got;
}

static bool overdue(const struct sdr_sock *ss)
{
	return time_after(jiffies, ss->rdv_since + SDR_RDV_TIME);
}

/* What find() has found in a bucket for a key. */
struct sdr_match {
	struct sdr_sock *peer;	/* somebody with the other half, or NULL */
	bool crowd;		/* the key is not unique; nobody gets it */
};

/*
 * Look through the bucket.  Those that have waited too long leave it on the
 * way, and so does whoever shows the same half of the same key.
 */
static struct sdr_match find(struct sdr_rdv_bucket *b, const struct sdr_key *key)
{
	struct sdr_match match = { NULL, false };
	struct sdr_sock *other;
	struct hlist_node *tmp;

	hlist_for_each_entry_safe(other, tmp, &b->head, rdv_node) {
		if (other->key.mine == key->mine &&
		    other->key.theirs == key->theirs) {
			match.crowd = true;
			give_up(other, SDIRECT_REASON_KEY);
		} else if (overdue(other)) {
			give_up(other, SDIRECT_REASON_NO_PEER);
		} else if (other->key.mine == key->theirs &&
			   other->key.theirs == key->mine &&
			   !READ_ONCE(sdr_rdv_apart)) {
			match.crowd |= !!match.peer;
			if (match.peer)
				give_up(match.peer, SDIRECT_REASON_KEY);
			match.peer = other;
		}
	}
	return match;
}

/* IPsec: the administrator wants these bytes encrypted, or seen. */
static bool transformed(const struct sock *sk)
{
	const struct dst_entry *dst;
	bool ret;

	rcu_read_lock();
	dst = rcu_dereference(sk->sk_dst_cache);
	ret = dst && dst_xfrm(dst);
	rcu_read_unlock();
	return ret;
}

static enum sdirect_reason judge(const struct sdr_sock *ss,
				 const struct sdr_sock *peer)
{
	if (inet_sk_state_load(peer->sk) != TCP_ESTABLISHED ||
	    !sdr_key_clocks_agree(ss->sk, peer->sk))
		return SDIRECT_REASON_KEY;
	if (sdr_rendezvous_counts(ss, peer) < 0)
		return SDIRECT_REASON_COUNTS;
	if (transformed(ss->sk) || transformed(peer->sk))
		return SDIRECT_REASON_OPTION;
	return SDIRECT_REASON_NONE;
}

static void take_seat(struct sdr_sock *ss, struct sdr_pair *pair, int side)
{
	pair->end[side].ss = ss;
	/* Its references, too: the pair lives longer. */
	pair->end[side].owner = ss->owner;
	/* Until the policy has been asked, which may take long. */
	pair->end[side].by_tcp = SDR_BY_TCP_POLICY;
	ss->side = side;
}

/* Both ends have taken their seats: who sees the pair looks at either. */
static void join(struct sdr_sock *ss, struct sdr_pair *pair)
{
	WRITE_ONCE(ss->reason, SDIRECT_REASON_COLD);
	WRITE_ONCE(ss->rdv, SDR_RDV_PAIRED);
	hlist_del_init(&ss->rdv_node);
	/* Pairs with sdr_sock_pair(). */
	smp_store_release(&ss->pair, sdr_pair_get(pair));
}

static void decide(struct sdr_sock *ss, struct sdr_sock *peer,
		   struct sdr_pair *pair)
{
	enum sdirect_reason reason = judge(ss, peer);

	if (reason != SDIRECT_REASON_NONE) {
		give_up(ss, reason);
		give_up(peer, reason);
		return;
	}
	spin_lock_bh(&pair->lock);
	take_seat(peer, pair, 0);
	take_seat(ss, pair, 1);
	join(peer, pair);
	join(ss, pair);
	sdr_demote_joined(pair);
	spin_unlock_bh(&pair->lock);
	sdr_tally_inc(&ss->tally, SDR_STAT_PAIRS);
}

/* One round under the bucket's lock; false: call again with a pair in hand. */
static bool meet(struct sdr_sock *ss, struct sdr_pair *pair)
{
	struct sdr_rdv_bucket *b = bucket_of(&ss->key);
	struct sdr_match match;
	bool done = true;

	spin_lock(&b->lock);
	match = find(b, &ss->key);
	if (match.crowd) {
		give_up(ss, SDIRECT_REASON_KEY);
		if (match.peer)
			give_up(match.peer, SDIRECT_REASON_KEY);
	} else if (!match.peer) {
		ss->rdv_since = jiffies;
		ss->rdv_ask = jiffies;
		WRITE_ONCE(ss->reason, SDIRECT_REASON_WAITING);
		/* Pairs with sdr_rendezvous_look(): the key does not change. */
		smp_store_release(&ss->rdv, SDR_RDV_POSTED);
		hlist_add_head(&ss->rdv_node, &b->head);
	} else if (!pair) {
		done = false;
	} else {
		decide(ss, match.peer, pair);
	}
	spin_unlock(&b->lock);
	return done;
}

/*
 * Has this end waited long enough?  Who sends has looked for its peer before, and
 * would have found us; only an end on another host is told of us later.
 */
static bool expired(const struct sdr_sock *ss)
{
	const struct tcp_sock *tp = tcp_sk(ss->sk);

	return tp->bytes_received > (sdr_far_there() ? SDR_RDV_BYTES : 0) ||
	       tp->bytes_sent > SDR_RDV_BYTES || overdue(ss);
}

static void stop_waiting(struct sdr_sock *ss, enum sdirect_reason reason)
{
	struct sdr_rdv_bucket *b = bucket_of(&ss->key);

	spin_lock(&b->lock);
	if (ss->rdv == SDR_RDV_POSTED)
		give_up(ss, reason);
	spin_unlock(&b->lock);
}

/* Is the connection worth a question to the other host?  The client asks. */
static bool ask_due(const struct sdr_sock *ss)
{
	const struct tcp_sock *tp = tcp_sk(ss->sk);

	return sdr_far_there() && ss->active &&
	       time_after_eq(jiffies, READ_ONCE(ss->rdv_ask)) &&
	       (READ_ONCE(ss->tx.calls) + READ_ONCE(ss->rx.calls) >=
			SDR_RDV_ASK_CALLS ||
		tp->bytes_sent + tp->bytes_received >= SDR_RDV_ASK_BYTES);
}

static void ask(struct sdr_sock *ss)
{
	const struct sdr_far_who who = sdr_far_who_is(ss);

	WRITE_ONCE(ss->rdv_ask, jiffies + SDR_RDV_ASK_AGAIN);
	sdr_far_ask(&who);
}

bool sdr_rendezvous_due(const struct sdr_sock *ss)
{
	switch (READ_ONCE(ss->rdv)) {
	case SDR_RDV_IDLE:
		return inet_sk_state_load(ss->sk) == TCP_ESTABLISHED;
	case SDR_RDV_POSTED:
		return expired(ss) || ask_due(ss);
	default:
		return false;
	}
}

void sdr_rendezvous_try(struct sdr_sock *ss)
{
	struct sdr_pair *pair;

	sock_owned_by_me(ss->sk);
	if (likely(!sdr_rendezvous_due(ss)))
		return;
	if (READ_ONCE(ss->rdv) != SDR_RDV_IDLE) {
		if (expired(ss))
			stop_waiting(ss, SDIRECT_REASON_NO_PEER);
		else
			ask(ss);
		return;
	}

	sdr_key_read(ss->sk, ss->active, &ss->key);
	/* TCP chose another number than ours: one that others may know. */
	if (ss->key.mine == ss->key.theirs ||
	    (ss->active && ss->key.mine != ss->secret)) {
		give_up(ss, SDIRECT_REASON_KEY);
		return;
	}
	if (!admit(ss)) {
		give_up(ss, SDIRECT_REASON_MEMORY);
		return;
	}
	if (meet(ss, NULL))
		return;
	pair = sdr_pair_alloc();
	if (!pair) {
		give_up(ss, SDIRECT_REASON_MEMORY);
		return;
	}
	meet(ss, pair);
	if (sdr_sock_pair(ss))
		sdr_judge_pair(pair, NULL);
	sdr_pair_put(pair);
}

void sdr_rendezvous_look(struct sdr_sock *ss)
{
	if (likely(!sdr_rendezvous_due(ss)))
		return;
	/* To end a search the bucket's lock is enough; pairs with meet(). */
	if (smp_load_acquire(&ss->rdv) == SDR_RDV_POSTED && expired(ss)) {
		stop_waiting(ss, SDIRECT_REASON_NO_PEER);
		return;
	}
	lock_sock(ss->sk);
	sdr_rendezvous_try(ss);
	release_sock(ss->sk);
}

/* The one socket that waits with this key, and has these addresses. */
static struct sdr_sock *find_far(struct sdr_rdv_bucket *b,
				 const struct sdr_far_who *who)
{
	struct sdr_sock *ss, *found = NULL;

	hlist_for_each_entry(ss, &b->head, rdv_node) {
		struct sdr_far_who is;

		if (ss->key.mine != who->key.mine ||
		    ss->key.theirs != who->key.theirs)
			continue;
		is = sdr_far_who_is(ss);
		if (found || !net_eq(is.net, who->net) ||
		    !ipv6_addr_equal(&is.saddr, &who->saddr) ||
		    !ipv6_addr_equal(&is.daddr, &who->daddr) ||
		    is.sport != who->sport || is.dport != who->dport)
			return NULL;
		found = ss;
	}
	return found;
}

static bool judge_far(const struct sdr_sock *ss)
{
	return inet_sk_state_load(ss->sk) == TCP_ESTABLISHED &&
	       !transformed(ss->sk);
}

struct sdr_pair *sdr_rendezvous_far(const struct sdr_far_who *who,
				    struct sdr_far *far)
{
	struct sdr_rdv_bucket *b = bucket_of(&who->key);
	struct sdr_pair *pair = sdr_pair_alloc();
	struct sdr_sock *ss;

	if (!pair)
		return NULL;
	spin_lock(&b->lock);
	ss = find_far(b, who);
	if (ss && judge_far(ss) && try_module_get(far->ops->owner)) {
		pair->far = far;
		pair->end[SDR_FAR_SIDE].far = true;
		pair->end[SDR_FAR_SIDE].by_tcp = SDR_BY_TCP_POLICY;
		spin_lock_bh(&pair->lock);
		take_seat(ss, pair, SDR_NEAR_SIDE);
		join(ss, pair);
		sdr_demote_joined(pair);
		spin_unlock_bh(&pair->lock);
		sdr_tally_inc(&ss->tally, SDR_STAT_PAIRS);
	}
	spin_unlock(&b->lock);
	if (!pair->far) {
		sdr_pair_put(pair);
		return NULL;
	}
	sdr_judge_pair(pair, NULL);
	return pair;
}
EXPORT_SYMBOL_NS_GPL(sdr_rendezvous_far, SDR_SYMBOLS);

bool sdr_rendezvous_is_over(const struct sdr_sock *ss)
{
	/* Pairs with give_up(). */
	return smp_load_acquire(&ss->rdv) == SDR_RDV_OVER;
}

bool sdr_rendezvous_leave(struct sdr_sock *ss)
{
	struct sdr_rdv_bucket *b = bucket_of(&ss->key);
	bool alone;

	/* Nobody but this end itself undoes that. */
	if (sdr_sock_pair(ss) && READ_ONCE(ss->rdv) == SDR_RDV_PAIRED)
		return false;
	spin_lock(&b->lock);
	alone = ss->rdv != SDR_RDV_PAIRED;
	if (alone) {
		hlist_del_init(&ss->rdv_node);
		WRITE_ONCE(ss->rdv, SDR_RDV_OVER);
		dismiss(ss);
	}
	spin_unlock(&b->lock);
	return alone;
}

void sdr_rendezvous_forget(struct sdr_sock *ss)
{
	dismiss(ss);
}

int __init sdr_rendezvous_init(void)
{
	int i;

	sdr_rdv_table = kvcalloc(1 << SDR_RDV_BITS, sizeof(*sdr_rdv_table),
				 GFP_KERNEL);
	if (!sdr_rdv_table)
		return -ENOMEM;
	sdr_rdv_secret = get_random_u32();
	for (i = 0; i < 1 << SDR_RDV_BITS; i++)
		spin_lock_init(&sdr_rdv_table[i].lock);
	return 0;
}

void sdr_rendezvous_exit(void)
{
	kvfree(sdr_rdv_table);
}
