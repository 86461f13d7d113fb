/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * How long to look before sleeping, learned from what looking was good for.
 */
#ifndef SDI_SPIN_H
#define SDI_SPIN_H

#include <stdint.h>

#define SDI_SPIN_MIN_NS		1000u

/**
 * struct sdi_spin - what one direction has learned
 * @budget:	how long to look, nanoseconds; 0: not at all
 * @misses:	how often it was not tried since that
 */
struct sdi_spin {
	uint32_t budget;
	uint32_t misses;
};

static inline void sdi_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* No budget is larger, nanoseconds; set once, at the start. */
extern uint32_t sdi_spin_most;

void sdi_spin_init(struct sdi_spin *s);

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
