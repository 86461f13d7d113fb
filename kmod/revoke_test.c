// SPDX-License-Identifier: GPL-2.0
/* How a lease is taken away, whatever its holder is doing. */
#include "compat.h"

#include <linux/mm.h>

#include "fixture_test.h"
#include "holder_test.h"
#include "lease.h"
#include "probe_test.h"
#include "region.h"
#include "ring.h"
#include "stream.h"

static void revoked(struct kunit *test)
{
	struct sdirect_settle settle;
	struct holder h;
	u64 tail;

	if (!holder_take_up(test, &h))
		return;
	PUT(test, 123, OWN(&h, tx_tail));
	test_revoke(h.ss);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKES), 1);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKE_FORCED), 0);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)),
			h.at.tx_epoch + 1);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, rx_epoch)),
			h.at.rx_epoch + 1);

	/* What is written now goes nowhere; what was written has counted. */
	tail = test_ctl(h.ss)->tx_tail;
	KUNIT_EXPECT_EQ(test, tail, 123);
	PUT(test, 4567, OWN(&h, tx_tail));
	PUT(test, 4567, (u64 __user *)(h.tx + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, test_ctl(h.ss)->tx_tail, tail);
	KUNIT_EXPECT_EQ(test,
			*(u64 *)page_address(h.ss->tx.seg->ring->pages[0]), 0);
	KUNIT_EXPECT_EQ(test, sdr_lease_settle(h.ss, &settle), 0);
	KUNIT_EXPECT_EQ(test, settle.tx_final, 123);
	KUNIT_EXPECT_EQ(test, settle.rx_final, 0);
	KUNIT_EXPECT_NULL(test, h.ss->region->unsettled);

	/* Nothing is there to be taken away again. */
	test_revoke(h.ss);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKES), 1);
	holder_put_down(&h);
}

static void comes_back_after_a_while(struct kunit *test)
{
	struct holder h;
	u32 old;

	if (!holder_take_up(test, &h))
		return;
	old = h.at.tx_epoch;
	test_revoke(h.ss);
	h.ss->region->next_grant = jiffies + 100 * HZ;
	KUNIT_EXPECT_EQ(test, holder_attach(&h), -EAGAIN);
	h.ss->region->next_grant = jiffies;
	KUNIT_EXPECT_EQ(test, holder_attach(&h), 0);
	KUNIT_EXPECT_NE(test, h.at.tx_epoch, old);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_LEASES), 2);
	holder_put_down(&h);
}

/* The more often it is taken away, the longer it stays away; not for ever. */
static void stays_away_longer(struct kunit *test)
{
	unsigned long before, after, away, next;
	struct holder h;
	int i;

	if (!holder_take_up(test, &h))
		return;
	for (i = 0; i < 100; i++) {
		before = jiffies;
		test_revoke(h.ss);
		after = jiffies;
		next = h.ss->region->next_grant;
		away = min_t(unsigned long, HZ, BIT(i / 8));
		KUNIT_EXPECT_TRUE(test, time_in_range(next, before + away,
						      after + away));
		h.ss->region->next_grant = jiffies;
		if (holder_attach(&h))
			KUNIT_FAIL(test, "not granted after %d times", i);
	}
	holder_put_down(&h);
}

/* Whoever has unmapped all of it need not wait. */
static void given_up(struct kunit *test)
{
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	holder_unmap(&h);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views), 0);
	h.ss->region->next_grant = jiffies - 1;
	test_revoke(h.ss);
	KUNIT_EXPECT_TRUE(test, time_before(h.ss->region->next_grant,
					    jiffies));
	KUNIT_EXPECT_EQ(test, holder_attach(&h), 0);
	holder_put_down(&h);
}

/*
 * struct call_case - a system call of the holder's, and the mark it made
 * @is_tx:	on the send direction
 * @tx, @rx:	the marks: 0 none, 1 this thread's, 2 another's
 * @kept:	the lease goes on
 */
struct call_case {
	const char *name;
	bool is_tx;
	int tx, rx;
	bool kept;
};

static const struct call_case call_cases[] = {
	{ "send, marked",		true, 1, 0, true },
	{ "send, both marked",		true, 1, 1, true },
	{ "send, not marked",		true, 0, 0, false },
	{ "send, marked by another",	true, 2, 0, false },
	{ "send, marked for receive",	true, 0, 1, false },
	{ "receive, marked",		false, 0, 1, true },
	{ "receive, not marked",	false, 0, 0, false },
	{ "receive, marked by another",	false, 0, 2, false },
	{ "receive, marked for send",	false, 1, 0, false },
};

TEST_PARAM(call, call_cases);

