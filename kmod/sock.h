/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state that AF_SDIRECT adds to a TCP socket.
 *
 * Lock order
 * ----------
 *	rx_lock (mutex)		one receiver at a time
 *	lock_sock(sk)		the send direction, and TCP's own
 *	region->gate (mutex)	grants and revocations of one socket's lease
 *	mmap_lock		user memory faults under the three above
 *	region->lock (mutex)	who holds the lease, against page faults
 *	spinlocks		sdr_roll->lock, a rendezvous bucket's lock,
 *				pair->lock, the wait queue's
 *
 * Softirqs take pair->lock: where RDMA completes.
 *
 * Never are two sockets' locks held: the peer is reached through the pair, whose
 * lock is a leaf, and only to wake it or to look at a few words of it.
 * Spinlocks do not nest, but for rendezvous bucket -> pair->lock, pair->lock ->
 * wait queue, and sdr_roll->lock -> sk_callback_lock (for the inode) and ->
 * pair->lock (a connection is demoted).
 */
#ifndef _SDR_SOCK_H
#define _SDR_SOCK_H

#include <linux/mutex.h>
#include <linux/net.h>
#include <net/sock.h>

#include "carrier.h"
#include "key.h"
#include "net.h"
#include "owner.h"
#include "pair.h"

struct sdr_region;
struct sdr_upkeep;

/**
 * enum sdr_rdv - how far a socket's search for its peer has come
 * @SDR_RDV_IDLE:	not connected, or nothing published yet
 * @SDR_RDV_POSTED:	in the table, waiting
 * @SDR_RDV_PAIRED:	the peer was found
 * @SDR_RDV_OVER:	given up; the connection is TCP for good
 *
 *	IDLE -> POSTED -> PAIRED
 *	IDLE -> PAIRED		(the second to arrive)
 *	IDLE, POSTED -> OVER
 *	any -> OVER		(close, disconnect)
 */
enum sdr_rdv {
	SDR_RDV_IDLE,
	SDR_RDV_POSTED,
	SDR_RDV_PAIRED,
	SDR_RDV_OVER,
};

/**
 * struct sdr_sock - an AF_SDIRECT socket
 * @sk:		the TCP socket; valid while the user's socket is open
 * @node:	in sdr_net->roll
 * @serial:	its number among those that ever were there; from 1
 * @owner:	who connected or accepted; empty before; its references are the
 *		pair's once there is one
 * @admitted:	the user among whose it counts, see sdr_quota_admit(), or NULL
 * @active:	this end called connect()
 * @failed:	user space wrote what cannot be; reset the connection
 * @stay_tcp:	never seal TCP for a ring (again)
 * @demoted:	who wants the connection to be TCP; see demote.h
 * @owes_ack:	TCP's acknowledgements wait for data that now goes by ring
 * @reason:	enum sdirect_reason, why it is not on a direct path
 * @rdv:	enum sdr_rdv; changed under the bucket's lock
 * @rdv_node:	in the rendezvous table
 * @rdv_since:	jiffies when it was posted
 * @rdv_ask:	jiffies from which on another host may be asked (again)
 * @key:	the connection's key, valid from @rdv POSTED or PAIRED on
 * @secret:	the initial sequence number chosen for connect()
 * @side:	this end's index in @pair
 * @pair:	set once by the second end to arrive, with release order
 * @tally:	its counters
 * @rx_lock:	serialises receivers
 * @tx:		the send direction, under the socket's lock
 * @rx:		the receive direction, under @rx_lock
 * @upkeep:	of its rings; NULL until it sends by one
 * @region:	what user space may map; NULL until first asked for, set under
 *		the pair's lock too
 *
 * There is one of each open socket, so mind the size, and that nothing is lost
 * between the members.
 */
