// SPDX-License-Identifier: GPL-2.0
/* What two hosts have with each other: all of these. */
#include "compat.h"

#include <linux/in.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <rdma/rdma_cm.h>

#include "rdma/addr.h"
#include "rdma/allow.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/path.h"
#include "rdma/qp.h"

/* No second attempt for so long, and twice as long after each that failed. */
#define AGAIN_MIN	HZ
#define AGAIN_MAX	(60 * HZ)
/* Of one host that has called: one, one that ends, some more behind NAT. */
#define LINKS_CALLER	8

void sdr_rdma_link_grow(unsigned long *again)
{
	*again = clamp_t(unsigned long, *again * 2, AGAIN_MIN, AGAIN_MAX);
}

void sdr_rdma_link_put(struct sdr_rdma_link *link)
{
	if (refcount_dec_and_test(&link->ref))
		kfree(link);
}

void sdr_rdma_link_leave(struct sdr_rdma_link *link)
{
	struct sdr_rdma_net *rn = link->net;

	mutex_lock(&rn->links_lock);
	list_del(&link->node);
	rn->n_links--;
	sdr_rdma_net_uncharge(rn);
	mutex_unlock(&rn->links_lock);
	sdr_rdma_link_put(link);
}

void sdr_rdma_link_start(struct sdr_rdma_link *link)
{
	sdr_rdma_link_get(link);
	if (!queue_work(link->net->talk_wq, &link->run))
		sdr_rdma_link_put(link);
}

/* One host that calls again and again must not keep others out. */
static bool crowded(const struct sdr_rdma_net *rn, const struct in6_addr *peer)
{
	const struct sdr_rdma_link *link;
	int n = 0;

	lockdep_assert_held(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node)
		n += !link->active && ipv6_addr_equal(&link->peer, peer);
	return n >= LINKS_CALLER;
}

/* Forget a host that was called and is not talked to, for one that is. */
static void forget_one(struct sdr_rdma_net *rn)
{
	struct sdr_rdma_link *link;

	lockdep_assert_held(&rn->links_lock);
	list_for_each_entry_reverse(link, &rn->links, node)
		if (link->active && !READ_ONCE(link->talking) &&
		    !work_busy(&link->run) && !atomic_read(&link->n_conns)) {
			list_del(&link->node);
			rn->n_links--;
			sdr_rdma_net_uncharge(rn);
			sdr_rdma_link_put(link);
			return;
		}
}

/* So many as there may be, of which one that is not used makes room. */
static bool charge(struct sdr_rdma_net *rn)
{
	if (sdr_rdma_net_charge(rn))
		return true;
	forget_one(rn);
	return sdr_rdma_net_charge(rn);
}

static struct sdr_rdma_link *link_add(struct sdr_rdma_net *rn,
				      const struct in6_addr *local,
				      const struct in6_addr *peer, bool active)
{
	struct sdr_rdma_link *link;

	lockdep_assert_held(&rn->links_lock);
	if ((!active && crowded(rn, peer)) || !charge(rn))
		return NULL;
	link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);
	if (!link) {
		sdr_rdma_net_uncharge(rn);
		return NULL;
	}
	refcount_set(&link->ref, 1);
	link->net = rn;
	link->local = *local;
	link->peer = *peer;
	link->active = active;
	link->absent_until = jiffies;
	link->retry_at = jiffies;
	link->cookie = get_random_u64();
	INIT_WORK(&link->run, sdr_rdma_link_run);
	sdr_rdma_link_life_init(link);
	mutex_init(&link->send_lock);
	mutex_init(&link->gate);
	spin_lock_init(&link->lock);
	init_waitqueue_head(&link->wait);
	INIT_LIST_HEAD(&link->asking);
	xa_init_flags(&link->conns, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	list_add(&link->node, &rn->links);
	rn->n_links++;
	return link;
}

static struct sdr_rdma_link *find_active(const struct sdr_rdma_net *rn,
					 const struct in6_addr *local,
					 const struct in6_addr *peer)
{
	struct sdr_rdma_link *link;

	lockdep_assert_held(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node)
		if (link->active && ipv6_addr_equal(&link->local, local) &&
		    ipv6_addr_equal(&link->peer, peer))
			return link;
	return NULL;
}

