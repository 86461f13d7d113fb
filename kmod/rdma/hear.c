// SPDX-License-Identifier: GPL-2.0
/* The far end of a connection: what the other host says of it. */
#include "compat.h"

#include "rendezvous.h"
#include "ring.h"
#include "rdma/conn.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/qp.h"

/* A connection and its pair know each other. */
static bool attach(struct sdr_rdma_conn *conn)
{
	struct sdr_pair *pair;

	sdr_rdma_conn_get(conn);
	pair = sdr_rendezvous_far(&conn->who, &conn->far);
	if (!pair) {
		sdr_rdma_conn_put(conn);
		return false;
	}
	spin_lock_bh(&conn->lock);
	conn->pair = pair;
	spin_unlock_bh(&conn->lock);
	/* It may have been closed, or demoted, before we could hear of it. */
	sdr_rdma_conn_queue(conn, &conn->work);
	return true;
}

void sdr_rdma_conn_forget(struct sdr_rdma_conn *conn)
{
	lockdep_assert_held(&conn->link->gate);
	conn->close_said = true;
	conn->close_heard = true;
	sdr_rdma_conn_queue(conn, &conn->work);
}

/* A host names a connection of its own address alone: the link's. */
static void hear_attach(struct sdr_rdma_link *link,
			const struct sdr_rdma_msg *msg)
{
	const struct sdr_far_who who = {
		.net		= link->net->net,
		.key.mine	= msg->theirs,
		.key.theirs	= msg->mine,
		.saddr		= link->local,
		.daddr		= link->peer,
		.sport		= cpu_to_be16(msg->dport),
		.dport		= cpu_to_be16(msg->sport),
	};
	struct sdr_rdma_msg reply = {
		.type = SDR_RDMA_REFUSED, .conn = msg->from,
	};
	struct sdr_rdma_conn *conn = sdr_rdma_conn_create(link, &who);

	if (conn) {
		conn->peer = msg->from;
		if (attach(conn)) {
			reply.type = SDR_RDMA_ATTACHED;
			reply.from = conn->id;
		} else {
			sdr_rdma_conn_forget(conn);
		}
		sdr_rdma_conn_put(conn);
	}
	sdr_rdma_link_say(link, &reply);
}

static void hear_attached(struct sdr_rdma_conn *conn,
			  const struct sdr_rdma_msg *msg)
{
	if (conn->peer)
		return;
	sdr_rdma_conn_answered(conn);
	conn->peer = msg->from;
	if (attach(conn)) {
		sdr_rdma_link_want(conn->link);
		return;
	}
	/* The socket has gone meanwhile. */
	conn->close_said = true;
	sdr_rdma_conn_say(conn, SDR_RDMA_CLOSE, 0, 0);
}

static void hear_refused(struct sdr_rdma_conn *conn,
			 const struct sdr_rdma_msg *msg)
{
	if (!conn->peer)
		sdr_rdma_conn_forget(conn);
}

/* As large as asked for, or smaller; 0: none. */
static u32 give_ring(struct sdr_rdma_conn *conn, const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_qp *qp = sdr_rdma_lane_of(conn)->qp;
	struct sdr_rdma_rx *rx = &conn->rx;
	struct sdr_rdma_mr *mr;
	struct sdr_ring *ring;
	u32 size;

	if (rx->state == SDR_RDMA_RX_RING || !conn->pair)
		return 0;
	if (READ_ONCE(conn->link->state) != SDR_RDMA_UP) {
		sdr_rdma_link_want(conn->link);
		return 0;
	}
	sdr_rdma_rx_drop(conn);
	size = min(msg->size, sdr_rdma_link_share(conn->link));
	ring = size ? sdr_far_ring(conn->pair, size) : NULL;
	if (!ring)
		return 0;
	mr = sdr_rdma_mr_create(qp, ring);
	if (IS_ERR(mr)) {
		sdr_ring_put(ring);
		return 0;
	}
	sdr_rdma_link_pin(conn->link, size);
	spin_lock_bh(&conn->lock);
	*rx = (struct sdr_rdma_rx) {
		.state	= SDR_RDMA_RX_READY,
		.gen	= msg->gen,
		.qp	= qp,
		.mr	= mr,
		.ring	= ring,
		.end	= SDIRECT_POS_OPEN,
		.over_gen = rx->over_gen,
		.over_at = rx->over_at,
	};
	spin_unlock_bh(&conn->lock);
	return size;
}

