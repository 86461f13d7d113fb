// SPDX-License-Identifier: GPL-2.0
/* Tests of the bytes of a connection whose other host is played. */
#include "compat.h"

#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/tcp.h>

#include "ring.h"
#include "stream.h"
#include "rdma/net.h"
#include "rdma/wr.h"
#include "rdma_host_test.h"
#include "rdma_verbs_test.h"

/* The first @n positions go by TCP, so that ring and stream do not agree. */
#define BY_TCP	300

static struct test_host *host_up(struct kunit *test)
{
	struct test_host *host = host_new(test);

	host_calls(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 0, BY_TCP), BY_TCP);
	KUNIT_EXPECT_EQ(test, test_tcp_recv(host->server, 0, BY_TCP, 0),
			BY_TCP);
	host_connects(host);
	return host;
}

/* What is posted first has @n bytes of the stream, from @pos on. */
static void gets(struct test_host *host, u64 pos, int n)
{
	u8 *to = kunit_kzalloc(host->test, HOST_RING, GFP_KERNEL);
	struct verbs_send send;

	KUNIT_ASSERT_NOT_NULL(host->test, to);
	KUNIT_ASSERT_TRUE(host->test, verbs_peek(0, &send));
	KUNIT_EXPECT_EQ(host->test, (int)send.opcode,
			IB_WR_RDMA_WRITE_WITH_IMM);
	KUNIT_EXPECT_EQ(host->test, send.imm, HOST_CONN);
	KUNIT_EXPECT_EQ(host->test, send.rkey, HOST_RKEY);
	KUNIT_EXPECT_EQ(host->test, send.raddr,
			HOST_RADDR + (pos & (HOST_RING - 1)));
	KUNIT_EXPECT_EQ(host->test, verbs_complete(IB_WC_SUCCESS, to, HOST_RING,
						   false), n);
	KUNIT_EXPECT_TRUE(host->test, test_same(to, pos, n));
}

static void comes_by_tcp(struct test_host *host, u64 pos, int n)
{
	KUNIT_EXPECT_EQ(host->test, test_tcp_recv(host->server, pos, n, 0), n);
}

/* The played host writes @n bytes; what it says of it is another matter. */
static int writes(struct test_host *host, u64 pos, size_t n)
{
	u8 *from = kmalloc(n, GFP_KERNEL);
	int err = -ENOMEM;

	if (from) {
		test_fill(from, pos, n);
		err = verbs_write(host->rx_key, host->rx_addr +
				  (pos & (host->rx_size - 1)), from, n);
	}
	kfree(from);
	return err;
}

static void arrives(struct test_host *host, u32 n)
{
	KUNIT_EXPECT_EQ(host->test,
			verbs_arrive(IB_WC_SUCCESS, NULL, host->conn->id, n),
			0);
}

static void credit(struct test_host *host, u32 gen, u64 pos)
{
	const struct sdr_rdma_note credit = {
		.conn = cpu_to_be32(host->conn->id), .gen = cpu_to_be32(gen),
		.pos = cpu_to_be64(pos),
	};

	KUNIT_EXPECT_EQ(host->test, verbs_arrive(IB_WC_SUCCESS, &credit, 0,
						 sizeof(credit)), 0);
}

static void resumes(struct test_host *host, u64 pos)
{
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_RESUME, .conn = host->conn->id,
		.gen = host->gen, .pos = pos,
	});
}

/* --- as it should be --- */

static void sends(struct kunit *test)
{
	struct test_host *host = host_up(test);

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 300, 100), 100);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 400, 5000), 5000);
	gets(host, 300, 100);
	gets(host, 400, 5000);
	KUNIT_EXPECT_EQ(test, host->conn->tx.acked, 5400);
}

