/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules as bits, for those that no tree can keep apart. */
#ifndef SDIRECTD_BITS_H
#define SDIRECTD_BITS_H

#include "arena.h"
#include "match.h"
#include "policy.h"

/*
 * Ranges that overlap a lot are in each other's way in a tree.  Instead, the
 * values of a field are cut into a few ranges, and each of these has a bit for
 * every rule that may match there.  What all fields allow is the AND of one row
 * of each, 64 rules at a time; the few that are left are tried one by one, as
 * a rule may begin or end within a range.
 */
struct bits;

/**
 * bits_build - rows of bits for some rules
 * @arena:	where they go
 * @policy:	has the rules
 * @rule:	indices of the rules
 * @n:		how many
 * @room:	bytes that may be used
 * @bits:	(out) the rows; NULL: no room for them
 *
 * Return: 0 or -ENOMEM.
 */
int bits_build(struct arena *arena, const struct policy *policy,
	       const uint32_t *rule, size_t n, size_t room,
	       const struct bits **bits);

/**
 * struct bits_rows - what is allowed for a connection
 * @map:	one row of each field
 * @n:		how many
 */
struct bits_rows {
	const uint64_t *map[SIDES * FIELDS + 5];
	size_t n;
};

/* bits_rows() finds the rows of a connection. */
void bits_rows(const struct bits *bits, const struct candidate *candidate,
	       const struct found *found, struct bits_rows *rows);

/* bits_word() - which of the rules from 64 * @word on may match. */
static inline uint64_t bits_word(const struct bits_rows *rows, size_t word)
{
	uint64_t left = ~0ull;
	size_t i;

	for (i = 0; i < rows->n && left; i++)
		left &= rows->map[i][word];
	return left;
}

#endif /* SDIRECTD_BITS_H */
