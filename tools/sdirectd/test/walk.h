/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tree must say: trying rule by rule. */
#ifndef SDIRECTD_WALK_H
#define SDIRECTD_WALK_H

#include <stdlib.h>

#include "../engine.h"
#include "../match.h"

static inline uint32_t walk(struct policy *policy, const struct engine *engine,
			    const struct candidate *c)
{
	struct found found;
	uint32_t i;

	if (found_init(&found, policy) || found_fill(&found, policy, c))
		abort();
	for (i = 0; i < policy->n; i++)
		if (engine_active(engine, i) &&
		    rule_match(&policy->rule[i], c, &found).kind == MATCHES)
			break;
	found_free(&found);
	return i < policy->n ? i : RULE_NONE;
}

#endif /* SDIRECTD_WALK_H */
