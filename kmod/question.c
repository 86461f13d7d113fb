// SPDX-License-Identifier: GPL-2.0
/* Questions that wait for an answer of the helper. */
#include "compat.h"

#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "judge.h"
#include "pair.h"
#include "question.h"
#include "teller.h"

const struct sdr_teller *sdr_teller;

struct sdr_question *sdr_question_alloc(struct sdr_doubt *doubt,
					const struct sdr_candidate *cand)
{
	struct sdr_question *q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);

	if (!q)
		return NULL;
	refcount_set(&q->ref, 1);
	INIT_LIST_HEAD(&q->node);
	swap(q->rules, doubt->rules);
	q->index = doubt->index;
	q->facts = *doubt->facts;
	q->fallback = doubt->fallback;
	q->living = doubt->living;
	sdr_candidate_copy(&q->cand, cand);
	return q;
}

void sdr_question_put(struct sdr_question *q)
{
	if (!refcount_dec_and_test(&q->ref))
		return;
	sdr_rules_put(q->rules);
	sdr_candidate_put(&q->cand);
	sdr_pair_put(q->pair);
	kfree(q);
}

/* Who is behind a question: who has connected, if that is on this host. */
static const struct cred *asker(const struct sdr_question *q)
{
	const struct sdr_party *from = &q->cand.end[0];

	return q->cand.end[sdr_party_far(from)].owner.cred;
}

/*
 * The user namespace that is behind a question, of those right below that of
 * the rules; NULL: it is that.
 */
static const struct user_namespace *tenant(const struct sdr_question *q)
{
	const struct user_namespace *base = sdr_rules_head(q->rules)->ns;
	const struct user_namespace *ns = asker(q)->user_ns;

	while (ns->level > base->level + 1)
		ns = ns->parent;
	return ns == base ? NULL : ns;
}

/*
 * Has this user, or the container that makes users as it likes, too many
 * questions waiting?
 */
static bool crowded(const struct sdr_policy *policy,
		    const struct sdr_question *new)
{
	const struct user_namespace *home = tenant(new);
	const struct sdr_question *q;
	u32 user = 0, ns = 0;

	lockdep_assert_held(&policy->lock);
	if (policy->n_questions < SDIRECT_POLICY_QUESTIONS_USER)
		return false;
	list_for_each_entry(q, &policy->questions, node) {
		user += uid_eq(asker(q)->euid, asker(new)->euid);
		ns += home && tenant(q) == home;
	}
	return user >= SDIRECT_POLICY_QUESTIONS_USER ||
	       ns >= SDIRECT_POLICY_QUESTIONS_NS;
}

/* The same, asked for an earlier judgement of the pair: is for this one now. */
static bool asked_before(struct sdr_policy *policy,
			 const struct sdr_question *new)
{
	struct sdr_question *q;

	lockdep_assert_held(&policy->lock);
	list_for_each_entry(q, &policy->questions, node)
		if (q->pair == new->pair && q->seat == new->seat &&
		    q->rules == new->rules && q->index == new->index) {
			/* Two that judge at once may come in any order. */
			if ((s32)(new->epoch - q->epoch) > 0)
				q->epoch = new->epoch;
			return true;
		}
	return false;
}

static int post(struct sdr_policy *policy, struct sdr_question *q)
{
	int err = 0;

	spin_lock(&policy->lock);
	if (!policy->helper || policy->rules != q->rules) {
		err = -ENOENT;
	} else if (asked_before(policy, q)) {
		err = 0;
	} else if (policy->n_questions >= SDIRECT_POLICY_QUESTIONS_MAX ||
		   crowded(policy, q)) {
		err = -ENOBUFS;
	} else {
		q->id = ++policy->last_id;
		q->until = jiffies + SDIRECT_POLICY_PATIENCE * HZ;
		refcount_inc(&q->ref);
		list_add_tail(&q->node, &policy->questions);
		policy->n_questions++;
	}
	spin_unlock(&policy->lock);
	return err;
}

/* Takes a question off the list; the caller gets the list's reference. */
static void take(struct sdr_policy *policy, struct sdr_question *q)
{
	lockdep_assert_held(&policy->lock);
	list_del_init(&q->node);
	policy->n_questions--;
}

/*
 * A flood of questions must not bring about what an answer would not: who
 * cannot be asked about for lack of room stays on TCP.
 */
