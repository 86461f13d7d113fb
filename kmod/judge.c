// SPDX-License-Identifier: GPL-2.0
/* What follows for a pair from what the policies say; see judge.h. */
#include "compat.h"

#include <linux/audit.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "demote.h"
#include "far.h"
#include "judge.h"
#include "lease.h"
#include "net.h"
#include "pair.h"
#include "party.h"
#include "question.h"
#include "sock.h"
#include "teller.h"

/* A socket whose lock its owner keeps is tried again, so often, in jiffies. */
#define SDR_RESETS	200
#define SDR_RESET_WAIT	max(HZ / 50, 1)
/* Connections judged again in one go. */
#define SDR_BATCH	128
#define SDR_JUDGES	4

/* Resets may wait for programs that keep a socket's lock: not in others' way. */
static struct workqueue_struct *sdr_reset_wq;
/* Living connections are judged by few at once: it is nobody's own time. */
static struct workqueue_struct *sdr_judge_wq;
static atomic_t sdr_resets;	/* pairs that have one pending */
static DECLARE_WAIT_QUEUE_HEAD(sdr_resets_done);

/* --- what is judged --- */

/* The end that has connected; of two that have (rare), the same for both. */
static int from_side(const struct sdr_pair *pair)
{
	const struct sdr_sock *a = pair->end[0].ss, *b = pair->end[1].ss;

	if (pair->far)
		return a->active ? SDR_NEAR_SIDE : SDR_FAR_SIDE;
	if (a->active != b->active)
		return b->active;
	return a->key.mine > b->key.mine;
}

/* Are both ends there?  The pair's lock is held. */
static bool whole(const struct sdr_pair *pair)
{
	return pair->end[0].ss && (pair->end[1].ss || pair->end[1].far);
}

/* Both ends; under the pair's lock, while they are there.  It has the owners. */
static void describe(const struct sdr_pair *pair, struct sdr_candidate *cand)
{
	const struct sdr_end *end;
	int i, from = pair->ruling.from;

	for (i = 0; i < 2; i++) {
		end = &pair->end[from ^ i];
		if (end->ss)
			sdr_party_of(&cand->end[i], end->ss->sk, &end->owner);
	}
	cand->carrier = SDIRECT_CARRIER_LOCAL;
	cand->device = NULL;
	if (!pair->far)
		return;
	i = from ^ SDR_FAR_SIDE;
	sdr_party_beyond(&cand->end[i], &cand->end[!i]);
	cand->carrier = SDIRECT_CARRIER_RDMA;
	cand->device = pair->far->device;
}

/* Begin a judgement, which gets a number.  False if an end is gone. */
static bool begin(struct sdr_pair *pair, struct sdr_candidate *cand,
		  struct sdr_ruling *before)
{
	struct sdr_ruling *ruling = &pair->ruling;
	bool here;

	spin_lock_bh(&pair->lock);
	here = whole(pair);
	if (here) {
		ruling->from = from_side(pair);
		describe(pair, cand);
		ruling->epoch++;
		*before = *ruling;
	}
	spin_unlock_bh(&pair->lock);
	return here;
}

/* Whose vote each seat has; NULL: nobody's. */
static void seats_of(const struct sdr_candidate *cand,
		     struct sdr_policy *policy[SDR_SEATS])
{
	struct sdr_policy *all = sdr_net(&init_net)->policy;
	int i;

	/* The other host has a policy of its own. */
	for (i = 0; i < 2; i++)
		policy[i] = sdr_party_far(&cand->end[i]) ? NULL :
			    sdr_net(cand->end[i].net)->policy;
	if (policy[1] == policy[0])
		policy[1] = NULL;
	policy[2] = NULL;
	if (likely(!sdr_policy_is_global(all)))
		return;
	/* Rules for everybody stand in for a default. */
	for (i = 0; i < 2; i++)
		if (policy[i] && !sdr_policy_has_rules(policy[i]))
			policy[i] = NULL;
	if (policy[0] != all && policy[1] != all)
		policy[2] = all;
}

/* --- what follows --- */

static uid_t uid_of(const struct sdr_party *party)
{
	return sdr_party_far(party) ? (uid_t)-1 :
	       from_kuid(&init_user_ns, party->owner.cred->euid);
}

static void audit_denial(const struct sdr_candidate *cand)
{
	const struct sdr_party *from = &cand->end[0], *to = &cand->end[1];

	if (!audit_enabled)
		return;
	/* It must not wait for a full queue: a socket's lock may be held. */
	audit_log(NULL, GFP_NOWAIT | __GFP_NOWARN, AUDIT_KERNEL,
		  "op=sdirect-deny uid=%u saddr=%pI6c src=%u peer-uid=%u daddr=%pI6c dest=%u res=0",
		  uid_of(from),
		  &from->addr, from->port,
		  uid_of(to),
		  &to->addr, to->port);
}

