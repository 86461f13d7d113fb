/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other end of a connection on another host, and who reaches it.
 *
 * A pair whose other end is elsewhere is a half pair: its own end is side 0, and
 * in place of a socket side 1 has a struct sdr_far.  That one reads what the own
 * end writes to its ring, and writes the ring that the own end reads, with the
 * same words in the same pages as a socket's end: the own end, and the library,
 * do not see a difference.
 */
#ifndef _SDR_FAR_H
#define _SDR_FAR_H

#include <linux/in6.h>
#include <linux/sdirect.h>
#include <linux/types.h>

#include "key.h"
#include "pair.h"

struct module;
struct net;
struct sdr_carrier;
struct sdr_far;
struct sdr_sock;

#define SDR_NEAR_SIDE	0	/* of the own end in a half pair */
#define SDR_FAR_SIDE	1
#define SDR_FAR_DEVICE	64	/* bytes of a device's name; IB_DEVICE_NAME_MAX */

/**
 * struct sdr_far_who - a connection as its own end knows it
 * @net:	its network namespace
 * @key:	its key
 * @saddr:	own address, IPv4 as ::ffff:a.b.c.d
 * @daddr:	the other's
 * @sport:	own port, network byte order
 * @dport:	the other's port
 */
struct sdr_far_who {
	struct net *net;
	struct sdr_key key;
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
};

/**
 * struct sdr_far_ops - who reaches ends on other hosts
 * @owner:	the module; each half pair holds it
 * @carrier:	of the rings
 * @ask:	is the other end on a host that can be reached?  May come again
 *		and again; the answer, if it is yes, is a sdr_rendezvous_far().
 *		Process context, under the socket's lock; does not sleep for it
 * @kick:	the own end has written or read; does not sleep
 * @ready:	may a ring follow in the send direction?  If not now, sees to it
 *		that later it may.  @size: (in) largest, (out) of the ring.  The
 *		socket's lock is held.  Return: enum sdirect_reason
 * @begin:	@ring follows TCP, and begins at @pos; under the socket's lock,
 *		may sleep.  Return: 0 or an error, then nothing has happened
 * @leave:	the ring ends at @pos.  Waits until all before it is at the other
 *		end, or this cannot be.  Return: where TCP goes on, at most @pos,
 *		or an error: the connection is to be reset.  Context as @begin
 * @spin:	look for bytes (@rx) or room, until @ready says so or it is not worth
 *		it.  May be NULL.  Context: process, no locks.  Return: the last
 *		answer of @ready, or false
 * @put:	the pair is gone; softirq
 */
struct sdr_far_ops {
	struct module *owner;
	const struct sdr_carrier *carrier;
	void (*ask)(const struct sdr_far_who *who);
	void (*kick)(struct sdr_far *far);
	enum sdirect_reason (*ready)(struct sdr_far *far, u32 *size);
	int (*begin)(struct sdr_far *far, struct sdr_ring *ring, u64 pos);
	s64 (*leave)(struct sdr_far *far, u64 pos);
	bool (*spin)(struct sdr_far *far, bool rx,
		     bool (*ready)(const void *arg), const void *arg);
	void (*put)(struct sdr_far *far);
};

/**
 * struct sdr_far - the far end of one half pair
 * @ops:	who reaches it
 * @device:	this host's device that is to reach it, or empty; as the pair is
 *		made, and the same for as long as it lives
 */
struct sdr_far {
	const struct sdr_far_ops *ops;
	char device[SDR_FAR_DEVICE];
};

/* sdr_far_register() - from now on others may be asked.  Return: 0 or -EBUSY. */
int sdr_far_register(const struct sdr_far_ops *ops);
/* Nobody calls @ask any more when it returns; may sleep. */
void sdr_far_unregister(const struct sdr_far_ops *ops);

/* Is there anybody to ask?  Any context. */
bool sdr_far_there(void);
/*
 * Is there a socket in a namespace that has a peer, or looks for one?  Then that
 * holds the namespace.
 */
bool sdr_far_wanted(struct net *net);
/* The connection of a socket that waits for its peer. */
struct sdr_far_who sdr_far_who_is(const struct sdr_sock *ss);
/* Asks; context as @ask. */
void sdr_far_ask(const struct sdr_far_who *who);

static inline bool sdr_far_is(const struct sdr_pair *pair, int side)
{
	return unlikely(pair->far) && side == SDR_FAR_SIDE;
}

