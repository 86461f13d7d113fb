/* SPDX-License-Identifier: GPL-2.0 */
/* A value that rules look at: an address, or a number in its lower half. */
#ifndef _SDR_VAL_H
#define _SDR_VAL_H

#include <linux/types.h>

struct sdr_val {
	u64 hi;
	u64 lo;
};

/* Those from @first to @last, both included. */
struct sdr_span {
	struct sdr_val first;
	struct sdr_val last;
};

static inline bool sdr_val_less(const struct sdr_val *a,
				const struct sdr_val *b)
{
	return a->hi != b->hi ? a->hi < b->hi : a->lo < b->lo;
}

static inline int sdr_val_cmp(const struct sdr_val *a, const struct sdr_val *b)
{
	return sdr_val_less(a, b) ? -1 : sdr_val_less(b, a);
}

static inline bool sdr_span_has(const struct sdr_span *span,
				const struct sdr_val *val)
{
	return !sdr_val_less(val, &span->first) &&
	       !sdr_val_less(&span->last, val);
}

#endif /* _SDR_VAL_H */
