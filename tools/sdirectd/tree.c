// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "tree.h"

#define LEAF		8	/* rules that are tried one by one */
#define SAMPLES		32	/* rules that are looked at to choose a field */
#define MEETINGS	4	/* others that each of them is compared with */

/*
 * Ranges that overlap a lot are in many places of a segment tree, and again in
 * those of the fields below it.  A field by which a rule is in more places than
 * SPREAD, in the mean, divides nothing.  There are at most ENTRIES entries for
 * each rule; when they are used up the leaves stay larger.  Leaves of more than
 * CROWD rules are made of bits, of which there are at most WEIGHT bytes for each
 * rule.
 */
#define SPREAD		4
#define SOME		1024	/* rules that tell whether all are spread */
#define ENTRIES		32
#define CROWD		64
#define WEIGHT		1024ul

/**
 * struct builder - builds a tree
 * @arena:	where it goes
 * @policy:	has the rules
 * @left:	entries that may still be made
 * @room:	bytes that bits may still take
 */
struct builder {
	struct arena *arena;
	const struct policy *policy;
	size_t left;
	size_t room;
};

/**
 * struct split - rules, divided by a field
 * @dim:	side and field
 * @rule:	those that ask for it, and behind these the others
 * @n:		how many ask for it
 * @bound:	where ranges begin and end
 * @bounds:	how many
 * @place:	of each range, in their order: which of these it begins at, and
 *		which it ends before
 * @start:	where the rules of each place of the segment tree begin, and
 *		where the last ones end
 * @entry:	the rules of all these places
 */
struct split {
	uint32_t dim;
	uint32_t *rule;
	size_t n;
	wide_t *bound;
	size_t bounds;
	uint32_t *place;
	size_t *start;
	uint32_t *entry;
};

/* All others than some patterns are not a range: the leaf will see. */
static const struct set *asked(const struct builder *b, uint32_t rule,
			       uint32_t dim)
{
	const struct set *set;

	set = b->policy->rule[rule].set[dim / FIELDS][dim % FIELDS];
	return set && field_patterns(set->field) >= 0 && set->inverted ?
	       NULL : set;
}

static size_t set_size(const struct set *set)
{
	return field_patterns(set->field) < 0 ? set->ranges.n : set->n_patterns;
}

static struct range set_range(const struct set *set, size_t i)
{
	if (field_patterns(set->field) < 0)
		return set->ranges.v[i];
	return (struct range){ set->patterns[i], set->patterns[i] };
}

static bool set_hold(const struct set *set, wide_t value)
{
	size_t i;

	if (field_patterns(set->field) < 0)
		return ranges_hold(&set->ranges, value);
	for (i = 0; i < set->n_patterns && set->patterns[i] != value; i++)
		;
	return i < set->n_patterns;
}

/* How many of @n sets have a value of one of the others that are tried? */
static size_t meet(const struct set * const *set, size_t n)
{
	static const size_t steps[MEETINGS] = { 1, 5, 11, 17 };
	size_t i, j, hits = 0;

	for (i = 0; i < n; i++)
		for (j = 0; j < MEETINGS; j++)
			hits += !(steps[j] % n) ||
				set_hold(set[(i + steps[j]) % n],
					 set_range(set[i], 0).first);
	return hits;
}

/* How well does a field divide the rules?  Looks at one of @step of them. */
static size_t worth(const struct builder *b, const uint32_t *rule, size_t n,
		    uint32_t dim, size_t step)
{
	const struct set *set[SAMPLES];
	size_t i, asks = 0, looked = 0;

	for (i = 0; i < n && asks < SAMPLES; i += step) {
		set[asks] = asked(b, rule[i], dim);
		asks += !!set[asks];
		looked++;
	}
	if (!asks)
		return 0;
	return 1 + (n * asks / looked) *
	       (1 + 16 - 16 * meet(set, asks) / (MEETINGS * asks));
}

/* How many ranges there are, each of which is in one place at least. */
static size_t count_ranges(const struct builder *b, const struct split *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		n += set_size(asked(b, s->rule[i], s->dim));
	return n;
}

/* All bounds, two of each range, as they come. */
static size_t list_bounds(const struct builder *b, const struct split *s,
			  struct bound *bound)
{
	const struct set *set;
	struct range range;
	size_t i, j, n = 0;

