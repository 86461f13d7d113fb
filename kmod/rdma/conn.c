// SPDX-License-Identifier: GPL-2.0
/* The far end of a connection: its life, and what the core asks of it. */
#include "compat.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "ring.h"
#include "rdma/conn.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/qp.h"

#define ASK_AGAIN	HZ
/* Longer than a dead queue pair takes to show, and its end to be told. */
#define LEAVE_TIME	(10 * HZ)
/* Asked for and not answered, of each link, and how long. */
#define ASKING_MAX	256
#define ASKING_TIME	(5 * HZ)
/* A socket whose lock its program keeps is tried again so often. */
#define MOVE_AGAIN	max(HZ / 50, 1)

static struct sdr_rdma_conn *conn_of(struct sdr_far *far)
{
	return container_of(far, struct sdr_rdma_conn, far);
}

void sdr_rdma_conn_put(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_net *rn = conn->link->net;

	if (!refcount_dec_and_test(&conn->ref))
		return;
	sdr_rdma_link_put(conn->link);
	kfree(conn);
	/* Who waits may free it from here on: this is no more than an address. */
	if (atomic_dec_and_test(&rn->n_conns))
		wake_up_var(&rn->n_conns);
}

void sdr_rdma_conn_queue(struct sdr_rdma_conn *conn, struct work_struct *work)
{
	sdr_rdma_conn_get(conn);
	if (!queue_work(conn->link->net->wq, work))
		sdr_rdma_conn_put(conn);
}

void sdr_rdma_conn_move(struct sdr_rdma_conn *conn, int error)
{
	if (error)
		WRITE_ONCE(conn->error, error);
	sdr_rdma_conn_get(conn);
	if (!queue_delayed_work(conn->link->net->move_wq, &conn->move, 0))
		sdr_rdma_conn_put(conn);
}

void sdr_rdma_conn_answered(struct sdr_rdma_conn *conn)
{
	spin_lock_bh(&conn->link->lock);
	list_del_init(&conn->asking);
	spin_unlock_bh(&conn->link->lock);
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

	xa_lock_bh(&link->conns);
	conn = xa_load(&link->conns, id);
	if (conn)
		sdr_rdma_conn_get(conn);
	xa_unlock_bh(&link->conns);
	return conn;
}

/* --- the end --- */

