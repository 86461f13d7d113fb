/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The generic netlink interface of AF_SDIRECT, through which tools look at
 * the module: family SDIRECT_GENL_NAME, version SDIRECT_GENL_VERSION.
 *
 * Everything is about the network namespace of the netlink socket alone.  To
 * look needs no privilege: what is told about a connection is what ss(8) tells
 * of a TCP connection.  To change something needs CAP_NET_ADMIN in the user
 * namespace that owns the network namespace.  Numbers are in host byte order but for ports
 * and addresses.  Later versions may add attributes anywhere; skip those that
 * you do not know.  Unknown attributes in a request are an error, EINVAL.
 *
 * SDIRECT_CMD_CONN_GET
 * --------------------
 * Dump only (NLM_F_REQUEST | NLM_F_DUMP).  Request:
 *
 *    SDIRECT_A_CONN_FLAGS	u32, optional: SDIRECT_CONN_F_*
 *
 * Reply: one message for each socket, so two for a connection that has both
 * ends in this namespace, with
 *
 *    SDIRECT_A_CONN_FAMILY	u16, AF_INET or AF_INET6
 *    SDIRECT_A_CONN_STATE	u8, the TCP state (TCP_ESTABLISHED ...)
 *    SDIRECT_A_CONN_LOCAL_ADDR	struct in_addr or struct in6_addr
 *    SDIRECT_A_CONN_REMOTE_ADDR	the same
 *    SDIRECT_A_CONN_LOCAL_PORT	u16, network byte order
 *    SDIRECT_A_CONN_REMOTE_PORT	the same
 *    SDIRECT_A_CONN_IFINDEX	u32, the interface that the socket is bound to;
 *				only there if it is bound to one
 *    SDIRECT_A_CONN_INODE	u64, as in /proc/PID/fd: socket:[INODE]
 *    SDIRECT_A_CONN_UID		u32, the socket's owner as the caller's user
 *				namespace knows it
 *    SDIRECT_A_CONN_NETNS_COOKIE	u64, as from getsockopt(SO_NETNS_COOKIE)
 *    SDIRECT_A_CONN_TX_CARRIER	u8, enum sdirect_carrier
 *    SDIRECT_A_CONN_RX_CARRIER	u8, enum sdirect_carrier
 *    SDIRECT_A_CONN_REASON	u16, enum sdirect_reason
 *    SDIRECT_A_CONN_TX_BYTES	u64, sent so far
 *    SDIRECT_A_CONN_RX_BYTES	u64, read so far
 *    SDIRECT_A_CONN_TX_RING_BYTES	u64, of these, through rings
 *    SDIRECT_A_CONN_RX_RING_BYTES	u64, of these, through rings
 *    SDIRECT_A_CONN_TX_RING_SIZE	u32, bytes; 0: no ring now
 *    SDIRECT_A_CONN_RX_RING_SIZE	u32, bytes; 0: no ring now
 *    SDIRECT_A_CONN_LEASED	u8, 1 while a program works on the rings itself
 *    SDIRECT_A_CONN_COUNTER	nest, one for each counter that is not 0, as
 *				SDIRECT_A_STAT_COUNTER below; what user space
 *				does by itself is counted at its next system
 *				call on the socket
 *
 *    SDIRECT_A_CONN_DEMOTED	u8, 1 while an administrator wants it to be TCP
 *
 * The numbers of one socket fit each other only roughly.  A dump that does not
 * fit into one buffer is not a picture of one moment: sockets that come or go
 * meanwhile may or may not be in it, and now and then hide another one.
 *
 * SDIRECT_CMD_CONN_SET
 * --------------------
 * Do only (NLM_F_REQUEST | NLM_F_ACK).  Request, both needed:
 *
 *    SDIRECT_A_CONN_INODE	u64, of one end's socket
 *    SDIRECT_A_CONN_DEMOTED	u8, 1: the connection is to be TCP until further
 *				notice, in both directions; 0: no longer
 *
 * Errors: EPERM; ENOENT there is no such socket here; EINVAL an attribute is
 * missing; ERANGE a value.
 *
 * A direction changes with the next bytes that are sent on it.  A program's
 * own wish (SDIRECT_IOC_DEMOTE) stands beside this one.
 *
 * SDIRECT_CMD_STAT_GET
 * --------------------
 * Do only (NLM_F_REQUEST), no attributes.  Reply: one message with
 *
 *    SDIRECT_A_STAT_VERSION	string, version of the module
 *    SDIRECT_A_STAT_ABI_VERSION	u32, its SDIRECT_ABI_VERSION
 *    SDIRECT_A_STAT_COUNTER	nest, one for each counter:
 *       SDIRECT_A_COUNTER_NAME	string
 *       SDIRECT_A_COUNTER_VALUE	u64, since the namespace exists
 *
 * Counters are known by their names; which there are may change.
 */
