// SPDX-License-Identifier: GPL-2.0
/* What two hosts have with each other: the life of the queue pair. */
#include "compat.h"

#include <linux/math64.h>
#include <linux/net.h>
#include <linux/sdirect_ring.h>
#include <net/sock.h>

#include "rdma/addr.h"
#include "rdma/conn.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/path.h"
#include "rdma/poll.h"
#include "rdma/qp.h"

/* A queue pair is looked at so often, and tried where it is idle. */
#define PROBE_TIME	HZ
/* A host with which there are no connections is kept for so many of these. */
#define PROBES_UNUSED	60
/*
 * A ring has half the size for each tenth of the memory that has gone, so that
 * there is something for those that come later: of 512 MB 20,000 rings get some.
 */
#define SHARE_STEPS	10
#define SHARE_MIN	(16u << 10)

uint sdr_rdma_pinned_max = 512;

bool sdr_rdma_link_step(struct sdr_rdma_link *link, enum sdr_rdma_event event)
{
	bool changed;

	spin_lock_bh(&link->lock);
	changed = sdr_rdma_state_step(&link->state, event);
	spin_unlock_bh(&link->lock);
	return changed;
}

static void queue(struct sdr_rdma_link *link, struct work_struct *work)
{
	sdr_rdma_link_get(link);
	if (!queue_work(link->net->wq, work))
		sdr_rdma_link_put(link);
}

static void queue_probe(struct sdr_rdma_link *link)
{
	sdr_rdma_link_get(link);
	if (!queue_delayed_work(link->net->wq, &link->probe, PROBE_TIME))
		sdr_rdma_link_put(link);
}

void sdr_rdma_link_fail(struct sdr_rdma_link *link)
{
	if (sdr_rdma_link_step(link, SDR_RDMA_EV_FAIL))
		queue(link, &link->down);
}

bool sdr_rdma_link_want(struct sdr_rdma_link *link)
{
	if (READ_ONCE(link->state) == SDR_RDMA_UP)
		return true;
	if (!READ_ONCE(link->talking) || !READ_ONCE(link->net->on))
		return false;
	/* The one who has called makes it; the other may ask for a ring. */
	if (!link->active)
		return true;
	if (time_after_eq(jiffies, READ_ONCE(link->retry_at)) &&
	    sdr_rdma_link_step(link, SDR_RDMA_EV_START))
		queue(link, &link->up);
	return false;
}

/* The links of any namespace but the first share what one of the first may pin. */
static u64 pinned_with(const struct sdr_rdma_link *link)
{
	return sdr_rdma_net_is_first(link->net) ? link->pinned :
	       (u64)atomic64_read(&link->net->pinned);
}

void sdr_rdma_link_pin(struct sdr_rdma_link *link, s64 bytes)
{
	lockdep_assert_held(&link->gate);
	link->pinned += bytes;
	atomic64_add(bytes, &link->net->pinned);
}

u32 sdr_rdma_link_share(const struct sdr_rdma_link *link)
{
	u64 max = (u64)READ_ONCE(sdr_rdma_pinned_max) << 20;
	u64 pinned = min(max, pinned_with(link));
	u32 size;

	lockdep_assert_held(&link->gate);
	if (max - pinned < SHARE_MIN)
		return 0;
	size = SDR_RDMA_RING_MAX >> div64_u64(pinned * SHARE_STEPS, max);
	return max(size, SHARE_MIN);
}

/* --- what the queue pair tells --- */

static void qp_made(void *owner)
{
	struct sdr_rdma_link *link = owner;

	if (atomic_inc_return(&link->n_made) < link->n_lanes ||
	    !sdr_rdma_link_step(link, SDR_RDMA_EV_MADE))
		return;
	link->retry = 0;
	pr_info_ratelimited("sdirect_rdma: %pI6c - %pI6c up\n", &link->local, &link->peer);
	queue_probe(link);
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

	queue(link, &link->room);
}

static struct sdr_rdma_net *qp_net(void *owner)
{
	struct sdr_rdma_link *link = owner;

	return link->net;
}

static struct sdr_rdma_counts *qp_counts(void *owner)
{
	struct sdr_rdma_link *link = owner;

