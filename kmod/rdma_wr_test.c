// SPDX-License-Identifier: GPL-2.0
/* Tests of a queue pair and its work requests, over a device that is played. */
#include "compat.h"

#include <linux/in.h>
#include <linux/slab.h>

#include "fixture_test.h"
#include "ring.h"
#include "rdma/qp.h"
#include "rdma/wr.h"
#include "rdma_verbs_test.h"

/* What a queue pair has told, and how often. */
struct told {
	struct sdr_rdma_qp *qp;
	struct sdr_rdma_counts counts;
	int made;
	int failed;
	int room;
	int written;
	int lost;	/* of these: not at the other host */
	u64 last;	/* position of the last of these */
	bool disorder;	/* of their positions */
	u32 conn;
	u32 bytes;
	u64 pos;
};

static struct told told;
static struct sdr_ring *ring;
static u64 *dma;

static void made(void *owner)
{
	told.made++;
}

static void failed(void *owner)
{
	told.failed++;
}

static void arrived(void *owner, u32 conn, u32 bytes)
{
	told.conn = conn;
	told.bytes += bytes;
}

static void credit(void *owner, u32 conn, u32 gen, u64 pos)
{
	told.conn = conn;
	told.pos = pos;
}

static void written(void *ctx, u64 pos, bool ok)
{
	told.written++;
	told.lost += !ok;
	told.disorder |= pos <= told.last;
	told.last = pos;
}

static void room(void *owner)
{
	told.room++;
}

static struct sdr_rdma_counts *counts(void *owner)
{
	return &told.counts;
}

static const struct sdr_rdma_user user = {
	.made		= made,
	.failed		= failed,
	.arrived	= arrived,
	.credit		= credit,
	.written	= written,
	.room		= room,
	.net		= verbs_net_of,
	.counts		= counts,
};

/* --- one that works --- */

static void connect(struct kunit *test)
{
	const struct sdr_rdma_request request = { .cookie = 1, .lanes = 1 };
	struct sockaddr_in at = { .sin_family = AF_INET };

	told.qp = sdr_rdma_qp_connect(&user, &told, (struct sockaddr *)&at,
				      (struct sockaddr *)&at, &request);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, told.qp);
	verbs_event(RDMA_CM_EVENT_ADDR_RESOLVED);
	verbs_event(RDMA_CM_EVENT_ROUTE_RESOLVED);
	verbs_event(RDMA_CM_EVENT_ESTABLISHED);
	KUNIT_ASSERT_EQ(test, told.made, 1);
	KUNIT_ASSERT_EQ(test, told.failed, 0);
}

static int wr_init(struct kunit *test)
{
	u32 i, n = 4;

	KUNIT_EXPECT_TRUE(test, verbs_begin());
	memset(&told, 0, sizeof(told));
	ring = sdr_ring_alloc(n * PAGE_SIZE, test_payer());
	dma = kcalloc(n, sizeof(*dma), GFP_KERNEL);
	if (!ring || !dma)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		dma[i] = (uintptr_t)page_address(ring->pages[i]);
		test_fill(page_address(ring->pages[i]), i * PAGE_SIZE,
			  PAGE_SIZE);
	}
	connect(test);
	return 0;
}

static void stop(void)
{
	if (!told.qp)
		return;
	sdr_rdma_qp_stop(told.qp);
	sdr_rdma_qp_drain(told.qp);
	sdr_rdma_qp_free(told.qp);
	told.qp = NULL;
}

static void wr_exit(struct kunit *test)
{
	verbs_fail(VERBS_NONE);
	stop();
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	kfree(dma);
	sdr_ring_put(ring);
}

static int write(u32 off, u32 len, u64 pos, bool signal)
{
	const struct sdr_rdma_write write = {
		.ring = ring, .dma = dma, .off = off, .len = len,
		.raddr = 0x1000, .rkey = 7, .conn = 9, .pos = pos,
		.signal = signal, .ctx = &told,
	};

	return sdr_rdma_qp_write(told.qp, &write);
}

