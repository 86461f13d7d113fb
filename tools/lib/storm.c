// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "storm.h"

#include "place.h"

#define US_PER_S	1000000u
#define US_PER_MS	1000u

struct sdi_storm sdi_storm;

void sdi_storm_init(struct sdi_storm *s, uint32_t rate)
{
	*s = (struct sdi_storm){ .rate = rate, .left = rate };
}

/*
 * What the time up to @now, microseconds, is worth; 0 if another thread had it.
 */
static uint32_t earn(struct sdi_storm *s, uint64_t now)
{
	uint64_t since = __atomic_load_n(&s->since, __ATOMIC_RELAXED);
	uint64_t gain, until = now;

	if (now <= since)
		return 0;
	/* Also so that nothing overflows below. */
	if (now - since >= US_PER_S)
		gain = s->rate;
	else
		gain = (now - since) * s->rate / US_PER_S;
	if (!gain)
		return 0;
	/*
	 * The part of one that is not there yet is not lost.  Rounded up, at
	 * most to @now, as no time may be worth something twice.
	 */
	if (gain < s->rate)
		until = since + (gain * US_PER_S + s->rate - 1) / s->rate;
	if (!__atomic_compare_exchange_n(&s->since, &since, until, 0,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return 0;
	return (uint32_t)gain;
}

/* Return: what is left now. */
static SDI_HOT uint32_t grow(struct sdi_storm *s, uint64_t now)
{
	uint32_t gain = earn(s, now * US_PER_MS), more;
	uint32_t left = __atomic_load_n(&s->left, __ATOMIC_RELAXED);

	if (!gain)
		return left;
	do
		more = gain < s->rate - left ? left + gain : s->rate;
	while (!__atomic_compare_exchange_n(&s->left, &left, more, 0,
					    __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	return more;
}

SDI_HOT int sdi_storm_take(struct sdi_storm *s, uint64_t now)
{
	uint32_t left;

	if (!s->rate)
		return 1;
	left = grow(s, now);
	while (left)
		if (__atomic_compare_exchange_n(&s->left, &left, left - 1, 0,
						__ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return 1;
	return 0;
}

SDI_HOT int sdi_storm_spares(struct sdi_storm *s, uint64_t now)
{
	/* Not at the first that is left, or it would be on and off. */
	if (grow(s, now) > s->rate / 2) {
		__atomic_store_n(&s->on, 0, __ATOMIC_RELAXED);
		return 0;
	}
	if (__atomic_add_fetch(&s->spared, 1, __ATOMIC_RELAXED) %
	    SDI_STORM_TRY == 0)
		return 0;
	sdi_storm_take(s, now);
	return 1;
}

void sdi_storm_begin(struct sdi_storm *s)
{
	__atomic_store_n(&s->on, 1, __ATOMIC_RELAXED);
}

void sdi_storm_end(struct sdi_storm *s)
{
	__atomic_store_n(&s->left, s->rate, __ATOMIC_RELAXED);
	__atomic_store_n(&s->on, 0, __ATOMIC_RELAXED);
}
