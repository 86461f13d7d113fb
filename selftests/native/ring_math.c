// SPDX-License-Identifier: GPL-2.0-only
/* The arithmetic of the ring: room and bytes, believed and not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <linux/sdirect_ring.h>

#include "time_limit.h"

#define BAD	SDIRECT_RING_BAD
#define OPEN	(~0ull)
#define TOP	(~0ull)
#define LEN(a)	(sizeof(a) / sizeof((a)[0]))

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

static void room_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LEN(room_cases); i++) {
		const struct room_case *c = &room_cases[i];
		__s64 got = sdirect_ring_room(c->size, c->base, c->tail,
						c->head);

		if (got != c->want)
			fail_msg("%s: %lld, not %lld", c->what, (long long)got,
				 (long long)c->want);
	}
}

static void avail_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LEN(avail_cases); i++) {
		const struct avail_case *c = &avail_cases[i];
		__s64 got = sdirect_ring_avail(c->size, c->head, c->tail,
						 c->limit);

		if (got != c->want)
			fail_msg("%s: %lld, not %lld", c->what, (long long)got,
				 (long long)c->want);
	}
}

/* Small numbers, all of them: what is believed is within the ring. */
static void answers_are_within_the_ring(void **state)
{
	__u64 base, tail, head, limit;
	__s64 n;

	(void)state;
	for (base = 0; base < 12; base++)
		for (tail = base; tail < 40; tail++)
			for (head = 0; head < 48; head++) {
				n = sdirect_ring_room(8, base, tail, head);
				assert_true(n == BAD || (n >= 0 && n <= 8));
			}
	for (head = 0; head < 40; head++)
		for (tail = 0; tail < 48; tail++)
			for (limit = 0; limit < 48; limit++) {
				n = sdirect_ring_avail(8, head, tail, limit);
				assert_true(n == BAD || (n >= 0 && n <= 8));
				if (n > 0)
					assert_true(head + n <= tail &&
						    head + n <= limit);
			}
}

/* An honest pair of ends sees room and bytes add up to the ring. */
static void room_and_bytes_add_up(void **state)
{
	__u64 head = 0, tail = 0, base = 0;
	unsigned long i, rounds = scaled(200000);
	unsigned int x = 12345;
	__s64 room, avail;

	(void)state;
	for (i = 0; i < rounds; i++) {
		room = sdirect_ring_room(64, base, tail, head);
		avail = sdirect_ring_avail(64, head, tail, OPEN);
		assert_int_equal(room + avail, 64);
		x = x * 1103515245 + 12345;
		if (x >> 31 && room)
			tail += 1 + (x >> 8) % room;
		else if (avail)
			head += 1 + (x >> 8) % avail;
	}
	assert_true(tail > 1000 && head > 1000);
}

static void offsets(void **state)
{
	(void)state;
	assert_int_equal(sdirect_ring_offset(4096, 0), 0);
	assert_int_equal(sdirect_ring_offset(4096, 4095), 4095);
	assert_int_equal(sdirect_ring_offset(4096, 4096), 0);
	assert_int_equal(sdirect_ring_offset(4096, TOP), 4095);
	assert_int_equal(sdirect_ring_offset(1u << 22, 1ull << 32), 0);
	assert_int_equal(sdirect_ring_offset(1u << 22, (1ull << 40) + 5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_table),
		cmocka_unit_test(avail_table),
		cmocka_unit_test(answers_are_within_the_ring),
		cmocka_unit_test(room_and_bytes_add_up),
		cmocka_unit_test(offsets),
	};

	time_limit(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
