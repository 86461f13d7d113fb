/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * What sdirect_rdma.ko tells by generic netlink: family
 * SDIRECT_RDMA_GENL_NAME, version SDIRECT_RDMA_GENL_VERSION.
 *
 * SDIRECT_RDMA_CMD_LINK_GET
 * -------------------------
 * Dump only (NLM_F_REQUEST | NLM_F_DUMP), no attributes; needs CAP_NET_ADMIN, as
 * it tells of everybody's.  Reply: one message for each link with
 *
 *    SDIRECT_RDMA_A_LINK_LOCAL_ADDR	struct in_addr
 *    SDIRECT_RDMA_A_LINK_REMOTE_ADDR	the same
 *    SDIRECT_RDMA_A_LINK_ACTIVE	u8, 1 if this host has called
 *    SDIRECT_RDMA_A_LINK_TALKING	u8, 1 if there is a control connection
 *    SDIRECT_RDMA_A_LINK_STATE		u8, enum sdirect_rdma_link_state
 *    SDIRECT_RDMA_A_LINK_DEVICE	string, of the queue pair if there is one
 *    SDIRECT_RDMA_A_LINK_CONNS		u32, connections
 *
 * Later versions may add attributes anywhere; skip those that you do not know.
 */
#ifndef _UAPI_LINUX_SDIRECT_RDMA_NETLINK_H
#define _UAPI_LINUX_SDIRECT_RDMA_NETLINK_H

#define SDIRECT_RDMA_GENL_NAME		"sdirect_rdma"
#define SDIRECT_RDMA_GENL_VERSION	1

enum sdirect_rdma_cmd {
	SDIRECT_RDMA_CMD_LINK_GET = 1,
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

	__SDIRECT_RDMA_A_LINK_MAX,
	SDIRECT_RDMA_A_LINK_MAX = __SDIRECT_RDMA_A_LINK_MAX - 1
};

#endif /* _UAPI_LINUX_SDIRECT_RDMA_NETLINK_H */
