// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "due.h"

#include <stddef.h>

#define SECOND		1000000000u
#define MILLISECOND	1000000u

static uint64_t to_ns(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * SECOND + (uint64_t)ts->tv_nsec;
}

const struct timespec *sdi_due_left(struct sdi_due *d)
{
	struct timespec ts;
	uint64_t now, left;

	/* A wait of a lifetime needs no clock. */
	if (!d->timeout || d->timeout->tv_sec >= INT32_MAX)
		return d->timeout;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = to_ns(&ts);
	if (!d->end)
		d->end = now + to_ns(d->timeout);
	left = d->end > now ? d->end - now : 0;
	if (!(d->timeout->tv_nsec % MILLISECOND))
		left = (left + MILLISECOND - 1) / MILLISECOND * MILLISECOND;
	d->left.tv_sec = (time_t)(left / SECOND);
	d->left.tv_nsec = (long)(left % SECOND);
	return &d->left;
}
