/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * A lock for what a system call cannot do instead, so that it is waited for.
 *
 * Its holder may go away without a word: a signal handler jumps out of it, or
 * ends its thread.  Where that is sure the lock is taken over; where it is not,
 * the caller is told after a while, and has to do without.
 */
#ifndef SDI_OWNER_H
#define SDI_OWNER_H

#include <stdint.h>

#include "lock.h"
#include "self.h"

enum sdi_owned {
	SDI_OWNED,
	SDI_OWNED_ANEW,		/* taken from one who had gone in the middle */
	SDI_OWNED_BELOW,	/* the caller has interrupted the holder */
	SDI_OWNED_NOT,		/* the holder does not move */
};

/**
 * struct sdi_owner - the lock
 * @lock:	as in lock.h
 * @wanted:	set by anyone: somebody waits for it; cleared by the holder
 * @frame:	where the holder's stack was
 */
struct sdi_owner {
	uint32_t lock;
	uint32_t wanted;
	uintptr_t frame;
};

/* Has a function of this thread been left by a jump?  By their stack frames. */
int sdi_frame_is_gone(uintptr_t frame, uintptr_t mine);

/* The lock was not free.  With @patient it is waited for, for a while. */
enum sdi_owned sdi_owner_contend(struct sdi_owner *o, uintptr_t frame,
				 int patient);

static inline enum sdi_owned sdi_owner_lock(struct sdi_owner *o, int patient)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	enum sdi_owned got = SDI_OWNED;

	if (!sdi_lock_at_once(&o->lock, sdi_self()))
		got = sdi_owner_contend(o, frame, patient);
	if (got <= SDI_OWNED_ANEW) {
		o->frame = frame;
		/* Whoever still waits says it again. */
		__atomic_store_n(&o->wanted, 0, __ATOMIC_RELAXED);
	}
	return got;
}

static inline void sdi_owner_unlock(struct sdi_owner *o)
{
	sdi_unlock(&o->lock);
}

/* For the holder: does somebody wait for it? */
static inline int sdi_owner_wanted(const struct sdi_owner *o)
{
	return __atomic_load_n(&o->wanted, __ATOMIC_RELAXED) != 0;
}

#endif /* SDI_OWNER_H */
