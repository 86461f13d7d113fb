// SPDX-License-Identifier: GPL-2.0
/* The chain of carriers: seals, growth, the way back to TCP, and the end. */
#include "compat.h"

#include <linux/mm.h>
#include <linux/sdirect_ring.h>
#include <net/tcp.h>

#include "fixture_test.h"
#include "pair.h"
#include "rendezvous.h"
#include "ring.h"
#include "stream.h"

#define FIRST	16384u		/* the first ring */

/*
 * struct way - one direction of a connection
 * @from, @to:	its ends
 * @sent, @got:	bytes so far
 */
struct way {
	struct socket *from, *to;
	u64 sent, got;
};

static struct way way_of(struct test_conn *conn, int from)
{
	struct way way = { .from = conn->end[from], .to = conn->end[!from] };

	return way;
}

static struct sdr_sock *sender(const struct way *way)
{
	return sdr_sk(way->from->sk);
}

static struct sdr_sock *receiver(const struct way *way)
{
	return sdr_sk(way->to->sk);
}

static bool on_ring(const struct way *way)
{
	return !!sender(way)->tx.seg->ring;
}

static int put(struct way *way, size_t n, int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = kvmalloc(n, GFP_KERNEL), .iov_len = n };
	int ret;

	if (!vec.iov_base)
		return -ENOMEM;
	test_fill(vec.iov_base, way->sent, n);
	ret = kernel_sendmsg(way->from, &msg, &vec, 1, n);
	kvfree(vec.iov_base);
	if (ret > 0)
		way->sent += ret;
	return ret;
}

static int take(struct way *way, size_t n, int flags)
{
	struct kvec vec = { .iov_base = kvzalloc(n, GFP_KERNEL), .iov_len = n };
	struct msghdr msg = { };
	int ret;

	if (!vec.iov_base)
		return -ENOMEM;
	ret = kernel_recvmsg(way->to, &msg, &vec, 1, n, flags);
	if (ret > 0 && !(flags & MSG_TRUNC) &&
	    !test_same(vec.iov_base, way->got, ret))
		ret = -EILSEQ;
	if (ret > 0 && !(flags & MSG_PEEK))
		way->got += ret;
	kvfree(vec.iov_base);
	return ret;
}

/* Has all that TCP carries arrived? */
static bool arrived(const struct way *way)
{
	return test_until(!sdr_rendezvous_counts(sender(way), receiver(way)));
}

static bool seal(struct way *way)
{
	bool sealed;

	arrived(way);
	lock_sock(way->from->sk);
	sealed = sdr_stream_seal_now(sender(way));
	release_sock(way->from->sk);
	return sealed;
}

static bool grow(struct way *way)
{
	bool grown;

	lock_sock(way->from->sk);
	grown = sdr_stream_grow(sender(way));
	release_sock(way->from->sk);
	return grown;
}

static int to_tcp(struct way *way)
{
	int err;

	lock_sock(way->from->sk);
	err = sdr_stream_to_tcp(sender(way), SDIRECT_REASON_OPTION);
	release_sock(way->from->sk);
	return err;
}

/* --- scripts --- */

enum op { END, SEND, RECV, PEEK, DROP, SEAL, GROW, TCP };

struct op_n {
	enum op op;
	u32 n;
};

/*
 * struct script - what is done to a stream
 * @ring:	the size of the ring that it ends on, 0: TCP
 */
struct script {
	const char *name;
	u32 ring;
	struct op_n step[24];
};

