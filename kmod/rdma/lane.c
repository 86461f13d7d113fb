// SPDX-License-Identifier: GPL-2.0
/* One queue pair of a link, and the connections that wait for its requests. */
#include "compat.h"

#include "rdma/conn.h"
#include "rdma/lane.h"
#include "rdma/link.h"

struct sdr_rdma_lane *sdr_rdma_lane_of(const struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_link *link = conn->link;
	u32 id = link->active ? conn->id : conn->peer;

	return &link->lanes[id % link->n_lanes];
}

bool sdr_rdma_lane_starve(struct sdr_rdma_lane *lane,
			  struct sdr_rdma_conn *conn)
{
	bool new;

	lockdep_assert_held(&conn->lock);
	spin_lock_bh(&conn->link->lock);
	new = list_empty(&conn->starved);
	if (new)
		list_add_tail(&sdr_rdma_conn_get(conn)->starved,
			      &lane->starved);
	spin_unlock_bh(&conn->link->lock);
	return new;
}

/* The one who has waited longest, with its reference, or NULL. */
static struct sdr_rdma_conn *first(struct sdr_rdma_link *link,
				   struct sdr_rdma_lane *lane)
{
	struct sdr_rdma_conn *conn;

	spin_lock_bh(&link->lock);
	conn = list_first_entry_or_null(&lane->starved, struct sdr_rdma_conn,
					starved);
	if (conn)
		list_del_init(&conn->starved);
	spin_unlock_bh(&link->lock);
	return conn;
}

void sdr_rdma_lane_feed(struct sdr_rdma_link *link, struct sdr_rdma_lane *lane)
{
	struct sdr_rdma_conn *conn;
	bool more = true;

	/* One that waits again does so behind the others. */
	while (more && (conn = first(link, lane))) {
		more = sdr_rdma_conn_room(conn);
		sdr_rdma_conn_put(conn);
	}
}

void sdr_rdma_lane_clear(struct sdr_rdma_link *link, struct sdr_rdma_lane *lane)
{
	struct sdr_rdma_conn *conn;

	while ((conn = first(link, lane)))
		sdr_rdma_conn_put(conn);
}
