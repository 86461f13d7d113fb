/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * Programs whose connections are of no use to sdirect, hundreds a second.
 *
 * To open one on AF_SDIRECT takes longer than on TCP, and only one that is used
 * more than a few times is the faster for it.  Whoever opens one now and then
 * does not feel that.  So a number of them in a second is allowed to be in vain;
 * beyond that it is a storm, in which sockets are TCP's, until fewer are opened
 * or one of those that are still tried turns out to be of use.
 */
#ifndef SDI_STORM_H
#define SDI_STORM_H

#include <stdint.h>

/* How many may be in vain in a second where nobody has said. */
#define SDI_STORM_RATE	100u
/* During a storm one socket of so many is tried all the same. */
#define SDI_STORM_TRY	32u

/**
 * struct sdi_storm - what trying has been good for, of late
 * @rate:	so many may be in vain in a second, and at once; 0: any number
 * @left:	so many more may be now, at most @rate
 * @on:		1: sockets are TCP's
 * @spared:	how many sockets were asked about during storms
 * @since:	up to when @left has grown, microseconds
 *
 * All are hints: read and written without an order, and what two threads do to
 * them at once may count as one.  The times are of any clock that does not go
 * back; a time that is earlier than another thread's counts as the same.
 * A forked child goes on with what its parent had learned.
 */
struct sdi_storm {
	uint32_t rate;
	uint32_t left;
	uint32_t on;
	uint32_t spared;
	uint64_t since;
};

/* Of this process; set once, at the start. */
extern struct sdi_storm sdi_storm;

static inline int sdi_storm_is_on(const struct sdi_storm *s)
{
	return __atomic_load_n(&s->on, __ATOMIC_RELAXED);
}

/* With no storm, and all allowed that @rate allows. */
void sdi_storm_init(struct sdi_storm *s, uint32_t rate);

/**
 * sdi_storm_spares - shall the socket that is made now be TCP's?
 * @s:		while it is on
 * @now:	milliseconds
 *
 * One that is counts as one in vain, so that the storm goes on as long as they
 * are as many as that.
 *
 * Return: 0: try it.
 */
int sdi_storm_spares(struct sdi_storm *s, uint64_t now);

/**
 * sdi_storm_take - one was in vain
 * @s:		the account
 * @now:	milliseconds
 *
 * Return: 0 if no more was allowed.
 */
int sdi_storm_take(struct sdi_storm *s, uint64_t now);

/* From now on sockets are TCP's. */
void sdi_storm_begin(struct sdi_storm *s);
/* One was of use: they are tried again, and may be in vain as often. */
void sdi_storm_end(struct sdi_storm *s);

#endif /* SDI_STORM_H */
