// SPDX-License-Identifier: GPL-2.0-only
/* The arithmetic of the ring: room and bytes, believed and not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ring_cases.h"
#include "time_limit.h"

#define LEN(a)	(sizeof(a) / sizeof((a)[0]))

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

static void offset_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LEN(offset_cases); i++)
		assert_int_equal(sdirect_ring_offset(offset_cases[i].size,
						     offset_cases[i].pos),
				 offset_cases[i].want);
}

static void event_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LEN(event_cases); i++) {
		const struct event_case *c = &event_cases[i];

		if (sdirect_need_event(c->want, c->now, c->before) != c->need)
			fail_msg("%s: not %d", c->what, c->need);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_table),
		cmocka_unit_test(avail_table),
		cmocka_unit_test(answers_are_within_the_ring),
		cmocka_unit_test(room_and_bytes_add_up),
		cmocka_unit_test(offset_table),
		cmocka_unit_test(event_table),
	};

	time_limit(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
