/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection, as the module tells of it. */
#ifndef SDIRECT_CONN_H
#define SDIRECT_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "counters.h"

struct nlmsghdr;

/* The fields are those of SDIRECT_CMD_CONN_GET; see sdirect_netlink.h. */
struct conn {
	uint16_t family;
	uint16_t reason;
	uint8_t state;
	uint8_t tx_carrier;
	uint8_t rx_carrier;
	uint8_t leased;
	uint8_t demoted;
	uint8_t verdict;	/* 0: not judged yet */
	uint8_t source;
	uint8_t local_addr[16];
	uint8_t remote_addr[16];
	uint16_t local_port;	/* network byte order */
	uint16_t remote_port;
	uint32_t ifindex;
	uint32_t uid;
	uint32_t rule;		/* 0: none has decided */
	uint64_t inode;
	uint64_t netns_cookie;
	uint64_t tx_bytes;
	uint64_t rx_bytes;
	uint64_t tx_ring_bytes;
	uint64_t rx_ring_bytes;
	uint32_t tx_ring_size;
	uint32_t rx_ring_size;
	struct counters counters;	/* those that are not 0 */
};

struct conns {
	struct conn *v;
	size_t n;
	size_t room;
};

/**
 * conn_parse - read one message of the dump
 * @nlh:	the message, of any content
 * @conn:	(out) what it says; free its counters also on failure
 *
 * Return: 0 or -EBADMSG.
 */
int conn_parse(const struct nlmsghdr *nlh, struct conn *conn);

/* conns_reply() is an mnl callback that appends to the struct conns at @data. */
int conns_reply(const struct nlmsghdr *nlh, void *data);
void conns_free(struct conns *conns);

#endif /* SDIRECT_CONN_H */