/* Under the gate: nobody may write the ring any more. */
void sdr_rdma_rx_drop(struct sdr_rdma_conn *conn)
{
	struct sdr_rdma_rx old;

	lockdep_assert_held(&conn->link->gate);
	spin_lock_bh(&conn->lock);
	old = conn->rx;
	memset(&conn->rx, 0, sizeof(conn->rx));
	conn->rx.gen = old.gen;
	conn->rx.over_gen = old.over_gen;
	conn->rx.over_at = old.over_at;
	if (old.state == SDR_RDMA_RX_RING) {
		conn->rx.over_gen = old.gen;
		conn->rx.over_at = old.tail;
	}
	spin_unlock_bh(&conn->lock);
	if (old.mr) {
		sdr_rdma_mr_free(old.mr);
		sdr_rdma_link_pin(conn->link, -(s64)old.ring->size);
	}
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
	spin_lock_bh(&conn->lock);
	old = *tx;
	memset(tx, 0, sizeof(*tx));
	tx->gen = old.gen;
	tx->flying = old.flying;
	tx->again = old.again;
	spin_unlock_bh(&conn->lock);
	if (old.qp && old.dma) {
		unmap(old.qp, old.ring, old.dma);
		sdr_rdma_link_pin(conn->link, -(s64)old.ring->size);
	}
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
	if (xa_erase_bh(&conn->link->conns, conn->id) != conn)
		return;
	sdr_rdma_conn_answered(conn);
	/* As sdr_rdma_link_off_all() does it. */
	if (atomic_dec_and_test(&conn->link->n_conns) &&
	    !READ_ONCE(conn->link->net->on))
		sdr_rdma_link_hang_up(conn->link);
	wake_up_all(&conn->link->wait);
	sdr_rdma_rx_drop(conn);
	sdr_rdma_tx_drop(conn);
	spin_lock_bh(&conn->lock);
	pair = conn->pair;
	conn->pair = NULL;
	spin_unlock_bh(&conn->lock);
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

u32 sdr_rdma_conn_wish(const struct sdr_rdma_conn *conn)
{
	u8 wish = sdr_far_wish(conn->pair);

	return (wish & SDR_BY_TCP_OPTION ? SDR_RDMA_BY_TCP_OPTION : 0) |
	       (wish & ~SDR_BY_TCP_OPTION ? SDR_RDMA_BY_TCP_DEMOTED : 0);
}

static void say_wish(struct sdr_rdma_conn *conn)
{
	const struct sdr_rdma_msg msg = {
		.type	= SDR_RDMA_BY_TCP,
		.conn	= conn->peer,
		.arg	= sdr_rdma_conn_wish(conn),
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
	spin_lock_bh(&conn->lock);
	tail = conn->rx.tail;
	spin_unlock_bh(&conn->lock);
	if (tail < end)
		return;
	if (tail > end || sdr_far_append(conn->pair, NULL, end, 0)) {
		sdr_rdma_conn_move(conn, ECONNRESET);
		return;
	}
	sdr_rdma_rx_drop(conn);
	sdr_rdma_conn_say(conn, SDR_RDMA_UNSEALED, conn->rx.gen, end);
}

static bool take(struct sdr_rdma_conn *conn, bool *flag)
{
	bool was;

	spin_lock_bh(&conn->lock);
	was = *flag;
	*flag = false;
	spin_unlock_bh(&conn->lock);
	return was;
}

/* What was asked for, or is to be; under the gate. */
static void ask_all(struct sdr_rdma_conn *conn)
{
	bool talking = conn->link->talking;
	bool attach = take(conn, &conn->attach);
	bool ring = take(conn, &conn->want_ring);

	if (attach && talking)
		say_attach(conn);
	if (ring && talking)
		say_ring_req(conn);
	else if (ring && conn->tx.state == SDR_RDMA_TX_ASKED)
		sdr_rdma_tx_drop(conn);
	/* What was said before an end would not be heard after it. */
	if ((attach && !talking) ||
	    (take(conn, &conn->overdue) && !conn->peer))
		sdr_rdma_conn_forget(conn);
}

static void work(struct work_struct *work)
{
	struct sdr_rdma_conn *conn = container_of(work, struct sdr_rdma_conn,
						  work);
	struct sdr_pair *pair;

	mutex_lock(&conn->link->gate);
	ask_all(conn);
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

/* Takes the socket's lock, so it is not for what others wait for. */
static void move(struct work_struct *work)
{
	struct sdr_rdma_conn *conn = container_of(to_delayed_work(work),
						  struct sdr_rdma_conn, move);
	int error = READ_ONCE(conn->error);
	struct sdr_pair *pair;
	bool done = true;

	spin_lock_bh(&conn->lock);
	pair = conn->pair ? sdr_pair_get(conn->pair) : NULL;
	spin_unlock_bh(&conn->lock);
	if (pair && error)
		done = sdr_far_abort(pair, error);
	else if (pair)
		done = sdr_far_to_tcp(pair, SDIRECT_REASON_PEER_GONE);
	sdr_pair_put(pair);
	/* Its reference goes along. */
	if (!done &&
	    queue_delayed_work(conn->link->net->move_wq, &conn->move,
			       MOVE_AGAIN))
		return;
	sdr_rdma_conn_put(conn);
}

struct sdr_rdma_conn *sdr_rdma_conn_create(struct sdr_rdma_link *link,
					   const struct sdr_far_who *who)
{
	struct sdr_rdma_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT);

	if (!conn)
		return NULL;
	conn->far.ops = &sdr_rdma_conn_ops;
	sdr_rdma_link_device(link, conn->far.device);
	refcount_set(&conn->ref, 2);	/* the table's, the caller's */
	conn->who = *who;
	spin_lock_init(&conn->lock);
	init_waitqueue_head(&conn->wait);
	INIT_WORK(&conn->work, work);
	INIT_DELAYED_WORK(&conn->move, move);
	INIT_LIST_HEAD(&conn->asking);
	INIT_LIST_HEAD(&conn->starved);
	conn->asked = jiffies;
	conn->link = sdr_rdma_link_get(link);
	if (xa_alloc_bh(&link->conns, &conn->id, conn, xa_limit_31b, GFP_KERNEL)) {
		sdr_rdma_link_put(link);
		kfree(conn);
		return NULL;
	}
	atomic_inc(&link->n_conns);
	atomic_inc(&link->net->n_conns);
	return conn;
}

/* Is there an answer to be waited for, or are there too many? */
static bool asked_already(struct sdr_rdma_link *link,
			  const struct sdr_far_who *who)
{
	struct sdr_rdma_conn *conn;
	bool found = false;
	int n = 0;

	lockdep_assert_held(&link->lock);
	list_for_each_entry(conn, &link->asking, asking) {
		n++;
		found |= conn->who.sport == who->sport &&
			 conn->who.dport == who->dport;
		if (conn->overdue ||
		    time_before(jiffies, conn->asked + ASKING_TIME))
			continue;
		conn->overdue = true;
		sdr_rdma_conn_queue(conn, &conn->work);
	}
	return found || n >= ASKING_MAX;
}

void sdr_rdma_conn_ask(struct sdr_rdma_link *link, const struct sdr_far_who *who)
{
	struct sdr_rdma_conn *conn = sdr_rdma_conn_create(link, who);
	bool ask;

	if (!conn)
		return;
	spin_lock_bh(&link->lock);
	ask = !asked_already(link, who);
	if (ask)
		list_add(&conn->asking, &link->asking);
	spin_unlock_bh(&link->lock);
	if (ask)
		conn->attach = true;
	else
		conn->overdue = true;
	sdr_rdma_conn_queue(conn, &conn->work);
	sdr_rdma_conn_put(conn);
}

/* --- what the core asks --- */

static void conn_kick(struct sdr_far *far)
{
	struct sdr_rdma_conn *conn = conn_of(far);
	bool tell = false;

	spin_lock_bh(&conn->lock);
	if (conn->pair) {
		sdr_rdma_poll_begin(conn);
		sdr_rdma_conn_pump(conn);
		tell = !READ_ONCE(conn->pair->end[SDR_NEAR_SIDE].ss) ||
		       !sdr_far_wish(conn->pair) != !conn->wish;
	}
	spin_unlock_bh(&conn->lock);
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
	spin_lock_bh(&conn->lock);
	if (tx->state == SDR_RDMA_TX_READY) {
		*size = tx->size;
		why = SDIRECT_REASON_NONE;
	} else if (tx->state == SDR_RDMA_TX_NONE && conn->peer &&
		   time_after_eq(jiffies, tx->again)) {
		tx->state = SDR_RDMA_TX_ASKED;
		tx->gen++;
		tx->size = min(*size, SDR_RDMA_RING_MAX);
		tx->again = jiffies + ASK_AGAIN;
		conn->want_ring = true;
		ask = true;
	}
	spin_unlock_bh(&conn->lock);
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

	/* It may be another one by now. */
	if (tx->state != SDR_RDMA_TX_READY || tx->size != ring->size)
		return -EAGAIN;
	if (!sdr_rdma_link_share(conn->link))
		return -EAGAIN;
	dma = map_ring(tx->qp, ring);
	if (!dma)
		return -ENOMEM;
	sdr_rdma_link_pin(conn->link, ring->size);
	sdr_rdma_conn_say(conn, SDR_RDMA_SEAL, tx->gen, pos);
	spin_lock_bh(&conn->lock);
	tx->ring = sdr_ring_get(ring);
	tx->dma = dma;
	tx->base = pos;
	tx->sent = pos;
	tx->acked = pos;
	tx->head = pos;
	tx->end = SDIRECT_POS_OPEN;
	tx->resume = SDIRECT_POS_OPEN;
	tx->flushed = false;
	tx->unsealed = false;
	tx->state = SDR_RDMA_TX_RING;
	spin_unlock_bh(&conn->lock);
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

	spin_lock_bh(&conn->lock);
	tx->end = pos;
	if (conn->pair)
		sdr_rdma_conn_pump(conn);
	spin_unlock_bh(&conn->lock);
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

/* By which queue pair it comes, held; NULL: by none. */
static struct sdr_rdma_qp *hold_qp(struct sdr_rdma_conn *conn, bool rx)
{
	struct sdr_rdma_qp *qp = NULL;

	spin_lock_bh(&conn->lock);
	if (rx && conn->rx.state == SDR_RDMA_RX_RING)
		qp = conn->rx.qp;
	else if (!rx && conn->tx.state == SDR_RDMA_TX_RING)
		qp = conn->tx.qp;
	if (qp)
		sdr_rdma_qp_hold(qp);
	spin_unlock_bh(&conn->lock);
	return qp;
}

static bool conn_spin(struct sdr_far *far, bool rx,
		      bool (*ready)(const void *arg), const void *arg)
{
	struct sdr_rdma_conn *conn = conn_of(far);
	struct sdr_rdma_qp *qp;
	bool found;

	if (!sdr_rdma_spin_worth(&conn->spin))
		return false;
	qp = hold_qp(conn, rx);
	if (!qp)
		return false;
	found = sdr_rdma_spin_until(&conn->spin, qp, ready, arg);
	sdr_rdma_qp_unhold(qp);
	return found;
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
	.spin	= conn_spin,
	.put	= conn_release,
};
