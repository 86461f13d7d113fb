// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "owner.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "raw.h"
#include "spin.h"

/* Tries: the holder works, or was preempted, or does not come back. */
#define PAUSES		256
#define YIELDS		64
#define NAPS		200	/* of a millisecond */

static int is_dead(uint32_t tid)
{
	return sdi_raw(SYS_tgkill, sdi_process->pid, tid, 0) == -ESRCH;
}

/*
 * A nap lets a holder run that a scheduler puts behind us; its end is the time
 * to see whether there is one.
 */
static int outlived(struct sdi_owner *o, uint32_t holder, uint32_t tid)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	sdi_raw(SYS_nanosleep, &nap, NULL);
	return is_dead(holder) &&
	       __atomic_compare_exchange_n(&o->lock, &holder, tid, 0,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

enum sdi_owned sdi_owner_contend(struct sdi_owner *o, int patient)
{
	int most = patient ? PAUSES + YIELDS + NAPS : PAUSES;
	uint32_t holder, tid = sdi_self();

	for (int i = 0; i < most; i++) {
		holder = __atomic_load_n(&o->lock, __ATOMIC_RELAXED);
		if (holder == tid)
			return SDI_OWNED_BELOW;
		if (!holder && sdi_trylock(&o->lock, tid))
			return SDI_OWNED;
		__atomic_store_n(&o->wanted, 1, __ATOMIC_RELAXED);
		if (i < PAUSES)
			sdi_pause();
		else if (i < PAUSES + YIELDS)
			sdi_raw(SYS_sched_yield);
		else if (holder && outlived(o, holder, tid))
			return SDI_OWNED_ANEW;
	}
	return SDI_OWNED_NOT;
}
