/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * How long to look before sleeping, learned from what looking was good for.
 *
 * A look that ends too soon costs more than the rest of it would have: a sleep
 * here, and a doorbell there.  While that waker looks for its own answer this one
 * is still waking up, so that two ends can put each other to sleep for good,
 * however quick either is.  So no end gives up before the time that waking takes
 * on this machine, and one that was woken soon looks longer next time.
 */
#ifndef SDI_SPIN_H
#define SDI_SPIN_H

#include <stdint.h>

#define SDI_SPIN_MIN_NS		1000u
/* What was learned of doorbells does not make a look longer than that. */
#define SDI_SPIN_LEARNED_NS	400000u

/**
 * struct sdi_spin - what one direction has learned; all 0: to begin with no look
 * @budget:	how long to look, nanoseconds; 0: not at all
 * @misses:	how often it was not tried since that
 * @tries:	looks against experience since one was of use, up to a bound
 * @finds:	looks of use since the budget was last raised to the most, up to
 *		a bound
 * @doubts:	short sleeps that were believed since a long look was of use, up
 *		to a bound
 * @since:	when the last look began, nanoseconds, if it was in vain; else 0
 */
struct sdi_spin {
	uint32_t budget;
	uint32_t misses;
	uint32_t tries;
	uint16_t finds;
	uint16_t doubts;
	uint64_t since;
};

static inline void sdi_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* No budget is larger, nanoseconds. */
extern uint32_t sdi_spin_most;

/**
 * sdi_spin_start - said once, at the start
 * @set_ns:	the largest budget as somebody has set it, nanoseconds, 0: none;
 *		negative: it is to be learned
 */
void sdi_spin_start(int64_t set_ns);

void sdi_spin_init(struct sdi_spin *s);

/* The time, nanoseconds. */
uint64_t sdi_spin_now(void);

/**
 * sdi_spin_rang - a doorbell was rung
 * @took:	nanoseconds
 *
 * What waking costs whoever rings says what it costs who is woken.
 */
void sdi_spin_rang(uint64_t took);

/*
 * sdi_spin_times_bells() - is what a doorbell takes of interest?
 *
 * May be asked without the lock that protects @s.
 */
int sdi_spin_times_bells(const struct sdi_spin *s);

/* A look has ended behind @took nanoseconds; for sdi_spin_until() and tests. */
void sdi_spin_learn(struct sdi_spin *s, int found, uint64_t took);

/* What was looked for in vain was there @waited nanoseconds after that began. */
void sdi_spin_came(struct sdi_spin *s, uint64_t waited);

/**
 * sdi_spin_until - look until @ready says so, or it is not worth it
 * @s:		what was learned
 * @ready:	a cheap test without side effects
 * @arg:	for @ready
 *
 * Return: the last answer of @ready.
 */
int sdi_spin_until(struct sdi_spin *s, int (*ready)(void *arg), void *arg);

#endif /* SDI_SPIN_H */
