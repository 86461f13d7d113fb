// SPDX-License-Identifier: GPL-2.0
/* What the RDMA carrier keeps per network namespace: made and ended here. */
#include "compat.h"

#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <linux/wait_bit.h>
#include <net/netns/generic.h>

#include "far.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/sysctl.h"

/* Links of a namespace.  Each keeps one of talk_wq's works, of which there are 512. */
#define LINKS_FIRST	480
#define LINKS_OTHER	64
/* Of all but the first, of those that are no administrator's, of one owner's. */
#define LINKS_OTHERS	480
#define LINKS_USERS	240
#define LINKS_OWNER	64
/* The same of the namespaces themselves, which have works of their own. */
#define NETS_OTHERS	480
#define NETS_USERS	240
#define NETS_OWNER	64
/* Works of any but the first that run at once. */
#define WORKS_OTHER	16
/* RDMA CM holds a namespace for so long without a socket, and twice that at most. */
#define TEND_TIME	HZ

static unsigned int net_id __read_mostly;

static DEFINE_MUTEX(others_lock);	/* protects both, and @n_charged; a leaf */
static LIST_HEAD(others);		/* that have been turned on */

struct sdr_rdma_net *sdr_rdma_net(const struct net *net)
{
	return net_generic(net, net_id);
}

/* --- how many --- */

static bool is_users(const struct sdr_rdma_net *rn)
{
	return rn->net->user_ns != &init_user_ns;
}

/* Within it a user may be any number of others. */
static kuid_t owner_of(const struct sdr_rdma_net *rn)
{
	const struct user_namespace *ns = rn->net->user_ns;

	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	return ns->owner;
}

/**
 * struct counted - namespaces and links of theirs
 * @nets:	how many
 * @links:	how many
 */
struct counted {
	int nets;
	int links;
};

static void count(struct counted *counted, const struct sdr_rdma_net *rn)
{
	counted->nets++;
	counted->links += rn->n_charged;
}

/* Of all others, of those that are no administrator's, of who owns this one. */
static void count_for(const struct sdr_rdma_net *rn, struct counted *all,
		      struct counted *users, struct counted *owned)
{
	const struct sdr_rdma_net *each;

	lockdep_assert_held(&others_lock);
	list_for_each_entry(each, &others, others) {
		count(all, each);
		if (!is_users(each))
			continue;
		count(users, each);
		if (is_users(rn) && uid_eq(owner_of(each), owner_of(rn)))
			count(owned, each);
	}
}

/* False: there are too many. */
static bool enter(struct sdr_rdma_net *rn)
{
	struct counted all = { }, users = { }, owned = { };
	bool room;

	if (sdr_rdma_net_is_first(rn))
		return true;
	mutex_lock(&others_lock);
	count_for(rn, &all, &users, &owned);
	room = all.nets < NETS_OTHERS &&
	       (!is_users(rn) ||
		(users.nets < NETS_USERS && owned.nets < NETS_OWNER));
	if (room)
		list_add(&rn->others, &others);
	mutex_unlock(&others_lock);
	return room;
}

static void leave(struct sdr_rdma_net *rn)
{
	mutex_lock(&others_lock);
	list_del_init(&rn->others);
	mutex_unlock(&others_lock);
}

bool sdr_rdma_net_charge(struct sdr_rdma_net *rn)
{
	struct counted all = { }, users = { }, owned = { };
	bool room;

	if (sdr_rdma_net_is_first(rn))
		return rn->n_links < LINKS_FIRST;
	mutex_lock(&others_lock);
	count_for(rn, &all, &users, &owned);
	room = rn->n_charged < LINKS_OTHER && all.links < LINKS_OTHERS &&
	       (!is_users(rn) ||
		(users.links < LINKS_USERS && owned.links < LINKS_OWNER));
	rn->n_charged += room;
	mutex_unlock(&others_lock);
	return room;
}

void sdr_rdma_net_uncharge(struct sdr_rdma_net *rn)
{
	if (sdr_rdma_net_is_first(rn))
		return;
	mutex_lock(&others_lock);
	rn->n_charged--;
	mutex_unlock(&others_lock);
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
	leave(rn);
}

