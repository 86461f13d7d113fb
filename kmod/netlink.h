/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family through which tools look at the module. */
#ifndef _SDR_NETLINK_H
#define _SDR_NETLINK_H

#include <linux/init.h>

int __init sdr_netlink_init(void);
void sdr_netlink_exit(void);

#endif /* _SDR_NETLINK_H */
