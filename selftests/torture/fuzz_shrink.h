/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TORTURE_FUZZ_SHRINK_H
#define TORTURE_FUZZ_SHRINK_H

#include "fuzz_pool.h"
#include "fuzz_run.h"

/*
 * Writes to @dir few and short tapes that reach what those of @from do; stops
 * making them shorter when the time is over.  An exit status.
 */
int shrink(const struct runner *r, const struct pool *from, const char *dir,
	   unsigned int seconds);

#endif /* TORTURE_FUZZ_SHRINK_H */
