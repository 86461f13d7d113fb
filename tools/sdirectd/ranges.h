/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of numbers as sorted ranges: addresses, ports, ids. */
#ifndef SDIRECTD_RANGES_H
#define SDIRECTD_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "wide.h"

/**
 * struct range - numbers from one to another
 * @first:	the lowest
 * @last:	the highest, not below @first
 */
struct range {
	wide_t first;
	wide_t last;
};

/**
 * struct ranges - a set of numbers; zero all to begin
 * @v:		ranges; after ranges_settle() sorted, with gaps in between
 * @n:		how many
 * @room:	how many fit; 0: they are an arena's, and stay as they are
 */
struct ranges {
	struct range *v;
	size_t n;
	size_t room;
};

/* ranges_add() appends a range, in any order.  Return: 0 or -ENOMEM. */
int ranges_add(struct ranges *set, wide_t first,
	       wide_t last);

/* ranges_settle() sorts them and joins those that touch. */
void ranges_settle(struct ranges *set);

/**
 * ranges_invert - all other numbers
 * @set:	settled; is so again
 * @max:	the highest number that there is
 *
 * Return: 0, or -ENOMEM with @set as it was.
 */
int ranges_invert(struct ranges *set, wide_t max);

/**
 * ranges_keep - a copy that stays as it is
 * @set:	(out) the copy, which is not to be freed
 * @from:	what is copied
 * @arena:	where the copy goes
 *
 * Return: 0 or -ENOMEM.
 */
int ranges_keep(struct ranges *set, const struct ranges *from,
		struct arena *arena);

/* ranges_hold() says whether a number is in a settled set. */
bool ranges_hold(const struct ranges *set, wide_t value);

void ranges_free(struct ranges *set);

#endif /* SDIRECTD_RANGES_H */
