/* SPDX-License-Identifier: GPL-2.0 */
/* Spans of values, out of what user space sends. */
#ifndef _SDR_SPAN_H
#define _SDR_SPAN_H

#include <linux/sdirect_netlink.h>

#include "val.h"

/**
 * sdr_span_ranges - the spans of some numbers
 * @to:		(out) room for @count
 * @range:	ranges, wherever they lie
 * @count:	how many
 * @why:	(out) a text for the error
 *
 * Return: how many spans, or -EINVAL: they are not ascending and apart.
 */
int sdr_span_ranges(struct sdr_span *to,
		    const struct sdirect_policy_range *range, u32 count,
		    const char **why);

/**
 * sdr_span_nets - the spans of some networks
 * @to:		(out) room for @count
 * @net:	networks, in any order
 * @count:	how many
 * @why:	(out) a text for the error
 *
 * Return: how many spans, ascending and apart, or -EINVAL.
 */
int sdr_span_nets(struct sdr_span *to, const struct sdirect_policy_net *net,
		  u32 count, const char **why);

#endif /* _SDR_SPAN_H */
