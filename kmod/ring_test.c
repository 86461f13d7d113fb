// SPDX-License-Identifier: GPL-2.0
/* The memory of a ring, and copying between it and a message. */
#include "compat.h"

#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sdirect_ring.h>

#include "fixture_test.h"
#include "ring.h"

#define POISON	0xa5

/* Where @pos lives, computed as the interface says it: p & (size - 1). */
static u8 *at(const struct sdr_ring *ring, u64 pos)
{
	u64 off = pos & (ring->size - 1);

	return (u8 *)page_address(ring->pages[off / PAGE_SIZE]) +
		off % PAGE_SIZE;
}

static void poison(struct sdr_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->size; i += PAGE_SIZE)
		memset(at(ring, i), POISON, PAGE_SIZE);
}

/* Bytes [pos, pos + n) are the stream's, all others untouched. */
static u64 wrong_bytes(const struct sdr_ring *ring, u64 pos, u64 n)
{
	u64 i, wrong = 0;

	for (i = 0; i < ring->size; i++)
		if (*at(ring, pos + i) !=
		    (i < n ? test_byte(pos + i) : POISON))
			wrong++;
	return wrong;
}

static struct sdr_ring *new_ring(struct kunit *test, u32 size)
{
	struct sdr_ring *ring = sdr_ring_alloc(size, test_payer());

	KUNIT_ASSERT_NOT_NULL(test, ring);
	return ring;
}

struct copy_case {
	const char *name;
	u32 size;
	u64 pos;
	size_t len;
};

static const struct copy_case copy_cases[] = {
	{ "nothing",			4096, 17, 0 },
	{ "one byte",			4096, 0, 1 },
	{ "last byte",			4096, 4095, 1 },
	{ "over the end by one",	4096, 4095, 2 },
	{ "all, from the start",	4096, 0, 4096 },
	{ "all, from the middle",	4096, 1234, 4096 },
	{ "all, from the last",		4096, 4095, 4096 },
	{ "within four pages",		16384, 5000, 8000 },
	{ "over the end of four",	16384, 16000, 9000 },
	{ "four pages, all",		16384, 10001, 16384 },
	{ "over 32 bits",		16384, (1ull << 32) - 100, 300 },
	{ "largest, over its end",	SDIRECT_RING_MAX,
	  3ull * SDIRECT_RING_MAX - 70000, 100000 },
	{ "near the end of 64 bits",	4096, ~0ull - 5000, 4000 },
};

TEST_PARAM(copy, copy_cases);

/* Memory for all bytes of a case, and an iterator of many odd pieces on it. */
static u8 *pieces(struct kunit *test, size_t len, struct iov_iter *iter,
		  unsigned int dir)
{
	const size_t n = len / 97 + 1;
	struct kvec *vec = kvmalloc_array(n, sizeof(*vec), GFP_KERNEL);
	u8 *mem = kvmalloc(len + 1, GFP_KERNEL);
	size_t i, done = 0;

	if (!vec || !mem) {
		kvfree(vec);
		kvfree(mem);
		KUNIT_FAIL(test, "no memory");
		return NULL;
	}
	for (i = 0; i < n; i++) {
		vec[i].iov_base = mem + done;
		vec[i].iov_len = i + 1 < n ? 97 : len - done;
		done += vec[i].iov_len;
	}
	iov_iter_kvec(iter, dir, vec, n, len);
	return mem;
}

static void free_pieces(u8 *mem, const struct kvec *vec)
{
	kvfree(vec);
	kvfree(mem);
}

static void write_lands(struct kunit *test)
{
	const struct copy_case *c = test->param_value;
	struct sdr_ring *ring = new_ring(test, c->size);
	struct iov_iter iter;
	const struct kvec *vec;
	u8 *mem;

	poison(ring);
	mem = pieces(test, c->len, &iter, WRITE);
	if (mem) {
		vec = iter.kvec;
		test_fill(mem, c->pos, c->len);
		KUNIT_EXPECT_EQ(test, sdr_ring_write(ring, c->pos, c->len,
						     &iter), c->len);
		KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 0);
		KUNIT_EXPECT_EQ(test, wrong_bytes(ring, c->pos, c->len), 0);
		free_pieces(mem, vec);
	}
	sdr_ring_put(ring);
}

