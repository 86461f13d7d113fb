/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy made ready to judge fast, however many rules it has. */
#ifndef SDIRECTD_ENGINE_H
#define SDIRECTD_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "policy.h"

/*
 * The rules are in a tree.  A node looks at one field of one end: those rules
 * that ask for values of it are below children which belong to ranges of
 * values, the others below one more child; each child does the same with the
 * fields that are left, until few rules are left, which are tried one by one.
 * A rule is not copied below every value that it allows: the ranges form a
 * segment tree, in which any range is the sum of few.  A node knows the first
 * rule below it, so what cannot come before a rule found already is not
 * looked at.  The tree grows when it is first needed: most policies are for the
 * module alone.
 */
struct engine;

#define RULE_NONE	UINT32_MAX

/**
 * engine_build - make a policy ready
 * @policy:	must stay as it is while the engine is there
 * @now:	rules that do not hold at this time are left out
 *
 * Return: the engine, or NULL: no memory.
 */
struct engine *engine_build(struct policy *policy, time_t now);
void engine_free(struct engine *engine);

/* engine_plant() has the tree grow now: 0 or -ENOMEM. */
int engine_plant(struct engine *engine);

/**
 * engine_decide - which rule decides?
 * @engine:	from engine_build()
 * @candidate:	the connection
 * @first:	index of the first rule that is asked
 *
 * Return: the index of the first rule from @first on that matches, RULE_NONE
 * if none does, -ENOMEM, or -E2BIG: its strings fit too many patterns in part.
 */
int64_t engine_decide(struct engine *engine, const struct candidate *candidate,
		      uint32_t first);

/* engine_active() says whether a rule holds at the time of the engine. */
bool engine_active(const struct engine *engine, uint32_t rule);

/* engine_same_time() - would all rules be left out that were, and no others? */
bool engine_same_time(const struct engine *engine, time_t now);

/* engine_weight() - bytes of the tree, for tests. */
size_t engine_weight(const struct engine *engine);

#endif /* SDIRECTD_ENGINE_H */
