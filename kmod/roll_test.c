// SPDX-License-Identifier: GPL-2.0
/* The sockets of a namespace: each is seen once, whatever comes and goes. */
#include "compat.h"

#include <linux/vmalloc.h>

#include "fixture_test.h"
#include "roll.h"
#include "sock.h"

#define MANY	20000	/* the ends of 10,000 connections */

/**
 * struct crowd - sockets that are nothing but their numbers
 * @roll:	they are in it
 * @ss:		all of them
 * @seen:	how many have been looked at
 * @before:	the serial number of the last of these
 * @wrong:	numbers that did not ascend
 * @room:	looks until the looker has enough
 */
struct crowd {
	struct sdr_roll roll;
	struct sdr_sock *ss;
	int seen;
	u64 before;
	int wrong;
	int room;
};

static void crowd_make(struct kunit *test, struct crowd *crowd, int n)
{
	int i;

	*crowd = (struct crowd) { .room = INT_MAX };
	crowd->ss = vzalloc(array_size(MANY, sizeof(*crowd->ss)));
	KUNIT_ASSERT_NOT_NULL(test, crowd->ss);
	sdr_roll_init(&crowd->roll);
	for (i = 0; i < n; i++)
		sdr_roll_add(&crowd->roll, &crowd->ss[i]);
}

static bool look(struct sdr_sock *ss, void *arg)
{
	struct crowd *crowd = arg;

	if (!crowd->room--)
		return false;
	crowd->wrong += ss->serial <= crowd->before;
	crowd->before = ss->serial;
	crowd->seen++;
	return true;
}

/* How many nodes are on the longest way down. */
static int depth(const struct rb_node *node)
{
	int deepest = 0, n;
	const struct rb_node *at, *up;

	for (at = node; at; at = rb_next(at)) {
		for (n = 0, up = at; up; up = rb_parent(up))
			n++;
		deepest = max(deepest, n);
	}
	return deepest;
}

/* By short buffers, as netlink's are: no way to where it goes on is long. */
static void buffers(struct kunit *test)
{
	struct crowd crowd;
	struct sdr_walk walk;
	int calls = 0;

	crowd_make(test, &crowd, MANY);
	KUNIT_EXPECT_LE(test, depth(rb_first(&crowd.roll.tree)),
			2 * ilog2(MANY + 1) + 2);
	walk = sdr_roll_begin(&crowd.roll);
	do {
		crowd.room = 50;
		calls++;
	} while (sdr_roll_walk(&crowd.roll, &walk, look, &crowd));
	KUNIT_EXPECT_EQ(test, crowd.seen, MANY);
	KUNIT_EXPECT_EQ(test, crowd.wrong, 0);
	KUNIT_EXPECT_EQ(test, calls, MANY / 50);
	vfree(crowd.ss);
}

/* Who has room for all lets the others have the lock, too. */
static void lock_is_let_go(struct kunit *test)
{
	struct crowd crowd;
	struct sdr_walk walk;
	int before = 0, most = 0;
	bool more;

	crowd_make(test, &crowd, MANY);
	walk = sdr_roll_begin(&crowd.roll);
	do {
		more = sdr_roll_walk(&crowd.roll, &walk, look, &crowd);
		most = max(most, crowd.seen - before);
		before = crowd.seen;
	} while (more);
	KUNIT_EXPECT_EQ(test, crowd.seen, MANY);
	KUNIT_EXPECT_EQ(test, crowd.wrong, 0);
	KUNIT_EXPECT_EQ(test, most, SDR_LOOKS);
	vfree(crowd.ss);
}

/* In between, those where a walk stands go, and others come. */
static void others_come_and_go(struct kunit *test)
{
	struct crowd crowd;
	struct sdr_walk walk;
	int n = MANY / 2, gone = 0, i;

	crowd_make(test, &crowd, n);
	walk = sdr_roll_begin(&crowd.roll);
	for (i = 0; i < n; i += 10) {
		crowd.room = 6;
		KUNIT_EXPECT_TRUE(test, sdr_roll_walk(&crowd.roll, &walk, look,
						      &crowd));
		/* The ones that come next, and the last one that was seen. */
		for (gone = 5; gone < 10; gone++)
			sdr_roll_del(&crowd.roll, &crowd.ss[i + gone]);
		sdr_roll_add(&crowd.roll, &crowd.ss[n + i / 10]);
	}
	KUNIT_EXPECT_FALSE(test, sdr_roll_walk(&crowd.roll, &walk, look,
					       &crowd));
	/* Each ten: the five that stay, and the one that went too late. */
	KUNIT_EXPECT_EQ(test, crowd.seen, n / 10 * 6);
	KUNIT_EXPECT_EQ(test, crowd.wrong, 0);

	/* Those that have come are there for the next one. */
	crowd.seen = 0;
	crowd.before = 0;
	crowd.room = INT_MAX;
	walk = sdr_roll_begin(&crowd.roll);
	while (sdr_roll_walk(&crowd.roll, &walk, look, &crowd))
		;
	KUNIT_EXPECT_EQ(test, crowd.seen, n / 2 + n / 10);
	KUNIT_EXPECT_EQ(test, crowd.wrong, 0);
	vfree(crowd.ss);
}

static void none(struct kunit *test)
{
	struct crowd crowd;
	struct sdr_walk walk;

	crowd_make(test, &crowd, 0);
	walk = sdr_roll_begin(&crowd.roll);
	KUNIT_EXPECT_FALSE(test, sdr_roll_walk(&crowd.roll, &walk, look,
					       &crowd));
	sdr_roll_add(&crowd.roll, &crowd.ss[0]);
	/* It was not there when the walk began. */
	KUNIT_EXPECT_FALSE(test, sdr_roll_walk(&crowd.roll, &walk, look,
					       &crowd));
	sdr_roll_del(&crowd.roll, &crowd.ss[0]);
	KUNIT_EXPECT_TRUE(test, sdr_roll_empty(&crowd.roll));
	sdr_roll_add(&crowd.roll, &crowd.ss[1]);
	walk = sdr_roll_begin(&crowd.roll);
	KUNIT_EXPECT_FALSE(test, sdr_roll_walk(&crowd.roll, &walk, look,
					       &crowd));
	KUNIT_EXPECT_EQ(test, crowd.seen, 1);
	vfree(crowd.ss);
}

static struct kunit_case roll_tests[] = {
	KUNIT_CASE(buffers),
	KUNIT_CASE(lock_is_let_go),
	KUNIT_CASE(others_come_and_go),
	KUNIT_CASE(none),
	{ }
};

struct kunit_suite sdr_roll_suite = {
	.name		= "sdirect_roll",
	.test_cases	= roll_tests,
};