	return &link->counts;
}

static const struct sdr_rdma_user qp_user = {
	.made		= qp_made,
	.failed		= qp_failed,
	.arrived	= qp_arrived,
	.credit		= qp_credit,
	.written	= sdr_rdma_conn_written,
	.room		= qp_room,
	.net		= qp_net,
	.counts		= qp_counts,
};

static void room(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  room);
	u32 i;

	for (i = 0; i < SDR_RDMA_LANES_MAX; i++)
		sdr_rdma_lane_feed(link, &link->lanes[i]);
	sdr_rdma_link_put(link);
}

/* False: it is to be left alone from here on. */
static bool probe_qp(struct sdr_rdma_link *link)
{
	const struct sdr_rdma_lane *lane = link->lanes;

	lockdep_assert_held(&link->gate);
	if (READ_ONCE(link->state) != SDR_RDMA_UP)
		return false;
	for (; lane < &link->lanes[link->n_lanes]; lane++) {
		if (!lane->qp)
			return false;
		if (sdr_rdma_qp_probe(lane->qp))
			continue;
		pr_info_ratelimited("sdirect_rdma: %s says nothing\n",
				    sdr_rdma_qp_device(lane->qp));
		sdr_rdma_link_fail(link);
		return false;
	}
	return true;
}

static void probe(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(to_delayed_work(work),
						  struct sdr_rdma_link, probe);
	bool again;

	mutex_lock(&link->gate);
	again = probe_qp(link);
	link->unused = atomic_read(&link->n_conns) ? 0 : link->unused + 1;
	mutex_unlock(&link->gate);
	if (again && link->active && link->unused > PROBES_UNUSED)
		sdr_rdma_link_hang_up(link);
	else if (again && !READ_ONCE(link->stopping))
		queue_probe(link);
	sdr_rdma_link_put(link);
}

/* --- its life --- */

/* So many are being made from here on. */
static void expect(struct sdr_rdma_link *link, u32 n)
{
	lockdep_assert_held(&link->gate);
	link->n_lanes = n;
	atomic_set(&link->n_made, 0);
}

static int connect_all(struct sdr_rdma_link *link)
{
	struct sdr_rdma_request request = {
		.cookie = link->cookie, .lanes = link->n_lanes,
	};
	struct sockaddr_storage from, to;
	struct sdr_rdma_path path;
	struct sdr_rdma_qp *qp;

	sdr_rdma_link_path(link, &path);
	sdr_rdma_addr_to(&from, &path.local, 0);
	sdr_rdma_addr_to(&to, &path.remote, sdr_rdma_cm_port());
	for (; request.lane < request.lanes; request.lane++) {
		qp = sdr_rdma_qp_connect(&qp_user, link,
					 (struct sockaddr *)&from,
					 (struct sockaddr *)&to, &request);
		if (IS_ERR(qp))
			return PTR_ERR(qp);
		link->lanes[request.lane].qp = qp;
	}
	return 0;
}

static void go_up(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  up);
	bool use = sdr_rdma_net_use(link->net);

	mutex_lock(&link->gate);
	if (!link->talking || !use) {
		sdr_rdma_link_fail(link);
	} else if (READ_ONCE(link->state) == SDR_RDMA_CONNECTING &&
		   !link->lanes[0].qp) {
		/* Not again, if one has waited here for another's end. */
		expect(link, min_t(u32, READ_ONCE(link->net->qps),
				   READ_ONCE(link->most_qps)));
		if (connect_all(link))
			sdr_rdma_link_fail(link);
	}
	mutex_unlock(&link->gate);
	sdr_rdma_link_put(link);
}

/* Is it the first of those that the other host wants, or one more of them? */
static bool is_next(struct sdr_rdma_link *link,
		    const struct sdr_rdma_request *request)
{
	lockdep_assert_held(&link->gate);
	if (!link->talking || !READ_ONCE(link->net->on) ||
	    request->lane >= request->lanes ||
	    request->lanes > link->most_qps)
		return false;
	if (sdr_rdma_link_step(link, SDR_RDMA_EV_START))
		expect(link, request->lanes);
	return READ_ONCE(link->state) == SDR_RDMA_CONNECTING &&
	       request->lanes == link->n_lanes &&
	       !link->lanes[request->lane].qp;
}

