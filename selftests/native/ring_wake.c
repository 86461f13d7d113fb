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
enum { PRODUCER, CONSUMER, ENDS };

/* Where it stands, what it waits for, its eventfd. */
struct end {
	__u64 reached __attribute__((aligned(64)));
	__u64 want __attribute__((aligned(64)));
	int bell;
	unsigned long slept, bells;
};

struct channel {
	struct end end[ENDS];
	unsigned char ring[SIZE];
	__u64 total;
	int bad;
};

/* An end of it, which a thread works. */
struct worker {
	struct channel *c;
	int who;
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
static __s64 piece(const struct channel *c, __u64 pos, int who)
{
	__u64 most = 1 + pos * (who == PRODUCER ? 7 : 13) % SIZE;

	return most < c->total - pos ? most : c->total - pos;
}

/* Room for the one, bytes for the other. */
static __s64 may_move(int who, __u64 own, __u64 other)
{
	return who == PRODUCER ? sdirect_ring_room(SIZE, 0, own, other) :
		sdirect_ring_avail(SIZE, own, other, ~0ull);
}

/* Waits for it: arm, look once more, sleep. */
static __s64 wait_for(struct channel *c, int who, __u64 own)
{
	const __u64 *at = &c->end[!who].reached;
	__s64 n;

	for (;;) {
		__u64 other = SDIRECT_LOAD_ACQUIRE(at);

		n = may_move(who, own, other);
		if (n)
			return n;
		sdirect_ring_arm(&c->end[who].want, other);
		if (SDIRECT_LOAD_ACQUIRE(at) != other)
			continue;
		c->end[who].slept++;
		sleep_on(c->end[who].bell);
	}
}

static void move(struct channel *c, int who, __u64 pos, __s64 n)
{
	unsigned char *at;

	for (; n--; pos++) {
		at = &c->ring[sdirect_ring_offset(SIZE, pos)];
		if (who == PRODUCER)
			*at = byte_at(pos);
		else
			c->bad |= *at != byte_at(pos);
	}
}

static void *work(void *arg)
{
	const struct worker *w = arg;
	struct channel *c = w->c;
	int who = w->who;
	__u64 pos = 0;

	while (pos < c->total) {
		__s64 n = wait_for(c, who, pos), most = piece(c, pos, who);

		if (n < 0)
			abort();
		n = n < most ? n : most;
		move(c, who, pos, n);
		if (sdirect_ring_publish(&c->end[who].reached,
					 &c->end[!who].want, pos, pos + n)) {
			c->end[who].bells++;
			ring_bell(c->end[!who].bell);
		}
		pos += n;
	}
	return NULL;
}

/* On a fresh ring: want words that nothing has asked for yet. */
static void run(struct channel *c, __u64 total)
{
	struct worker w[ENDS];
	pthread_t t[ENDS];
	int i;

	c->total = total;
	for (i = 0; i < ENDS; i++) {
		c->end[i].want = 0;
		c->end[i].bell = eventfd(0, EFD_CLOEXEC);
		assert_true(c->end[i].bell >= 0);
		w[i] = (struct worker){ c, i };
	}
	for (i = 0; i < ENDS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
	for (i = 0; i < ENDS; i++)
		pthread_join(t[i], NULL);
	for (i = 0; i < ENDS; i++)
		close(c->end[i].bell);
}

static void no_wake_up_is_lost(void **state)
{
	static struct channel c;

	(void)state;
	run(&c, scaled(3000000));
	assert_false(c.bad);
	assert_int_equal(c.end[CONSUMER].reached, c.total);
	/* Or it has tried nothing. */
	assert_true(c.end[PRODUCER].slept + c.end[CONSUMER].slept > 10);
	print_message("slept %lu and %lu times, bells %lu and %lu\n",
		      c.end[PRODUCER].slept, c.end[CONSUMER].slept,
		      c.end[PRODUCER].bells, c.end[CONSUMER].bells);
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
