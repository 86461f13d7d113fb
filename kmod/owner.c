// SPDX-License-Identifier: GPL-2.0
/* Who opened an end of a connection. */
#include "compat.h"

#include <linux/sched/signal.h>

#include "owner.h"

struct sdr_owner sdr_owner_current(void)
{
	return (struct sdr_owner) {
		.cred	= get_current_cred(),
		.pid	= get_pid(task_tgid(current)),
	};
}

bool sdr_owner_is_current(const struct sdr_owner *owner)
{
	/* Compared, not followed: a stale one is as good. */
	return data_race(owner->cred) == current_cred() &&
	       /* The same. */
	       data_race(owner->pid) == task_tgid(current);
}

struct sdr_owner sdr_owner_get(const struct sdr_owner *owner)
{
	return (struct sdr_owner) {
		.cred	= get_cred(owner->cred),
		.pid	= get_pid(owner->pid),
	};
}

void sdr_owner_put(struct sdr_owner *owner)
{
	put_cred(owner->cred);
	put_pid(owner->pid);
	*owner = (struct sdr_owner) { };
}
