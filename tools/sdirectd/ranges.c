// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* There is never more to write than has been read, but for the last range. */
int ranges_invert(struct ranges *set, wide_t max)
{
	struct range range;
	bool rest = true;
	size_t i, kept = 0;
	wide_t next = 0;
	int err;

	err = ranges_add(set, 0, 0);
	if (err)
		return err;
	for (i = 0; i < set->n - 1 && rest; i++) {
		range = set->v[i];
		if (range.first > next)
			set->v[kept++] = (struct range){ next, range.first - 1 };
		rest = range.last < max;
		next = range.last + 1;
	}
	if (rest)
		set->v[kept++] = (struct range){ next, max };
	set->n = kept;
	return 0;
}

int ranges_keep(struct ranges *set, const struct ranges *from,
		struct arena *arena)
{
	size_t size = from->n * sizeof(*from->v);

	*set = (struct ranges){ 0 };
	if (!from->n)
		return 0;
	set->v = arena_get(arena, size);
	if (!set->v)
		return -ENOMEM;
	memcpy(set->v, from->v, size);
	set->n = from->n;
	return 0;
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
