/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a process run the file that it says? */
#ifndef SDIRECTD_EXE_H
#define SDIRECTD_EXE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * exe_is - is this the file?
 * @path:	as the process sees it, in a mount namespace that may be its own
 * @dev:	the file system that it is on, as the kernel has it
 * @ino:	its inode there
 * @roots:	(out) the file is root's, and nobody else may write to it
 *
 * Return: what is there for us, under this path, is the same file.
 */
bool exe_is(const char *path, uint64_t dev, uint64_t ino, bool *roots);

#endif /* SDIRECTD_EXE_H */
