// SPDX-License-Identifier: GPL-2.0
/* The far end of a connection: its life, and what the core asks of it. */
#include "compat.h"

#include <linux/module.h>
#include <linux/slab.h>

#include "ring.h"
#include "rdma/conn.h"
#include "rdma/link.h"
#include "rdma/qp.h"

/* One ring's memory, at both hosts: pinned where it is written. */
#define RING_SIZE	(256u << 10)
#define ASK_AGAIN	HZ
/* Longer than a dead queue pair takes to show, and its end to be told. */
#define LEAVE_TIME	(10 * HZ)

static struct sdr_rdma_conn *conn_of(struct sdr_far *far)
{
	return container_of(far, struct sdr_rdma_conn, far);
}

void sdr_rdma_conn_put(struct sdr_rdma_conn *conn)
{
	if (!refcount_dec_and_test(&conn->ref))
		return;
	sdr_rdma_link_put(conn->link);
	kfree(conn);
}

void sdr_rdma_conn_queue(struct sdr_rdma_conn *conn, struct work_struct *work)
{
	sdr_rdma_conn_get(conn);
	if (!queue_work(sdr_rdma_wq, work))
		sdr_rdma_conn_put(conn);
}

void sdr_rdma_conn_say(struct sdr_rdma_conn *conn, enum sdr_rdma_msg_type type,
		       u32 gen, u64 pos)
{
	const struct sdr_rdma_msg msg = {
		.type = type, .conn = conn->peer, .gen = gen, .pos = pos,
	};

	sdr_rdma_link_say(conn->link, &msg);
}

struct sdr_rdma_conn *sdr_rdma_conn_find(struct sdr_rdma_link *link, u32 id)
{
	struct sdr_rdma_conn *conn;

	xa_lock(&link->conns);
	conn = xa_load(&link->conns, id);
	if (conn)
		sdr_rdma_conn_get(conn);
	xa_unlock(&link->conns);
	return conn;
}

/* --- the end --- */

/* Under the gate: nobody may write the ring any more. */
void sdr_rdma_rx_drop(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_rx old;

	lockdep_assert_held(&conn->link->gate);
	spin_lock(&conn->lock);
	old = conn->rx;
	memset(&conn->rx, 0, sizeof(conn->rx));
	conn->rx.gen = old.gen;
	spin_unlock(&conn->lock);
	if (old.mr)
		sdr_rdma_mr_free(old.mr);
	sdr_ring_put(old.ring);
}

static void unmap(struct sdr_rdma_qp *qp, const struct sdr_ring *ring, u64 *dma)
{
	u32 i;

	for (i = 0; i < ring->size >> PAGE_SHIFT && dma[i]; i++)
		sdr_rdma_qp_unmap(qp, dma[i]);
	kfree(dma);
}

/* Under the gate: all that was posted has been completed. */
void sdr_rdma_tx_drop(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_tx *tx = &conn->tx, old;

	lockdep_assert_held(&conn->link->gate);
	spin_lock(&conn->lock);
	old = *tx;
	memset(tx, 0, sizeof(*tx));
	tx->gen = old.gen;
	tx->again = old.again;
	spin_unlock(&conn->lock);
	if (old.qp && old.dma)
		unmap(old.qp, old.ring, old.dma);
	sdr_ring_put(old.ring);
}

/* Both sockets are gone, or there never was one here. */
static void finish(struct sdr_rdma_conn *conn)
{
	struct sdr_pair *pair;

	/* Writes may be under way: the end of the queue pair comes back here. */
	if (conn->tx.state == SDR_RDMA_TX_RING) {
		sdr_rdma_link_fail(conn->link);
		return;
	}
	if (xa_erase(&conn->link->conns, conn->id) != conn)
		return;
	sdr_rdma_rx_drop(conn);
	sdr_rdma_tx_drop(conn);
	spin_lock(&conn->lock);
	pair = conn->pair;
	conn->pair = NULL;
	spin_unlock(&conn->lock);
	if (pair) {
		sdr_far_close(pair);
		sdr_pair_put(pair);
	}
	sdr_rdma_conn_put(conn);
}