int sdr_rdma_link_take(struct sdr_rdma_link *link, struct rdma_cm_id *id,
		       const struct sdr_rdma_request *request)
{
	struct sdr_rdma_qp *qp;
	int err = -EBUSY;

	mutex_lock(&link->gate);
	if (is_next(link, request)) {
		qp = sdr_rdma_qp_accept(&qp_user, link, id);
		err = PTR_ERR_OR_ZERO(qp);
		if (!err)
			link->lanes[request->lane].qp = qp;
		else
			sdr_rdma_link_fail(link);
	}
	mutex_unlock(&link->gate);
	return err;
}

/* RDMA CM must not go on making what is to be taken apart. */
static void stop(struct sdr_rdma_link *link)
{
	struct sdr_rdma_qp *qps[SDR_RDMA_LANES_MAX];
	u32 i;

	/* Who makes one holds the gate, and sees that it is too late. */
	mutex_lock(&link->gate);
	for (i = 0; i < SDR_RDMA_LANES_MAX; i++)
		qps[i] = link->lanes[i].qp;
	mutex_unlock(&link->gate);
	/* A request has the gate wait for RDMA CM, so not under it. */
	for (i = 0; i < SDR_RDMA_LANES_MAX; i++)
		if (qps[i])
			sdr_rdma_qp_stop(qps[i]);
}

/* What is left of the queue pairs, for sdr_rdma_qp_free(), or NULL. */
static void take_down(struct sdr_rdma_link *link,
		      struct sdr_rdma_qp *qps[SDR_RDMA_LANES_MAX])
{
	const struct sdr_rdma_msg msg = {
		.type = SDR_RDMA_DOWN, .mine = READ_ONCE(link->net->qps),
	};
	struct sdr_rdma_conn *conn;
	unsigned long i;
	u32 n;

	lockdep_assert_held(&link->gate);
	xa_for_each(&link->conns, i, conn)
		sdr_rdma_conn_hold(conn);
	for (n = 0; n < SDR_RDMA_LANES_MAX; n++) {
		qps[n] = link->lanes[n].qp;
		if (qps[n])
			sdr_rdma_qp_drain(qps[n]);
		sdr_rdma_lane_clear(link, &link->lanes[n]);
	}
	xa_for_each(&link->conns, i, conn)
		sdr_rdma_conn_down(conn);
	for (n = 0; n < SDR_RDMA_LANES_MAX; n++)
		link->lanes[n].qp = NULL;
	/* Those that are made from here on are as many as is said now. */
	if (!link->active)
		link->most_qps = msg.mine;
	sdr_rdma_link_say(link, &msg);
	pr_info_ratelimited("sdirect_rdma: %pI6c - %pI6c down\n", &link->local,
			    &link->peer);
}

static void go_down(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  down);
	struct sdr_rdma_qp *qps[SDR_RDMA_LANES_MAX];
	u32 i;

	stop(link);
	mutex_lock(&link->gate);
	take_down(link, qps);
	mutex_unlock(&link->gate);
	/* RDMA CM may take its time, for which nobody else should wait. */
	for (i = 0; i < SDR_RDMA_LANES_MAX; i++)
		if (qps[i])
			sdr_rdma_qp_free(qps[i]);
	sdr_rdma_link_grow(&link->retry);
	WRITE_ONCE(link->retry_at, jiffies + link->retry);
	/* No other is made before. */
	sdr_rdma_link_step(link, SDR_RDMA_EV_DRAINED);
	wake_up_all(&link->wait);
	sdr_rdma_link_put(link);
}

void sdr_rdma_link_life_init(struct sdr_rdma_link *link)
{
	u32 i;

	INIT_WORK(&link->up, go_up);
	INIT_WORK(&link->down, go_down);
	INIT_WORK(&link->room, room);
	INIT_DELAYED_WORK(&link->probe, probe);
	link->n_lanes = 1;
	for (i = 0; i < SDR_RDMA_LANES_MAX; i++)
		INIT_LIST_HEAD(&link->lanes[i].starved);
	sdr_rdma_poll_init(link);
}
