/* SPDX-License-Identifier: GPL-2.0 */
/* How long a call looks for what comes before it sleeps. */
#ifndef _SDR_RDMA_SPIN_H
#define _SDR_RDMA_SPIN_H

#include <linux/types.h>

struct sdr_rdma_qp;

/* sdr_rdma_spin_us - no longer than this, microseconds; 0: not at all (a sysctl) */
extern int sdr_rdma_spin_us;
#define SDR_RDMA_SPIN_US_MAX	10000

/**
 * struct sdr_rdma_spin - what looking was good for
 * @misses:	how often in a row nothing came in time
 * @skip:	waits that are not to be tried
 *
 * Of one connection; whoever waits there at the same time may lose a count.
 */
struct sdr_rdma_spin {
	u32 misses;
	u32 skip;
};

/* sdr_rdma_spin_worth() - is this wait to be tried?  Any context. */
bool sdr_rdma_spin_worth(struct sdr_rdma_spin *spin);

/**
 * sdr_rdma_spin_until - look until @ready says so, or it is not worth it
 * @spin:	what was learned
 * @qp:		where it will come from; held by sdr_rdma_qp_hold()
 * @ready:	a cheap test
 * @arg:	for @ready
 *
 * Ends early where a signal, another task or the end of @qp wait.  Context:
 * process, no locks.  Return: the last answer of @ready.
 */
bool sdr_rdma_spin_until(struct sdr_rdma_spin *spin, struct sdr_rdma_qp *qp,
			 bool (*ready)(const void *arg), const void *arg);

#endif /* _SDR_RDMA_SPIN_H */
