/* SPDX-License-Identifier: GPL-2.0 */
/* The key of a connection: its two initial sequence numbers. */
#ifndef _SDR_KEY_H
#define _SDR_KEY_H

#include <linux/types.h>
#include <net/sock.h>

/**
 * struct sdr_key - a connection as one end knows it
 * @mine:	this end's initial sequence number
 * @theirs:	the other's
 */
struct sdr_key {
	u32 mine;
	u32 theirs;
};

/**
 * sdr_key_preset - choose a secret initial sequence number
 * @sk:		a TCP socket that is about to connect, locked by the caller
 * @secret:	(out) the number
 *
 * The kernel's own numbers are a hash of addresses and ports plus a public
 * clock, blind to the namespace; whoever owns a namespace with the same
 * addresses could aim at them.
 */
void sdr_key_preset(struct sock *sk, u32 *secret);

/**
 * sdr_key_read - read the key of a connection
 * @sk:		an established TCP socket, locked by the caller
 * @active:	this end called connect()
 * @key:	(out)
 *
 * Works at any time in the life of the connection: the positions are taken
 * back by the bytes that have passed since.
 */
void sdr_key_read(struct sock *sk, bool active, struct sdr_key *key);

/* Bytes (modulo 2^32) that the peer of this key's owner has received. */
u32 sdr_key_received(const struct sock *sk, const struct sdr_key *key);
/* Bytes (modulo 2^32) that the owner has written, and that were acknowledged. */
u32 sdr_key_written(const struct sock *sk, const struct sdr_key *key);
u32 sdr_key_acked(const struct sock *sk, const struct sdr_key *key);

/**
 * sdr_key_clocks_agree - do the TCP timestamps of two ends fit each other?
 * @a:	one end
 * @b:	the other, perhaps
 *
 * True too where timestamps are not used.  Reads without locks.
 */
bool sdr_key_clocks_agree(const struct sock *a, const struct sock *b);

/**
 * sdr_key_no_nat - does each end have the address that the other knows it by?
 * @a:	one end
 * @b:	the other; both are or were connected
 *
 * Where not, something between them translates addresses, and may change what
 * the stream says of them, and so its length.  Reads without locks.
 */
bool sdr_key_no_nat(const struct sock *a, const struct sock *b);

#endif /* _SDR_KEY_H */
