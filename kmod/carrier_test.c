// SPDX-License-Identifier: GPL-2.0
/*
 * A ring as a carrier, on pages alone: what it believes of what the ends have
 * written there, and when it rings.
 */
#include "compat.h"

#include <linux/sdirect_ring.h>

#include "carrier.h"
#include "fixture_test.h"
#include "ring.h"

#define SIZE	4096u
#define BASE	1000ull
#define OPEN	SDIRECT_POS_OPEN
#define TOP	(~0ull)

/*
 * struct rig - two flows on one ring; end 0 sends, end 1 receives
 */
struct rig {
	struct sdr_pair *pair;
	struct sdr_seg *seg;
	struct sdr_flow flow[2];
	struct sdr_tally tally[2];
	struct socket *sock;
};

static const struct sdr_carrier *const local = &sdr_carrier_local;

static struct sdirect_ctl_page *ctl(const struct rig *rig, int side)
{
	return sdr_pair_ctl(rig->pair, side);
}

static struct sdirect_kern_end *kern(const struct rig *rig, int side)
{
	return sdr_pair_kern(rig->pair, side);
}

/* Both ends stand at @tail and @head. */
static void place(struct rig *rig, u64 tail, u64 head)
{
	rig->flow[0].pos = tail;
	rig->flow[1].pos = max(head, BASE);
	ctl(rig, 0)->tx_tail = tail;
	ctl(rig, 1)->rx_head = head;
	rig->seg->end = OPEN;
}

static int carrier_init(struct kunit *test)
{
	struct rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);
	struct sdr_ring *ring;
	int i;

	if (!rig)
		return -ENOMEM;
	test->priv = rig;
	rig->pair = sdr_pair_alloc();
	if (!rig->pair || sdr_pair_pages(rig->pair, test_payer()) ||
	    test_bound(PF_INET, &rig->sock))
		return -ENOMEM;
	ring = sdr_ring_alloc(SIZE, test_payer());
	if (!ring)
		return -ENOMEM;
	rig->seg = sdr_seg_alloc(local, BASE, ring);
	if (!rig->seg) {
		sdr_ring_put(ring);
		return -ENOMEM;
	}
	for (i = 0; i < 2; i++) {
		rig->tally[i].all = sdr_net(&init_net)->stats;
		rig->flow[i].sk = rig->sock->sk;
		rig->flow[i].pair = rig->pair;
		rig->flow[i].side = i;
		rig->flow[i].seg = rig->seg;
		rig->flow[i].tally = &rig->tally[i];
	}
	place(rig, BASE, 0);
	return 0;
}

static void carrier_exit(struct kunit *test)
{
	struct rig *rig = test->priv;

	if (!rig)
		return;
	if (rig->seg)
		sdr_seg_free(rig->seg);
	sdr_pair_put(rig->pair);
	if (rig->sock)
		sock_release(rig->sock);
}

static ssize_t put(struct rig *rig, size_t n)
{
	struct msghdr msg = { };
	struct kvec vec = { .iov_base = kmalloc(n, GFP_KERNEL), .iov_len = n };
	ssize_t ret;

	if (!vec.iov_base)
		return -ENOMEM;
	test_fill(vec.iov_base, rig->flow[0].pos, n);
	iov_iter_kvec(&msg.msg_iter, WRITE, &vec, 1, n);
	ret = local->send(&rig->flow[0], &msg, n);
	kfree(vec.iov_base);
	return ret;
}

static ssize_t take(struct rig *rig, size_t n, int flags)
{
	struct msghdr msg = { };
	struct kvec vec = { .iov_base = kzalloc(n, GFP_KERNEL), .iov_len = n };
	u64 pos = rig->flow[1].pos;
	ssize_t ret;

	if (!vec.iov_base)
		return -ENOMEM;
	iov_iter_kvec(&msg.msg_iter, READ, &vec, 1, n);
	ret = local->recv(&rig->flow[1], &msg, n, flags);
	if (ret > 0 && !(flags & MSG_TRUNC) &&
	    !test_same(vec.iov_base, pos, ret))
		ret = -EILSEQ;
	kfree(vec.iov_base);
	return ret;
}

/* --- what user space says of where it stands --- */

