// SPDX-License-Identifier: GPL-2.0
/* Ends that break the rules: it costs them their connection, and nothing else. */
#include "compat.h"

#include <linux/sdirect_ring.h>
#include <net/tcp.h>

#include "fixture_test.h"
#include "pair.h"
#include "stream.h"
#include "way_test.h"

#define FIRST	WAY_FIRST_RING

/* Bytes by TCP that the sender never sent there. */
static int strangers_bytes(struct way *way)
{
	struct tcp_sock *tp = tcp_sk(way->to->sk);
	u32 before = tp->rcv_nxt;

	return test_tcp_send(way->from->sk, 0, 5, 0) != 5 ||
		!test_until(tp->rcv_nxt == before + 5);
}

static int far_tail(struct way *way)
{
	struct sdr_sock *ss = way_sender(way);

	test_ctl(ss)->tx_tail += FIRST + 1;
	return 0;
}

static int tail_goes_back(struct way *way)
{
	struct sdr_sock *ss = way_sender(way);

	test_ctl(ss)->tx_tail = 0;
	return 0;
}

static int own_head_goes_back(struct way *way)
{
	struct sdr_sock *ss = way_receiver(way);

	test_ctl(ss)->rx_head = 0;
	return 0;
}

static int own_head_too_far(struct way *way)
{
	struct sdr_sock *ss = way_receiver(way);

	test_ctl(ss)->rx_head += 1;
	return 0;
}

/*
 * struct liar - an end that lies when ten bytes by TCP lie before a ring
 * @read_first:	the reader is on the ring already, ten bytes further
 * @ring:	bytes that lie on the ring then
 * @lie:	does it
 */
struct liar {
	const char *name;
	bool read_first;
	u32 ring;
	int (*lie)(struct way *way);
};

static const struct liar liars[] = {
	{ "bytes by TCP, reader on the ring", true, 0, strangers_bytes },
	{ "bytes by TCP, reader before it", false, 0, strangers_bytes },
	/* What came by TCP cannot be in its place: so nor is what follows. */
	{ "bytes by TCP, more on the ring", false, 20, strangers_bytes },
	{ "tail too far", true, 0, far_tail },
	{ "tail too far, reader before it", false, 0, far_tail },
	{ "tail goes back", true, 0, tail_goes_back },
	{ "own head goes back", true, 0, own_head_goes_back },
	{ "own head beyond the tail", true, 0, own_head_too_far },
};

TEST_PARAM(liar, liars);

/* It costs them their connection, and nothing else. */
static void liars_are_reset(struct kunit *test)
{
	const struct liar *c = test->param_value;
	struct way way = test_way(test);
	u64 before;
	int n;

	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	if (c->read_first) {
		KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
		KUNIT_EXPECT_EQ(test, way_take(&way, 20, MSG_WAITALL), 20);
	}
	if (c->ring)
		KUNIT_EXPECT_EQ(test, way_put(&way, c->ring, 0), c->ring);
	before = test_counted(SDR_STAT_FAILED);
	KUNIT_EXPECT_EQ(test, c->lie(&way), 0);
	do
		n = way_take(&way, 10, MSG_DONTWAIT);
	while (n > 0);
	KUNIT_EXPECT_EQ(test, n, -ECONNRESET);
	KUNIT_EXPECT_EQ(test, way.got, c->read_first ? 20 : 10);
	KUNIT_EXPECT_EQ(test, inet_sk_state_load(way.to->sk), TCP_CLOSE);
	KUNIT_EXPECT_EQ(test, test_counted(SDR_STAT_FAILED), before + 1);
	KUNIT_EXPECT_TRUE(test, test_until(inet_sk_state_load(way.from->sk) ==
					   TCP_CLOSE));
	KUNIT_EXPECT_LT(test, way_put(&way, 10, 0), 0);
}

/* Nor is the ring shown to one that would read it without a call. */
static void liars_ring_is_not_shown(struct kunit *test)
{
	struct way way = test_way(test);
	struct sdr_sock *ss = way_receiver(&way);
	struct sdr_ring *ring;
	u64 base, before;

	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, way_take(&way, 10, MSG_WAITALL), 10);
	KUNIT_EXPECT_EQ(test, strangers_bytes(&way), 0);
	before = test_counted(SDR_STAT_NO_COUNTS);
	mutex_lock(&ss->rx_lock);
	ring = sdr_stream_ring_rx(ss, &base);
	mutex_unlock(&ss->rx_lock);
	KUNIT_EXPECT_NULL(test, ring);
	KUNIT_EXPECT_TRUE(test, sdr_flow_on_tcp(&ss->rx));
	KUNIT_EXPECT_EQ(test, test_counted(SDR_STAT_NO_COUNTS), before + 1);
}

/* A sender finds out that its receiver lies. */
static void lying_receiver(struct kunit *test)
{
	struct way way = test_way(test);
	struct sdr_sock *ss = way_receiver(&way);

	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	test_ctl(ss)->rx_head = 11;
	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), -ECONNRESET);
	KUNIT_EXPECT_EQ(test, inet_sk_state_load(way.from->sk), TCP_CLOSE);
}

static struct kunit_case liar_tests[] = {
	KUNIT_CASE_PARAM(liars_are_reset, liar_gen_params),
	KUNIT_CASE(liars_ring_is_not_shown),
	KUNIT_CASE(lying_receiver),
	{ }
};

struct kunit_suite sdr_liar_suite = {
	.name		= "sdirect_liar",
	.test_cases	= liar_tests,
};