/* Four writes at a time; what comes meanwhile shares the next. */
static void small_ones_share_a_write(struct kunit *test)
{
	struct test_host *host = host_up(test);
	int i;

	host_gives(host);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, test_put(host->ss, 300 + 10 * i, 10), 10);
	KUNIT_EXPECT_EQ(test, verbs_posted(), 4);
	for (i = 0; i < 4; i++)
		gets(host, 300 + 10 * i, 10);
	KUNIT_EXPECT_EQ(test, verbs_posted(), 1);
	gets(host, 340, 960);
}

static void ring_goes_round(struct kunit *test)
{
	struct test_host *host = host_up(test);
	u64 pos = 300;
	int n = HOST_RING - 300;

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos, 2 * HOST_RING),
			(int)HOST_RING);
	gets(host, pos, n);
	gets(host, HOST_RING, 300);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos + HOST_RING, 1), -EAGAIN);
	credit(host, host->gen, pos + 1000);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos + HOST_RING, 2000), 1000);
	gets(host, pos + HOST_RING, 1000);
}

/* Of another ring, of what was not sent, of what was said before. */
static void credits_that_cannot_be(struct kunit *test)
{
	struct test_host *host = host_up(test);

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 300, HOST_RING),
			(int)HOST_RING);
	credit(host, host->gen + 1, 1000);
	credit(host, host->gen, 301 + HOST_RING);
	credit(host, host->gen, ~0ull);
	KUNIT_EXPECT_EQ(test, host->conn->tx.head, 300);
	credit(host, host->gen, 1000);
	credit(host, host->gen, 999);
	KUNIT_EXPECT_EQ(test, host->conn->tx.head, 1000);
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_UP);
}

static void receives(struct kunit *test)
{
	struct test_host *host = host_up(test);

	host_takes(host, 0);
	KUNIT_EXPECT_EQ(test, writes(host, 0, 1000), 0);
	arrives(host, 600);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 0, 1000, MSG_DONTWAIT), 600);
	arrives(host, 400);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 600, 1000, MSG_DONTWAIT),
			400);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 1000, 1, MSG_DONTWAIT),
			-EAGAIN);
}

/* Half of a ring was read: it is said, and not before. */
static void says_what_was_read(struct kunit *test)
{
	struct test_host *host = host_up(test);
	struct sdr_rdma_note said;
	int half;

	host_takes(host, 0);
	half = host->rx_size / 2;
	KUNIT_EXPECT_EQ(test, writes(host, 0, half), 0);
	arrives(host, half);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 0, half - 1, MSG_DONTWAIT),
			half - 1);
	KUNIT_EXPECT_EQ(test, verbs_posted(), 0);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, half - 1, 1, MSG_DONTWAIT),
			1);
	KUNIT_ASSERT_EQ(test, verbs_posted(), 1);
	verbs_complete(IB_WC_SUCCESS, &said, sizeof(said), false);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(said.conn), HOST_CONN);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(said.gen), 1);
	KUNIT_EXPECT_EQ(test, be64_to_cpu(said.pos), half);
}

/* A mark that what comes unread may never reach is not waited for. */
static void mark_above_half_of_a_ring(struct kunit *test)
{
	struct test_host *host = host_up(test);
	int half;

	host_takes(host, 0);
	half = host->rx_size / 2;
	WRITE_ONCE(host->ss->sk->sk_rcvlowat, host->rx_size - 1);
	KUNIT_EXPECT_EQ(test, writes(host, 0, half), 0);
	arrives(host, half - 1);
	KUNIT_EXPECT_FALSE(test, sdr_stream_poll(host->ss, 0, EPOLLIN, false) &
				 EPOLLIN);
	arrives(host, 1);
	KUNIT_EXPECT_TRUE(test, sdr_stream_poll(host->ss, 0, EPOLLIN, false) &
				EPOLLIN);
}

/* --- back to TCP --- */

struct leaving {
	struct work_struct work;
	struct sdr_sock *ss;
	int err;
};

static void leave(struct work_struct *work)
{
	struct leaving *leaving = container_of(work, struct leaving, work);

	lock_sock(leaving->ss->sk);
	leaving->err = sdr_stream_to_tcp(leaving->ss, SDIRECT_REASON_DEMOTED);
	release_sock(leaving->ss->sk);
}

