// SPDX-License-Identifier: GPL-2.0-only
/* How long looking goes on: what is learned of answers, sleeps and doorbells. */
#include "spin.h"

#include "suite.h"
#include "tune.h"

#define US	1000u
#define BURSTS	2000

/* What a test sets is not for the others. */
static int forget(void **state)
{
	(void)state;
	sdi_spin_start(-1);
	return 0;
}

/* Rings until nothing changes any more. */
static void rings(uint64_t took)
{
	for (int i = 0; i < 200; i++)
		sdi_spin_rang(took);
}

static void spin__quick_answers_need_little(void **state)
{
	struct sdi_spin s;

	(void)state;
	sdi_spin_init(&s);
	assert_int_equal(s.budget, SDI_SPIN_DEFAULT_NS);
	for (int i = 0; i < 100; i++)
		sdi_spin_learn(&s, 1, 5 * US);
	assert_in_range(s.budget, 5 * US, 15 * US);
}

static void spin__what_is_useless_ends(void **state)
{
	struct sdi_spin s;

	(void)state;
	sdi_spin_init(&s);
	for (int i = 0; i < 10; i++) {
		sdi_spin_learn(&s, 0, s.budget);
		sdi_spin_came(&s, 1000000 * US);
	}
	assert_int_equal(s.budget, 0);
}

static void spin__short_sleep_looks_longer(void **state)
{
	struct sdi_spin s;

	(void)state;
	sdi_spin_init(&s);
	for (int i = 0; i < 100; i++)
		sdi_spin_learn(&s, 1, 5 * US);
	sdi_spin_learn(&s, 0, s.budget);
	sdi_spin_came(&s, 2 * SDI_SPIN_DEFAULT_NS);
	assert_int_equal(s.budget, SDI_SPIN_DEFAULT_NS);
}

/* Who always takes a little longer than looking does is waited for asleep. */
static void spin__hope_has_an_end(void **state)
{
	struct sdi_spin s;

	(void)state;
	sdi_spin_init(&s);
	for (int i = 0; i < 2; i++) {
		sdi_spin_learn(&s, 0, s.budget);
		sdi_spin_came(&s, 2 * SDI_SPIN_DEFAULT_NS);
	}
	assert_int_equal(s.budget, 0);
	/* Unless it has been of use again. */
	sdi_spin_learn(&s, 1, 5 * US);
	sdi_spin_came(&s, 2 * SDI_SPIN_DEFAULT_NS);
	assert_int_equal(s.budget, SDI_SPIN_DEFAULT_NS);
}

static int looks_in_vain(void *count)
{
	++*(int *)count;
	return 0;
}

static int is_there(void *arg)
{
	(void)arg;
	return 1;
}

/* A pause of a burst: how long it was looked at, at most. */
static uint32_t pause_of_burst(struct sdi_spin *s)
{
	uint32_t budget = s->budget;
	int count = 0;

	assert_false(sdi_spin_until(s, looks_in_vain, &count));
	if (!budget && count > 1)
		budget = SDI_SPIN_DEFAULT_NS;
	sdi_spin_came(s, SDI_SPIN_DEFAULT_NS * 3 / 2);
	return budget;
}

/* Bursts with pauses in which a look is in vain, and a sleep is short. */
static void spin__bursts_are_no_reason(void **state)
{
	uint64_t spent = 0;
	struct sdi_spin s;

	(void)state;
	sdi_spin_init(&s);
	for (int i = 0; i < BURSTS; i++) {
		assert_true(sdi_spin_until(&s, is_there, NULL));
		spent += pause_of_burst(&s);
	}
	/* It is tried again and again, but rarely. */
	assert_in_range(spent, 1, BURSTS * SDI_SPIN_DEFAULT_NS / 8);
}

/* The same where each message needs a short look. */
static void spin__slow_bursts_are_no_reason(void **state)
{
	uint64_t spent = 0;
	struct sdi_spin s;

	(void)state;
	sdi_spin_init(&s);
	for (int i = 0; i < BURSTS; i++) {
		sdi_spin_learn(&s, 1, 2 * US);
		spent += pause_of_burst(&s);
	}
	assert_in_range(spent, 1, BURSTS * SDI_SPIN_DEFAULT_NS / 8);
}

