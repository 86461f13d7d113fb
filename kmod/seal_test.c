// SPDX-License-Identifier: GPL-2.0
/* Moving a stream to a ring: when, why not, and what if there is no memory. */
#include "compat.h"

#include <linux/mm.h>
#include <net/tcp.h>

#include "demote.h"
#include "fixture_test.h"
#include "rendezvous.h"
#include "stream.h"
#include "way_test.h"

#define FIRST	WAY_FIRST_RING

/* Without a word from anybody: five calls are enough. */
static void seals_by_itself(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct way way = way_of(conn, 0);
	int i;

	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
		KUNIT_EXPECT_FALSE(test, way_on_ring(&way));
	}
	KUNIT_EXPECT_TRUE(test, sdr_stream_seal_due(way_sender(&way)));
	KUNIT_EXPECT_TRUE(test, way_arrived(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_TRUE(test, way_on_ring(&way));
	KUNIT_EXPECT_EQ(test, way_sender(&way)->reason, SDIRECT_REASON_NONE);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(&way_sender(&way)->tally,
					     SDR_STAT_SEALS), 1);
	KUNIT_EXPECT_EQ(test, way_take(&way, 50, MSG_WAITALL), 50);
}

/* --- what keeps a stream on TCP --- */

static int four(struct way *way)
{
	tcp_sk(way->to->sk)->rcv_nxt += 4;
	return 0;
}

static int unfour(struct way *way)
{
	tcp_sk(way->to->sk)->rcv_nxt -= 4;
	return 0;
}

static int timestamps(struct way *way)
{
	sock_set_flag(way->to->sk, SOCK_RCVTSTAMP);
	return 0;
}

static int inq_message(struct way *way)
{
	tcp_sk(way->to->sk)->recvmsg_inq = 1;
	return 0;
}

static int leave(struct way *way)
{
	sdr_sock_leave(way_receiver(way));
	return 0;
}

static int stay(struct way *way)
{
	lock_sock(way->from->sk);
	sdr_sock_stay_tcp(way_sender(way), SDIRECT_REASON_OOB);
	release_sock(way->from->sk);
	return 0;
}

static int demote(struct way *way)
{
	sdr_demote(way_sender(way), SDR_DEMOTER_PROGRAM, true);
	return 0;
}

/* Each one's wish is its own. */
static int peer_demotes(struct way *way)
{
	sdr_demote(way_receiver(way), SDR_DEMOTER_PROGRAM, true);
	sdr_demote(way_sender(way), SDR_DEMOTER_PROGRAM, false);
	return 0;
}

static int admin_demotes(struct way *way)
{
	sdr_demote(way_sender(way), SDR_DEMOTER_ADMIN, true);
	sdr_demote(way_sender(way), SDR_DEMOTER_PROGRAM, false);
	sdr_demote(way_receiver(way), SDR_DEMOTER_ADMIN, false);
	return 0;
}

/* The receiver pays: its share of memory is used up but for two pages. */
static unsigned long most_of_it(void)
{
	rcu_barrier();
	return totalram_pages() / 16 - 2;
}

static struct sdr_quota *quota_of(const struct sdr_sock *ss)
{
	return sdr_quota_find(ss->owner.cred->euid);
}

static int exhaust(struct way *way)
{
	struct sdr_quota *quota = quota_of(way_receiver(way));
	int err = sdr_quota_charge(quota, most_of_it());

	sdr_quota_put(quota);
	return err;
}

static int recover(struct way *way)
{
	struct sdr_quota *quota = quota_of(way_receiver(way));

	sdr_quota_uncharge(quota, most_of_it());
	sdr_quota_put(quota);
	return 0;
}

/*
 * struct why_tcp - why a stream is not sealed
 * @spoil:	brings that about
 * @undo:	if the connection needs it to end
 * @reason:	what it says then
 */
struct why_tcp {
	const char *name;
	int (*spoil)(struct way *way);
	int (*undo)(struct way *way);
	enum sdirect_reason reason;
	bool for_good;
};

