// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeping for real: two threads move bytes through a small ring and sleep on
 * an eventfd whenever there is nothing to do.  A lost wake-up leaves both
 * asleep, which the time limit turns into a failure.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include <linux/sdirect_ring.h>

#include "time_limit.h"

enum { SIZE = 64 };

struct channel {
	__u64 tail __attribute__((aligned(64)));
	__u64 head __attribute__((aligned(64)));
	__u64 rx_want __attribute__((aligned(64)));
	__u64 tx_want __attribute__((aligned(64)));
	unsigned char ring[SIZE];
	int bytes, room;	/* eventfds: something to read, to write */
	__u64 total;
	unsigned long slept[2], bells[2];
	int bad;
};

static void sleep_on(int fd)
{
	__u64 count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		abort();
}

static void ring_bell(int fd)
{
	__u64 one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static unsigned char byte_at(__u64 pos)
{
	return (pos * 0x9e3779b97f4a7c15ull) >> 40;
}

/* Odd pieces, and not more than there is to be. */
static __s64 piece(const struct channel *c, __u64 pos, unsigned int odd)
{
	__u64 most = 1 + pos * odd % SIZE;

	return most < c->total - pos ? most : c->total - pos;
}

/* Waits for room: arm, look once more, sleep. */
static __s64 wait_room(struct channel *c, __u64 tail)
{
	__s64 n;

	for (;;) {
		__u64 head = SDIRECT_LOAD_ACQUIRE(&c->head);

		n = sdirect_ring_room(SIZE, 0, tail, head);
		if (n)
			return n;
		sdirect_ring_arm(&c->tx_want, head);
		if (SDIRECT_LOAD_ACQUIRE(&c->head) != head)
			continue;
		c->slept[0]++;
		sleep_on(c->room);
	}
}

static __s64 wait_bytes(struct channel *c, __u64 head)
{
	__s64 n;

	for (;;) {
		__u64 tail = SDIRECT_LOAD_ACQUIRE(&c->tail);

		n = sdirect_ring_avail(SIZE, head, tail, ~0ull);
		if (n)
			return n;
		sdirect_ring_arm(&c->rx_want, tail);
		if (SDIRECT_LOAD_ACQUIRE(&c->tail) != tail)
			continue;
		c->slept[1]++;
		sleep_on(c->bytes);
	}
}

static void *producer(void *arg)
{
	struct channel *c = arg;
	__u64 tail = 0;

	while (tail < c->total) {
		__s64 n = wait_room(c, tail), i;
		__s64 most = piece(c, tail, 7);

		if (n < 0)
			abort();
		n = n < most ? n : most;
		for (i = 0; i < n; i++)
			c->ring[sdirect_ring_offset(SIZE, tail + i)] =
				byte_at(tail + i);
		if (sdirect_ring_publish(&c->tail, &c->rx_want, tail,
					 tail + n)) {
			c->bells[0]++;
			ring_bell(c->bytes);
		}
		tail += n;
	}
	return NULL;
}

static void *consumer(void *arg)
{
	struct channel *c = arg;
	__u64 head = 0;

	while (head < c->total) {
		__s64 n = wait_bytes(c, head), i;
		__s64 most = piece(c, head, 13);

		if (n < 0)
			abort();
		n = n < most ? n : most;
		for (i = 0; i < n; i++)
			c->bad |= c->ring[sdirect_ring_offset(SIZE, head + i)] !=
				  byte_at(head + i);
		if (sdirect_ring_publish(&c->head, &c->tx_want, head,
					 head + n)) {
			c->bells[1]++;
			ring_bell(c->room);
		}
		head += n;
	}
	return NULL;
}

static void run(struct channel *c, __u64 total)
{
	pthread_t t[2];

	c->total = total;
	/* A fresh ring: want words that nothing has asked for yet. */
	c->rx_want = c->tx_want = 0;
	c->bytes = eventfd(0, EFD_CLOEXEC);
	c->room = eventfd(0, EFD_CLOEXEC);
	assert_true(c->bytes >= 0 && c->room >= 0);
	assert_int_equal(pthread_create(&t[0], NULL, producer, c), 0);
	assert_int_equal(pthread_create(&t[1], NULL, consumer, c), 0);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	close(c->bytes);
	close(c->room);
}

static void no_wake_up_is_lost(void **state)
{
	static struct channel c;

	(void)state;
	run(&c, scaled(3000000));
	assert_false(c.bad);
	assert_int_equal(c.head, c.total);
	/* Or it has tried nothing. */
	assert_true(c.slept[0] + c.slept[1] > 10);
	print_message("slept %lu and %lu times, bells %lu and %lu\n",
		      c.slept[0], c.slept[1], c.bells[0], c.bells[1]);
}

static void *armer(void *arg)
{
	__u64 *want = arg, i;
	unsigned long rounds = scaled(100000);

	for (i = 0; i < rounds; i++)
		sdirect_ring_arm(want, i * 3 % (2 * rounds));
	return NULL;
}

/* Several sleepers arm one word: the highest wish stands. */
static void many_arm_one_word(void **state)
{
	unsigned long rounds = scaled(100000), i;
	__u64 want = 0, top = 0;
	pthread_t t[3];

	(void)state;
	for (i = 0; i < rounds; i++)
		if (i * 3 % (2 * rounds) > top)
			top = i * 3 % (2 * rounds);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, armer, &want), 0);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(want, top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wake_up_is_lost),
		cmocka_unit_test(many_arm_one_word),
	};

	time_limit(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