/* But a long look that was of use is one. */
static void spin__long_look_restores_hope(void **state)
{
	struct sdi_spin s;

	(void)state;
	sdi_spin_init(&s);
	for (int i = 0; i < BURSTS; i++) {
		assert_true(sdi_spin_until(&s, is_there, NULL));
		pause_of_burst(&s);
	}
	s.budget = 0;
	s.finds = 0;
	sdi_spin_learn(&s, 1, SDI_SPIN_DEFAULT_NS / 2);
	sdi_spin_came(&s, 2 * SDI_SPIN_DEFAULT_NS);
	assert_int_equal(s.budget, SDI_SPIN_DEFAULT_NS);
}

/* A wait that is not worth a look asks once. */
static void spin__tries_become_rare(void **state)
{
	int tries = 0, count;
	/* As a thread has it that has not waited yet. */
	struct sdi_spin s = { 0 };

	(void)state;
	for (int i = 0; i < 2000; i++) {
		count = 0;
		sdi_spin_until(&s, looks_in_vain, &count);
		tries += count > 1;
	}
	/* Behind 64, 128, 256, 512 and 1024 waits. */
	assert_int_equal(tries, 5);
	sdi_spin_learn(&s, 1, 5 * US);
	s.budget = 0;
	for (int i = 0; i < 64; i++) {
		count = 0;
		sdi_spin_until(&s, looks_in_vain, &count);
		tries += count > 1;
	}
	assert_int_equal(tries, 6);
}

static void spin__dear_doorbells_make_it_longer(void **state)
{
	(void)state;
	rings(2 * US);
	assert_int_equal(sdi_spin_most, SDI_SPIN_DEFAULT_NS);
	rings(30 * US);
	assert_in_range(sdi_spin_most, 210 * US, 270 * US);
	/* One that was held up is one of many. */
	sdi_spin_rang(1000000 * US);
	assert_in_range(sdi_spin_most, 210 * US, 290 * US);
	rings(1000 * US);
	assert_int_equal(sdi_spin_most, SDI_SPIN_LEARNED_NS);
	rings(2 * US);
	assert_in_range(sdi_spin_most, SDI_SPIN_DEFAULT_NS,
			SDI_SPIN_DEFAULT_NS + 4 * US);
}

/* Timed doorbells of so many waits that look for nothing. */
static int timed(struct sdi_spin *s, int waits)
{
	int count, bells = 0;

	for (int i = 0; i < waits; i++) {
		count = 0;
		bells += sdi_spin_times_bells(s);
		sdi_spin_until(s, looks_in_vain, &count);
	}
	return bells;
}

static void spin__seldom_times_bells(void **state)
{
	struct sdi_spin s = { 0 };

	(void)state;
	/* All, until a look has been tried four times. */
	assert_int_equal(timed(&s, 64 + 128 + 256 + 512), 64 + 128 + 256 + 512);
	assert_int_equal(timed(&s, 160), 10);
	/* What was of use is of interest again. */
	sdi_spin_learn(&s, 1, 5 * US);
	assert_true(sdi_spin_times_bells(&s));
	/* Nothing is to be learned where it is set. */
	sdi_spin_start(20 * US);
	assert_false(sdi_spin_times_bells(&s));
}

static void spin__what_is_set_stays(void **state)
{
	(void)state;
	sdi_spin_start(20 * US);
	rings(1000 * US);
	assert_int_equal(sdi_spin_most, 20 * US);
	sdi_spin_start(0);
	rings(1000 * US);
	assert_int_equal(sdi_spin_most, 0);
}

int run_spin_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(spin__quick_answers_need_little, forget),
		cmocka_unit_test_setup(spin__what_is_useless_ends, forget),
		cmocka_unit_test_setup(spin__short_sleep_looks_longer, forget),
		cmocka_unit_test_setup(spin__hope_has_an_end, forget),
		cmocka_unit_test_setup(spin__bursts_are_no_reason, forget),
		cmocka_unit_test_setup(spin__slow_bursts_are_no_reason, forget),
		cmocka_unit_test_setup(spin__long_look_restores_hope, forget),
		cmocka_unit_test_setup(spin__tries_become_rare, forget),
		cmocka_unit_test_setup(spin__dear_doorbells_make_it_longer,
				       forget),
		cmocka_unit_test_setup_teardown(spin__seldom_times_bells, forget,
						forget),
		cmocka_unit_test_setup_teardown(spin__what_is_set_stays, forget,
						forget),
	};

	return cmocka_run_group_tests_name("spin", tests, NULL, NULL);
}