/* One byte each, so that positions count them. */
static int write_all(int n, bool signal)
{
	int i;

	for (i = 0; i < n; i++)
		if (write(0, 1, told.qp->posted, signal) != 1)
			break;
	return i;
}

static int succeed(int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (verbs_complete(IB_WC_SUCCESS, NULL, 0, false) < 0)
			break;
	return i;
}

/* --- what is written --- */

static void bytes_across_pages(struct kunit *test)
{
	u8 *to = kunit_kzalloc(test, 3 * PAGE_SIZE, GFP_KERNEL);
	struct verbs_send send;
	int len = 2 * PAGE_SIZE + 100;

	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_ASSERT_EQ(test, write(PAGE_SIZE - 50, len, PAGE_SIZE - 50, true),
			len);
	KUNIT_ASSERT_TRUE(test, verbs_peek(0, &send));
	KUNIT_EXPECT_EQ(test, (int)send.opcode, IB_WR_RDMA_WRITE_WITH_IMM);
	KUNIT_EXPECT_FALSE(test, send.inlined);
	KUNIT_EXPECT_EQ(test, send.imm, 9);
	KUNIT_EXPECT_EQ(test, send.rkey, 7);
	KUNIT_EXPECT_EQ(test, send.raddr, 0x1000 + PAGE_SIZE - 50);
	KUNIT_EXPECT_EQ(test, verbs_complete(IB_WC_SUCCESS, to, len, false),
			len);
	KUNIT_EXPECT_TRUE(test, test_same(to, PAGE_SIZE - 50, len));
	KUNIT_EXPECT_EQ(test, told.written, 1);
	KUNIT_EXPECT_EQ(test, told.last, 3 * PAGE_SIZE + 50);
}

/* Few bytes are those of when it was posted, more those of when it is sent. */
static void small_ones_go_along(struct kunit *test)
{
	struct verbs_send send;
	u8 to[129];

	KUNIT_EXPECT_EQ(test, write(64, 128, 64, true), 128);
	KUNIT_EXPECT_EQ(test, write(64, 129, 192, true), 129);
	memset(page_address(ring->pages[0]), 0, PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, verbs_peek(0, &send) && send.inlined);
	KUNIT_EXPECT_TRUE(test, verbs_peek(1, &send) && !send.inlined);
	KUNIT_EXPECT_EQ(test, verbs_complete(IB_WC_SUCCESS, to, 128, false),
			128);
	KUNIT_EXPECT_TRUE(test, test_same(to, 64, 128));
}

/* --- the queue --- */

