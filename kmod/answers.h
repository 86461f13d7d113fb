/* SPDX-License-Identifier: GPL-2.0 */
/* Answers of the helper, kept for connections that look the same. */
#ifndef _SDR_ANSWERS_H
#define _SDR_ANSWERS_H

#include "vote.h"

struct sdr_answers;
struct sdr_facts;

/**
 * struct sdr_answer - what the helper has said
 * @vote:	its verdict
 * @rate:	connections made direct in a second, 0: no limit
 */
struct sdr_answer {
	struct sdr_vote vote;
	u32 rate;
};

/* An empty store of bounded size, or NULL.  Context: may sleep. */
struct sdr_answers *sdr_answers_alloc(void);
void sdr_answers_free(struct sdr_answers *answers);

/**
 * sdr_answers_find - has this been answered?
 * @answers:	the store; may be NULL
 * @facts:	what is known of the connection
 * @rule:	index of the rule that asks
 *
 * Context: the policy's lock is held.  Return: valid as long as that, or NULL.
 */
const struct sdr_answer *sdr_answers_find(const struct sdr_answers *answers,
					  const struct sdr_facts *facts,
					  u32 rule);

/**
 * sdr_answers_put - keep an answer
 * @answers:	the store
 * @facts:	what was known of the connection in question
 * @rule:	index of the rule that has asked
 * @fields:	what the answer depends on
 * @answer:	the answer
 * @ttl:	seconds
 *
 * May forget another.  Context: the policy's lock is held.
 */
void sdr_answers_put(struct sdr_answers *answers,
		     const struct sdr_facts *facts, u32 rule, u32 fields,
		     const struct sdr_answer *answer, u32 ttl);

/* How many are kept and not too old; the policy's lock is held. */
u32 sdr_answers_count(const struct sdr_answers *answers);

#endif /* _SDR_ANSWERS_H */
