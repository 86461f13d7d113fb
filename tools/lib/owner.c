// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "owner.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "raw.h"
#include "spin.h"

/* Tries: the holder works, or was preempted, or does not come back. */
#define PAUSES		256
#define YIELDS		64
#define NAPS		200	/* of a millisecond */
/* A handler's frames are further below those of what it has interrupted. */
#define SIGNAL_FRAME	1000

static int on_other_stack(void)
{
	stack_t now = { 0 };

	return !sdi_raw(SYS_sigaltstack, NULL, &now) &&
	       now.ss_flags & SS_ONSTACK;
}

/* Stacks grow down; one of a signal handler's own has another place. */
int sdi_frame_is_gone(uintptr_t frame, uintptr_t mine)
{
	return mine + SIGNAL_FRAME > frame && !on_other_stack();
}

/* Where the holder may come back its lock is never taken: the kernel serves. */
static enum sdi_owned ask_again(const struct sdi_owner *o, uintptr_t frame)
{
	return sdi_frame_is_gone(o->frame, frame) ? SDI_OWNED_ANEW :
						    SDI_OWNED_BELOW;
}

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

enum sdi_owned sdi_owner_contend(struct sdi_owner *o, uintptr_t frame,
				 int patient)
{
	int most = patient ? PAUSES + YIELDS + NAPS : PAUSES;
	uint32_t holder, tid = sdi_self();

	for (int i = 0; i < most; i++) {
		holder = __atomic_load_n(&o->lock, __ATOMIC_RELAXED);
		if (holder == tid)
			return ask_again(o, frame);
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