struct sdr_rdma_link *sdr_rdma_link_call(struct sdr_rdma_net *rn,
					 const struct in6_addr *local,
					 const struct in6_addr *peer)
{
	struct sdr_rdma_link *link;

	if (!sdr_rdma_addr_ok(local) || !sdr_rdma_addr_ok(peer) ||
	    !sdr_rdma_allowed(&rn->allow, peer))
		return NULL;
	mutex_lock(&rn->links_lock);
	link = find_active(rn, local, peer) ?:
	       link_add(rn, local, peer, true);
	if (link && !READ_ONCE(link->talking)) {
		if (!work_busy(&link->run) &&
		    time_after_eq(jiffies, READ_ONCE(link->absent_until)))
			sdr_rdma_link_start(link);
		link = NULL;
	}
	if (link)
		sdr_rdma_link_get(link);
	mutex_unlock(&rn->links_lock);
	return link;
}

/* Whose socket it is; false: nobody's to talk to. */
static bool ends_of(struct sdr_rdma_net *rn, struct socket *sock,
		    struct in6_addr *local, struct in6_addr *peer)
{
	struct sockaddr_storage own, other;

	return READ_ONCE(rn->on) &&
	       kernel_getsockname(sock, (struct sockaddr *)&own) >= 0 &&
	       kernel_getpeername(sock, (struct sockaddr *)&other) >= 0 &&
	       sdr_rdma_addr_from(local, &own) &&
	       sdr_rdma_addr_from(peer, &other) && sdr_rdma_addr_ok(peer) &&
	       sdr_rdma_allowed(&rn->allow, peer);
}

void sdr_rdma_link_answer(struct sdr_rdma_net *rn, struct socket *sock)
{
	struct sdr_rdma_link *link = NULL;
	struct in6_addr local, peer;

	if (ends_of(rn, sock, &local, &peer)) {
		mutex_lock(&rn->links_lock);
		link = link_add(rn, &local, &peer, false);
		if (link) {
			link->sock = sock;
			sdr_rdma_link_start(link);
		}
		mutex_unlock(&rn->links_lock);
	}
	if (!link)
		sdr_rdma_control_drop(sock);
}

struct sdr_rdma_link *sdr_rdma_link_again(const struct sdr_rdma_link *caller)
{
	struct sdr_rdma_link *link, *found = NULL;
	struct sdr_rdma_net *rn = caller->net;

	mutex_lock(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node)
		if (link != caller && !link->active &&
		    READ_ONCE(link->session) &&
		    ipv6_addr_equal(&link->local, &caller->local) &&
		    ipv6_addr_equal(&link->peer, &caller->peer) &&
		    link->cookie == caller->cookie)
			found = link;
	if (found)
		sdr_rdma_link_get(found);
	mutex_unlock(&rn->links_lock);
	return found;
}

void sdr_rdma_link_path(const struct sdr_rdma_link *link,
			struct sdr_rdma_path *path)
{
	*path = (struct sdr_rdma_path) { link->peer, link->local, link->peer };
	sdr_rdma_path_get(&link->net->paths, &link->peer, path);
}

/* Does the request come from where the link's other host is? */
static bool from_peer(const struct rdma_cm_id *id,
		      const struct sdr_rdma_link *link)
{
	struct sdr_rdma_path path;
	struct in6_addr peer;

	sdr_rdma_link_path(link, &path);
	return sdr_rdma_addr_from(&peer, &id->route.addr.dst_addr) &&
	       ipv6_addr_equal(&peer, &path.remote);
}

static struct sdr_rdma_link *link_of(struct sdr_rdma_net *rn,
				     const struct rdma_cm_id *id, u64 cookie)
{
	struct sdr_rdma_link *link, *found = NULL;

	mutex_lock(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node)
		if (!link->active && READ_ONCE(link->talking) &&
		    link->cookie == cookie && from_peer(id, link))
			found = link;
	if (found)
		sdr_rdma_link_get(found);
	mutex_unlock(&rn->links_lock);
	return found;
}

int sdr_rdma_link_accept(struct sdr_rdma_net *rn, struct rdma_cm_id *id,
			 const struct sdr_rdma_request *request)
{
	struct sdr_rdma_link *link = link_of(rn, id, request->cookie);
	int err;

	if (!link)
		return -ENOENT;
	err = sdr_rdma_link_take(link, id, request);
	sdr_rdma_link_put(link);
	return err;
}

