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
struct sock;
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
 * @ready:	what its socket does by itself when there is one
 * @accept:	takes them
 * @cm_lock:	protects @cm and @unused; no link's gate is held
 * @cm:		listens for queue pairs
 * @tend:	lets go of what RDMA CM holds the namespace by
 * @unused:	how often @tend has found no socket
 * @links_lock:	protects @links and @n_links; before any gate
 * @links:	with other hosts
 * @n_links:	how many
 * @n_charged:	those that count among the links of all others; see net.c
 * @others:	in the list of those but the first that have been turned on
 * @pinned:	bytes of rings that devices know, of all links
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
	void (*ready)(struct sock *sk);
	struct work_struct accept;
	struct mutex cm_lock;
	struct sdr_rdma_cm cm;
	struct delayed_work tend;
	int unused;
	struct mutex links_lock;
	struct list_head links;
	int n_links;
	int n_charged;
	struct list_head others;
	atomic64_t pinned;
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

/**
 * sdr_rdma_net_use - a queue pair is to be made, or asked for
 * @rn:	the namespace's
 *
 * What RDMA CM knows of a namespace holds that, so but for the first it knows
 * something only while a socket does so as well.  Return: false: none is to be
 * made.  Context: may sleep, not under a link's gate.
 */
bool sdr_rdma_net_use(struct sdr_rdma_net *rn);

/* May it have one more link?  Each call that says so is made up for by the other. */
bool sdr_rdma_net_charge(struct sdr_rdma_net *rn);
void sdr_rdma_net_uncharge(struct sdr_rdma_net *rn);

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
