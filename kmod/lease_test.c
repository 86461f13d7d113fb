// SPDX-License-Identifier: GPL-2.0
/* The lease on the rings: who gets it, and how it ends with its socket. */
#include "compat.h"

#include <net/tcp.h>

#include "fixture_test.h"
#include "holder_test.h"
#include "lease.h"
#include "region.h"
#include "rendezvous.h"
#include "ring.h"
#include "stream.h"

/* --- who gets it --- */

static void wrong_questions(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION + 1 };
	struct holder h;

	if (!holder_connect(test, &h))
		return;
	KUNIT_EXPECT_EQ(test, test_attach(h.ss, &at), -EPROTO);
	at.abi_version = SDIRECT_ABI_VERSION;
	at.flags = 1;
	KUNIT_EXPECT_EQ(test, test_attach(h.ss, &at), -EINVAL);
	KUNIT_EXPECT_NULL(test, h.ss->region);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
}

static void nothing_to_map(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	struct test_conn *conn = test_connected(test, PF_INET);
	struct sdr_sock *a = test_end(test, conn->end[0]->sk, true);
	struct sdr_sock *b = test_end(test, conn->end[1]->sk, false);
	struct sdr_sock *listener = test_end(test, conn->listener->sk, false);

	KUNIT_EXPECT_EQ(test, test_attach(listener, &at), -ENOTCONN);
	/* Nobody has met; asking is looking. */
	KUNIT_EXPECT_EQ(test, test_attach(a, &at), -EAGAIN);
	KUNIT_EXPECT_EQ(test, a->rdv, SDR_RDV_POSTED);
	KUNIT_EXPECT_TRUE(test, test_leave(a));
	KUNIT_EXPECT_EQ(test, test_attach(a, &at), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, test_attach(b, &at), -EAGAIN);
	KUNIT_EXPECT_NULL(test, a->region);
	KUNIT_EXPECT_NULL(test, b->region);
}

static void paired_but_cold(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct sdr_sock *ss = sdr_sk(conn->end[0]->sk);

	ss->stay_tcp = true;
	KUNIT_EXPECT_EQ(test, test_attach(ss, &at), -EAGAIN);
	KUNIT_EXPECT_NULL(test, ss->region);
}

static void granted(struct kunit *test)
{
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.peer));
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_LEASES), 1);
	KUNIT_EXPECT_EQ(test, h.at.side, h.ss->side);
	KUNIT_EXPECT_EQ(test, h.at.tx_epoch, test_kern(h.ss)->tx_epoch);
	KUNIT_EXPECT_EQ(test, h.at.rx_epoch, test_kern(h.ss)->rx_epoch);
	KUNIT_EXPECT_EQ(test, h.at.tx_size, h.ss->tx.seg->ring->size);
	KUNIT_EXPECT_EQ(test, h.at.rx_size, h.ss->rx.seg->ring->size);
	KUNIT_EXPECT_EQ(test, h.at.tx_base, h.ss->tx.seg->start);
	KUNIT_EXPECT_EQ(test, h.at.rx_base, h.ss->rx.seg->start);
	KUNIT_EXPECT_EQ(test, h.at.tx_length,
			PAGE_SIZE + 2 * (u64)h.at.tx_size);
	KUNIT_EXPECT_EQ(test, h.at.rx_length,
			2 * PAGE_SIZE + 2 * (u64)h.at.rx_size);
	KUNIT_EXPECT_NE(test, h.at.tx_offset, h.at.rx_offset);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)), h.at.tx_epoch);

	/* Once more is the same once more. */
	KUNIT_EXPECT_EQ(test, holder_attach(&h), 0);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_LEASES), 1);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKES), 0);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)), h.at.tx_epoch);
	holder_put_down(&h);
}

static void another_program(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	test_mm_switch(1);
	KUNIT_EXPECT_EQ(test, test_attach(h.ss, &at), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKES), 0);
	/* What nobody maps may be had, and what the other had is not seen. */
	test_mm_switch(0);
	holder_unmap(&h);
	test_mm_switch(1);
	h.ss->region->next_grant = jiffies;
	KUNIT_EXPECT_EQ(test, test_attach(h.ss, &at), 0);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKES), 1);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_LEASES), 2);
	test_mm_switch(0);
	KUNIT_EXPECT_EQ(test, holder_map(&h, false), 0);
	holder_put_down(&h);
}

/* --- the ends of things --- */

/* A reset must reach a sender that makes no system call. */
static void reset_is_seen(struct kunit *test)
{
	struct holder h;
	bool seen;

	if (!holder_take_up(test, &h))
		return;
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_closed)), 0);
	tcp_abort(h.peer->sk, ECONNRESET);
	seen = test_until(GET(test, KERN(&h, tx_closed)));
	KUNIT_EXPECT_TRUE(test, seen);
	holder_put_down(&h);
}

static void peers_close_is_seen(struct kunit *test)
{
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	sock_release(h.conn->end[1]);
	h.conn->end[1] = NULL;
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_closed)), 1);
	holder_put_down(&h);
}

static void no_memory(struct kunit *test)
{
	unsigned int nth, failures = 0;
	bool came = true;

	if (!test_can_fail(test))
		return;
	for (nth = 1; came && nth < TEST_NTH_MAX; nth++) {
		struct holder h;
		int err;

		if (!holder_connect(test, &h) || !test_mm_use(test))
			return;
		test_fail_nth(nth);
		err = holder_attach(&h);
		came = test_failed();
		failures += !!err;
		KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
		KUNIT_EXPECT_EQ(test, sdr_lease_held(h.ss), !err);
		if (err) {
			KUNIT_EXPECT_NULL(test, h.ss->region);
			KUNIT_EXPECT_EQ(test, holder_attach(&h), 0);
		}
		test_close(h.conn);
		test_mm_unuse();
	}
	KUNIT_EXPECT_FALSE(test, came);
	/* The region, its dummy page, an inode, a file. */
	KUNIT_EXPECT_GE(test, failures, 4 / 2);
}

static struct kunit_case lease_tests[] = {
	KUNIT_CASE(wrong_questions),
	KUNIT_CASE(nothing_to_map),
	KUNIT_CASE(paired_but_cold),
	KUNIT_CASE(granted),
	KUNIT_CASE(another_program),
	KUNIT_CASE(reset_is_seen),
	KUNIT_CASE(peers_close_is_seen),
	KUNIT_CASE(no_memory),
	{ }
};

struct kunit_suite sdr_lease_suite = {
	.name		= "sdirect_lease",
	.suite_init	= test_mm_init,
	.suite_exit	= test_mm_exit,
	.test_cases	= lease_tests,
};