/**
 * sdr_far_spin - before a call sleeps: does what it waits for come at once?
 * @pair:	the pair of its socket, or NULL
 * @rx:		it waits for bytes, not for room
 * @ready:	a cheap test
 * @arg:	for @ready
 *
 * Return: true if @ready has said so.  Context: process, no spinlocks.
 */
static inline bool sdr_far_spin(const struct sdr_pair *pair, bool rx,
				bool (*ready)(const void *arg), const void *arg)
{
	return pair && unlikely(pair->far) && pair->far->ops->spin &&
	       pair->far->ops->spin(pair->far, rx, ready, arg);
}

/* Bytes on the ring that the own end has not read; no more than a hint. */
static inline u64 sdr_far_unread(struct sdr_pair *pair)
{
	u64 head, tail;

	if (!sdr_pair_has_pages(pair))
		return 0;
	head = READ_ONCE(sdr_pair_ctl(pair, SDR_NEAR_SIDE)->rx_head);
	tail = READ_ONCE(sdr_pair_ctl(pair, SDR_FAR_SIDE)->tx_tail);
	return tail > head ? tail - head : 0;
}

/* Up to where the far end of a pair has read, if it has one; likewise. */
static inline u64 sdr_far_head(struct sdr_pair *pair)
{
	if (!pair || likely(!pair->far) || !sdr_pair_has_pages(pair))
		return 0;
	return READ_ONCE(sdr_pair_ctl(pair, SDR_FAR_SIDE)->rx_head);
}

/* What follows is for the far end's own use: no socket lock. */

/**
 * sdr_far_ring - a ring for what the far end sends
 * @pair:	the half pair
 * @size:	bytes, a power of two
 *
 * The own end pays.  Return: a ring, or NULL: no memory, the own end is gone, or
 * is to receive by TCP.  Context: may sleep.
 */
struct sdr_ring *sdr_far_ring(struct sdr_pair *pair, u32 size);

/**
 * sdr_far_append - the far end's send direction goes on elsewhere
 * @pair:	the half pair
 * @ring:	the ring that follows, whose reference is taken over; NULL: TCP
 * @pos:	where it begins
 * @there:	bytes that are on the ring already
 *
 * Calls are serialised by the caller.  Return: 0, -ENOMEM, or -EPROTO: the last
 * range would end before it begins.
 */
int sdr_far_append(struct sdr_pair *pair, struct sdr_ring *ring, u64 pos,
		   u64 there);

/* sdr_far_wrote() - the far end has written its ring from @before to @now. */
void sdr_far_wrote(struct sdr_pair *pair, u64 before, u64 now);

/* sdr_far_read() - it has read the own end's ring from @before to @now. */
void sdr_far_read(struct sdr_pair *pair, u64 before, u64 now);

/**
 * sdr_far_sent - how far has the own end written its ring?
 * @pair:	the half pair
 * @from:	position that is known; a kick comes once it is passed
 *
 * What it returns was written by a program; it is to be checked.
 */
u64 sdr_far_sent(struct sdr_pair *pair, u64 from);

/* The same, and nobody rings. */
u64 sdr_far_tail(struct sdr_pair *pair);

/* How far has it read the far end's ring?  A kick comes once @from is passed. */
u64 sdr_far_got(struct sdr_pair *pair, u64 from);

/* What the own end receives must go by TCP: SDR_BY_TCP_* of its side. */
u8 sdr_far_wish(const struct sdr_pair *pair);
/* The same wish of the far end: for good (an option), or for a while. */
void sdr_far_by_tcp(struct sdr_pair *pair, bool option, bool demoted);

/*
 * sdr_far_to_tcp() - the own end's send direction goes on by TCP.  May sleep.
 * Return: false if a call on the socket is under way: try again later.
 */
bool sdr_far_to_tcp(struct sdr_pair *pair, enum sdirect_reason reason);
/* sdr_far_abort() - ends the connection with this error; as above. */
bool sdr_far_abort(struct sdr_pair *pair, int err);

/* sdr_far_gone() - the socket at the other host is gone. */
void sdr_far_gone(struct sdr_pair *pair);
/* sdr_far_close() - ... and nothing of it is to come; the last call for it. */
void sdr_far_close(struct sdr_pair *pair);

#endif /* _SDR_FAR_H */
