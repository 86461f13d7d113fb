/* SPDX-License-Identifier: GPL-2.0 */
/* Waking whoever waits on a socket's own wait queue. */
#ifndef _SDR_WAKE_H
#define _SDR_WAKE_H

#include <linux/types.h>

struct sdr_pair;
struct sock;

/**
 * sdr_wake_sock - wake every waiter of a socket: calls, poll, epoll, io_uring
 * @sk:	the socket
 *
 * The wake-up carries no event mask, so that every waiter looks again, and arms
 * again; with one, io_uring and aio would not.  Context: any.
 */
void sdr_wake_sock(struct sock *sk);

/**
 * sdr_wake_sharers - wake the waiters of a socket if there are several
 * @sk:	the socket; the caller is one of them, or none
 *
 * For one that has raised the socket's want word over what others wait for.
 * Context: any.
 */
void sdr_wake_sharers(struct sock *sk);

/**
 * sdr_wake_shared - do several wait for a socket?
 * @sk:	the socket
 *
 * Context: any.
 */
bool sdr_wake_shared(const struct sock *sk);

/**
 * sdr_wake_end - the same for one end of a pair, if it is still there
 * @pair:	the pair
 * @side:	which end
 *
 * Context: process; takes the pair's lock.  Return: false if it has gone.
 */
bool sdr_wake_end(struct sdr_pair *pair, int side);

/**
 * sdr_wake_sigio - send the signal that one end may have asked for (O_ASYNC)
 * @pair:	the pair
 * @side:	which end
 *
 * Whoever asked for it need not have armed anything.  Context: as above.
 */
void sdr_wake_sigio(struct sdr_pair *pair, int side);

#endif /* _SDR_WAKE_H */
