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
#define SDR_RDMA_UNHEARD 3	/* times to ask in vain whether it works */
#define SDR_RDMA_SGES	17	/* pages in one write: 64 KB from anywhere */

/* What a SEND carries, in network byte order. */
struct sdr_rdma_credit {
	__be32 conn;
	__be32 gen;
	__be64 pos;
};

/* What the request for a queue pair carries, likewise. */
struct sdr_rdma_call {
	__be64 cookie;
	__be32 lane;
	__be32 lanes;
};

/**
 * struct sdr_rdma_send - one work request that sends
 * @cqe:	called at its completion, if it is signalled
 * @qp:		the queue pair
 * @serial:	of what was posted with it last
 * @awaited:	it is signalled, and was not told: @serial must stay
 * @ctx:	of a write, NULL: it is none
 * @pos:	of a write: position behind its last byte
 * @credit:	of a credit: what it says
 * @dma:	its address
 */
struct sdr_rdma_send {
	struct ib_cqe cqe;
	struct sdr_rdma_qp *qp;
	u32 serial;
	bool awaited;
	void *ctx;
	u64 pos;
	struct sdr_rdma_credit credit;
	u64 dma;
};

/**
 * struct sdr_rdma_recv - one work request that receives
 * @cqe:	called at its completion
 * @qp:		the queue pair
 * @credit:	where a SEND goes
 * @dma:	its address
 */
struct sdr_rdma_recv {
	struct ib_cqe cqe;
	struct sdr_rdma_qp *qp;
	struct sdr_rdma_credit credit;
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
 * @sges:	pages in one write
 * @inline_max:	bytes that a request takes along
 * @counts:	what was done
 * @lock:	serialises who posts; protects what follows; a leaf
 * @posted:	how many sends were posted; they are used in turn
 * @freed:	how many of them are free again
 * @silent:	... since the last one that was signalled
 * @missed:	somebody found none that was free
 * @heard:	@freed at the last sdr_rdma_qp_probe()
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
	u32 sges;
	u32 inline_max;
	struct sdr_rdma_counts *counts;
	spinlock_t lock;
	u32 posted;
	u32 freed;
	u32 silent;
	bool missed;
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