static void unsealed(struct test_host *host, u64 pos)
{
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_UNSEALED, .conn = host->conn->id,
		.gen = host->gen, .pos = pos,
	});
}

/* The end is said once all has arrived, and TCP goes on once it was heard. */
static void leaves_in_order(struct kunit *test)
{
	struct test_host *host = host_up(test);
	struct leaving leaving = { .ss = host->ss, .err = 1 };

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 300, 1000), 1000);
	INIT_WORK_ONSTACK(&leaving.work, leave);
	schedule_work(&leaving.work);
	/* An empty request is to say when all is there. */
	KUNIT_EXPECT_TRUE(test, test_until(verbs_posted() == 2));
	gets(host, 300, 1000);
	verbs_complete(IB_WC_SUCCESS, NULL, 0, false);
	KUNIT_EXPECT_EQ(test, host_hears(host, SDR_RDMA_UNSEAL).pos, 1300);
	KUNIT_EXPECT_EQ(test, leaving.err, 1);
	unsealed(host, 1300);
	flush_work(&leaving.work);
	destroy_work_on_stack(&leaving.work);
	KUNIT_EXPECT_EQ(test, leaving.err, 0);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 1300, 700), 700);
	comes_by_tcp(host, 1300, 700);
	/* And there again. */
	host_gives(host);
}

/* Before it was asked: the ring stays, for it is being read by the device. */
static void unsealed_too_early(struct kunit *test)
{
	struct test_host *host = host_up(test);
	struct leaving leaving = { .ss = host->ss, .err = 1 };

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 300, 1000), 1000);
	unsealed(host, 1300);
	INIT_WORK_ONSTACK(&leaving.work, leave);
	schedule_work(&leaving.work);
	KUNIT_EXPECT_TRUE(test, test_until(verbs_posted() == 2));
	unsealed(host, 1300);
	/* Both were heard when this is answered. */
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_QUERY, .conn = host->conn->id + 1,
		.from = HOST_CONN + 1,
	});
	host_hears(host, SDR_RDMA_CLOSE);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(host->conn->tx.unsealed));
	gets(host, 300, 1000);
	verbs_complete(IB_WC_SUCCESS, NULL, 0, false);
	host_hears(host, SDR_RDMA_UNSEAL);
	unsealed(host, 1300);
	flush_work(&leaving.work);
	destroy_work_on_stack(&leaving.work);
	KUNIT_EXPECT_EQ(test, leaving.err, 0);
}

/* UNSEAL overtakes what is under way. */
static void waits_for_the_last_byte(struct kunit *test)
{
	struct test_host *host = host_up(test);

	host_takes(host, 0);
	KUNIT_EXPECT_EQ(test, writes(host, 0, 1000), 0);
	arrives(host, 600);
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_UNSEAL, .conn = host->conn->id, .gen = 1,
		.pos = 1000,
	});
	KUNIT_EXPECT_TRUE(test, test_until(READ_ONCE(host->conn->rx.end) ==
					   1000));
	flush_workqueue(verbs_net.wq);
	KUNIT_EXPECT_EQ(test, writes(host, 600, 400), 0);
	arrives(host, 400);
	host_hears(host, SDR_RDMA_UNSEALED);
	/* The key was for that ring. */
	KUNIT_EXPECT_EQ(test, writes(host, 0, 1), -EACCES);
	KUNIT_EXPECT_EQ(test, test_tcp_send(host->server, 1000, 50, 0), 50);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 0, 1000, 0), 1000);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 1000, 50, 0), 50);
}

/* --- the queue pair dies --- */

static void breaks_by_error(struct test_host *host)
{
	KUNIT_EXPECT_GE(host->test, verbs_complete(IB_WC_RETRY_EXC_ERR, NULL, 0,
						   false), 0);
}

static void breaks_by_access(struct test_host *host)
{
	KUNIT_EXPECT_GE(host->test, verbs_complete(IB_WC_REM_ACCESS_ERR, NULL,
						   0, false), 0);
}

