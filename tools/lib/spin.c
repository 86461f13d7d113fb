// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "spin.h"

#include <time.h>

#include "lock.h"
#include "raw.h"

/* Looks between two looks at the clock. */
#define SPIN_BATCH	32
/* A direction that gave up tries again once in so many waits. */
#define SPIN_RETRY	64
/* Rounds of waiting for a lock: the holder is copying, or was preempted. */
#define LOCK_PAUSES	256
#define LOCK_YIELDS	512

uint32_t sdi_spin_most;

void sdi_spin_init(struct sdi_spin *s)
{
	s->budget = sdi_spin_most;
	s->misses = 0;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Twice what was needed is enough; what did not help is halved. */
static void learn(struct sdi_spin *s, int found, uint64_t took)
{
	uint64_t budget = found ? 2 * took + SDI_SPIN_MIN_NS : 0;

	if (found)
		budget = (budget + 7ull * s->budget) / 8;
	else
		budget = s->budget / 2;
	if (budget > sdi_spin_most)
		budget = sdi_spin_most;
	if (budget < SDI_SPIN_MIN_NS)
		budget = found ? SDI_SPIN_MIN_NS : 0;
	s->budget = (uint32_t)budget;
}

static int look(int (*ready)(void *arg), void *arg)
{
	int found = 0;

	for (int i = 0; i < SPIN_BATCH && !(found = ready(arg)); i++)
		sdi_pause();
	return found;
}

int sdi_spin_until(struct sdi_spin *s, int (*ready)(void *arg), void *arg)
{
	uint64_t begin, took = 0;
	int found = 0;

	if (!s->budget) {
		if (++s->misses < SPIN_RETRY)
			return ready(arg);
		sdi_spin_init(s);
	}
	/* What is about to come is not worth a look at the clock. */
	if (look(ready, arg))
		return 1;
	begin = now_ns();
	while (!found && took < s->budget) {
		found = look(ready, arg);
		took = now_ns() - begin;
	}
	learn(s, found, took);
	return found;
}

enum sdi_locked sdi_lock_contended(uint32_t *lock, uint32_t tid)
{
	uint32_t holder;

	for (int i = 0; i < LOCK_PAUSES + LOCK_YIELDS; i++) {
		holder = __atomic_load_n(lock, __ATOMIC_RELAXED);
		/* Our own: a signal handler came upon what it interrupted. */
		if (holder & SDI_IN_CALL || holder == tid)
			return SDI_LOCK_OTHER_WAY;
		if (!holder && sdi_trylock(lock, tid))
			return SDI_LOCKED;
		if (i < LOCK_PAUSES)
			sdi_pause();
		else
			sdi_raw(SYS_sched_yield);
	}
	return SDI_LOCK_STUCK;
}
