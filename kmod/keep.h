/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is between the ends of a connection and knows of it (NAT, a firewall, a
 * load balancer) forgets a TCP connection on which nothing moves.  While bytes
 * move by ring, TCP sends an empty segment now and then, as it would have sent
 * them: so going back to it works.
 */
#ifndef _SDR_KEEP_H
#define _SDR_KEEP_H

#include <linux/timer.h>
#include <linux/types.h>

struct sdr_sock;

/**
 * struct sdr_keep - keeps TCP known under a ring
 * @timer:	looks whether anything has moved
 * @used:	@timer runs; under the socket's lock
 * @moved:	what this end had sent and read by ring when it looked last
 */
struct sdr_keep {
	struct timer_list timer;
	bool used;
	u64 moved;
};

/* sdr_keep_init() - not running yet; ended by sdr_keep_stop() */
void sdr_keep_init(struct sdr_keep *keep);

/* sdr_keep_begin() - there is a ring.  Context: the socket's lock is held. */
void sdr_keep_begin(struct sdr_sock *ss);

/* sdr_keep_stop() - for good.  Context: may sleep; no lock held. */
void sdr_keep_stop(struct sdr_keep *keep);

#endif /* _SDR_KEEP_H */
