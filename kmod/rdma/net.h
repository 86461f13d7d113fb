/* SPDX-License-Identifier: GPL-2.0 */
/* What the RDMA carrier keeps per network namespace. */
#ifndef _SDR_RDMA_NET_H
#define _SDR_RDMA_NET_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "rdma/allow.h"
#include "rdma/cm.h"
#include "rdma/path.h"

struct ctl_table_header;
struct socket;

/**
 * struct sdr_rdma_net - per network namespace
 * @net:	the namespace
 * @on:		links are made and answered; changes under @turn_lock
 * @turn_lock:	serialises being turned on and off
 * @wq:		works that end by themselves; NULL until it is turned on
 * @talk_wq:	control connections
 * @move_wq:	works that wait for sockets
 * @listener:	of control connections
 * @accept:	takes them
 * @cm:		listens for queue pairs
 * @links_lock:	protects @links and @n_links; before any gate
 * @links:	with other hosts
 * @n_links:	how many
 * @n_conns:	connections that there are: works that wait for a time have them,
 *		too
 * @paths:	by which addresses hosts are reached
 * @allow:	with which hosts links are made
 * @soft:	devices that are only software may be used (a sysctl)
 * @qps:	how many queue pairs the host that calls makes (a sysctl), 1..LANES_MAX
 * @sysctl:	net.sdirect.rdma_*
 */
struct sdr_rdma_net {
	struct net *net;
	bool on;
	struct mutex turn_lock;
	struct workqueue_struct *wq;
	struct workqueue_struct *talk_wq;
	struct workqueue_struct *move_wq;
	struct socket *listener;
	struct work_struct accept;
	struct sdr_rdma_cm cm;
	struct mutex links_lock;
	struct list_head links;
	int n_links;
	atomic_t n_conns;
	struct sdr_rdma_paths paths;
	struct sdr_rdma_allow allow;
	int soft;
	int qps;
	struct ctl_table_header *sysctl;
};

/* sdr_rdma_net() - that of a namespace which is there. */
struct sdr_rdma_net *sdr_rdma_net(const struct net *net);

/* The one that the host has begun with. */
static inline bool sdr_rdma_net_is_first(const struct sdr_rdma_net *rn)
{
	return net_eq(rn->net, &init_net);
}

/**
 * sdr_rdma_net_turn - make links, or make none
 * @rn:	the namespace's
 * @on:	what is wanted
 *
 * Return: 0, or why nobody listens.  Context: may sleep.
 */
int sdr_rdma_net_turn(struct sdr_rdma_net *rn, bool on);

/* The same for one that is no namespace's: works, lists, nobody listens. */
void sdr_rdma_net_prepare(struct sdr_rdma_net *rn, struct net *net);
int sdr_rdma_net_works(struct sdr_rdma_net *rn);
/* Until the last link, and the last connection, is gone; may sleep. */
void sdr_rdma_net_stop(struct sdr_rdma_net *rn);
/* ... and the rest. */
void sdr_rdma_net_end(struct sdr_rdma_net *rn);

int __init sdr_rdma_net_init(void);
void sdr_rdma_net_exit(void);

#endif /* _SDR_RDMA_NET_H */
