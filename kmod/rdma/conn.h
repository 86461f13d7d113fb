/* SPDX-License-Identifier: GPL-2.0 */
/* The far end of a connection: what moves its bytes between two hosts. */
#ifndef _SDR_RDMA_CONN_H
#define _SDR_RDMA_CONN_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "far.h"
#include "rdma/msg.h"
#include "rdma/poll.h"
#include "rdma/spin.h"

struct sdr_rdma_link;
struct sdr_rdma_mr;
struct sdr_rdma_qp;

/**
 * enum sdr_rdma_tx_state - what the own end sends
 * @SDR_RDMA_TX_NONE:	goes by TCP
 * @SDR_RDMA_TX_ASKED:	the other host was asked for a ring
 * @SDR_RDMA_TX_READY:	... and has given one
 * @SDR_RDMA_TX_RING:	goes by the ring
 * @SDR_RDMA_TX_BROKEN:	went by the ring when the queue pair died
 */
enum sdr_rdma_tx_state {
	SDR_RDMA_TX_NONE,
	SDR_RDMA_TX_ASKED,
	SDR_RDMA_TX_READY,
	SDR_RDMA_TX_RING,
	SDR_RDMA_TX_BROKEN,
};

/**
 * struct sdr_rdma_tx - the direction that the own end sends
 * @state:	where it is
 * @gen:	number of the ring that was asked for last
 * @size:	of the ring, in bytes
 * @rkey:	of the other host's
 * @raddr:	where that begins
 * @qp:		the queue pair; NULL: post no more
 * @ring:	the own ring, with a reference
 * @dma:	addresses of its pages
 * @base:	position at which it begins
 * @sent:	position up to which it was posted
 * @flying:	writes that were posted and are not completed
 * @acked:	position up to which it is at the other host
 * @head:	position up to which it was read there
 * @end:	position at which it ends, SDIRECT_POS_OPEN
 * @resume:	position from which TCP goes on, SDIRECT_POS_OPEN
 * @flushed:	... and a completion will say when all has come there
 * @unsealed:	the other host knows the end
 * @again:	jiffies before which no ring is asked for
 */
struct sdr_rdma_tx {
	enum sdr_rdma_tx_state state;
	u32 gen;
	u32 size;
	u32 rkey;
	u64 raddr;
	struct sdr_rdma_qp *qp;
	struct sdr_ring *ring;
	u64 *dma;
	u64 base;
	u64 sent;
	u32 flying;
	u64 acked;
	u64 head;
	u64 end;
	u64 resume;
	bool flushed;
	bool unsealed;
	unsigned long again;
};

/**
 * enum sdr_rdma_rx_state - what the other host sends
 * @SDR_RDMA_RX_NONE:	comes by TCP
 * @SDR_RDMA_RX_READY:	a ring was given
 * @SDR_RDMA_RX_RING:	comes by the ring
 */
enum sdr_rdma_rx_state {
	SDR_RDMA_RX_NONE,
	SDR_RDMA_RX_READY,
	SDR_RDMA_RX_RING,
};

/**
 * struct sdr_rdma_rx - the direction that the other host sends
 * @state:	where it is
 * @gen:	number of the ring
 * @qp:		the same
 * @mr:		what it may write
 * @ring:	the ring, with a reference
 * @count:	bytes that came while READY
 * @tail:	position up to which bytes have come
 * @told:	position up to which the own end has read, as was said last
 * @end:	position at which the ring ends, SDIRECT_POS_OPEN
 * @over_gen:	the ring before this one
 * @over_at:	... and where that ended
 */
struct sdr_rdma_rx {
	enum sdr_rdma_rx_state state;
	u32 gen;
	struct sdr_rdma_qp *qp;
	struct sdr_rdma_mr *mr;
	struct sdr_ring *ring;
	u64 count;
	u64 tail;
	u64 told;
	u64 end;
	u32 over_gen;
	u64 over_at;
};

/**
 * struct sdr_rdma_conn - the far end of a connection
 * @far:	what the core knows of it
 * @ref:	the link's table, the pair's, each posted write's, each work's
 * @link:	to the other host
 * @asking:	in the link's list until there is an answer, under its lock
 * @asked:	jiffies when it was asked for
 * @id:		own number
 * @peer:	the other host's number, 0 until it is known
 * @who:	the connection
 * @pair:	the half pair, NULL before and after; set once
 * @lock:	protects what follows, but for the rings' life: link->gate
 * @wait:	who waits in sdr_far_ops.leave
 * @work:	says and hears; never waits for the socket
 * @move:	has the socket go back to TCP
 * @tx:		one direction
 * @rx:		the other
 * @attach:	ATTACH is to be sent
 * @overdue:	nobody has answered to it
 * @want_ring:	RING_REQ is to be sent
 * @starved:	in its lane's list, with a reference; under the link's lock
 * @polled:	a thread looks for what it sends
 * @spin:	how long a call looks before it sleeps
 * @error:	the connection is to end with it
 * @lost:	the control connection is gone
 * @close_said:	CLOSE was sent
 * @close_heard: CLOSE was received
 * @wish:	BY_TCP as it was told last
 */
