// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes, one ring mapped twice in a row from a memfd as the kernel maps
 * it, so that no read or write wraps: every byte arrives once, in its place.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <linux/sdirect.h>
#include <linux/sdirect_ring.h>

#include "time_limit.h"

enum { PAGE = 4096, CHUNK = 3001 };

struct shared {
	struct sdirect_ctl_page *ctl;	/* the producer's and the consumer's */
	unsigned char *ring;
	__u32 size;
	__u64 base;
};

/* Pages 0 and 1: what each end writes; then the ring, twice. */
static void map_shared(struct shared *s, __u32 size, __u64 base)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	unsigned char *at;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 2 * PAGE + size), 0);
	at = mmap(NULL, 2 * PAGE + 2 * (size_t)size, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	assert_ptr_equal(mmap(at, 2 * PAGE + size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0), at);
	assert_ptr_equal(mmap(at + 2 * PAGE + size, size,
			      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			      fd, 2 * PAGE), at + 2 * PAGE + size);
	close(fd);
	s->ctl = (void *)at;
	s->ring = at + 2 * PAGE;
	s->size = size;
	s->base = base;
}

static struct sdirect_ctl_page *page_of(const struct shared *s, int consumer)
{
	return (void *)((char *)s->ctl + consumer * PAGE);
}

static unsigned char byte_at(__u64 pos)
{
	return (pos * 0x9e3779b97f4a7c15ull) >> 56;
}

static void fill(unsigned char *to, __u64 pos, size_t n)
{
	while (n--)
		*to++ = byte_at(pos++);
}

static size_t odd_size(__u64 pos, __s64 most, __u64 left)
{
	__u64 n = 1 + (pos * 2654435761u >> 9) % CHUNK;

	n = n < (__u64)most ? n : (__u64)most;
	return n < left ? n : left;
}

static void produce(const struct shared *s, __u64 total)
{
	__u64 *tail = &page_of(s, 0)->tx_tail, never = 0;
	const __u64 *head = &page_of(s, 1)->rx_head;
	const __u64 end = s->base + total;
	__u64 pos = s->base;

	while (pos < end) {
		__s64 room = sdirect_ring_room(s->size, s->base, pos,
						 SDIRECT_LOAD_ACQUIRE(head));
		size_t n;

		if (room < 0)
			_exit(1);
		if (!room) {
			sched_yield();
			continue;
		}
		n = odd_size(pos, room, end - pos);
		fill(s->ring + sdirect_ring_offset(s->size, pos), pos, n);
		sdirect_ring_publish(tail, &never, pos, pos + n);
		pos += n;
	}
	_exit(0);
}

static int consume(const struct shared *s, __u64 total)
{
	__u64 *head = &page_of(s, 1)->rx_head, never = 0;
	const __u64 *tail = &page_of(s, 0)->tx_tail;
	static unsigned char want[CHUNK];
	const __u64 end = s->base + total;
	__u64 pos = s->base;

	while (pos < end) {
		__s64 n = sdirect_ring_avail(s->size, pos,
					       SDIRECT_LOAD_ACQUIRE(tail),
					       end);

		if (n < 0)
			return -1;
		if (!n) {
			sched_yield();
			continue;
		}
		n = odd_size(pos, n, end - pos);
		fill(want, pos, n);
		if (memcmp(s->ring + sdirect_ring_offset(s->size, pos), want,
			   n))
			return -1;
		sdirect_ring_publish(head, &never, pos, pos + n);
		pos += n;
	}
	return 0;
}

static void stream(__u32 size, __u64 base, __u64 total)
{
	struct shared s;
	int status;
	pid_t pid;

	map_shared(&s, size, base);
	page_of(&s, 0)->tx_tail = base;
	/* As after a switch: the consumer is still before the ring. */
	page_of(&s, 1)->rx_head = base ? base - 1 : 0;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		produce(&s, total);
	}
	assert_int_equal(consume(&s, total), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(page_of(&s, 0)->tx_tail, base + total);
	munmap(s.ctl, 2 * PAGE + 2 * (size_t)size);
}

static void smallest_ring(void **state)
{
	(void)state;
	stream(SDIRECT_RING_MIN, 0, scaled(4 << 20));
}

static void larger_ring(void **state)
{
	(void)state;
	stream(1 << 16, 0, scaled(8 << 20));
}

static void begins_in_mid_stream(void **state)
{
	(void)state;
	stream(SDIRECT_RING_MIN, 1234567, scaled(2 << 20));
}

static void over_32_bits(void **state)
{
	(void)state;
	stream(SDIRECT_RING_MIN, (1ull << 32) - 100001, scaled(2 << 20));
}

/* The layout is what another compiler would have laid out. */
static void layout(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct sdirect_ctl_page, tx_tail), 0);
	assert_int_equal(offsetof(struct sdirect_ctl_page, rx_head), 64);
	assert_int_equal(offsetof(struct sdirect_ctl_page, tx_inside), 128);
	assert_int_equal(offsetof(struct sdirect_kern_page, end), 64);
	assert_true(sizeof(struct sdirect_ctl_page) <= PAGE);
	assert_true(sizeof(struct sdirect_kern_page) <= PAGE);
	assert_int_equal(sizeof(struct sdirect_kern_end) % SDIRECT_LINE, 0);
	assert_int_equal(sizeof(struct sdirect_info), 56);
	assert_int_equal(sizeof(struct sdirect_attach), 80);
	assert_int_equal(sizeof(struct sdirect_settle), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(smallest_ring),
		cmocka_unit_test(larger_ring),
		cmocka_unit_test(begins_in_mid_stream),
		cmocka_unit_test(over_32_bits),
	};

	time_limit(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
