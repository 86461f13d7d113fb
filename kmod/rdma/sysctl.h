/* SPDX-License-Identifier: GPL-2.0 */
/* net.sdirect.rdma*: what an administrator sets for the RDMA carrier. */
#ifndef _SDR_RDMA_SYSCTL_H
#define _SDR_RDMA_SYSCTL_H

struct ctl_table_header;
struct sdr_rdma_net;

/* Return: what to unregister, or NULL without memory.  Context: may sleep. */
struct ctl_table_header *sdr_rdma_sysctl_register(struct sdr_rdma_net *rn);
/* Nobody reads or writes one any more when it returns. */
void sdr_rdma_sysctl_unregister(struct ctl_table_header *header);

#endif /* _SDR_RDMA_SYSCTL_H */