static void hear_ring_req(struct sdr_rdma_conn *conn,
			  const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_msg reply = {
		.type = SDR_RDMA_NO_RING, .conn = conn->peer, .gen = msg->gen,
	};

	reply.size = give_ring(conn, msg);
	if (reply.size) {
		reply.type = SDR_RDMA_RING;
		reply.addr = sdr_rdma_mr_addr(conn->rx.mr);
		reply.rkey = sdr_rdma_mr_key(conn->rx.mr);
	}
	sdr_rdma_link_say(conn->link, &reply);
}

static void hear_ring(struct sdr_rdma_conn *conn, const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_tx *tx = &conn->tx;

	spin_lock_bh(&conn->lock);
	if (tx->state != SDR_RDMA_TX_ASKED || tx->gen != msg->gen)
		goto unlock;
	/* The host that has called may see the queue pair made earlier than we. */
	if (tx->size < msg->size ||
	    READ_ONCE(conn->link->state) != SDR_RDMA_UP) {
		tx->state = SDR_RDMA_TX_NONE;
		goto unlock;
	}
	tx->state = SDR_RDMA_TX_READY;
	tx->qp = sdr_rdma_lane_of(conn)->qp;
	tx->size = msg->size;
	tx->raddr = msg->addr;
	tx->rkey = msg->rkey;
unlock:
	spin_unlock_bh(&conn->lock);
}

static void hear_no_ring(struct sdr_rdma_conn *conn,
			 const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_tx *tx = &conn->tx;

	spin_lock_bh(&conn->lock);
	if (tx->state == SDR_RDMA_TX_ASKED && tx->gen == msg->gen)
		tx->state = SDR_RDMA_TX_NONE;
	spin_unlock_bh(&conn->lock);
}

static void hear_seal(struct sdr_rdma_conn *conn, const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_rx *rx = &conn->rx;
	u64 count = READ_ONCE(rx->count);

	if (rx->state != SDR_RDMA_RX_READY || rx->gen != msg->gen) {
		/* The queue pair died before this was heard. */
		sdr_rdma_conn_say(conn, SDR_RDMA_RESUME, msg->gen, msg->pos);
		return;
	}
	if (sdr_far_append(conn->pair, sdr_ring_get(rx->ring), msg->pos,
			   count)) {
		sdr_rdma_conn_move(conn, ECONNRESET);
		return;
	}
	spin_lock_bh(&conn->lock);
	rx->told = msg->pos;
	rx->tail = msg->pos + rx->count;
	rx->state = SDR_RDMA_RX_RING;
	if (rx->count > count)
		sdr_far_wrote(conn->pair, msg->pos + count, rx->tail);
	sdr_rdma_conn_pump(conn);
	spin_unlock_bh(&conn->lock);
}

static void hear_unseal(struct sdr_rdma_conn *conn,
			const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_rx *rx = &conn->rx;

	if (rx->state != SDR_RDMA_RX_RING || rx->gen != msg->gen) {
		/* RESUME said the same. */
		sdr_rdma_conn_say(conn, SDR_RDMA_UNSEALED, msg->gen, msg->pos);
		return;
	}
	spin_lock_bh(&conn->lock);
	rx->end = msg->pos;
	spin_unlock_bh(&conn->lock);
	sdr_rdma_conn_queue(conn, &conn->work);
}

static void hear_unsealed(struct sdr_rdma_conn *conn,
			  const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_tx *tx = &conn->tx;

	spin_lock_bh(&conn->lock);
	/* Until all is there the device reads the ring, whatever it says. */
	if (tx->gen == msg->gen && tx->acked == tx->end)
		WRITE_ONCE(tx->unsealed, true);
	spin_unlock_bh(&conn->lock);
	wake_up(&conn->wait);
}

static void hear_resume(struct sdr_rdma_conn *conn,
			const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_tx *tx = &conn->tx;

	if ((tx->state != SDR_RDMA_TX_RING &&
	     tx->state != SDR_RDMA_TX_BROKEN) || tx->gen != msg->gen)
		return;
	/* It has what was acknowledged, and cannot have what was not sent. */
	if (msg->pos < max(tx->base, tx->head) || msg->pos > tx->sent) {
		sdr_rdma_conn_move(conn, ECONNRESET);
		return;
	}
	spin_lock_bh(&conn->lock);
	WRITE_ONCE(tx->resume, msg->pos);
	spin_unlock_bh(&conn->lock);
	wake_up(&conn->wait);
	if (tx->state == SDR_RDMA_TX_BROKEN)
		sdr_rdma_conn_move(conn, 0);
	else
		sdr_rdma_link_fail(conn->link);
}

