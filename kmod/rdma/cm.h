/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of other hosts for queue pairs: RDMA CM's listeners. */
#ifndef _SDR_RDMA_CM_H
#define _SDR_RDMA_CM_H

#include <linux/types.h>

struct net;
struct rdma_cm_id;

/**
 * struct sdr_rdma_cm - who listens in a network namespace
 * @ids:	IPv4's, IPv6's, or NULL
 */
struct sdr_rdma_cm {
	struct rdma_cm_id *ids[2];
};

/**
 * sdr_rdma_cm_listen - requests are answered from now on
 * @cm:		nobody listens yet
 * @net:	where
 *
 * It holds the namespace.  Return: 0 or an error.  Context: may sleep, not under
 * a link's gate.
 */
int sdr_rdma_cm_listen(struct sdr_rdma_cm *cm, struct net *net);

/* sdr_rdma_cm_unlisten() - no more, if anybody has; context as above. */
void sdr_rdma_cm_unlisten(struct sdr_rdma_cm *cm);

static inline bool sdr_rdma_cm_listens(const struct sdr_rdma_cm *cm)
{
	return cm->ids[0];
}

#endif /* _SDR_RDMA_CM_H */
