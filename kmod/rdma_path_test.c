// SPDX-License-Identifier: GPL-2.0
/* Tests of the addresses by which hosts are reached. */
#include "compat.h"

#include <net/ipv6.h>

#include "fixture_test.h"
#include "rdma/path.h"

static struct sdr_rdma_paths paths;

static struct in6_addr four(u32 n)
{
	struct in6_addr addr;

	ipv6_addr_set_v4mapped(htonl(n), &addr);
	return addr;
}

static struct sdr_rdma_path path_to(u32 host, u32 remote)
{
	return (struct sdr_rdma_path) { four(host), four(1), four(remote) };
}

static int set(u32 host, u32 remote)
{
	const struct sdr_rdma_path path = path_to(host, remote);

	return sdr_rdma_path_set(&paths, &path);
}

static int del(u32 host)
{
	const struct in6_addr addr = four(host);

	return sdr_rdma_path_del(&paths, &addr);
}

/* What was set for it, 0: nothing. */
static u32 remote_of(u32 host)
{
	const struct in6_addr addr = four(host);
	struct sdr_rdma_path path;

	return sdr_rdma_path_get(&paths, &addr, &path) ?
	       ntohl(path.remote.s6_addr32[3]) : 0;
}

static u32 count(void)
{
	struct sdr_rdma_path path;
	u32 n = 0;

	while (sdr_rdma_path_nth(&paths, n, &path))
		n++;
	return n;
}

static int paths_begin(struct kunit *test)
{
	sdr_rdma_paths_init(&paths);
	return 0;
}

static void paths_end(struct kunit *test)
{
	sdr_rdma_paths_free(&paths);
}

static void a_host_has_one(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, set(7, 70), 0);
	KUNIT_EXPECT_EQ(test, set(8, 80), 0);
	KUNIT_EXPECT_EQ(test, set(7, 71), 0);
	KUNIT_EXPECT_EQ(test, count(), 2u);
	KUNIT_EXPECT_EQ(test, remote_of(7), 71u);
	KUNIT_EXPECT_EQ(test, remote_of(9), 0u);
	KUNIT_EXPECT_EQ(test, del(7), 0);
	KUNIT_EXPECT_EQ(test, del(7), -ENOENT);
	KUNIT_EXPECT_EQ(test, remote_of(7), 0u);
	KUNIT_EXPECT_EQ(test, remote_of(8), 80u);
	KUNIT_EXPECT_EQ(test, del(8), 0);
	KUNIT_EXPECT_EQ(test, count(), 0u);
}

static void so_many(struct kunit *test)
{
	u32 n = 0;

	while (n < 1000 && !set(n + 1, 1))
		n++;
	KUNIT_EXPECT_EQ(test, n, 256u);
	KUNIT_EXPECT_EQ(test, set(n + 1, 1), -ENOSPC);
	/* Those that are there can still be changed. */
	KUNIT_EXPECT_EQ(test, set(n, 2), 0);
	while (n)
		KUNIT_EXPECT_EQ(test, del(n--), 0);
	KUNIT_EXPECT_EQ(test, count(), 0u);
}

static void addresses_that_are_none(struct kunit *test)
{
	struct sdr_rdma_path path = path_to(7, 0);

	KUNIT_EXPECT_EQ(test, sdr_rdma_path_set(&paths, &path), -EINVAL);
	path.remote = in6addr_loopback;
	KUNIT_EXPECT_EQ(test, sdr_rdma_path_set(&paths, &path), -EINVAL);
	path.local = in6addr_any;
	KUNIT_EXPECT_EQ(test, sdr_rdma_path_set(&paths, &path), -EINVAL);
	path.local = in6addr_linklocal_allnodes;
	KUNIT_EXPECT_EQ(test, sdr_rdma_path_set(&paths, &path), -EINVAL);
	path.local = in6addr_loopback;
	KUNIT_EXPECT_EQ(test, sdr_rdma_path_set(&paths, &path), 0);
	KUNIT_EXPECT_EQ(test, sdr_rdma_path_del(&paths, &path.host), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_host_has_one),
	KUNIT_CASE(so_many),
	KUNIT_CASE(addresses_that_are_none),
	{ }
};

struct kunit_suite sdr_rdma_path_suite = {
	.name		= "sdirect_rdma_path",
	.init		= paths_begin,
	.exit		= paths_end,
	.test_cases	= cases,
};
