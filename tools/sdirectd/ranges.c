// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "ranges.h"

int ranges_add(struct ranges *set, wide_t first,
	       wide_t last)
{
	size_t room = set->room ? set->room * 2 : 1;
	struct range *v;

	if (set->n == set->room) {
		v = reallocarray(set->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		set->v = v;
		set->room = room;
	}
	set->v[set->n++] = (struct range){ first, last };
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

void ranges_settle(struct ranges *set)
{
	struct range *to;
	size_t i, kept;

	if (set->n < 2)
		return;
	qsort(set->v, set->n, sizeof(*set->v), compare);
	for (kept = 0, i = 1; i < set->n; i++) {
		to = &set->v[kept];
		/* The highest number of all has none behind it. */
		if (!(to->last + 1) || set->v[i].first <= to->last + 1) {
			if (set->v[i].last > to->last)
				to->last = set->v[i].last;
		} else {
			set->v[++kept] = set->v[i];
		}
	}
	set->n = kept + 1;
}

int ranges_invert(struct ranges *set, wide_t max)
{
	struct ranges other = { 0 };
	wide_t next = 0;
	bool rest = true;
	size_t i;
	int err;

	for (i = 0; i < set->n && rest; i++) {
		if (set->v[i].first > next) {
			err = ranges_add(&other, next, set->v[i].first - 1);
			if (err)
				goto fail;
		}
		rest = set->v[i].last < max;
		next = set->v[i].last + 1;
	}
	if (rest) {
		err = ranges_add(&other, next, max);
		if (err)
			goto fail;
	}
	ranges_free(set);
	*set = other;
	return 0;
fail:
	ranges_free(&other);
	return err;
}

bool ranges_hold(const struct ranges *set, wide_t value)
{
	size_t low = 0, high = set->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (set->v[middle].last < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->n && set->v[low].first <= value;
}

void ranges_free(struct ranges *set)
{
	free(set->v);
	*set = (struct ranges){ 0 };
}
