/* SPDX-License-Identifier: GPL-2.0 */
/* What two hosts have with each other: a control connection and queue pairs. */
#ifndef _SDR_RDMA_LINK_H
#define _SDR_RDMA_LINK_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "far.h"
#include "rdma/lane.h"
#include "rdma/msg.h"
#include "rdma/qp.h"
#include "rdma/state.h"

struct rdma_cm_id;
struct sdr_rdma_net;
struct sdr_rdma_path;
struct socket;

/**
 * struct sdr_rdma_link - one host as another one sees it
 * @ref:	the list's, each connection's, each running work's
 * @net:	the namespace's, which outlives it
 * @node:	in its list of links
 * @local:	own address
 * @peer:	the other's
 * @active:	this host has called
 * @run:	the control connection's life
 * @up:		makes the queue pairs
 * @down:	takes them apart
 * @room:	goes on with those who wait for a work request
 * @probe:	writes nothing over idle queue pairs, to see whether they work
 * @poll:	looks for what connections send
 * @send_lock:	protects @sock and what is written to it
 * @sock:	the control connection
 * @talking:	both have said HELLO; changes under @gate and @send_lock
 * @session:	there have been connections over it: they survive @sock
 * @waiting:	@run waits for the other host to call again
 * @stopping:	the namespace, or the module, goes
 * @wait:	for the last three
 * @absent_until: jiffies before which a host that did not answer is left alone
 * @absent:	how long that is, in jiffies
 * @cookie:	tells the queue pair's request, and a second call, from others
 * @gate:	serialises what the other host says with the life of @lanes
 * @lanes:	the queue pairs: one that fails takes the others along
 * @most_qps:	how many the host that was called bears, as it has said last
 * @n_lanes:	how many there are when it is up, 1..SDR_RDMA_LANES_MAX; under
 *		@gate, the same while there is one of them
 * @n_made:	how many of these are connected
 * @pinned:	bytes of rings that the device knows, under @gate
 * @lock:	protects @state, @retry_at, @retry, @asking, who is starved in
 *		@lanes, @polled and @n_polled; a leaf
 * @state:	of the queue pairs
 * @retry_at:	jiffies before which no other is made
 * @retry:	how long that was, in jiffies
 * @asking:	connections that the other host has not answered for
 * @polled:	connections that @poll is to look at, too
 * @n_polled:	how many it looks at
 * @counts:	what all its queue pairs have done
 * @unused:	how often it was probed since there was a connection
 * @conns:	the connections by their numbers
 * @n_conns:	how many
 *
 * Order of locks: a socket's, @gate, @send_lock; spinlocks are conn->lock, then
 * those of the pair, of @lock, of the queue pair.
 */
struct sdr_rdma_link {
	refcount_t ref;
	struct sdr_rdma_net *net;
	struct list_head node;
	struct in6_addr local;
	struct in6_addr peer;
	bool active;
	struct work_struct run;
	struct work_struct up;
	struct work_struct down;
	struct work_struct room;
	struct delayed_work probe;
	struct work_struct poll;
	struct mutex send_lock;
	struct socket *sock;
	bool talking;
	bool session;
	bool waiting;
	bool stopping;
	wait_queue_head_t wait;
	unsigned long absent_until;
	unsigned long absent;
	u64 cookie;
	struct mutex gate;
	struct sdr_rdma_lane lanes[SDR_RDMA_LANES_MAX];
	u32 most_qps;
	u32 n_lanes;
	atomic_t n_made;
	u64 pinned;
	spinlock_t lock;
	enum sdr_rdma_state state;
	unsigned long retry_at;
	unsigned long retry;
	struct list_head asking;
	struct list_head polled;
	u32 n_polled;
	struct sdr_rdma_counts counts;
	u32 unused;
	struct xarray conns;
	atomic_t n_conns;
};

/* sdr_rdma_link_call() - the link to @peer, as this host calls it; may be NULL. */
struct sdr_rdma_link *sdr_rdma_link_call(struct sdr_rdma_net *rn,
					 const struct in6_addr *local,
					 const struct in6_addr *peer);
/* sdr_rdma_link_answer() takes over the socket of a host that has called. */
void sdr_rdma_link_answer(struct sdr_rdma_net *rn, struct socket *sock);
/* The other host asks for a queue pair; 0 if @id belongs to a link now. */
int sdr_rdma_link_accept(struct sdr_rdma_net *rn, struct rdma_cm_id *id,
			 const struct sdr_rdma_request *request);

static inline struct sdr_rdma_link *
sdr_rdma_link_get(struct sdr_rdma_link *link)
{
	refcount_inc(&link->ref);
	return link;
}