static void read_finds(struct kunit *test)
{
	const struct copy_case *c = test->param_value;
	struct sdr_ring *ring = new_ring(test, c->size);
	struct iov_iter iter;
	const struct kvec *vec;
	size_t i;
	u8 *mem;

	poison(ring);
	for (i = 0; i < c->len; i++)
		*at(ring, c->pos + i) = test_byte(c->pos + i);
	mem = pieces(test, c->len, &iter, READ);
	if (mem) {
		vec = iter.kvec;
		mem[c->len] = 0x5a;
		KUNIT_EXPECT_EQ(test, sdr_ring_read(ring, c->pos, c->len,
						    &iter), c->len);
		KUNIT_EXPECT_TRUE(test, test_same(mem, c->pos, c->len));
		KUNIT_EXPECT_EQ(test, mem[c->len], 0x5a);
		KUNIT_EXPECT_EQ(test, wrong_bytes(ring, c->pos, c->len), 0);
		free_pieces(mem, vec);
	}
	sdr_ring_put(ring);
}

/* A message that holds less than was said: nothing of it is taken. */
static void short_message(struct kunit *test)
{
	struct sdr_ring *ring = new_ring(test, 4096);
	u8 mem[300];
	struct kvec vec = { .iov_base = mem, .iov_len = sizeof(mem) };
	struct iov_iter iter;

	poison(ring);
	test_fill(mem, 4000, sizeof(mem));
	iov_iter_kvec(&iter, WRITE, &vec, 1, sizeof(mem));
	KUNIT_EXPECT_EQ(test, sdr_ring_write(ring, 4000, 1000, &iter), 0);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), sizeof(mem));
	KUNIT_EXPECT_EQ(test, sdr_ring_write(ring, 4000, 300, &iter), 300);
	KUNIT_EXPECT_EQ(test, wrong_bytes(ring, 4000, 300), 0);

	memset(mem, 0, sizeof(mem));
	iov_iter_kvec(&iter, READ, &vec, 1, 200);
	KUNIT_EXPECT_EQ(test, sdr_ring_read(ring, 4000, 300, &iter), 0);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 200);
	KUNIT_EXPECT_EQ(test, mem[200], 0);
	sdr_ring_put(ring);
}

/* User memory that ends after @good bytes: all or nothing is moved. */
struct fault_case {
	const char *name;
	size_t good;
	u64 pos;
	size_t len;
};

static const struct fault_case fault_cases[] = {
	{ "nothing there",		0, 0, 100 },
	{ "one byte there",		1, 100, 100 },
	{ "half of it there",		2000, 0, 4000 },
	{ "fault behind the ring's end", 3000, 15000, 6000 },
	{ "fault at the ring's end",	1384, 15000, 6000 },
	{ "fault in a later page",	4096, 500, 9000 },
	{ "all there",			4096, 500, 4096 },
};

TEST_PARAM(fault, fault_cases);

/* Two pages of a process; behind the first there is nothing. */
static unsigned long half_mapped(struct kunit *test)
{
	unsigned long addr = vm_mmap(NULL, 0, 2 * PAGE_SIZE,
				     PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);

	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));
	if (IS_ERR_VALUE(addr))
		return 0;
	KUNIT_EXPECT_EQ(test, vm_munmap(addr + PAGE_SIZE, PAGE_SIZE), 0);
	return addr;
}

/* Is the message as it was, or gone through? */
static void all_or_nothing(struct kunit *test, const struct fault_case *c,
			   size_t got, const struct iov_iter *iter)
{
	KUNIT_EXPECT_EQ(test, got, c->good < c->len ? 0 : c->len);
	KUNIT_EXPECT_EQ(test, iov_iter_count(iter), c->len - got);
}

static void faults(struct kunit *test, const struct fault_case *c,
		   struct sdr_ring *ring, void __user *start, u8 *mem)
{
	size_t good = min(c->good, c->len), n;
	struct iov_iter iter;
	struct iovec vec;

	test_fill(mem, c->pos, good);
	KUNIT_EXPECT_EQ(test, copy_to_user(start, mem, good), 0);
	poison(ring);
	import_single_range(WRITE, start, c->len, &vec, &iter);
	n = sdr_ring_write(ring, c->pos, c->len, &iter);
	all_or_nothing(test, c, n, &iter);
	if (n)
		KUNIT_EXPECT_EQ(test, wrong_bytes(ring, c->pos, n), 0);

