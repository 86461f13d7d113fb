/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel for the library that is only memory: one connection over a memory
 * file, for two processes, so that the library can be timed on a machine that
 * has no module.  The library is the one that programs use; what it asks the
 * kernel for comes here (struct sdi_sys), and sleeping works by futex.  Rings
 * do not grow and leases are not taken away.
 */
#ifndef BENCH_MEMKERN_H
#define BENCH_MEMKERN_H

#include <stddef.h>
#include <stdint.h>

/* Makes the connection before the fork; its ends are @fds[0] and @fds[1]. */
void memkern_make(int fds[2], size_t ring);

/* Puts this kernel behind the library, and has it attach to an end. */
void memkern_attach(int fd);

/* Sends and receives without a system call on the end, so far. */
uint64_t memkern_fast_calls(int fd);

/* Those that came here, on both ends. */
uint64_t memkern_slow_calls(void);

#endif /* BENCH_MEMKERN_H */
