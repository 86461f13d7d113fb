/* SPDX-License-Identifier: GPL-2.0 */
/* What tools may ask: see sdirect_rdma_netlink.h. */
#ifndef _SDR_RDMA_NETLINK_H
#define _SDR_RDMA_NETLINK_H

#include <linux/init.h>

int __init sdr_rdma_netlink_init(void);
void sdr_rdma_netlink_exit(void);

#endif /* _SDR_RDMA_NETLINK_H */