static const struct script scripts[] = {
	{ "tcp only", 0, { { SEND, 100 }, { RECV, 100 } } },
	{ "sealed empty", FIRST, { { SEAL }, { SEND, 5000 }, { RECV, 5000 } } },
	{ "sealed behind bytes", FIRST, { { SEND, 3000 }, { SEAL },
	  { SEND, 5000 }, { RECV, 8000 } } },
	{ "read up to the seal", FIRST, { { SEND, 3000 }, { SEAL },
	  { RECV, 3000 }, { SEND, 10 }, { RECV, 10 } } },
	{ "read over the seal", FIRST, { { SEND, 3000 }, { SEAL },
	  { SEND, 10 }, { RECV, 2999 }, { RECV, 2 }, { RECV, 9 } } },
	{ "peek over the seal", FIRST, { { SEND, 3000 }, { SEAL },
	  { SEND, 10 }, { PEEK, 3010 }, { PEEK, 5 }, { RECV, 3010 } } },
	{ "drop over the seal", FIRST, { { SEND, 3000 }, { SEAL },
	  { SEND, 100 }, { DROP, 3050 }, { RECV, 50 } } },
	{ "round and round", FIRST, { { SEAL }, { SEND, 7000 }, { RECV, 6000 },
	  { SEND, 7000 }, { RECV, 6000 }, { SEND, 7000 }, { RECV, 6000 },
	  { SEND, 7000 }, { RECV, 6000 }, { SEND, 7000 }, { RECV, 6000 },
	  { RECV, 5000 } } },
	{ "grown empty", 4 * FIRST, { { SEAL }, { GROW }, { SEND, 50000 },
	  { RECV, 50000 } } },
	{ "grown when full", 4 * FIRST, { { SEAL }, { SEND, FIRST },
	  { GROW }, { SEND, 4 * FIRST }, { RECV, 5 * FIRST } } },
	{ "grows by itself", 16 * FIRST, { { SEAL }, { SEND, FIRST },
	  { SEND, 4 * FIRST }, { SEND, 16 * FIRST }, { PEEK, 90000 },
	  { RECV, 20000 }, { RECV, 21 * FIRST - 20000 } } },
	{ "grown while read", 16 * FIRST, { { SEAL }, { SEND, FIRST },
	  { RECV, 1000 }, { GROW }, { SEND, 100 }, { RECV, FIRST - 1000 },
	  { GROW }, { SEND, 9 * FIRST }, { RECV, 9 * FIRST + 100 } } },
	{ "back to tcp", 0, { { SEAL }, { SEND, 100 }, { TCP }, { SEND, 100 },
	  { RECV, 200 } } },
	{ "back to tcp, read before", 0, { { SEAL }, { SEND, 100 },
	  { RECV, 100 }, { TCP }, { SEND, 100 }, { RECV, 100 } } },
	{ "there and back twice", FIRST, { { SEND, 50 }, { SEAL },
	  { SEND, 500 }, { TCP }, { SEND, 60 }, { SEAL }, { SEND, 600 },
	  { TCP }, { SEND, 70 }, { SEAL }, { SEND, 700 }, { RECV, 49 },
	  { RECV, 2 }, { RECV, 600 }, { RECV, 1329 } } },
	{ "peek up to tcp's second", 0, { { SEND, 50 }, { SEAL },
	  { SEND, 500 }, { TCP }, { SEND, 60 }, { PEEK, 550 },
	  { RECV, 610 } } },
	{ "ranges without a byte", 0, { { SEAL }, { TCP }, { SEAL }, { GROW },
	  { TCP }, { SEND, 1 }, { RECV, 1 } } },
	{ "empty ranges between", FIRST, { { SEND, 9 }, { SEAL }, { TCP },
	  { SEAL }, { SEND, 9 }, { TCP }, { SEAL }, { GROW }, { TCP },
	  { SEAL }, { SEND, 9 }, { RECV, 27 } } },
};

