// SPDX-License-Identifier: GPL-2.0
/* What the RDMA carrier keeps per network namespace: made and ended here. */
#include "compat.h"

#include <linux/wait_bit.h>
#include <net/netns/generic.h>

#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/sysctl.h"

static unsigned int net_id __read_mostly;

struct sdr_rdma_net *sdr_rdma_net(const struct net *net)
{
	return net_generic(net, net_id);
}

/* --- works --- */

static void end_work(struct workqueue_struct **wq)
{
	if (*wq)
		destroy_workqueue(*wq);
	*wq = NULL;
}

/* Those that are queued by works of a later one end first. */
static void end_works(struct sdr_rdma_net *rn)
{
	end_work(&rn->talk_wq);
	end_work(&rn->wq);
	end_work(&rn->move_wq);
}

/* Apart, because who waits for another host, or a socket, may wait long. */
int sdr_rdma_net_works(struct sdr_rdma_net *rn)
{
	if (rn->wq)
		return 0;
	rn->wq = alloc_workqueue("sdirect_rdma", WQ_UNBOUND, 0);
	rn->talk_wq = alloc_workqueue("sdirect_rdma_talk", WQ_UNBOUND,
				      WQ_UNBOUND_MAX_ACTIVE);
	rn->move_wq = alloc_workqueue("sdirect_rdma_move", WQ_UNBOUND, 0);
	if (rn->wq && rn->talk_wq && rn->move_wq)
		return 0;
	end_works(rn);
	return -ENOMEM;
}

/* --- on and off --- */

static int turn_on(struct sdr_rdma_net *rn)
{
	int err;

	err = sdr_rdma_net_works(rn) ?: sdr_rdma_cm_listen(&rn->cm, rn->net);
	if (err)
		return err;
	err = sdr_rdma_control_listen(rn);
	if (err)
		sdr_rdma_cm_unlisten(&rn->cm);
	else
		WRITE_ONCE(rn->on, true);
	return err;
}

static void turn_off(struct sdr_rdma_net *rn)
{
	WRITE_ONCE(rn->on, false);
	sdr_rdma_control_unlisten(rn);
	sdr_rdma_cm_unlisten(&rn->cm);
}

int sdr_rdma_net_turn(struct sdr_rdma_net *rn, bool on)
{
	int err = 0;

	mutex_lock(&rn->turn_lock);
	if (on && !rn->on)
		err = turn_on(rn);
	else if (!on && rn->on)
		turn_off(rn);
	mutex_unlock(&rn->turn_lock);
	return err;
}

/* --- its life --- */

void sdr_rdma_net_prepare(struct sdr_rdma_net *rn, struct net *net)
{
	memset(rn, 0, sizeof(*rn));
	rn->net = net;
	rn->qps = 1;
	mutex_init(&rn->turn_lock);
	mutex_init(&rn->links_lock);
	INIT_LIST_HEAD(&rn->links);
	sdr_rdma_control_init(rn);
	sdr_rdma_paths_init(&rn->paths);
	sdr_rdma_allow_init(&rn->allow);
}

void sdr_rdma_net_stop(struct sdr_rdma_net *rn)
{
	sdr_rdma_link_stop_all(rn);
	wait_var_event(&rn->n_conns, !atomic_read(&rn->n_conns));
}

void sdr_rdma_net_end(struct sdr_rdma_net *rn)
{
	if (rn->wq)
		sdr_rdma_net_stop(rn);
	end_works(rn);
	sdr_rdma_paths_free(&rn->paths);
	sdr_rdma_allow_free(&rn->allow);
}

static int __net_init net_create(struct net *net)
{
	struct sdr_rdma_net *rn = sdr_rdma_net(net);
	int err;

	sdr_rdma_net_prepare(rn, net);
	if (!sdr_rdma_net_is_first(rn))
		return 0;
	rn->sysctl = sdr_rdma_sysctl_register(rn);
	if (!rn->sysctl)
		return -ENOMEM;
	err = sdr_rdma_net_turn(rn, true);
	if (!err)
		return 0;
	sdr_rdma_sysctl_unregister(rn->sysctl);
	sdr_rdma_net_end(rn);
	return err;
}

static void __net_exit net_destroy(struct net *net)
{
	struct sdr_rdma_net *rn = sdr_rdma_net(net);

	if (rn->sysctl)
		sdr_rdma_sysctl_unregister(rn->sysctl);
	sdr_rdma_net_turn(rn, false);
	sdr_rdma_net_end(rn);
}

static struct pernet_operations net_ops = {
	.init = net_create,
	.exit = net_destroy,
	.id = &net_id,
	.size = sizeof(struct sdr_rdma_net),
};

/* A device's: it ends before devices, addresses, TCP and RDMA CM do. */
int __init sdr_rdma_net_init(void)
{
	return register_pernet_device(&net_ops);
}

void sdr_rdma_net_exit(void)
{
	unregister_pernet_device(&net_ops);
}
