/* SPDX-License-Identifier: GPL-2.0-only */
/* What sdirect rdma has: a row of the table in rdma.c and a file each. */
#ifndef SDIRECT_RDMA_H
#define SDIRECT_RDMA_H

#include <stddef.h>
#include <stdint.h>

#include <linux/sdirect_rdma_netlink.h>

#include "genl.h"

struct options;

/**
 * struct rdma_addr - IPv4 or IPv6
 * @len:	4 or 16
 * @bytes:	so many, in network order
 */
struct rdma_addr {
	size_t len;
	uint8_t bytes[16];
};

/**
 * struct rdma_rows - what a dump has told
 * @v:		an array
 * @n:		how many there are
 * @size:	bytes of each
 * @attr:	takes an attribute of one, which begins as zeros
 */
struct rdma_rows {
	void *v;
	size_t n;
	size_t size;
	mnl_attr_cb_t attr;
};

/* rdma_rows_dump() asks for all of them by @cmd; 0 or -errno. */
int rdma_rows_dump(struct genl *genl, uint8_t cmd, struct rdma_rows *rows);

/* rdma_addr_read() takes one from an attribute; MNL_CB_OK or MNL_CB_ERROR. */
int rdma_addr_read(struct rdma_addr *to, const struct nlattr *attr);
/* rdma_addr_parse() reads what was typed; -1 if it is none. */
int rdma_addr_parse(struct rdma_addr *to, const char *word);
/* rdma_addr_text() writes it to TEXT_ADDR bytes, and returns them. */
const char *rdma_addr_text(char *buf, const struct rdma_addr *addr);

/**
 * rdma_ask - have something done with the module's family, which is opened for it
 * @ask:	does it; 0 or -errno
 * @arg:	for @ask
 *
 * Return: an exit status; what is wrong has been said.
 */
int rdma_ask(int (*ask)(struct genl *genl, void *arg), void *arg);

/* All return an exit status. */
int rdma_list(const struct options *opt);
int rdma_pair(const struct options *opt);

#endif /* SDIRECT_RDMA_H */
