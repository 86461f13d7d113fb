// SPDX-License-Identifier: GPL-2.0
/* The ring algorithm as the kernel compiles it, by the native tests' tables. */
#include "compat.h"

#include "fixture_test.h"
#include "ring_cases.h"

static void room(struct kunit *test)
{
	const struct room_case *c;

	for (c = room_cases; c < room_cases + ARRAY_SIZE(room_cases); c++)
		KUNIT_EXPECT_EQ_MSG(test, sdirect_ring_room(c->size, c->base,
							    c->tail, c->head),
				    c->want, "%s", c->what);
}

static void avail(struct kunit *test)
{
	const struct avail_case *c;

	for (c = avail_cases; c < avail_cases + ARRAY_SIZE(avail_cases); c++)
		KUNIT_EXPECT_EQ_MSG(test, sdirect_ring_avail(c->size, c->head,
							     c->tail, c->limit),
				    c->want, "%s", c->what);
}

static void offset(struct kunit *test)
{
	const struct offset_case *c;

	for (c = offset_cases; c < offset_cases + ARRAY_SIZE(offset_cases); c++)
		KUNIT_EXPECT_EQ(test, sdirect_ring_offset(c->size, c->pos),
				c->want);
}

static void event(struct kunit *test)
{
	const struct event_case *c;

	for (c = event_cases; c < event_cases + ARRAY_SIZE(event_cases); c++)
		KUNIT_EXPECT_EQ_MSG(test, sdirect_need_event(c->want, c->now,
							     c->before),
				    c->need, "%s", c->what);
}

/* A word that is published fires what was armed below it, once. */
static void armed_and_published(struct kunit *test)
{
	u64 word = 100, want = 0;

	sdirect_ring_arm(&want, 100);
	KUNIT_EXPECT_EQ(test, want, 100);
	KUNIT_EXPECT_TRUE(test, sdirect_ring_publish(&word, &want, 100, 101));
	KUNIT_EXPECT_EQ(test, word, 101);
	KUNIT_EXPECT_FALSE(test, sdirect_ring_publish(&word, &want, 101, 150));

	sdirect_ring_arm(&want, 200);
	KUNIT_EXPECT_FALSE(test, sdirect_ring_publish(&word, &want, 150, 200));
	/* A sleeper that saw less does not take that back. */
	sdirect_ring_arm(&want, 150);
	KUNIT_EXPECT_EQ(test, want, 200);
	KUNIT_EXPECT_TRUE(test, sdirect_ring_publish(&word, &want, 200, 900));
	KUNIT_EXPECT_EQ(test, word, 900);
}

static struct kunit_case ring_math_tests[] = {
	KUNIT_CASE(room),
	KUNIT_CASE(avail),
	KUNIT_CASE(offset),
	KUNIT_CASE(event),
	KUNIT_CASE(armed_and_published),
	{ }
};

struct kunit_suite sdr_ring_math_suite = {
	.name		= "sdirect_ring_math",
	.test_cases	= ring_math_tests,
};
