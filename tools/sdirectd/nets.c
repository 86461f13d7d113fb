// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "nets.h"

#define BITS	128

static void net_fill(struct sdirect_policy_net *net, wide_t first,
		     unsigned int free_bits)
{
	unsigned int i;

	memset(net, 0, sizeof(*net));
	for (i = sizeof(net->addr); i-- > 0; first >>= 8)
		net->addr[i] = first;
	net->len = BITS - free_bits;
}

/* Zero bits at the end, and the number of the highest bit that is set. */
static unsigned int low_zeros(wide_t n)
{
	return !n ? BITS : (uint64_t)n ? __builtin_ctzll(n) :
	       64 + __builtin_ctzll(n >> 64);
}

static unsigned int high_bit(wide_t n)
{
	return n >> 64 ? 127 - __builtin_clzll(n >> 64) :
	       63 - __builtin_clzll(n);
}

/* How many bits of a network that begins here may be any. */
static unsigned int free_bits(wide_t first, wide_t last)
{
	unsigned int zeros = low_zeros(first), fits;
	wide_t size = last - first + 1;

	/* There is one address more than the highest number says. */
	fits = size ? high_bit(size) : BITS;
	return zeros < fits ? zeros : fits;
}

static size_t range_nets(const struct range *range,
			 struct sdirect_policy_net *nets)
{
	wide_t first = range->first, size;
	unsigned int bits;
	size_t n = 0;

	do {
		bits = free_bits(first, range->last);
		if (nets)
			net_fill(&nets[n], first, bits);
		n++;
		/* All addresses, or up to the highest: nothing is behind. */
		size = bits == BITS ? 0 : (wide_t)1 << bits;
		first += size;
	} while (first && first <= range->last);
	return n;
}

size_t nets_of(const struct ranges *ranges, struct sdirect_policy_net *nets)
{
	size_t i, n = 0;

	for (i = 0; i < ranges->n; i++)
		n += range_nets(&ranges->v[i], nets ? nets + n : NULL);
	return n;
}