static void full_queue_makes_room(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_all(2 * SDR_RDMA_SENDS, true),
			SDR_RDMA_SENDS);
	KUNIT_EXPECT_EQ(test, write(0, 1, 1, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, sdr_rdma_qp_credit(told.qp, 1, 1, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, sdr_rdma_qp_flush(told.qp), -EAGAIN);
	KUNIT_EXPECT_EQ(test, told.room, 0);
	KUNIT_EXPECT_EQ(test, succeed(1), 1);
	KUNIT_EXPECT_EQ(test, told.room, 1);
	KUNIT_EXPECT_EQ(test, write_all(2, true), 1);
	/* Who has missed none is not told of room. */
	KUNIT_EXPECT_EQ(test, succeed(1), 1);
	KUNIT_EXPECT_EQ(test, succeed(1), 1);
	KUNIT_EXPECT_EQ(test, told.room, 2);
}

/* Without a word of each the queue does not fill for good. */
static void some_are_signalled(struct kunit *test)
{
	struct verbs_send send;
	int i, n = 0;

	KUNIT_EXPECT_EQ(test, write_all(SDR_RDMA_SENDS, false),
			SDR_RDMA_SENDS);
	for (i = 0; verbs_peek(i, &send); i++)
		n += send.signaled;
	KUNIT_EXPECT_EQ(test, n, SDR_RDMA_SENDS / SDR_RDMA_QUIET);
	KUNIT_EXPECT_EQ(test, succeed(SDR_RDMA_QUIET - 1), SDR_RDMA_QUIET - 1);
	KUNIT_EXPECT_EQ(test, told.written, 0);
	KUNIT_EXPECT_EQ(test, succeed(1), 1);
	KUNIT_EXPECT_EQ(test, told.written, SDR_RDMA_QUIET);
	KUNIT_EXPECT_EQ(test, told.lost, 0);
}

/* Two processors look: the later completion is told first, then the earlier. */
static void told_in_disorder(struct kunit *test)
{
	int i;

	KUNIT_EXPECT_EQ(test, write_all(SDR_RDMA_SENDS, true), SDR_RDMA_SENDS);
	for (i = 0; i < 3; i++)
		verbs_complete(IB_WC_SUCCESS, NULL, 0, true);
	KUNIT_EXPECT_EQ(test, told.written, 0);
	verbs_look_backwards();
	KUNIT_EXPECT_EQ(test, told.written, 3);
	KUNIT_EXPECT_FALSE(test, told.disorder);
	KUNIT_EXPECT_EQ(test, write_all(4, true), 3);
}

/* What is not awaited any more is not used before it was told. */
static void late_word_of_one_that_is_over(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_all(SDR_RDMA_SENDS, true), SDR_RDMA_SENDS);
	verbs_complete(IB_WC_SUCCESS, NULL, 0, true);
	/* The second says that the first is over, too. */
	KUNIT_EXPECT_EQ(test, succeed(1), 1);
	KUNIT_EXPECT_EQ(test, told.written, 2);
	KUNIT_EXPECT_EQ(test, write_all(1, true), 0);
	verbs_look_backwards();
	KUNIT_EXPECT_EQ(test, told.written, 2);
	KUNIT_EXPECT_EQ(test, write_all(3, true), 2);
}

static void looked_for(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_all(3, true), 3);
	verbs_complete(IB_WC_SUCCESS, NULL, 0, true);
	sdr_rdma_qp_hold(told.qp);
	sdr_rdma_qp_look(told.qp);
	sdr_rdma_qp_unhold(told.qp);
	KUNIT_EXPECT_EQ(test, told.written, 1);
}

/* --- failures --- */

static void error_fails_it(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_all(5, true), 5);
	KUNIT_EXPECT_EQ(test, succeed(2), 2);
	verbs_complete(IB_WC_RETRY_EXC_ERR, NULL, 0, false);
	KUNIT_EXPECT_GT(test, told.failed, 0);
	KUNIT_EXPECT_EQ(test, told.written, 3);
	KUNIT_EXPECT_EQ(test, told.lost, 1);
	stop();
	KUNIT_EXPECT_EQ(test, told.written, 5);
	KUNIT_EXPECT_EQ(test, told.lost, 3);
}

/* Those that nobody was to be told of are told of at the end, once. */
static void all_are_told_at_the_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, write_all(100, false), 100);
	KUNIT_EXPECT_EQ(test, succeed(70), 70);
	KUNIT_EXPECT_EQ(test, told.written, SDR_RDMA_QUIET);
	stop();
	KUNIT_EXPECT_EQ(test, told.written, 100);
	KUNIT_EXPECT_EQ(test, told.lost, 100 - SDR_RDMA_QUIET);
	KUNIT_EXPECT_FALSE(test, told.disorder);
}

static void refused_post(struct kunit *test)
{
	verbs_fail(VERBS_SEND);
	KUNIT_EXPECT_EQ(test, write(0, 1, 1, true), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, sdr_rdma_qp_credit(told.qp, 1, 1, 1), -ENOTCONN);
	stop();
	KUNIT_EXPECT_EQ(test, told.written, 0);
}

/* --- what is received --- */

