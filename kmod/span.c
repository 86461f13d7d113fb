// SPDX-License-Identifier: GPL-2.0
/* Spans of values, out of what user space sends. */
#include "compat.h"

#include <linux/errno.h>
#include <linux/sort.h>

#include "span.h"

static int span_cmp(const void *a, const void *b)
{
	const struct sdr_span *x = a, *y = b;

	return sdr_val_cmp(&x->first, &y->first);
}

int sdr_span_ranges(struct sdr_span *to,
		    const struct sdirect_policy_range *range, u32 count,
		    const char **why)
{
	u32 i;

	for (i = 0; i < count; i++) {
		u64 first = get_unaligned(&range[i].first);
		u64 last = get_unaligned(&range[i].last);

		if (first > last || (i && first <= to[i - 1].last.lo)) {
			*why = "ranges must be ascending and apart";
			return -EINVAL;
		}
		to[i].first = (struct sdr_val) { 0, first };
		to[i].last = (struct sdr_val) { 0, last };
	}
	return count;
}

static u64 addr_half(const __u8 *at)
{
	u64 half = 0;
	int i;

	for (i = 0; i < 8; i++)
		half = half << 8 | at[i];
	return half;
}

/* The bits behind the first @len of 64. */
static u64 rest_of(int len)
{
	return len <= 0 ? U64_MAX : len >= 64 ? 0 : U64_MAX >> len;
}

int sdr_span_nets(struct sdr_span *to, const struct sdirect_policy_net *net,
		  u32 count, const char **why)
{
	u32 i, n = 0;

	for (i = 0; i < count; i++) {
		u64 hi = addr_half(net[i].addr), lo = addr_half(net[i].addr + 8);
		u64 rest_hi, rest_lo;

		if (net[i].len > 128 || net[i].zero) {
			*why = "not a network";
			return -EINVAL;
		}
		rest_hi = rest_of(net[i].len);
		rest_lo = rest_of((int)net[i].len - 64);
		if (hi & rest_hi || lo & rest_lo) {
			*why = "a network has bits behind its length";
			return -EINVAL;
		}
		to[i].first = (struct sdr_val) { hi, lo };
		to[i].last = (struct sdr_val) { hi | rest_hi, lo | rest_lo };
	}
	/* Networks are apart, or one is in the other: then that one is enough. */
	sort(to, count, sizeof(*to), span_cmp, NULL);
	for (i = 0; i < count; i++)
		if (!n || sdr_val_less(&to[n - 1].last, &to[i].first))
			to[n++] = to[i];
		else if (sdr_val_less(&to[n - 1].last, &to[i].last))
			to[n - 1].last = to[i].last;
	return n;
}