/* --- what is to be said --- */

static void say_attach(struct sdr_rdma_conn *conn)
{
	const struct sdr_rdma_msg msg = {
		.type	= SDR_RDMA_ATTACH,
		.from	= conn->id,
		.mine	= conn->who.key.mine,
		.theirs	= conn->who.key.theirs,
		.sport	= be16_to_cpu(conn->who.sport),
		.dport	= be16_to_cpu(conn->who.dport),
	};

	sdr_rdma_link_say(conn->link, &msg);
}

static void say_ring_req(struct sdr_rdma_conn *conn)
{
	const struct sdr_rdma_msg msg = {
		.type	= SDR_RDMA_RING_REQ,
		.conn	= conn->peer,
		.gen	= conn->tx.gen,
		.size	= conn->tx.size,
	};

	sdr_rdma_link_say(conn->link, &msg);
}

static void say_wish(struct sdr_rdma_conn *conn)
{
	u8 wish = sdr_far_wish(conn->pair);
	const struct sdr_rdma_msg msg = {
		.type	= SDR_RDMA_BY_TCP,
		.conn	= conn->peer,
		.arg	= (wish & SDR_BY_TCP_OPTION ?
				SDR_RDMA_BY_TCP_OPTION : 0) |
			  (wish & ~SDR_BY_TCP_OPTION ?
				SDR_RDMA_BY_TCP_DEMOTED : 0),
	};

	if (msg.arg == conn->wish)
		return;
	conn->wish = msg.arg;
	sdr_rdma_link_say(conn->link, &msg);
}

/* The ring of the other host's direction ends here, and all of it has come. */
static void rx_finish(struct sdr_rdma_conn *conn)
{
	u64 end = conn->rx.end, tail;

	if (conn->rx.state != SDR_RDMA_RX_RING)
		return;
	spin_lock(&conn->lock);
	tail = conn->rx.tail;
	spin_unlock(&conn->lock);
	if (tail < end)
		return;
	if (tail > end || sdr_far_append(conn->pair, NULL, end, 0)) {
		conn->abort = true;
		sdr_rdma_conn_queue(conn, &conn->move);
		return;
	}
	sdr_rdma_rx_drop(conn);
	sdr_rdma_conn_say(conn, SDR_RDMA_UNSEALED, conn->rx.gen, end);
}

static bool take(struct sdr_rdma_conn *conn, bool *flag)
{
	bool was;

	spin_lock(&conn->lock);
	was = *flag;
	*flag = false;
	spin_unlock(&conn->lock);
	return was;
}

static void work(struct work_struct *work)
{
	struct sdr_rdma_conn *conn = container_of(work, struct sdr_rdma_conn,
						  work);
	struct sdr_pair *pair;

	mutex_lock(&conn->link->gate);
	if (take(conn, &conn->attach))
		say_attach(conn);
	if (take(conn, &conn->want_ring))
		say_ring_req(conn);
	rx_finish(conn);
	pair = conn->pair;
	if (pair && conn->peer)
		say_wish(conn);
	if (pair && !READ_ONCE(pair->end[SDR_NEAR_SIDE].ss) &&
	    !conn->close_said) {
		conn->close_said = true;
		sdr_rdma_conn_say(conn, SDR_RDMA_CLOSE, 0, 0);
	}
	if (conn->close_said && conn->close_heard)
		finish(conn);
	mutex_unlock(&conn->link->gate);
	sdr_rdma_conn_put(conn);
}

