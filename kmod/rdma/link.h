/* SPDX-License-Identifier: GPL-2.0 */
/* What two hosts have with each other: a control connection and a queue pair. */
#ifndef _SDR_RDMA_LINK_H
#define _SDR_RDMA_LINK_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "rdma/msg.h"
#include "rdma/state.h"

struct rdma_cm_id;
struct sdr_rdma_qp;
struct socket;

/**
 * struct sdr_rdma_link - one host as another one sees it
 * @ref:	the list's, each connection's, each running work's
 * @node:	in the list of links
 * @local:	own address
 * @peer:	the other's
 * @active:	this host has called
 * @run:	the control connection's life
 * @up:		makes the queue pair
 * @down:	takes it apart
 * @room:	goes on where a work request was missed
 * @send_lock:	protects @sock and what is written to it
 * @sock:	the control connection
 * @talking:	both have said HELLO
 * @stopping:	the module goes
 * @absent_until: jiffies before which a host that did not answer is left alone
 * @absent:	how long that is, in jiffies
 * @cookie:	tells the queue pair's request from others
 * @gate:	serialises what the other host says with the life of @qp
 * @qp:		the queue pair, under @gate
 * @lock:	protects @state, @retry_at and @retry; a leaf
 * @state:	of the queue pair
 * @retry_at:	jiffies before which no other is made
 * @retry:	how long that was, in jiffies
 * @conns:	the connections by their numbers
 *
 * Order of locks: a socket's, @gate, @send_lock; spinlocks are conn->lock, then
 * those of the pair, of @lock, of the queue pair.
 */
struct sdr_rdma_link {
	refcount_t ref;
	struct list_head node;
	__be32 local;
	__be32 peer;
	bool active;
	struct work_struct run;
	struct work_struct up;
	struct work_struct down;
	struct work_struct room;
	struct mutex send_lock;
	struct socket *sock;
	bool talking;
	bool stopping;
	unsigned long absent_until;
	unsigned long absent;
	u64 cookie;
	struct mutex gate;
	struct sdr_rdma_qp *qp;
	spinlock_t lock;
	enum sdr_rdma_state state;
	unsigned long retry_at;
	unsigned long retry;
	struct xarray conns;
};

extern struct workqueue_struct *sdr_rdma_wq;

/* sdr_rdma_link_call() - the link to @peer, as this host calls it; may be NULL. */
struct sdr_rdma_link *sdr_rdma_link_call(__be32 local, __be32 peer);
/* sdr_rdma_link_answer() takes over the socket of a host that has called. */
void sdr_rdma_link_answer(struct socket *sock);
/* The other host asks for a queue pair; 0 if @id belongs to a link now. */
int sdr_rdma_link_accept(struct rdma_cm_id *id, u64 cookie);

void sdr_rdma_link_put(struct sdr_rdma_link *link);

/* sdr_rdma_link_say() sends a message; a connection that fails ends the link. */
void sdr_rdma_link_say(struct sdr_rdma_link *link,
		       const struct sdr_rdma_msg *msg);

/* sdr_rdma_link_want() - a queue pair is wanted; true if there is one. */
bool sdr_rdma_link_want(struct sdr_rdma_link *link);

/* sdr_rdma_link_fail() - the queue pair does not work; any context. */
void sdr_rdma_link_fail(struct sdr_rdma_link *link);

/**
 * struct sdr_rdma_link_info - what is told of a link; as its fields
 * @local:	own address
 * @peer:	the other's
 * @active:	this host has called
 * @talking:	there is a control connection
 * @state:	of the queue pair
 * @device:	its name, or empty
 * @conns:	connections
 */
struct sdr_rdma_link_info {
	__be32 local;
	__be32 peer;
	bool active;
	bool talking;
	enum sdr_rdma_state state;
	char device[64];
	u32 conns;
};

/* sdr_rdma_link_info() - of the @nth link; false: there are not so many. */
bool sdr_rdma_link_info(unsigned long nth, struct sdr_rdma_link_info *info);

/* sdr_rdma_link_stop_all() ends all; may sleep. */
void sdr_rdma_link_stop_all(void);

#endif /* _SDR_RDMA_LINK_H */
