// SPDX-License-Identifier: GPL-2.0
/*
 * The far end of a connection: its bytes.
 *
 * The own end's ring is copied to the other host's, byte for byte at the same
 * place, and what the other host has read comes back as a credit.  Neither
 * depends on the order of bytes within a write: the tail of the ring here moves
 * when a write is complete.
 */
#include "compat.h"

#include "ring.h"
#include "rdma/conn.h"
#include "rdma/link.h"
#include "rdma/qp.h"

/* A program that writes without end must not keep a doorbell busy without end. */
#define PUMP_TRIES	64
/*
 * While so many writes of a connection are under way, its bytes wait for the
 * first to be completed, and go together: small messages share a write, and who
 * writes them need not ring.  Half as many are told of at once.
 */
#define FLYING_MAX	4
#define FLYING_TOLD	(FLYING_MAX / 2)

/*
 * There was no work request, and there will be one.  Whoever begins to wait tries
 * once more: one that became free before was told to those who waited then.
 */
static bool try_again(struct sdr_rdma_conn *conn, int err)
{
	return err == -EAGAIN && sdr_rdma_lane_starve(sdr_rdma_lane_of(conn), conn);
}

/* Post what there is up to @tail; false: a completion will come back here. */
static bool post(struct sdr_rdma_conn *conn, u64 tail)
{
	struct sdr_rdma_tx *tx = &conn->tx;
	int n;

	while (tx->sent < tail && tx->flying < FLYING_MAX) {
		u32 off = tx->sent & (tx->size - 1);
		const struct sdr_rdma_write write = {
			.ring	= tx->ring,
			.dma	= tx->dma,
			.off	= off,
			.len	= min_t(u64, tail - tx->sent, tx->size - off),
			.raddr	= tx->raddr,
			.rkey	= tx->rkey,
			.conn	= conn->peer,
			.pos	= tx->sent,
			.signal	= (tx->flying + 1) % FLYING_TOLD == 0,
			.ctx	= sdr_rdma_conn_get(conn),
		};

		n = sdr_rdma_qp_write(tx->qp, &write);
		if (n < 0)
			refcount_dec(&conn->ref);
		if (try_again(conn, n))
			continue;
		if (n < 0)
			return false;
		tx->sent += n;
		tx->flying++;
	}
	return true;
}

/* All has been posted, and somebody waits until it is there. */
static void flush(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_tx *tx = &conn->tx;
	int err;

	if (tx->sent != tx->end || tx->acked == tx->end || tx->flushed)
		return;
	do {
		err = sdr_rdma_qp_flush(tx->qp);
	} while (try_again(conn, err));
	tx->flushed = !err;
}

/* Who writes on rings the next time, unless somebody looks. */
static u64 own_tail(const struct sdr_rdma_conn *conn)
{
	return conn->polled.seen ? sdr_far_tail(conn->pair) :
				   sdr_far_sent(conn->pair, conn->tx.sent);
}

static void pump_tx(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_tx *tx = &conn->tx;
	int tries;
	u64 tail;

	for (tries = 0; tries < PUMP_TRIES; tries++) {
		if (tx->flying == FLYING_MAX)
			return;
		/* Once the end is known the program writes there no more. */
		tail = min(own_tail(conn), tx->end);
		/* A tail that cannot be true is for the program's own call. */
		if (tail <= tx->sent ||
		    tail - max(tx->head, tx->base) > tx->size)
			return;
		if (!post(conn, tail))
			return;
	}
	sdr_rdma_conn_queue(conn, &conn->work);
}

/*
 * Say how much was read, half of the ring at a time: who has read all leaves the
 * sender more than that.
 */
static void pump_rx(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_rx *rx = &conn->rx;
	u32 step = rx->ring->size / 2;
	int err;
	u64 got;

	for (;;) {
		got = sdr_far_got(conn->pair, rx->told + step - 1);
		if (got < rx->told + step || got > rx->tail)
			return;
		err = sdr_rdma_qp_credit(rx->qp, conn->peer, rx->gen, got);
		if (try_again(conn, err))
			continue;
		if (err)
			return;
		rx->told = got;
	}
}

void sdr_rdma_conn_pump(struct sdr_rdma_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	if (conn->tx.state == SDR_RDMA_TX_RING && conn->tx.qp) {
		pump_tx(conn);
		flush(conn);
	}
	if (conn->rx.state == SDR_RDMA_RX_RING && conn->rx.qp)
		pump_rx(conn);
}

/* --- what the queue pair tells --- */

void sdr_rdma_conn_arrived(struct sdr_rdma_conn *conn, u32 bytes)
{
	struct sdr_rdma_rx *rx = &conn->rx;
	bool finish = false;

	spin_lock_bh(&conn->lock);
	if (rx->state == SDR_RDMA_RX_READY) {
		rx->count += bytes;
	} else if (rx->state == SDR_RDMA_RX_RING) {
		sdr_far_wrote(conn->pair, rx->tail, rx->tail + bytes);
		rx->tail += bytes;
		finish = rx->tail >= rx->end;
		/* It may have read this before it was counted. */
		if (rx->qp)
			pump_rx(conn);
	}
	spin_unlock_bh(&conn->lock);
	if (finish)
		sdr_rdma_conn_queue(conn, &conn->work);
}