/*
 * struct word_case - positions, and whether they are believed
 * @known:	where the kernel knows the flow to be
 * @own:	what its page says
 * @peer:	what the other's page says
 * @end:	of the range
 */
struct word_case {
	const char *name;
	u64 known, own, peer, end;
	int ret;
};

static const struct word_case tx_words[] = {
	{ "nothing moved",	BASE, BASE, 0, OPEN, 0 },
	{ "moved",		BASE, BASE + 500, 0, OPEN, 0 },
	{ "moved further",	BASE + 500, BASE + 501, BASE + 9, OPEN, 0 },
	{ "full",		BASE, BASE + SIZE, 0, OPEN, 0 },
	{ "full, behind a reader", BASE + 99, BASE + SIZE + 7, BASE + 7, OPEN,
	  0 },
	{ "more than full",	BASE, BASE + SIZE + 1, 0, OPEN, -EPROTO },
	{ "back",		BASE + 500, BASE + 499, 0, OPEN, -EPROTO },
	{ "back to nothing",	BASE + 500, 0, 0, OPEN, -EPROTO },
	{ "far ahead",		BASE, TOP, 0, OPEN, -EPROTO },
	{ "peer ahead",		BASE, BASE + 5, BASE + 6, OPEN, -EPROTO },
};

static const struct word_case rx_words[] = {
	{ "nothing moved",	BASE, BASE, BASE, OPEN, 0 },
	{ "moved",		BASE, BASE + 500, BASE + 600, OPEN, 0 },
	{ "all read",		BASE, BASE + SIZE, BASE + SIZE, OPEN, 0 },
	{ "up to the seal",	BASE, BASE + 70, BASE + 70, BASE + 70, 0 },
	{ "beyond the tail",	BASE, BASE + 601, BASE + 600, OPEN, -EPROTO },
	{ "beyond the seal",	BASE, BASE + 71, BASE + 99, BASE + 70,
	  -EPROTO },
	{ "back",		BASE + 50, BASE + 49, BASE + 60, OPEN,
	  -EPROTO },
	{ "far ahead",		BASE, TOP, BASE + 60, OPEN, -EPROTO },
	{ "both far ahead",	BASE, TOP - 1, TOP - 1, OPEN, 0 },
	{ "tail too far",	BASE, BASE + 1, BASE + SIZE + 2, OPEN,
	  -EPROTO },
};

TEST_PARAM(tx_word, tx_words);
TEST_PARAM(rx_word, rx_words);

static void sync_tx(struct kunit *test)
{
	const struct word_case *c = test->param_value;
	struct rig *rig = test->priv;
	struct sdr_flow *tx = &rig->flow[0];

	tx->pos = c->known;
	ctl(rig, 0)->tx_tail = c->own;
	ctl(rig, 1)->rx_head = c->peer;
	KUNIT_EXPECT_EQ(test, local->sync_tx(tx), c->ret);
	KUNIT_EXPECT_EQ(test, tx->pos, c->ret ? c->known : c->own);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(tx->tally, SDR_STAT_RING_TX),
			tx->pos - c->known);
}

static void sync_rx(struct kunit *test)
{
	const struct word_case *c = test->param_value;
	struct rig *rig = test->priv;
	struct sdr_flow *rx = &rig->flow[1];

	rx->pos = c->known;
	ctl(rig, 1)->rx_head = c->own;
	ctl(rig, 0)->tx_tail = c->peer;
	rig->seg->end = c->end;
	KUNIT_EXPECT_EQ(test, local->sync_rx(rx), c->ret);
	KUNIT_EXPECT_EQ(test, rx->pos, c->ret ? c->known : c->own);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(rx->tally, SDR_STAT_RING_RX),
			rx->pos - c->known);
}

/* Operations are counted if there can have been so many. */
static void user_operations(struct kunit *test)
{
	static const struct {
		u64 bytes, ops, counted;
	} cases[] = { { 10, 1, 1 }, { 10, 10, 10 }, { 10, 11, 0 },
		      { 10, TOP, 0 } };
	struct rig *rig = test->priv;
	struct sdr_flow *tx = &rig->flow[0];
	u64 before, now;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		before = sdr_tally_read(tx->tally, SDR_STAT_USER_TX_MSGS);
		ctl(rig, 0)->tx_tail += cases[i].bytes;
		ctl(rig, 0)->tx_ops = tx->user_ops + cases[i].ops;
		KUNIT_EXPECT_EQ(test, local->sync_tx(tx), 0);
		now = sdr_tally_read(tx->tally, SDR_STAT_USER_TX_MSGS);
		KUNIT_EXPECT_EQ(test, now - before, cases[i].counted);
	}
}

