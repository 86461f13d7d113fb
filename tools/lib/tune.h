/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* What a user or the administrator has set. */
#ifndef SDI_TUNE_H
#define SDI_TUNE_H

#include <stdint.h>

#define SDI_SPIN_FILE		"/etc/sdirect/spin_us"
#define SDI_SPIN_DEFAULT_NS	50000u
#define SDI_SPIN_LARGEST_US	10000u

/**
 * sdi_tune_spin_ns - for how long a wait may look at the rings before it sleeps
 *
 * SDIRECT_SPIN_US in the environment, else the first line of SDI_SPIN_FILE; of
 * either only a whole number up to SDI_SPIN_LARGEST_US counts.
 *
 * Return: nanoseconds, 0: not at all; -1: nobody has said.  Context: a
 * constructor.
 */
int64_t sdi_tune_spin_ns(void);

/*
 * The number at the beginning of a text, behind which is only its end, a line
 * feed or nothing; -1 if there is none, or it is larger than @most.
 */
int64_t sdi_tune_number(const char *text, uint32_t most);

#endif /* SDI_TUNE_H */