struct sdr_rdma_conn {
	struct sdr_far far;
	refcount_t ref;
	struct sdr_rdma_link *link;
	struct list_head asking;
	unsigned long asked;
	u32 id;
	u32 peer;
	struct sdr_far_who who;
	struct sdr_pair *pair;
	spinlock_t lock;
	wait_queue_head_t wait;
	struct work_struct work;
	struct delayed_work move;
	struct sdr_rdma_tx tx;
	struct sdr_rdma_rx rx;
	bool attach;
	bool overdue;
	bool want_ring;
	struct list_head starved;
	struct sdr_rdma_polled polled;
	struct sdr_rdma_spin spin;
	int error;
	bool lost;
	bool close_said;
	bool close_heard;
	u32 wish;
};

/* sdr_rdma_conn_ops - what the core calls, but for @ask. */
extern struct sdr_far_ops sdr_rdma_conn_ops;

/* sdr_rdma_conn_ask() - have a link ask for the other end of a connection. */
void sdr_rdma_conn_ask(struct sdr_rdma_link *link, const struct sdr_far_who *who);

/* sdr_rdma_conn_find() gives a reference, or NULL. */
struct sdr_rdma_conn *sdr_rdma_conn_find(struct sdr_rdma_link *link, u32 id);
struct sdr_rdma_conn *sdr_rdma_conn_create(struct sdr_rdma_link *link,
					   const struct sdr_far_who *who);
static inline struct sdr_rdma_conn *
sdr_rdma_conn_get(struct sdr_rdma_conn *conn)
{
	refcount_inc(&conn->ref);
	return conn;
}

void sdr_rdma_conn_put(struct sdr_rdma_conn *conn);

/* sdr_rdma_conn_hear() - the other host has said something; under the gate. */
void sdr_rdma_conn_hear(struct sdr_rdma_link *link,
			const struct sdr_rdma_msg *msg);

/* What the queue pair tells of a connection; process context. */
void sdr_rdma_conn_arrived(struct sdr_rdma_conn *conn, u32 bytes);
void sdr_rdma_conn_credit(struct sdr_rdma_conn *conn, u32 gen, u64 pos);
void sdr_rdma_conn_written(void *ctx, u64 pos, bool ok);
/* ... and that there is a work request; false: too few, and it waits again. */
bool sdr_rdma_conn_room(struct sdr_rdma_conn *conn);

/* The queue pair will be drained: post no more; under the gate. */
void sdr_rdma_conn_hold(struct sdr_rdma_conn *conn);
/* It has been drained; under the gate. */
void sdr_rdma_conn_down(struct sdr_rdma_conn *conn);
/* The control connection is another one: say what may be missed; likewise. */
void sdr_rdma_conn_query(struct sdr_rdma_conn *conn);
/* It is gone for good; likewise. */
void sdr_rdma_conn_lost(struct sdr_rdma_conn *conn, int error);

/* For the files of a connection alone: */
void sdr_rdma_conn_queue(struct sdr_rdma_conn *conn, struct work_struct *work);
void sdr_rdma_conn_pump(struct sdr_rdma_conn *conn);
void sdr_rdma_conn_say(struct sdr_rdma_conn *conn, enum sdr_rdma_msg_type type,
		       u32 gen, u64 pos);
/* What the own end wishes, as BY_TCP says it. */
u32 sdr_rdma_conn_wish(const struct sdr_rdma_conn *conn);
/* Nothing is said of it, nor heard; under the gate. */
void sdr_rdma_conn_forget(struct sdr_rdma_conn *conn);
/* No more is to be waited for an answer. */
void sdr_rdma_conn_answered(struct sdr_rdma_conn *conn);
/* Has the socket go back to TCP, or end with @error. */
void sdr_rdma_conn_move(struct sdr_rdma_conn *conn, int error);
void sdr_rdma_rx_drop(struct sdr_rdma_conn *conn);
void sdr_rdma_tx_drop(struct sdr_rdma_conn *conn);

#endif /* _SDR_RDMA_CONN_H */
