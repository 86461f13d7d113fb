/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * Programs of which no thread is ever cancelled, that is almost all, need not
 * ask at each call whether this one is.
 */
#ifndef CANCEL_H
#define CANCEL_H

#include "../lib/shared.h"

extern int cancel_used SDI_HIDDEN;

/* Has pthread_cancel(3) been called in this program? */
static inline int may_be_cancelled(void)
{
	return __builtin_expect(__atomic_load_n(&cancel_used, __ATOMIC_RELAXED),
				0);
}

#endif /* CANCEL_H */
