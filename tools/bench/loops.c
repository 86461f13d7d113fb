// SPDX-License-Identifier: GPL-2.0-only
#include "loops.h"

void loops_bad(uint64_t number)
{
	errno = 0;
	bench_die("message %llu has wrong bytes", (unsigned long long)number);
}

void loops_whole(const struct work *w, const uint8_t *buf, uint64_t number)
{
	size_t words = w->size / sizeof(number);

	for (size_t at = 1; at < words - 1; at++) {
		if (at == place_of(w->size, number))
			continue;
		if (word_at(buf, at) != word_at(w->pattern, at))
			loops_bad(number);
	}
}

/* Much shorter than a time slice: most parts are not disturbed by others. */
#define PART_NS		30000u

static uint64_t next_part(const struct watch *t, uint64_t number, uint64_t now)
{
	uint64_t step = t->best > 0 ? (uint64_t)(PART_NS / t->best) : number;
	uint64_t all = now - t->w->begin, left = t->w->ns - all;

	/* Not past the end, even if what is left goes as slowly as it did. */
	if (all && step > number * left / all)
		step = number * left / all;
	if (step > number)
		step = number;
	return step ? step : 1;
}

int watch_look(struct watch *t, uint64_t number)
{
	uint64_t now = bench_now();
	double each = (double)(now - t->now) / (double)(number - t->last);
	struct work *w = t->w;

	if (now > t->now && (t->best <= 0 || each < t->best))
		t->best = each;
	/* The first ones are too short to say anything. */
	if (each * (double)(number - t->last) >= PART_NS / 2.0 &&
	    w->parts < WORK_PARTS)
		w->part[w->parts++] = each;
	if (now - w->begin >= w->ns)
		return 1;
	t->now = now;
	t->last = number;
	t->next = number + next_part(t, number, now);
	return 0;
}
