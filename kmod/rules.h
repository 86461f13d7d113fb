/* SPDX-License-Identifier: GPL-2.0 */
/* A set of rules, and the first of them that matches. */
#ifndef _SDR_RULES_H
#define _SDR_RULES_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/sdirect_netlink.h>
#include <linux/types.h>

struct pid_namespace;
struct sdr_facts;
struct user_namespace;

#define SDR_RULE_NONE	U32_MAX
/* So many were tried that the search has ended. */
#define SDR_RULE_UNKNOWN (U32_MAX - 1)

/**
 * struct sdr_cond_desc - a condition of a rule to be added
 * @field:	enum sdirect_policy_field
 * @ranges:	for numbers, ascending and apart; else NULL
 * @nets:	for addresses; else NULL
 * @n:		of them, 1..SDIRECT_POLICY_SET_MAX
 */
struct sdr_cond_desc {
	u8 field;
	const struct sdirect_policy_range *ranges;
	const struct sdirect_policy_net *nets;
	u32 n;
};

/**
 * struct sdr_rule - a rule, without its conditions
 * @number:	its name in what is told of it
 * @verdict:	enum sdirect_verdict
 * @ring_max:	bytes of a ring, 0: no limit
 * @rate:	connections that it makes direct in a second, 0: no limit
 * @same:	SDIRECT_SAME_*, all must hold
 */
struct sdr_rule {
	u32 number;
	u8 verdict;
	u32 ring_max;
	u32 rate;
	u32 same;
};

/**
 * struct sdr_rules_head - what is said of a set before its rules
 * @generation:	its name
 * @count:	of rules, at most SDIRECT_POLICY_RULES_MAX
 * @flags:	SDIRECT_POLICY_F_*
 * @fields:	SDIRECT_FIELDS_ANSWER or fewer, of which questions tell
 * @ns:		the user namespace that uids and gids are numbers of
 * @pids:	the pid namespace of who makes it, NULL: to be told no pids
 */
struct sdr_rules_head {
	u32 generation;
	u32 count;
	u32 flags;
	u32 fields;
	struct user_namespace *ns;
	struct pid_namespace *pids;
};

/* A set of rules, whole or in the making. */
struct sdr_rules;

/**
 * sdr_rules_alloc - a set without rules
 * @head:	what it will be; the set takes references of its own
 *
 * Return: the set, with one reference, or NULL.  Context: may sleep.
 */
struct sdr_rules *sdr_rules_alloc(const struct sdr_rules_head *head);

/**
 * sdr_rules_add - add a rule behind those that are there
 * @rules:	the set, in the making
 * @rule:	the rule
 * @conds:	its conditions
 * @n:		how many
 * @why:	(out) a text for the error
 *
 * What the caller gives may be anything.  After an error the set is of no use.
 * Context: may sleep; one caller at a time.
 * Return: 0, -EINVAL, -E2BIG, -ENOMEM.
 */
int sdr_rules_add(struct sdr_rules *rules, const struct sdr_rule *rule,
		  const struct sdr_cond_desc *conds, u32 n, const char **why);

/**
 * sdr_rules_finish - make a set ready for use
 * @rules:	the set
 * @why:	(out) a text for the error
 *
 * From here on it does not change.  Context: may sleep.
 * Return: 0, -EINVAL: rules are missing, -ENOMEM.
 */
int sdr_rules_finish(struct sdr_rules *rules, const char **why);

struct sdr_rules *sdr_rules_get(struct sdr_rules *rules);
/* Context: may sleep; @rules may be NULL. */
void sdr_rules_put(struct sdr_rules *rules);

/**
 * sdr_rules_find - the first rule that matches
 * @rules:	a finished set
 * @facts:	what is known
 *
 * Context: any; bounded, but not short for bad sets: no spinlocks.
 * Return: the index of a rule, SDR_RULE_NONE, or SDR_RULE_UNKNOWN: of so many
 * rules most conditions hold that none of them is worth the time.
 */
u32 sdr_rules_find(const struct sdr_rules *rules,
		   const struct sdr_facts *facts);

const struct sdr_rule *sdr_rules_at(const struct sdr_rules *rules, u32 index);

/* Does a rate of a rule allow one more connection now?  Counts it if so. */
bool sdr_rules_rate_ok(struct sdr_rules *rules, u32 index, u32 rate);

/* A rule has decided. */
void sdr_rules_hit(struct sdr_rules *rules, u32 index);
u64 sdr_rules_hits(const struct sdr_rules *rules, u32 index);

/* Valid as long as the set. */
const struct sdr_rules_head *sdr_rules_head(const struct sdr_rules *rules);

static inline u32 sdr_rules_generation(const struct sdr_rules *rules)
{
	return sdr_rules_head(rules)->generation;
}

#endif /* _SDR_RULES_H */
