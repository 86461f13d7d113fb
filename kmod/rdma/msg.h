/* SPDX-License-Identifier: GPL-2.0 */
/* What two hosts say to each other on the control connection. */
#ifndef _SDR_RDMA_MSG_H
#define _SDR_RDMA_MSG_H

#include <linux/types.h>

#define SDR_RDMA_MAGIC		0x5344524d	/* in HELLO */
#define SDR_RDMA_VERSION	4
#define SDR_RDMA_MSG_SIZE	64	/* bytes, of each message */

/*
 * HELLO comes first, once in each direction, the client's before the server's.
 * ATTACH asks for the other end of a connection, ATTACHED or REFUSED answers.
 * A sender asks for a ring (RING_REQ); it gets one (RING) or not (NO_RING).  SEAL
 * says where TCP ends and the ring begins, UNSEAL where the ring ends; UNSEALED
 * answers: all of it is here, and what follows comes by TCP.  RESUME: the queue
 * pair is dead, and the ring ends here.  BY_TCP: send no more by ring, or do so
 * again.  CLOSE: the socket is gone.  DOWN: the queue pair is to be given up.
 * QUERY: the control connection was lost and is another one; this is all that the
 * other host may have missed, and if it sends by a ring, the answer is RESUME.
 */
enum sdr_rdma_msg_type {
	SDR_RDMA_HELLO = 1,
	SDR_RDMA_ATTACH,
	SDR_RDMA_ATTACHED,
	SDR_RDMA_REFUSED,
	SDR_RDMA_RING_REQ,
	SDR_RDMA_RING,
	SDR_RDMA_NO_RING,
	SDR_RDMA_SEAL,
	SDR_RDMA_UNSEAL,
	SDR_RDMA_UNSEALED,
	SDR_RDMA_RESUME,
	SDR_RDMA_BY_TCP,
	SDR_RDMA_CLOSE,
	SDR_RDMA_DOWN,
	SDR_RDMA_QUERY,
	__SDR_RDMA_MSG_MAX
};

#define SDR_RDMA_BY_TCP_OPTION	1u	/* in @arg of BY_TCP: for good */
#define SDR_RDMA_BY_TCP_DEMOTED	2u	/* for a while */
#define SDR_RDMA_BY_TCP_MASK	3u
#define SDR_RDMA_QUERY_RING	4u	/* in @arg of QUERY, with the others */
#define SDR_RDMA_HELLO_KNOWN	1u	/* in @size of HELLO: called again */

/**
 * struct sdr_rdma_msg - a message, in host byte order
 * @type:	enum sdr_rdma_msg_type
 * @conn:	the receiver's number of the connection; 0: none
 * @from:	the sender's number of it (ATTACH, ATTACHED, QUERY)
 * @gen:	which ring of this direction; HELLO: the version
 * @arg:	BY_TCP, QUERY: flags; HELLO: the magic
 * @rkey:	RING: the memory region
 * @size:	RING_REQ, RING: bytes of the ring
 * @pos:	SEAL, UNSEAL, RESUME: stream position; QUERY: where the ring began;
 *		HELLO: the link's cookie
 * @addr:	RING: where it begins
 * @mine:	ATTACH: the sender's half of the key; HELLO, DOWN: how many queue pairs
 *		a link may have there, 0: as many as can be
 * @theirs:	ATTACH: the receiver's half
 * @sport:	ATTACH: the sender's port
 * @dport:	ATTACH: the receiver's port
 */
struct sdr_rdma_msg {
	u16 type;
	u32 conn;
	u32 from;
	u32 gen;
	u32 arg;
	u32 rkey;
	u32 size;
	u64 pos;
	u64 addr;
	u32 mine;
	u32 theirs;
	u16 sport;
	u16 dport;
};

/* sdr_rdma_msg_pack() writes SDR_RDMA_MSG_SIZE bytes. */
void sdr_rdma_msg_pack(const struct sdr_rdma_msg *msg, u8 *to);

/**
 * sdr_rdma_msg_parse - read a message that another host has sent
 * @msg:	(out)
 * @from:	SDR_RDMA_MSG_SIZE bytes
 *
 * Checks all that can be known without the connection's state.
 * Return: 0 or -EPROTO.
 */
int sdr_rdma_msg_parse(struct sdr_rdma_msg *msg, const u8 *from);

#endif /* _SDR_RDMA_MSG_H */