static void refuse(struct sdr_policy *policy, struct sdr_question *q)
{
	sdr_policy_counts(policy, SDR_POLICY_REFUSED);
	q->fallback.verdict = max_t(u8, q->fallback.verdict,
				    SDIRECT_VERDICT_TCP);
	q->fallback.source = SDIRECT_SOURCE_LIMIT;
	q->fallback.number = sdr_rules_at(q->rules, q->index)->number;
}

static void resolve(struct sdr_question *q, const struct sdr_vote *vote)
{
	sdr_judge_vote(q->pair, q->epoch, q->seat, vote);
	sdr_question_put(q);
}

/* The oldest ones not yet sent, with references.  False: there are none. */
static bool collect(struct sdr_policy *policy, struct sdr_asking *asking)
{
	struct sdr_question *q, *first = NULL;

	*asking = (struct sdr_asking) { .net = policy->net };
	spin_lock(&policy->lock);
	asking->port = policy->helper;
	asking->own = policy->own_rules;
	/* They are sent in order: the last ones are those that are not yet. */
	list_for_each_entry_reverse(q, &policy->questions, node) {
		if (q->sent)
			break;
		first = q;
	}
	q = first;
	if (first)
		list_for_each_entry_from(q, &policy->questions, node) {
			if (asking->n == SDR_ASKING)
				break;
			refcount_inc(&q->ref);
			asking->question[asking->n++] = q;
		}
	spin_unlock(&policy->lock);
	return first;
}

/* Nobody will answer this one. */
static void give_up(struct sdr_policy *policy, struct sdr_question *q,
		    bool full)
{
	bool mine;

	spin_lock(&policy->lock);
	mine = !list_empty(&q->node);
	if (mine)
		take(policy, q);
	spin_unlock(&policy->lock);
	if (mine && full)
		refuse(policy, q);
	if (mine)
		resolve(q, &q->fallback);
}

static void are_sent(struct sdr_policy *policy, const struct sdr_asking *asking)
{
	u32 i;

	spin_lock(&policy->lock);
	for (i = 0; i < asking->n; i++)
		asking->question[i]->sent = true;
	spin_unlock(&policy->lock);
}

static void ask_work(struct work_struct *work)
{
	struct sdr_policy *policy = container_of(to_delayed_work(work),
						 struct sdr_policy, ask);
	struct sdr_asking asking;
	u32 i, n;
	int err;

	WRITE_ONCE(policy->asked_at, jiffies);
	while (collect(policy, &asking)) {
		n = asking.n;
		err = asking.port && sdr_teller ? sdr_teller->ask(&asking) :
						  -ECONNREFUSED;
		if (!err)
			are_sent(policy, &asking);
		for (i = 0; err && i < asking.n; i++)
			give_up(policy, asking.question[i],
				err != -ECONNREFUSED);
		for (i = 0; i < n; i++)
			sdr_question_put(asking.question[i]);
	}
}

/*
 * To wake the helper up takes longer than to tell it one thing more: what comes
 * within a tick of what was sent goes together.
 */
static void ask_soon(struct sdr_policy *policy)
{
	bool early = time_before_eq(jiffies, READ_ONCE(policy->asked_at));

	queue_delayed_work(system_unbound_wq, &policy->ask, early);
}

void sdr_question_post(struct sdr_policy *policy, struct sdr_question *q,
		       struct sdr_pair *pair, u32 epoch, int seat)
{
	int err;

	q->pair = sdr_pair_get(pair);
	q->epoch = epoch;
	q->seat = seat;
	err = post(policy, q);
	if (err) {
		if (err == -ENOBUFS)
			refuse(policy, q);
		resolve(q, &q->fallback);
		return;
	}
	sdr_policy_counts(policy, SDR_POLICY_ASKED);
	ask_soon(policy);
	queue_delayed_work(system_unbound_wq, &policy->expire,
			   SDIRECT_POLICY_PATIENCE * HZ);
	sdr_question_put(q);
}

/* The oldest question; only if it has waited too long, or @any. */
static struct sdr_question *oldest(struct sdr_policy *policy, bool any,
				   unsigned long *wait)
{
	struct sdr_question *q;

	spin_lock(&policy->lock);
	q = list_first_entry_or_null(&policy->questions, struct sdr_question,
				     node);
	*wait = 0;
	if (q && !any && time_before(jiffies, q->until)) {
		*wait = q->until - jiffies;
		q = NULL;
	}
	if (q)
		take(policy, q);
	spin_unlock(&policy->lock);
	return q;
}

