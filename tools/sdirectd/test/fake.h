/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine for tests: its names are the same everywhere. */
#ifndef SDIRECTD_FAKE_H
#define SDIRECTD_FAKE_H

#include "../world.h"

/*
 * Files are those of the machine.  The user u1000 and the group g1000 have the
 * number 1000, and so on; "www-data" is 33, and the network namespace n7 has
 * the inode 7.  There are no others.
 */
extern const struct world fake_world;

/*
 * fake_text is what all files have in them, where there is one; only the first
 * fake_files can be read.
 */
extern const char *fake_text;
extern size_t fake_len;
extern unsigned int fake_files;

#endif /* SDIRECTD_FAKE_H */
