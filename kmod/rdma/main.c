// SPDX-License-Identifier: GPL-2.0
/*
 * sdirect_rdma.ko: connections between hosts by RDMA.
 *
 * A module of its own, so that sdirect.ko needs no ib_core.  It registers with
 * the core as who reaches the other end of a connection on another host.
 */
#include "compat.h"

#include <linux/module.h>
#include <net/net_namespace.h>

#include "carrier.h"
#include "rdma/conn.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/netlink.h"
#include "rdma/poll.h"

struct workqueue_struct *sdr_rdma_poll_wq;

static struct sdr_carrier carrier;

module_param_named(port, sdr_rdma_port, ushort, 0444);
MODULE_PARM_DESC(port, "of the control connection; that of RDMA CM is the next (4793)");

module_param_named(pinned, sdr_rdma_pinned_max, uint, 0644);
MODULE_PARM_DESC(pinned, "megabytes of rings that each link may pin (512)");

/* The core asks under a socket's lock: only what is quick. */
static void ask(const struct sdr_far_who *who)
{
	struct sdr_rdma_net *rn = sdr_rdma_net(who->net);
	struct sdr_rdma_link *link;

	/* Pairs with turn_on(): its works are there. */
	if (!smp_load_acquire(&rn->on))
		return;
	link = sdr_rdma_link_call(rn, &who->saddr, &who->daddr);
	if (!link)
		return;
	sdr_rdma_conn_ask(link, who);
	sdr_rdma_link_put(link);
}

static int __init sdr_rdma_init(void)
{
	int err = -ENOMEM;

	if (!sdr_rdma_port || !sdr_rdma_cm_port())
		return -EINVAL;
	/* Its bytes are those of a ring in memory; how they get there is ours. */
	carrier = sdr_carrier_local;
	carrier.id = SDIRECT_CARRIER_RDMA;
	carrier.name = "rdma";
	sdr_rdma_conn_ops.carrier = &carrier;
	sdr_rdma_conn_ops.ask = ask;
	sdr_rdma_poll_wq = alloc_workqueue("sdirect_rdma_poll", WQ_UNBOUND,
					   max(num_online_cpus() / 2, 1u));
	if (!sdr_rdma_poll_wq)
		return err;
	err = sdr_rdma_net_init();
	if (err)
		goto err_poll;
	err = sdr_rdma_netlink_init();
	if (err)
		goto err_net;
	err = sdr_far_register(&sdr_rdma_conn_ops);
	if (err)
		goto err_netlink;
	return 0;

err_netlink:
	sdr_rdma_netlink_exit();
err_net:
	sdr_rdma_net_exit();
err_poll:
	destroy_workqueue(sdr_rdma_poll_wq);
	return err;
}

static void __exit sdr_rdma_exit(void)
{
	sdr_far_unregister(&sdr_rdma_conn_ops);
	sdr_rdma_netlink_exit();
	sdr_rdma_net_exit();
	destroy_workqueue(sdr_rdma_poll_wq);
}

module_init(sdr_rdma_init);
module_exit(sdr_rdma_exit);

MODULE_DESCRIPTION("sdirect between hosts, by RDMA");
MODULE_AUTHOR("The sdirect developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(SDIRECT_VERSION);
MODULE_IMPORT_NS(SDR_SYMBOLS);