void sdr_rdma_conn_credit(struct sdr_rdma_conn *conn, u32 gen, u64 pos)
{
	struct sdr_rdma_tx *tx = &conn->tx;

	spin_lock_bh(&conn->lock);
	/* Nothing was read that was not sent. */
	if (tx->state == SDR_RDMA_TX_RING && tx->gen == gen && pos > tx->head &&
	    pos <= tx->sent) {
		sdr_far_read(conn->pair, tx->head, pos);
		tx->head = pos;
		sdr_rdma_conn_pump(conn);
	}
	spin_unlock_bh(&conn->lock);
}

void sdr_rdma_conn_written(void *ctx, u64 pos, bool ok)
{
	struct sdr_rdma_conn *conn = ctx;
	struct sdr_rdma_tx *tx = &conn->tx;

	spin_lock_bh(&conn->lock);
	tx->flying--;
	if (ok && tx->state == SDR_RDMA_TX_RING && pos > tx->acked) {
		tx->acked = pos;
		if (pos == tx->end)
			wake_up(&conn->wait);
		if (conn->pair)
			sdr_rdma_conn_pump(conn);
	}
	spin_unlock_bh(&conn->lock);
	sdr_rdma_conn_put(conn);
}

bool sdr_rdma_conn_room(struct sdr_rdma_conn *conn)
{
	bool more;

	spin_lock_bh(&conn->lock);
	if (conn->pair)
		sdr_rdma_conn_pump(conn);
	more = list_empty_careful(&conn->starved);
	spin_unlock_bh(&conn->lock);
	return more;
}

/* --- the queue pair is dead --- */

void sdr_rdma_conn_hold(struct sdr_rdma_conn *conn)
{
	lockdep_assert_held(&conn->link->gate);
	spin_lock_bh(&conn->lock);
	conn->tx.qp = NULL;
	conn->rx.qp = NULL;
	spin_unlock_bh(&conn->lock);
}

static void rx_down(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_rx *rx = &conn->rx;
	u32 gen = rx->gen;
	u64 tail = rx->tail;

	if (rx->state == SDR_RDMA_RX_RING) {
		/* Whoever said that all is here has lied, or memory is short. */
		if ((rx->end != SDIRECT_POS_OPEN && rx->end != tail) ||
		    sdr_far_append(conn->pair, NULL, tail, 0))
			sdr_rdma_conn_move(conn, ECONNRESET);
		else
			sdr_rdma_conn_say(conn, SDR_RDMA_RESUME, gen, tail);
	}
	sdr_rdma_rx_drop(conn);
}

static void tx_down(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_tx *tx = &conn->tx;
	struct sdr_rdma_qp *qp = sdr_rdma_lane_of(conn)->qp;
	struct sdr_ring *ring = tx->ring;
	u64 *dma = tx->dma;
	u32 i;

	if (tx->state != SDR_RDMA_TX_RING) {
		if (tx->state != SDR_RDMA_TX_BROKEN)
			sdr_rdma_tx_drop(conn);
		return;
	}
	spin_lock_bh(&conn->lock);
	tx->state = SDR_RDMA_TX_BROKEN;
	tx->dma = NULL;
	spin_unlock_bh(&conn->lock);
	for (i = 0; i < ring->size >> PAGE_SHIFT; i++)
		sdr_rdma_qp_unmap(qp, dma[i]);
	kfree(dma);
	sdr_rdma_link_pin(conn->link, -(s64)ring->size);
	wake_up(&conn->wait);
	if (tx->resume != SDIRECT_POS_OPEN)
		sdr_rdma_conn_move(conn, 0);
}

void sdr_rdma_conn_down(struct sdr_rdma_conn *conn)
{
	lockdep_assert_held(&conn->link->gate);
	rx_down(conn);
	tx_down(conn);
	sdr_rdma_conn_queue(conn, &conn->work);
}

/* The queue pair is down, so a ring that has not ended here is known here. */
void sdr_rdma_conn_query(struct sdr_rdma_conn *conn)
{
	const struct sdr_rdma_tx *tx = &conn->tx;
	bool ring = tx->state == SDR_RDMA_TX_BROKEN;
	const struct sdr_rdma_msg msg = {
		.type	= SDR_RDMA_QUERY,
		.conn	= conn->peer,
		.from	= conn->id,
		.gen	= tx->gen,
		.arg	= (conn->pair ? sdr_rdma_conn_wish(conn) : 0) |
			  (ring ? SDR_RDMA_QUERY_RING : 0),
		.pos	= tx->base,
	};

	lockdep_assert_held(&conn->link->gate);
	if (conn->lost)
		return;
	/* The answer is lost, if there was one: it is asked for again later. */
	if (!conn->peer) {
		sdr_rdma_conn_forget(conn);
		return;
	}
	conn->wish = msg.arg & SDR_RDMA_BY_TCP_MASK;
	sdr_rdma_link_say(conn->link, &msg);
	if (conn->close_said)
		sdr_rdma_conn_say(conn, SDR_RDMA_CLOSE, 0, 0);
}

void sdr_rdma_conn_lost(struct sdr_rdma_conn *conn, int error)
{
	struct sdr_pair *pair;

	lockdep_assert_held(&conn->link->gate);
	conn->lost = true;
	conn->close_heard = true;
	pair = conn->pair;
	if (!pair)
		conn->close_said = true;
	else
		sdr_far_gone(pair);
	if (conn->tx.state == SDR_RDMA_TX_BROKEN)
		sdr_rdma_conn_move(conn, error);
	wake_up(&conn->wait);
	sdr_rdma_conn_queue(conn, &conn->work);
}