static u32 mark_of(int who)
{
	return who == 1 ? task_pid_vnr(current) : who == 2 ? 1 << 30 : 0;
}

static void calls(struct kunit *test)
{
	const struct call_case *c = test->param_value;
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	PUT(test, mark_of(c->tx), OWN(&h, tx_call));
	PUT(test, mark_of(c->rx), OWN(&h, rx_call));
	test_enter(h.ss, c->is_tx);
	KUNIT_EXPECT_EQ(test, sdr_lease_held(h.ss), c->kept);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKES), !c->kept);
	/* A mark counts only with the holder's memory around it. */
	test_mm_switch(1);
	test_enter(h.ss, c->is_tx);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
	test_mm_switch(0);
	holder_put_down(&h);
}

/*
 * struct inside_case - threads that are marked as inside an operation
 * @tx, @rx:	as in struct call_case
 * @other:	the call that takes the lease is another process's
 * @forced:	they are waited for in vain
 */
struct inside_case {
	const char *name;
	int tx, rx;
	bool other, forced;
};

static const struct inside_case inside_cases[] = {
	{ "nobody",			0, 0, false, false },
	{ "another, sending",		2, 0, false, true },
	{ "another, receiving",		0, 2, false, true },
	{ "another, both",		2, 2, false, true },
	{ "the caller itself",		1, 0, false, false },
	{ "the caller, receiving",	0, 1, false, false },
	{ "caller and another",		1, 2, false, true },
	/* A number of a thread means something within its process only. */
	{ "caller's namesake",		1, 0, true, true },
	{ "namesake, receiving",	0, 1, true, true },
};

TEST_PARAM(inside, inside_cases);

static void taken_from_inside(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	const struct inside_case *c = test->param_value;
	struct sdirect_settle settle;
	bool owed = c->tx || c->rx;
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	PUT(test, 77, OWN(&h, tx_tail));
	PUT(test, mark_of(c->tx), OWN(&h, tx_inside));
	PUT(test, mark_of(c->rx), OWN(&h, rx_inside));
	PUT(test, mark_of(2), OWN(&h, tx_call));
	PUT(test, mark_of(2), OWN(&h, rx_call));
	if (c->other)
		test_mm_switch(1);
	test_revoke(h.ss);
	if (c->other)
		test_mm_switch(0);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKE_FORCED), c->forced);
	KUNIT_EXPECT_EQ(test, !!h.ss->region->unsettled, owed);

	/* Until it has asked how far it came, nobody else gets the lease. */
	h.ss->region->next_grant = jiffies;
	test_mm_switch(1);
	if (owed)
		KUNIT_EXPECT_EQ(test, test_attach(h.ss, &at), -EAGAIN);
	KUNIT_EXPECT_EQ(test, sdr_lease_settle(h.ss, &settle), 0);
	KUNIT_EXPECT_EQ(test, !!h.ss->region->unsettled, owed);
	test_mm_switch(0);
	KUNIT_EXPECT_EQ(test, sdr_lease_settle(h.ss, &settle), 0);
	KUNIT_EXPECT_NULL(test, h.ss->region->unsettled);
	KUNIT_EXPECT_EQ(test, settle.tx_final, 77);

	/* A new lease begins without the marks of the old. */
	KUNIT_EXPECT_EQ(test, holder_attach(&h), 0);
	KUNIT_EXPECT_EQ(test, test_ctl(h.ss)->tx_inside, 0);
	KUNIT_EXPECT_EQ(test, test_ctl(h.ss)->rx_inside, 0);
	KUNIT_EXPECT_EQ(test, test_ctl(h.ss)->tx_call, 0);
	KUNIT_EXPECT_EQ(test, test_ctl(h.ss)->rx_call, 0);
	holder_put_down(&h);
}

/* One whose views are gone cannot be inside, whatever it has written. */
static void inside_and_unmapped(struct kunit *test)
{
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	PUT(test, mark_of(2), OWN(&h, tx_inside));
	holder_unmap(&h);
	test_revoke(h.ss);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKE_FORCED), 0);
	holder_put_down(&h);
}

/*
 * struct witness - sees how a lease is taken away, and acts for the holder
 * @probe:	what is watched
 * @ss:		whose lease
 * @mark:	the mark that a thread sets or clears in time
 * @held:	if the lease was held, at each of the first zaps
 * @epochs:	by how much the epoch had changed then
 * @old:	the epoch before
 */
struct witness {
	struct probe probe;
	struct sdr_sock *ss;
	u32 *mark;
	bool held[2];
	u32 epochs[2];
	u32 old;
};

