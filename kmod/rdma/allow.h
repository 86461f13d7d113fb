/* SPDX-License-Identifier: GPL-2.0 */
/* With which hosts links are made: net.sdirect.rdma_allow. */
#ifndef _SDR_RDMA_ALLOW_H
#define _SDR_RDMA_ALLOW_H

#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/types.h>

#define SDR_RDMA_ALLOW_TEXT	1024	/* bytes of the list as text */

struct ctl_table;
struct sdr_rdma_allow_list;

/**
 * struct sdr_rdma_prefix - hosts by the beginning of their address
 * @addr:	the address, 0 behind @len
 * @len:	bits, 0..128; those of IPv4 are 96 and more
 */
struct sdr_rdma_prefix {
	struct in6_addr addr;
	u32 len;
};

/**
 * sdr_rdma_allow_parse - read a list
 * @text:	ADDRESS[/LENGTH], separated by blanks or commas; is written to
 * @list:	(out) room for @max
 * @max:	how many
 *
 * Return: how many there are, or -EINVAL.
 */
int sdr_rdma_allow_parse(char *text, struct sdr_rdma_prefix *list, int max);

/* sdr_rdma_allow_has() - does a list of @n name this address? */
bool sdr_rdma_allow_has(const struct sdr_rdma_prefix *list, int n,
			const struct in6_addr *addr);

/**
 * struct sdr_rdma_allow - the list of a network namespace
 * @lock:	protects it
 * @list:	the list, NULL until there was one
 */
struct sdr_rdma_allow {
	struct mutex lock;
	struct sdr_rdma_allow_list *list;
};

void sdr_rdma_allow_init(struct sdr_rdma_allow *allow);
void sdr_rdma_allow_free(struct sdr_rdma_allow *allow);

/* May a link be made with this host?  An empty list: with all.  May sleep. */
bool sdr_rdma_allowed(struct sdr_rdma_allow *allow, const struct in6_addr *addr);

/* The sysctl, whose .data is one of these. */
int sdr_rdma_allow_sysctl(SDR_CTL_CONST struct ctl_table *table, int write,
			  void *buffer, size_t *length, loff_t *at);

#endif /* _SDR_RDMA_ALLOW_H */
