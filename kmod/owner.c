// SPDX-License-Identifier: GPL-2.0
/* Who opened an end of a connection. */
#include "compat.h"

#include <linux/sched/signal.h>

#include "owner.h"
#include "payer.h"

struct sdr_owner sdr_owner_current(void)
{
	return (struct sdr_owner) {
		.cred	= get_current_cred(),
		.pid	= get_pid(task_tgid(current)),
		.quota	= sdr_quota_find(current_euid()),
	};
}

struct sdr_owner sdr_owner_get(const struct sdr_owner *owner)
{
	return (struct sdr_owner) {
		.cred	= get_cred(owner->cred),
		.pid	= get_pid(owner->pid),
		.quota	= sdr_quota_get(owner->quota),
	};
}

void sdr_owner_put(struct sdr_owner *owner)
{
	put_cred(owner->cred);
	put_pid(owner->pid);
	sdr_quota_put(owner->quota);
	*owner = (struct sdr_owner) { };
}
