/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * A lock for what a system call cannot do instead, so that it is waited for.
 *
 * Its holder may go away without a word: a signal handler jumps out of it, or
 * ends its thread.  Where that is sure, as the thread is no more, the lock is
 * taken over; where it is not, the caller is told after a while, and has to do
 * without.  Nobody takes it from his own thread: no stack tells for sure whether
 * a handler runs on top of the holder, or has left him behind.
 */
#ifndef SDI_OWNER_H
#define SDI_OWNER_H

#include <stdint.h>

#include "lock.h"
#include "self.h"

enum sdi_owned {
	SDI_OWNED,
	SDI_OWNED_ANEW,		/* taken from one who had gone in the middle */
	SDI_OWNED_BELOW,	/* the caller's thread has it already */
	SDI_OWNED_NOT,		/* the holder does not move */
};

/**
 * struct sdi_owner - the lock
 * @lock:	as in lock.h
 * @wanted:	set by anyone: somebody waits for it; cleared by the holder
 */
struct sdi_owner {
	uint32_t lock;
	uint32_t wanted;
};

/* The lock was not free.  With @patient it is waited for, for a while. */
enum sdi_owned sdi_owner_contend(struct sdi_owner *o, int patient);

static inline enum sdi_owned sdi_owner_lock(struct sdi_owner *o, int patient)
{
	enum sdi_owned got = SDI_OWNED;

	if (!sdi_lock_at_once(&o->lock, sdi_self()))
		got = sdi_owner_contend(o, patient);
	/* Whoever still waits says it again. */
	if (got <= SDI_OWNED_ANEW)
		__atomic_store_n(&o->wanted, 0, __ATOMIC_RELAXED);
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
