// SPDX-License-Identifier: GPL-2.0
/* What two hosts have with each other: a control connection and a queue pair. */
#include "compat.h"

#include <linux/in.h>
#include <linux/inet.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "rdma/conn.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/qp.h"

/* No second attempt for so long, and twice as long after each that failed. */
#define AGAIN_MIN	HZ
#define AGAIN_MAX	(60 * HZ)
#define LINKS_MAX	1024

static DEFINE_MUTEX(links_lock);	/* protects links; before any gate */
static LIST_HEAD(links);
static int links_count;

static void grow(unsigned long *again)
{
	*again = clamp_t(unsigned long, *again * 2, AGAIN_MIN, AGAIN_MAX);
}

static bool step(struct sdr_rdma_link *link, enum sdr_rdma_event event)
{
	bool changed;

	spin_lock_bh(&link->lock);
	changed = sdr_rdma_state_step(&link->state, event);
	spin_unlock_bh(&link->lock);
	return changed;
}

void sdr_rdma_link_fail(struct sdr_rdma_link *link)
{
	if (!step(link, SDR_RDMA_EV_FAIL))
		return;
	refcount_inc(&link->ref);
	if (!queue_work(sdr_rdma_wq, &link->down))
		sdr_rdma_link_put(link);
}

bool sdr_rdma_link_want(struct sdr_rdma_link *link)
{
	if (READ_ONCE(link->state) == SDR_RDMA_UP)
		return true;
	/* The one who has called makes it; the other may ask for a ring. */
	if (!link->active)
		return true;
	if (!READ_ONCE(link->talking) ||
	    time_before(jiffies, READ_ONCE(link->retry_at)) ||
	    !step(link, SDR_RDMA_EV_START))
		return false;
	refcount_inc(&link->ref);
	if (!queue_work(sdr_rdma_wq, &link->up))
		sdr_rdma_link_put(link);
	return false;
}

/* --- what the queue pair tells --- */

static void qp_made(void *owner)
{
	struct sdr_rdma_link *link = owner;

	if (!step(link, SDR_RDMA_EV_MADE))
		return;
	link->retry = 0;
	pr_info("sdirect_rdma: %pI4 - %pI4 up\n", &link->local, &link->peer);
}

static void qp_failed(void *owner)
{
	sdr_rdma_link_fail(owner);
}

static void qp_arrived(void *owner, u32 id, u32 bytes)
{
	struct sdr_rdma_conn *conn = sdr_rdma_conn_find(owner, id);

	if (!conn)
		return;
	sdr_rdma_conn_arrived(conn, bytes);
	sdr_rdma_conn_put(conn);
}

static void qp_credit(void *owner, u32 id, u32 gen, u64 pos)
{
	struct sdr_rdma_conn *conn = sdr_rdma_conn_find(owner, id);

	if (!conn)
		return;
	sdr_rdma_conn_credit(conn, gen, pos);
	sdr_rdma_conn_put(conn);
}

static void qp_room(void *owner)
{
	struct sdr_rdma_link *link = owner;

	refcount_inc(&link->ref);
	if (!queue_work(sdr_rdma_wq, &link->room))
		sdr_rdma_link_put(link);
}

static const struct sdr_rdma_user qp_user = {
	.made		= qp_made,
	.failed		= qp_failed,
	.arrived	= qp_arrived,
	.credit		= qp_credit,
	.written	= sdr_rdma_conn_written,
	.room		= qp_room,
};

static void room(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  room);
	struct sdr_rdma_conn *conn;
	unsigned long i;

	mutex_lock(&link->gate);
	xa_for_each(&link->conns, i, conn)
		sdr_rdma_conn_room(conn);
	mutex_unlock(&link->gate);
	sdr_rdma_link_put(link);
}

/* --- its life --- */

static void go_up(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  up);
	struct sockaddr_in from = {
		.sin_family = AF_INET, .sin_addr.s_addr = link->local,
	};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = link->peer,
		.sin_port = htons(sdr_rdma_port),
	};
	struct sdr_rdma_qp *qp;

	mutex_lock(&link->gate);
	if (!link->talking) {
		sdr_rdma_link_fail(link);
	} else if (READ_ONCE(link->state) == SDR_RDMA_CONNECTING && !link->qp) {
		qp = sdr_rdma_qp_connect(&qp_user, link,
					 (struct sockaddr *)&from,
					 (struct sockaddr *)&to, link->cookie);
		if (IS_ERR(qp))
			sdr_rdma_link_fail(link);
		else
			link->qp = qp;
	}
	mutex_unlock(&link->gate);
	sdr_rdma_link_put(link);
}

/* What is left of the queue pair, for sdr_rdma_qp_free(), or NULL. */
static struct sdr_rdma_qp *take_down(struct sdr_rdma_link *link)
{
	const struct sdr_rdma_msg msg = { .type = SDR_RDMA_DOWN };
	struct sdr_rdma_qp *qp = link->qp;
	struct sdr_rdma_conn *conn;
	unsigned long i;

