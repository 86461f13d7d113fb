// SPDX-License-Identifier: GPL-2.0
/*
 * sdirect_rdma.ko: connections between hosts by RDMA.
 *
 * A module of its own, so that sdirect.ko needs no ib_core.  It registers with
 * the core as who reaches the other end of a connection on another host.
 */
#include "compat.h"

#include <linux/module.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#include <rdma/ib_cm.h>
#include <rdma/rdma_cm.h>

#include "carrier.h"
#include "rdma/addr.h"
#include "rdma/allow.h"
#include "rdma/conn.h"
#include "rdma/control.h"
#include "rdma/lane.h"
#include "rdma/link.h"
#include "rdma/netlink.h"
#include "rdma/poll.h"
#include "rdma/qp.h"

struct workqueue_struct *sdr_rdma_wq;
struct workqueue_struct *sdr_rdma_talk_wq;
struct workqueue_struct *sdr_rdma_move_wq;
struct workqueue_struct *sdr_rdma_poll_wq;

static struct sdr_carrier carrier;
static struct rdma_cm_id *listen_ids[2];	/* IPv4's, IPv6's */
static struct ctl_table_header *sysctls;

module_param_named(port, sdr_rdma_port, ushort, 0444);
MODULE_PARM_DESC(port, "of the control connection; that of RDMA CM is the next (4793)");

module_param_named(pinned, sdr_rdma_pinned_max, uint, 0644);
MODULE_PARM_DESC(pinned, "megabytes of rings that each link may pin (512)");

static int spin_us_max = SDR_RDMA_SPIN_US_MAX;
static int qps_max = SDR_RDMA_LANES_MAX;

static struct ctl_table table[] = {
	{
		.procname	= "rdma_soft",
		.data		= &sdr_rdma_soft,
		.maxlen		= sizeof(sdr_rdma_soft),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "rdma_spin_us",
		.data		= &sdr_rdma_spin_us,
		.maxlen		= sizeof(sdr_rdma_spin_us),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &spin_us_max,
	},
	{
		.procname	= "rdma_poll",
		.data		= &sdr_rdma_poll,
		.maxlen		= sizeof(sdr_rdma_poll),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "rdma_qps",
		.data		= &sdr_rdma_qps,
		.maxlen		= sizeof(sdr_rdma_qps),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ONE,
		.extra2		= &qps_max,
	},
	{
		.procname	= "rdma_allow",
		.mode		= 0644,
		.proc_handler	= sdr_rdma_allow_sysctl,
	},
	{ }
};

/* The core asks under a socket's lock: only what is quick. */
static void ask(const struct sdr_far_who *who)
{
	struct sdr_rdma_link *link;

	/* RDMA's own namespaces are another matter. */
	if (!net_eq(who->net, &init_net))
		return;
	link = sdr_rdma_link_call(&who->saddr, &who->daddr);
	if (!link)
		return;
	sdr_rdma_conn_ask(link, who);
	sdr_rdma_link_put(link);
}

/* Another host asks for a queue pair; an error has @id destroyed. */
static int requested(struct rdma_cm_id *id, const struct rdma_cm_event *event)
{
	struct sdr_rdma_request request;
	int err;

	err = sdr_rdma_qp_requested(event, &request) ?:
	      sdr_rdma_link_accept(id, &request);
	if (err)
		rdma_reject(id, NULL, 0, IB_CM_REJ_CONSUMER_DEFINED);
	return err;
}

static int cm_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
		return requested(id, event);
	/* The listener itself has no queue pair. */
	return id->context ? sdr_rdma_qp_event(id, event) : 0;
}

static void unlisten(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(listen_ids); i++)
		if (listen_ids[i])
			rdma_destroy_id(listen_ids[i]);
}

static struct rdma_cm_id *listen_at(int family)
{
	struct sockaddr_storage at;
	struct rdma_cm_id *id;
	int err;

