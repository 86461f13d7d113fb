/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The binary interface of AF_SDIRECT.
 *
 * An AF_SDIRECT socket is a TCP socket that moves its byte stream to shared
 * memory when both ends turn out to be on one host:
 *
 *	fd = socket(AF_SDIRECT, SOCK_STREAM, 0);		IPv4
 *	fd = socket(AF_SDIRECT, SOCK_STREAM, IPPROTO_IPV6);	IPv6
 *
 * Addresses are ordinary sockaddr_in and sockaddr_in6; every socket call and
 * option means what it means on a TCP socket.  What follows is only needed by
 * a program that wants to read and write the rings itself, without a system
 * call; libsdirect does that for you.
 *
 * A stream is numbered from 0 by its bytes; all positions below are such
 * 64-bit stream positions.  A byte at position p lives at p & (size - 1) in
 * the ring that carries it.
 *
 * Attaching
 * ---------
 * ioctl(SDIRECT_IOC_ATTACH) asks for a lease on the two directions of the
 * socket for the caller's address space and says what to map.  Then:
 *
 *	mmap(NULL, tx_length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, tx_offset)
 *	    page 0	struct sdirect_ctl_page of this end
 *	    then	the send ring, twice in a row (if tx_size is not 0)
 *	mmap(NULL, rx_length, PROT_READ, MAP_SHARED, fd, rx_offset)
 *	    page 0	struct sdirect_kern_page of the pair
 *	    page 1	struct sdirect_ctl_page of the peer
 *	    then	the receive ring, twice in a row (if rx_size is not 0)
 *
 * A ring is mapped twice in a row so that no read or write wraps.
 *
 * The lease
 * ---------
 * While the kernel's page shows the epoch that ATTACH returned for a
 * direction, the holder may work on it.  Around each operation it keeps its
 * thread id in tx_inside (rx_inside), sets it before it looks at the epoch and
 * clears it at the end.  No fence is needed between the two: the kernel takes
 * a lease away by changing the epoch, then unmapping the pages, and the
 * TLB shoot-down orders this thread.  A thread that finds the epoch changed
 * after its operation calls SDIRECT_IOC_SETTLE: positions up to tx_final
 * (rx_final) took effect, later ones did not and must be done again by a
 * system call.
 *
 * A thread that makes a system call on the socket while it holds the
 * library's lock on a direction puts its thread id in tx_call (rx_call); a
 * call that is not so marked takes the lease away.
 *
 * Waiting
 * -------
 * Whoever waits in the kernel is armed by the kernel.  A holder that looks at
 * its rings before it calls epoll_wait() says so in rx_served: while the set is
 * the only one that waits for the socket, and is edge-triggered there, looking
 * at it in the kernel arms nothing.  The holder then arms rx_want itself before
 * it sleeps.  A sender obeys both words: sdirect_ring_publish_tail().
 *
 * One doorbell wakes a holder that looks at all its rings.  So a sender that has
 * rung for one need not do so for the others that this holder has armed for the
 * same sleep: those with the same rx_holder, which the kernel says, and the same
 * rx_sleep, if that is not 0.
 */
#ifndef _UAPI_LINUX_SDIRECT_H
#define _UAPI_LINUX_SDIRECT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SDIRECT_VERSION		"0.1.0"
#define SDIRECT_ABI_VERSION	2

/* AF_ASH was reserved and never implemented; the kernel takes no new numbers. */
#define AF_SDIRECT		18
#define PF_SDIRECT		AF_SDIRECT

#define SOL_SDIRECT		1489

/*
 * In the flags of sendmsg(), recvmsg() and their kind: the call goes on with
 * one that has moved bytes by itself, so a signal ends it (EINTR) instead of
 * having it made again.  TCP ignores this bit.
 */
#define SDIRECT_MSG_CONTINUED	0x10000000

/* getsockopt(SOL_SDIRECT, SDIRECT_INFO): struct sdirect_info */
#define SDIRECT_INFO		1

/*
 * getsockopt(SOL_SDIRECT, SDIRECT_PEERCRED): struct ucred with the process,
 * effective user and group that connected or accepted at the other end, as
 * SO_PEERCRED has them for a Unix socket.  ENODATA: the peer is not known, the
 * connection is TCP; ENOTCONN: there is none.
 */
#define SDIRECT_PEERCRED	2

enum sdirect_carrier {
	SDIRECT_CARRIER_TCP	= 0,	/* the TCP connection itself */
	SDIRECT_CARRIER_LOCAL	= 1,	/* a ring in shared memory */
	SDIRECT_CARRIER_RDMA	= 2,	/* a ring written by RDMA */
	__SDIRECT_CARRIER_MAX
};

