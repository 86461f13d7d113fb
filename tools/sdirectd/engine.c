// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "tree.h"

/**
 * struct engine - a policy made ready
 * @policy:	the policy
 * @arena:	has the tree
 * @root:	NULL: no rules
 * @planted:	the tree is there
 * @active:	bytes: 1 if the rule holds at the time of the engine
 * @found:	for a decision
 */
struct engine {
	struct policy *policy;
	struct arena arena;
	const struct node *root;
	bool planted;
	uint8_t *active;
	struct found found;
};

/**
 * struct search - a decision being made
 * @engine:	by what
 * @candidate:	about what
 * @first:	rules before this one are not asked
 * @best:	the first one that matches, of those tried so far
 */
struct search {
	const struct engine *engine;
	const struct candidate *candidate;
	uint32_t first;
	uint32_t best;
};

static bool holds(const struct policy *policy, size_t i, time_t now,
		  const struct tm *local)
{
	return when_holds(policy->rule[i].when, now, local);
}

/* A rule that asks for one of no values, as no such namespace is there. */
static bool hopeless(const struct rule *rule)
{
	uint32_t left = rule->asks;
	const struct set *set;
	unsigned int i;

	while ((set = rule_next(rule, &left, &i))) {
		if (!set->ranges.n && !set->n_patterns && !set->inverted)
			return true;
		if (!set->ranges.n && field_patterns(set->field) < 0)
			return true;
	}
	return false;
}

int engine_plant(struct engine *engine)
{
	const struct policy *policy = engine->policy;
	size_t i, n = 0;
	uint32_t *rule;

	if (engine->planted)
		return 0;
	rule = malloc((policy->n + 1) * sizeof(*rule));
	if (!rule)
		return -ENOMEM;
	for (i = 0; i < policy->n; i++)
		if (engine->active[i] && !hopeless(&policy->rule[i]))
			rule[n++] = i;
	if (n)
		engine->root = tree_build(&engine->arena, policy, rule, n);
	free(rule);
	engine->planted = !n || engine->root;
	return engine->planted ? 0 : -ENOMEM;
}

struct engine *engine_build(struct policy *policy, time_t now)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	struct tm local = { 0 };
	size_t i;

	if (!engine)
		return NULL;
	engine->policy = policy;
	engine->active = malloc(policy->n + 1);
	localtime_r(&now, &local);
	for (i = 0; engine->active && i < policy->n; i++)
		engine->active[i] = holds(policy, i, now, &local);
	if (!engine->active || found_init(&engine->found, policy)) {
		engine_free(engine);
		return NULL;
	}
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	arena_free(&engine->arena);
	found_free(&engine->found);
	free(engine->active);
	free(engine);
}

bool engine_active(const struct engine *engine, uint32_t rule)
{
	return engine->active[rule];
}

bool engine_same_time(const struct engine *engine, time_t now)
{
	struct tm local = { 0 };
	size_t i;

	localtime_r(&now, &local);
	for (i = 0; i < engine->policy->n; i++)
		if (holds(engine->policy, i, now, &local) != engine->active[i])
			return false;
	return true;
}

size_t engine_weight(const struct engine *engine)
{
	return engine->arena.total;
}

/* Where a range begins that a value may be in, or SIZE_MAX. */
static size_t place_of(const struct node *node, wide_t value)
{
	size_t low = 0, high = node->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (node->bound[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

static void visit(struct search *q, const struct node *node);

/* All places of the segment tree that a value is part of. */
static void visit_value(struct search *q, const struct node *node,
			wide_t value)
{
	size_t place = place_of(node, value);

	if (place == SIZE_MAX)
		return;
	for (place += node->n; place; place /= 2)
		visit(q, node->child[place]);
}

static void visit_field(struct search *q, const struct node *node)
{
	unsigned int side = node->dim / FIELDS, field = node->dim % FIELDS;
	const struct end *end = &q->candidate->end[side];
	const struct found *found = &q->engine->found;
	int kind = field_patterns(field);
	size_t i;

	if (!(end->known & 1 << field))
		return;
	if (kind < 0)
		return visit_value(q, node, field_value(end, field));
	for (i = 0; i < found->n[side][kind]; i++)
		visit_value(q, node, found->id[side][kind][i]);
}

/* Does it match?  Then no rule behind it counts. */
static bool try_rule(struct search *q, uint32_t rule)
{
	if (rule < q->first ||
	    rule_match(&q->engine->policy->rule[rule], q->candidate,
		       &q->engine->found).kind != MATCHES)
		return false;
	q->best = rule;
	return true;
}

static void try_bits(struct search *q, const struct node *node)
{
	struct bits_rows rows;
	uint64_t left;
	size_t i, at;

	bits_rows(node->bits, q->candidate, &q->engine->found, &rows);
	for (i = 0; i < node->n && node->rule[i] < q->best; i += 64)
		for (left = bits_word(&rows, i / 64); left; left &= left - 1) {
			at = i + __builtin_ctzll(left);
			if (at >= node->n || node->rule[at] >= q->best ||
			    try_rule(q, node->rule[at]))
				return;
		}
}

static void try_leaf(struct search *q, const struct node *node)
{
	uint32_t i;

	if (node->bits)
		return try_bits(q, node);
	for (i = 0; i < node->n && node->rule[i] < q->best; i++)
		if (try_rule(q, node->rule[i]))
			return;
}

static void visit(struct search *q, const struct node *node)
{
	if (!node || node->least >= q->best || node->most < q->first)
		return;
	if (node->dim == TREE_DIMS)
		return try_leaf(q, node);
	visit_field(q, node);
	visit(q, node->wild);
}

int64_t engine_decide(struct engine *engine, const struct candidate *candidate,
		      uint32_t first)
{
	struct search q = { engine, candidate, first, RULE_NONE };
	int err = engine_plant(engine);

	if (!err)
		err = found_fill(&engine->found, engine->policy, candidate);
	if (err)
		return err;
	visit(&q, engine->root);
	return q.best;
}
