/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TORTURE_FUZZ_GUIDED_H
#define TORTURE_FUZZ_GUIDED_H

#include <stdbool.h>

/* Is it asked for tapes, rather than for rounds? */
bool guided_wanted(int argc, char **argv);
/* An exit status. */
int guided_main(int argc, char **argv);

#endif /* TORTURE_FUZZ_GUIDED_H */
