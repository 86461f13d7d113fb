/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranges of addresses as networks. */
#ifndef SDIRECTD_NETS_H
#define SDIRECTD_NETS_H

#include <stddef.h>

#include <linux/sdirect_netlink.h>

#include "ranges.h"

/**
 * nets_of - the fewest networks that together are some ranges
 * @ranges:	settled
 * @nets:	(out) the networks, or NULL to count them
 *
 * Return: how many.
 */
size_t nets_of(const struct ranges *ranges, struct sdirect_policy_net *nets);

#endif /* SDIRECTD_NETS_H */