struct sdr_sock {
	struct sock *sk;
	struct rb_node node;
	u64 serial;
	struct sdr_owner owner;
	struct sdr_quota *admitted;
	bool active;
	bool failed;
	bool stay_tcp;
	bool demoted[__SDR_DEMOTER_MAX];
	bool owes_ack;
	u8 reason;
	u8 rdv;
	struct hlist_node rdv_node;
	unsigned long rdv_since;
	unsigned long rdv_ask;
	struct sdr_key key;
	u32 secret;
	int side;
	struct sdr_pair *pair;
	struct sdr_tally tally;
	struct mutex rx_lock;
	struct sdr_flow tx;
	struct sdr_flow rx;
	struct sdr_upkeep *upkeep;
	struct sdr_region *region;
};

/*
 * The state of a socket, or NULL: then the socket is plain TCP for good.  It
 * lives as long as the user's socket, so callers need no RCU.
 */
static inline struct sdr_sock *sdr_sk(const struct sock *sk)
{
	uintptr_t data = (uintptr_t)rcu_dereference_raw(__sk_user_data(sk));

	/* Others (sockmap) mark theirs with further flags. */
	if ((data & ~SK_USER_DATA_PTRMASK) != SK_USER_DATA_NOCOPY)
		return NULL;
	return (struct sdr_sock *)(data & SK_USER_DATA_PTRMASK);
}

/*
 * The same for the end of a socket: finds the state too where somebody in the
 * kernel has put his own pointer in its place.
 */
struct sdr_sock *sdr_sock_of(const struct sock *sk);

static inline bool sdr_sock_plain(const struct sdr_sock *ss)
{
	return READ_ONCE(ss->rdv) == SDR_RDV_OVER;
}

static inline struct sdr_pair *sdr_sock_pair(const struct sdr_sock *ss)
{
	return smp_load_acquire(&ss->pair); /* sdr_rendezvous_try() */
}

/**
 * sdr_sock_alloc - the state for a TCP socket, which does not have it yet
 * @sk:		the socket
 * @active:	it is to connect
 *
 * Return: the state or NULL; ended by sdr_sock_destroy().  Context: may sleep.
 */
struct sdr_sock *sdr_sock_alloc(struct sock *sk, bool active);

/**
 * sdr_sock_create - give a TCP socket its sdirect state
 * @sk:		the socket
 * @active:	false for an accepted one
 *
 * A socket that gets none (no memory, somebody else uses sk_user_data) is
 * simply TCP.  Context: may sleep.
 */
void sdr_sock_create(struct sock *sk, bool active);

/*
 * sdr_sock_take_over() makes the caller the one who connects, or has accepted.
 * Context: the socket's lock is held.
 */
void sdr_sock_take_over(struct sdr_sock *ss);

/**
 * sdr_sock_destroy - take the state away again
 * @ss:		the state; no call on the socket is running or can begin
 *
 * Leaves the pair, so that the peer knows.  Context: may sleep.
 */
void sdr_sock_destroy(struct sdr_sock *ss);

/**
 * sdr_sock_leave - leave the pair and stay TCP for good
 * @ss:	the state
 *
 * The peer learns of it.  For the end of the socket, and for disconnect.
 * Context: may sleep; without the socket's lock.
 */
void sdr_sock_leave(struct sdr_sock *ss);

/**
 * sdr_sock_stay_tcp - from now on TCP, for this reason
 * @ss:	the state
 * @reason:	what to tell about it
 *
 * Context: the socket's lock is held.
 */
void sdr_sock_stay_tcp(struct sdr_sock *ss, enum sdirect_reason reason);

/**
 * sdr_sock_abort_if_failed - reset a connection whose pages hold lies
 * @ss:	the state
 * @ret:	what the call has come to so far
 *
 * Context: no lock held.  Return: -ECONNRESET if it did, else @ret.
 */
ssize_t sdr_sock_abort_if_failed(struct sdr_sock *ss, ssize_t ret);

/**
 * sdr_sock_info - a picture of the socket's state
 * @ss:	the state
 * @info:	(out)
 *
 * Reads without locks: the words fit each other only roughly.  Context: any;
 * the socket must not go away (sdr_roll->lock or the socket's file).
 */
void sdr_sock_info(const struct sdr_sock *ss, struct sdirect_info *info);

int __init sdr_sock_init(void);
void sdr_sock_exit(void);

#endif /* _SDR_SOCK_H */
