// SPDX-License-Identifier: GPL-2.0
/* The chain of carriers: what comes out is what went in; full, empty, the end. */
#include "compat.h"

#include <net/tcp.h>

#include "fixture_test.h"
#include "ring.h"
#include "stream.h"
#include "way_test.h"

#define FIRST	WAY_FIRST_RING

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
	{ "peek into tcp's second", 0, { { SEND, 50 }, { SEAL },
	  { SEND, 500 }, { TCP }, { SEND, 60 }, { PEEK, 590 }, { PEEK, 610 },
	  { RECV, 610 } } },
	{ "ranges without a byte", 0, { { SEAL }, { TCP }, { SEAL }, { GROW },
	  { TCP }, { SEND, 1 }, { RECV, 1 } } },
	{ "empty ranges between", FIRST, { { SEND, 9 }, { SEAL }, { TCP },
	  { SEAL }, { SEND, 9 }, { TCP }, { SEAL }, { GROW }, { TCP },
	  { SEAL }, { SEND, 9 }, { RECV, 27 } } },
};

TEST_PARAM(script, scripts);

static int play(struct way *way, const struct op_n *step)
{
	switch (step->op) {
	case SEND:
		return way_put(way, step->n, 0);
	case RECV:
		return way_take(way, step->n, MSG_WAITALL);
	case PEEK:
		return way_take(way, step->n, MSG_WAITALL | MSG_PEEK);
	case DROP:
		return way_take(way, step->n, MSG_WAITALL | MSG_TRUNC);
	case SEAL:
		return way_seal(way) ? 0 : -EAGAIN;
	case GROW:
		return way_grow(way) ? 0 : -EAGAIN;
	case TCP:
		return way_to_tcp(way);
	default:
		return -EINVAL;
	}
}

static u32 ring_size(const struct way *way)
{
	return way_on_ring(way) ? way_sender(way)->tx.seg->ring->size : 0;
}

static void run_script(struct kunit *test, const struct script *s,
		       struct way *way)
{
	const struct op_n *step;
	bool told;
	u64 left;

	for (step = s->step; step->op; step++) {
		int n = step - s->step;

		KUNIT_EXPECT_EQ_MSG(test, play(way, step), step->n, "step %d",
				    n);
		left = way->sent - way->got;
		told = test_until(sdr_stream_inq(way_receiver(way)) == left);
		KUNIT_EXPECT_TRUE_MSG(test, told, "step %d", n);
	}
	KUNIT_EXPECT_EQ(test, way->sent, way->got);
	KUNIT_EXPECT_EQ(test, ring_size(way), s->ring);
	KUNIT_EXPECT_EQ(test, way_take(way, 1, MSG_DONTWAIT), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, sdr_stream_ring_unread(way_receiver(way)));
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

/* --- full and empty --- */

static u16 poll(struct socket *sock)
{
	const __poll_t both = EPOLLIN | EPOLLOUT;

	return mangle_poll(sdr_stream_poll(sdr_sk(sock->sk), 0, both, false) &
			    both);
}

static void full_ring(struct kunit *test)
{
	struct way way = test_way(test);
	struct sock *sk = way.from->sk;

	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, FIRST);
	/* Both together are not enough for a larger one. */
	tcp_sk(sk)->snd_wnd = FIRST - 1;
	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_FALSE(test, way_grow(&way));
	KUNIT_EXPECT_EQ(test, poll(way.from), POLLOUT);
	KUNIT_EXPECT_EQ(test, poll(way.to), 0);
	KUNIT_EXPECT_EQ(test, way_put(&way, FIRST + 5, 0), FIRST);
	KUNIT_EXPECT_EQ(test, way_put(&way, 1, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, poll(way.from), 0);
	KUNIT_EXPECT_EQ(test, poll(way.to), POLLIN);
	KUNIT_EXPECT_EQ(test, sdr_stream_inq(way_receiver(&way)), FIRST);
	KUNIT_EXPECT_EQ(test, way_take(&way, FIRST / 4, 0), FIRST / 4);
	KUNIT_EXPECT_EQ(test, poll(way.from), POLLOUT);
	KUNIT_EXPECT_EQ(test, way_put(&way, FIRST, 0), FIRST / 4);
	KUNIT_EXPECT_EQ(test, way_take(&way, FIRST, 0), FIRST);
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
	struct way way = test_way(test);
	struct ear ear = { };

	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_take(&way, 1, MSG_DONTWAIT), -EAGAIN);
	init_waitqueue_func_entry(&ear.wait, hear);
	add_wait_queue(sk_sleep(way.to->sk), &ear.wait);
	KUNIT_EXPECT_EQ(test, poll(way.to), 0);
	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, ear.heard, 1);
	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, ear.heard, 1);
	KUNIT_EXPECT_EQ(test, way_take(&way, 20, 0), 20);
	KUNIT_EXPECT_EQ(test, poll(way.to), 0);
	KUNIT_EXPECT_EQ(test, way_put(&way, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, ear.heard, 2);
	remove_wait_queue(sk_sleep(way.to->sk), &ear.wait);
	KUNIT_EXPECT_EQ(test, way_take(&way, 1, 0), 1);
}

