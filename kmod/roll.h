/* SPDX-License-Identifier: GPL-2.0 */
/* The sockets of a network namespace, in the order in which they came. */
#ifndef _SDR_ROLL_H
#define _SDR_ROLL_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct sdr_sock;

/* Sockets looked at while the lock is held. */
#define SDR_LOOKS	1024

/**
 * struct sdr_roll - sockets by their serial numbers
 * @lock:	protects the rest, and the lifetime of what is in it; process
 *		context only
 * @tree:	struct sdr_sock
 * @newest:	the last one in @tree, or NULL
 * @serial:	of whichever came last
 */
struct sdr_roll {
	spinlock_t lock;
	struct rb_root tree;
	struct rb_node *newest;
	u64 serial;
};

/**
 * struct sdr_walk - how far somebody has come who looks at all of them
 * @next:	serial number from which on they have not been seen
 * @last:	those after it came later and do not count: a walk has an end
 */
struct sdr_walk {
	u64 next;
	u64 last;
};

void sdr_roll_init(struct sdr_roll *roll);
bool sdr_roll_empty(const struct sdr_roll *roll);

/* Gives the socket its number.  Context: process. */
void sdr_roll_add(struct sdr_roll *roll, struct sdr_sock *ss);
/* Nobody looks at it any more.  Context: process. */
void sdr_roll_del(struct sdr_roll *roll, struct sdr_sock *ss);

/* From the first socket to the one that is the last now. */
struct sdr_walk sdr_roll_begin(struct sdr_roll *roll);

/**
 * sdr_roll_walk - look at some sockets more
 * @roll:	the sockets
 * @walk:	which of them; moves on
 * @look:	called for each with @roll's lock held; false: no more for now,
 *		and this one is the next
 * @arg:	for @look
 *
 * Not for longer than others may wait for the lock, so let others run between
 * two calls.  Where a walk goes on is found without going through what was
 * before, which may be gone.  Context: process.
 *
 * Return: false if all have been seen.
 */
bool sdr_roll_walk(struct sdr_roll *roll, struct sdr_walk *walk,
		   bool (*look)(struct sdr_sock *ss, void *arg), void *arg);

#endif /* _SDR_ROLL_H */
