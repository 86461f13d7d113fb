// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded when coverage is measured: a process that ends by _exit(), as the
 * children of the socket tests do, writes its counters as well.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "flush.h"

/* The library, the shim, the program itself. */
#define COUNTED_MAX	8

static void (*dumps[COUNTED_MAX])(void);
static unsigned int counted;

/* Called by constructors alone, which run one after the other. */
void coverage_flush_at_exit(void (*dump)(void))
{
	if (counted < COUNTED_MAX)
		dumps[counted++] = dump;
}

void _exit(int status)
{
	unsigned int i;

	for (i = 0; i < counted; i++)
		dumps[i]();
	for (;;)
		syscall(SYS_exit_group, status);
}
