// SPDX-License-Identifier: GPL-2.0-only
/* Connections of no use: how many are tried, by a clock that the tests move. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "attach.h"
#include "entry.h"
#include "fake.h"
#include "family.h"
#include "storm.h"

#define RATE	100u
#define BEGIN	5000000000ull	/* milliseconds, more than 32 bits */

static struct sdi_storm storm;

/* So many in vain, in one moment.  Return: how many were allowed. */
static unsigned int in_vain(unsigned int count, uint64_t now)
{
	unsigned int allowed = 0;

	while (count--)
		allowed += !!sdi_storm_take(&storm, now);
	return allowed;
}

/* So many sockets, @step milliseconds apart.  Return: how many are TCP's. */
static unsigned int spared(unsigned int count, uint64_t *now, uint64_t step)
{
	unsigned int plain = 0;

	for (; count; count--, *now += step)
		if (sdi_storm_is_on(&storm))
			plain += sdi_storm_spares(&storm, *now);
	return plain;
}

static int begin(void **state)
{
	(void)state;
	sdi_storm_init(&storm, RATE);
	return 0;
}

static int begin_storm(void **state)
{
	begin(state);
	in_vain(RATE, BEGIN);
	sdi_storm_begin(&storm);
	return 0;
}

static void storm__so_many_at_once(void **state)
{
	(void)state;
	assert_int_equal(in_vain(2 * RATE, BEGIN), RATE);
	assert_false(sdi_storm_is_on(&storm));
}

static void storm__so_many_a_second(void **state)
{
	uint64_t now = BEGIN;
	unsigned int allowed = 0;

	(void)state;
	in_vain(RATE, now);
	/* Steps in which not one is earned, and which do not fit. */
	for (; now < BEGIN + 10000; now += 7)
		allowed += in_vain(2, now);
	assert_in_range(allowed, 10 * RATE - 2, 10 * RATE + 2);
}

static void storm__rest_is_not_saved_up(void **state)
{
	(void)state;
	in_vain(RATE, BEGIN);
	assert_int_equal(in_vain(2 * RATE, BEGIN + 10000000), RATE);
}

static void storm__slow_ones_are_always_allowed(void **state)
{
	uint64_t now = BEGIN;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++, now += 1000 / RATE + 1)
		assert_true(sdi_storm_take(&storm, now));
}

static void storm__time_goes_back(void **state)
{
	(void)state;
	in_vain(RATE, BEGIN);
	assert_int_equal(in_vain(1, BEGIN - 1000), 0);
	assert_int_equal(in_vain(1, 0), 0);
	assert_int_equal(in_vain(2, BEGIN + 1000 / RATE), 1);
}

static void storm__some_are_tried(void **state)
{
	uint64_t now = BEGIN;
	const unsigned int count = 100 * SDI_STORM_TRY;

	(void)state;
	assert_int_equal(spared(count, &now, 1), count - 100);
	assert_true(sdi_storm_is_on(&storm));
}

static void storm__ends_when_they_are_few(void **state)
{
	uint64_t now = BEGIN;

	(void)state;
	/* A half of what is allowed; but for a second it remembers. */
	spared(4 * RATE, &now, 2 * 1000 / RATE);
	assert_false(sdi_storm_is_on(&storm));
}

static void storm__ends_with_a_pause(void **state)
{
	uint64_t now = BEGIN + 1000;

	(void)state;
	assert_int_equal(spared(10, &now, 0), 0);
	assert_false(sdi_storm_is_on(&storm));
	assert_int_equal(in_vain(2 * RATE, now), RATE);
}

static void storm__ends_with_one_of_use(void **state)
{
	(void)state;
	sdi_storm_end(&storm);
	assert_false(sdi_storm_is_on(&storm));
	assert_int_equal(in_vain(2 * RATE, BEGIN), RATE);
}

static void storm__any_number(void **state)
{
	(void)state;
	sdi_storm_init(&storm, 0);
	assert_int_equal(in_vain(10 * RATE, BEGIN), 10 * RATE);
}

static void storm__largest_rate(void **state)
{
	const uint32_t most = 1000000;

	(void)state;
	sdi_storm_init(&storm, most);
	assert_int_equal(in_vain(most + 1, BEGIN), most);
	assert_int_equal(in_vain(most, BEGIN + 1), most / 1000);
	assert_int_equal(in_vain(most + 1, ~0ull), most);
}

/* Of which not a whole number comes in a millisecond. */
static void storm__odd_rate(void **state)
{
	const uint32_t rate = 1500;
	uint64_t now = BEGIN;
	unsigned int allowed = 0;

	(void)state;
	sdi_storm_init(&storm, rate);
	assert_int_equal(in_vain(2 * rate, now), rate);
	assert_int_equal(in_vain(rate, now + 1), 1);
	for (now += 2; now <= BEGIN + 10000; now++)
		allowed += in_vain(rate, now);
	assert_in_range(allowed, 10 * rate - 50, 10 * rate);
}

static void storm__one_a_second(void **state)
{
	uint64_t now = BEGIN;

	(void)state;
	sdi_storm_init(&storm, 1);
	assert_int_equal(in_vain(2, now), 1);
	sdi_storm_begin(&storm);
	assert_int_equal(spared(5, &now, 100), 5);
	now += 1000;
	assert_int_equal(spared(5, &now, 100), 0);
}

static void *take_all(void *sum)
{
	unsigned int i;

	for (i = 0; i < 10 * RATE; i++)
		*(unsigned int *)sum += !!sdi_storm_take(&storm, BEGIN);
	return NULL;
}

