/* SPDX-License-Identifier: GPL-2.0 */
/* A queue pair between two hosts, and all that it needs: the verbs are here. */
#ifndef _SDR_RDMA_QP_H
#define _SDR_RDMA_QP_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <rdma/rdma_cm.h>

struct net;
struct sdr_rdma_counts;
struct sdr_rdma_net;
struct sdr_ring;
struct sdr_rdma_mr;
struct sdr_rdma_qp;

/**
 * struct sdr_rdma_user - what a queue pair tells its user; softirq or process
 * @made:	it is connected
 * @failed:	it will not work (any more); may come often; does not sleep
 * @arrived:	the other host has written @bytes for connection @conn
 * @credit:	it has read ring @gen of connection @conn up to @pos
 * @written:	what sdr_rdma_qp_write() posted is at the other host (@ok), or
 *		the queue pair is dead; @ctx is the caller's again.  It may come
 *		late, with that of a later one
 * @room:	a work request is free again after one was missed
 * @net:	whose it is
 * @counts:	where to count
 */
struct sdr_rdma_user {
	void (*made)(void *owner);
	void (*failed)(void *owner);
	void (*arrived)(void *owner, u32 conn, u32 bytes);
	void (*credit)(void *owner, u32 conn, u32 gen, u64 pos);
	void (*written)(void *ctx, u64 pos, bool ok);
	void (*room)(void *owner);
	struct sdr_rdma_net *(*net)(void *owner);
	struct sdr_rdma_counts *(*counts)(void *owner);
};

/**
 * struct sdr_rdma_write - bytes of a ring that are to be written
 * @ring:	the ring
 * @dma:	addresses of its pages
 * @off:	where they begin in the ring
 * @len:	how many; they do not wrap
 * @raddr:	where they go to
 * @rkey:	key of that memory
 * @conn:	the other host's number of the connection
 * @pos:	stream position of the first
 * @signal:	@written is to come soon, not with a later one
 * @ctx:	for @written
 */
struct sdr_rdma_write {
	const struct sdr_ring *ring;
	const u64 *dma;
	u32 off;
	u32 len;
	u64 raddr;
	u32 rkey;
	u32 conn;
	u64 pos;
	bool signal;
	void *ctx;
};

/**
 * struct sdr_rdma_request - what the request for a queue pair says
 * @cookie:	which link asks
 * @lane:	which of its queue pairs this is, from 0
 * @lanes:	how many it wants
 */
struct sdr_rdma_request {
	u64 cookie;
	u32 lane;
	u32 lanes;
};

/**
 * sdr_rdma_qp_connect - make a queue pair with another host
 * @user:	who is told
 * @owner:	handed to @user
 * @from:	own address
 * @to:		the other host's, with the port
 * @request:	what it is told
 *
 * Return: the queue pair, about which @user is told, maybe before this returns,
 * or an ERR_PTR.  Context: may sleep.
 */
struct sdr_rdma_qp *sdr_rdma_qp_connect(const struct sdr_rdma_user *user,
					void *owner, struct sockaddr *from,
					struct sockaddr *to,
					const struct sdr_rdma_request *request);

/**
 * sdr_rdma_qp_accept - the same for one that another host asks for
 * @user:	who is told
 * @owner:	handed to @user
 * @id:		of the request; with success it belongs to the queue pair
 */
struct sdr_rdma_qp *sdr_rdma_qp_accept(const struct sdr_rdma_user *user,
				       void *owner, struct rdma_cm_id *id);

/* sdr_rdma_qp_requested() reads one; 0 or -EPROTO. */
int sdr_rdma_qp_requested(const struct rdma_cm_event *event,
			  struct sdr_rdma_request *request);

/* sdr_rdma_qp_event() - for RDMA CM: what happens to an accepted one. */
int sdr_rdma_qp_event(struct rdma_cm_id *id, struct rdma_cm_event *event);

/**
 * sdr_rdma_qp_stop - RDMA CM tells it nothing any more when this returns
 * @qp:	the queue pair, which is to be drained
 *
 * Else one that is being made would be made while it is taken apart.  Context:
 * may sleep; not from a callback, and with no lock that a request needs.
 */
void sdr_rdma_qp_stop(struct sdr_rdma_qp *qp);

/**
 * sdr_rdma_qp_drain - end it: when it returns nothing arrives any more
 * @qp:	the queue pair, stopped; nobody posts to it any more
 *
 * All that did arrive, and all that was written, has been told.  Context: may
 * sleep; not from a callback.
 */
