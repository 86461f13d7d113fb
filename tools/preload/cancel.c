// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "cancel.h"

#include <pthread.h>

#include "next.h"

int cancel_used;

HOOK int pthread_cancel(pthread_t thread)
{
	/* Before it is to be seen: who sees the one sees the other. */
	__atomic_store_n(&cancel_used, 1, __ATOMIC_RELEASE);
	return next.odd.pthread_cancel(thread);
}
