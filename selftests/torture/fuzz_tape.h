/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sequence of calls that is written down.  A file has one call to a line, its
 * name and its arguments in hexadecimal; lines that begin with # are comments.
 * Names, not numbers, so that a tape means the same after the tables change.
 */
#ifndef TORTURE_FUZZ_TAPE_H
#define TORTURE_FUZZ_TAPE_H

#include "fuzz.h"

enum { TAPE_CALLS = 80 };

struct fuzz_tape {
	unsigned int n;
	struct fuzz_call call[TAPE_CALLS];
};

/* 0 or -1; says why. */
int tape_load(struct fuzz_tape *t, const char *path);
int tape_save(const struct fuzz_tape *t, const char *path);
void tape_print(const struct fuzz_tape *t, FILE *file);
/* The same for the same calls and arguments, wherever it is computed. */
uint64_t tape_hash(const struct fuzz_tape *t);
void tape_cut(struct fuzz_tape *t, unsigned int at, unsigned int n);

void tape_random(struct fuzz_tape *t, struct rng *rng);
/* Some changes to @t, which may take parts of @other. */
void tape_mutate(struct fuzz_tape *t, const struct fuzz_tape *other,
		 struct rng *rng);

#endif /* TORTURE_FUZZ_TAPE_H */