void sdr_rdma_qp_drain(struct sdr_rdma_qp *qp);
/* After it, and after all regions were freed. */
void sdr_rdma_qp_free(struct sdr_rdma_qp *qp);

/**
 * sdr_rdma_qp_write - write bytes to the other host, with the connection's number
 * @qp:	the queue pair
 * @write:	what
 *
 * Context: any but hard interrupts.  Return: how many bytes of @write were
 * posted, or -EAGAIN: @room will come; -ENOTCONN.
 */
int sdr_rdma_qp_write(struct sdr_rdma_qp *qp, const struct sdr_rdma_write *write);

/* sdr_rdma_qp_credit() tells the other host how far ring @gen was read. */
int sdr_rdma_qp_credit(struct sdr_rdma_qp *qp, u32 conn, u32 gen, u64 pos);

/* sdr_rdma_qp_flush() has @written come for all that was written; as above. */
int sdr_rdma_qp_flush(struct sdr_rdma_qp *qp);

/**
 * sdr_rdma_qp_probe - does it work?
 * @qp:	the queue pair
 *
 * To be called once in a while, by one caller at a time: a device tells of what
 * is not acknowledged, but nothing of an idle queue pair, and may fail to.  Where
 * no send has ended since the last call, one is posted.  Return: false if none
 * has ended for long.  Context: any but hard interrupts.
 */
bool sdr_rdma_qp_probe(struct sdr_rdma_qp *qp);

/**
 * sdr_rdma_qp_hold - keep a queue pair from being drained
 * @qp:	the queue pair, which nobody may be about to drain
 *
 * For a moment: whoever drains it waits.  Context: any but hard interrupts.
 */
void sdr_rdma_qp_hold(struct sdr_rdma_qp *qp);
void sdr_rdma_qp_unhold(struct sdr_rdma_qp *qp);
/* Whoever holds it should let go. */
bool sdr_rdma_qp_ends(const struct sdr_rdma_qp *qp);

/**
 * sdr_rdma_qp_look - handle what has been completed, without an interrupt
 * @qp:	the queue pair, held
 *
 * @user is told from here, maybe while it is told by an interrupt; then of two
 * completions the later may be told first.  Context: process, no locks.
 */
void sdr_rdma_qp_look(struct sdr_rdma_qp *qp);

/**
 * sdr_rdma_qp_device_at - which device has an address of this host
 * @net:	where
 * @addr:	the address
 * @name:	(out) the device's, empty if there is none
 * @size:	bytes of @name
 *
 * Context: process; does not sleep.
 */
void sdr_rdma_qp_device_at(struct net *net, const struct in6_addr *addr,
			   char *name, size_t size);

/* sdr_rdma_qp_map() gives a page's address for the device, 0 if it has none. */
u64 sdr_rdma_qp_map(struct sdr_rdma_qp *qp, struct page *page);
void sdr_rdma_qp_unmap(struct sdr_rdma_qp *qp, u64 dma);

/**
 * sdr_rdma_mr_create - let the other host write to a ring
 * @qp:		the queue pair
 * @ring:	the ring, which stays the caller's
 *
 * Return: a region or an ERR_PTR.  Context: may sleep; not from a callback.
 */
struct sdr_rdma_mr *sdr_rdma_mr_create(struct sdr_rdma_qp *qp,
				       const struct sdr_ring *ring);
/* Nothing is written to it any more when this returns; may sleep. */
void sdr_rdma_mr_free(struct sdr_rdma_mr *mr);
u32 sdr_rdma_mr_key(const struct sdr_rdma_mr *mr);
u64 sdr_rdma_mr_addr(const struct sdr_rdma_mr *mr);

/**
 * struct sdr_rdma_counts - what was posted and completed
 * @writes:	RDMA writes
 * @bytes:	... and what they wrote
 * @inlined:	writes whose bytes were copied into the request
 * @credits:	sends
 * @completions: of these, and of what was received
 * @full:	times that no request was free
 */
struct sdr_rdma_counts {
	atomic64_t writes;
	atomic64_t bytes;
	atomic64_t inlined;
	atomic64_t credits;
	atomic64_t completions;
	atomic64_t full;
};

/* sdr_rdma_qp_device() - the device's name. */
const char *sdr_rdma_qp_device(const struct sdr_rdma_qp *qp);

#endif /* _SDR_RDMA_QP_H */