static void hear_by_tcp(struct sdr_rdma_conn *conn,
			const struct sdr_rdma_msg *msg)
{
	if (conn->pair)
		sdr_far_by_tcp(conn->pair, msg->arg & SDR_RDMA_BY_TCP_OPTION,
			       msg->arg & SDR_RDMA_BY_TCP_DEMOTED);
}

static void hear_close(struct sdr_rdma_conn *conn,
		       const struct sdr_rdma_msg *msg)
{
	conn->close_heard = true;
	if (conn->pair) {
		sdr_far_gone(conn->pair);
		/* Its ring is kept there until nothing is written to it. */
		sdr_rdma_conn_move(conn, 0);
	}
	sdr_rdma_conn_queue(conn, &conn->work);
}

/*
 * The control connection was lost, and with it the queue pair, so that all rings
 * have ended.  Where the asker's did is what was said, or tried, before; one whose
 * beginning was never heard of has ended there.
 */
static void hear_query(struct sdr_rdma_conn *conn,
		       const struct sdr_rdma_msg *msg)
{
	const struct sdr_rdma_rx *rx = &conn->rx;

	hear_by_tcp(conn, msg);
	if (!(msg->arg & SDR_RDMA_QUERY_RING) ||
	    rx->state == SDR_RDMA_RX_RING)
		return;
	sdr_rdma_conn_say(conn, SDR_RDMA_RESUME, msg->gen,
			  rx->over_gen == msg->gen ? rx->over_at : msg->pos);
}

/* What is said of a connection that is not known here (any more). */
static void hear_stray(struct sdr_rdma_link *link,
		       const struct sdr_rdma_msg *msg)
{
	const struct sdr_rdma_msg reply = {
		.type = SDR_RDMA_CLOSE, .conn = msg->from,
	};

	if (msg->type == SDR_RDMA_ATTACHED || msg->type == SDR_RDMA_QUERY)
		sdr_rdma_link_say(link, &reply);
}

typedef void hear_fn(struct sdr_rdma_conn *conn, const struct sdr_rdma_msg *msg);

static hear_fn *const hears[__SDR_RDMA_MSG_MAX] = {
	[SDR_RDMA_ATTACHED]	= hear_attached,
	[SDR_RDMA_REFUSED]	= hear_refused,
	[SDR_RDMA_RING_REQ]	= hear_ring_req,
	[SDR_RDMA_RING]		= hear_ring,
	[SDR_RDMA_NO_RING]	= hear_no_ring,
	[SDR_RDMA_SEAL]		= hear_seal,
	[SDR_RDMA_UNSEAL]	= hear_unseal,
	[SDR_RDMA_UNSEALED]	= hear_unsealed,
	[SDR_RDMA_RESUME]	= hear_resume,
	[SDR_RDMA_BY_TCP]	= hear_by_tcp,
	[SDR_RDMA_CLOSE]	= hear_close,
	[SDR_RDMA_QUERY]	= hear_query,
};

void sdr_rdma_conn_hear(struct sdr_rdma_link *link,
			const struct sdr_rdma_msg *msg)
{
	struct sdr_rdma_conn *conn;

	lockdep_assert_held(&link->gate);
	if (msg->type == SDR_RDMA_ATTACH) {
		hear_attach(link, msg);
		return;
	}
	conn = sdr_rdma_conn_find(link, msg->conn);
	if (!conn || (msg->from && conn->peer && conn->peer != msg->from)) {
		hear_stray(link, msg);
		if (conn)
			sdr_rdma_conn_put(conn);
		return;
	}
	/* Nothing but the answer before the answer. */
	if (hears[msg->type] && !conn->lost &&
	    (conn->peer || msg->type == SDR_RDMA_ATTACHED ||
	     msg->type == SDR_RDMA_REFUSED))
		hears[msg->type](conn, msg);
	sdr_rdma_conn_put(conn);
}
