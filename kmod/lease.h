/* SPDX-License-Identifier: GPL-2.0 */
/* Who may work on a socket's rings without a system call. */
#ifndef _SDR_LEASE_H
#define _SDR_LEASE_H

#include "sock.h"

/**
 * sdr_lease_attach - grant the lease to the caller's address space
 * @ss:		the socket; rx_lock and the socket's lock are held
 * @at:		(in, out) see sdirect.h
 *
 * Return: 0 or what SDIRECT_IOC_ATTACH says.  Context: may sleep.
 */
int sdr_lease_attach(struct sdr_sock *ss, struct sdirect_attach *at);

/**
 * sdr_lease_enter_tx - a system call is about to work on the send direction
 * @ss:	the socket, locked
 *
 * A call that the holder's library has marked goes on beside the lease; any
 * other takes the lease away.  Context: may sleep.
 */
void sdr_lease_enter_tx(struct sdr_sock *ss);
/* The same for the receive direction, under the rx_lock. */
void sdr_lease_enter_rx(struct sdr_sock *ss);

/**
 * sdr_lease_revoke - take the lease away, whoever holds it
 * @ss:	the socket
 *
 * When it returns no user program can write this end's pages, but for what the
 * kernel itself still has under way to pages it had pinned.  Context: may
 * sleep, for a bounded time even if the holder never leaves.
 */
void sdr_lease_revoke(struct sdr_sock *ss);

/**
 * sdr_lease_withdraw - have the lease taken away, as the policy wants
 * @ss:	a socket of a pair that is barred by now
 *
 * Context: the pair's lock is held, under which it was barred.
 */
void sdr_lease_withdraw(struct sdr_sock *ss);

/**
 * sdr_lease_end - nobody takes the lease away by himself any more
 * @ss:	the socket, which has left its pair
 *
 * Context: may sleep; no call on the socket is running or can begin.
 */
void sdr_lease_end(struct sdr_sock *ss);

/* The ring of a direction has changed: views of the old one are stale. */
void sdr_lease_stale_tx(struct sdr_sock *ss);
void sdr_lease_stale_rx(struct sdr_sock *ss);

/* sdr_lease_settle() waits for a revocation that is under way. */
int sdr_lease_settle(struct sdr_sock *ss, struct sdirect_settle *out);

/* sdr_lease_held() - does any address space hold the lease now? */
bool sdr_lease_held(const struct sdr_sock *ss);

/**
 * sdr_lease_served - does the caller's library arm for the one who waits?
 * @ss:	the socket
 *
 * True only for the holder of the lease, while it has the pages mapped on which
 * it arms.  When that ends the socket's waiters are woken, and look again.
 * Context: any; a task.
 */
bool sdr_lease_served(const struct sdr_sock *ss);

/**
 * sdr_lease_rung - has the peer rung for a set that the library serves?
 * @ss:	the socket
 *
 * Then the library must look, even if there is nothing here any more: it may
 * have been rung for other rings too, and its word must be armed again.
 * Context: any; a task.  Return: true once for each doorbell, or more often.
 */
bool sdr_lease_rung(const struct sdr_sock *ss);

#endif /* _SDR_LEASE_H */
