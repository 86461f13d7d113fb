/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which places of the module a process has reached, as KCOV tells: the module
 * must have been built with KCOV_INSTRUMENT=y, for a kernel that has KCOV.
 * Only what the process does by system calls is seen, not interrupts.
 */
#ifndef TORTURE_FUZZ_COVER_H
#define TORTURE_FUZZ_COVER_H

#include <stdbool.h>
#include <stdint.h>

enum { COVER_PLACES = 1 << 14 };

/* Places have numbers, given to them as they are first reached. */
struct cover_set {
	uint64_t bits[COVER_PLACES / 64];
};

/* 0, or -1 and says why there is none. */
int cover_open(void);
/* In the process that is to be watched, until it ends; one at a time. */
void cover_start(void);
/* What it has reached. */
void cover_take(struct cover_set *reached);

unsigned int cover_count(const struct cover_set *set);
/* How many of @set are not in @known. */
unsigned int cover_beyond(const struct cover_set *set,
			  const struct cover_set *known);
void cover_add(struct cover_set *to, const struct cover_set *set);
void cover_keep(struct cover_set *of, const struct cover_set *set);

/*
 * Prints the functions of the module that have no place in @reached, and writes
 * the places, as offsets into its .text, to @dir/places.
 */
void cover_report(const struct cover_set *reached, const char *dir);

#endif /* TORTURE_FUZZ_COVER_H */
