/* SPDX-License-Identifier: GPL-2.0 */
/* Who may go direct. */
#ifndef _SDR_POLICY_H
#define _SDR_POLICY_H

#include <linux/cred.h>
#include <linux/types.h>

/**
 * struct sdr_policy_end - what the policy knows of one end
 * @cred:	who connected or accepted, as of then
 */
struct sdr_policy_end {
	const struct cred *cred;
};

/**
 * sdr_policy_allows - may these two exchange bytes outside TCP?
 * @a:	one end
 * @b:	the other
 *
 * Context: atomic.
 */
bool sdr_policy_allows(const struct sdr_policy_end *a,
		       const struct sdr_policy_end *b);

#endif /* _SDR_POLICY_H */
