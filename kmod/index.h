/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which rules a value of one field may be meant by: a tree of intervals in a
 * sorted array.
 */
#ifndef _SDR_INDEX_H
#define _SDR_INDEX_H

#include "val.h"

/**
 * struct sdr_node - one span of one rule, and the root of a subtree
 * @span:	the values
 * @rule:	whose they are
 * @max:	the greatest value in the subtree
 * @min_rule:	the first rule in the subtree
 */
struct sdr_node {
	struct sdr_span span;
	u32 rule;
	u32 min_rule;
	struct sdr_val max;
};

/**
 * struct sdr_index - the spans of one field
 * @node:	sorted by the first value; of [lo, hi) the middle is the root
 * @n:		how many there are
 */
struct sdr_index {
	struct sdr_node *node;
	u32 n;
};

/**
 * sdr_index_build - sorts the nodes that were filled in
 * @index:	the index; @node may be another array then
 *
 * Those that begin at the same value keep their order.  Context: may sleep.
 * Return: 0 or -ENOMEM, and it is not to be searched.
 */
int sdr_index_build(struct sdr_index *index);

/**
 * sdr_index_search - the first rule that a value leads to
 * @index:	the index
 * @val:	the value
 * @best:	rules from this one on do not matter
 * @match:	does the rest of a rule match too?
 * @arg:	for @match
 *
 * Visits O(log n) nodes for each span that has @val and comes before the
 * result.  Context: any.  Return: the rule, or @best.
 */
u32 sdr_index_search(const struct sdr_index *index, const struct sdr_val *val,
		     u32 best, bool (*match)(void *arg, u32 rule),
		     void *arg);

#endif /* _SDR_INDEX_H */