#ifndef _UAPI_LINUX_SDIRECT_NETLINK_H
#define _UAPI_LINUX_SDIRECT_NETLINK_H

#define SDIRECT_GENL_NAME	"sdirect"
#define SDIRECT_GENL_VERSION	1

enum sdirect_cmd {
	SDIRECT_CMD_CONN_GET = 1,
	SDIRECT_CMD_STAT_GET,
	SDIRECT_CMD_CONN_SET,

	__SDIRECT_CMD_MAX,
	SDIRECT_CMD_MAX = __SDIRECT_CMD_MAX - 1
};

/* SDIRECT_A_CONN_FLAGS */
enum sdirect_conn_flags {
	/* tell of sockets that listen or are not connected, too */
	SDIRECT_CONN_F_ALL	= 1 << 0,
};

#define SDIRECT_CONN_F_MASK	SDIRECT_CONN_F_ALL

enum sdirect_conn_attr {
	SDIRECT_A_CONN_FLAGS = 1,
	SDIRECT_A_CONN_PAD,
	SDIRECT_A_CONN_FAMILY,
	SDIRECT_A_CONN_STATE,
	SDIRECT_A_CONN_LOCAL_ADDR,
	SDIRECT_A_CONN_REMOTE_ADDR,
	SDIRECT_A_CONN_LOCAL_PORT,
	SDIRECT_A_CONN_REMOTE_PORT,
	SDIRECT_A_CONN_IFINDEX,
	SDIRECT_A_CONN_INODE,
	SDIRECT_A_CONN_UID,
	SDIRECT_A_CONN_NETNS_COOKIE,
	SDIRECT_A_CONN_TX_CARRIER,
	SDIRECT_A_CONN_RX_CARRIER,
	SDIRECT_A_CONN_REASON,
	SDIRECT_A_CONN_TX_BYTES,
	SDIRECT_A_CONN_RX_BYTES,
	SDIRECT_A_CONN_TX_RING_BYTES,
	SDIRECT_A_CONN_RX_RING_BYTES,
	SDIRECT_A_CONN_TX_RING_SIZE,
	SDIRECT_A_CONN_RX_RING_SIZE,
	SDIRECT_A_CONN_LEASED,
	SDIRECT_A_CONN_COUNTER,
	SDIRECT_A_CONN_DEMOTED,

	__SDIRECT_A_CONN_MAX,
	SDIRECT_A_CONN_MAX = __SDIRECT_A_CONN_MAX - 1
};

enum sdirect_stat_attr {
	SDIRECT_A_STAT_VERSION = 1,
	SDIRECT_A_STAT_ABI_VERSION,
	SDIRECT_A_STAT_COUNTER,

	__SDIRECT_A_STAT_MAX,
	SDIRECT_A_STAT_MAX = __SDIRECT_A_STAT_MAX - 1
};

enum sdirect_counter_attr {
	SDIRECT_A_COUNTER_PAD = 1,
	SDIRECT_A_COUNTER_NAME,
	SDIRECT_A_COUNTER_VALUE,

	__SDIRECT_A_COUNTER_MAX,
	SDIRECT_A_COUNTER_MAX = __SDIRECT_A_COUNTER_MAX - 1
};

#endif /* _UAPI_LINUX_SDIRECT_NETLINK_H */
