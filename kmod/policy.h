/* SPDX-License-Identifier: GPL-2.0 */
/* Who may go direct. */
#ifndef _SDR_POLICY_H
#define _SDR_POLICY_H

#include <linux/types.h>

struct sdr_owner;

/**
 * sdr_policy_allows - may these two exchange bytes outside TCP?
 * @a:	one end
 * @b:	the other
 *
 * Context: atomic.
 */
bool sdr_policy_allows(const struct sdr_owner *a, const struct sdr_owner *b);

#endif /* _SDR_POLICY_H */
