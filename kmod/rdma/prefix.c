// SPDX-License-Identifier: GPL-2.0
/* Lists of hosts as text; see allow.h. */
#include "compat.h"

#include <linux/errno.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "rdma/allow.h"

static int parse_one(char *word, struct sdr_rdma_prefix *prefix)
{
	char *length = strchr(word, '/');
	u8 bits = 128, shift = 0;
	struct in6_addr addr;
	const char *end;
	__be32 four;

	if (length)
		*length++ = '\0';
	if (in6_pton(word, -1, addr.s6_addr, -1, &end) != 1 || *end) {
		if (in4_pton(word, -1, (u8 *)&four, -1, &end) != 1 || *end)
			return -EINVAL;
		ipv6_addr_set_v4mapped(four, &addr);
		shift = 96;
		bits = 32;
	}
	prefix->len = bits;
	if (length && (kstrtou32(length, 10, &prefix->len) ||
		       prefix->len > bits))
		return -EINVAL;
	prefix->len += shift;
	ipv6_addr_prefix(&prefix->addr, &addr, prefix->len);
	return 0;
}

int sdr_rdma_allow_parse(char *text, struct sdr_rdma_prefix *list, int max)
{
	char *word;
	int n = 0;

	while ((word = strsep(&text, " ,\t\n"))) {
		if (!*word)
			continue;
		if (n == max || parse_one(word, &list[n]))
			return -EINVAL;
		n++;
	}
	return n;
}

bool sdr_rdma_allow_has(const struct sdr_rdma_prefix *list, int n,
			const struct in6_addr *addr)
{
	int i;

	for (i = 0; i < n; i++)
		if (ipv6_prefix_equal(addr, &list[i].addr, list[i].len))
			return true;
	return false;
}
