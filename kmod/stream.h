/* SPDX-License-Identifier: GPL-2.0 */
/* A stream is a chain of carriers; this is the one place that walks it. */
#ifndef _SDR_STREAM_H
#define _SDR_STREAM_H

#include <linux/poll.h>
#include <linux/socket.h>

#include "sock.h"

/**
 * sdr_stream_init - a flow at the beginning of a stream
 */
void sdr_stream_init(struct sdr_flow *flow, struct sock *sk);

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
 *
 * Context: no lock held.  Return: as tcp_recvmsg().
 */
ssize_t sdr_stream_recv(struct sdr_sock *ss, struct msghdr *msg, size_t len,
			int flags);

/**
 * sdr_stream_poll - correct TCP's poll mask by what the rings hold
 * @mask:	what tcp_poll() said
 * @events:	what the caller asks for; EPOLLET is looked at
 */
__poll_t sdr_stream_poll(struct sdr_sock *ss, __poll_t mask, __poll_t events);

/**
 * sdr_stream_seal_now - move the send direction to a ring, if that may be
 *
 * Context: the socket's lock is held; may sleep.
 * Return: true if the send direction is on a ring.
 */
bool sdr_stream_seal_now(struct sdr_sock *ss);

/**
 * sdr_stream_to_tcp - move the send direction back to TCP
 *
 * The lease is taken away first, so the position is final.  Context: the
 * socket's lock is held; may sleep.  Return: 0, -ENOMEM or -EPROTO.
 */
int sdr_stream_to_tcp(struct sdr_sock *ss, enum sdirect_reason reason);

/* sdr_stream_sync_rx() counts what user space has read; under the rx_lock. */
void sdr_stream_sync_rx(struct sdr_sock *ss);

/* Bytes that can be read now, and bytes that the peer has not read yet. */
u64 sdr_stream_inq(struct sdr_sock *ss);
u64 sdr_stream_outq(struct sdr_sock *ss);

/*
 * Adds what user space has moved since the kernel's last look; for reports.
 * Context: as sdr_sock_info().
 */
void sdr_stream_unsynced(const struct sdr_sock *ss, u64 *tx, u64 *rx);

/* True if a ring holds bytes that this socket has not read. */
bool sdr_stream_ring_unread(struct sdr_sock *ss);

/**
 * sdr_stream_ring_tx - the ring and its first position that bytes are sent to
 *
 * Context: the socket's lock is held.  Return: the ring or NULL.
 */
struct sdr_ring *sdr_stream_ring_tx(struct sdr_sock *ss, u64 *base);
/* The same for receiving, under the rx_lock; moves on to a ring if it can. */
struct sdr_ring *sdr_stream_ring_rx(struct sdr_sock *ss, u64 *base);

#endif /* _SDR_STREAM_H */
