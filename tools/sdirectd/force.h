/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy in force: read, made ready, and told to the module. */
#ifndef SDIRECTD_FORCE_H
#define SDIRECTD_FORCE_H

#include <stdint.h>
#include <time.h>

#include "complaint.h"
#include "engine.h"
#include "link.h"
#include "query.h"

#define FORCE_SOME	256	/* rules */

/**
 * struct force - a policy in force
 * @policy:	the rules
 * @engine:	ready to judge, as of @time
 * @fields:	what each rule looks at, see wire_fields()
 * @some:	what FORCE_SOME rules at a time look at
 * @all_fields:	what any of them looks at
 * @generation:	what the module calls them; 0: it has not been told
 * @time:	as of when rules with times were chosen
 */
struct force {
	struct policy policy;
	struct engine *engine;
	uint32_t *fields;
	uint32_t *some;
	uint32_t all_fields;
	uint32_t generation;
	time_t time;
};

/**
 * force_load - read a policy
 * @path:	its file
 * @now:	the time
 * @complaints:	(out) what is wrong with it
 *
 * Return: the policy, or NULL: see @complaints.
 */
struct force *force_load(const char *path, time_t now,
			 struct complaints *complaints);
void force_free(struct force *force);

/**
 * force_push - tell the module; all rules change at once, or none
 * @force:	from force_load()
 * @link:	to the module
 * @all_netns:	for the connections of all network namespaces
 *
 * Return: 0 or -errno; link.why may say more.
 */
int force_push(struct force *force, struct link *link, bool all_netns);

/* force_retime() chooses the rules that hold now: 1: others than before. */
int force_retime(struct force *force, time_t now);

/* force_answer() - answers a question of the module, which it verifies. */
void force_answer(struct force *force, struct link *link,
		  struct query *query);

#endif /* SDIRECTD_FORCE_H */
