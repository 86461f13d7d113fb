/* SPDX-License-Identifier: GPL-2.0 */
/* How the two ends of a connection find each other. */
#ifndef _SDR_RENDEZVOUS_H
#define _SDR_RENDEZVOUS_H

#include <linux/init.h>
#include <linux/types.h>

struct sdr_far;
struct sdr_far_who;
struct sdr_pair;
struct sdr_sock;

/**
 * sdr_rendezvous_try - look for the peer, once connected
 * @ss:	the socket; its TCP socket is locked by the caller
 *
 * Does nothing when the search is over, or too early.  The first end posts its
 * key, the second makes the pair.  Context: may sleep.
 */
void sdr_rendezvous_try(struct sdr_sock *ss);

/* The same for a caller without the socket's lock, which takes it if needed. */
void sdr_rendezvous_look(struct sdr_sock *ss);

/* True if sdr_rendezvous_try() has something to do; without locks. */
bool sdr_rendezvous_due(const struct sdr_sock *ss);

/**
 * sdr_rendezvous_leave - give up the search for the peer
 * @ss:		the socket
 *
 * Context: the socket's lock is held, or no call on it is running: another
 * thread could be about to post a key.
 * Return: true if nobody has paired and nobody will: the socket is TCP for
 * good; false if there is a pair.
 */
bool sdr_rendezvous_leave(struct sdr_sock *ss);

/* True if the search has ended without a peer, and nobody else knows @ss. */
bool sdr_rendezvous_is_over(const struct sdr_sock *ss);

/* sdr_rendezvous_forget() - the socket ends, whether it has a pair or not. */
void sdr_rendezvous_forget(struct sdr_sock *ss);

/**
 * sdr_rendezvous_counts - do the byte counts of two ends fit each other?
 * @ss:		one end, its TCP socket locked
 * @peer:	the other, kept alive by the caller
 *
 * Return: bytes that @ss has written and @peer has not received yet, or -1 if
 * the two streams cannot be the same.
 */
s64 sdr_rendezvous_counts(const struct sdr_sock *ss,
			  const struct sdr_sock *peer);

/**
 * sdr_rendezvous_far - a connection whose other end is on another host
 * @who:	the connection, as its end here knows it
 * @far:	the other end
 *
 * Makes a half pair of the socket that waits with this key and these addresses,
 * if there is exactly one, and has the policy asked.  What the key and both
 * addresses say is all that is known of the other end; whoever registers with
 * sdr_far_register() must see to it that nobody names a connection that is not
 * his host's.
 *
 * Return: the half pair, with a reference for the far end, or NULL; @far then
 * belongs to the caller as before, else to the pair.  Context: may sleep.
 */
struct sdr_pair *sdr_rendezvous_far(const struct sdr_far_who *who,
				    struct sdr_far *far);

int __init sdr_rendezvous_init(void);
void sdr_rendezvous_exit(void);

#endif /* _SDR_RENDEZVOUS_H */
