// SPDX-License-Identifier: GPL-2.0-only
/* When must a sleeper be woken?  Against what the words say, not the sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <linux/sdirect_ring.h>

#include "time_limit.h"

/* Walk from before to now, one byte at a time: is want passed on the way? */
static int passed(uint8_t want, uint8_t now, uint8_t before)
{
	uint8_t at;

	for (at = before; at != now; at++)
		if (at == want)
			return 1;
	return 0;
}

/* The numbers that 8 bits have, spread over the top of 64. */
static __u64 spread(uint8_t n)
{
	return (__u64)n << 56;
}

static void all_of_eight_bits(void **state)
{
	unsigned int want, now, before;

	(void)state;
	for (want = 0; want < 256; want++)
		for (now = 0; now < 256; now++)
			for (before = 0; before < 256; before++) {
				int need = sdirect_need_event(spread(want),
							      spread(now),
							      spread(before));

				if (need != passed(want, now, before))
					fail_msg("want %u now %u before %u: %d",
						 want, now, before, need);
			}
}

static __u64 seed = 88172645463325252ull;

static __u64 random_word(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Near each other, at any place of the 64 bits, over the end of them too. */
static void random_neighbours(void **state)
{
	unsigned long i, rounds = scaled(2000000);

	(void)state;
	for (i = 0; i < rounds; i++) {
		__u64 before = i & 1 ? random_word() : 0 - random_word() % 99;
		__u64 step = random_word() % 200;
		__u64 ahead = random_word() % 400 - 100;
		__u64 want = before + ahead;
		int need = sdirect_need_event(want, before + step, before);

		if (need != (ahead < step))
			fail_msg("want %llu before %llu step %llu: %d",
				 (unsigned long long)want,
				 (unsigned long long)before,
				 (unsigned long long)step, need);
	}
}

static void nothing_published_wakes_nobody(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		__u64 pos = random_word();

		assert_false(sdirect_need_event(pos, pos, pos));
		assert_false(sdirect_need_event(random_word(), pos, pos));
	}
}

/* A want word fires once, however the way is cut into steps. */
static void fires_once(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		__u64 at = random_word(), want = at + random_word() % 1000;
		int step, rung = 0;

		for (step = 0; step < 200; step++) {
			__u64 to = at + random_word() % 50;

			rung += sdirect_need_event(want, to, at);
			at = to;
		}
		assert_int_equal(rung, at > want || at - want < 10000);
	}
}

static void publish_stores_and_tells(void **state)
{
	__u64 word = 10, want = 15;

	(void)state;
	assert_false(sdirect_ring_publish(&word, &want, 10, 15));
	assert_int_equal(word, 15);
	assert_true(sdirect_ring_publish(&word, &want, 15, 16));
	assert_int_equal(word, 16);
	assert_false(sdirect_ring_publish(&word, &want, 16, 17));
}

static void a_tail_says_who_has_armed(void **state)
{
	__u64 tail = 10, want = 12, own = 14;

	(void)state;
	assert_int_equal(sdirect_ring_publish_tail(&tail, &want, &own, 10, 12),
			 0);
	assert_int_equal(sdirect_ring_publish_tail(&tail, &want, &own, 12, 13),
			 SDIRECT_RING_BELL);
	assert_int_equal(sdirect_ring_publish_tail(&tail, &want, &own, 13, 15),
			 SDIRECT_RING_NUDGE);
	own = want = 15;
	assert_int_equal(sdirect_ring_publish_tail(&tail, &want, &own, 15, 20),
			 SDIRECT_RING_BELL | SDIRECT_RING_NUDGE);
	assert_int_equal(tail, 20);
	/* Taken back. */
	own = 0;
	assert_int_equal(sdirect_ring_publish_tail(&tail, &want, &own, 20, 30),
			 0);
}

/* One of several sleepers must not take back what another has asked for. */
static void arm_only_grows(void **state)
{
	__u64 want = 0;

	(void)state;
	sdirect_ring_arm(&want, 100);
	assert_int_equal(want, 100);
	sdirect_ring_arm(&want, 50);
	assert_int_equal(want, 100);
	sdirect_ring_arm(&want, 100);
	assert_int_equal(want, 100);
	sdirect_ring_arm(&want, 101);
	assert_int_equal(want, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_eight_bits),
		cmocka_unit_test(random_neighbours),
		cmocka_unit_test(nothing_published_wakes_nobody),
		cmocka_unit_test(fires_once),
		cmocka_unit_test(publish_stores_and_tells),
		cmocka_unit_test(a_tail_says_who_has_armed),
		cmocka_unit_test(arm_only_grows),
	};

	time_limit(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
