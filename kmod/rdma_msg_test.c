// SPDX-License-Identifier: GPL-2.0
/* Tests of the messages between two hosts. */
#include "compat.h"

#include <linux/sdirect.h>
#include <linux/sdirect_ring.h>

#include "fixture_test.h"
#include "rdma/msg.h"

/* A message of each type that is right, as small as it may be. */
static struct sdr_rdma_msg right(u16 type)
{
	struct sdr_rdma_msg msg = { .type = type, .conn = 5 };

	if (type == SDR_RDMA_HELLO || type == SDR_RDMA_DOWN ||
	    type == SDR_RDMA_ATTACH)
		msg.conn = 0;
	if (type == SDR_RDMA_ATTACH || type == SDR_RDMA_ATTACHED ||
	    type == SDR_RDMA_QUERY)
		msg.from = 7;
	if (type == SDR_RDMA_RING_REQ || type == SDR_RDMA_RING)
		msg.size = SDIRECT_RING_MIN;
	return msg;
}

static int parsed(const struct sdr_rdma_msg *msg, struct sdr_rdma_msg *out)
{
	u8 buf[SDR_RDMA_MSG_SIZE];

	sdr_rdma_msg_pack(msg, buf);
	return sdr_rdma_msg_parse(out, buf);
}

static bool taken(struct sdr_rdma_msg msg)
{
	struct sdr_rdma_msg out;

	return !parsed(&msg, &out);
}

/* All fields arrive as they were sent. */
static void round_trip(struct kunit *test)
{
	const struct sdr_rdma_msg msg = {
		.type = SDR_RDMA_RING, .conn = 0x01020304, .gen = 0x11121314,
		.arg = 0x21222324, .rkey = 0x31323334, .size = 1u << 20,
		.pos = 0x0142434445464748, .addr = 0x5152535455565758,
		.mine = 0x61626364, .theirs = 0x71727374, .sport = 0x8182,
		.dport = 0x9192,
	};
	struct sdr_rdma_msg out;

	memset(&out, 0xff, sizeof(out));
	KUNIT_ASSERT_EQ(test, parsed(&msg, &out), 0);
#define SAME(field)	KUNIT_EXPECT_EQ(test, out.field, msg.field)
	SAME(type);
	SAME(conn);
	SAME(from);
	SAME(gen);
	SAME(arg);
	SAME(rkey);
	SAME(size);
	SAME(pos);
	SAME(addr);
	SAME(mine);
	SAME(theirs);
	SAME(sport);
	SAME(dport);
#undef SAME
}

/* The order of bytes on the wire is not this machine's. */
static void byte_order(struct kunit *test)
{
	struct sdr_rdma_msg msg = right(SDR_RDMA_CLOSE);
	u8 buf[SDR_RDMA_MSG_SIZE];

	msg.conn = 0x01020304;
	sdr_rdma_msg_pack(&msg, buf);
	KUNIT_EXPECT_EQ(test, buf[0], 0);
	KUNIT_EXPECT_EQ(test, buf[1], SDR_RDMA_CLOSE);
	KUNIT_EXPECT_EQ(test, buf[8], 1);
	KUNIT_EXPECT_EQ(test, buf[11], 4);
}

static void types(struct kunit *test)
{
	u16 type;

	KUNIT_EXPECT_FALSE(test, taken(right(0)));
	for (type = 1; type < __SDR_RDMA_MSG_MAX; type++)
		KUNIT_EXPECT_TRUE(test, taken(right(type)));
	KUNIT_EXPECT_FALSE(test, taken(right(__SDR_RDMA_MSG_MAX)));
	KUNIT_EXPECT_FALSE(test, taken(right(0xffff)));
}

/* Who names no connection, or one where there is none, has broken the rules. */
static void numbers(struct kunit *test)
{
	struct sdr_rdma_msg msg;
	u16 type;

	for (type = 1; type < __SDR_RDMA_MSG_MAX; type++) {
		msg = right(type);
		msg.conn = !msg.conn;
		KUNIT_EXPECT_FALSE(test, taken(msg));
		msg = right(type);
		msg.from = !msg.from;
		KUNIT_EXPECT_FALSE(test, taken(msg));
	}
}

static void sizes(struct kunit *test)
{
	static const u32 bad[] = {
		0, 1, SDIRECT_RING_MIN / 2, SDIRECT_RING_MIN + 1,
		3 * SDIRECT_RING_MIN, SDIRECT_RING_MAX * 2, 0x80000000,
		0xffffffff,
	};
	struct sdr_rdma_msg msg = right(SDR_RDMA_RING_REQ);
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(bad); i++) {
		msg.size = bad[i];
		msg.type = SDR_RDMA_RING_REQ;
		KUNIT_EXPECT_FALSE(test, taken(msg));
		msg.type = SDR_RDMA_RING;
		KUNIT_EXPECT_FALSE(test, taken(msg));
	}
	msg.size = SDIRECT_RING_MAX;
	KUNIT_EXPECT_TRUE(test, taken(msg));
}

/* Sums with a position must not wrap, and it must not look like an error. */
static void positions(struct kunit *test)
{
	static const u16 with[] = {
		SDR_RDMA_SEAL, SDR_RDMA_UNSEAL, SDR_RDMA_RESUME,
		SDR_RDMA_QUERY,
	};
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(with); i++) {
		struct sdr_rdma_msg msg = right(with[i]);

		msg.pos = BIT_ULL(62) - 1;
		KUNIT_EXPECT_TRUE(test, taken(msg));
		msg.pos = BIT_ULL(62);
		KUNIT_EXPECT_FALSE(test, taken(msg));
		msg.pos = SDIRECT_POS_OPEN;
		KUNIT_EXPECT_FALSE(test, taken(msg));
	}
}

static struct kunit_case msg_tests[] = {
	KUNIT_CASE(round_trip),
	KUNIT_CASE(byte_order),
	KUNIT_CASE(types),
	KUNIT_CASE(numbers),
	KUNIT_CASE(sizes),
	KUNIT_CASE(positions),
	{ }
};

struct kunit_suite sdr_rdma_msg_suite = {
	.name		= "sdirect_rdma_msg",
	.test_cases	= msg_tests,
};
