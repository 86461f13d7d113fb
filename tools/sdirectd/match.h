/* SPDX-License-Identifier: GPL-2.0-only */
/* Does one rule match a connection? */
#ifndef SDIRECTD_MATCH_H
#define SDIRECTD_MATCH_H

#include "policy.h"

/**
 * struct found - what is the same for all rules
 * @id:		the patterns that the strings of a connection match, for each
 *		end and kind, sorted
 * @n:		how many
 * @same:	what both ends have in common, SAME_*
 */
struct found {
	uint32_t *id[SIDES][PATTERN_KINDS];
	size_t n[SIDES][PATTERN_KINDS];
	unsigned int same;
};

/* found_init() makes room for the patterns of a policy: 0 or -ENOMEM. */
int found_init(struct found *found, const struct policy *policy);
void found_free(struct found *found);

/* found_fill() finds them.  Return: 0, -ENOMEM, -E2BIG: see globs_match(). */
int found_fill(struct found *found, struct policy *policy,
	       const struct candidate *candidate);

/* Why a rule does not match. */
enum mismatch_kind {
	MATCHES,
	MISMATCH_FIELD,
	MISMATCH_CARRIER,
	MISMATCH_SAME,
};

/**
 * struct mismatch - the first condition that does not hold
 * @kind:	MATCHES: there is none
 * @side:	for MISMATCH_FIELD: of which end
 * @field:	for MISMATCH_FIELD: which
 */
struct mismatch {
	enum mismatch_kind kind;
	enum side side;
	enum field field;
};

/* rule_match() - all but the time. */
struct mismatch rule_match(const struct rule *rule,
			   const struct candidate *candidate,
			   const struct found *found);

#endif /* SDIRECTD_MATCH_H */