static void expire_work(struct work_struct *work)
{
	struct sdr_policy *policy = container_of(to_delayed_work(work),
						 struct sdr_policy, expire);
	struct sdr_question *q;
	unsigned long wait;

	while ((q = oldest(policy, false, &wait))) {
		sdr_policy_counts(policy, SDR_POLICY_EXPIRED);
		resolve(q, &q->fallback);
	}
	if (wait)
		queue_delayed_work(system_unbound_wq, &policy->expire, wait);
}

void sdr_question_flush(struct sdr_policy *policy)
{
	struct sdr_question *q;
	unsigned long wait;

	while ((q = oldest(policy, true, &wait)))
		resolve(q, &q->fallback);
}

/* A question of older rules, off the list, or NULL. */
static struct sdr_question *outdated(struct sdr_policy *policy)
{
	struct sdr_question *q, *found = NULL;

	spin_lock(&policy->lock);
	list_for_each_entry(q, &policy->questions, node)
		if (q->rules != policy->rules) {
			take(policy, q);
			found = q;
			break;
		}
	spin_unlock(&policy->lock);
	return found;
}

void sdr_question_drop(struct sdr_policy *policy)
{
	struct sdr_question *q;

	while ((q = outdated(policy)))
		sdr_question_put(q);
}

void sdr_question_init(struct sdr_policy *policy)
{
	INIT_DELAYED_WORK(&policy->ask, ask_work);
	policy->asked_at = jiffies - 1;
	INIT_DELAYED_WORK(&policy->expire, expire_work);
}

void sdr_question_exit(struct sdr_policy *policy)
{
	cancel_delayed_work_sync(&policy->ask);
	cancel_delayed_work_sync(&policy->expire);
	sdr_question_flush(policy);
}

/* Keeps the answer for others, too; the policy's lock is held. */
static void remember(struct sdr_policy *policy, const struct sdr_question *q,
		     const struct sdr_reply *reply,
		     const struct sdr_answer *answer)
{
	if (!policy->answers || !reply->fields || !reply->ttl)
		return;
	sdr_answers_put(policy->answers, &q->facts, q->index, reply->fields,
			answer, reply->ttl);
}

/* The question that this answers; the policy's lock is held. */
static struct sdr_question *find(struct sdr_policy *policy, u64 id)
{
	struct sdr_question *q;

	list_for_each_entry(q, &policy->questions, node)
		if (q->id == id)
			return q;
	return NULL;
}

/* What the answer comes to for the one that was asked about. */
static struct sdr_vote vote_of(struct sdr_policy *policy,
			       struct sdr_question *q,
			       const struct sdr_answer *answer)
{
	struct sdr_vote vote = answer->vote;

	if (!vote.verdict)
		return q->fallback;
	if (vote.verdict == SDIRECT_VERDICT_DIRECT && !q->living &&
	    !sdr_rules_rate_ok(q->rules, q->index, answer->rate)) {
		sdr_policy_counts(policy, SDR_POLICY_LIMITED);
		vote.verdict = SDIRECT_VERDICT_TCP;
		vote.source = SDIRECT_SOURCE_LIMIT;
	}
	return vote;
}

int sdr_question_answer(struct sdr_policy *policy,
			const struct sdr_reply *reply)
{
	struct sdr_answer answer = reply->answer;
	struct sdr_question *q = NULL;
	struct sdr_vote vote;
	int err = -ESTALE;

	spin_lock(&policy->lock);
	if (policy->rules &&
	    sdr_rules_generation(policy->rules) == reply->generation) {
		q = find(policy, reply->id);
		err = q ? 0 : -ENOENT;
	}
	if (q) {
		if (!reply->numbered)
			answer.vote.number =
				sdr_rules_at(q->rules, q->index)->number;
		take(policy, q);
		remember(policy, q, reply, &answer);
	}
	spin_unlock(&policy->lock);
	if (!q)
		return err;
	sdr_policy_counts(policy, SDR_POLICY_ANSWERED);
	vote = vote_of(policy, q, &answer);
	resolve(q, &vote);
	return 0;
}