	KUNIT_EXPECT_EQ(test, clear_user(start, good), 0);
	import_single_range(READ, start, c->len, &vec, &iter);
	for (n = 0; n < c->len; n++)
		*at(ring, c->pos + n) = test_byte(c->pos + n);
	n = sdr_ring_read(ring, c->pos, c->len, &iter);
	all_or_nothing(test, c, n, &iter);
	KUNIT_EXPECT_EQ(test, copy_from_user(mem, start, n), 0);
	KUNIT_EXPECT_TRUE(test, test_same(mem, c->pos, n));
}

static void faulting_message(struct kunit *test)
{
	const struct fault_case *c = test->param_value;
	u8 *mem = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct sdr_ring *ring;
	unsigned long addr;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	if (!test_mm_use(test))
		return;
	ring = sdr_ring_alloc(16384, test_payer());
	addr = half_mapped(test);
	KUNIT_EXPECT_NOT_NULL(test, ring);
	if (ring && addr)
		faults(test, c, ring,
		       (void __user *)(addr + PAGE_SIZE - c->good), mem);
	if (addr)
		vm_munmap(addr, PAGE_SIZE);
	sdr_ring_put(ring);
	test_mm_unuse();
}

static const u32 ring_sizes[] = { 4096, 16384, 65536, SDIRECT_RING_MAX };

static void fresh_ring_is_zero(struct kunit *test)
{
	u32 i, n;

	for (n = 0; n < ARRAY_SIZE(ring_sizes); n++) {
		struct sdr_ring *ring = new_ring(test, ring_sizes[n]);

		KUNIT_EXPECT_EQ(test, ring->size, ring_sizes[n]);
		KUNIT_EXPECT_EQ(test, refcount_read(&ring->ref), 1);
		for (i = 0; i < ring->size; i += PAGE_SIZE)
			KUNIT_EXPECT_NULL(test, memchr_inv(at(ring, i), 0,
							   PAGE_SIZE));
		sdr_ring_put(ring);
	}
}

/* Every allocation in turn fails, and none of it is left. */
static void no_memory(struct kunit *test)
{
	unsigned int nth, failures = 0, i;
	struct sdr_ring *ring;

	if (!test_can_fail(test))
		return;
	for (nth = 1; nth < TEST_NTH_MAX; nth++) {
		test_fail_nth(nth);
		ring = sdr_ring_alloc(65536, test_payer());
		if (!test_failed())
			break;
		failures += !ring;
		/* All of it or nothing. */
		for (i = 0; ring && i < 65536 / PAGE_SIZE; i++)
			KUNIT_EXPECT_NOT_NULL(test, ring->pages[i]);
		sdr_ring_put(ring);
	}
	KUNIT_EXPECT_LT(test, nth, TEST_NTH_MAX);
	KUNIT_EXPECT_NOT_NULL(test, ring);
	sdr_ring_put(ring);
	/* The ring and its sixteen pages. */
	KUNIT_EXPECT_GE(test, failures, 17 / 2);
}

static void references(struct kunit *test)
{
	struct sdr_ring *ring = new_ring(test, 4096);
	struct page *page = ring->pages[0];

	get_page(page);
	KUNIT_EXPECT_PTR_EQ(test, sdr_ring_get(ring), ring);
	sdr_ring_put(ring);
	KUNIT_EXPECT_EQ(test, refcount_read(&ring->ref), 1);
	KUNIT_EXPECT_EQ(test, page_count(page), 2);
	sdr_ring_put(ring);
	/* A page that somebody maps is not given away with the ring. */
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);
	sdr_ring_put(NULL);
}

static struct kunit_case ring_tests[] = {
	KUNIT_CASE_PARAM(write_lands, copy_gen_params),
	KUNIT_CASE_PARAM(read_finds, copy_gen_params),
	KUNIT_CASE_PARAM(faulting_message, fault_gen_params),
	KUNIT_CASE(short_message),
	KUNIT_CASE(fresh_ring_is_zero),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(references),
	{ }
};

struct kunit_suite sdr_ring_suite = {
	.name		= "sdirect_ring",
	.suite_init	= test_mm_init,
	.suite_exit	= test_mm_exit,
	.test_cases	= ring_tests,
};
