// SPDX-License-Identifier: GPL-2.0
/* A tree of intervals in a sorted array; see index.h. */
#include "compat.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "index.h"

/* Halving as many nodes as there may be never goes deeper. */
#define SDR_INDEX_DEPTH	32
/* A subtree of fewer nodes takes no time that matters to others. */
#define SDR_INDEX_SMALL	4096

static u8 byte_of(const struct sdr_val *val, int byte)
{
	return byte < 8 ? val->lo >> 8 * byte : val->hi >> 8 * (byte - 8);
}

/* By one byte of where the spans begin; equal ones keep their order. */
static void sort_byte(struct sdr_node *to, const struct sdr_node *from, u32 n,
		      int byte)
{
	u32 at[256] = { }, i, count, sum = 0;

	for (i = 0; i < n; i++)
		at[byte_of(&from[i].span.first, byte)]++;
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		count = at[i];
		at[i] = sum;
		sum += count;
	}
	for (i = 0; i < n; i++) {
		to[at[byte_of(&from[i].span.first, byte)]++] = from[i];
		/* A million takes a while. */
		if (!(i % SDR_INDEX_SMALL))
			cond_resched();
	}
}

/* The bits in which the beginnings differ. */
static struct sdr_val differences(const struct sdr_index *index)
{
	const struct sdr_val *one = &index->node[0].span.first, *other;
	struct sdr_val differ = { };
	u32 i;

	for (i = 1; i < index->n; i++) {
		other = &index->node[i].span.first;
		differ.hi |= one->hi ^ other->hi;
		differ.lo |= one->lo ^ other->lo;
	}
	return differ;
}

/*
 * From the last byte to the first, but for those that all have in common: for
 * most fields three or four are left, where to compare two nodes at a time takes
 * seventeen looks at each of 100,000.
 */
static int sort_nodes(struct sdr_index *index)
{
	struct sdr_val differ = differences(index);
	struct sdr_node *spare;
	int byte;

	spare = kvmalloc_array(index->n, sizeof(*spare),
			       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!spare)
		return -ENOMEM;
	for (byte = 0; byte < 16; byte++) {
		if (!byte_of(&differ, byte))
			continue;
		sort_byte(spare, index->node, index->n, byte);
		swap(spare, index->node);
	}
	kvfree(spare);
	return 0;
}

/* What the root of [lo, hi) is to know of its subtree. */
static void augment(struct sdr_node *node, u32 lo, u32 hi)
{
	u32 mid = lo + (hi - lo) / 2, child[2], i;
	struct sdr_node *root = &node[mid];

	if (hi - lo >= SDR_INDEX_SMALL)
		cond_resched();
	root->max = root->span.last;
	root->min_rule = root->rule;
	child[0] = lo + (mid - lo) / 2;
	child[1] = mid + 1 + (hi - mid - 1) / 2;
	if (lo < mid)
		augment(node, lo, mid);
	else
		child[0] = mid;
	if (mid + 1 < hi)
		augment(node, mid + 1, hi);
	else
		child[1] = mid;
	for (i = 0; i < 2; i++) {
		if (sdr_val_less(&root->max, &node[child[i]].max))
			root->max = node[child[i]].max;
		root->min_rule = min(root->min_rule, node[child[i]].min_rule);
	}
}

int sdr_index_build(struct sdr_index *index)
{
	int err;

	if (!index->n)
		return 0;
	err = sort_nodes(index);
	if (!err)
		augment(index->node, 0, index->n);
	return err;
}

struct todo {
	u32 lo;
	u32 hi;
};

u32 sdr_index_search(const struct sdr_index *index, const struct sdr_val *val,
		     u32 best, bool (*match)(void *arg, u32 rule),
		     void *arg)
{
	struct todo stack[SDR_INDEX_DEPTH + 1], now;
	const struct sdr_node *root;
	int depth = 0;
	u32 mid;

	stack[depth++] = (struct todo) { 0, index->n };
	while (depth) {
		now = stack[--depth];
		if (now.lo == now.hi)
			continue;
		mid = now.lo + (now.hi - now.lo) / 2;
		root = &index->node[mid];
		if (sdr_val_less(&root->max, val) || root->min_rule >= best)
			continue;
		stack[depth++] = (struct todo) { now.lo, mid };
		if (sdr_val_less(val, &root->span.first))
			continue;
		if (root->rule < best && sdr_span_has(&root->span, val) &&
		    match(arg, root->rule))
			best = root->rule;
		/* One pushed back for each popped but one: the depth bounds it. */
		stack[depth++] = (struct todo) { mid + 1, now.hi };
	}
	return best;
}
