// SPDX-License-Identifier: GPL-2.0
/* How long a call looks for what comes before it sleeps. */
#include "compat.h"

#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>

#include "rdma/qp.h"
#include "rdma/spin.h"

/* Where nothing came in time 2, 4, ... waits sleep at once, up to so many. */
#define SKIP_MAX_SHIFT	6

int sdr_rdma_spin_us = 50;

bool sdr_rdma_spin_worth(struct sdr_rdma_spin *spin)
{
	u32 skip = READ_ONCE(spin->skip);

	if (!READ_ONCE(sdr_rdma_spin_us) || num_online_cpus() == 1)
		return false;
	if (skip)
		WRITE_ONCE(spin->skip, skip - 1);
	return !skip;
}

static void learn(struct sdr_rdma_spin *spin, bool found)
{
	u32 misses = found ? 0 : min(READ_ONCE(spin->misses) + 1,
				     (u32)SKIP_MAX_SHIFT);

	WRITE_ONCE(spin->misses, misses);
	WRITE_ONCE(spin->skip, misses > 1 ? 1u << misses : 0);
}

bool sdr_rdma_spin_until(struct sdr_rdma_spin *spin, struct sdr_rdma_qp *qp,
			 bool (*ready)(const void *arg), const void *arg)
{
	u64 end = ktime_get_ns() +
		  (u64)READ_ONCE(sdr_rdma_spin_us) * NSEC_PER_USEC;
	bool found;

	do {
		sdr_rdma_qp_look(qp);
		found = ready(arg);
		cpu_relax();
	} while (!found && !need_resched() && !signal_pending(current) &&
		 !sdr_rdma_qp_ends(qp) && ktime_get_ns() < end);
	learn(spin, found);
	return found;
}