/* What is there is given out once. */
static void storm__from_many_threads(void **state)
{
	unsigned int sums[4] = { 0 }, i;
	pthread_t threads[4];

	(void)state;
	in_vain(1, BEGIN);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_all,
						&sums[i]), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(sums[0] + sums[1] + sums[2] + sums[3], RATE - 1);
}

/* ---- what descriptors say of it ---- */

static int open_one(void **state)
{
	(void)state;
	fake_open(4096, 4096);
	sdi_storm_init(&sdi_storm, 1);
	sdi_fd_note_tried(FAKE_FD);
	return 0;
}

static int close_one(void **state)
{
	(void)state;
	fake_close();
	sdi_storm_init(&sdi_storm, 0);
	return 0;
}

/* Closed once more, as another of that kind. */
static void close_again(void)
{
	sdi_fd_close(FAKE_FD);
	sdi_fd_note(FAKE_FD);
	sdi_fd_note_tried(FAKE_FD);
	sdi_fd_close(FAKE_FD);
}

static void storm__never_mapped(void **state)
{
	(void)state;
	close_again();
	assert_true(sdi_storm_is_on(&sdi_storm));
}

/* What one of vfork()'s closes, its parent has still. */
static void storm__closed_by_a_guest(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	pid = vfork();
	if (!pid) {
		sdi_fd_close(FAKE_FD);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sdi_storm.left, 1);
}

static void storm__accepted(void **state)
{
	(void)state;
	sdi_fd_close(FAKE_FD);
	sdi_fd_note(FAKE_FD);
	sdi_fd_close(FAKE_FD);
	assert_false(sdi_storm_is_on(&sdi_storm));
}

static void storm__listens(void **state)
{
	(void)state;
	assert_true(sdi_fd_end_try(FAKE_FD));
	assert_false(sdi_fd_end_try(FAKE_FD));
	assert_int_equal(sdi_fd_known(FAKE_FD), SDI_CANDIDATE);
	close_again();
	assert_false(sdi_storm_is_on(&sdi_storm));
}

static void storm__mapped(void **state)
{
	struct sdi_entry *e = sdi_entry_place(FAKE_FD);

	(void)state;
	sdi_storm_take(&sdi_storm, BEGIN);
	sdi_storm_begin(&sdi_storm);
	assert_int_equal(sdi_entry_attach(e, FAKE_FD, sdi_self(), 0), 0);
	assert_false(sdi_storm_is_on(&sdi_storm));
	assert_int_equal(sdi_storm.left, 1);
	/* As often as it likes: it is one connection. */
	sdi_storm_begin(&sdi_storm);
	assert_int_equal(sdi_entry_attach(e, FAKE_FD, sdi_self(), 0), 0);
	assert_true(sdi_storm_is_on(&sdi_storm));
}

static void storm__out_of_sight(void **state)
{
	(void)state;
	sdi_fd_drop(FAKE_FD);
	close_again();
	assert_false(sdi_storm_is_on(&sdi_storm));
}

/* What will never have a ring was in vain, too. */
static void storm__refused(void **state)
{
	(void)state;
	sdi_fd_give_up(FAKE_FD);
	assert_int_equal(sdi_fd_known(FAKE_FD), SDI_TRIED);
	close_again();
	assert_true(sdi_storm_is_on(&sdi_storm));
}

static void storm__spared(void **state)
{
	(void)state;
	sdi_fd_note_spared(FAKE_FD);
	assert_true(sdi_fd_is_spared(FAKE_FD));
	assert_null(sdi_lookup(FAKE_FD));
	close_again();
	assert_false(sdi_fd_is_spared(FAKE_FD));
	assert_false(sdi_storm_is_on(&sdi_storm));
	sdi_fd_note_spared(-1);
	sdi_fd_note_spared(SDI_FD_MAX);
	assert_false(sdi_fd_is_spared(-1) || sdi_fd_is_spared(SDI_FD_MAX));
}

#define STORM_TEST(name, setup) \
	cmocka_unit_test_setup(storm__##name, setup)
#define FD_TEST(name) \
	cmocka_unit_test_setup_teardown(storm__##name, open_one, close_one)

int run_storm_tests(void)
{
	const struct CMUnitTest tests[] = {
		STORM_TEST(so_many_at_once, begin),
		STORM_TEST(so_many_a_second, begin),
		STORM_TEST(rest_is_not_saved_up, begin),
		STORM_TEST(slow_ones_are_always_allowed, begin),
		STORM_TEST(time_goes_back, begin),
		STORM_TEST(some_are_tried, begin_storm),
		STORM_TEST(ends_when_they_are_few, begin_storm),
		STORM_TEST(ends_with_a_pause, begin_storm),
		STORM_TEST(ends_with_one_of_use, begin_storm),
		STORM_TEST(any_number, begin),
		STORM_TEST(largest_rate, begin),
		STORM_TEST(odd_rate, begin),
		STORM_TEST(one_a_second, begin),
		STORM_TEST(from_many_threads, begin),
		FD_TEST(never_mapped),
		FD_TEST(closed_by_a_guest),
		FD_TEST(accepted),
		FD_TEST(listens),
		FD_TEST(mapped),
		FD_TEST(out_of_sight),
		FD_TEST(refused),
		FD_TEST(spared),
	};

	return cmocka_run_group_tests_name("storm", tests, NULL, NULL);
}
