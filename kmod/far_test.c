// SPDX-License-Identifier: GPL-2.0
/* Half pairs: the other end is on another host, which is played here. */
#include "compat.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "demote.h"
#include "far.h"
#include "fixture_test.h"
#include "rendezvous.h"
#include "ring.h"
#include "stream.h"

/**
 * struct fake - the far end, and what it was asked
 * @far:	what the core knows of it
 * @pair:	the pair
 * @ready:	what it answers
 * @keeps:	at @leave: bytes of the end that have not arrived
 * @begun:	where the ring began
 * @left:	where it ended
 * @kicks:	how often it was told to look
 * @brings:	at @spin: bytes that have come, and from where
 */
struct fake {
	struct sdr_far far;
	struct sdr_pair *pair;
	enum sdirect_reason ready;
	u32 keeps;
	u64 begun;
	u64 left;
	int kicks;
	u64 brings[2];
};

static struct sdr_carrier fake_carrier;

static struct fake *fake_of(struct sdr_far *far)
{
	return container_of(far, struct fake, far);
}

static void fake_ask(const struct sdr_far_who *who)
{
}

static void fake_kick(struct sdr_far *far)
{
	fake_of(far)->kicks++;
}

static enum sdirect_reason fake_ready(struct sdr_far *far, u32 *size)
{
	*size = min_t(u32, *size, PAGE_SIZE);
	return fake_of(far)->ready;
}

static int fake_begin(struct sdr_far *far, struct sdr_ring *ring, u64 pos)
{
	fake_of(far)->begun = pos;
	return 0;
}

static s64 fake_leave(struct sdr_far *far, u64 pos)
{
	fake_of(far)->left = pos;
	return pos - fake_of(far)->keeps;
}

/* What was on its way is there before the second look. */
static bool fake_spin(struct sdr_far *far, bool rx,
		      bool (*ready)(const void *arg), const void *arg)
{
	struct fake *fake = fake_of(far);
	bool before = ready(arg);

	if (!rx || !fake->brings[1])
		return before;
	sdr_far_wrote(fake->pair, fake->brings[0],
		      fake->brings[0] + fake->brings[1]);
	fake->brings[1] = 0;
	return !before && ready(arg);
}

static void fake_put(struct sdr_far *far)
{
	kfree(fake_of(far));
}

static const struct sdr_far_ops fake_ops = {
	.owner		= THIS_MODULE,
	.carrier	= &fake_carrier,
	.ask		= fake_ask,
	.kick		= fake_kick,
	.ready		= fake_ready,
	.begin		= fake_begin,
	.leave		= fake_leave,
	.spin		= fake_spin,
	.put		= fake_put,
};

/**
 * struct half - a half pair
 * @ss:		the own end, a client
 * @server:	the TCP socket at the other
 * @pair:	what sdr_rendezvous_far() has made of them
 * @fake:	the far end
 */
struct half {
	struct sdr_sock *ss;
	struct sock *server;
	struct sdr_pair *pair;
	struct fake *fake;
};

static struct fake *fake_new(struct kunit *test)
{
	struct fake *fake = kzalloc(sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->far.ops = &fake_ops;
	return fake;
}

static struct half half_of(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_INET);
	struct half half = {
		.ss = test_end(test, conn->end[0]->sk, true),
		.server = conn->end[1]->sk,
	};
	struct sdr_far_who who;

	fake_carrier = sdr_carrier_local;
	fake_carrier.id = SDIRECT_CARRIER_RDMA;
	test_meet(half.ss);
	who = sdr_far_who_is(half.ss);
	half.fake = fake_new(test);
	half.pair = sdr_rendezvous_far(&who, &half.fake->far);
	if (!half.pair)
		kfree(half.fake);
	KUNIT_ASSERT_NOT_NULL(test, half.pair);
	half.fake->pair = half.pair;
	return half;
}

static void half_end(struct half *half)
{
	sdr_far_close(half->pair);
	sdr_pair_put(half->pair);
}

/* --- meeting --- */

