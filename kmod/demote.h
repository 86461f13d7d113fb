/* SPDX-License-Identifier: GPL-2.0 */
/* A connection that is to be TCP, until nobody wants that any more. */
#ifndef _SDR_DEMOTE_H
#define _SDR_DEMOTE_H

#include "sock.h"

/**
 * sdr_demote_mark - have a connection go by TCP, or no longer
 * @ss:		one end
 * @who:	wants it; each one's wish stands until they take it back
 * @on:		true: by TCP
 *
 * Each direction changes with the next bytes sent.  A socket without a peer
 * keeps the wish until it has one.  Context: process, also under sdr_roll->lock;
 * the socket must not go away (its file, or that lock).
 * Return: what sdr_demote_wake() is to be called for.
 */
struct sdr_pair *sdr_demote_mark(struct sdr_sock *ss, enum sdr_demoter who,
				 bool on);

/* sdr_demote_wake() tells whoever waits at either end; @pair may be NULL. */
void sdr_demote_wake(struct sdr_pair *pair);

/* Both in one; context: process, no spinlock. */
static inline void sdr_demote(struct sdr_sock *ss, enum sdr_demoter who,
			      bool on)
{
	sdr_demote_wake(sdr_demote_mark(ss, who, on));
}

/**
 * sdr_demote_policy - have a pair go by TCP because the policy says so, or not
 * @pair:	the pair, its lock held
 * @on:		true: by TCP
 *
 * Return: true if that is a change, of which sdr_demote_wake() is to tell.
 */
bool sdr_demote_policy(struct sdr_pair *pair, bool on);

/**
 * sdr_demote_tell - must an end send by system call, where it learns why?
 * @pair:	the pair, with its pages; its lock is held
 * @side:	the end that is told
 */
void sdr_demote_tell(struct sdr_pair *pair, int side);

/* sdr_demote_joined() - the two ends have met; under the pair's lock. */
void sdr_demote_joined(struct sdr_pair *pair);

#endif /* _SDR_DEMOTE_H */