/* Why a connection is not on a direct path (now). */
enum sdirect_reason {
	SDIRECT_REASON_NONE	 = 0,	/* it is on a direct path */
	SDIRECT_REASON_IDLE	 = 1,	/* not connected */
	SDIRECT_REASON_WAITING	 = 2,	/* no peer has shown up yet */
	SDIRECT_REASON_COLD	 = 3,	/* paired; too little traffic, or unread */
	SDIRECT_REASON_NO_PEER	 = 4,	/* it has sent, or time is up: not here */
	SDIRECT_REASON_POLICY	 = 5,	/* the two may not talk directly */
	SDIRECT_REASON_KEY	 = 6,	/* unusable or ambiguous key */
	SDIRECT_REASON_COUNTS	 = 7,	/* byte counts of the ends disagree */
	SDIRECT_REASON_MEMORY	 = 8,	/* no memory for a ring */
	SDIRECT_REASON_OOB	 = 9,	/* urgent data */
	SDIRECT_REASON_OPTION	 = 10,	/* an option or flag that needs TCP */
	SDIRECT_REASON_SHUTDOWN	 = 11,	/* end of stream */
	SDIRECT_REASON_PEER_GONE = 12,	/* the peer has closed its end */
	SDIRECT_REASON_DEMOTED	 = 13,	/* a program or the administrator asked */
	__SDIRECT_REASON_MAX
};

/**
 * struct sdirect_info - what getsockopt(SDIRECT_INFO) returns
 * @abi_version:	SDIRECT_ABI_VERSION of the module
 * @tx_carrier:		enum sdirect_carrier of the bytes sent now
 * @rx_carrier:		enum sdirect_carrier of the bytes read now
 * @reason:		enum sdirect_reason
 * @tx_bytes:		bytes sent on this stream, on any carrier
 * @rx_bytes:		bytes read from this stream, on any carrier
 * @tx_ring_bytes:	bytes sent through rings
 * @rx_ring_bytes:	bytes read from rings
 * @tx_ring_size:	size of the current send ring, 0 if there is none
 * @rx_ring_size:	size of the current receive ring, 0 if there is none
 * @leased:		1 while some address space works on the rings itself
 * @reserved:		0
 *
 * A shorter buffer gets the part that fits; optlen says how much was written.
 */
struct sdirect_info {
	__u32	abi_version;
	__u8	tx_carrier;
	__u8	rx_carrier;
	__u16	reason;
	__u64	tx_bytes;
	__u64	rx_bytes;
	__u64	tx_ring_bytes;
	__u64	rx_ring_bytes;
	__u32	tx_ring_size;
	__u32	rx_ring_size;
	__u32	leased;
	__u32	reserved;
};

/**
 * struct sdirect_attach - argument of SDIRECT_IOC_ATTACH
 * @abi_version:	(in) SDIRECT_ABI_VERSION that the caller was built with
 * @flags:		(in) must be 0
 * @tx_epoch:		(out) epoch of the lease on the send direction
 * @rx_epoch:		(out) epoch of the lease on the receive direction
 * @tx_offset:		(out) mmap offset of the read-write view
 * @tx_length:		(out) its length in bytes
 * @rx_offset:		(out) mmap offset of the read-only view
 * @rx_length:		(out) its length in bytes
 * @tx_base:		(out) stream position at which the send ring begins
 * @rx_base:		(out) stream position at which the receive ring begins
 * @tx_size:		(out) size of the send ring, 0: not on a ring now
 * @rx_size:		(out) size of the receive ring, 0: not on a ring now
 * @side:		(out) index of this end in struct sdirect_kern_page
 * @hints:		(out) SDIRECT_HINT_*
 *
 * Errors: EPROTO the ABI versions differ; EINVAL unknown flags; EAGAIN nothing
 * to map yet, another address space holds the lease, or it was taken away a
 * moment ago: try again later, after more traffic; ENOTCONN; ENOMEM;
 * EOPNOTSUPP this connection will never have a ring.
 */
struct sdirect_attach {
	__u32	abi_version;
	__u32	flags;
	__u32	tx_epoch;
	__u32	rx_epoch;
	__u64	tx_offset;
	__u64	tx_length;
	__u64	rx_offset;
	__u64	rx_length;
	__u64	tx_base;
	__u64	rx_base;
	__u32	tx_size;
	__u32	rx_size;
	__u32	side;
	__u32	hints;
};

/* What comes is seen earlier by a call that waits than by who looks at the ring. */
#define SDIRECT_HINT_CALL	0x1

/**
 * struct sdirect_settle - argument of SDIRECT_IOC_SETTLE
 * @tx_final:	(out) the send position at which the kernel took over
 * @rx_final:	(out) the receive position at which the kernel took over
 *
 * Waits until a revocation that is under way is over.
 */
