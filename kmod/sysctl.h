/* SPDX-License-Identifier: GPL-2.0 */
/* net.sdirect: what an administrator sets for a network namespace. */
#ifndef _SDR_SYSCTL_H
#define _SDR_SYSCTL_H

struct ctl_table_header;
struct net;
struct sdr_policy;

/* Return: what to unregister, or NULL without memory.  Context: may sleep. */
struct ctl_table_header *sdr_sysctl_register(struct net *net,
					     struct sdr_policy *policy);
void sdr_sysctl_unregister(struct ctl_table_header *header);

#endif /* _SDR_SYSCTL_H */
