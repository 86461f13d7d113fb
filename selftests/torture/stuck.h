/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TORTURE_STUCK_H
#define TORTURE_STUCK_H

#include <sys/types.h>

/* Prints where every thread of every process of a group is. */
void stuck_show(pid_t group);

#endif /* TORTURE_STUCK_H */
