/* SPDX-License-Identifier: GPL-2.0 */
/* What the two ends of a connection share. */
#ifndef _SDR_PAIR_H
#define _SDR_PAIR_H

#include <linux/init.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/sdirect.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "owner.h"
#include "vote.h"

struct sdr_carrier;
struct sdr_far;
struct sdr_payer;
struct sdr_ring;
struct sdr_sock;

/**
 * struct sdr_seg - a range of a stream, moved by one carrier
 * @carrier:	who moves it
 * @ring:	the memory, for carriers that have one
 * @start:	position of its first byte
 * @end:	position behind its last byte, SDIRECT_POS_OPEN until the sender
 *		has sealed it; stored with release order after @next
 * @next:	the segment that follows, valid once @end is not open
 * @rcu:	frees the segment
 *
 * The sender appends under its socket's lock; the receiver moves along and
 * frees what it has left under its rx_lock; poll and the like look under RCU.
 */
struct sdr_seg {
	const struct sdr_carrier *carrier;
	struct sdr_ring *ring;
	u64 start;
	u64 end;
	struct sdr_seg *next;
	struct rcu_head rcu;
};

/* Who may want a connection to be TCP, for as long as they want it. */
enum sdr_demoter {
	SDR_DEMOTER_PROGRAM,	/* SDIRECT_IOC_DEMOTE */
	SDR_DEMOTER_ADMIN,	/* SDIRECT_CMD_CONN_SET */
	__SDR_DEMOTER_MAX
};

/* In @by_tcp of struct sdr_end: an option needs it, for good; who at end @side. */
#define SDR_BY_TCP_OPTION	BIT(0)
#define SDR_BY_TCP_DEMOTED(side, who) \
	BIT(1 + (side) * __SDR_DEMOTER_MAX + (who))
/* At both ends: the policy has not allowed anything else. */
#define SDR_BY_TCP_POLICY	BIT(1 + 2 * __SDR_DEMOTER_MAX)

/* Whose votes a judgement has: of those that rule over end i, and all ends. */
#define SDR_SEATS	3

/**
 * struct sdr_ruling - what the policies have said about a pair
 * @epoch:	counts the judgements; votes for an older one do not count
 * @waiting:	1 << seat, votes that are missing
 * @verdict:	enum sdirect_verdict, the strictest of the votes that are there;
 *		0: not judged yet
 * @last:	the verdict when all votes were there last, 0: they never were
 * @from:	the end that has connected: seat 0 is the vote of its namespace,
 *		seat 1 that of the other's, seat 2 that of the initial one
 * @ring_max:	bytes of a ring
 * @vote:	the votes
 */
struct sdr_ruling {
	u32 epoch;
	u8 waiting;
	u8 verdict;
	u8 last;
	u8 from;
	u32 ring_max;
	struct sdr_vote vote[SDR_SEATS];
};

/**
 * struct sdr_end - one end of a pair
 * @ss:		its socket, NULL once that is closed; under the pair's lock
 * @owner:	whose it is; set with @ss and kept after it
 * @ctl:	the page that this end writes, NULL until a ring is needed
 * @by_tcp:	SDR_BY_TCP_*, why what is sent to this end must go by TCP;
 *		changes under the pair's lock
 * @far:	it is on another host, and there; under the pair's lock
 * @rung:	the other end has rung since this end last looked; a hint
 */
struct sdr_end {
	struct sdr_sock *ss;
	struct sdr_owner owner;
	struct page *ctl;
	u8 by_tcp;
	bool far;
	bool rung;
};

/**
 * struct sdr_pair - a connection of which an end, or both, are here
 * @ref:	one for each end, one for each region
 * @lock:	protects @end[].ss and the allocation of the pages; a leaf lock,
 *		process context
 * @kern:	the page that only the kernel writes, NULL until needed; set
 *		once, together with both @end[].ctl, with release order
 * @quota:	who is charged for the three pages
 * @closed:	ends whose sockets are gone
 * @resetting:	both ends are about to be reset; under @lock
 * @far:	the other end if it is on another host, see far.h; set before
 *		anybody sees the pair, and released with it
 * @first:	@first[i] is the oldest range of the bytes sent by end i
 * @origin:	the TCP ranges that both streams start in; most connections end
 *		before they need another
 * @end:	the two ends
 * @ruling:	what the policies say; under @lock
 * @rcu:	frees the pair where letting go of @far takes locks
 */