/* Waits for the socket's lock, so it is not for what others wait for. */
static void move(struct work_struct *work)
{
	struct sdr_rdma_conn *conn = container_of(work, struct sdr_rdma_conn,
						  move);
	struct sdr_pair *pair;

	spin_lock(&conn->lock);
	pair = conn->pair ? sdr_pair_get(conn->pair) : NULL;
	spin_unlock(&conn->lock);
	if (pair && conn->abort)
		sdr_far_abort(pair);
	else if (pair)
		sdr_far_to_tcp(pair, SDIRECT_REASON_PEER_GONE);
	sdr_pair_put(pair);
	sdr_rdma_conn_put(conn);
}

struct sdr_rdma_conn *sdr_rdma_conn_create(struct sdr_rdma_link *link,
					   const struct sdr_far_who *who)
{
	struct sdr_rdma_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT);

	if (!conn)
		return NULL;
	conn->far.ops = &sdr_rdma_conn_ops;
	refcount_set(&conn->ref, 2);	/* the table's, the caller's */
	conn->who = *who;
	spin_lock_init(&conn->lock);
	init_waitqueue_head(&conn->wait);
	INIT_WORK(&conn->work, work);
	INIT_WORK(&conn->move, move);
	if (xa_alloc(&link->conns, &conn->id, conn, xa_limit_31b, GFP_KERNEL)) {
		kfree(conn);
		return NULL;
	}
	refcount_inc(&link->ref);
	conn->link = link;
	return conn;
}

static bool asked_already(struct sdr_rdma_link *link,
			  const struct sdr_far_who *who)
{
	struct sdr_rdma_conn *conn;
	unsigned long i;
	bool found = false;

	xa_lock(&link->conns);
	xa_for_each(&link->conns, i, conn)
		found |= !conn->peer && conn->who.sport == who->sport &&
			 conn->who.dport == who->dport;
	xa_unlock(&link->conns);
	return found;
}

void sdr_rdma_conn_ask(struct sdr_rdma_link *link, const struct sdr_far_who *who)
{
	struct sdr_rdma_conn *conn;

	if (asked_already(link, who))
		return;
	conn = sdr_rdma_conn_create(link, who);
	if (!conn)
		return;
	conn->attach = true;
	sdr_rdma_conn_queue(conn, &conn->work);
	sdr_rdma_conn_put(conn);
}

/* --- what the core asks --- */

static void conn_kick(struct sdr_far *far)
{
	struct sdr_rdma_conn *conn = conn_of(far);
	bool tell = false;

	spin_lock(&conn->lock);
	if (conn->pair) {
		sdr_rdma_conn_pump(conn);
		tell = !READ_ONCE(conn->pair->end[SDR_NEAR_SIDE].ss) ||
		       !sdr_far_wish(conn->pair) != !conn->wish;
	}
	spin_unlock(&conn->lock);
	if (tell)
		sdr_rdma_conn_queue(conn, &conn->work);
}

static enum sdirect_reason conn_ready(struct sdr_far *far, u32 *size)
{
	struct sdr_rdma_conn *conn = conn_of(far);
	enum sdirect_reason why = SDIRECT_REASON_COLD;
	struct sdr_rdma_tx *tx = &conn->tx;
	bool ask = false;

	if (!sdr_rdma_link_want(conn->link))
		return why;
	spin_lock(&conn->lock);
	if (tx->state == SDR_RDMA_TX_READY) {
		*size = tx->size;
		why = SDIRECT_REASON_NONE;
	} else if (tx->state == SDR_RDMA_TX_NONE && conn->peer &&
		   time_after_eq(jiffies, tx->again)) {
		tx->state = SDR_RDMA_TX_ASKED;
		tx->gen++;
		tx->size = min(*size, RING_SIZE);
		tx->again = jiffies + ASK_AGAIN;
		conn->want_ring = true;
		ask = true;
	}
	spin_unlock(&conn->lock);
	if (ask)
		sdr_rdma_conn_queue(conn, &conn->work);
	return why;
}

