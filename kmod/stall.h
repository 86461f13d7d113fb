/* SPDX-License-Identifier: GPL-2.0 */
/* TCP_USER_TIMEOUT for a sender whose ring stays full. */
#ifndef _SDR_STALL_H
#define _SDR_STALL_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct sdr_sock;

/**
 * struct sdr_stall - a sender that found no room
 * @work:	looks whether the time is over
 * @used:	@work has been queued; most end without
 * @on:		no byte has been sent since it found none
 * @since:	jiffies when that was, or when the peer was last seen to read
 * @read:	how much the peer had read then, with any beginning
 *
 * All but @work and @used under the socket's lock.
 */
struct sdr_stall {
	struct delayed_work work;
	bool used;
	bool on;
	unsigned long since;
	u64 read;
};

/* sdr_stall_init() - nothing is stalled; ended by sdr_stall_stop() */
void sdr_stall_init(struct sdr_stall *stall);

/**
 * sdr_stall_begin - a send found no room
 * @ss:	the socket
 *
 * If the peer reads nothing more for as long as TCP_USER_TIMEOUT says, the
 * connection ends with ETIMEDOUT, as it does where TCP's window stays closed
 * for so long.  Context: the socket's lock is held.
 */
void sdr_stall_begin(struct sdr_sock *ss);

/* sdr_stall_over() - there was room.  Context: the socket's lock is held. */
void sdr_stall_over(struct sdr_sock *ss);

/*
 * sdr_stall_polled() - who polls found no room: he may not have tried to send.
 * Context: any.
 */
void sdr_stall_polled(struct sdr_sock *ss);

/* sdr_stall_again() - TCP_USER_TIMEOUT has changed.  Context: no lock held. */
void sdr_stall_again(struct sdr_sock *ss);

/* sdr_stall_stop() - for good.  Context: may sleep; no lock held. */
void sdr_stall_stop(struct sdr_stall *stall);

#endif /* _SDR_STALL_H */
