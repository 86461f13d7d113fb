// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked into whatever is counted, because each object has counters, and the
 * function that writes them, of its own.
 */
#include "flush.h"

extern void __gcov_dump(void);

#pragma weak coverage_flush_at_exit

static void __attribute__((constructor)) hook(void)
{
	if (coverage_flush_at_exit)
		coverage_flush_at_exit(__gcov_dump);
}