static void script_name(const struct script *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(script, scripts, script_name);

static int play(struct way *way, const struct op_n *step)
{
	switch (step->op) {
	case SEND:
		return put(way, step->n, 0);
	case RECV:
		return take(way, step->n, MSG_WAITALL);
	case PEEK:
		return take(way, step->n, MSG_WAITALL | MSG_PEEK);
	case DROP:
		return take(way, step->n, MSG_WAITALL | MSG_TRUNC);
	case SEAL:
		return seal(way) ? 0 : -EAGAIN;
	case GROW:
		return grow(way) ? 0 : -EAGAIN;
	case TCP:
		return to_tcp(way);
	default:
		return -EINVAL;
	}
}

static u32 ring_size(const struct way *way)
{
	return on_ring(way) ? sender(way)->tx.seg->ring->size : 0;
}

static void run_script(struct kunit *test, const struct script *s,
		       struct way *way)
{
	const struct op_n *step;
	u64 left;

	for (step = s->step; step->op; step++) {
		int n = step - s->step;

		KUNIT_EXPECT_EQ_MSG(test, play(way, step), step->n, "step %d",
				    n);
		left = way->sent - way->got;
		KUNIT_EXPECT_TRUE_MSG(test,
				      test_until(sdr_stream_inq(receiver(way)) ==
						 left), "step %d", n);
	}
	KUNIT_EXPECT_EQ(test, way->sent, way->got);
	KUNIT_EXPECT_EQ(test, ring_size(way), s->ring);
	KUNIT_EXPECT_EQ(test, take(way, 1, MSG_DONTWAIT), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, sdr_stream_ring_unread(receiver(way)));
	KUNIT_EXPECT_TRUE(test, test_until(!sdr_stream_outq(sender(way))));
}

/* One direction after the other, over the same connection. */
static void bytes_keep_their_order(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	int i;

	for (i = 0; i < 2; i++) {
		struct way way = way_of(conn, i);

		run_script(test, test->param_value, &way);
	}
}

/* Without a word from anybody: five calls are enough. */
static void seals_by_itself(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct way way = way_of(conn, 0);
	int i;

	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
		KUNIT_EXPECT_FALSE(test, on_ring(&way));
	}
	KUNIT_EXPECT_TRUE(test, sdr_stream_seal_due(sender(&way)));
	KUNIT_EXPECT_TRUE(test, arrived(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
	KUNIT_EXPECT_TRUE(test, on_ring(&way));
	KUNIT_EXPECT_EQ(test, sender(&way)->reason, SDIRECT_REASON_NONE);
	KUNIT_EXPECT_EQ(test, sdr_tally_read(&sender(&way)->tally,
					     SDR_STAT_SEALS), 1);
	KUNIT_EXPECT_EQ(test, take(&way, 50, MSG_WAITALL), 50);
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
	sdr_sock_leave(receiver(way));
	return 0;
}

static int finish(struct way *way)
{
	return kernel_sock_shutdown(way->from, SHUT_WR);
}

static int stay(struct way *way)
{
	lock_sock(way->from->sk);
	sdr_sock_stay_tcp(sender(way), SDIRECT_REASON_OOB);
	release_sock(way->from->sk);
	return 0;
}

/* The receiver pays: its share of memory is used up but for two pages. */
static unsigned long most_of_it(void)
{
	rcu_barrier();
	return totalram_pages() / 16 - 2;
}

static int exhaust(struct way *way)
{
	return sdr_quota_charge(receiver(way)->quota, most_of_it());
}

static int recover(struct way *way)
{
	sdr_quota_uncharge(receiver(way)->quota, most_of_it());
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
	{ "finished", finish, NULL, SDIRECT_REASON_COLD, true },
	{ "peer gone", leave, NULL, SDIRECT_REASON_COLD, false },
};

static void why_name(const struct why_tcp *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(why, whys, why_name);

static void stays_on_tcp(struct kunit *test)
{
	const struct why_tcp *c = test->param_value;
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);

	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, take(&way, 10, MSG_WAITALL), 10);
	KUNIT_EXPECT_TRUE(test, arrived(&way));
	KUNIT_EXPECT_EQ(test, c->spoil(&way), 0);
	lock_sock(way.from->sk);
	KUNIT_EXPECT_FALSE(test, sdr_stream_seal_now(sender(&way)));
	release_sock(way.from->sk);
	KUNIT_EXPECT_FALSE(test, on_ring(&way));
	KUNIT_EXPECT_EQ(test, sender(&way)->reason, c->reason);
	KUNIT_EXPECT_EQ(test, sender(&way)->stay_tcp, c->for_good);
	if (c->undo)
		c->undo(&way);
}

/* Bytes under way: not yet, unless the stream is never quiet. */
static void bytes_under_way(struct kunit *test)
{
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
	struct tcp_sock *tp = tcp_sk(way.from->sk);
	int busy;

	for (busy = 0; busy < 2; busy++) {
		bool sealed;

		lock_sock(way.from->sk);
		sdr_stream_join(sender(&way), &sender(&way)->tx, true);
		tp->write_seq += 8;
		if (busy)
			sender(&way)->tx.pos += 256u << 10;
		sealed = sdr_stream_seal_now(sender(&way));
		KUNIT_EXPECT_EQ(test, sealed, !!busy);
		tp->write_seq -= 8;
		release_sock(way.from->sk);
	}
	KUNIT_EXPECT_FALSE(test, sender(&way)->stay_tcp);
	/* The positions are not true: this connection ends here. */
	lock_sock(way.from->sk);
	sender(&way)->stay_tcp = true;
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
		struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
		bool sealed;

		KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
		KUNIT_EXPECT_TRUE(test, arrived(&way));
		lock_sock(way.from->sk);
		test_fail_nth(nth);
		sealed = sdr_stream_seal_now(sender(&way));
		came = test_failed();
		release_sock(way.from->sk);
		KUNIT_EXPECT_EQ(test, sealed, on_ring(&way));
		KUNIT_EXPECT_EQ(test, sender(&way)->reason,
				sealed ? SDIRECT_REASON_NONE :
				SDIRECT_REASON_MEMORY);
		failures += !sealed;
		KUNIT_EXPECT_EQ(test, put(&way, 3000, 0), 3000);
		KUNIT_EXPECT_EQ(test, take(&way, 3010, MSG_WAITALL), 3010);
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
		struct way way = way_of(test_connected(test, PF_SDIRECT), 0);

		KUNIT_EXPECT_TRUE(test, seal(&way));
		KUNIT_EXPECT_EQ(test, put(&way, FIRST, 0), FIRST);
		lock_sock(way.from->sk);
		test_fail_nth(nth);
		KUNIT_EXPECT_TRUE(test, sdr_stream_grow(sender(&way)));
		came = test_failed();
		release_sock(way.from->sk);
		failures += !on_ring(&way);
		KUNIT_EXPECT_EQ(test, sender(&way)->stay_tcp, !on_ring(&way));
		KUNIT_EXPECT_EQ(test, put(&way, 3000, 0), 3000);
		KUNIT_EXPECT_EQ(test, take(&way, FIRST + 3000, MSG_WAITALL),
				FIRST + 3000);
	}
	KUNIT_EXPECT_FALSE(test, came);
	KUNIT_EXPECT_GE(test, failures, 18 / 2);
}