/* --- bytes --- */

static void bytes_go_round(struct kunit *test)
{
	struct rig *rig = test->priv;
	u64 total = 0;
	int i, n;

	for (i = 0; i < 50; i++) {
		n = 1 + i * 997 % SIZE;
		KUNIT_EXPECT_EQ(test, put(rig, n), n);
		KUNIT_EXPECT_EQ(test, ctl(rig, 0)->tx_tail, rig->flow[0].pos);
		KUNIT_EXPECT_EQ(test, take(rig, n, MSG_PEEK), n);
		KUNIT_EXPECT_EQ(test, take(rig, n / 2 + 1, 0), n / 2 + 1);
		if (n > n / 2 + 1)
			KUNIT_EXPECT_EQ(test, take(rig, n, 0),
					n - n / 2 - 1);
		KUNIT_EXPECT_EQ(test, ctl(rig, 1)->rx_head, rig->flow[1].pos);
		total += n;
	}
	KUNIT_EXPECT_EQ(test, rig->flow[0].pos, BASE + total);
	KUNIT_EXPECT_EQ(test, rig->flow[1].pos, BASE + total);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(&rig->tally[0], SDR_STAT_RING_TX),
			total);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(&rig->tally[1], SDR_STAT_RING_RX),
			total);
}

static void full_and_empty(struct kunit *test)
{
	struct rig *rig = test->priv;

	KUNIT_EXPECT_EQ(test, take(rig, 10, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, put(rig, SIZE + 900), SIZE);
	KUNIT_EXPECT_EQ(test, put(rig, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, take(rig, 7, MSG_TRUNC), 7);
	KUNIT_EXPECT_EQ(test, put(rig, 100), 7);
	KUNIT_EXPECT_EQ(test, take(rig, 2 * SIZE, 0), SIZE);
	KUNIT_EXPECT_EQ(test, take(rig, 1, 0), -EAGAIN);
}

/* Nothing behind the seal is taken, whatever the tail says. */
static void the_seal_ends_it(struct kunit *test)
{
	struct rig *rig = test->priv;

	KUNIT_EXPECT_EQ(test, put(rig, 300), 300);
	rig->seg->end = BASE + 200;
	KUNIT_EXPECT_EQ(test, take(rig, 300, 0), 200);
	KUNIT_EXPECT_EQ(test, take(rig, 300, 0), -EAGAIN);
}

static void lying_peer(struct kunit *test)
{
	static const u64 heads[] = { BASE + 101, TOP, BASE + SIZE };
	static const u64 tails[] = { BASE + SIZE + 1, TOP, BASE - 1, 0 };
	struct rig *rig = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		place(rig, BASE + 100, BASE);
		ctl(rig, 1)->rx_head = heads[i];
		KUNIT_EXPECT_EQ(test, put(rig, 1), -EPROTO);
		KUNIT_EXPECT_EQ(test, rig->flow[0].pos, BASE + 100);
		KUNIT_EXPECT_EQ(test, ctl(rig, 0)->tx_tail, BASE + 100);
		KUNIT_EXPECT_TRUE(test, local->poll_tx(&rig->flow[0], rig->seg,
						       true));
	}
	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		place(rig, BASE, BASE);
		ctl(rig, 0)->tx_tail = tails[i];
		KUNIT_EXPECT_EQ(test, take(rig, 1, 0), -EPROTO);
		KUNIT_EXPECT_EQ(test, rig->flow[1].pos, BASE);
		KUNIT_EXPECT_EQ(test, ctl(rig, 1)->rx_head, BASE);
		KUNIT_EXPECT_EQ(test, local->poll_rx(&rig->flow[1], rig->seg,
						     SDR_ARM_ALWAYS), 1);
	}
}

