// SPDX-License-Identifier: GPL-2.0-only
/* A small corpus instead of a large one; see fuzz_shrink.h. */
#include "fuzz_shrink.h"

#include <stdlib.h>

#include "fuzz_cover.h"

#define TELL_MS		15000

static uint64_t end, told;

static void tell(const char *what, unsigned int i, unsigned int n)
{
	const uint64_t now = net_now_ms();

	if (now - told < TELL_MS)
		return;
	told = now;
	printf("# fuzz: %s: %u of %u\n", what, i, n);
}

/* What a tape reaches whenever it is run: part of it depends on time. */
static int measure(const struct runner *r, const struct fuzz_tape *t,
		   unsigned int times, struct cover_set *reached)
{
	struct cover_set once;
	unsigned int i;

	for (i = 0; i < times; i++) {
		const char *bad = run_tape(r, t);

		if (bad) {
			printf("# FAILED fuzz: %s\n", bad);
			return -1;
		}
		cover_take(&once);
		if (i)
			cover_keep(reached, &once);
		else
			*reached = once;
	}
	return 0;
}

/* Takes calls out as long as @needed is reached: halves, quarters, eighths. */
static int shorten(const struct runner *r, struct fuzz_tape *t,
		   const struct cover_set *needed)
{
	struct cover_set reached;
	const unsigned int least = (t->n + 7) / 8;
	unsigned int at, n;

	for (n = t->n / 2; n >= least; n /= 2) {
		for (at = 0; at + n <= t->n && t->n > n;) {
			struct fuzz_tape less = *t;

			if (net_now_ms() >= end)
				return 0;
			tape_cut(&less, at, n);
			if (measure(r, &less, 1, &reached))
				return 1;
			if (cover_beyond(needed, &reached))
				at += n;
			else
				*t = less;
		}
	}
	return 0;
}

/* The one that reaches most of what is not yet reached; -1: none does. */
static int best(const struct cover_set *sets, unsigned int n,
		const struct cover_set *known)
{
	unsigned int i, most = 0, beyond;
	int found = -1;

	for (i = 0; i < n; i++) {
		beyond = cover_beyond(&sets[i], known);
		if (beyond > most) {
			most = beyond;
			found = i;
		}
	}
	return found;
}

static int write_short(const struct runner *r, const struct fuzz_tape *from,
		       const struct cover_set *needed, const char *dir)
{
	struct fuzz_tape t = *from;
	char name[40];

	if (shorten(r, &t, needed))
		return 1;
	snprintf(name, sizeof(name), "%016llx",
		 (unsigned long long)tape_hash(&t));
	return pool_save(dir, name, &t) ? 2 : 0;
}

int shrink(const struct runner *r, const struct pool *from, const char *dir,
	   unsigned int seconds)
{
	struct cover_set *sets = calloc(from->n, sizeof(*sets)), known = {};
	unsigned int i, n = 0;
	int err = !sets, at;

	told = net_now_ms();
	end = told + seconds * 1000ull;
	for (i = 0; i < from->n && !err; i++) {
		err = measure(r, &from->entries[i]->tape, 2, &sets[i]);
		tell("measured", i + 1, from->n);
	}
	while (!err && (at = best(sets, from->n, &known)) >= 0) {
		struct cover_set needed = sets[at];

		/* Only what the ones before do not reach. */
		for (i = 0; i < COVER_PLACES / 64; i++)
			needed.bits[i] &= ~known.bits[i];
		cover_add(&known, &sets[at]);
		err = write_short(r, &from->entries[at]->tape, &needed, dir);
		tell("written", ++n, from->n);
	}
	free(sets);
	printf("# fuzz: %u of %u tapes, %u places reached\n", n, from->n,
	       cover_count(&known));
	return err ? 1 : 0;
}
