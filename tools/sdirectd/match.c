// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"

static const enum field pattern_field[PATTERN_KINDS] = {
	[PATTERN_CGROUP]	= FIELD_CGROUP,
	[PATTERN_EXE]		= FIELD_EXE,
	[PATTERN_LABEL]		= FIELD_LABEL,
};

int found_init(struct found *found, const struct policy *policy)
{
	unsigned int side, kind;

	memset(found, 0, sizeof(*found));
	for (side = 0; side < SIDES; side++)
		for (kind = 0; kind < PATTERN_KINDS; kind++) {
			found->id[side][kind] =
				calloc(policy->globs[kind].n + 1,
				       sizeof(*found->id[side][kind]));
			if (!found->id[side][kind]) {
				found_free(found);
				return -ENOMEM;
			}
		}
	return 0;
}

void found_free(struct found *found)
{
	unsigned int side, kind;

	for (side = 0; side < SIDES; side++)
		for (kind = 0; kind < PATTERN_KINDS; kind++)
			free(found->id[side][kind]);
	memset(found, 0, sizeof(*found));
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The cgroup at the top is called "/", and is above "/a" all the same. */
static const char *as_path(unsigned int kind, const char *text)
{
	return kind == PATTERN_CGROUP && !strcmp(text, "/") ? "" : text;
}

/*
 * A pattern without '/' is about the last name in the path of a program, and
 * matches no path, as one with '/' matches no name.
 */
static int64_t fill_one(struct globs *globs, unsigned int kind,
			const struct end *end, uint32_t *id)
{
	const char *text = field_string(end, pattern_field[kind]);
	const char *slash = strrchr(text, '/');
	int64_t n, more = 0;

	n = globs_match(globs, as_path(kind, text), id);
	if (n >= 0 && kind == PATTERN_EXE && slash && end->exe_named)
		more = globs_match(globs, slash + 1, id + n);
	if (n < 0 || more < 0)
		return n < 0 ? n : more;
	n += more;
	if (n > 1)
		qsort(id, n, sizeof(*id), compare);
	return n;
}

/* What is not known is not in common. */
static unsigned int same_of(const struct end *a, const struct end *b)
{
	uint32_t known = a->known & b->known;
	unsigned int same = 0;

	if (known & 1 << FIELD_USER && a->user == b->user &&
	    a->userns == b->userns)
		same |= SAME_USER;
	if (known & 1 << FIELD_GROUP && a->group == b->group &&
	    a->userns == b->userns)
		same |= SAME_GROUP;
	if (known & 1 << FIELD_NETNS && a->netns == b->netns)
		same |= SAME_NETNS;
	if (known & 1 << FIELD_CGROUP && !strcmp(a->cgroup, b->cgroup))
		same |= SAME_CGROUP;
	return same;
}

int found_fill(struct found *found, struct policy *policy,
	       const struct candidate *candidate)
{
	const struct end *end;
	unsigned int side, kind;
	int64_t n;

	found->same = candidate->compared ? candidate->same :
		      same_of(&candidate->end[SIDE_FROM],
			      &candidate->end[SIDE_TO]);
	for (side = 0; side < SIDES; side++)
		for (kind = 0; kind < PATTERN_KINDS; kind++) {
			end = &candidate->end[side];
			found->n[side][kind] = 0;
			if (!policy->globs[kind].n ||
			    !(end->known & 1 << pattern_field[kind]))
				continue;
			n = fill_one(&policy->globs[kind], kind, end,
				     found->id[side][kind]);
			if (n < 0)
				return n;
			found->n[side][kind] = n;
		}
	return 0;
}

/* Have two sorted lists a number in common? */
static bool meet(const uint32_t *a, size_t n, const uint32_t *b, size_t m)
{
	while (n && m) {
		if (*a == *b)
			return true;
		if (*a < *b) {
			a++;
			n--;
		} else {
			b++;
			m--;
		}
	}
	return false;
}

/* What is not known never matches, not even all others than something. */
static bool set_match(const struct set *set, const struct end *end,
		      unsigned int side, const struct found *found)
{
	int kind = field_patterns(set->field);

	if (!(end->known & 1 << set->field))
		return false;
	if (kind < 0)
		return ranges_hold(&set->ranges, field_value(end, set->field));
	return meet(set->patterns, set->n_patterns, found->id[side][kind],
		    found->n[side][kind]) != set->inverted;
}

struct mismatch rule_match(const struct rule *rule,
			   const struct candidate *candidate,
			   const struct found *found)
{
	struct mismatch no = { MATCHES, SIDE_FROM, FIELD_ADDR };
	uint32_t left = rule->asks;
	const struct set *set;
	unsigned int i;

	while ((set = rule_next(rule, &left, &i))) {
		if (set_match(set, &candidate->end[i / FIELDS], i / FIELDS,
			      found))
			continue;
		no.kind = MISMATCH_FIELD;
		no.side = i / FIELDS;
		no.field = i % FIELDS;
		return no;
	}
	if (rule->carriers && !(rule->carriers & 1 << candidate->carrier))
		no.kind = MISMATCH_CARRIER;
	else if (rule->same & ~found->same)
		no.kind = MISMATCH_SAME;
	return no;
}
