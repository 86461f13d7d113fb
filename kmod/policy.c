// SPDX-License-Identifier: GPL-2.0
/* Who may go direct: the policy of one network namespace. */
#include "compat.h"

#include <linux/slab.h>
#include <linux/uidgid.h>
#include <net/net_namespace.h>

#include "facts.h"
#include "owner.h"
#include "party.h"
#include "policy.h"
#include "question.h"

const char * const sdr_policy_counter_names[__SDR_POLICY_COUNTER_MAX] = {
	[SDR_POLICY_JUDGED]	= "judged",
	[SDR_POLICY_ASKED]	= "asked",
	[SDR_POLICY_ANSWERED]	= "answered",
	[SDR_POLICY_CACHED]	= "cached",
	[SDR_POLICY_EXPIRED]	= "expired",
	[SDR_POLICY_REFUSED]	= "refused",
	[SDR_POLICY_LIMITED]	= "limited",
};

const char * const sdr_policy_defaults[__SDIRECT_DEFAULT_MAX] = {
	[SDIRECT_DEFAULT_SAME_USER]	= "same-user",
	[SDIRECT_DEFAULT_DIRECT]	= "direct",
	[SDIRECT_DEFAULT_TCP]		= "tcp",
};

struct sdr_policy *sdr_policy_alloc(struct net *net)
{
	struct sdr_policy *policy = kzalloc(sizeof(*policy),
					    GFP_KERNEL_ACCOUNT);

	if (!policy)
		return NULL;
	policy->tally = alloc_percpu_gfp(struct sdr_policy_tally,
					 GFP_KERNEL_ACCOUNT);
	if (!policy->tally) {
		kfree(policy);
		return NULL;
	}
	policy->net = net;
	mutex_init(&policy->config);
	spin_lock_init(&policy->lock);
	INIT_LIST_HEAD(&policy->questions);
	sdr_question_init(policy);
	return policy;
}

void sdr_policy_free(struct sdr_policy *policy)
{
	sdr_question_exit(policy);
	sdr_rules_put(policy->building);
	sdr_rules_put(policy->rules);
	sdr_answers_free(policy->answers);
	free_percpu(policy->tally);
	kfree(policy);
}

u64 sdr_policy_counted(const struct sdr_policy *policy,
		       enum sdr_policy_counter id)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(policy->tally, cpu)->v[id]);
	return sum;
}

struct sdr_rules *sdr_policy_rules(struct sdr_policy *policy)
{
	struct sdr_rules *rules;

	/* Most namespaces have none, and many connections. */
	if (!sdr_policy_has_rules(policy))
		return NULL;
	spin_lock(&policy->lock);
	rules = policy->rules ? sdr_rules_get(policy->rules) : NULL;
	spin_unlock(&policy->lock);
	return rules;
}

bool sdr_policy_has_rules(struct sdr_policy *policy)
{
	return READ_ONCE(policy->rules);
}

bool sdr_policy_is_global(struct sdr_policy *policy)
{
	return READ_ONCE(policy->global);
}

bool sdr_policy_same_user(const struct sdr_owner *a, const struct sdr_owner *b)
{
	/*
	 * A user of another host is nobody here: who loads the module that goes
	 * there has said that its connections may.
	 */
	if (!a->cred || !b->cred)
		return true;
	/*
	 * Bytes on a ring are seen by no firewall, so without a rule only those
	 * go direct who could read each other's memory anyway.
	 */
	return uid_eq(a->cred->euid, b->cred->euid) &&
	       a->cred->user_ns == b->cred->user_ns;
}

struct sdr_vote sdr_policy_default(const struct sdr_policy *policy,
				   const struct sdr_candidate *cand)
{
	struct sdr_vote vote = { .source = SDIRECT_SOURCE_DEFAULT };
	bool direct;

	switch (READ_ONCE(policy->by_default)) {
	case SDIRECT_DEFAULT_DIRECT:
		direct = true;
		break;
	case SDIRECT_DEFAULT_TCP:
		direct = false;
		break;
	default:
		direct = sdr_policy_same_user(&cand->end[0].owner,
					      &cand->end[1].owner);
		break;
	}
	vote.verdict = direct ? SDIRECT_VERDICT_DIRECT : SDIRECT_VERDICT_TCP;
	return vote;
}

/* The answer that is kept for a question, if the rules are still in force. */
static bool answered(struct sdr_policy *policy, const struct sdr_doubt *doubt,
		     struct sdr_answer *answer)
{
	const struct sdr_answer *found = NULL;

	spin_lock(&policy->lock);
	if (policy->rules == doubt->rules)
		found = sdr_answers_find(policy->answers, doubt->facts,
					 doubt->index);
	if (found)
		*answer = *found;
	spin_unlock(&policy->lock);
	return found;
}

/* What a rule that matches says, or what has been said for it. */
static void say(struct sdr_policy *policy, struct sdr_doubt *doubt,
		struct sdr_vote *vote, u32 *rate)
{
	const struct sdr_rule *rule = sdr_rules_at(doubt->rules, doubt->index);
	struct sdr_answer answer;

	sdr_rules_hit(doubt->rules, doubt->index);
	*vote = (struct sdr_vote) {
		.verdict	= rule->verdict,
		.source		= SDIRECT_SOURCE_RULE,
		.number		= rule->number,
		.ring_max	= rule->ring_max,
	};
	*rate = rule->rate;
	if (rule->verdict != SDIRECT_VERDICT_ASK ||
	    !answered(policy, doubt, &answer))
		return;
	sdr_policy_counts(policy, SDR_POLICY_CACHED);
	*vote = answer.vote;
	*rate = answer.rate;
}

void sdr_policy_judge(struct sdr_policy *policy,
		      const struct sdr_candidate *cand, bool living,
		      struct sdr_vote *vote, struct sdr_doubt *doubt)
{
	u32 rate = 0;

	sdr_policy_counts(policy, SDR_POLICY_JUDGED);
	*vote = sdr_policy_default(policy, cand);
	doubt->fallback = *vote;
	doubt->living = living;
	doubt->rules = sdr_policy_rules(policy);
	if (!doubt->rules)
		return;
	sdr_facts_of(doubt->facts, cand, sdr_rules_head(doubt->rules)->ns);
	doubt->index = sdr_rules_find(doubt->rules, doubt->facts);
	if (doubt->index == SDR_RULE_UNKNOWN)
		*vote = (struct sdr_vote) {
			.verdict = SDIRECT_VERDICT_TCP,
			.source = SDIRECT_SOURCE_LIMIT,
		};
	else if (doubt->index != SDR_RULE_NONE)
		say(policy, doubt, vote, &rate);
	/* The helper has said that none of its rules decides. */
	if (!vote->verdict)
		*vote = doubt->fallback;
	if (vote->verdict == SDIRECT_VERDICT_ASK)
		return;
	if (vote->verdict == SDIRECT_VERDICT_DIRECT && !living &&
	    !sdr_rules_rate_ok(doubt->rules, doubt->index, rate)) {
		sdr_policy_counts(policy, SDR_POLICY_LIMITED);
		vote->verdict = SDIRECT_VERDICT_TCP;
		vote->source = SDIRECT_SOURCE_LIMIT;
	}
	sdr_rules_put(doubt->rules);
	doubt->rules = NULL;
}