static void tell(const struct sdr_candidate *cand,
		 struct sdr_policy * const *policy,
		 const struct sdr_ruling *ruling, bool changed)
{
	struct sdr_decision decision = {
		.cand = cand, .verdict = ruling->verdict, .changed = changed,
	};
	struct sdr_rules *rules;
	int i;

	for (i = 0; i < SDR_SEATS; i++) {
		if (!policy[i] || !ruling->vote[i].verdict ||
		    !sdr_teller ||
		    !sdr_teller->heard(policy[i]->net, ruling->verdict))
			continue;
		rules = sdr_policy_rules(policy[i]);
		decision.vote = &ruling->vote[i];
		decision.rules = rules;
		sdr_teller->decided(policy[i]->net, &decision);
		sdr_rules_put(rules);
	}
}

/* False if a call on the socket is under way: try again later. */
static bool reset(struct sdr_pair *pair, int side)
{
	struct sock *sk = NULL;
	bool owned;

	spin_lock_bh(&pair->lock);
	if (pair->end[side].ss) {
		sk = pair->end[side].ss->sk;
		sock_hold(sk);
	}
	spin_unlock_bh(&pair->lock);
	if (!sk)
		return true;
	owned = sock_owned_by_user_nocheck(sk);
	if (!owned && inet_sk_state_load(sk) != TCP_CLOSE)
		tcp_abort(sk, ECONNRESET);
	sock_put(sk);
	return !owned;
}

/**
 * struct sdr_reset - both ends of a pair are to be reset
 * @work:	tries it
 * @pair:	the pair
 * @tries:	how often it has been tried in vain
 */
struct sdr_reset {
	struct delayed_work work;
	struct sdr_pair *pair;
	unsigned int tries;
};

/*
 * Not by the caller, who holds a socket's lock.  The reset of one end reaches
 * the other by TCP, too, so a program that keeps its own lock gains nothing.
 */
static void reset_work(struct work_struct *work)
{
	struct sdr_reset *r = container_of(to_delayed_work(work),
					   struct sdr_reset, work);
	bool done = reset(r->pair, 0);

	done &= reset(r->pair, 1);
	if (!done && ++r->tries < SDR_RESETS) {
		queue_delayed_work(sdr_reset_wq, &r->work, SDR_RESET_WAIT);
		return;
	}
	/* Another verdict may try again. */
	spin_lock_bh(&r->pair->lock);
	r->pair->resetting = false;
	spin_unlock_bh(&r->pair->lock);
	sdr_pair_put(r->pair);
	kfree(r);
	if (atomic_dec_and_test(&sdr_resets))
		wake_up(&sdr_resets_done);
}

/* True if it was not under way already. */
static bool start_reset(struct sdr_pair *pair)
{
	struct sdr_reset *r;
	bool first;

	spin_lock_bh(&pair->lock);
	first = !pair->resetting;
	pair->resetting = true;
	spin_unlock_bh(&pair->lock);
	if (!first)
		return false;
	/* A denial that is forgotten for lack of memory would be none. */
	r = kzalloc(sizeof(*r), GFP_KERNEL | __GFP_NOFAIL);
	r->pair = sdr_pair_get(pair);
	atomic_inc(&sdr_resets);
	INIT_DELAYED_WORK(&r->work, reset_work);
	queue_delayed_work(sdr_reset_wq, &r->work, 0);
	return true;
}

/* What the votes come to; the pair's lock is held. */
static void sum_up(struct sdr_ruling *ruling)
{
	u32 most = 0;
	int i;

	ruling->verdict = 0;
	for (i = 0; i < SDR_SEATS; i++) {
		const struct sdr_vote *vote = &ruling->vote[i];

		if (!vote->verdict || ruling->waiting & BIT(i))
			continue;
		ruling->verdict = max(ruling->verdict, vote->verdict);
		if (vote->ring_max)
			most = min(most ?: U32_MAX, vote->ring_max);
	}
	WRITE_ONCE(ruling->ring_max, most);
}

/* Programs that write to rings by themselves must not, from now on. */
static void withdraw(struct sdr_pair *pair)
{
	int i;

	lockdep_assert_held(&pair->lock);
	for (i = 0; i < 2; i++)
		if (pair->end[i].ss)
			sdr_lease_withdraw(pair->end[i].ss);
}

/* Connections that the policy leaves on TCP, once each. */
static void count(struct sdr_pair *pair)
{
	int i;

	for (i = 0; i < 2; i++)
		if (pair->end[i].ss)
			sdr_tally_inc(&pair->end[i].ss->tally,
				      SDR_STAT_NO_POLICY);
}