static void breaks_by_receive(struct test_host *host)
{
	verbs_arrive(IB_WC_WR_FLUSH_ERR, NULL, 0, 0);
}

static void breaks_by_removal(struct test_host *host)
{
	verbs_event(RDMA_CM_EVENT_DEVICE_REMOVAL);
}

static void breaks_by_word(struct test_host *host)
{
	host_says(host, (struct sdr_rdma_msg) { .type = SDR_RDMA_DOWN });
}

static void breaks_by_post(struct test_host *host)
{
	verbs_fail(VERBS_SEND);
	/* It is noticed by whoever completes something else. */
	verbs_event(RDMA_CM_EVENT_DISCONNECTED);
}

static const struct breach {
	const char *name;
	void (*happens)(struct test_host *host);
} breaches[] = {
	{ "error", breaks_by_error },
	{ "access", breaks_by_access },
	{ "receive", breaks_by_receive },
	{ "removal", breaks_by_removal },
	{ "word", breaks_by_word },
	{ "post", breaks_by_post },
};

TEST_PARAM(breach, breaches);

/* A round: a ring, of whose last 2000 bytes the other host has @has. */
static u64 breaks(struct test_host *host, const struct breach *breach, u64 pos,
		  int has)
{
	struct kunit *test = host->test;

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos, 1000), 1000);
	gets(host, pos, 1000);
	pos += 1000;
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos, 1000), 1000);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos + 1000, 1000), 1000);
	breach->happens(host);
	host_hears(host, SDR_RDMA_DOWN);
	KUNIT_EXPECT_EQ(test, (int)host->conn->tx.state, SDR_RDMA_TX_BROKEN);
	resumes(host, pos + has);
	verbs_fail(VERBS_NONE);
	comes_by_tcp(host, pos + has, 2000 - has);
	pos += 2000;
	KUNIT_EXPECT_TRUE(test, test_until(sdr_flow_on_tcp(&host->ss->tx)));
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos, 500), 500);
	comes_by_tcp(host, pos, 500);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	return pos + 500;
}

/* It has no more than is known to be there, or more, or all. */
static void sender_goes_on_by_tcp(struct kunit *test)
{
	static const int has[] = { 0, 700, 1999 };
	const struct breach *breach = test->param_value;
	struct test_host *host = host_up(test);
	u64 pos = BY_TCP;
	int i;

	for (i = 0; i < ARRAY_SIZE(has); i++) {
		pos = breaks(host, breach, pos, has[i]);
		/* Later it goes by RDMA again. */
		host_connects(host);
	}
	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, pos, 400), 400);
	gets(host, pos, 400);
}

static void receiver_says_how_far(struct kunit *test)
{
	const struct breach *breach = test->param_value;
	struct test_host *host = host_up(test);

	host_takes(host, 0);
	/* So that there is something to complete. */
	KUNIT_EXPECT_EQ(test, sdr_rdma_qp_flush(host->link->lanes[0].qp), 0);
	KUNIT_EXPECT_EQ(test, writes(host, 0, 3000), 0);
	arrives(host, 2000);
	breach->happens(host);
	KUNIT_EXPECT_EQ(test, host_hears(host, SDR_RDMA_RESUME).pos, 2000);
	verbs_fail(VERBS_NONE);
	KUNIT_EXPECT_EQ(test, writes(host, 2000, 1), -EACCES);
	KUNIT_EXPECT_EQ(test, test_tcp_send(host->server, 2000, 1500, 0), 1500);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 0, 2000, 0), 2000);
	KUNIT_EXPECT_EQ(test, test_take(host->ss, 2000, 1500, MSG_WAITALL),
			1500);
}

