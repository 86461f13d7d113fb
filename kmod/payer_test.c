// SPDX-License-Identifier: GPL-2.0
/* Who pays for shared pages. */
#include "compat.h"

#include <linux/mm.h>

#include "fixture_test.h"
#include "payer.h"
#include "ring.h"

static struct sdr_quota *user(struct kunit *test, unsigned int uid)
{
	struct sdr_quota *quota = sdr_quota_find(KUIDT_INIT(uid));

	KUNIT_ASSERT_NOT_NULL(test, quota);
	return quota;
}

static void one_per_user(struct kunit *test)
{
	struct sdr_quota *a = user(test, 4001), *b = user(test, 4002);

	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_PTR_EQ(test, user(test, 4001), a);
	sdr_quota_put(a);
	KUNIT_EXPECT_PTR_EQ(test, user(test, 4001), a);
	sdr_quota_put(a);
	sdr_quota_put(a);
	sdr_quota_put(b);
	sdr_quota_put(NULL);
}

/* Who comes back finds the account made; somebody else may take its place. */
static void kept_for_the_next(struct kunit *test)
{
	struct sdr_quota *a = user(test, 4001), *b;

	sdr_quota_put(a);
	b = user(test, 4001);
	KUNIT_EXPECT_PTR_EQ(test, b, a);
	sdr_quota_put(b);
	sdr_payer_exit();
	b = user(test, 4001);
	KUNIT_EXPECT_PTR_NE(test, b, a);
	sdr_quota_put(b);
}

/* A user's share is a sixteenth of the memory, that of all an eighth. */
static void share_of_one(struct kunit *test)
{
	struct sdr_quota *quota = user(test, 4001);
	unsigned long share = totalram_pages() / 16;

	rcu_barrier();
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota, share + 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota, share), 0);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota, 1), -ENOMEM);
	sdr_quota_uncharge(quota, share);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota, share), 0);
	/* What is charged keeps the user's account, whoever else lets go. */
	sdr_quota_put(quota);
	KUNIT_EXPECT_PTR_EQ(test, user(test, 4001), quota);
	sdr_quota_put(quota);
	sdr_quota_uncharge(quota, share);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(NULL, 1), -ENOMEM);
}

static void share_of_all(struct kunit *test)
{
	unsigned long share = totalram_pages() / 16 - 100;
	struct sdr_quota *quota[3];
	int i;

	rcu_barrier();
	for (i = 0; i < 3; i++)
		quota[i] = user(test, 4001 + i);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota[0], share), 0);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota[1], share), 0);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota[2], 300), -ENOMEM);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota[2], 100), 0);
	sdr_quota_uncharge(quota[2], 100);
	sdr_quota_uncharge(quota[1], share);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(quota[2], 300), 0);
	sdr_quota_uncharge(quota[2], 300);
	sdr_quota_uncharge(quota[0], share);
	for (i = 0; i < 3; i++)
		sdr_quota_put(quota[i]);
}

/* A ring is charged while anybody has it. */
static void ring_is_charged(struct kunit *test)
{
	unsigned long share = totalram_pages() / 16;
	struct sdr_payer payer = { .quota = user(test, 4001) };
	struct sdr_ring *ring = sdr_ring_alloc(16384, &payer);

	KUNIT_EXPECT_NOT_NULL(test, ring);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(payer.quota, share - 3),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, sdr_quota_charge(payer.quota, share - 4), 0);
	KUNIT_EXPECT_NULL(test, sdr_ring_alloc(4096, &payer));
	sdr_ring_put(ring);
	ring = sdr_ring_alloc(16384, &payer);
	KUNIT_EXPECT_NOT_NULL(test, ring);
	sdr_ring_put(ring);
	sdr_quota_uncharge(payer.quota, share - 4);
	sdr_payer_put(&payer);
	KUNIT_EXPECT_NULL(test, payer.quota);
}

/* How many ends a user gets. */
static int admitted(struct sdr_quota *quota, atomic_t *others)
{
	int n = 0;

	while (n < INT_MAX && sdr_quota_admit(quota, others)) {
		cond_resched();
		n++;
	}
	return n;
}

static void dismissed(struct sdr_quota *quota, atomic_t *others, int n)
{
	while (n--) {
		sdr_quota_dismiss(quota, others);
		cond_resched();
	}
}

/* One user's ends leave room for others', and a namespace's for its own. */
static void ends_are_counted(struct kunit *test)
{
	int share = totalram_pages() / 32, i;
	struct sdr_quota *quota[3];
	atomic_t others = ATOMIC_INIT(0), elsewhere = ATOMIC_INIT(0);
	int last;

	KUNIT_EXPECT_FALSE(test, sdr_quota_admit(NULL, &others));
	for (i = 0; i < 3; i++)
		quota[i] = user(test, 4001 + i);
	KUNIT_EXPECT_EQ(test, admitted(quota[0], &others), share);
	KUNIT_EXPECT_EQ(test, admitted(quota[0], &elsewhere), 0);
	KUNIT_EXPECT_EQ(test, admitted(quota[1], &others), share);
	last = admitted(quota[2], &others);
	KUNIT_EXPECT_LE(test, last, 1);
	KUNIT_EXPECT_GT(test, admitted(quota[2], &elsewhere), share - 2);
	sdr_quota_dismiss(quota[0], &others);
	KUNIT_EXPECT_TRUE(test, sdr_quota_admit(quota[0], &others));
	/* Accounts may be kept: leave nothing in them. */
	for (i = 0; i < 2; i++)
		dismissed(quota[i], &others, share);
	dismissed(quota[2], &others, last);
	dismissed(quota[2], &elsewhere, atomic_read(&elsewhere));
	KUNIT_EXPECT_EQ(test, atomic_read(&others), 0);
	for (i = 0; i < 3; i++)
		sdr_quota_put(quota[i]);
}

static struct kunit_case payer_tests[] = {
	KUNIT_CASE(one_per_user),
	KUNIT_CASE(kept_for_the_next),
	KUNIT_CASE(share_of_one),
	KUNIT_CASE(share_of_all),
	KUNIT_CASE(ring_is_charged),
	KUNIT_CASE(ends_are_counted),
	{ }
};

struct kunit_suite sdr_payer_suite = {
	.name		= "sdirect_payer",
	.test_cases	= payer_tests,
};
