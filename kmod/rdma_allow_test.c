// SPDX-License-Identifier: GPL-2.0
/* Tests of the list of hosts with which links are made. */
#include "compat.h"

#include <net/ipv6.h>

#include "fixture_test.h"
#include "rdma/allow.h"

#define LIST_MAX	4

static int parsed(const char *text, struct sdr_rdma_prefix *list)
{
	static char copy[SDR_RDMA_ALLOW_TEXT];

	strscpy(copy, text, sizeof(copy));
	return sdr_rdma_allow_parse(copy, list, LIST_MAX);
}

static void texts(struct kunit *test)
{
	static const struct {
		const char *text;
		int n;
	} rows[] = {
		{ "", 0 }, { " ,\t\n", 0 }, { "10.0.0.1", 1 },
		{ "10.0.0.1/8, fd00::/8\n", 2 }, { "::/0", 1 },
		{ "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4", 4 },
		{ "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5", -EINVAL },
		{ "10.0.0", -EINVAL }, { "10.0.0.1.2", -EINVAL },
		{ "10.0.0.1:80", -EINVAL }, { "10.0.0.1/33", -EINVAL }, { "fd00::/129", -EINVAL },
		{ "10.0.0.1/", -EINVAL }, { "10.0.0.1/-1", -EINVAL },
		{ "10.0.0.1/8/8", -EINVAL }, { "/8", -EINVAL },
		{ "fd00:::1", -EINVAL }, { "host", -EINVAL },
		{ "10.0.0.1/4294967296", -EINVAL },
	};
	struct sdr_rdma_prefix list[LIST_MAX];
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, parsed(rows[i].text, list),
				    rows[i].n, "\"%s\"", rows[i].text);
}

static bool has(const char *text, u32 a, u32 b, u32 c, u32 d)
{
	const struct in6_addr addr = {
		.s6_addr32 = { htonl(a), htonl(b), htonl(c), htonl(d) },
	};
	struct sdr_rdma_prefix list[LIST_MAX];
	int n = parsed(text, list);

	return n > 0 && sdr_rdma_allow_has(list, n, &addr);
}

static void addresses(struct kunit *test)
{
	static const char both[] = "10.7.0.0/16, fd00:7::/32";

	KUNIT_EXPECT_TRUE(test, has(both, 0, 0, 0xffff, 0x0a07ffff));
	KUNIT_EXPECT_FALSE(test, has(both, 0, 0, 0xffff, 0x0a080000));
	KUNIT_EXPECT_TRUE(test, has(both, 0xfd000007, 0, 0, 1));
	KUNIT_EXPECT_FALSE(test, has(both, 0xfd000008, 0, 0, 1));
	/* The same bits are not the same address in the other family. */
	KUNIT_EXPECT_FALSE(test, has(both, 0, 0, 0, 0x0a070001));
	/* What is behind the length does not count. */
	KUNIT_EXPECT_TRUE(test, has("10.7.9.9/16", 0, 0, 0xffff, 0x0a070001));
	KUNIT_EXPECT_TRUE(test, has("0.0.0.0/0", 0, 0, 0xffff, 0x0a070001));
	KUNIT_EXPECT_FALSE(test, has("0.0.0.0/0", 0xfd000007, 0, 0, 1));
	KUNIT_EXPECT_TRUE(test, has("10.7.0.1", 0, 0, 0xffff, 0x0a070001));
	KUNIT_EXPECT_FALSE(test, has("10.7.0.1", 0, 0, 0xffff, 0x0a070002));
}

static struct kunit_case allow_tests[] = {
	KUNIT_CASE(texts),
	KUNIT_CASE(addresses),
	{ }
};

struct kunit_suite sdr_rdma_allow_suite = {
	.name		= "sdirect_rdma_allow",
	.test_cases	= allow_tests,
};
