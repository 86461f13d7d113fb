// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "bounds.h"

#define FEW	32	/* that are sorted sooner than 256 counters are cleared */

static void insert_each(struct bound *v, size_t n)
{
	struct bound bound;
	size_t i, to;

	for (i = 1; i < n; i++) {
		bound = v[i];
		for (to = i; to && v[to - 1].value > bound.value; to--)
			v[to] = v[to - 1];
		v[to] = bound;
	}
}

/* By one byte of the values; those before it may be in any order. */
static void sort_byte(struct bound *to, const struct bound *from, size_t n,
		      unsigned int shift)
{
	size_t at[256] = { 0 }, i, count, sum = 0;

	for (i = 0; i < n; i++)
		at[(uint8_t)(from[i].value >> shift)]++;
	for (i = 0; i < 256; i++) {
		count = at[i];
		at[i] = sum;
		sum += count;
	}
	for (i = 0; i < n; i++)
		to[at[(uint8_t)(from[i].value >> shift)]++] = from[i];
}

void bounds_sort(struct bound *v, struct bound *spare, size_t n)
{
	struct bound *from = v, *to = spare, *swap;
	unsigned int shift;
	wide_t differ = 0;
	size_t i;

	if (n < FEW)
		return insert_each(v, n);
	for (i = 1; i < n; i++)
		differ |= v[i].value ^ v[0].value;
	for (shift = 0; shift < 8 * sizeof(differ); shift += 8) {
		if (!(uint8_t)(differ >> shift))
			continue;
		sort_byte(to, from, n, shift);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
}
