// SPDX-License-Identifier: GPL-2.0
/* The program that makes the policy of a network namespace. */
#include "compat.h"

#include <net/net_namespace.h>

#include "helper.h"
#include "judge.h"
#include "question.h"

int sdr_helper_register(struct sdr_policy *policy, u32 port)
{
	int err = 0;

	mutex_lock(&policy->config);
	spin_lock(&policy->lock);
	if (!policy->helper)
		WRITE_ONCE(policy->helper, port);
	else if (policy->helper != port)
		err = -EBUSY;
	spin_unlock(&policy->lock);
	mutex_unlock(&policy->config);
	return err;
}

void sdr_helper_gone(struct sdr_policy *policy, u32 port)
{
	bool mine;

	/* Most sockets that are closed are not, and need not wait for one. */
	if (READ_ONCE(policy->helper) != port)
		return;
	/* Nobody is the next one before all is gone that was this one's. */
	mutex_lock(&policy->config);
	spin_lock(&policy->lock);
	mine = policy->helper == port;
	if (mine) {
		WRITE_ONCE(policy->helper, 0);
		policy->own_rules = false;
	}
	spin_unlock(&policy->lock);
	if (mine) {
		sdr_helper_drop(policy);
		sdr_question_flush(policy);
	}
	mutex_unlock(&policy->config);
}

int sdr_helper_check(struct sdr_policy *policy, u32 port, const char **why)
{
	if (READ_ONCE(policy->helper) == port)
		return 0;
	*why = "only the registered helper may do that";
	return -EPERM;
}

static u32 generation_of(struct sdr_policy *policy)
{
	u32 generation;

	spin_lock(&policy->lock);
	generation = policy->rules ? sdr_rules_generation(policy->rules) : 0;
	spin_unlock(&policy->lock);
	return generation;
}

int sdr_helper_begin(struct sdr_policy *policy,
		     const struct sdr_rules_head *head, const char **why)
{
	struct sdr_rules *rules;

	if (!head->generation || head->generation == generation_of(policy)) {
		*why = "the generation must be another one than now, and not 0";
		return -EINVAL;
	}
	if (head->count > SDIRECT_POLICY_RULES_MAX) {
		*why = "too many rules";
		return -E2BIG;
	}
	if (head->flags & SDIRECT_POLICY_F_ALL_NETNS &&
	    !net_eq(policy->net, &init_net)) {
		*why = "only the initial namespace rules over others";
		return -EPERM;
	}
	rules = sdr_rules_alloc(head);
	if (!rules)
		return -ENOMEM;
	mutex_lock(&policy->config);
	swap(policy->building, rules);
	mutex_unlock(&policy->config);
	sdr_rules_put(rules);
	return 0;
}

/* The set in the making, if it is this one. */
static struct sdr_rules *building(struct sdr_policy *policy, u32 generation,
				  const char **why)
{
	lockdep_assert_held(&policy->config);
	if (policy->building &&
	    sdr_rules_generation(policy->building) == generation)
		return policy->building;
	*why = "no such set of rules was begun";
	return NULL;
}

void sdr_helper_drop(struct sdr_policy *policy)
{
	lockdep_assert_held(&policy->config);
	sdr_rules_put(policy->building);
	policy->building = NULL;
}

int sdr_helper_add(struct sdr_policy *policy, u32 generation,
		   const struct sdr_rule *rule,
		   const struct sdr_cond_desc *conds, u32 n, const char **why)
{
	struct sdr_rules *rules = building(policy, generation, why);

	return rules ? sdr_rules_add(rules, rule, conds, n, why) : -EINVAL;
}

/* From here on all are judged by the new rules. */
static void replace(struct sdr_policy *policy, struct sdr_answers *answers)
{
	bool was_global = sdr_policy_is_global(policy), global;
	struct sdr_rules *old;

	global = sdr_rules_head(policy->building)->flags &
		 SDIRECT_POLICY_F_ALL_NETNS;
	spin_lock(&policy->lock);
	old = policy->rules;
	WRITE_ONCE(policy->rules, policy->building);
	WRITE_ONCE(policy->global, global);
	swap(policy->answers, answers);
	policy->own_rules = true;
	spin_unlock(&policy->lock);
	policy->building = NULL;
	sdr_rules_put(old);
	sdr_answers_free(answers);
	/* Who waits for an answer is judged anew, with all others. */
	sdr_judge_all(policy->net, global || was_global);
	sdr_question_drop(policy);
}

int sdr_helper_commit(struct sdr_policy *policy, u32 generation,
		      const char **why)
{
	struct sdr_answers *answers = sdr_answers_alloc();
	struct sdr_rules *rules;
	int err = -EINVAL;

	if (!answers)
		return -ENOMEM;
	mutex_lock(&policy->config);
	rules = building(policy, generation, why);
	if (rules)
		err = sdr_rules_finish(rules, why);
	if (!err)
		replace(policy, answers);
	else if (rules)
		sdr_helper_drop(policy);
	mutex_unlock(&policy->config);
	if (err)
		sdr_answers_free(answers);
	return err;
}
