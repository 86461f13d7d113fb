/* SPDX-License-Identifier: GPL-2.0-only */
/* Tapes that are kept, and the directories where they are. */
#ifndef TORTURE_FUZZ_POOL_H
#define TORTURE_FUZZ_POOL_H

#include "fuzz_tape.h"

struct pool_entry {
	struct fuzz_tape tape;
	char *path;
};

/* More than there are places to reach. */
enum { POOL_MAX = 4096 };

struct pool {
	unsigned int n;
	struct pool_entry *entries[POOL_MAX];
};

void pool_add(struct pool *p, const struct fuzz_tape *t, const char *path);
/* Of a directory all files named *.tape, in order; 0 or -1 and says why. */
int pool_load(struct pool *p, const char *path);
/* @dir/@name.tape; 0 or -1 and says why. */
int pool_save(const char *dir, const char *name, const struct fuzz_tape *t);

/*
 * @dir/last.tape: what a kernel that dies leaves behind.  Written again and
 * again, so it costs one write without a cache; NULL removes it.
 */
void pool_last(const char *dir, const struct fuzz_tape *t);

#endif /* TORTURE_FUZZ_POOL_H */