struct sdr_pair {
	refcount_t ref;
	spinlock_t lock;
	struct page *kern;
	struct sdr_quota *quota;
	u8 closed;
	bool resetting;
	struct sdr_far *far;
	struct sdr_seg *first[2];
	struct sdr_seg origin[2];
	struct sdr_end end[2];
	struct sdr_ruling ruling;
	struct rcu_head rcu;
};

/**
 * sdr_pair_alloc - allocate a pair without ends
 *
 * Return: a pair with one reference, or NULL.  Context: may sleep.
 */
struct sdr_pair *sdr_pair_alloc(void);
void sdr_pair_put(struct sdr_pair *pair);

static inline struct sdr_pair *sdr_pair_get(struct sdr_pair *pair)
{
	refcount_inc(&pair->ref);
	return pair;
}

/**
 * sdr_pair_pages - make sure that the pair has its three pages
 * @pair:	the pair
 * @payer:	who pays
 *
 * Return: 0 or -ENOMEM.  Context: may sleep.
 */
int sdr_pair_pages(struct sdr_pair *pair, const struct sdr_payer *payer);

/* True once sdr_pair_pages() has succeeded; then the accessors below work. */
static inline bool sdr_pair_has_pages(struct sdr_pair *pair)
{
	return smp_load_acquire(&pair->kern);	/* sdr_pair_pages() */
}

/*
 * Can there be anything but TCP?  Whoever sleeps because there was not is woken
 * when the first ring comes.
 */
static inline bool sdr_pair_has_more(struct sdr_pair *pair)
{
	return pair->far || sdr_pair_has_pages(pair);
}

static inline struct sdirect_ctl_page *sdr_pair_ctl(struct sdr_pair *pair,
						    int side)
{
	return page_address(pair->end[side].ctl);
}

static inline struct sdirect_kern_end *sdr_pair_kern(struct sdr_pair *pair,
						     int side)
{
	struct sdirect_kern_page *kern = page_address(pair->kern);

	return &kern->end[side];
}

/**
 * sdr_pair_close - an end's socket is gone
 * @pair:	the pair
 *
 * With the second one the rings go too; mappings may keep the pair itself.
 * Context: no call on that socket is running.
 */
void sdr_pair_close(struct sdr_pair *pair);

/* sdr_pair_drop_seg() frees a range that the receiver has left behind. */
void sdr_pair_drop_seg(struct sdr_pair *pair, struct sdr_seg *seg);

/* Is end @side closed? */
static inline bool sdr_pair_gone(const struct sdr_pair *pair, int side)
{
	return !READ_ONCE(pair->end[side].ss) && !READ_ONCE(pair->end[side].far);
}

/*
 * Has the receiver left so much of what end @side sends unread that the chain
 * must not grow?  Context: the pair's lock is held.
 */
bool sdr_pair_unread_long(const struct sdr_pair *pair, int side);

/* Is what end @side sends to go by TCP because somebody has demoted the pair? */
static inline bool sdr_pair_demoted(const struct sdr_pair *pair, int side)
{
	return READ_ONCE(pair->end[!side].by_tcp) & ~SDR_BY_TCP_OPTION;
}

/* Has the policy (not yet) allowed anything but TCP? */
static inline bool sdr_pair_barred(const struct sdr_pair *pair)
{
	return READ_ONCE(pair->end[0].by_tcp) & SDR_BY_TCP_POLICY;
}

/* sdr_seg_free() frees a segment and its ring after a grace period. */
void sdr_seg_free(struct sdr_seg *seg);
struct sdr_seg *sdr_seg_alloc(const struct sdr_carrier *carrier, u64 start,
			      struct sdr_ring *ring);

int __init sdr_pair_init(void);
void sdr_pair_exit(void);

#endif /* _SDR_PAIR_H */
