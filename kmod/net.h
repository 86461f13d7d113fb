/* SPDX-License-Identifier: GPL-2.0 */
/* What sdirect keeps per network namespace. */
#ifndef _SDR_NET_H
#define _SDR_NET_H

#include <linux/workqueue.h>
#include <net/netns/generic.h>

#include "roll.h"
#include "stats.h"

struct ctl_table_header;
struct sdr_policy;

/**
 * struct sdr_net - per network namespace
 * @roll:	its sockets
 * @ends:	of them, those that look for a peer or have one
 * @stats:	the counters
 * @policy:	who may go direct
 * @again:	judges living connections again
 * @again_all:	... by all policies, not this one's alone
 * @sysctl:	net.sdirect
 */
struct sdr_net {
	struct sdr_roll roll;
	atomic_t ends;
	struct sdr_stats __percpu *stats;
	struct sdr_policy *policy;
	struct work_struct again;
	bool again_all;
	struct ctl_table_header *sysctl;
};

extern unsigned int sdr_net_id;

static inline struct sdr_net *sdr_net(struct net *net)
{
	return net_generic(net, sdr_net_id);
}

int __init sdr_net_init(void);
void sdr_net_exit(void);

#endif /* _SDR_NET_H */