/**
 * struct outcome - what is left to be done when the pair's lock is free
 * @wake:	programs are to be told
 * @deny:	both ends are to be reset
 * @final:	all votes are there
 * @changed:	it was another verdict before
 * @first:	there was none
 * @ruling:	a copy
 */
struct outcome {
	bool wake;
	bool deny;
	bool final;
	bool changed;
	bool first;
	struct sdr_ruling ruling;
};

static void settle(struct sdr_pair *pair, struct outcome *out)
{
	struct sdr_ruling *ruling = &pair->ruling;
	bool changed = false;

	lockdep_assert_held(&pair->lock);
	sum_up(ruling);
	*out = (struct outcome) {
		.deny	= ruling->verdict == SDIRECT_VERDICT_DENY,
		.final	= !ruling->waiting,
		.first	= !ruling->last,
		.changed = ruling->last != ruling->verdict,
	};
	if (ruling->verdict > SDIRECT_VERDICT_DIRECT)
		changed = sdr_demote_policy(pair, true);
	else if (!ruling->waiting)
		changed = sdr_demote_policy(pair, false);
	/* Without pages nobody here has anything that changes. */
	out->wake = changed && (pair->kern || pair->far);
	if (out->wake && sdr_pair_barred(pair))
		withdraw(pair);
	if (out->final) {
		if (out->first && ruling->verdict != SDIRECT_VERDICT_DIRECT)
			count(pair);
		ruling->last = ruling->verdict;
	}
	out->ruling = *ruling;
}

static void carry_out(struct sdr_pair *pair, const struct sdr_candidate *cand,
		      struct sdr_policy * const *policy,
		      const struct outcome *out)
{
	if (out->wake)
		sdr_demote_wake(sdr_pair_get(pair));
	if (out->deny && start_reset(pair))
		audit_denial(cand);
	if (out->final && out->changed)
		tell(cand, policy, &out->ruling, !out->first);
}

/* --- judging --- */

/* The vote of one namespace; what it has to ask is in @question. */
static noinline void hear(struct sdr_policy *policy,
			  const struct sdr_candidate *cand, bool living,
			  struct sdr_vote *vote,
			  struct sdr_question **question)
{
	struct sdr_facts facts;
	struct sdr_doubt doubt = { .facts = &facts };

	sdr_policy_judge(policy, cand, living, vote, &doubt);
	if (vote->verdict != SDIRECT_VERDICT_ASK)
		return;
	*question = sdr_question_alloc(&doubt, cand);
	if (*question)
		return;
	*vote = doubt.fallback;
	sdr_rules_put(doubt.rules);
}

/* False if a later judgement has begun, or an end is gone. */
static bool enter(struct sdr_pair *pair, u32 epoch,
		  const struct sdr_vote *vote,
		  struct sdr_question * const *question, struct outcome *out)
{
	struct sdr_ruling *ruling = &pair->ruling;
	bool mine;
	int i;

	spin_lock_bh(&pair->lock);
	mine = ruling->epoch == epoch && whole(pair);
	if (mine) {
		memcpy(ruling->vote, vote, sizeof(ruling->vote));
		ruling->waiting = 0;
		for (i = 0; i < SDR_SEATS; i++)
			if (question[i])
				ruling->waiting |= BIT(i);
		settle(pair, out);
	}
	spin_unlock_bh(&pair->lock);
	return mine;
}

/* Has this seat said what it has to say, and nobody wants to hear it again? */
static bool has_voted(const struct sdr_ruling *ruling, int seat)
{
	return ruling->vote[seat].verdict && !(ruling->waiting & BIT(seat));
}

void sdr_judge_pair(struct sdr_pair *pair, const struct sdr_policy *by)
{
	struct sdr_question *question[SDR_SEATS] = { };
	struct sdr_vote vote[SDR_SEATS] = { };
	struct sdr_policy *policy[SDR_SEATS];
	struct sdr_ruling before;
	struct sdr_candidate cand;
	struct outcome out;
	bool mine;
	int i;

	if (!begin(pair, &cand, &before))
		return;
	/*
	 * Pairs with queue_work() behind a change of rules: we see the new
	 * ones, or again_work() sees the pair, which was published before.
	 */
	smp_mb();
	seats_of(&cand, policy);
	for (i = 0; i < SDR_SEATS; i++)
		if (policy[i] && by && policy[i] != by &&
		    has_voted(&before, i))
			vote[i] = before.vote[i];
		else if (policy[i])
			hear(policy[i], &cand,
			     before.last == SDIRECT_VERDICT_DIRECT, &vote[i],
			     &question[i]);
	mine = enter(pair, before.epoch, vote, question, &out);
	if (mine)
		carry_out(pair, &cand, policy, &out);
	for (i = 0; i < SDR_SEATS; i++)
		if (question[i] && mine)
			sdr_question_post(policy[i], question[i], pair,
					  before.epoch, i);
		else if (question[i])
			sdr_question_put(question[i]);
	sdr_candidate_forget(&cand);
}

