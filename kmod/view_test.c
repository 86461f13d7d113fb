// SPDX-License-Identifier: GPL-2.0
/* What the holder of a lease may map, and what it finds there. */
#include "compat.h"

#include <linux/mm.h>
#include <linux/mman.h>

#include "fixture_test.h"
#include "holder_test.h"
#include "lease.h"
#include "region.h"

/*
 * struct map_case - a question to mmap(), by what is wrong with it
 */
struct map_case {
	const char *name;
	bool read_only;
	s64 offset, length;	/* off from what is right */
	unsigned long prot, flags;
	int err;
};

#define RW	(PROT_READ | PROT_WRITE)

static const struct map_case map_cases[] = {
	{ "send view",		false, 0, 0, RW, MAP_SHARED, 0 },
	{ "receive view",	true, 0, 0, PROT_READ, MAP_SHARED, 0 },
	{ "send view, read only", false, 0, 0, PROT_READ, MAP_SHARED, 0 },
	{ "receive view, writable", true, 0, 0, RW, MAP_SHARED, -EACCES },
	{ "executable",		false, 0, 0, RW | PROT_EXEC, MAP_SHARED,
	  -EACCES },
	{ "private",		false, 0, 0, RW, MAP_PRIVATE, -EINVAL },
	{ "another epoch",	false, 1ll << 28, 0, RW, MAP_SHARED, -EINVAL },
	{ "one page on",	false, 4096, 0, RW, MAP_SHARED, -EINVAL },
	{ "too long",		false, 0, 4096, RW, MAP_SHARED, -EINVAL },
	{ "too short",		true, 0, -4096, PROT_READ, MAP_SHARED,
	  -EINVAL },
	{ "offset 0",		true, -(1ll << 27), 0, PROT_READ, MAP_SHARED,
	  -EINVAL },
};

TEST_PARAM(map, map_cases);

static void views(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct holder h;
	unsigned long addr;
	u64 offset, length;
	int before;

	if (!holder_take_up(test, &h))
		return;
	before = atomic_read(&h.ss->region->views);
	KUNIT_EXPECT_EQ(test, before, 2);
	offset = (c->read_only ? h.at.rx_offset : h.at.tx_offset) + c->offset;
	length = (c->read_only ? h.at.rx_length : h.at.tx_length) + c->length;
	addr = vm_mmap(h.file, 0, length, c->prot, c->flags, offset);
	KUNIT_EXPECT_EQ(test, IS_ERR_VALUE(addr) ? (int)addr : 0, c->err);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views),
			before + !c->err);
	if (!IS_ERR_VALUE(addr))
		vm_munmap(addr, length);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views), before);
	holder_put_down(&h);
}

static void nobody_may_map(struct kunit *test)
{
	struct holder h;

	if (!holder_connect(test, &h) || !test_mm_use(test))
		return;
	h.at.tx_length = PAGE_SIZE;
	/* No region yet, and then no lease any more. */
	KUNIT_EXPECT_EQ(test, holder_map(&h, false), 0);
	KUNIT_EXPECT_EQ(test, holder_attach(&h), 0);
	test_revoke(h.ss);
	KUNIT_EXPECT_EQ(test, holder_map(&h, false), 0);
	KUNIT_EXPECT_EQ(test, holder_map(&h, true), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views), 0);
	test_mm_unuse();
}

/* Bytes without a system call, both ways, over the ring's end. */
static void bytes_by_mapping(struct kunit *test)
{
	u8 *mem = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct holder h;
	u64 pos, off;
	int n = 3000, i;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	if (!holder_take_up(test, &h))
		return;
	for (i = 0; i < 12; i++) {
		pos = GET(test, OWN(&h, tx_tail));
		off = h.tx + PAGE_SIZE + (pos & (h.at.tx_size - 1));
		test_fill(mem, pos, n);
		KUNIT_EXPECT_EQ(test, copy_to_user((void __user *)off, mem, n),
				0);
		PUT(test, pos + n, OWN(&h, tx_tail));
		KUNIT_EXPECT_EQ(test, test_recv(h.conn->end[1], pos, n, MSG_DONTWAIT), n);

		pos = GET(test, OWN(&h, rx_head));
		KUNIT_EXPECT_EQ(test, test_send(h.conn->end[1], pos, n, MSG_DONTWAIT), n);
		off = h.rx + 2 * PAGE_SIZE + (pos & (h.at.rx_size - 1));
		memset(mem, 0, n);
		KUNIT_EXPECT_EQ(test, copy_from_user(mem, (void __user *)off,
						     n), 0);
		KUNIT_EXPECT_TRUE(test, test_same(mem, pos, n));
		PUT(test, pos + n, OWN(&h, rx_head));
	}
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	/* The receive view is the peer's and the kernel's to write. */
	for (off = 0; off < 3; off++)
		KUNIT_EXPECT_NE(test, clear_user((void __user *)(h.rx +
						 off * PAGE_SIZE), 8), 0);
	holder_put_down(&h);
}

/* A mapping outlives its socket, and shows nothing but the end. */
static void mapped_after_close(struct kunit *test)
{
	struct holder h;

	if (!holder_take_up(test, &h))
		return;
	PUT(test, 5, OWN(&h, tx_tail));
	test_close(h.conn);
	KUNIT_EXPECT_NE(test, GET(test, KERN(&h, tx_epoch)), h.at.tx_epoch);
	KUNIT_EXPECT_EQ(test, GET(test, OWN(&h, tx_tail)), 0);
	PUT(test, 6, OWN(&h, tx_tail));
	holder_put_down(&h);
}

static struct kunit_case view_tests[] = {
	KUNIT_CASE_PARAM(views, map_gen_params),
	KUNIT_CASE(nobody_may_map),
	KUNIT_CASE(bytes_by_mapping),
	KUNIT_CASE(mapped_after_close),
	{ }
};

struct kunit_suite sdr_view_suite = {
	.name		= "sdirect_view",
	.suite_init	= test_mm_init,
	.suite_exit	= test_mm_exit,
	.test_cases	= view_tests,
};
