/* SPDX-License-Identifier: GPL-2.0 */
/* What a socket has to look after from its first ring on. */
#ifndef _SDR_UPKEEP_H
#define _SDR_UPKEEP_H

#include "keep.h"
#include "stall.h"

struct sdr_sock;

/**
 * struct sdr_upkeep - timers of a socket that sends, or has sent, by ring
 * @ss:		the socket
 * @stall:	watches over a send direction without room
 * @keep:	keeps TCP known under the ring
 *
 * Most connections end without a ring, and an idle one is to be small.
 */
struct sdr_upkeep {
	struct sdr_sock *ss;
	struct sdr_stall stall;
	struct sdr_keep keep;
};

/**
 * sdr_upkeep_make - see to it that a socket has its upkeep
 * @ss:	the socket
 *
 * Context: the socket's lock is held; may sleep.
 * Return: 0 or -ENOMEM; ended by sdr_upkeep_end().
 */
int sdr_upkeep_make(struct sdr_sock *ss);

/* sdr_upkeep_end() - for good, with the socket.  Context: may sleep. */
void sdr_upkeep_end(struct sdr_sock *ss);

#endif /* _SDR_UPKEEP_H */