	for (i = 0; i < s->n; i++) {
		set = asked(b, s->rule[i], s->dim);
		for (j = 0; j < set_size(set); j++, n += 2) {
			range = set_range(set, j);
			bound[n] = (struct bound){ range.first, n };
			bound[n + 1] = (struct bound){ range.last + 1, n + 1 };
		}
	}
	return n;
}

/*
 * Each value once.  Behind the highest number of all there is nothing, which is
 * 0 here: no range ends there, but behind all bounds.
 */
static void number_bounds(struct split *s, const struct bound *bound, size_t n)
{
	bool ends;
	size_t i;

	for (i = 0; i < n; i++) {
		ends = !bound[i].value && bound[i].of & 1;
		if (!ends && (!s->bounds ||
			      bound[i].value != s->bound[s->bounds - 1]))
			s->bound[s->bounds++] = bound[i].value;
		s->place[bound[i].of] = ends ? UINT32_MAX : s->bounds - 1;
	}
}

/* @n: ranges */
static bool find_bounds(const struct builder *b, struct split *s, size_t n)
{
	struct bound *bound = malloc((4 * n + 1) * sizeof(*bound));

	s->bound = malloc((2 * n + 1) * sizeof(*s->bound));
	s->place = malloc((2 * n + 1) * sizeof(*s->place));
	if (bound && s->bound && s->place) {
		n = list_bounds(b, s, bound);
		bounds_sort(bound, bound + n, n);
		number_bounds(s, bound, n);
	}
	free(bound);
	return bound && s->bound && s->place;
}

/* Puts a rule into one place, or only counts it. */
static void put(struct split *s, size_t place, uint32_t rule)
{
	if (s->entry)
		s->entry[s->start[place]] = rule;
	s->start[place]++;
}

/* The few places that a range is the sum of. */
static void put_range(struct split *s, const uint32_t *place, uint32_t rule)
{
	size_t low = place[0] + s->bounds;
	size_t high = (place[1] == UINT32_MAX ? s->bounds : place[1]) +
		      s->bounds;

	for (; low < high; low /= 2, high /= 2) {
		if (low & 1)
			put(s, low++, rule);
		if (high & 1)
			put(s, --high, rule);
	}
}

static void put_all(const struct builder *b, struct split *s)
{
	const uint32_t *place = s->place;
	size_t i, j;

	for (i = 0; i < s->n; i++)
		for (j = set_size(asked(b, s->rule[i], s->dim)); j--;
		     place += 2)
			put_range(s, place, s->rule[i]);
}

/* Counts become beginnings; returns the sum. */
static size_t sum_up(struct split *s)
{
	size_t i, count, sum = 0;

	for (i = 0; i < 2 * s->bounds; i++) {
		count = s->start[i];
		s->start[i] = sum;
		sum += count;
	}
	return sum;
}

/* How many rules there would be in all places; SIZE_MAX: no memory. */
static size_t split_count(const struct builder *b, struct split *s)
{
	if (!find_bounds(b, s, count_ranges(b, s)))
		return SIZE_MAX;
	s->start = calloc(2 * s->bounds + 1, sizeof(*s->start));
	if (!s->start)
		return SIZE_MAX;
	put_all(b, s);
	return sum_up(s);
}

static void split_drop(struct split *s)
{
	free(s->rule);
	free(s->bound);
	free(s->place);
	free(s->start);
	free(s->entry);
}

/* Some of many rules tell it sooner; they share fewer places than all do. */
static bool some_spread(const struct builder *b, const struct split *s)
{
	struct split some = { .dim = s->dim };
	size_t i, step = s->n / SOME, sum = 0;

	if (step < 2)
		return false;
	some.rule = malloc((s->n / step + 1) * sizeof(*some.rule));
	for (i = 0; some.rule && i < s->n; i += step)
		some.rule[some.n++] = s->rule[i];
	if (some.rule)
		sum = split_count(b, &some);
	split_drop(&some);
	return sum != SIZE_MAX && sum > some.n * SPREAD;
}

/* Return: 1: divided; 0: it would take too much; -1: no memory. */
static int split_fill(struct builder *b, struct split *s)
{
	size_t sum, most = s->n * SPREAD < b->left ? s->n * SPREAD : b->left;

	if (count_ranges(b, s) > most || some_spread(b, s))
		return 0;
	sum = split_count(b, s);
	if (sum == SIZE_MAX)
		return -1;
	if (sum > most)
		return 0;
	s->entry = malloc(sum * sizeof(*s->entry) + 1);
	if (!s->entry)
		return -1;
	b->left -= sum;
	put_all(b, s);
	/* Filling has moved each beginning to the next one. */
	memmove(s->start + 1, s->start, 2 * s->bounds * sizeof(*s->start));
	s->start[0] = 0;
	return 1;
}