/* Between the steps of beginning: TCP was never left. */
static void breaks_before_the_ring(struct kunit *test)
{
	const struct breach *breach = test->param_value;
	struct test_host *host = host_up(test);

	KUNIT_EXPECT_EQ(test, sdr_rdma_qp_flush(host->link->lanes[0].qp), 0);
	host_offers(host);
	breach->happens(host);
	host_hears(host, SDR_RDMA_DOWN);
	verbs_fail(VERBS_NONE);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_FALSE(test, test_seal(host->ss));
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 300, 100), 100);
	comes_by_tcp(host, 300, 100);
	/* SEAL that was on its way is answered: what it names was not written. */
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_SEAL, .conn = host->conn->id, .gen = 3,
		.pos = 12,
	});
	KUNIT_EXPECT_EQ(test, host_hears(host, SDR_RDMA_RESUME).pos, 12);
	host_connects(host);
	host_gives(host);
}

/* It says to have what was not sent, or not to have what it has read. */
static const struct lie {
	const char *name;
	u64 pos;
} lies[] = {
	{ "not_sent", 1301 },
	{ "was_read", 999 },
	{ "before_the_ring", 0 },
	{ "far_beyond", 1ull << 40 },
};

TEST_PARAM(lie, lies);

static void lies_about_how_far(struct kunit *test)
{
	const struct lie *lie = test->param_value;
	struct test_host *host = host_up(test);
	struct sock *sk = host->ss->sk;

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 300, 1000), 1000);
	gets(host, 300, 1000);
	credit(host, host->gen, 1000);
	verbs_event(RDMA_CM_EVENT_DISCONNECTED);
	host_hears(host, SDR_RDMA_DOWN);
	resumes(host, lie->pos);
	KUNIT_EXPECT_TRUE(test, test_until(inet_sk_state_load(sk) ==
					   TCP_CLOSE));
	KUNIT_EXPECT_EQ(test, READ_ONCE(sk->sk_err), ECONNRESET);
}

/* --- the socket goes --- */

/* Its bytes are under way: they are told of when it is long gone. */
static void told_behind_the_end(struct kunit *test)
{
	struct test_host *host = host_up(test);
	struct sdr_rdma_conn *conn;

	host_gives(host);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 300, 1000), 1000);
	KUNIT_EXPECT_EQ(test, test_put(host->ss, 1300, 1000), 1000);
	conn = sdr_rdma_conn_get(host->conn);
	tcp_abort(host->ss->sk, ECONNABORTED);
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_CLOSE, .conn = conn->id,
	});
	KUNIT_EXPECT_TRUE(test, test_until(READ_ONCE(conn->close_heard)));
	verbs_complete(IB_WC_SUCCESS, NULL, 0, true);
	verbs_complete(IB_WC_SUCCESS, NULL, 0, true);
	verbs_look_backwards();
	KUNIT_EXPECT_EQ(test, conn->tx.flying, 0);
	credit(host, host->gen, 1000);
	arrives(host, 100);
	sdr_rdma_conn_put(conn);
}

static struct kunit_case bytes_tests[] = {
	KUNIT_CASE(sends),
	KUNIT_CASE(small_ones_share_a_write),
	KUNIT_CASE(ring_goes_round),
	KUNIT_CASE(credits_that_cannot_be),
	KUNIT_CASE(receives),
	KUNIT_CASE(says_what_was_read),
	KUNIT_CASE(mark_above_half_of_a_ring),
	KUNIT_CASE(leaves_in_order),
	KUNIT_CASE(unsealed_too_early),
	KUNIT_CASE(waits_for_the_last_byte),
	KUNIT_CASE_PARAM(sender_goes_on_by_tcp, breach_gen_params),
	KUNIT_CASE_PARAM(receiver_says_how_far, breach_gen_params),
	KUNIT_CASE_PARAM(breaks_before_the_ring, breach_gen_params),
	KUNIT_CASE_PARAM(lies_about_how_far, lie_gen_params),
	KUNIT_CASE(told_behind_the_end),
	{ }
};

struct kunit_suite sdr_rdma_bytes_suite = {
	.name		= "sdirect_rdma_bytes",
	.suite_init	= host_suite_init,
	.suite_exit	= host_suite_exit,
	.test_cases	= bytes_tests,
};