/* A message whose memory is bad moves nothing and publishes nothing. */
static void bad_message(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct msghdr msg = { };
	struct iovec vec;

	import_single_range(WRITE, (void __user *)PAGE_SIZE, 50, &vec,
			    &msg.msg_iter);
	KUNIT_EXPECT_EQ(test, local->send(&rig->flow[0], &msg, 50), -EFAULT);
	KUNIT_EXPECT_EQ(test, rig->flow[0].pos, BASE);
	KUNIT_EXPECT_EQ(test, ctl(rig, 0)->tx_tail, BASE);
	KUNIT_EXPECT_EQ(test, put(rig, 50), 50);
	import_single_range(READ, (void __user *)PAGE_SIZE, 50, &vec,
			    &msg.msg_iter);
	KUNIT_EXPECT_EQ(test, local->recv(&rig->flow[1], &msg, 50, 0),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, rig->flow[1].pos, BASE);
	KUNIT_EXPECT_EQ(test, take(rig, 50, 0), 50);
}

/* --- polling --- */

static void poll_rx(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct sdr_flow *rx = &rig->flow[1];

	KUNIT_EXPECT_EQ(test, local->poll_rx(rx, rig->seg, SDR_ARM_EMPTY), 0);
	KUNIT_EXPECT_EQ(test, kern(rig, 1)->rx_want, BASE);
	KUNIT_EXPECT_EQ(test, put(rig, 30), 30);
	KUNIT_EXPECT_EQ(test, local->poll_rx(rx, rig->seg, SDR_ARM_EMPTY), 30);
	/* With bytes there nobody need be woken, unless he says so. */
	KUNIT_EXPECT_EQ(test, kern(rig, 1)->rx_want, BASE);
	KUNIT_EXPECT_EQ(test, local->poll_rx(rx, rig->seg, SDR_ARM_ALWAYS), 30);
	KUNIT_EXPECT_EQ(test, kern(rig, 1)->rx_want, BASE + 30);
	rig->seg->end = BASE + 10;
	KUNIT_EXPECT_EQ(test, local->poll_rx(rx, rig->seg, SDR_ARM_EMPTY), 10);
}

/* The sender is called when a quarter is free: not before, not never. */
static void poll_tx(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct sdr_flow *tx = &rig->flow[0];
	u64 want, head;
	int rings = 0;

	KUNIT_EXPECT_TRUE(test, local->poll_tx(tx, rig->seg, true));
	KUNIT_EXPECT_EQ(test, kern(rig, 0)->tx_want, 0);
	KUNIT_EXPECT_EQ(test, put(rig, SIZE - 100), SIZE - 100);
	KUNIT_EXPECT_FALSE(test, local->poll_tx(tx, rig->seg, false));
	KUNIT_EXPECT_EQ(test, kern(rig, 0)->tx_want, 0);
	KUNIT_EXPECT_FALSE(test, local->poll_tx(tx, rig->seg, true));
	want = kern(rig, 0)->tx_want;
	for (head = BASE; head < BASE + SIZE - 100; head++) {
		bool ring = sdirect_need_event(want, head + 1, head);

		ctl(rig, 1)->rx_head = head + 1;
		if (ring != (++rings == SIZE / 4 - 100))
			KUNIT_FAIL(test, "after %d bytes: %d", rings, ring);
		KUNIT_EXPECT_EQ(test, local->poll_tx(tx, rig->seg, false),
				rings >= SIZE / 4 - 100);
	}
}

static struct kunit_case carrier_tests[] = {
	KUNIT_CASE_PARAM(sync_tx, tx_word_gen_params),
	KUNIT_CASE_PARAM(sync_rx, rx_word_gen_params),
	KUNIT_CASE(user_operations),
	KUNIT_CASE(bytes_go_round),
	KUNIT_CASE(full_and_empty),
	KUNIT_CASE(the_seal_ends_it),
	KUNIT_CASE(lying_peer),
	KUNIT_CASE(bad_message),
	KUNIT_CASE(poll_rx),
	KUNIT_CASE(poll_tx),
	{ }
};

struct kunit_suite sdr_carrier_suite = {
	.name		= "sdirect_carrier",
	.init		= carrier_init,
	.exit		= carrier_exit,
	.test_cases	= carrier_tests,
};