static void is_a_pair(struct kunit *test)
{
	struct half half = half_of(test);

	KUNIT_EXPECT_EQ(test, half.ss->rdv, SDR_RDV_PAIRED);
	KUNIT_EXPECT_PTR_EQ(test, half.ss->pair, half.pair);
	KUNIT_EXPECT_EQ(test, half.ss->side, SDR_NEAR_SIDE);
	KUNIT_EXPECT_FALSE(test, sdr_pair_gone(half.pair, SDR_FAR_SIDE));
	KUNIT_EXPECT_FALSE(test, sdr_stream_left(half.pair, half.ss->side));
	sdr_far_gone(half.pair);
	KUNIT_EXPECT_TRUE(test, sdr_stream_left(half.pair, half.ss->side));
	half_end(&half);
}

/* Who names anything but the connection itself does not get it. */
static void not_by_another_name(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_INET);
	struct sdr_sock *ss = test_end(test, conn->end[0]->sk, true);
	struct fake fake = { .far.ops = &fake_ops };
	struct sdr_far_who who;

	/* Before it waits, too. */
	who = sdr_far_who_is(ss);
	KUNIT_EXPECT_NULL(test, sdr_rendezvous_far(&who, &fake.far));
	test_meet(ss);
#define WRONG(field) do {						\
	who = sdr_far_who_is(ss);					\
	who.field = ~who.field;						\
	KUNIT_EXPECT_NULL(test, sdr_rendezvous_far(&who, &fake.far));	\
} while (0)
	WRONG(key.mine);
	WRONG(key.theirs);
	WRONG(saddr.s6_addr32[3]);
	WRONG(daddr.s6_addr32[3]);
	/* Of another family. */
	WRONG(saddr.s6_addr32[2]);
	WRONG(daddr.s6_addr32[2]);
	WRONG(sport);
	WRONG(dport);
#undef WRONG
	KUNIT_EXPECT_EQ(test, ss->rdv, SDR_RDV_POSTED);
}

/* --- sending --- */

static int to_tcp(struct sdr_sock *ss)
{
	int err;

	lock_sock(ss->sk);
	err = sdr_stream_to_tcp(ss, SDIRECT_REASON_DEMOTED);
	release_sock(ss->sk);
	return err;
}

static void waits_until_ready(struct kunit *test)
{
	struct half half = half_of(test);

	half.fake->ready = SDIRECT_REASON_COLD;
	KUNIT_EXPECT_FALSE(test, test_seal(half.ss));
	KUNIT_EXPECT_EQ(test, half.ss->reason, SDIRECT_REASON_COLD);
	half.fake->ready = SDIRECT_REASON_NONE;
	KUNIT_EXPECT_TRUE(test, test_seal(half.ss));
	half_end(&half);
}

/* TCP, a ring that begins behind it, and TCP again behind that. */
static void there_and_back(struct kunit *test)
{
	struct half half = half_of(test);
	struct sdr_sock *ss = half.ss;
	int kicks;

	KUNIT_EXPECT_EQ(test, test_put(ss, 0, 1000), 1000);
	KUNIT_EXPECT_EQ(test, test_tcp_recv(half.server, 0, 1000, 0), 1000);
	KUNIT_ASSERT_TRUE(test, test_seal(ss));
	KUNIT_EXPECT_EQ(test, half.fake->begun, 1000);
	KUNIT_EXPECT_PTR_EQ(test, ss->tx.seg->carrier,
			    (const struct sdr_carrier *)&fake_carrier);
	/* As if the far end waited for it. */
	KUNIT_EXPECT_EQ(test, sdr_far_sent(half.pair, 1000), 1000);
	kicks = half.fake->kicks;
	KUNIT_EXPECT_EQ(test, test_put(ss, 1000, 500), 500);
	KUNIT_EXPECT_GT(test, half.fake->kicks, kicks);
	KUNIT_EXPECT_EQ(test, sdr_far_sent(half.pair, 1500), 1500);

	KUNIT_EXPECT_EQ(test, to_tcp(ss), 0);
	KUNIT_EXPECT_EQ(test, half.fake->left, 1500);
	KUNIT_EXPECT_EQ(test, test_put(ss, 1500, 700), 700);
	KUNIT_EXPECT_EQ(test, test_tcp_recv(half.server, 1500, 700, 0), 700);
	half_end(&half);
}

