// SPDX-License-Identifier: GPL-2.0
/* Who may go direct. */
#include "compat.h"

#include <linux/uidgid.h>

#include "owner.h"
#include "policy.h"

bool sdr_policy_allows(const struct sdr_owner *a, const struct sdr_owner *b)
{
	/*
	 * Bytes on a ring are seen by no firewall, so without a rule only those
	 * go direct who could read each other's memory anyway.
	 */
	return uid_eq(a->cred->euid, b->cred->euid) &&
	       a->cred->user_ns == b->cred->user_ns;
}