	lockdep_assert_held(&link->gate);
	xa_for_each(&link->conns, i, conn)
		sdr_rdma_conn_hold(conn);
	if (qp)
		sdr_rdma_qp_drain(qp);
	xa_for_each(&link->conns, i, conn)
		sdr_rdma_conn_down(conn);
	link->qp = NULL;
	sdr_rdma_link_say(link, &msg);
	pr_info("sdirect_rdma: %pI4 - %pI4 down\n", &link->local, &link->peer);
	return qp;
}

static void go_down(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  down);

	struct sdr_rdma_qp *qp;

	mutex_lock(&link->gate);
	qp = take_down(link);
	mutex_unlock(&link->gate);
	/* RDMA CM may take its time, for which nobody else should wait. */
	if (qp)
		sdr_rdma_qp_free(qp);
	grow(&link->retry);
	WRITE_ONCE(link->retry_at, jiffies + link->retry);
	/* No other is made before. */
	step(link, SDR_RDMA_EV_DRAINED);
	sdr_rdma_link_put(link);
}

void sdr_rdma_link_put(struct sdr_rdma_link *link)
{
	if (refcount_dec_and_test(&link->ref))
		kfree(link);
}

void sdr_rdma_link_say(struct sdr_rdma_link *link,
		       const struct sdr_rdma_msg *msg)
{
	mutex_lock(&link->send_lock);
	/* The one who reads from it finds out what is wrong. */
	if (link->sock && sdr_rdma_control_send(link->sock, msg))
		kernel_sock_shutdown(link->sock, SHUT_RDWR);
	mutex_unlock(&link->send_lock);
}

static int converse(struct sdr_rdma_link *link)
{
	struct sdr_rdma_msg msg;
	int err;

	for (;;) {
		err = sdr_rdma_control_receive(link->sock, &msg);
		if (!err && msg.type == SDR_RDMA_HELLO)
			err = -EPROTO;
		if (err)
			return err;
		if (msg.type == SDR_RDMA_DOWN) {
			sdr_rdma_link_fail(link);
			continue;
		}
		mutex_lock(&link->gate);
		sdr_rdma_conn_hear(link, &msg);
		mutex_unlock(&link->gate);
	}
}

/* Nothing can be said any more: what went by RDMA cannot be told apart. */
static void hang_up(struct sdr_rdma_link *link)
{
	struct sdr_rdma_conn *conn;
	struct socket *sock;
	unsigned long i;

	mutex_lock(&link->gate);
	WRITE_ONCE(link->talking, false);
	mutex_unlock(&link->gate);
	mutex_lock(&link->send_lock);
	sock = link->sock;
	link->sock = NULL;
	mutex_unlock(&link->send_lock);
	/* No queue pair is made from here on. */
	flush_work(&link->up);
	sdr_rdma_link_fail(link);
	flush_work(&link->down);
	for (i = 0; ; i++) {
		unsigned long id = i;

		xa_lock(&link->conns);
		conn = xa_find(&link->conns, &id, ULONG_MAX, XA_PRESENT);
		if (conn)
			sdr_rdma_conn_get(conn);
		xa_unlock(&link->conns);
		if (!conn)
			break;
		sdr_rdma_conn_lost(conn);
		sdr_rdma_conn_put(conn);
		i = id;
	}
	if (sock)
		sock_release(sock);
}

static int place_call(struct sdr_rdma_link *link)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			       &sock);
	if (err)
		return err;
	mutex_lock(&link->send_lock);
	link->sock = sock;
	mutex_unlock(&link->send_lock);
	if (READ_ONCE(link->stopping))
		return -ESHUTDOWN;
	return sdr_rdma_control_connect(sock, link->local, link->peer);
}

static void leave_list(struct sdr_rdma_link *link)
{
	mutex_lock(&links_lock);
	list_del(&link->node);
	links_count--;
	mutex_unlock(&links_lock);
	sdr_rdma_link_put(link);
}

static void run(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  run);
	int err = link->active ? place_call(link) : 0;

	if (!err)
		err = sdr_rdma_control_hello(link->sock, link->active,
					     &link->cookie);
	if (!err) {
		link->absent = 0;
		WRITE_ONCE(link->talking, true);
		converse(link);
	}
	hang_up(link);
	grow(&link->absent);
	WRITE_ONCE(link->absent_until, jiffies + link->absent);
	if (!link->active)
		leave_list(link);
	sdr_rdma_link_put(link);
}

static void start(struct sdr_rdma_link *link)
{
	refcount_inc(&link->ref);
	if (!queue_work(sdr_rdma_wq, &link->run))
		sdr_rdma_link_put(link);
}

static struct sdr_rdma_link *link_add(__be32 local, __be32 peer, bool active)
{
	struct sdr_rdma_link *link;

