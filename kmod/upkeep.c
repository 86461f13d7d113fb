// SPDX-License-Identifier: GPL-2.0
/* What a socket has to look after from its first ring on. */
#include "compat.h"

#include <linux/slab.h>

#include "sock.h"
#include "upkeep.h"

int sdr_upkeep_make(struct sdr_sock *ss)
{
	struct sdr_upkeep *upkeep;

	sock_owned_by_me(ss->sk);
	if (ss->upkeep)
		return 0;
	upkeep = kzalloc(sizeof(*upkeep), GFP_KERNEL_ACCOUNT);
	if (!upkeep)
		return -ENOMEM;
	upkeep->ss = ss;
	sdr_stall_init(&upkeep->stall);
	sdr_keep_init(&upkeep->keep);
	/* Who polls follows the pointer without the socket's lock. */
	smp_store_release(&ss->upkeep, upkeep);
	return 0;
}

void sdr_upkeep_end(struct sdr_sock *ss)
{
	struct sdr_upkeep *upkeep = ss->upkeep;

	if (!upkeep)
		return;
	sdr_stall_stop(&upkeep->stall);
	sdr_keep_stop(&upkeep->keep);
	kfree(upkeep);
}
