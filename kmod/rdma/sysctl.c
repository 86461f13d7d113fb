// SPDX-License-Identifier: GPL-2.0
/* net.sdirect.rdma*: what an administrator sets for the RDMA carrier. */
#include "compat.h"

#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>

#include "rdma/allow.h"
#include "rdma/lane.h"
#include "rdma/net.h"
#include "rdma/poll.h"
#include "rdma/spin.h"
#include "rdma/sysctl.h"

static int spin_us_max = SDR_RDMA_SPIN_US_MAX;
static int qps_max = SDR_RDMA_LANES_MAX;

enum {
	SOFT,
	QPS,
	ALLOW,
	SPIN_US,
	POLL,
	ALL,
};

/* Where there is no .data it is the namespace's own. */
static const struct ctl_table sysctls[ALL + 1] = {
	[SOFT] = {
		.procname	= "rdma_soft",
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	[QPS] = {
		.procname	= "rdma_qps",
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ONE,
		.extra2		= &qps_max,
	},
	[ALLOW] = {
		.procname	= "rdma_allow",
		.mode		= 0644,
		.proc_handler	= sdr_rdma_allow_sysctl,
	},
	[SPIN_US] = {
		.procname	= "rdma_spin_us",
		.data		= &sdr_rdma_spin_us,
		.maxlen		= sizeof(sdr_rdma_spin_us),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &spin_us_max,
	},
	[POLL] = {
		.procname	= "rdma_poll",
		.data		= &sdr_rdma_poll,
		.maxlen		= sizeof(sdr_rdma_poll),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
};

struct ctl_table_header *sdr_rdma_sysctl_register(struct sdr_rdma_net *rn)
{
	struct ctl_table_header *header;
	struct ctl_table *table;

	table = kmemdup(sysctls, sizeof(sysctls), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table[SOFT].data = &rn->soft;
	table[QPS].data = &rn->qps;
	table[ALLOW].data = &rn->allow;
	header = sdr_net_sysctl(rn->net, "net/sdirect", table, ALL);
	if (!header)
		kfree(table);
	return header;
}

void sdr_rdma_sysctl_unregister(struct ctl_table_header *header)
{
	const struct ctl_table *table = header->ctl_table_arg;

	unregister_net_sysctl_table(header);
	kfree(table);
}