static int split_make(struct builder *b, struct split *s, const uint32_t *rule,
		      size_t n)
{
	size_t i, wild = n;

	s->rule = malloc(n * sizeof(*s->rule));
	if (!s->rule)
		return -1;
	for (i = 0; i < n; i++)
		if (asked(b, rule[i], s->dim))
			s->rule[s->n++] = rule[i];
	for (i = n; i-- > 0;)
		if (!asked(b, rule[i], s->dim))
			s->rule[--wild] = rule[i];
	return split_fill(b, s);
}

static const struct node *build(struct builder *b, const uint32_t *rule,
				size_t n, uint32_t used);

static void *copy(struct arena *arena, const void *from, size_t size)
{
	void *to = arena_get(arena, size);

	return to ? memcpy(to, from, size) : NULL;
}

static bool build_children(struct builder *b, struct node *node,
			   const struct split *s, uint32_t used)
{
	const struct node **child;
	size_t i, size = 2 * s->bounds * sizeof(*child);

	child = arena_get(b->arena, size);
	node->child = child;
	node->bound = copy(b->arena, s->bound, s->bounds * sizeof(*s->bound));
	if (!node->child || !node->bound)
		return false;
	memset(child, 0, size);
	for (i = 1; i < 2 * s->bounds; i++) {
		if (s->start[i] == s->start[i + 1])
			continue;
		child[i] = build(b, s->entry + s->start[i],
				 s->start[i + 1] - s->start[i], used);
		if (!child[i])
			return false;
	}
	return true;
}

static struct node *build_inner(struct builder *b, struct node *node,
				const struct split *s, size_t n, uint32_t used)
{
	node->dim = s->dim;
	node->n = s->bounds;
	used |= 1u << s->dim;
	if (!build_children(b, node, s, used))
		return NULL;
	if (s->n < n) {
		node->wild = build(b, s->rule + s->n, n - s->n, used);
		if (!node->wild)
			return NULL;
	}
	return node;
}

/* The field that divides them best, of those that are left; or TREE_DIMS. */
static uint32_t best_dim(const struct builder *b, const uint32_t *rule,
			 size_t n, uint32_t used, size_t step)
{
	uint32_t dim, best = TREE_DIMS;
	size_t value, most = 0;

	for (dim = 0; dim < TREE_DIMS; dim++) {
		if (used & 1u << dim)
			continue;
		value = worth(b, rule, n, dim, step);
		if (value > most) {
			most = value;
			best = dim;
		}
	}
	/* What few rules ask for may not be among the samples. */
	return best == TREE_DIMS && step > 1 ?
	       best_dim(b, rule, n, used, 1) : best;
}

static struct node *build_leaf(struct builder *b, struct node *node,
			       const uint32_t *rule, size_t n)
{
	size_t before = b->arena->total, used;

	node->rule = copy(b->arena, rule, n * sizeof(*rule));
	if (!node->rule)
		return NULL;
	if (n > CROWD && bits_build(b->arena, b->policy, rule, n, b->room,
				    &node->bits))
		return NULL;
	used = b->arena->total - before;
	b->room -= used < b->room ? used : b->room;
	return node;
}

static const struct node *build(struct builder *b, const uint32_t *rule,
				size_t n, uint32_t used)
{
	struct node *node = arena_get(b->arena, sizeof(*node));
	struct split s;
	int ret = 0;

	if (!node)
		return NULL;
	*node = (struct node){ .least = rule[0], .most = rule[n - 1], .n = n,
			       .dim = TREE_DIMS };
	while (n > LEAF && !ret) {
		s = (struct split){ .dim = best_dim(b, rule, n, used,
						   n / SAMPLES + 1) };
		if (s.dim == TREE_DIMS)
			break;
		ret = split_make(b, &s, rule, n);
		if (ret > 0)
			node = build_inner(b, node, &s, n, used);
		split_drop(&s);
		used |= 1u << s.dim;
	}
	if (ret)
		return ret > 0 ? node : NULL;
	return build_leaf(b, node, rule, n);
}

const struct node *tree_build(struct arena *arena, const struct policy *policy,
			      const uint32_t *rule, size_t n)
{
	struct builder b = { arena, policy, ENTRIES * n, WEIGHT * n };

	return build(&b, rule, n, 0);
}
