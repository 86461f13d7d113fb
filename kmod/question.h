/* SPDX-License-Identifier: GPL-2.0 */
/* Questions that wait for an answer of the helper. */
#ifndef _SDR_QUESTION_H
#define _SDR_QUESTION_H

#include <linux/list.h>
#include <linux/refcount.h>

#include "facts.h"
#include "party.h"
#include "policy.h"

struct sdr_pair;

/**
 * struct sdr_question - a connection that a rule cannot decide
 * @ref:	references
 * @node:	in sdr_policy->questions, or empty once it is decided
 * @id:		what the answer calls it
 * @pair:	whose connection it is, with a reference
 * @epoch:	the judgement of the pair that waits for it
 * @seat:	the vote in it
 * @rules:	whose rule asks, with a reference
 * @index:	that rule
 * @facts:	what is known
 * @cand:	the ends, with references
 * @fallback:	the vote without an answer
 * @living:	the connection is direct: no rate counts
 * @until:	jiffies, when patience ends
 * @sent:	the helper has been told
 */
struct sdr_question {
	refcount_t ref;
	struct list_head node;
	u64 id;
	struct sdr_pair *pair;
	u32 epoch;
	int seat;
	struct sdr_rules *rules;
	u32 index;
	struct sdr_facts facts;
	struct sdr_candidate cand;
	struct sdr_vote fallback;
	bool living;
	unsigned long until;
	bool sent;
};

void sdr_question_init(struct sdr_policy *policy);
void sdr_question_exit(struct sdr_policy *policy);

/**
 * sdr_question_alloc - prepare a question
 * @doubt:	what is asked; its rules go over to the question
 * @cand:	the ends
 *
 * Return: the question, or NULL.  Context: may sleep.
 */
struct sdr_question *sdr_question_alloc(struct sdr_doubt *doubt,
					const struct sdr_candidate *cand);
void sdr_question_put(struct sdr_question *question);

/**
 * sdr_question_post - have the helper asked
 * @policy:	whose helper
 * @question:	the question, whose reference goes over
 * @pair:	who waits
 * @epoch:	for this judgement
 * @seat:	and this vote in it
 *
 * The answer comes by sdr_judge_vote(): at once if nobody is there (then it is
 * the default) or too many wait (TCP).  Context: may sleep; no locks.
 */
void sdr_question_post(struct sdr_policy *policy,
		       struct sdr_question *question, struct sdr_pair *pair,
		       u32 epoch, int seat);

/**
 * struct sdr_reply - what the helper has answered
 * @id:		the question
 * @generation:	of the rules that it is about
 * @answer:	the vote, whose @verdict is 0 if no rule decides
 * @numbered:	the vote has a number of its own
 * @fields:	what it depends on, 0: not known
 * @ttl:	seconds to keep it
 */
struct sdr_reply {
	u64 id;
	u32 generation;
	struct sdr_answer answer;
	bool numbered;
	u32 fields;
	u32 ttl;
};

/**
 * sdr_question_answer - the helper has answered
 * @policy:	whose helper
 * @reply:	the answer
 *
 * Return: 0, -ENOENT: nobody waits for it, -ESTALE: of older rules.
 * Context: may sleep.
 */
int sdr_question_answer(struct sdr_policy *policy,
			const struct sdr_reply *reply);

/* All get the default.  Context: may sleep. */
void sdr_question_flush(struct sdr_policy *policy);

/* Those of older rules get none: who waits is judged again.  May sleep. */
void sdr_question_drop(struct sdr_policy *policy);

#endif /* _SDR_QUESTION_H */
