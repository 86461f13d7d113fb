// SPDX-License-Identifier: GPL-2.0
/* A tree of intervals in a sorted array; see index.h. */
#include "compat.h"

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "index.h"

/* Halving as many nodes as there may be never goes deeper. */
#define SDR_INDEX_DEPTH	32
/* A subtree of fewer nodes takes no time that matters to others. */
#define SDR_INDEX_SMALL	4096

static int node_cmp(const void *a, const void *b)
{
	const struct sdr_node *x = a, *y = b;
	int cmp = sdr_val_cmp(&x->span.first, &y->span.first);

	/* sort() never does, and takes a second for as many as may be. */
	cond_resched();
	return cmp ?: (x->rule > y->rule) - (x->rule < y->rule);
}

static void node_swap(void *a, void *b, int size)
{
	swap(*(struct sdr_node *)a, *(struct sdr_node *)b);
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

void sdr_index_build(struct sdr_index *index)
{
	if (!index->n)
		return;
	sort(index->node, index->n, sizeof(*index->node), node_cmp, node_swap);
	augment(index->node, 0, index->n);
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
