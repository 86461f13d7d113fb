/* SPDX-License-Identifier: GPL-2.0-only */
/* What flush.c and hook.c know of each other. */
#ifndef COVERAGE_FLUSH_H
#define COVERAGE_FLUSH_H

void coverage_flush_at_exit(void (*dump)(void));

#endif
