/* SPDX-License-Identifier: GPL-2.0 */
/* Who may go direct: the policy of one network namespace. */
#ifndef _SDR_POLICY_H
#define _SDR_POLICY_H

#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "answers.h"
#include "rules.h"
#include "vote.h"

struct net;
struct sdr_candidate;
struct sdr_facts;
struct sdr_owner;

/* What a policy counts; in the order of sdr_policy_counter_names. */
enum sdr_policy_counter {
	SDR_POLICY_JUDGED,	/* connections */
	SDR_POLICY_ASKED,	/* questions */
	SDR_POLICY_ANSWERED,	/* of these, in time */
	SDR_POLICY_CACHED,	/* answered by what was kept */
	SDR_POLICY_EXPIRED,	/* questions nobody has answered in time */
	SDR_POLICY_REFUSED,	/* too many questions, or nobody to ask */
	SDR_POLICY_LIMITED,	/* over the rate of a rule */
	__SDR_POLICY_COUNTER_MAX
};

extern const char * const sdr_policy_counter_names[__SDR_POLICY_COUNTER_MAX];

/* One CPU's part of them. */
struct sdr_policy_tally {
	u64 v[__SDR_POLICY_COUNTER_MAX];
};

/**
 * struct sdr_policy - the policy of one network namespace
 * @net:	the namespace
 * @config:	one at a time makes rules; protects @building
 * @building:	the rules in the making, or NULL
 * @lock:	protects what follows; a leaf, process context
 * @rules:	in force, or NULL
 * @global:	they judge all namespaces
 * @answers:	the helper's, to these rules; NULL: none yet
 * @helper:	its netlink port, 0: none
 * @own_rules:	@rules are the helper's, not of one before it
 * @by_default:	enum sdirect_policy_default
 * @questions:	struct sdr_question, the oldest first
 * @n_questions: how many
 * @last_id:	of a question
 * @ask:	sends questions to the helper
 * @asked_at:	jiffies, when it did so last
 * @expire:	ends those that wait too long
 * @tally:	what it counts
 */
struct sdr_policy {
	struct net *net;
	struct mutex config;
	struct sdr_rules *building;
	spinlock_t lock;
	struct sdr_rules *rules;
	bool global;
	struct sdr_answers *answers;
	u32 helper;
	bool own_rules;
	u8 by_default;
	struct list_head questions;
	u32 n_questions;
	u64 last_id;
	struct delayed_work ask;
	unsigned long asked_at;
	struct delayed_work expire;
	struct sdr_policy_tally __percpu *tally;
};

/* The policy of a namespace without rules, or NULL.  Context: may sleep. */
struct sdr_policy *sdr_policy_alloc(struct net *net);
/* Nobody asks any more.  Context: may sleep. */
void sdr_policy_free(struct sdr_policy *policy);

/**
 * struct sdr_doubt - what is to be asked about a connection
 * @rules:	whose rule asks, with a reference; NULL: nothing is
 * @index:	the rule
 * @facts:	what was known
 * @fallback:	the verdict without an answer
 * @living:	the connection is direct
 */
struct sdr_doubt {
	struct sdr_rules *rules;
	u32 index;
	struct sdr_facts *facts;
	struct sdr_vote fallback;
	bool living;
};

/**
 * sdr_policy_judge - what one namespace says about a connection
 * @policy:	its policy
 * @cand:	the connection
 * @living:	it is direct already: no rate counts
 * @vote:	(out) the verdict; SDIRECT_VERDICT_ASK: see @doubt
 * @doubt:	(in) room for facts; (out) the question, if there is one
 *
 * Context: may sleep.
 */
void sdr_policy_judge(struct sdr_policy *policy,
		      const struct sdr_candidate *cand, bool living,
		      struct sdr_vote *vote, struct sdr_doubt *doubt);

/* The verdict without any rule. */
struct sdr_vote sdr_policy_default(const struct sdr_policy *policy,
				   const struct sdr_candidate *cand);

/* May these two exchange bytes outside TCP, if nobody says anything else? */
bool sdr_policy_same_user(const struct sdr_owner *a, const struct sdr_owner *b);

/* Has it rules (that judge all namespaces)?  Without locks: a hint. */
bool sdr_policy_has_rules(struct sdr_policy *policy);
bool sdr_policy_is_global(struct sdr_policy *policy);

/* The rules in force, with a reference, or NULL. */
struct sdr_rules *sdr_policy_rules(struct sdr_policy *policy);

/* The name of a default, as the sysctl knows it. */
extern const char * const sdr_policy_defaults[__SDIRECT_DEFAULT_MAX];

static inline void sdr_policy_counts(struct sdr_policy *policy,
				     enum sdr_policy_counter id)
{
	this_cpu_inc(policy->tally->v[id]);
}

u64 sdr_policy_counted(const struct sdr_policy *policy,
		       enum sdr_policy_counter id);

#endif /* _SDR_POLICY_H */