/* The way back needs no memory: it must not fail. */
static void way_back_without_memory(struct kunit *test)
{
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
	int err;

	if (!test_can_fail(test))
		return;
	KUNIT_EXPECT_TRUE(test, seal(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 100, 0), 100);
	lock_sock(way.from->sk);
	test_fail_nth(1);
	err = sdr_stream_to_tcp(sender(&way), SDIRECT_REASON_OOB);
	KUNIT_EXPECT_FALSE(test, test_failed());
	release_sock(way.from->sk);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_FALSE(test, on_ring(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 100, 0), 100);
	KUNIT_EXPECT_EQ(test, take(&way, 200, MSG_WAITALL), 200);
}

/* --- full and empty --- */

static __poll_t poll(struct socket *sock)
{
	return sdr_stream_poll(sdr_sk(sock->sk), 0, EPOLLIN | EPOLLOUT) &
		(EPOLLIN | EPOLLOUT);
}

static void full_ring(struct kunit *test)
{
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
	struct sock *sk = way.from->sk;

	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, FIRST);
	KUNIT_EXPECT_TRUE(test, seal(&way));
	KUNIT_EXPECT_FALSE(test, grow(&way));
	KUNIT_EXPECT_EQ(test, poll(way.from), EPOLLOUT);
	KUNIT_EXPECT_EQ(test, poll(way.to), 0);
	KUNIT_EXPECT_EQ(test, put(&way, FIRST + 5, 0), FIRST);
	KUNIT_EXPECT_EQ(test, put(&way, 1, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, poll(way.from), 0);
	KUNIT_EXPECT_EQ(test, poll(way.to), EPOLLIN);
	KUNIT_EXPECT_EQ(test, sdr_stream_outq(sender(&way)), FIRST);
	KUNIT_EXPECT_EQ(test, take(&way, FIRST / 4, 0), FIRST / 4);
	KUNIT_EXPECT_EQ(test, poll(way.from), EPOLLOUT);
	KUNIT_EXPECT_EQ(test, put(&way, FIRST, 0), FIRST / 4);
	KUNIT_EXPECT_EQ(test, take(&way, FIRST, 0), FIRST);
	KUNIT_EXPECT_EQ(test, poll(way.to), 0);
}

