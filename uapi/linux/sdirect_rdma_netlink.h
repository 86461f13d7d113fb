/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * What sdirect_rdma.ko tells by generic netlink: family
 * SDIRECT_RDMA_GENL_NAME, version SDIRECT_RDMA_GENL_VERSION.  All of it is the
 * network namespace's of the socket that asks.
 *
 * SDIRECT_RDMA_CMD_LINK_GET
 * -------------------------
 * Dump only (NLM_F_REQUEST | NLM_F_DUMP), no attributes; needs CAP_NET_ADMIN
 * there, as it tells of everybody's.  Reply: one message for each link with
 *
 *    SDIRECT_RDMA_A_LINK_LOCAL_ADDR	struct in_addr or in6_addr
 *    SDIRECT_RDMA_A_LINK_REMOTE_ADDR	the same
 *    SDIRECT_RDMA_A_LINK_ACTIVE	u8, 1 if this host has called
 *    SDIRECT_RDMA_A_LINK_TALKING	u8, 1 if there is a control connection
 *    SDIRECT_RDMA_A_LINK_STATE		u8, enum sdirect_rdma_link_state
 *    SDIRECT_RDMA_A_LINK_DEVICE	string, of the queue pair if there is one
 *    SDIRECT_RDMA_A_LINK_CONNS		u32, connections
 *    SDIRECT_RDMA_A_LINK_PINNED	u64, bytes of rings that the device knows
 *    SDIRECT_RDMA_A_LINK_WRITES	u64, RDMA writes so far
 *    SDIRECT_RDMA_A_LINK_BYTES		u64, bytes that these wrote
 *    SDIRECT_RDMA_A_LINK_INLINED	u64, writes whose bytes the request had
 *    SDIRECT_RDMA_A_LINK_CREDITS	u64, sends: what was read
 *    SDIRECT_RDMA_A_LINK_COMPLETIONS	u64, of these, and of what has arrived
 *    SDIRECT_RDMA_A_LINK_FULL		u64, times that a send queue was full
 *    SDIRECT_RDMA_A_LINK_QPS		u32, queue pairs
 *
 * SDIRECT_RDMA_CMD_PATH_SET, _PATH_DEL, _PATH_GET
 * -----------------------------------------------
 * By which addresses the queue pair to a host is made, where its own would not do
 * it or lead to another device: at this end SDIRECT_RDMA_A_PATH_LOCAL, at the other
 * SDIRECT_RDMA_A_PATH_REMOTE.  The other host has to say the same of this one, or it
 * refuses.  Queue pairs to the host are taken apart, and made anew.  All need
 * CAP_NET_ADMIN there; _SET takes all three attributes, _DEL the first, _GET is a dump
 * with one message for each.  Errors: EINVAL, ENOSPC (256 are there), ENOENT
 * (_DEL: nothing was set).
 *
 *    SDIRECT_RDMA_A_PATH_HOST		struct in_addr or in6_addr
 *    SDIRECT_RDMA_A_PATH_LOCAL		the same
 *    SDIRECT_RDMA_A_PATH_REMOTE	the same, of the family of _LOCAL
 *
 * Later versions may add attributes anywhere; skip those that you do not know.
 */
#ifndef _UAPI_LINUX_SDIRECT_RDMA_NETLINK_H
#define _UAPI_LINUX_SDIRECT_RDMA_NETLINK_H

#define SDIRECT_RDMA_GENL_NAME		"sdirect_rdma"
#define SDIRECT_RDMA_GENL_VERSION	1

enum sdirect_rdma_cmd {
	SDIRECT_RDMA_CMD_LINK_GET = 1,
	SDIRECT_RDMA_CMD_PATH_SET,
	SDIRECT_RDMA_CMD_PATH_DEL,
	SDIRECT_RDMA_CMD_PATH_GET,
};

enum sdirect_rdma_link_state {
	SDIRECT_RDMA_LINK_IDLE		= 0,	/* no queue pair */
	SDIRECT_RDMA_LINK_CONNECTING	= 1,	/* one is being made */
	SDIRECT_RDMA_LINK_UP		= 2,	/* it works */
	SDIRECT_RDMA_LINK_DRAINING	= 3,	/* it is being taken apart */
};

enum sdirect_rdma_link_attr {
	SDIRECT_RDMA_A_LINK_LOCAL_ADDR = 1,
	SDIRECT_RDMA_A_LINK_REMOTE_ADDR,
	SDIRECT_RDMA_A_LINK_ACTIVE,
	SDIRECT_RDMA_A_LINK_TALKING,
	SDIRECT_RDMA_A_LINK_STATE,
	SDIRECT_RDMA_A_LINK_DEVICE,
	SDIRECT_RDMA_A_LINK_CONNS,
	SDIRECT_RDMA_A_LINK_PAD,
	SDIRECT_RDMA_A_LINK_PINNED,
	SDIRECT_RDMA_A_LINK_WRITES,
	SDIRECT_RDMA_A_LINK_BYTES,
	SDIRECT_RDMA_A_LINK_INLINED,
	SDIRECT_RDMA_A_LINK_CREDITS,
	SDIRECT_RDMA_A_LINK_COMPLETIONS,
	SDIRECT_RDMA_A_LINK_FULL,
	SDIRECT_RDMA_A_LINK_QPS,

	__SDIRECT_RDMA_A_LINK_MAX,
	SDIRECT_RDMA_A_LINK_MAX = __SDIRECT_RDMA_A_LINK_MAX - 1
};

enum sdirect_rdma_path_attr {
	SDIRECT_RDMA_A_PATH_HOST = 1,
	SDIRECT_RDMA_A_PATH_LOCAL,
	SDIRECT_RDMA_A_PATH_REMOTE,
	/* private: */
	__SDIRECT_RDMA_A_PATH_MAX,
	SDIRECT_RDMA_A_PATH_MAX = __SDIRECT_RDMA_A_PATH_MAX - 1
};

#endif /* _UAPI_LINUX_SDIRECT_RDMA_NETLINK_H */