void sdr_judge_vote(struct sdr_pair *pair, u32 epoch, int seat,
		    const struct sdr_vote *vote)
{
	struct sdr_ruling *ruling = &pair->ruling;
	struct sdr_policy *policy[SDR_SEATS];
	struct sdr_candidate cand;
	struct outcome out;
	bool counts;

	spin_lock_bh(&pair->lock);
	counts = ruling->epoch == epoch && ruling->waiting & BIT(seat) &&
		 whole(pair);
	if (counts) {
		describe(pair, &cand);
		ruling->vote[seat] = *vote;
		ruling->waiting &= ~BIT(seat);
		settle(pair, &out);
	}
	spin_unlock_bh(&pair->lock);
	if (!counts)
		return;
	seats_of(&cand, policy);
	carry_out(pair, &cand, policy, &out);
	sdr_candidate_forget(&cand);
}

int sdr_judge_seat(const struct sdr_sock *ss)
{
	const struct sdr_pair *pair = sdr_sock_pair(ss);
	const struct sdr_ruling *ruling = &pair->ruling;
	int seat = ss->side != ruling->from;

	/* Two ends in one namespace share a vote. */
	if (seat && !ruling->vote[1].verdict && !ruling->vote[2].verdict)
		return 0;
	return seat;
}

/* --- judging again --- */

/* Is this end the one by which a pair is found in its namespace? */
static bool finds(const struct sdr_sock *ss, struct sdr_pair *pair)
{
	const struct sdr_sock *peer;
	bool first;

	spin_lock_bh(&pair->lock);
	peer = pair->end[!ss->side].ss;
	first = pair->far ||
		(peer && (!ss->side || sock_net(peer->sk) != sock_net(ss->sk)));
	spin_unlock_bh(&pair->lock);
	return first;
}

/**
 * struct batch - pairs that are to be judged again
 * @pair:	with references
 * @n:		how many
 */
struct batch {
	struct sdr_pair *pair[SDR_BATCH];
	int n;
};

static bool collect(struct sdr_sock *ss, void *arg)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	struct batch *batch = arg;

	if (batch->n == SDR_BATCH)
		return false;
	if (pair && !sdr_sock_plain(ss) && finds(ss, pair))
		batch->pair[batch->n++] = sdr_pair_get(pair);
	return true;
}

static void judge_batch(struct batch *batch, const struct sdr_policy *by)
{
	int i;

	for (i = 0; i < batch->n; i++) {
		sdr_judge_pair(batch->pair[i], by);
		sdr_pair_put(batch->pair[i]);
		cond_resched();
	}
	batch->n = 0;
}

static void again_work(struct work_struct *work)
{
	struct sdr_net *sn = container_of(work, struct sdr_net, again);
	const struct sdr_policy *by = sn->policy;
	struct sdr_walk walk;
	struct batch *batch;
	bool more;

	if (xchg(&sn->again_all, false))
		by = NULL;
	batch = kmalloc(sizeof(*batch), GFP_KERNEL | __GFP_NOFAIL);
	batch->n = 0;
	/* Later ones are judged by what is in force now anyway. */
	walk = sdr_roll_begin(&sn->roll);
	do {
		more = sdr_roll_walk(&sn->roll, &walk, collect, batch);
		judge_batch(batch, by);
		cond_resched();
	} while (more);
	kfree(batch);
}

void sdr_judge_all(struct net *net, bool global)
{
	struct net *each;

	if (!global) {
		queue_work(sdr_judge_wq, &sdr_net(net)->again);
		return;
	}
	rcu_read_lock();
	for_each_net_rcu(each) {
		WRITE_ONCE(sdr_net(each)->again_all, true);
		queue_work(sdr_judge_wq, &sdr_net(each)->again);
	}
	rcu_read_unlock();
}

void sdr_judge_net_init(struct sdr_net *sn)
{
	INIT_WORK(&sn->again, again_work);
}

void sdr_judge_net_exit(struct sdr_net *sn)
{
	cancel_work_sync(&sn->again);
}

int __init sdr_judge_init(void)
{
	sdr_reset_wq = alloc_workqueue("sdirect_reset", WQ_UNBOUND, 0);
	if (!sdr_reset_wq)
		return -ENOMEM;
	sdr_judge_wq = alloc_workqueue("sdirect_judge", WQ_UNBOUND, SDR_JUDGES);
	if (sdr_judge_wq)
		return 0;
	destroy_workqueue(sdr_reset_wq);
	return -ENOMEM;
}

void sdr_judge_exit(void)
{
	wait_event(sdr_resets_done, !atomic_read(&sdr_resets));
	destroy_workqueue(sdr_reset_wq);
	destroy_workqueue(sdr_judge_wq);
}