static void tell(struct sdr_rdma_link *link, struct sdr_rdma_link_info *info)
{
	u32 i;

	memset(info, 0, sizeof(*info));
	mutex_lock(&link->gate);
	info->local = link->local;
	info->peer = link->peer;
	info->active = link->active;
	info->talking = link->talking;
	info->state = READ_ONCE(link->state);
	if (link->lanes[0].qp)
		strscpy(info->device, sdr_rdma_qp_device(link->lanes[0].qp),
			sizeof(info->device));
	for (i = 0; i < SDR_RDMA_LANES_MAX; i++)
		info->qps += !!link->lanes[i].qp;
	info->conns = atomic_read(&link->n_conns);
	info->pinned = link->pinned;
	info->writes = atomic64_read(&link->counts.writes);
	info->bytes = atomic64_read(&link->counts.bytes);
	info->inlined = atomic64_read(&link->counts.inlined);
	info->credits = atomic64_read(&link->counts.credits);
	info->completions = atomic64_read(&link->counts.completions);
	info->full = atomic64_read(&link->counts.full);
	mutex_unlock(&link->gate);
}

bool sdr_rdma_link_info(struct sdr_rdma_net *rn, unsigned long nth,
			struct sdr_rdma_link_info *info)
{
	struct sdr_rdma_link *link, *found = NULL;

	mutex_lock(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node)
		if (!nth--) {
			found = sdr_rdma_link_get(link);
			break;
		}
	mutex_unlock(&rn->links_lock);
	if (!found)
		return false;
	tell(found, info);
	sdr_rdma_link_put(found);
	return true;
}

void sdr_rdma_link_device(const struct sdr_rdma_link *link,
			  char name[SDR_FAR_DEVICE])
{
	struct sdr_rdma_path path;

	sdr_rdma_link_path(link, &path);
	sdr_rdma_qp_device_at(link->net->net, &path.local, name,
			      SDR_FAR_DEVICE);
}

void sdr_rdma_link_remake(struct sdr_rdma_net *rn, const struct in6_addr *peer)
{
	struct sdr_rdma_link *link;

	mutex_lock(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node)
		if (ipv6_addr_equal(&link->peer, peer)) {
			sdr_rdma_link_fail(link);
			/* What failed before was another path. */
			WRITE_ONCE(link->retry, 0);
			WRITE_ONCE(link->retry_at, jiffies);
		}
	mutex_unlock(&rn->links_lock);
}

void sdr_rdma_link_fail_all(struct sdr_rdma_net *rn)
{
	struct sdr_rdma_link *link;

	mutex_lock(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node)
		sdr_rdma_link_fail(link);
	mutex_unlock(&rn->links_lock);
}

void sdr_rdma_link_off_all(struct sdr_rdma_net *rn)
{
	struct sdr_rdma_link *link;

	mutex_lock(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node) {
		/* Whoever takes a request under the gate has seen that it is off. */
		mutex_lock(&link->gate);
		sdr_rdma_link_fail(link);
		/* Else its last connection sees there that it is off. */
		if (!atomic_read(&link->n_conns))
			sdr_rdma_link_hang_up(link);
		mutex_unlock(&link->gate);
	}
	mutex_unlock(&rn->links_lock);
}

void sdr_rdma_link_stop_all(struct sdr_rdma_net *rn)
{
	struct sdr_rdma_link *link;

	mutex_lock(&rn->links_lock);
	list_for_each_entry(link, &rn->links, node) {
		WRITE_ONCE(link->stopping, true);
		mutex_lock(&link->send_lock);
		if (link->sock)
			kernel_sock_shutdown(link->sock, SHUT_RDWR);
		mutex_unlock(&link->send_lock);
		wake_up_all(&link->wait);
	}
	mutex_unlock(&rn->links_lock);
	/* Every link's work ends now that no socket gives anything. */
	flush_workqueue(rn->talk_wq);
	while ((link = list_first_entry_or_null(&rn->links,
						struct sdr_rdma_link, node)))
		sdr_rdma_link_leave(link);
}
