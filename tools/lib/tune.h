/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* What a user or the administrator has set. */
#ifndef SDI_TUNE_H
#define SDI_TUNE_H

#include <stdint.h>

#define SDI_SPIN_DEFAULT_NS	50000u

/**
 * enum sdi_tune - what can be set
 * @SDI_TUNE_SPIN_US:	for how long a wait may look at the rings before it
 *			sleeps, microseconds; 0: not at all
 * @SDI_TUNE_STORM:	how many connections of a program may be of no use in a
 *			second before it gets TCP's; 0: any number
 * @SDI_TUNES:		how many there are
 */
enum sdi_tune {
	SDI_TUNE_SPIN_US,
	SDI_TUNE_STORM,
	SDI_TUNES
};

/**
 * sdi_tune - what was set
 * @what:	enum sdi_tune
 *
 * What the environment says, else the first line of its file; of either only a
 * whole number up to the largest allowed counts.
 *
 * Return: the number, at most 32 bits; -1: nobody has said.  Context: a
 * constructor.
 */
int64_t sdi_tune(enum sdi_tune what);

/*
 * The number at the beginning of a text, behind which is only its end, a line
 * feed or nothing; -1 if there is none, or it is larger than @most.
 */
int64_t sdi_tune_number(const char *text, uint32_t most);

#endif /* SDI_TUNE_H */
