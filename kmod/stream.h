/* SPDX-License-Identifier: GPL-2.0 */
/* A stream is a chain of carriers; this is the one place that walks it. */
#ifndef _SDR_STREAM_H
#define _SDR_STREAM_H

#include <linux/poll.h>
#include <linux/socket.h>
#include <net/tcp.h>

#include "sock.h"

/**
 * sdr_stream_init - a flow at the beginning of a stream
 * @flow:	the flow
 * @sk:	the TCP socket
 * @tally:	the socket's counters
 */
void sdr_stream_init(struct sdr_flow *flow, struct sock *sk,
		     struct sdr_tally *tally);

static inline bool sdr_flow_on_tcp(const struct sdr_flow *flow)
{
	return flow->seg->carrier == &sdr_carrier_tcp;
}

/* Can nothing be sent (received) any more, whatever the carrier? */
static inline bool sdr_stream_tx_ended(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ||
	       (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN) ||
	       !((1 << inet_sk_state_load(sk)) &
		 (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT));
}

static inline bool sdr_stream_rx_ended(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ||
	       (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) ||
	       ((1 << inet_sk_state_load(sk)) & (TCPF_CLOSE | TCPF_LISTEN));
}

/* From here on a stream that is never quiet is sealed in full flight. */
#define SDR_SEAL_BUSY	(256u << 10)

/* Has the peer closed its end, or does it need TCP for good?  With a pair. */
static inline bool sdr_stream_left(const struct sdr_pair *pair, int side)
{
	const struct sdr_end *peer = &pair->end[!side];

	return sdr_pair_gone(pair, !side) ||
	       READ_ONCE(peer->by_tcp) & SDR_BY_TCP_OPTION;
}

/* The same, or is it to send by TCP for a while? */
static inline bool sdr_stream_unread(const struct sdr_pair *pair, int side)
{
	const struct sdr_end *peer = &pair->end[!side];

	return sdr_pair_gone(pair, !side) || READ_ONCE(peer->by_tcp);
}

/**
 * sdr_stream_join - once the ends have met, go on in the chain that they share
 * @ss:	the socket
 * @flow:	one of its two flows
 * @is_tx:	which one
 *
 * Context: whatever protects the flow is held.
 */
void sdr_stream_join(struct sdr_sock *ss, struct sdr_flow *flow, bool is_tx);

/**
 * sdr_stream_advance - the receiver steps over a seal
 * @ss:	the socket; its receive flow has reached the end of its range
 *
 * Context: the rx_lock is held.  Return: 0, or -EPROTO: TCP has brought more
 * bytes than the sender has sent.
 */
int sdr_stream_advance(struct sdr_sock *ss);

/* Has a send direction carried enough to deserve a ring? */
bool sdr_stream_seal_due(const struct sdr_sock *ss);

/* Is there a larger ring to be had for this direction? */
bool sdr_stream_can_grow(const struct sdr_sock *ss, const struct sdr_seg *seg);

/**
 * sdr_stream_grow - replace a full ring by a larger one
 * @ss:	the socket
 *
 * Where there is no memory the stream goes on by TCP.  Context: the socket's
 * lock is held; may sleep.  Return: true if more can be sent now.
 */
bool sdr_stream_grow(struct sdr_sock *ss);

/**
 * sdr_stream_send - send a message on whatever carries the stream now
 * @ss:		the socket, locked; the lock is dropped while it waits
 * @msg:	the message, with its flags
 * @len:	its length
 *
 * Return: bytes sent or what tcp_sendmsg() would return.
 */
ssize_t sdr_stream_send(struct sdr_sock *ss, struct msghdr *msg, size_t len);

/**
 * sdr_stream_recv - receive from whatever carries the stream now
 * @ss:	the socket
 * @msg:	where to
 * @len:	bytes that it has room for
 * @flags:	as for recvmsg(2)
 *
 * Context: no lock held.  Return: as tcp_recvmsg().
 */
ssize_t sdr_stream_recv(struct sdr_sock *ss, struct msghdr *msg, size_t len,
			int flags);

/**
 * sdr_stream_poll - correct TCP's poll mask by what the rings hold
 * @ss:	the socket
 * @mask:	what tcp_poll() said
 * @events:	what the caller asks for; EPOLLET is looked at
 * @served:	arm nothing for bytes: whoever waits has a word of his own
 */
__poll_t sdr_stream_poll(struct sdr_sock *ss, __poll_t mask, __poll_t events,
			 bool served);

/**
 * sdr_stream_seal_now - move the send direction to a ring, if that may be
 * @ss:	the socket
 *
 * Context: the socket's lock is held; may sleep.
 * Return: true if the send direction is on a ring.
 */
bool sdr_stream_seal_now(struct sdr_sock *ss);

/**
 * sdr_stream_seal - the same for a connection in use
 * @ss:	the socket
 *
 * Context: the socket's lock is held; may sleep.  After releasing it, call
 * sdr_stream_acknowledge().
 */
void sdr_stream_seal(struct sdr_sock *ss);

/*
 * sdr_stream_acknowledge() - TCP's acknowledgements, which data no longer
 * carries, go by themselves.  Context: may sleep; the lock is not held.
 */
void sdr_stream_acknowledge(struct sdr_sock *ss);

/**
 * sdr_stream_to_tcp - move the send direction back to TCP
 * @ss:	the socket
 * @reason:	what to tell about it
 *
 * The lease is taken away first, so the position is final.  Context: the
 * socket's lock is held; may sleep.  Return: 0 or -EPROTO.
 */
int sdr_stream_to_tcp(struct sdr_sock *ss, enum sdirect_reason reason);

/**
 * sdr_stream_rx_by_tcp - have the peer send by TCP, from now on
 * @ss:	the socket
 *
 * What is on the ring stays there to be read.  Context: process; no spinlock.
 * Return: true the first time, once there is a peer.
 */
bool sdr_stream_rx_by_tcp(struct sdr_sock *ss);

/* sdr_stream_sync_rx() counts what user space has read; under the rx_lock. */
void sdr_stream_sync_rx(struct sdr_sock *ss);

/* The same as sdr_stream_inq(), and a wake-up is armed for what comes next. */
u64 sdr_stream_inq_arm(struct sdr_sock *ss);

/* Bytes that can be read now. */
u64 sdr_stream_inq(struct sdr_sock *ss);

/*
 * Adds what user space has moved since the kernel's last look; for reports.
 * Context: as sdr_sock_info().
 */
void sdr_stream_unsynced(const struct sdr_sock *ss, u64 *tx, u64 *rx);

/* True if a ring holds bytes that this socket has not read. */
bool sdr_stream_ring_unread(struct sdr_sock *ss);

/**
 * sdr_stream_ring_tx - the ring and its first position that bytes are sent to
 * @ss:	the socket
 * @base:	(out) the position; only if there is a ring
 *
 * Context: the socket's lock is held.  Return: the ring or NULL.
 */
struct sdr_ring *sdr_stream_ring_tx(struct sdr_sock *ss, u64 *base);
/* The same for receiving, under the rx_lock; moves on to a ring if it can. */
struct sdr_ring *sdr_stream_ring_rx(struct sdr_sock *ss, u64 *base);
/* Is the receiver in a TCP range that nobody has sealed?  Under the rx_lock. */
bool sdr_stream_rx_on_last(struct sdr_sock *ss);

#endif /* _SDR_STREAM_H */
