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
	ON,
	SOFT,
	QPS,
	ALLOW,
	OWN,		/* so many has each namespace */
	SPIN_US = OWN,	/* processors are the host's */
	POLL,
	ALL,
};

static int proc_on(SDR_CTL_CONST struct ctl_table *table, int write,
		   void *buffer, size_t *length, loff_t *at)
{
	struct sdr_rdma_net *rn = table->data;
	int on = READ_ONCE(rn->on), err;
	struct ctl_table own = {
		.data	= &on,
		.maxlen	= sizeof(on),
		.extra1	= SYSCTL_ZERO,
		.extra2	= SYSCTL_ONE,
	};

	err = proc_dointvec_minmax(&own, write, buffer, length, at);
	return err || !write ? err : sdr_rdma_net_turn(rn, on);
}

/* Where there is no .data it is the namespace's own. */
static const struct ctl_table sysctls[ALL + 1] = {
	[ON] = {
		.procname	= "rdma",
		.mode		= 0644,
		.proc_handler	= proc_on,
	},
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
	size_t n = sdr_rdma_net_is_first(rn) ? ALL : OWN;
	struct ctl_table_header *header;
	struct ctl_table *table;

	table = kmemdup(sysctls, sizeof(sysctls), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	memset(&table[n], 0, sizeof(table[n]));
	table[ON].data = rn;
	table[SOFT].data = &rn->soft;
	table[QPS].data = &rn->qps;
	table[ALLOW].data = &rn->allow;
	header = sdr_net_sysctl(rn->net, "net/sdirect", table, n);
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
