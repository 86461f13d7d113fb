// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "spin.h"

#include <time.h>

#include "lock.h"
#include "raw.h"
#include "tune.h"

/* Looks between two looks at the clock. */
#define SPIN_BATCH	32
/*
 * A direction that gave up tries again once in so many waits, and then in twice
 * as many: where both ends are on one CPU no look is ever of use.
 */
#define SPIN_RETRY	64u
#define SPIN_TRIES_MOST	4
/* Rounds of waiting for a lock: the holder is copying, or was preempted. */
#define LOCK_PAUSES	256
#define LOCK_YIELDS	512

/*
 * Who is woken needs several times as long as who wakes: an interrupt, the end of
 * a processor's sleep, a change of tasks, and the way out of the kernel.
 */
#define SPIN_BELLS	8
/* Each doorbell counts for so much: the median of them shows. */
#define SPIN_STEP	16
/* Where looks are in vain one doorbell in so many waits is timed. */
#define SPIN_TIMED	16u
/* A look that took such a part of the longest could not have been a short one. */
#define SPIN_LONG	4
/* Beliefs without a long look of use: the next wants twice the finds, up to 128. */
#define SPIN_DOUBTS_MOST	8

uint32_t sdi_spin_most;
static int is_learned;

void sdi_spin_start(int64_t set_ns)
{
	is_learned = set_ns < 0;
	sdi_spin_most = is_learned ? SDI_SPIN_DEFAULT_NS : (uint32_t)set_ns;
}

void sdi_spin_init(struct sdi_spin *s)
{
	*s = (struct sdi_spin) {
		.budget = __atomic_load_n(&sdi_spin_most, __ATOMIC_RELAXED),
		.finds = 1,
	};
}

/* sdi_spin_times_bells() may look at the same time. */
static void set(uint32_t *word, uint32_t to)
{
	__atomic_store_n(word, to, __ATOMIC_RELAXED);
}

/* It was of use. */
static void is_good(struct sdi_spin *s)
{
	set(&s->tries, 0);
	if (s->finds < UINT16_MAX)
		s->finds++;
}

/* One look, whatever was learned. */
static void try_again(struct sdi_spin *s)
{
	s->budget = __atomic_load_n(&sdi_spin_most, __ATOMIC_RELAXED);
	set(&s->misses, 0);
	s->finds = 0;
	if (s->tries < SPIN_TRIES_MOST)
		set(&s->tries, s->tries + 1);
}

uint64_t sdi_spin_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * Neither look at the clock is worth anything where no look at the ring is, but
 * the other end may move to another CPU, and what it takes to wake it changes.
 */
int sdi_spin_times_bells(const struct sdi_spin *s)
{
	if (!is_learned)
		return 0;
	return __atomic_load_n(&s->tries, __ATOMIC_RELAXED) < SPIN_TRIES_MOST ||
	       !(__atomic_load_n(&s->misses, __ATOMIC_RELAXED) % SPIN_TIMED);
}

/* Two threads may do this at once: one of the steps is lost then. */
void sdi_spin_rang(uint64_t took)
{
	uint32_t most = __atomic_load_n(&sdi_spin_most, __ATOMIC_RELAXED);

	if (!is_learned)
		return;
	if (took > most / SPIN_BELLS)
		most += most / SPIN_STEP;
	else
		most -= most / SPIN_STEP;
	if (most < SDI_SPIN_DEFAULT_NS)
		most = SDI_SPIN_DEFAULT_NS;
	if (most > SDI_SPIN_LEARNED_NS)
		most = SDI_SPIN_LEARNED_NS;
	__atomic_store_n(&sdi_spin_most, most, __ATOMIC_RELAXED);
}

/*
 * Twice what was needed is enough; what did not help is halved, and what was tried
 * against experience has an end.
 */
void sdi_spin_learn(struct sdi_spin *s, int found, uint64_t took)
{
	uint32_t most = __atomic_load_n(&sdi_spin_most, __ATOMIC_RELAXED);
	uint64_t budget = found ? 2 * took + SDI_SPIN_MIN_NS : 0;

	if (found)
		budget = (budget + 7ull * s->budget) / 8;
	else if (s->finds)
		budget = s->budget / 2;
	if (budget > most)
		budget = most;
	if (budget < SDI_SPIN_MIN_NS)
		budget = found ? SDI_SPIN_MIN_NS : 0;
	s->budget = (uint32_t)budget;
	if (!found)
		return;
	is_good(s);
	if (took > most / SPIN_LONG)
		s->doubts = 0;
}

/*
 * Half of a short wait is the way into sleep and out of it.  But where that was
 * believed, and the longer look was in vain too, it has to be useful once before
 * it is believed again: who answers at leisure is not waited for.  What is found
 * soon is a weak reason, as all but the first of a burst is: without a long look
 * that was of use twice as much of it is wanted each time.
 */
void sdi_spin_came(struct sdi_spin *s, uint64_t waited)
{
	uint32_t most = __atomic_load_n(&sdi_spin_most, __ATOMIC_RELAXED);

	s->since = 0;
	if (!s->finds || s->finds < (1u << s->doubts) / 2 || waited > 2ull * most)
		return;
	s->finds = 0;
	s->budget = most;
	if (s->doubts < SPIN_DOUBTS_MOST)
		s->doubts++;
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

	if (s->since)
		sdi_spin_came(s, sdi_spin_now() - s->since);
	if (!s->budget) {
		set(&s->misses, s->misses + 1);
		if (s->misses < SPIN_RETRY << s->tries)
			return ready(arg);
		try_again(s);
	}
	/* What is about to come is not worth a look at the clock. */
	if (look(ready, arg)) {
		is_good(s);
		return 1;
	}
	begin = sdi_spin_now();
	while (!found && took < s->budget) {
		found = look(ready, arg);
		took = sdi_spin_now() - begin;
	}
	sdi_spin_learn(s, found, took);
	if (!found)
		s->since = begin;
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