	sdr_rdma_addr_any(&at, family, sdr_rdma_cm_port());
	id = rdma_create_id(&init_net, cm_event, NULL, RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(id))
		return id;
	/* iWARP has a socket for each, and names no IPv4 address by IPv6. */
	err = (family == AF_INET6 ? rdma_set_afonly(id, 1) : 0) ?:
	      rdma_bind_addr(id, (struct sockaddr *)&at) ?: rdma_listen(id, 64);
	if (!err)
		return id;
	rdma_destroy_id(id);
	return ERR_PTR(err);
}

/* There may be no IPv6. */
static int listen(void)
{
	struct rdma_cm_id *four = listen_at(AF_INET), *six;

	if (IS_ERR(four))
		return PTR_ERR(four);
	six = listen_at(AF_INET6);
	listen_ids[0] = four;
	if (!IS_ERR(six))
		listen_ids[1] = six;
	else if (PTR_ERR(six) == -EADDRINUSE)
		unlisten();
	else
		return 0;
	return PTR_ERR_OR_ZERO(six);
}

static int __init start(void)
{
	int err;

	err = listen();
	if (err)
		return err;
	err = sdr_rdma_control_listen();
	if (err)
		goto err_listen;
	err = sdr_rdma_netlink_init();
	if (err)
		goto err_control;
	err = sdr_far_register(&sdr_rdma_conn_ops);
	if (err)
		goto err_netlink;
	return 0;

err_netlink:
	sdr_rdma_netlink_exit();
err_control:
	sdr_rdma_control_unlisten();
err_listen:
	unlisten();
	return err;
}

/* Those that are queued by works of a later one end first. */
static void end_works(void)
{
	if (sdr_rdma_talk_wq)
		destroy_workqueue(sdr_rdma_talk_wq);
	if (sdr_rdma_wq)
		destroy_workqueue(sdr_rdma_wq);
	if (sdr_rdma_move_wq)
		destroy_workqueue(sdr_rdma_move_wq);
	if (sdr_rdma_poll_wq)
		destroy_workqueue(sdr_rdma_poll_wq);
}

/* Apart, because who waits for another host, or a socket, may wait long. */
static int __init start_works(void)
{
	sdr_rdma_wq = alloc_workqueue("sdirect_rdma", WQ_UNBOUND, 0);
	sdr_rdma_talk_wq = alloc_workqueue("sdirect_rdma_talk", WQ_UNBOUND,
					   WQ_UNBOUND_MAX_ACTIVE);
	sdr_rdma_move_wq = alloc_workqueue("sdirect_rdma_move", WQ_UNBOUND, 0);
	sdr_rdma_poll_wq = alloc_workqueue("sdirect_rdma_poll", WQ_UNBOUND,
					   max(num_online_cpus() / 2, 1u));
	return sdr_rdma_wq && sdr_rdma_talk_wq && sdr_rdma_move_wq &&
	       sdr_rdma_poll_wq ? 0 : -ENOMEM;
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
	sysctls = sdr_net_sysctl(&init_net, "net/sdirect", table,
				 ARRAY_SIZE(table) - 1);
	if (!sysctls)
		return err;
	err = start_works() ?: start();
	if (!err)
		return 0;
	end_works();
	unregister_net_sysctl_table(sysctls);
	return err;
}

static void __exit sdr_rdma_exit(void)
{
	sdr_far_unregister(&sdr_rdma_conn_ops);
	sdr_rdma_netlink_exit();
	sdr_rdma_control_unlisten();
	unlisten();
	sdr_rdma_link_stop_all();
	sdr_rdma_conn_wait_all();
	end_works();
	unregister_net_sysctl_table(sysctls);
}

module_init(sdr_rdma_init);
module_exit(sdr_rdma_exit);

MODULE_DESCRIPTION("sdirect between hosts, by RDMA");
MODULE_AUTHOR("The sdirect developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(SDIRECT_VERSION);
MODULE_IMPORT_NS(SDR_SYMBOLS);