/* The link has died: what the other host does not have goes by TCP, first. */
static void rest_is_sent_again(struct kunit *test)
{
	struct half half = half_of(test);
	struct sdr_sock *ss = half.ss;

	KUNIT_ASSERT_TRUE(test, test_seal(ss));
	/* Over the end of the ring, and past where it begins anew. */
	KUNIT_EXPECT_EQ(test, test_put(ss, 0, 3000), 3000);
	sdr_far_read(half.pair, 0, 2500);
	KUNIT_EXPECT_EQ(test, test_put(ss, 3000, 3000), 3000);
	half.fake->keeps = 3200;
	KUNIT_EXPECT_EQ(test, to_tcp(ss), 0);
	KUNIT_EXPECT_EQ(test, test_put(ss, 6000, 100), 100);
	KUNIT_EXPECT_EQ(test, test_tcp_recv(half.server, 2800, 3300,
					    MSG_WAITALL), 3300);
	half_end(&half);
}

static void full_ring_does_not_grow(struct kunit *test)
{
	struct half half = half_of(test);

	KUNIT_ASSERT_TRUE(test, test_seal(half.ss));
	KUNIT_EXPECT_EQ(test, test_put(half.ss, 0, 2 * PAGE_SIZE), (int)PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, test_put(half.ss, PAGE_SIZE, 1), -EAGAIN);
	sdr_far_read(half.pair, 0, 10);
	KUNIT_EXPECT_EQ(test, test_put(half.ss, PAGE_SIZE, PAGE_SIZE), 10);
	half_end(&half);
}

/* --- receiving --- */

static ssize_t take(struct sdr_sock *ss, u64 pos, size_t n)
{
	return test_take(ss, pos, n, MSG_DONTWAIT);
}

static void write_ring(struct sdr_ring *ring, u64 pos, size_t n)
{
	size_t done, chunk;

	for (done = 0; done < n; done += chunk) {
		void *to;

		chunk = n - done;
		to = sdr_ring_at(ring, pos + done, &chunk);
		test_fill(to, pos + done, chunk);
	}
}

static void receives(struct kunit *test)
{
	struct half half = half_of(test);
	struct sdr_sock *ss = half.ss;
	struct sdr_ring *ring;

	KUNIT_EXPECT_EQ(test, test_tcp_send(half.server, 0, 300, 0), 300);
	ring = sdr_far_ring(half.pair, 2 * PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, ring);
	/* Some is there before it is said where the ring begins. */
	write_ring(ring, 300, 1000);
	KUNIT_EXPECT_EQ(test, sdr_far_append(half.pair, ring, 300, 1000), 0);
	KUNIT_EXPECT_TRUE(test, test_until(sdr_stream_inq(ss) == 1300));
	write_ring(ring, 1300, 7000);
	sdr_far_wrote(half.pair, 1300, 8300);
	KUNIT_EXPECT_EQ(test, take(ss, 0, 300), 300);
	KUNIT_EXPECT_EQ(test, take(ss, 300, 8000), 8000);
	/* A ring ends where TCP goes on, which must wait its turn. */
	KUNIT_EXPECT_EQ(test, sdr_far_append(half.pair, NULL, 8300, 0), 0);
	KUNIT_EXPECT_EQ(test, test_tcp_send(half.server, 8300, 50, 0), 50);
	KUNIT_EXPECT_EQ(test, take(ss, 8300, 50), 50);
	half_end(&half);
}

/* Who waits looks first, and sleeps where nothing comes. */
static void looks_before_it_sleeps(struct kunit *test)
{
	struct half half = half_of(test);
	struct sdr_ring *ring = sdr_far_ring(half.pair, PAGE_SIZE);
	const struct sdr_tally *tally = &half.ss->tally;

	KUNIT_ASSERT_NOT_NULL(test, ring);
	write_ring(ring, 0, 1000);
	KUNIT_EXPECT_EQ(test, sdr_far_append(half.pair, ring, 0, 0), 0);
	half.ss->sk->sk_rcvtimeo = 1;
	half.fake->brings[1] = 500;
	KUNIT_EXPECT_EQ(test, test_take(half.ss, 0, 500, 0), 500);
	half.fake->brings[0] = 500;
	half.fake->brings[1] = 500;
	KUNIT_EXPECT_EQ(test, test_take(half.ss, 500, 500, 0), 500);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(tally, SDR_STAT_SLEEPS), 0);
	KUNIT_EXPECT_EQ(test, test_take(half.ss, 1000, 500, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(tally, SDR_STAT_SLEEPS), 1);
	half_end(&half);
}

