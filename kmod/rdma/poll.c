// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel thread that looks for what programs send, so that they need not ring.
 *
 * A connection that rings is looked at from then on, and asks for no more rings;
 * when it has sent nothing for a while it asks for the next one.  The thread ends
 * with its last connection.
 */
#include "compat.h"

#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "rdma/conn.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/poll.h"
#include "rdma/qp.h"

/* A connection is looked at so long in vain. */
#define IDLE_TIME	max(HZ / 50, 1)
/* So many of a link: a round over them must not take long. */
#define POLLED_MAX	64

int sdr_rdma_poll;

void sdr_rdma_poll_begin(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_link *link = conn->link;
	struct sdr_rdma_polled *polled = &conn->polled;
	bool room;

	lockdep_assert_held(&conn->lock);
	/* Processors are the host's, for which others would have to wait. */
	if (likely(!READ_ONCE(sdr_rdma_poll)) || polled->on ||
	    !sdr_rdma_net_is_first(link->net) ||
	    conn->tx.state != SDR_RDMA_TX_RING)
		return;
	spin_lock_bh(&link->lock);
	room = link->n_polled < POLLED_MAX;
	if (room) {
		link->n_polled++;
		polled->on = true;
		polled->sent = conn->tx.sent;
		polled->until = jiffies + IDLE_TIME;
		list_add_tail(&sdr_rdma_conn_get(conn)->polled.node,
			      &link->polled);
	}
	spin_unlock_bh(&link->lock);
	if (!room)
		return;
	sdr_rdma_link_get(link);
	if (!queue_work(sdr_rdma_poll_wq, &link->poll))
		sdr_rdma_link_put(link);
}

/* False: it has been quiet, and rings again. */
static bool look_at(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_polled *polled = &conn->polled;
	struct sdr_rdma_qp *qp;

	spin_lock_bh(&conn->lock);
	qp = conn->tx.state == SDR_RDMA_TX_RING ? conn->tx.qp : NULL;
	polled->seen = true;
	if (qp && conn->pair) {
		sdr_rdma_conn_pump(conn);
		if (conn->tx.sent != polled->sent) {
			polled->sent = conn->tx.sent;
			polled->until = jiffies + IDLE_TIME;
		}
	}
	if (!qp || !conn->pair || time_after(jiffies, polled->until) ||
	    !READ_ONCE(sdr_rdma_poll)) {
		polled->on = false;
		polled->seen = false;
		/* What came since is seen now, or rings. */
		if (conn->pair)
			sdr_rdma_conn_pump(conn);
		qp = NULL;
	}
	if (qp)
		sdr_rdma_qp_hold(qp);
	spin_unlock_bh(&conn->lock);
	if (!qp)
		return false;
	sdr_rdma_qp_look(qp);
	sdr_rdma_qp_unhold(qp);
	return true;
}

static void take_new(struct sdr_rdma_link *link, struct list_head *list)
{
	spin_lock_bh(&link->lock);
	list_splice_tail_init(&link->polled, list);
	spin_unlock_bh(&link->lock);
}

static void leave(struct sdr_rdma_link *link, struct sdr_rdma_conn *conn)
{
	spin_lock_bh(&link->lock);
	link->n_polled--;
	spin_unlock_bh(&link->lock);
	sdr_rdma_conn_put(conn);
}

static void poll(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  poll);
	struct sdr_rdma_conn *conn, *next;
	LIST_HEAD(list);

	for (;;) {
		take_new(link, &list);
		if (list_empty(&list))
			break;
		list_for_each_entry_safe(conn, next, &list, polled.node) {
			/* From here on it may be added again. */
			list_del(&conn->polled.node);
			if (look_at(conn))
				list_add_tail(&conn->polled.node, &next->polled.node);
			else
				leave(link, conn);
		}
		cond_resched_tasks_rcu_qs();
	}
	sdr_rdma_link_put(link);
}

void sdr_rdma_poll_init(struct sdr_rdma_link *link)
{
	INIT_LIST_HEAD(&link->polled);
	INIT_WORK(&link->poll, poll);
}
