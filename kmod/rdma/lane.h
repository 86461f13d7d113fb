/* SPDX-License-Identifier: GPL-2.0 */
/* One queue pair of a link, and the connections that wait for its requests. */
#ifndef _SDR_RDMA_LANE_H
#define _SDR_RDMA_LANE_H

#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/types.h>

struct sdr_rdma_conn;
struct sdr_rdma_link;
struct sdr_rdma_qp;

/* Of a link, at most. */
#define SDR_RDMA_LANES_MAX	8

/* sdr_rdma_lanes_said() - how many another host means, which may be anything */
static inline u32 sdr_rdma_lanes_said(u32 said)
{
	return min_not_zero(said, (u32)SDR_RDMA_LANES_MAX);
}

/**
 * struct sdr_rdma_lane - a queue pair of a link
 * @qp:		the queue pair, or NULL; under the link's gate
 * @starved:	connections that found no request, in turn, each with a
 *		reference; under the link's lock
 */
struct sdr_rdma_lane {
	struct sdr_rdma_qp *qp;
	struct list_head starved;
};

/**
 * sdr_rdma_lane_of - by which a connection goes, both ways
 * @conn:	the connection, whose number at the other host is known
 *
 * Both hosts say the same.  Context: the link's gate is held, or a queue pair.
 */
struct sdr_rdma_lane *sdr_rdma_lane_of(const struct sdr_rdma_conn *conn);

/**
 * sdr_rdma_lane_starve - a connection found no request
 * @lane:	its own
 * @conn:	when there is one sdr_rdma_conn_room() comes, in turn
 *
 * Context: under the connection's lock, any.  Return: true if it did not wait
 * yet: then one may have become free unseen, and it is to try again.
 */
bool sdr_rdma_lane_starve(struct sdr_rdma_lane *lane,
			  struct sdr_rdma_conn *conn);

/* sdr_rdma_lane_feed() goes on with them as far as there is room; may sleep. */
void sdr_rdma_lane_feed(struct sdr_rdma_link *link, struct sdr_rdma_lane *lane);

/* Nobody waits any more, nor begins to; may sleep. */
void sdr_rdma_lane_clear(struct sdr_rdma_link *link,
			 struct sdr_rdma_lane *lane);

#endif /* _SDR_RDMA_LANE_H */