	lockdep_assert_held(&links_lock);
	if (links_count >= LINKS_MAX)
		return NULL;
	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return NULL;
	refcount_set(&link->ref, 1);
	link->local = local;
	link->peer = peer;
	link->active = active;
	link->absent_until = jiffies;
	link->retry_at = jiffies;
	link->cookie = get_random_u64();
	INIT_WORK(&link->run, run);
	INIT_WORK(&link->up, go_up);
	INIT_WORK(&link->down, go_down);
	INIT_WORK(&link->room, room);
	mutex_init(&link->send_lock);
	mutex_init(&link->gate);
	spin_lock_init(&link->lock);
	xa_init_flags(&link->conns, XA_FLAGS_ALLOC1);
	list_add(&link->node, &links);
	links_count++;
	return link;
}

struct sdr_rdma_link *sdr_rdma_link_call(__be32 local, __be32 peer)
{
	struct sdr_rdma_link *link, *found = NULL;

	mutex_lock(&links_lock);
	list_for_each_entry(link, &links, node)
		if (link->active && link->local == local && link->peer == peer)
			found = link;
	if (!found)
		found = link_add(local, peer, true);
	if (found && !READ_ONCE(found->talking)) {
		if (!work_busy(&found->run) &&
		    time_after_eq(jiffies, READ_ONCE(found->absent_until)))
			start(found);
		found = NULL;
	}
	if (found)
		refcount_inc(&found->ref);
	mutex_unlock(&links_lock);
	return found;
}

void sdr_rdma_link_answer(struct socket *sock)
{
	struct sdr_rdma_link *link = NULL;
	struct sockaddr_in local, peer;

	if (kernel_getsockname(sock, (struct sockaddr *)&local) < 0 ||
	    kernel_getpeername(sock, (struct sockaddr *)&peer) < 0) {
		sock_release(sock);
		return;
	}
	mutex_lock(&links_lock);
	link = link_add(local.sin_addr.s_addr, peer.sin_addr.s_addr, false);
	if (link) {
		link->sock = sock;
		start(link);
	} else {
		sock_release(sock);
	}
	mutex_unlock(&links_lock);
}

static struct sdr_rdma_link *link_of_cookie(u64 cookie)
{
	struct sdr_rdma_link *link, *found = NULL;

	mutex_lock(&links_lock);
	list_for_each_entry(link, &links, node)
		if (!link->active && READ_ONCE(link->talking) &&
		    link->cookie == cookie)
			found = link;
	if (found)
		refcount_inc(&found->ref);
	mutex_unlock(&links_lock);
	return found;
}

int sdr_rdma_link_accept(struct rdma_cm_id *id, u64 cookie)
{
	struct sdr_rdma_link *link = link_of_cookie(cookie);
	struct sdr_rdma_qp *qp;
	int err = 0;

	if (!link)
		return -ENOENT;
	mutex_lock(&link->gate);
	if (!link->talking || !step(link, SDR_RDMA_EV_START)) {
		err = -EBUSY;
	} else {
		qp = sdr_rdma_qp_accept(&qp_user, link, id);
		err = PTR_ERR_OR_ZERO(qp);
		if (!err)
			link->qp = qp;
		else
			sdr_rdma_link_fail(link);
	}
	mutex_unlock(&link->gate);
	sdr_rdma_link_put(link);
	return err;
}

static void tell(struct sdr_rdma_link *link, struct sdr_rdma_link_info *info)
{
	struct sdr_rdma_conn *conn;
	unsigned long i;

	memset(info, 0, sizeof(*info));
	mutex_lock(&link->gate);
	info->local = link->local;
	info->peer = link->peer;
	info->active = link->active;
	info->talking = link->talking;
	info->state = READ_ONCE(link->state);
	if (link->qp)
		strscpy(info->device, sdr_rdma_qp_device(link->qp),
			sizeof(info->device));
	xa_for_each(&link->conns, i, conn)
		info->conns++;
	mutex_unlock(&link->gate);
}

bool sdr_rdma_link_info(unsigned long nth, struct sdr_rdma_link_info *info)
{
	struct sdr_rdma_link *link, *found = NULL;

	mutex_lock(&links_lock);
	list_for_each_entry(link, &links, node)
		if (!nth--) {
			found = link;
			refcount_inc(&link->ref);
			break;
		}
	mutex_unlock(&links_lock);
	if (!found)
		return false;
	tell(found, info);
	sdr_rdma_link_put(found);
	return true;
}

void sdr_rdma_link_stop_all(void)
{
	struct sdr_rdma_link *link;

	mutex_lock(&links_lock);
	list_for_each_entry(link, &links, node) {
		WRITE_ONCE(link->stopping, true);
		mutex_lock(&link->send_lock);
		if (link->sock)
			kernel_sock_shutdown(link->sock, SHUT_RDWR);
		mutex_unlock(&link->send_lock);
	}
	mutex_unlock(&links_lock);
	/* Every link's work ends now that no socket gives anything. */
	flush_workqueue(sdr_rdma_wq);
	while ((link = list_first_entry_or_null(&links, struct sdr_rdma_link,
						node)))
		leave_list(link);
}