/* --- the end of a stream --- */

static void end_comes_behind_the_ring(struct kunit *test)
{
	struct way way = test_way(test);
	struct way back = { .from = way.to, .to = way.from };

	KUNIT_EXPECT_EQ(test, way_put(&way, 10, 0), 10);
	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 700, 0), 700);
	KUNIT_EXPECT_EQ(test, way_finish(&way), 0);
	KUNIT_EXPECT_FALSE(test, way_on_ring(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 1, 0), -EPIPE);
	KUNIT_EXPECT_TRUE(test, test_until(way.to->sk->sk_shutdown &
					   RCV_SHUTDOWN));
	KUNIT_EXPECT_EQ(test, way_take(&way, 300, MSG_WAITALL), 300);
	KUNIT_EXPECT_EQ(test, way_take(&way, 900, MSG_WAITALL), 410);
	KUNIT_EXPECT_EQ(test, way_take(&way, 900, 0), 0);
	KUNIT_EXPECT_EQ(test, way_take(&way, 900, 0), 0);
	/* The other direction may still move to a ring. */
	KUNIT_EXPECT_TRUE(test, way_seal(&back));
	KUNIT_EXPECT_EQ(test, way_put(&back, 5000, 0), 5000);
	KUNIT_EXPECT_EQ(test, way_take(&back, 5000, MSG_WAITALL), 5000);
}

static void closing_with_bytes_unread(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct way way = way_of(conn, 0);
	struct sock *sk = way.from->sk;

	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 700, 0), 700);
	sock_release(conn->end[1]);
	conn->end[1] = NULL;
	KUNIT_EXPECT_TRUE(test, test_until(READ_ONCE(sk->sk_err)));
	KUNIT_EXPECT_EQ(test, sk->sk_err, ECONNRESET);
	KUNIT_EXPECT_EQ(test, way_put(&way, 1, 0), -ECONNRESET);
}

/* Who closes has not lost what he sent last. */
static void closing_behind_bytes(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct way way = way_of(conn, 0);

	KUNIT_EXPECT_TRUE(test, way_seal(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 700, 0), 700);
	KUNIT_EXPECT_TRUE(test, way_grow(&way));
	KUNIT_EXPECT_EQ(test, way_put(&way, 700, 0), 700);
	sock_release(conn->end[0]);
	conn->end[0] = NULL;
	KUNIT_EXPECT_EQ(test, way_take(&way, 2000, MSG_WAITALL), 1400);
	KUNIT_EXPECT_EQ(test, way_take(&way, 2000, 0), 0);
}

static struct kunit_case stream_tests[] = {
	KUNIT_CASE_PARAM(bytes_keep_their_order, script_gen_params),
	KUNIT_CASE(full_ring),
	KUNIT_CASE(wakes_once),
	KUNIT_CASE(end_comes_behind_the_ring),
	KUNIT_CASE(closing_with_bytes_unread),
	KUNIT_CASE(closing_behind_bytes),
	{ }
};

struct kunit_suite sdr_stream_suite = {
	.name		= "sdirect_stream",
	.test_cases	= stream_tests,
};
