/* SPDX-License-Identifier: GPL-2.0 */
/* TCP_USER_TIMEOUT for a sender whose ring stays full. */
#ifndef _SDR_STALL_H
#define _SDR_STALL_H

#include <linux/workqueue.h>

struct sdr_sock;

/**
 * struct sdr_stall - a sender that finds no room
 * @work:	runs when TCP_USER_TIMEOUT has passed since it was noticed
 * @head:	how far the peer had read then
 */
struct sdr_stall {
	struct delayed_work work;
	u64 head;
};

/* sdr_stall_init() - for a new socket; ended by sdr_stall_stop() */
void sdr_stall_init(struct sdr_stall *stall);

/**
 * sdr_stall_note - a send found no room
 * @ss:	the socket
 *
 * If the peer has read nothing more when the time that TCP_USER_TIMEOUT gives
 * is over, the connection ends with ETIMEDOUT, as it does where TCP's window
 * stays closed for so long.  Context: the socket's lock is held.
 */
void sdr_stall_note(struct sdr_sock *ss);

/* sdr_stall_stop() - for good.  Context: may sleep; no lock held. */
void sdr_stall_stop(struct sdr_sock *ss);

#endif /* _SDR_STALL_H */