/* Positions that another host has made up. */
static void ends_that_cannot_be(struct kunit *test)
{
	struct half half = half_of(test);
	struct sdr_ring *ring = sdr_far_ring(half.pair, PAGE_SIZE);
	struct sdr_sock *ss = half.ss;

	KUNIT_ASSERT_NOT_NULL(test, ring);
	KUNIT_EXPECT_EQ(test, test_tcp_send(half.server, 0, 300, 0), 300);
	KUNIT_EXPECT_TRUE(test, test_until(sdr_stream_inq(ss) == 300));
	KUNIT_EXPECT_EQ(test, take(ss, 0, 200), 200);
	/* TCP is said to have ended where the reader has been. */
	KUNIT_EXPECT_EQ(test, sdr_far_append(half.pair, sdr_ring_get(ring),
					     100, 50), 0);
	KUNIT_EXPECT_LT(test, take(ss, 200, 100), 0);
	KUNIT_EXPECT_TRUE(test, ss->failed);
	/* A ring is said to end before it begins. */
	KUNIT_EXPECT_EQ(test, sdr_far_append(half.pair, NULL, 99, 0), -EPROTO);
	KUNIT_EXPECT_EQ(test, sdr_far_append(half.pair, ring, 99, 0), -EPROTO);
	half_end(&half);
}

/* What was read is told in time, and no sooner than asked for. */
static void tells_what_was_read(struct kunit *test)
{
	struct half half = half_of(test);
	struct sdr_ring *ring = sdr_far_ring(half.pair, PAGE_SIZE);
	int kicks;

	KUNIT_ASSERT_NOT_NULL(test, ring);
	write_ring(ring, 0, 3000);
	KUNIT_EXPECT_EQ(test, sdr_far_append(half.pair, ring, 0, 3000), 0);
	KUNIT_EXPECT_EQ(test, sdr_far_got(half.pair, 1023), 0);
	kicks = half.fake->kicks;
	KUNIT_EXPECT_EQ(test, take(half.ss, 0, 1023), 1023);
	KUNIT_EXPECT_EQ(test, half.fake->kicks, kicks);
	KUNIT_EXPECT_EQ(test, take(half.ss, 1023, 1), 1);
	KUNIT_EXPECT_GT(test, half.fake->kicks, kicks);
	KUNIT_EXPECT_EQ(test, sdr_far_got(half.pair, 2047), 1024);
	half_end(&half);
}

/* --- wishes --- */

static void demoted_at_either_end(struct kunit *test)
{
	struct half half = half_of(test);
	struct sdr_ring *ring;

	sdr_demote(half.ss, SDR_DEMOTER_PROGRAM, true);
	KUNIT_EXPECT_TRUE(test, sdr_far_wish(half.pair));
	KUNIT_EXPECT_FALSE(test, test_seal(half.ss));
	KUNIT_EXPECT_NULL(test, sdr_far_ring(half.pair, PAGE_SIZE));
	sdr_demote(half.ss, SDR_DEMOTER_PROGRAM, false);
	KUNIT_EXPECT_FALSE(test, sdr_far_wish(half.pair));

	sdr_far_by_tcp(half.pair, false, true);
	KUNIT_EXPECT_FALSE(test, test_seal(half.ss));
	/* That is what goes there; what comes from there is asked for there. */
	ring = sdr_far_ring(half.pair, PAGE_SIZE);
	KUNIT_EXPECT_NOT_NULL(test, ring);
	sdr_ring_put(ring);
	sdr_far_by_tcp(half.pair, false, false);
	KUNIT_EXPECT_TRUE(test, test_seal(half.ss));
	half_end(&half);
}

static struct kunit_case far_tests[] = {
	KUNIT_CASE(is_a_pair),
	KUNIT_CASE(not_by_another_name),
	KUNIT_CASE(waits_until_ready),
	KUNIT_CASE(there_and_back),
	KUNIT_CASE(rest_is_sent_again),
	KUNIT_CASE(full_ring_does_not_grow),
	KUNIT_CASE(receives),
	KUNIT_CASE(looks_before_it_sleeps),
	KUNIT_CASE(ends_that_cannot_be),
	KUNIT_CASE(tells_what_was_read),
	KUNIT_CASE(demoted_at_either_end),
	{ }
};

struct kunit_suite sdr_far_suite = {
	.name		= "sdirect_far",
	.test_cases	= far_tests,
};
