/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree of an engine: rules by the values that they ask for. */
#ifndef SDIRECTD_TREE_H
#define SDIRECTD_TREE_H

#include "arena.h"
#include "bits.h"
#include "match.h"
#include "policy.h"

#define TREE_DIMS	(SIDES * FIELDS)

/**
 * struct node - a node, or a leaf
 * @least:	the first of the rules below it
 * @most:	the last
 * @n:		bounds, or rules of a leaf
 * @dim:	side * FIELDS + field; TREE_DIMS: a leaf
 * @bound:	where ranges begin, and behind where they end; sorted
 * @child:	segment tree of 2 * @n: the range from @bound[i] on is at
 *		@n + i, twice as much is at half the index, and so on
 * @wild:	rules that do not ask for this field, or NULL
 * @rule:	indices of the rules of a leaf, sorted
 * @bits:	of a large leaf, or NULL
 */
struct node {
	uint32_t least;
	uint32_t most;
	uint32_t n;
	uint32_t dim;
	const wide_t *bound;
	const struct node **child;
	const struct node *wild;
	const uint32_t *rule;
	const struct bits *bits;
};

/**
 * tree_build - a tree of some rules
 * @arena:	where it goes
 * @policy:	has the rules
 * @rule:	indices of the rules, sorted
 * @n:		how many, at least 1
 *
 * Return: the tree, or NULL: no memory.
 */
const struct node *tree_build(struct arena *arena, const struct policy *policy,
			      const uint32_t *rule, size_t n);

#endif /* SDIRECTD_TREE_H */