void sdr_rdma_link_put(struct sdr_rdma_link *link);

/*
 * sdr_rdma_link_say() sends a message, if both are talking; a connection that
 * fails ends.
 */
void sdr_rdma_link_say(struct sdr_rdma_link *link,
		       const struct sdr_rdma_msg *msg);

/* sdr_rdma_link_hang_up() ends the control connection; others hear of it. */
void sdr_rdma_link_hang_up(struct sdr_rdma_link *link);

/* sdr_rdma_link_want() - a queue pair is wanted; true if there is one. */
bool sdr_rdma_link_want(struct sdr_rdma_link *link);

/* sdr_rdma_link_fail() - the queue pair does not work; any context. */
void sdr_rdma_link_fail(struct sdr_rdma_link *link);

/*
 * sdr_rdma_link_remake() - another path to @peer was set: queue pairs to it are
 * taken apart, and made anew.  May sleep.
 */
void sdr_rdma_link_remake(struct sdr_rdma_net *rn, const struct in6_addr *peer);

/* sdr_rdma_link_device() names the device that is to be used, or none. */
void sdr_rdma_link_device(const struct sdr_rdma_link *link,
			  char name[SDR_FAR_DEVICE]);

/* Bytes of a ring, at most. */
#define SDR_RDMA_RING_MAX	(256u << 10)

/* sdr_rdma_link_pin() - a device knows so many bytes more, or less; under the gate. */
void sdr_rdma_link_pin(struct sdr_rdma_link *link, s64 bytes);

/* sdr_rdma_link_share() - bytes that a ring may have, so that all get some. */
u32 sdr_rdma_link_share(const struct sdr_rdma_link *link);
extern uint sdr_rdma_pinned_max;	/* megabytes; see life.c */

/**
 * struct sdr_rdma_link_info - what is told of a link; as its fields
 * @local:	own address
 * @peer:	the other's
 * @active:	this host has called
 * @talking:	there is a control connection
 * @state:	of the queue pairs
 * @qps:	how many there are
 * @device:	its name, or empty
 * @conns:	connections
 * @pinned:	bytes of rings that the device knows
 * @writes:	and what follows: see struct sdr_rdma_counts
 * @bytes:	see there
 * @inlined:	see there
 * @credits:	see there
 * @completions: see there
 * @full:	see there
 */
struct sdr_rdma_link_info {
	struct in6_addr local;
	struct in6_addr peer;
	bool active;
	bool talking;
	enum sdr_rdma_state state;
	u32 qps;
	char device[64];
	u32 conns;
	u64 pinned;
	u64 writes;
	u64 bytes;
	u64 inlined;
	u64 credits;
	u64 completions;
	u64 full;
};

/* sdr_rdma_link_info() - of the @nth link; false: there are not so many. */
bool sdr_rdma_link_info(struct sdr_rdma_net *rn, unsigned long nth,
			struct sdr_rdma_link_info *info);

/* sdr_rdma_link_fail_all() - no queue pair of a namespace works. */
void sdr_rdma_link_fail_all(struct sdr_rdma_net *rn);

/*
 * sdr_rdma_link_off_all() - the namespace was turned off: connections go on by TCP,
 * and a link ends with its last one.
 */
void sdr_rdma_link_off_all(struct sdr_rdma_net *rn);

/* sdr_rdma_link_stop_all() ends all; may sleep. */
void sdr_rdma_link_stop_all(struct sdr_rdma_net *rn);

/* For the files of a link alone: */
void sdr_rdma_link_start(struct sdr_rdma_link *link);
bool sdr_rdma_link_step(struct sdr_rdma_link *link, enum sdr_rdma_event event);
void sdr_rdma_link_grow(unsigned long *again);
void sdr_rdma_link_leave(struct sdr_rdma_link *link);
/* The link that a host means which calls with a cookie again, or NULL. */
struct sdr_rdma_link *sdr_rdma_link_again(const struct sdr_rdma_link *caller);
void sdr_rdma_link_run(struct work_struct *work);	/* talk.c */
void sdr_rdma_link_life_init(struct sdr_rdma_link *link);	/* life.c */
int sdr_rdma_link_take(struct sdr_rdma_link *link, struct rdma_cm_id *id,
		       const struct sdr_rdma_request *request);
/* Between which addresses its queue pair goes: what was set, or its own. */
void sdr_rdma_link_path(const struct sdr_rdma_link *link,
			struct sdr_rdma_path *path);

#endif /* _SDR_RDMA_LINK_H */