/*
 * struct ear - counts the wake-ups of a socket
 */
struct ear {
	wait_queue_entry_t wait;
	int heard;
};

static int hear(wait_queue_entry_t *wait, unsigned int mode, int sync,
		void *key)
{
	container_of(wait, struct ear, wait)->heard++;
	return 0;
}

/* Who looked and found nothing is woken by the first byte, and only by it. */
static void wakes_once(struct kunit *test)
{
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
	struct ear ear = { };

	KUNIT_EXPECT_TRUE(test, seal(&way));
	KUNIT_EXPECT_EQ(test, take(&way, 1, MSG_DONTWAIT), -EAGAIN);
	init_waitqueue_func_entry(&ear.wait, hear);
	add_wait_queue(sk_sleep(way.to->sk), &ear.wait);
	KUNIT_EXPECT_EQ(test, poll(way.to), 0);
	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, ear.heard, 1);
	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, ear.heard, 1);
	KUNIT_EXPECT_EQ(test, take(&way, 20, 0), 20);
	KUNIT_EXPECT_EQ(test, poll(way.to), 0);
	KUNIT_EXPECT_EQ(test, put(&way, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, ear.heard, 2);
	remove_wait_queue(sk_sleep(way.to->sk), &ear.wait);
	KUNIT_EXPECT_EQ(test, take(&way, 1, 0), 1);
}

/* --- ends that break the rules --- */

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
	struct sdr_sock *ss = sender(way);

	sdr_pair_ctl(ss->pair, ss->side)->tx_tail += FIRST + 1;
	return 0;
}

static int tail_goes_back(struct way *way)
{
	struct sdr_sock *ss = sender(way);

	sdr_pair_ctl(ss->pair, ss->side)->tx_tail = 0;
	return 0;
}

static int own_head_goes_back(struct way *way)
{
	struct sdr_sock *ss = receiver(way);

	sdr_pair_ctl(ss->pair, ss->side)->rx_head = 0;
	return 0;
}

static int own_head_too_far(struct way *way)
{
	struct sdr_sock *ss = receiver(way);

	sdr_pair_ctl(ss->pair, ss->side)->rx_head += 1;
	return 0;
}

struct liar {
	const char *name;
	bool read_first;	/* the reader is on the ring already */
	int (*lie)(struct way *way);
};

static const struct liar liars[] = {
	{ "bytes by TCP, reader on the ring", true, strangers_bytes },
	{ "bytes by TCP, reader before it", false, strangers_bytes },
	{ "tail too far", true, far_tail },
	{ "tail too far, reader before it", false, far_tail },
	{ "tail goes back", true, tail_goes_back },
	{ "own head goes back", true, own_head_goes_back },
	{ "own head beyond the tail", true, own_head_too_far },
};

