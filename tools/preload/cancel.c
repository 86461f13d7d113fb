// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * Programs of which no thread is ever cancelled, that is almost all, need not
 * ask at each call whether this one is.  The others have no quick calls.
 */
#include <pthread.h>

#include "../lib/quick.h"
#include "next.h"

HOOK int pthread_cancel(pthread_t thread)
{
	/* Before it is to be seen: who sees the one sees the other. */
	sdi_quick_off();
	return next.odd.pthread_cancel(thread);
}
