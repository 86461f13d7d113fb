/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the arithmetic of the ring must answer.  The native tests and those in
 * the kernel include this: the algorithm is one, and so are its cases.
 */
#ifndef SDIRECT_RING_CASES_H
#define SDIRECT_RING_CASES_H

#include <linux/sdirect_ring.h>

#define BAD	SDIRECT_RING_BAD
#define OPEN	(~0ull)
#define TOP	(~0ull)

struct room_case {
	const char *what;
	__u32 size;
	__u64 base, tail, head;
	__s64 want;
};

static const struct room_case room_cases[] = {
	{ "fresh",			4096, 0, 0, 0, 4096 },
	{ "one byte in",		4096, 0, 1, 0, 4095 },
	{ "one short of full",		4096, 0, 4095, 0, 1 },
	{ "full",			4096, 0, 4096, 0, 0 },
	{ "all read",			4096, 0, 4096, 4096, 4096 },
	{ "in the middle",		4096, 0, 5000, 3000, 2096 },
	{ "head before tail by size",	4096, 0, 9096, 5000, 0 },
	{ "largest ring",		1u << 22, 0, 1u << 22, 1, 1 },
	{ "base, reader has come",	4096, 1000, 1100, 1050, 4046 },
	{ "base, reader just at it",	4096, 1000, 1100, 1000, 3996 },
	{ "base, reader still before",	4096, 1000, 1100, 10, 3996 },
	{ "base, reader at nothing",	4096, 1000, 1000, 0, 4096 },
	{ "base, full, reader before",	4096, 1000, 5096, 999, 0 },
	{ "lie: read what was not sent", 4096, 0, 100, 101, BAD },
	{ "lie: read far ahead",	4096, 0, 100, TOP, BAD },
	{ "lie: gone back too far",	4096, 0, 4097, 0, BAD },
	{ "lie: gone back to nothing",	4096, 0, 1000000, 0, BAD },
	{ "lie: back before the base",	4096, 1000, 6000, 500, BAD },
	{ "high positions",		4096, 0, TOP - 1, TOP - 11, 4086 },
	{ "highest position, empty",	4096, 0, TOP, TOP, 4096 },
	{ "highest position, full",	4096, 0, TOP, TOP - 4096, 0 },
	{ "high base",			4096, TOP - 9, TOP, 3, 4087 },
	{ "lie at the top",		4096, 0, TOP - 1, TOP, BAD },
};

struct avail_case {
	const char *what;
	__u32 size;
	__u64 head, tail, limit;
	__s64 want;
};

static const struct avail_case avail_cases[] = {
	{ "fresh",			4096, 0, 0, OPEN, 0 },
	{ "one byte",			4096, 0, 1, OPEN, 1 },
	{ "full",			4096, 0, 4096, OPEN, 4096 },
	{ "in the middle",		4096, 3000, 5000, OPEN, 2000 },
	{ "all read",			4096, 5000, 5000, OPEN, 0 },
	{ "limit not reached",		4096, 0, 100, 200, 100 },
	{ "limit is the tail",		4096, 0, 100, 100, 100 },
	{ "tail beyond the limit",	4096, 0, 300, 200, 200 },
	{ "read up to the limit",	4096, 200, 300, 200, 0 },
	{ "far tail, near limit",	4096, 0, TOP, 10, 10 },
	{ "lie: more than fits",	4096, 0, 4097, OPEN, BAD },
	{ "lie: far ahead",		4096, 0, TOP - 1, OPEN, BAD },
	{ "lie: gone back",		4096, 100, 99, OPEN, BAD },
	{ "lie: gone back to nothing",	4096, 100, 0, OPEN, BAD },
	{ "lie: limit before the head",	4096, 100, 200, 50, BAD },
	{ "high positions",		4096, TOP - 20, TOP - 10, OPEN, 10 },
	{ "highest position, full",	4096, TOP - 4096, TOP, OPEN, 4096 },
	{ "lie: round the end",		4096, TOP - 10, 5, OPEN, BAD },
};

struct offset_case {
	__u32 size;
	__u64 pos;
	__u32 want;
};

static const struct offset_case offset_cases[] = {
	{ 4096, 0, 0 },
	{ 4096, 4095, 4095 },
	{ 4096, 4096, 0 },
	{ 4096, TOP, 4095 },
	{ 1u << 22, 1ull << 32, 0 },
	{ 1u << 22, (1ull << 40) + 5, 5 },
};

struct event_case {
	const char *what;
	__u64 want, now, before;
	int need;
};

static const struct event_case event_cases[] = {
	{ "nothing published",		7, 7, 7, 0 },
	{ "just reached, not passed",	8, 8, 4, 0 },
	{ "passed",			8, 9, 4, 1 },
	{ "passed by far",		8, 5000, 4, 1 },
	{ "the first byte",		0, 1, 0, 1 },
	{ "asked for long ago",		3, 9, 4, 0 },
	{ "asked for at the last",	4, 9, 4, 1 },
	{ "asked for far ahead",	9000, 9, 4, 0 },
	{ "over the end of 64 bits",	TOP, 5, TOP - 5, 1 },
	{ "after the end of 64 bits",	2, 5, TOP - 5, 1 },
	{ "before the end, too early",	TOP - 9, 5, TOP - 5, 0 },
};

#endif /* SDIRECT_RING_CASES_H */
