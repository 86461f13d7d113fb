// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"

#define PARTS	256	/* that the values of a field are cut into */
#define SAMPLE	4096	/* rules whose ranges say where to cut */
#define RANGES	64	/* of a rule, in the mean: more take too long */
#define SAMES	4	/* bits of rule.same */

/**
 * struct bits_field - the rows of a field
 * @place:	side * FIELDS + field
 * @parts:	how many
 * @bound:	where each of them begins
 * @map:	a row for each, and one for what is in none of them
 * @set:	bits that are set in all of them
 */
struct bits_field {
	uint32_t place;
	uint32_t parts;
	wide_t *bound;
	uint64_t *map;
	size_t set;
};

/**
 * struct bits - rules as bits
 * @words:	of a row
 * @n:		fields
 * @same:	the rules that do not ask for what both ends have in common, a
 *		row for each bit of rule.same
 * @asked:	bits of rule.same that any of them asks for
 * @carriers:	the rules that allow a carrier, a row for each; NULL: no rule
 *		asks for it
 * @field:	those that have rows, what keeps most rules out first
 */
struct bits {
	size_t words;
	size_t n;
	uint64_t *same;
	unsigned int asked;
	uint64_t *carriers;
	struct bits_field field[SIDES * FIELDS];
};

/**
 * struct making - what is being made
 * @arena:	where it goes
 * @policy:	has the rules
 * @rule:	indices of the rules
 * @n:		how many
 * @words:	of a row
 */
struct making {
	struct arena *arena;
	const struct policy *policy;
	const uint32_t *rule;
	size_t n;
	size_t words;
};

static const struct set *set_of(const struct making *m, size_t i,
				uint32_t place)
{
	return m->policy->rule[m->rule[i]].set[place / FIELDS][place % FIELDS];
}

