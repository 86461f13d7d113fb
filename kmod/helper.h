/* SPDX-License-Identifier: GPL-2.0 */
/* The program that makes the policy of a network namespace. */
#ifndef _SDR_HELPER_H
#define _SDR_HELPER_H

#include <linux/types.h>

#include "policy.h"
#include "rules.h"

/*
 * All are called by whoever has a netlink socket with this @port in the
 * policy's namespace, may sleep, and return 0 or an error, with a text in @why
 * if there is more to say.
 */

/* Become the helper.  -EBUSY: there is another. */
int sdr_helper_register(struct sdr_policy *policy, u32 port);

/* The netlink socket is closed: the rules stay, open questions do not. */
void sdr_helper_gone(struct sdr_policy *policy, u32 port);

/* Only the helper may go on.  Return: 0 or -EPERM. */
int sdr_helper_check(struct sdr_policy *policy, u32 port, const char **why);

/**
 * sdr_helper_begin - begin a set of rules
 * @policy:	whose
 * @head:	what it will be; its numbers may be anything
 * @why:	(out) a text for the error
 */
int sdr_helper_begin(struct sdr_policy *policy,
		     const struct sdr_rules_head *head, const char **why);

/**
 * sdr_helper_add - add a rule to it
 * @policy:	whose; its @config is held
 * @generation:	of the set
 * @rule:	the rule
 * @conds:	its conditions
 * @n:		how many
 * @why:	(out) a text for the error
 *
 * After an error the set is of no use: see sdr_helper_drop().
 */
int sdr_helper_add(struct sdr_policy *policy, u32 generation,
		   const struct sdr_rule *rule,
		   const struct sdr_cond_desc *conds, u32 n, const char **why);

/* The set in the making is of no use any more; the policy's @config is held. */
void sdr_helper_drop(struct sdr_policy *policy);

/* Put it in force, and have living connections judged again. */
int sdr_helper_commit(struct sdr_policy *policy, u32 generation,
		      const char **why);

#endif /* _SDR_HELPER_H */
