/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family through which tools look at the module. */
#ifndef _SDR_NETLINK_H
#define _SDR_NETLINK_H

#include <linux/init.h>

struct genl_family;

extern struct genl_family sdr_genl_family;

/* In the order of the multicast groups of the family. */
enum sdr_genl_group {
	SDR_GENL_DECISIONS,
	SDR_GENL_DENIALS,
};

int __init sdr_netlink_init(void);
void sdr_netlink_exit(void);

#endif /* _SDR_NETLINK_H */