static int compare(const void *a, const void *b)
{
	const wide_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * Where ranges begin and end, of some rules if they are many, and where the
 * first of all begins, as before it there is nothing; sorted, each once.
 */
static size_t find_bounds(const struct making *m, uint32_t place, wide_t *bound)
{
	size_t i, j, step = m->n / SAMPLE + 1, n = 1, kept = 1;
	const struct set *set;

	bound[0] = WIDE_MAX;
	for (i = 0; i < m->n; i++) {
		set = set_of(m, i, place);
		if (set && set->ranges.n && set->ranges.v[0].first < bound[0])
			bound[0] = set->ranges.v[0].first;
		for (j = 0; set && !(i % step) && j < set->ranges.n; j++) {
			bound[n++] = set->ranges.v[j].first;
			/* Behind the highest number of all there is nothing. */
			if (set->ranges.v[j].last + 1)
				bound[n++] = set->ranges.v[j].last + 1;
		}
	}
	qsort(bound, n, sizeof(*bound), compare);
	for (i = 1; i < n; i++)
		if (bound[i] != bound[kept - 1])
			bound[kept++] = bound[i];
	return kept;
}

/* The part that a value is in; the one behind the last: in none. */
static size_t part_of(const struct bits_field *field, wide_t value)
{
	size_t low = 0, high = field->parts, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (field->bound[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : field->parts;
}

/* Few parts of the same number of bounds. */
static int cut(const struct making *m, struct bits_field *field,
	       const wide_t *bound, size_t n)
{
	size_t i;

	field->parts = n < PARTS ? n : PARTS;
	field->bound = arena_get(m->arena, field->parts * sizeof(*bound));
	if (!field->bound)
		return -ENOMEM;
	for (i = 0; i < field->parts; i++)
		field->bound[i] = bound[i * n / field->parts];
	return 0;
}

/* One rule in a column of 64. */
static void mark(const struct bits_field *field, const struct set *set,
		 uint64_t bit, uint64_t *column)
{
	size_t i, part, last;

	if (!set)
		for (part = 0; part <= field->parts; part++)
			column[part] |= bit;
	for (i = 0; set && i < set->ranges.n; i++) {
		last = part_of(field, set->ranges.v[i].last);
		for (part = part_of(field, set->ranges.v[i].first);
		     part <= last; part++)
			column[part] |= bit;
	}
}

static int fill(const struct making *m, struct bits_field *field)
{
	uint64_t column[PARTS + 1];
	size_t word, part, i;

	field->map = arena_get(m->arena, (field->parts + 1) * m->words *
			       sizeof(*field->map));
	if (!field->map)
		return -ENOMEM;
	for (word = 0; word < m->words; word++) {
		memset(column, 0, sizeof(column));
		for (i = word * 64; i < m->n && i < word * 64 + 64; i++)
			mark(field, set_of(m, i, field->place),
			     1ull << i % 64, column);
		for (part = 0; part <= field->parts; part++) {
			field->map[part * m->words + word] = column[part];
			field->set += __builtin_popcountll(column[part]);
		}
	}
	return 0;
}

/* How many ranges there are; 0: no rows for this field. */
static size_t count(const struct making *m, uint32_t place)
{
	const struct set *set;
	size_t i, n = 0;

	if (field_patterns(place % FIELDS) >= 0)
		return 0;
	for (i = 0; i < m->n; i++) {
		set = set_of(m, i, place);
		n += set ? set->ranges.n : 0;
	}
	return n <= m->n * RANGES ? n : 0;
}

static int build_field(const struct making *m, struct bits *bits,
		       uint32_t place)
{
	struct bits_field *field = &bits->field[bits->n];
	size_t n = count(m, place);
	wide_t *bound;
	int err = 0;

	if (!n)
		return 0;
	bound = malloc((2 * n + 1) * sizeof(*bound));
	if (!bound)
		return -ENOMEM;
	n = find_bounds(m, place, bound);
	*field = (struct bits_field){ .place = place };
	err = cut(m, field, bound, n);
	free(bound);
	if (!err)
		err = fill(m, field);
	bits->n++;
	return err;
}

/* Rows of whoever does not ask, or is content with this. */
static int build_rest(const struct making *m, struct bits *bits)
{
	const struct rule *rule;
	unsigned int i, carriers = 0;
	size_t at, size = 8 * m->words * sizeof(uint64_t);

	bits->same = arena_get(m->arena, size);
	bits->carriers = arena_get(m->arena, size);
	if (!bits->same || !bits->carriers)
		return -ENOMEM;
	memset(bits->same, 0, size);
	memset(bits->carriers, 0, size);
	for (at = 0; at < m->n; at++) {
		rule = &m->policy->rule[m->rule[at]];
		bits->asked |= rule->same;
		carriers |= rule->carriers;
		for (i = 0; i < 8; i++) {
			if (!(rule->same & 1 << i))
				bits->same[i * m->words + at / 64] |=
					1ull << at % 64;
			if (!rule->carriers || rule->carriers & 1 << i)
				bits->carriers[i * m->words + at / 64] |=
					1ull << at % 64;
		}
	}
	if (!carriers)
		bits->carriers = NULL;
	return 0;
}

/* What has few bits for each part keeps most rules out. */
static int compare_fields(const void *a, const void *b)
{
	const struct bits_field *x = a, *y = b;
	size_t left = x->set * y->parts, right = y->set * x->parts;

	return (left > right) - (left < right);
}

int bits_build(struct arena *arena, const struct policy *policy,
	       const uint32_t *rule, size_t n, size_t room,
	       const struct bits **out)
{
	struct making m = { arena, policy, rule, n, (n + 63) / 64 };
	uint32_t place, asked = 0;
	struct bits *bits;
	size_t i;
	int err = 0;

	*out = NULL;
	for (i = 0; i < n; i++)
		asked |= policy->rule[rule[i]].asks;
	if (__builtin_popcount(asked) * (PARTS + 1) * m.words *
	    sizeof(uint64_t) > room)
		return 0;
	bits = arena_get(arena, sizeof(*bits));
	if (!bits)
		return -ENOMEM;
	*bits = (struct bits){ .words = m.words };
	for (place = 0; place < SIDES * FIELDS && !err; place++)
		if (asked & 1u << place)
			err = build_field(&m, bits, place);
	if (!err)
		err = build_rest(&m, bits);
	qsort(bits->field, bits->n, sizeof(*bits->field), compare_fields);
	*out = bits;
	return err;
}

void bits_rows(const struct bits *bits, const struct candidate *candidate,
	       const struct found *found, struct bits_rows *rows)
{
	const struct bits_field *field;
	const struct end *end;
	size_t i, part;

	rows->n = 0;
	for (i = 0; i < bits->n; i++) {
		field = &bits->field[i];
		end = &candidate->end[field->place / FIELDS];
		part = field->parts;
		if (end->known & 1 << field->place % FIELDS)
			part = part_of(field, field_value(end, field->place %
							  FIELDS));
		rows->map[rows->n++] = field->map + part * bits->words;
	}
	for (i = 0; i < SAMES; i++)
		if (bits->asked & ~found->same & 1 << i)
			rows->map[rows->n++] = bits->same + i * bits->words;
	if (bits->carriers)
		rows->map[rows->n++] = bits->carriers +
			(candidate->carrier & 7) * bits->words;
}