struct sdirect_settle {
	__u64	tx_final;
	__u64	rx_final;
};

#define SDIRECT_IOC_MAGIC	0xd5
#define SDIRECT_IOC_ATTACH	_IOWR(SDIRECT_IOC_MAGIC, 1, struct sdirect_attach)
#define SDIRECT_IOC_SETTLE	_IOR(SDIRECT_IOC_MAGIC, 2, struct sdirect_settle)
/* Wakes whoever waits at the other end; ENOTCONN if it has gone. */
#define SDIRECT_IOC_DOORBELL	_IO(SDIRECT_IOC_MAGIC, 3)

/*
 * The connection goes on by TCP until the same end says PROMOTE: what this end
 * sends at once, what the other sends from its next send on.  No byte is lost
 * or waits for another.  A socket that is not connected yet keeps the wish; one
 * that has no direct path takes it too.  PROMOTE lets the path be taken again,
 * if nobody else has demoted the connection.  The wish is the socket's, whoever
 * of those that hold it has said so; what a listener accepts does not have its
 * wish.  ECONNRESET: the rings' positions are nonsense.  ENOTTY: the socket is
 * plain TCP.
 */
#define SDIRECT_IOC_DEMOTE	_IO(SDIRECT_IOC_MAGIC, 4)
#define SDIRECT_IOC_PROMOTE	_IO(SDIRECT_IOC_MAGIC, 5)

#define SDIRECT_LINE		64	/* bytes; keeps the writers' words apart */
#define SDIRECT_POS_OPEN	(~(__u64)0)

/**
 * struct sdirect_ctl_page - written by one end, read by the other
 * @tx_tail:	position behind the last byte that this end has sent
 * @rx_head:	position of the first byte that this end has not read
 * @tx_inside:	thread id while a thread of the lease holder is in a send
 * @rx_inside:	the same for a receive
 * @tx_call:	thread id of the library's system call on the send direction
 * @rx_call:	the same for the receive direction
 * @tx_ops:	sends made without a system call so far; for statistics only
 * @rx_ops:	the same for receives
 * @rx_want:	this end's epoll set waits for the other's tx_tail to pass this
 *		position; 0: it does not
 * @rx_sleep:	the number of the sleep that @rx_want is armed for, with others;
 *		0: for this end alone
 * @rx_served:	not 0: this end arms @rx_want for the one epoll set that waits
 *		for it
 */
struct sdirect_ctl_page {
	__u64	tx_tail __attribute__((aligned(SDIRECT_LINE)));
	__u64	rx_head __attribute__((aligned(SDIRECT_LINE)));
	__u32	tx_inside __attribute__((aligned(SDIRECT_LINE)));
	__u32	rx_inside;
	__u32	tx_call;
	__u32	rx_call;
	__u64	tx_ops;
	__u64	rx_ops;
	__u64	rx_want __attribute__((aligned(SDIRECT_LINE)));
	__u64	rx_sleep;
	__u32	rx_served;
};

/**
 * struct sdirect_kern_end - what the kernel says about one end
 * @rx_want:	this end waits for the other's tx_tail to pass this position
 * @tx_want:	this end waits for the other's rx_head to pass this position
 * @rx_limit:	this end's current receive ring ends at this position;
 *		SDIRECT_POS_OPEN while its end is not known
 * @tx_epoch:	changes when this end's lease on its send direction ends
 * @rx_epoch:	changes when this end's lease on its receive direction ends
 * @tx_closed:	not 0: this end must send by system call (error, end of stream,
 *		the peer or somebody else wants TCP); look before each send, it
 *		may become 0 again
 * @rx_holder:	the same number for all ends that one address space has leased
 * @rx_closed:	not 0: there is an error or an end of stream to be read, by
 *		system call, behind what is in the ring
 */
struct sdirect_kern_end {
	__u64	rx_want __attribute__((aligned(SDIRECT_LINE)));
	__u64	tx_want;
	__u64	rx_limit __attribute__((aligned(SDIRECT_LINE)));
	__u64	rx_holder;
	__u32	tx_epoch;
	__u32	rx_epoch;
	__u32	tx_closed;
	__u32	rx_closed;
};

/**
 * struct sdirect_kern_page - written by the kernel alone, read by both ends
 * @abi_version:	SDIRECT_ABI_VERSION
 * @end:		the two ends; ATTACH says which is the caller's
 */
struct sdirect_kern_page {
	__u32	abi_version;
	struct sdirect_kern_end end[2] __attribute__((aligned(SDIRECT_LINE)));
};

#endif /* _UAPI_LINUX_SDIRECT_H */