static void receives_are_posted_again(struct kunit *test)
{
	int i;

	KUNIT_EXPECT_EQ(test, verbs_recvs(), SDR_RDMA_RECVS);
	for (i = 0; i < 3 * SDR_RDMA_RECVS; i++)
		verbs_arrive(IB_WC_SUCCESS, NULL, 5, 10);
	KUNIT_EXPECT_EQ(test, told.conn, 5);
	KUNIT_EXPECT_EQ(test, told.bytes, 30 * SDR_RDMA_RECVS);
	KUNIT_EXPECT_EQ(test, verbs_recvs(), SDR_RDMA_RECVS);
	verbs_fail(VERBS_RECV);
	KUNIT_EXPECT_EQ(test, told.failed, 0);
	verbs_arrive(IB_WC_SUCCESS, NULL, 5, 10);
	KUNIT_EXPECT_EQ(test, told.failed, 1);
}

static void credits(struct kunit *test)
{
	const struct sdr_rdma_note credit = {
		.conn = cpu_to_be32(3), .gen = cpu_to_be32(1),
		.pos = cpu_to_be64(1ull << 40),
	};
	struct sdr_rdma_note sent;

	verbs_arrive(IB_WC_SUCCESS, &credit, 0, sizeof(credit));
	KUNIT_EXPECT_EQ(test, told.conn, 3);
	KUNIT_EXPECT_EQ(test, told.pos, 1ull << 40);
	KUNIT_EXPECT_EQ(test, sdr_rdma_qp_credit(told.qp, 3, 1, 1ull << 40), 0);
	verbs_complete(IB_WC_SUCCESS, &sent, sizeof(sent), false);
	KUNIT_EXPECT_EQ(test, memcmp(&sent, &credit, sizeof(sent)), 0);
	/* Of another size. */
	KUNIT_EXPECT_EQ(test, told.failed, 0);
	verbs_arrive(IB_WC_SUCCESS, &credit, 0, sizeof(credit) - 1);
	KUNIT_EXPECT_EQ(test, told.failed, 1);
}

/* --- is it alive? --- */

static void silence_is_noticed(struct kunit *test)
{
	int i;

	/* Once in a while something ends. */
	for (i = 0; i < 10; i++) {
		write_all(1, true);
		succeed(1);
		KUNIT_EXPECT_TRUE(test, sdr_rdma_qp_probe(told.qp));
	}
	KUNIT_EXPECT_EQ(test, verbs_posted(), 0);
	/* Idle: it is tried, and answers. */
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_TRUE(test, sdr_rdma_qp_probe(told.qp));
		succeed(1);
	}
	/* Nothing comes of it. */
	for (i = 0; sdr_rdma_qp_probe(told.qp); i++)
		KUNIT_ASSERT_LT(test, i, 10);
	KUNIT_EXPECT_EQ(test, i, SDR_RDMA_UNHEARD);
	KUNIT_EXPECT_EQ(test, verbs_posted(), 1);
}

/* --- memory --- */

static void memory_may_be_written(struct kunit *test)
{
	struct sdr_rdma_mr *mr = sdr_rdma_mr_create(told.qp, ring);
	u8 bytes[100];
	u32 key;
	u64 at;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mr);
	key = sdr_rdma_mr_key(mr);
	at = sdr_rdma_mr_addr(mr);
	memset(bytes, 0xa5, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, verbs_write(key, at + PAGE_SIZE - 50, bytes, 100),
			0);
	KUNIT_EXPECT_EQ(test, memcmp(page_address(ring->pages[1]), bytes, 50),
			0);
	KUNIT_EXPECT_EQ(test, verbs_write(key + 1, at, bytes, 100), -EACCES);
	KUNIT_EXPECT_EQ(test, verbs_write(key, at + ring->size - 99, bytes,
					  100), -EACCES);
	sdr_rdma_mr_free(mr);
	KUNIT_EXPECT_EQ(test, verbs_write(key, at, bytes, 100), -EACCES);
}