static void liar_name(const struct liar *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(liar, liars, liar_name);

/* It costs them their connection, and nothing else. */
static void liars_are_reset(struct kunit *test)
{
	const struct liar *c = test->param_value;
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
	struct sdr_stats before, after;
	int n;

	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
	KUNIT_EXPECT_TRUE(test, seal(&way));
	if (c->read_first) {
		KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
		KUNIT_EXPECT_EQ(test, take(&way, 20, MSG_WAITALL), 20);
	}
	sdr_stats_sum(&init_net, &before);
	KUNIT_EXPECT_EQ(test, c->lie(&way), 0);
	do
		n = take(&way, 10, MSG_DONTWAIT);
	while (n > 0);
	KUNIT_EXPECT_EQ(test, n, -ECONNRESET);
	sdr_stats_sum(&init_net, &after);
	KUNIT_EXPECT_EQ(test, inet_sk_state_load(way.to->sk), TCP_CLOSE);
	KUNIT_EXPECT_EQ(test, after.v[SDR_STAT_FAILED],
			before.v[SDR_STAT_FAILED] + 1);
	KUNIT_EXPECT_TRUE(test, test_until(inet_sk_state_load(way.from->sk) ==
					   TCP_CLOSE));
	KUNIT_EXPECT_LT(test, put(&way, 10, 0), 0);
}

/* A sender finds out that its receiver lies. */
static void lying_receiver(struct kunit *test)
{
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
	struct sdr_sock *ss = receiver(&way);

	KUNIT_EXPECT_TRUE(test, seal(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
	sdr_pair_ctl(ss->pair, ss->side)->rx_head = 11;
	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), -ECONNRESET);
	KUNIT_EXPECT_EQ(test, inet_sk_state_load(way.from->sk), TCP_CLOSE);
}

/* --- the end of a stream --- */

static void end_comes_behind_the_ring(struct kunit *test)
{
	struct way way = way_of(test_connected(test, PF_SDIRECT), 0);
	struct way back = { .from = way.to, .to = way.from };

	KUNIT_EXPECT_EQ(test, put(&way, 10, 0), 10);
	KUNIT_EXPECT_TRUE(test, seal(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 700, 0), 700);
	KUNIT_EXPECT_EQ(test, finish(&way), 0);
	KUNIT_EXPECT_FALSE(test, on_ring(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 1, 0), -EPIPE);
	KUNIT_EXPECT_TRUE(test, test_until(way.to->sk->sk_shutdown &
					   RCV_SHUTDOWN));
	KUNIT_EXPECT_EQ(test, take(&way, 300, MSG_WAITALL), 300);
	KUNIT_EXPECT_EQ(test, take(&way, 900, MSG_WAITALL), 410);
	KUNIT_EXPECT_EQ(test, take(&way, 900, 0), 0);
	KUNIT_EXPECT_EQ(test, take(&way, 900, 0), 0);
	/* The other direction may still move to a ring. */
	KUNIT_EXPECT_TRUE(test, seal(&back));
	KUNIT_EXPECT_EQ(test, put(&back, 5000, 0), 5000);
	KUNIT_EXPECT_EQ(test, take(&back, 5000, MSG_WAITALL), 5000);
}

static void closing_with_bytes_unread(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct way way = way_of(conn, 0);
	struct sock *sk = way.from->sk;

	KUNIT_EXPECT_TRUE(test, seal(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 700, 0), 700);
	sock_release(conn->end[1]);
	conn->end[1] = NULL;
	KUNIT_EXPECT_TRUE(test, test_until(READ_ONCE(sk->sk_err)));
	KUNIT_EXPECT_EQ(test, sk->sk_err, ECONNRESET);
	KUNIT_EXPECT_EQ(test, put(&way, 1, 0), -ECONNRESET);
}

/* Who closes has not lost what he sent last. */
static void closing_behind_bytes(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct way way = way_of(conn, 0);

	KUNIT_EXPECT_TRUE(test, seal(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 700, 0), 700);
	KUNIT_EXPECT_TRUE(test, grow(&way));
	KUNIT_EXPECT_EQ(test, put(&way, 700, 0), 700);
	sock_release(conn->end[0]);
	conn->end[0] = NULL;
	KUNIT_EXPECT_EQ(test, take(&way, 2000, MSG_WAITALL), 1400);
	KUNIT_EXPECT_EQ(test, take(&way, 2000, 0), 0);
}

static struct kunit_case stream_tests[] = {
	KUNIT_CASE_PARAM(bytes_keep_their_order, script_gen_params),
	KUNIT_CASE(seals_by_itself),
	KUNIT_CASE_PARAM(stays_on_tcp, why_gen_params),
	KUNIT_CASE(bytes_under_way),
	KUNIT_CASE(no_memory_for_a_ring),
	KUNIT_CASE(no_memory_to_grow),
	KUNIT_CASE(way_back_without_memory),
	KUNIT_CASE(full_ring),
	KUNIT_CASE(wakes_once),
	KUNIT_CASE_PARAM(liars_are_reset, liar_gen_params),
	KUNIT_CASE(lying_receiver),
	KUNIT_CASE(end_comes_behind_the_ring),
	KUNIT_CASE(closing_with_bytes_unread),
	KUNIT_CASE(closing_behind_bytes),
	{ }
};

struct kunit_suite sdr_stream_suite = {
	.name		= "sdirect_stream",
	.test_cases	= stream_tests,
};
