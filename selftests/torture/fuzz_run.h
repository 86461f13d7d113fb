/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs tapes, each in a process of its own that has nothing but it. */
#ifndef TORTURE_FUZZ_RUN_H
#define TORTURE_FUZZ_RUN_H

#include "fuzz_tape.h"

/* @traced: what it reaches in the module is counted; see fuzz_cover.h. */
struct runner {
	const struct net_family *nf;
	bool traced;
};

/* Once, before the first. */
void run_prepare(void);
/* NULL when all went well, else why not. */
const char *run_tape(const struct runner *r, const struct fuzz_tape *t);

#endif /* TORTURE_FUZZ_RUN_H */