/* Whoever waits for it, and holds the gate, must not do so for ever. */
static void memory_that_cannot_be_had(struct kunit *test)
{
	static const enum verbs_call calls[] = {
		VERBS_MR, VERBS_MAP, VERBS_REG, VERBS_SEND, VERBS_STUCK,
	};
	int i, before = verbs_left();

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		verbs_fail(calls[i]);
		KUNIT_EXPECT_TRUE(test, IS_ERR(sdr_rdma_mr_create(told.qp,
								  ring)));
		KUNIT_EXPECT_EQ(test, verbs_left(), before);
	}
}

/* --- iWARP: no immediate data, no receiver that is not ready --- */

static void as_iwarp(struct kunit *test)
{
	stop();
	memset(&told, 0, sizeof(told));
	verbs_iwarp(true);
	connect(test);
	/* Who has called speaks first. */
	KUNIT_ASSERT_EQ(test, verbs_posted(), 1);
	KUNIT_EXPECT_EQ(test, succeed(1), 1);
}

static void hears(u32 conn, u32 gen, u32 bytes, u32 taken)
{
	const struct sdr_rdma_note note = {
		.conn = cpu_to_be32(conn), .gen = cpu_to_be32(gen),
		.bytes = cpu_to_be32(bytes), .taken = cpu_to_be32(taken),
	};

	verbs_arrive(IB_WC_SUCCESS, &note, 0, sizeof(note));
}

/* What the first of the posted sends says, which is over then. */
static struct sdr_rdma_note says(void)
{
	struct sdr_rdma_note note = { };

	verbs_complete(IB_WC_SUCCESS, &note, sizeof(note), false);
	return note;
}

static void iwarp_tells_of_a_write(struct kunit *test)
{
	struct sdr_rdma_note note;
	struct verbs_send send;
	u8 to[300];

	as_iwarp(test);
	KUNIT_EXPECT_EQ(test, write(64, 300, 64, true), 300);
	KUNIT_ASSERT_EQ(test, verbs_posted(), 2);
	KUNIT_EXPECT_TRUE(test, verbs_peek(0, &send));
	KUNIT_EXPECT_EQ(test, (int)send.opcode, IB_WR_RDMA_WRITE);
	KUNIT_EXPECT_EQ(test, send.raddr, 0x1000 + 64);
	KUNIT_EXPECT_FALSE(test, send.signaled);
	KUNIT_EXPECT_TRUE(test, verbs_peek(1, &send));
	KUNIT_EXPECT_EQ(test, (int)send.opcode, IB_WR_SEND);
	KUNIT_EXPECT_TRUE(test, send.signaled);
	verbs_complete(IB_WC_SUCCESS, to, sizeof(to), false);
	KUNIT_EXPECT_TRUE(test, test_same(to, 64, 300));
	note = says();
	KUNIT_EXPECT_EQ(test, be32_to_cpu(note.conn), 9);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(note.bytes), 300);
	KUNIT_EXPECT_EQ(test, told.written, 1);
	hears(5, 0, 700, 0);
	KUNIT_EXPECT_EQ(test, told.conn, 5);
	KUNIT_EXPECT_EQ(test, told.bytes, 700);
}

/* A write that fails counts once, with the SEND behind it. */
static void iwarp_write_that_fails(struct kunit *test)
{
	as_iwarp(test);
	KUNIT_EXPECT_EQ(test, write_all(2, true), 2);
	verbs_complete(IB_WC_REM_ACCESS_ERR, NULL, 0, false);
	KUNIT_EXPECT_GT(test, told.failed, 0);
	KUNIT_EXPECT_EQ(test, told.written, 0);
	stop();
	KUNIT_EXPECT_EQ(test, told.written, 2);
	KUNIT_EXPECT_EQ(test, told.lost, 2);
}

