/* SPDX-License-Identifier: GPL-2.0 */
/* The work requests of a queue pair, all allocated with it. */
#ifndef _SDR_RDMA_WR_H
#define _SDR_RDMA_WR_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/spinlock.h>
#include <rdma/ib_verbs.h>

#include "rdma/qp.h"

#define SDR_RDMA_SENDS	256	/* work requests that send */
#define SDR_RDMA_QUIET	(SDR_RDMA_SENDS / 4)	/* ... of which one is signalled */
#define SDR_RDMA_RECVS	512	/* ... and that receive */
#define SDR_RDMA_TELL	(SDR_RDMA_RECVS / 4)	/* ... of which iWARP is told at once */
/* On iWARP: so many are under way; the others are for what is said of them. */
#define SDR_RDMA_UNTOLD	(SDR_RDMA_RECVS - 64)
#define SDR_RDMA_UNHEARD 3	/* times to ask in vain whether it works */
#define SDR_RDMA_SGES	17	/* pages in one write: 64 KB from anywhere */

/**
 * struct sdr_rdma_note - what a SEND carries, in network byte order
 * @conn:	the receiver's number of the connection; 0: none
 * @gen:	the ring that @pos is of; of no connection: SDR_RDMA_ASKS or 0
 * @pos:	up to where that was read
 * @bytes:	iWARP: so many were written before it, and it says nothing else
 * @taken:	iWARP: how many SENDs of the receiver have come
 */
struct sdr_rdma_note {
	__be32 conn;
	__be32 gen;
	__be64 pos;
	__be32 bytes;
	__be32 taken;
};

#define SDR_RDMA_ASKS	1u	/* a note is to come back */

/* What the request for a queue pair carries, likewise. */
struct sdr_rdma_call {
	__be64 cookie;
	__be32 lane;
	__be32 lanes;
};

/**
 * struct sdr_rdma_send - one work request that sends
 * @cqe:	called at its completion, if it is signalled
 * @write_cqe:	iWARP: the same of the write before it, which is if it fails
 * @qp:		the queue pair
 * @serial:	of what was posted with it last
 * @awaited:	it is signalled, and was not told: @serial must stay
 * @ctx:	of a write, NULL: it is none
 * @pos:	of a write: position behind its last byte
 * @note:	of a SEND: what it says
 * @dma:	its address
 */
struct sdr_rdma_send {
	struct ib_cqe cqe;
	struct ib_cqe write_cqe;
	struct sdr_rdma_qp *qp;
	u32 serial;
	bool awaited;
	void *ctx;
	u64 pos;
	struct sdr_rdma_note note;
	u64 dma;
};

/**
 * struct sdr_rdma_recv - one work request that receives
 * @cqe:	called at its completion
 * @qp:		the queue pair
 * @note:	where a SEND goes
 * @dma:	its address
 */
struct sdr_rdma_recv {
	struct ib_cqe cqe;
	struct sdr_rdma_qp *qp;
	struct sdr_rdma_note note;
	u64 dma;
};

/**
 * struct sdr_rdma_qp - a queue pair
 * @user:	who is told
 * @owner:	handed to @user
 * @id:		RDMA CM's
 * @pd:		protection domain
 * @cq:		of both queues
 * @deaf:	what RDMA CM tells is of no interest any more; changes under its lock
 * @call:	private data of the connect
 * @iwarp:	it has no immediate data, and no receiver that is not ready
 * @called:	the other host has asked for it
 * @mute:	iWARP: who was called has heard nothing yet, so must not speak
 * @sges:	pages in one write
 * @inline_max:	bytes that a request takes along
 * @counts:	what was done
 * @lock:	serialises who posts; protects what follows; a leaf
 * @posted:	how many sends were posted; they are used in turn
 * @freed:	how many of them are free again
 * @silent:	... since the last one that was signalled
 * @missed:	somebody found none that was free
 * @taken:	iWARP: how many of the sends the other host has received
 * @got:	iWARP: how many were received from it
 * @said:	... as it was told last
 * @heard:	what had ended at the last sdr_rdma_qp_probe()
 * @unheard:	how often it has been the same
 * @release:	serialises who is told of completions; before a connection's lock
 * @done:	how many sends are over; under @release
 * @draining:	what arrives is not received into again, and nobody looks
 * @holders:	who keeps it from being drained
 * @looked_at:	one of them looks
 * @sends:	all of them
 * @recvs:	all of them
 */
struct sdr_rdma_qp {
	const struct sdr_rdma_user *user;
	void *owner;
	struct rdma_cm_id *id;
	struct ib_pd *pd;
	struct ib_cq *cq;
	bool deaf;
	struct sdr_rdma_call call;
	bool iwarp;
	bool called;
	bool mute;
	u32 sges;
	u32 inline_max;
	struct sdr_rdma_counts *counts;
	spinlock_t lock;
	u32 posted;
	u32 freed;
	u32 silent;
	bool missed;
	u32 taken;
	u32 got;
	u32 said;
	u32 heard;
	u32 unheard;
	spinlock_t release;
	u32 done;
	bool draining;
	atomic_t holders;
	atomic_t looked_at;
	struct sdr_rdma_send *sends;
	struct sdr_rdma_recv *recvs;
};

/* sdr_rdma_wr_start() allocates and posts; 0 or an error. */
int sdr_rdma_wr_start(struct sdr_rdma_qp *qp);
/* All that was posted is over, one way or another; in the drain. */
void sdr_rdma_wr_drained(struct sdr_rdma_qp *qp);
/* Frees; after the drain. */
void sdr_rdma_wr_stop(struct sdr_rdma_qp *qp);

#endif /* _SDR_RDMA_WR_H */