static const struct why_tcp whys[] = {
	{ "counts disagree", four, unfour, SDIRECT_REASON_COUNTS, true },
	{ "receiver wants time stamps", timestamps, NULL,
	  SDIRECT_REASON_OPTION, true },
	{ "receiver wants counts", inq_message, NULL, SDIRECT_REASON_OPTION,
	  true },
	{ "receiver's share used up", exhaust, recover,
	  SDIRECT_REASON_MEMORY, true },
	{ "an option", stay, NULL, SDIRECT_REASON_OOB, true },
	{ "finished", way_finish, NULL, SDIRECT_REASON_COLD, true },
	{ "peer gone", leave, NULL, SDIRECT_REASON_PEER_GONE, false },
	{ "the program", demote, NULL, SDIRECT_REASON_DEMOTED, false },
	{ "the peer's program", peer_demotes, NULL, SDIRECT_REASON_DEMOTED,
	  false },
	{ "an administrator", admin_demotes, NULL, SDIRECT_REASON_DEMOTED,
	  false },
};

TEST_PARAM(why, whys);

static void stays_on_tcp(struct kunit *test)
{
	const struct why_tcp *c = test->param_value;
	struct way way = test_way(test);
	struct sdirect_info info;

	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, way_take(&way, 10, MSG_WAITALL), 10);
	KUNIT_EXPECT_TRUE(test, way_arrived(&way));
	KUNIT_EXPECT_EQ(test, c->spoil(&way), 0);
	lock_sock(way.from->sk);
	KUNIT_EXPECT_FALSE(test, sdr_stream_seal_now(way_sender(&way)));
	release_sock(way.from->sk);
	KUNIT_EXPECT_FALSE(test, way_on_ring(&way));
	sdr_sock_info(way_sender(&way), &info);
	KUNIT_EXPECT_EQ(test, info.reason, c->reason);
	KUNIT_EXPECT_EQ(test, way_sender(&way)->stay_tcp, c->for_good);
	if (c->undo)
		c->undo(&way);
}

/* The receiver pays for rings that it leaves unread: there is an end to it. */
static void demoted_and_promoted(struct kunit *test)
{
	struct way way = test_way(test);
	struct sdr_sock *ss = way_sender(&way);
	int i, rings = 0;

	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_TRUE(test, way_arrived(&way));
		rings += way_seal(&way);
		KUNIT_EXPECT_EQ(test, way_put(&way, 100, 0), 100);
		sdr_demote(ss, SDR_DEMOTER_ADMIN, true);
		KUNIT_EXPECT_EQ(test, way_put(&way, 100, 0), 100);
		KUNIT_EXPECT_FALSE(test, way_on_ring(&way));
		sdr_demote(ss, SDR_DEMOTER_ADMIN, false);
	}
	KUNIT_EXPECT_EQ(test, rings, 4);
	KUNIT_EXPECT_EQ(test, way_put(&way, 100, 0), 100);
	KUNIT_EXPECT_EQ(test, ss->reason, SDIRECT_REASON_COLD);
	KUNIT_EXPECT_EQ(test, way_take(&way, 2100, MSG_WAITALL), 2100);
	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 100, 0), 100);
	KUNIT_EXPECT_EQ(test, way_take(&way, 100, MSG_WAITALL), 100);
}

/* Bytes under way: not yet, unless the stream is never quiet. */
static void bytes_under_way(struct kunit *test)
{
	struct way way = test_way(test);
	struct tcp_sock *tp = tcp_sk(way.from->sk);
	int busy;

	for (busy = 0; busy < 2; busy++) {
		bool sealed;

		lock_sock(way.from->sk);
		sdr_stream_join(way_sender(&way), &way_sender(&way)->tx, true);
		tp->write_seq += 8;
		if (busy)
			way_sender(&way)->tx.pos += 256u << 10;
		sealed = sdr_stream_seal_now(way_sender(&way));
		KUNIT_EXPECT_EQ(test, sealed, !!busy);
		tp->write_seq -= 8;
		release_sock(way.from->sk);
	}
	KUNIT_EXPECT_FALSE(test, way_sender(&way)->stay_tcp);
	/* The positions are not true: this connection ends here. */
	lock_sock(way.from->sk);
	way_sender(&way)->stay_tcp = true;
	release_sock(way.from->sk);
}