/* That a send is over says nothing of receives at the other host. */
static void iwarp_waits_for_receives(struct kunit *test)
{
	int i, n = 1;

	as_iwarp(test);
	for (i = 0; i < SDR_RDMA_RECVS && write_all(1, true) == 1; i++, n++)
		succeed(2);
	KUNIT_EXPECT_EQ(test, n, SDR_RDMA_UNTOLD);
	KUNIT_EXPECT_EQ(test, sdr_rdma_qp_credit(told.qp, 1, 1, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, told.room, 0);
	hears(0, 0, 0, 100);
	KUNIT_EXPECT_EQ(test, told.room, 1);
	/* In disorder. */
	hears(0, 0, 0, 99);
	for (i = 0; i < SDR_RDMA_RECVS && write_all(1, true) == 1; i++)
		succeed(2);
	KUNIT_EXPECT_EQ(test, i, 100);
	KUNIT_EXPECT_EQ(test, told.failed, 0);
	/* More than were sent. */
	hears(0, 0, 0, SDR_RDMA_UNTOLD + 101);
	KUNIT_EXPECT_EQ(test, told.failed, 1);
}

/* As many as a quarter of its receives, also where its queue was full. */
static void iwarp_says_what_came(struct kunit *test)
{
	int i;

	as_iwarp(test);
	for (i = 0; i < SDR_RDMA_TELL - 1; i++)
		hears(5, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, verbs_posted(), 0);
	hears(5, 0, 1, 0);
	KUNIT_ASSERT_EQ(test, verbs_posted(), 1);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(says().taken), SDR_RDMA_TELL);
	/* Whatever is sent says it along. */
	hears(5, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, write_all(1, true), 1);
	succeed(1);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(says().taken), SDR_RDMA_TELL + 1);
	/* No room for it, until a send is over. */
	write_all(2 * SDR_RDMA_SENDS, true);
	for (i = 0; i < SDR_RDMA_TELL; i++)
		hears(5, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, told.qp->got - told.qp->said, SDR_RDMA_TELL);
	succeed(2);
	KUNIT_EXPECT_EQ(test, told.qp->got, told.qp->said);
}

static void iwarp_asks_and_answers(struct kunit *test)
{
	int i;

	as_iwarp(test);
	hears(0, SDR_RDMA_ASKS, 0, 0);
	KUNIT_ASSERT_EQ(test, verbs_posted(), 1);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(says().taken), 1);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_TRUE(test, sdr_rdma_qp_probe(told.qp));
		if (verbs_posted())
			KUNIT_EXPECT_EQ(test, be32_to_cpu(says().gen),
					SDR_RDMA_ASKS);
		hears(0, 0, 0, told.qp->posted);
	}
	/* It is sent, and nothing comes back. */
	for (i = 0; sdr_rdma_qp_probe(told.qp); i++) {
		KUNIT_ASSERT_LT(test, i, 10);
		succeed(1);
	}
}

static struct kunit_case wr_tests[] = {
	KUNIT_CASE(bytes_across_pages),
	KUNIT_CASE(small_ones_go_along),
	KUNIT_CASE(full_queue_makes_room),
	KUNIT_CASE(some_are_signalled),
	KUNIT_CASE(told_in_disorder),
	KUNIT_CASE(late_word_of_one_that_is_over),
	KUNIT_CASE(looked_for),
	KUNIT_CASE(error_fails_it),
	KUNIT_CASE(all_are_told_at_the_end),
	KUNIT_CASE(refused_post),
	KUNIT_CASE(receives_are_posted_again),
	KUNIT_CASE(credits),
	KUNIT_CASE(silence_is_noticed),
	KUNIT_CASE(memory_may_be_written),
	KUNIT_CASE(memory_that_cannot_be_had),
	KUNIT_CASE(iwarp_tells_of_a_write),
	KUNIT_CASE(iwarp_write_that_fails),
	KUNIT_CASE(iwarp_waits_for_receives),
	KUNIT_CASE(iwarp_says_what_came),
	KUNIT_CASE(iwarp_asks_and_answers),
	{ }
};

struct kunit_suite sdr_rdma_wr_suite = {
	.name		= "sdirect_rdma_wr",
	.init		= wr_init,
	.exit		= wr_exit,
	.test_cases	= wr_tests,
};