/* Apart, because who waits for another host, or a socket, may wait long. */
int sdr_rdma_net_works(struct sdr_rdma_net *rn)
{
	int max = sdr_rdma_net_is_first(rn) ? 0 : WORKS_OTHER;

	if (rn->wq)
		return 0;
	if (!enter(rn))
		return -ENOSPC;
	rn->wq = alloc_workqueue("sdirect_rdma", WQ_UNBOUND, max);
	rn->talk_wq = alloc_workqueue("sdirect_rdma_talk", WQ_UNBOUND,
				      WQ_UNBOUND_MAX_ACTIVE);
	rn->move_wq = alloc_workqueue("sdirect_rdma_move", WQ_UNBOUND, max);
	if (rn->wq && rn->talk_wq && rn->move_wq)
		return 0;
	end_works(rn);
	return -ENOMEM;
}

/* --- while it is used --- */

bool sdr_rdma_net_use(struct sdr_rdma_net *rn)
{
	bool use;

	if (sdr_rdma_net_is_first(rn))
		return READ_ONCE(rn->on);
	mutex_lock(&rn->cm_lock);
	use = READ_ONCE(rn->on) && sdr_far_wanted(rn->net) &&
	      (sdr_rdma_cm_listens(&rn->cm) ||
	       !sdr_rdma_cm_listen(&rn->cm, rn->net));
	if (use)
		queue_delayed_work(rn->wq, &rn->tend, TEND_TIME);
	mutex_unlock(&rn->cm_lock);
	return use;
}

/* True: it goes on being used. */
static bool still_used(struct sdr_rdma_net *rn)
{
	bool use;

	mutex_lock(&rn->cm_lock);
	rn->unused = sdr_far_wanted(rn->net) ? 0 : rn->unused + 1;
	use = READ_ONCE(rn->on) && rn->unused < 2;
	if (use) {
		queue_delayed_work(rn->wq, &rn->tend, TEND_TIME);
	} else {
		sdr_rdma_cm_unlisten(&rn->cm);
		rn->unused = 0;
	}
	mutex_unlock(&rn->cm_lock);
	return use;
}

/* Once more after this there may be a socket: whose connection asks again. */
static void tend(struct work_struct *work)
{
	struct sdr_rdma_net *rn = container_of(to_delayed_work(work),
					       struct sdr_rdma_net, tend);

	if (!still_used(rn))
		sdr_rdma_link_fail_all(rn);
}

/* --- on and off --- */

static void unlisten(struct sdr_rdma_net *rn)
{
	mutex_lock(&rn->cm_lock);
	sdr_rdma_cm_unlisten(&rn->cm);
	mutex_unlock(&rn->cm_lock);
}

static int turn_on(struct sdr_rdma_net *rn)
{
	int err;

	err = sdr_rdma_net_works(rn);
	if (!err && sdr_rdma_net_is_first(rn))
		err = sdr_rdma_cm_listen(&rn->cm, rn->net);
	if (err)
		return err;
	smp_store_release(&rn->on, true);	/* pairs with ask() */
	err = sdr_rdma_control_listen(rn);
	if (err) {
		WRITE_ONCE(rn->on, false);
		unlisten(rn);
		/* That somebody has asked for meanwhile. */
		sdr_rdma_link_off_all(rn);
		return err;
	}
	/* For links that there still are from before. */
	sdr_rdma_net_use(rn);
	return 0;
}

static void turn_off(struct sdr_rdma_net *rn)
{
	WRITE_ONCE(rn->on, false);
	sdr_rdma_control_unlisten(rn);
	unlisten(rn);
	sdr_rdma_link_off_all(rn);
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
	mutex_init(&rn->cm_lock);
	INIT_DELAYED_WORK(&rn->tend, tend);
	mutex_init(&rn->links_lock);
	INIT_LIST_HEAD(&rn->links);
	INIT_LIST_HEAD(&rn->others);
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
	if (rn->wq) {
		sdr_rdma_net_stop(rn);
		/* Nobody uses it from here on. */
		cancel_delayed_work_sync(&rn->tend);
	}
	end_works(rn);
	sdr_rdma_paths_free(&rn->paths);
	sdr_rdma_allow_free(&rn->allow);
}

static int __net_init net_create(struct net *net)
{
	struct sdr_rdma_net *rn = sdr_rdma_net(net);
	int err;

	sdr_rdma_net_prepare(rn, net);
	rn->sysctl = sdr_rdma_sysctl_register(rn);
	if (!rn->sysctl)
		return -ENOMEM;
	/* Others have an administrator of their own, who decides. */
	err = sdr_rdma_net_is_first(rn) ? sdr_rdma_net_turn(rn, true) : 0;
	if (!err)
		return 0;
	sdr_rdma_sysctl_unregister(rn->sysctl);
	sdr_rdma_net_end(rn);
	return err;
}

static void __net_exit net_destroy(struct net *net)
{
	struct sdr_rdma_net *rn = sdr_rdma_net(net);

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