/* --- memory --- */

/* All of what fails is a stream that goes on by TCP. */
static void no_memory_for_a_ring(struct kunit *test)
{
	unsigned int nth, failures = 0;
	bool came = true;

	if (!test_can_fail(test))
		return;
	for (nth = 1; came && nth < TEST_NTH_MAX; nth++) {
		struct way way = test_way(test);
		bool sealed;

		KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
		KUNIT_EXPECT_TRUE(test, way_arrived(&way));
		lock_sock(way.from->sk);
		test_fail_nth(nth);
		sealed = sdr_stream_seal_now(way_sender(&way));
		came = test_failed();
		release_sock(way.from->sk);
		KUNIT_EXPECT_EQ(test, sealed, way_on_ring(&way));
		KUNIT_EXPECT_EQ(test, way_sender(&way)->reason,
				sealed ? SDIRECT_REASON_NONE :
				SDIRECT_REASON_MEMORY);
		failures += !sealed;
		KUNIT_EXPECT_EQ(test, way_put(&way, 3000, 0), 3000);
		KUNIT_EXPECT_EQ(test, way_take(&way, 3010, MSG_WAITALL), 3010);
	}
	KUNIT_EXPECT_FALSE(test, came);
	/* The way back, three pages, the ring, its four pages, the range. */
	KUNIT_EXPECT_GE(test, failures, 10 / 2);
}

static void no_memory_to_grow(struct kunit *test)
{
	unsigned int nth, failures = 0;
	bool came = true;

	if (!test_can_fail(test))
		return;
	for (nth = 1; came && nth < TEST_NTH_MAX; nth++) {
		struct way way = test_way(test);

		KUNIT_EXPECT_TRUE(test, way_seal(&way));
		KUNIT_EXPECT_EQ(test, way_put(&way, FIRST, 0), FIRST);
		lock_sock(way.from->sk);
		test_fail_nth(nth);
		KUNIT_EXPECT_TRUE(test, sdr_stream_grow(way_sender(&way)));
		came = test_failed();
		release_sock(way.from->sk);
		failures += !way_on_ring(&way);
		KUNIT_EXPECT_EQ(test, way_sender(&way)->stay_tcp, !way_on_ring(&way));
		KUNIT_EXPECT_EQ(test, way_put(&way, 3000, 0), 3000);
		KUNIT_EXPECT_EQ(test, way_take(&way, FIRST + 3000, MSG_WAITALL),
				FIRST + 3000);
	}
	KUNIT_EXPECT_FALSE(test, came);
	KUNIT_EXPECT_GE(test, failures, 18 / 2);
}

/* The way back needs no memory: it must not fail. */
static void way_back_without_memory(struct kunit *test)
{
	struct way way = test_way(test);
	int err;

	if (!test_can_fail(test))
		return;
	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 100, 0), 100);
	lock_sock(way.from->sk);
	test_fail_nth(1);
	err = sdr_stream_to_tcp(way_sender(&way), SDIRECT_REASON_OOB);
	KUNIT_EXPECT_FALSE(test, test_failed());
	release_sock(way.from->sk);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_FALSE(test, way_on_ring(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 100, 0), 100);
	KUNIT_EXPECT_EQ(test, way_take(&way, 200, MSG_WAITALL), 200);
}

static struct kunit_case seal_tests[] = {
	KUNIT_CASE(seals_by_itself),
	KUNIT_CASE(demoted_and_promoted),
	KUNIT_CASE_PARAM(stays_on_tcp, why_gen_params),
	KUNIT_CASE(bytes_under_way),
	KUNIT_CASE(no_memory_for_a_ring),
	KUNIT_CASE(no_memory_to_grow),
	KUNIT_CASE(way_back_without_memory),
	{ }
};

struct kunit_suite sdr_seal_suite = {
	.name		= "sdirect_seal",
	.test_cases	= seal_tests,
};