static u64 *map_ring(struct sdr_rdma_qp *qp, const struct sdr_ring *ring)
{
	u32 i, n = ring->size >> PAGE_SHIFT;
	u64 *dma = kcalloc(n, sizeof(*dma), GFP_KERNEL_ACCOUNT);

	for (i = 0; dma && i < n; i++) {
		dma[i] = sdr_rdma_qp_map(qp, ring->pages[i]);
		if (!dma[i]) {
			unmap(qp, ring, dma);
			return NULL;
		}
	}
	return dma;
}

/* Under the gate, so the queue pair of the ring that was given stays. */
static int begin(struct sdr_rdma_conn *conn, struct sdr_ring *ring, u64 pos)
{
	struct sdr_rdma_tx *tx = &conn->tx;
	u64 *dma;

	if (tx->state != SDR_RDMA_TX_READY)
		return -EAGAIN;
	dma = map_ring(tx->qp, ring);
	if (!dma)
		return -ENOMEM;
	sdr_rdma_conn_say(conn, SDR_RDMA_SEAL, tx->gen, pos);
	spin_lock(&conn->lock);
	tx->ring = sdr_ring_get(ring);
	tx->dma = dma;
	tx->base = pos;
	tx->sent = pos;
	tx->acked = pos;
	tx->head = pos;
	tx->end = SDIRECT_POS_OPEN;
	tx->resume = SDIRECT_POS_OPEN;
	tx->unsealed = false;
	tx->state = SDR_RDMA_TX_RING;
	spin_unlock(&conn->lock);
	return 0;
}

static int conn_begin(struct sdr_far *far, struct sdr_ring *ring, u64 pos)
{
	struct sdr_rdma_conn *conn = conn_of(far);
	int err;

	mutex_lock(&conn->link->gate);
	err = begin(conn, ring, pos);
	mutex_unlock(&conn->link->gate);
	return err;
}

/* Is it known where TCP goes on, because the queue pair has died? */
static bool resumed(const struct sdr_rdma_conn *conn)
{
	return READ_ONCE(conn->tx.state) == SDR_RDMA_TX_BROKEN &&
	       READ_ONCE(conn->tx.resume) != SDIRECT_POS_OPEN;
}

static bool drained(const struct sdr_rdma_conn *conn)
{
	return READ_ONCE(conn->tx.acked) == conn->tx.end || resumed(conn) ||
	       READ_ONCE(conn->lost);
}

static bool unsealed(const struct sdr_rdma_conn *conn)
{
	return READ_ONCE(conn->tx.unsealed) || resumed(conn) ||
	       READ_ONCE(conn->lost);
}

static s64 conn_leave(struct sdr_far *far, u64 pos)
{
	struct sdr_rdma_conn *conn = conn_of(far);
	struct sdr_rdma_tx *tx = &conn->tx;
	s64 from = -ECONNRESET;

	spin_lock(&conn->lock);
	tx->end = pos;
	if (conn->pair)
		sdr_rdma_conn_pump(conn);
	spin_unlock(&conn->lock);
	wait_event_timeout(conn->wait, drained(conn), LEAVE_TIME);
	if (READ_ONCE(tx->acked) == pos && !resumed(conn)) {
		sdr_rdma_conn_say(conn, SDR_RDMA_UNSEAL, tx->gen, pos);
		wait_event_timeout(conn->wait, unsealed(conn), LEAVE_TIME);
	}

	mutex_lock(&conn->link->gate);
	if (resumed(conn))
		from = tx->resume;
	else if (tx->unsealed)
		from = pos;
	if (from >= 0)
		sdr_rdma_tx_drop(conn);
	else if (!conn->lost)
		sdr_rdma_link_fail(conn->link);
	mutex_unlock(&conn->link->gate);
	return from;
}

static void conn_release(struct sdr_far *far)
{
	sdr_rdma_conn_put(conn_of(far));
}

struct sdr_far_ops sdr_rdma_conn_ops = {
	.owner	= THIS_MODULE,
	.kick	= conn_kick,
	.ready	= conn_ready,
	.begin	= conn_begin,
	.leave	= conn_leave,
	.put	= conn_release,
};