static void sees_zap(struct probe *probe, unsigned long mapping)
{
	struct witness *w = container_of(probe, struct witness, probe);

	if (probe->hits < 2) {
		w->held[probe->hits] = sdr_lease_held(w->ss);
		w->epochs[probe->hits] = test_kern(w->ss)->tx_epoch - w->old;
	}
	/* The last moment for a mark: the page goes now. */
	if (!probe->hits)
		WRITE_ONCE(*w->mark, mark_of(2));
}

static void sees_sleep(struct probe *probe, unsigned long arg)
{
	struct witness *w = container_of(probe, struct witness, probe);

	if (probe->hits == 2)
		WRITE_ONCE(*w->mark, 0);
}

static bool watch(struct kunit *test, struct witness *w, const char *function)
{
	w->old = test_kern(w->ss)->tx_epoch;
	return probe_set(test, &w->probe, function);
}

/*
 * New epoch, zap, then the marks: a thread either sees the epoch, or its mark
 * is seen.  The second zap comes when nobody holds the lease any more.
 */
static void marked_before_the_zap(struct kunit *test)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct witness w = { .probe.enter = sees_zap };
		struct holder h;

		if (!holder_take_up(test, &h))
			return;
		w.ss = h.ss;
		w.mark = i ? &test_ctl(h.ss)->rx_inside :
			     &test_ctl(h.ss)->tx_inside;
		if (watch(test, &w, "unmap_mapping_range")) {
			test_revoke(h.ss);
			probe_clear(&w.probe);
			KUNIT_EXPECT_EQ(test, w.probe.hits, 2);
			KUNIT_EXPECT_TRUE(test, w.held[0]);
			KUNIT_EXPECT_EQ(test, w.epochs[0], 1);
			KUNIT_EXPECT_FALSE(test, w.held[1]);
			KUNIT_EXPECT_EQ(test, test_tally(h.ss,
							 SDR_STAT_REVOKE_FORCED),
					1);
			KUNIT_EXPECT_NOT_NULL(test, h.ss->region->unsettled);
		}
		holder_put_down(&h);
	}
}

/* Who leaves while it is waited for is not forced, and is waited for no more. */
static void leaves_in_time(struct kunit *test)
{
	struct witness w = { .probe.enter = sees_sleep };
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	PUT(test, mark_of(2), OWN(&h, tx_inside));
	w.ss = h.ss;
	w.mark = &test_ctl(h.ss)->tx_inside;
	if (watch(test, &w, "usleep_range_state")) {
		test_revoke(h.ss);
		probe_clear(&w.probe);
		KUNIT_EXPECT_EQ(test, w.probe.hits, 3);
		KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_REVOKE_FORCED),
				0);
		KUNIT_EXPECT_NULL(test, h.ss->region->unsettled);
	}
	holder_put_down(&h);
}

/* A ring that is replaced: one epoch changes, the lease stays. */
static void stale(struct kunit *test)
{
	struct sdirect_attach old;
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	old = h.at;
	lock_sock(h.ss->sk);
	KUNIT_EXPECT_TRUE(test, sdr_stream_grow(h.ss));
	release_sock(h.ss->sk);
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)), old.tx_epoch + 1);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, rx_epoch)), old.rx_epoch);
	vm_munmap(h.tx, h.at.tx_length);
	KUNIT_EXPECT_EQ(test, holder_attach(&h), 0);
	KUNIT_EXPECT_EQ(test, h.at.tx_size, 4 * old.tx_size);
	KUNIT_EXPECT_NE(test, h.at.tx_offset, old.tx_offset);
	h.tx = holder_map(&h, false);
	KUNIT_EXPECT_NE(test, h.tx, 0);
	KUNIT_EXPECT_EQ(test, test_tally(h.ss, SDR_STAT_LEASES), 1);
	holder_put_down(&h);
}

static struct kunit_case revoke_tests[] = {
	KUNIT_CASE(revoked),
	KUNIT_CASE(comes_back_after_a_while),
	KUNIT_CASE(stays_away_longer),
	KUNIT_CASE(given_up),
	KUNIT_CASE_PARAM(calls, call_gen_params),
	KUNIT_CASE_PARAM(taken_from_inside, inside_gen_params),
	KUNIT_CASE(inside_and_unmapped),
	KUNIT_CASE(marked_before_the_zap),
	KUNIT_CASE(leaves_in_time),
	KUNIT_CASE(stale),
	{ }
};

struct kunit_suite sdr_revoke_suite = {
	.name		= "sdirect_revoke",
	.suite_init	= test_mm_init,
	.suite_exit	= test_mm_exit,
	.test_cases	= revoke_tests,
};
