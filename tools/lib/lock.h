/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * The lock of one direction: a word with the holder's thread id.
 *
 * Nobody ever sleeps on it.  Who does not get it soon makes a plain system
 * call, which is always right: the kernel then takes the lease away.  So a
 * holder that is stopped, or that jumped out of a signal handler, holds
 * nobody up for long.
 */
#ifndef SDI_LOCK_H
#define SDI_LOCK_H

#include <stdint.h>
#include <sys/single_threaded.h>

/* The holder is in a system call and may stay there: do not wait for it. */
#define SDI_IN_CALL	0x80000000u

enum sdi_locked {
	SDI_LOCKED,
	SDI_LOCK_OTHER_WAY,	/* go by a plain system call */
	SDI_LOCK_STUCK,		/* the same; its holder does not move */
};

/* Waits for a while. */
enum sdi_locked sdi_lock_contended(uint32_t *lock, uint32_t tid);

static inline int sdi_trylock(uint32_t *lock, uint32_t tid)
{
	uint32_t old = 0;

	return __atomic_compare_exchange_n(lock, &old, tid, 0,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * The same by the only thread: only its own signal handlers can come between the
 * load and the store, and they leave the lock as they found it.
 */
static inline int sdi_trylock_alone(uint32_t *lock, uint32_t tid)
{
	if (__atomic_load_n(lock, __ATOMIC_RELAXED))
		return 0;
	__atomic_store_n(lock, tid, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return 1;
}

/* sdi_lock_at_once() - true if nobody had it */
static inline int sdi_lock_at_once(uint32_t *lock, uint32_t tid)
{
	return __libc_single_threaded ? sdi_trylock_alone(lock, tid) :
					sdi_trylock(lock, tid);
}

static inline enum sdi_locked sdi_lock(uint32_t *lock, uint32_t tid)
{
	if (sdi_lock_at_once(lock, tid))
		return SDI_LOCKED;
	return __libc_single_threaded ? SDI_LOCK_OTHER_WAY :
					sdi_lock_contended(lock, tid);
}

static inline void sdi_unlock(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif /* SDI_LOCK_H */
