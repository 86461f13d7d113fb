// SPDX-License-Identifier: GPL-2.0
/* What the two ends of a connection share. */
#include "compat.h"

#include "carrier.h"
#include "fixture_test.h"
#include "pair.h"
#include "ring.h"

static void fresh_pair(struct kunit *test)
{
	struct sdr_pair *pair = sdr_pair_alloc();
	int i;

	KUNIT_ASSERT_NOT_NULL(test, pair);
	KUNIT_EXPECT_FALSE(test, sdr_pair_has_pages(pair));
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_PTR_EQ(test, pair->first[i]->carrier,
				    &sdr_carrier_tcp);
		KUNIT_EXPECT_EQ(test, pair->first[i]->start, 0);
		KUNIT_EXPECT_EQ(test, pair->first[i]->end, SDIRECT_POS_OPEN);
		KUNIT_EXPECT_NULL(test, pair->end[i].ss);
	}
	sdr_pair_put(pair);
	sdr_pair_put(NULL);
}

static void pages(struct kunit *test)
{
	struct sdr_pair *pair = sdr_pair_alloc();
	struct page *kern, *ctl[2];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, pair);
	KUNIT_EXPECT_EQ(test, sdr_pair_pages(pair, test_payer()), 0);
	KUNIT_EXPECT_TRUE(test, sdr_pair_has_pages(pair));
	kern = pair->kern;
	for (i = 0; i < 2; i++) {
		ctl[i] = pair->end[i].ctl;
		KUNIT_EXPECT_NULL(test, memchr_inv(sdr_pair_ctl(pair, i), 0,
						   PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, sdr_pair_kern(pair, i)->rx_limit,
				SDIRECT_POS_OPEN);
		KUNIT_EXPECT_EQ(test, sdr_pair_kern(pair, i)->tx_closed, 0);
	}
	KUNIT_EXPECT_EQ(test, ((struct sdirect_kern_page *)
			       page_address(kern))->abi_version,
			SDIRECT_ABI_VERSION);

	/* Again: the pages that there are stay. */
	KUNIT_EXPECT_EQ(test, sdr_pair_pages(pair, test_payer()), 0);
	KUNIT_EXPECT_PTR_EQ(test, pair->kern, kern);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_PTR_EQ(test, pair->end[i].ctl, ctl[i]);
	sdr_pair_put(pair);
}

/* A pair with pages and ranges that nobody has read, each allocation failing. */
static struct sdr_pair *make_all(void)
{
	struct sdr_pair *pair = sdr_pair_alloc();
	struct sdr_ring *ring = NULL;
	struct sdr_seg *seg = NULL;

	if (!pair)
		return NULL;
	if (!sdr_pair_pages(pair, test_payer()))
		ring = sdr_ring_alloc(4096, test_payer());
	if (ring)
		seg = sdr_seg_alloc(&sdr_carrier_local, 77, ring);
	if (seg) {
		pair->first[1]->next = seg;
		pair->first[1]->end = 77;
		return pair;
	}
	sdr_ring_put(ring);
	sdr_pair_put(pair);
	return NULL;
}

static void no_memory(struct kunit *test)
{
	unsigned int nth, failures = 0;
	struct sdr_pair *pair = NULL;

	if (!test_can_fail(test))
		return;
	for (nth = 1; nth < TEST_NTH_MAX; nth++) {
		test_fail_nth(nth);
		pair = make_all();
		if (!test_failed())
			break;
		failures += !pair;
		sdr_pair_put(pair);
	}
	KUNIT_EXPECT_LT(test, nth, TEST_NTH_MAX);
	KUNIT_EXPECT_NOT_NULL(test, pair);
	sdr_pair_put(pair);
	/* The pair, two ranges, three pages, ring, its page, its range. */
	KUNIT_EXPECT_GE(test, failures, 9 / 2);
}

static void range(struct kunit *test)
{
	struct sdr_ring *ring = sdr_ring_alloc(4096, test_payer());
	struct sdr_seg *seg;

	KUNIT_ASSERT_NOT_NULL(test, ring);
	seg = sdr_seg_alloc(&sdr_carrier_local, 12345, ring);
	KUNIT_ASSERT_NOT_NULL(test, seg);
	KUNIT_EXPECT_EQ(test, seg->start, 12345);
	KUNIT_EXPECT_EQ(test, seg->end, SDIRECT_POS_OPEN);
	KUNIT_EXPECT_PTR_EQ(test, seg->ring, ring);
	KUNIT_EXPECT_NULL(test, seg->next);

	/* Its ring goes with it, when the last reader has looked away. */
	sdr_ring_get(ring);
	rcu_read_lock();
	sdr_seg_free(seg);
	KUNIT_EXPECT_EQ(test, refcount_read(&ring->ref), 2);
	rcu_read_unlock();
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, refcount_read(&ring->ref), 1);
	sdr_ring_put(ring);
}

static struct kunit_case pair_tests[] = {
	KUNIT_CASE(fresh_pair),
	KUNIT_CASE(pages),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(range),
	{ }
};

struct kunit_suite sdr_pair_suite = {
	.name		= "sdirect_pair",
	.test_cases	= pair_tests,
};
