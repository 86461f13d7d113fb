// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one race that fences E and F are for, again and again: a publisher and a
 * sleeper who arms stand at the same position and are let go at the same time.
 * Threads that sleep meet there too rarely to show that a fence is missing.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <linux/sdirect_ring.h>

#include "time_limit.h"

#define PAUSE		64	/* of the publisher, in turns of a loop */
#define ENOUGH_S	60	/* fewer rounds where others have the CPUs */

struct duel {
	__u64 tail __attribute__((aligned(64)));
	__u64 want __attribute__((aligned(64)));
	unsigned long here __attribute__((aligned(64)));
	unsigned long rounds;	/* the publisher's, before it gets to the last */
	unsigned char *rung, *seen;
};

/* Both get here, then both go on; without a second CPU by giving way. */
static void meet(struct duel *d, unsigned long round)
{
	unsigned int spins = 0;

	__atomic_fetch_add(&d->here, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&d->here, __ATOMIC_SEQ_CST) < 2 * (round + 1))
		if (++spins % 20000 == 0)
			sched_yield();
}

/* On a CPU of its own, if there is one: the n-th that we may use. */
static void settle_on(int n)
{
	cpu_set_t may, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(may), &may))
		return;
	n %= CPU_COUNT(&may);
	for (cpu = 0; n || !CPU_ISSET(cpu, &may); cpu++)
		n -= CPU_ISSET(cpu, &may);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void pause_a_little(unsigned long n)
{
	volatile unsigned long left = n;

	while (left)
		left--;
}

static void *duel_publisher(void *arg)
{
	const time_t end = time(NULL) + ENOUGH_S;
	struct duel *d = arg;
	unsigned long r;

	settle_on(0);
	for (r = 0; r < d->rounds; r++) {
		if (r % 1024 == 1023 && time(NULL) > end)
			__atomic_store_n(&d->rounds, r + 1, __ATOMIC_RELAXED);
		/* In the cache, so that it can be read before the store is out. */
		(void)SDIRECT_LOAD(&d->want);
		meet(d, r);
		pause_a_little(PAUSE + r % 4);
		d->rung[r] = sdirect_ring_publish(&d->tail, &d->want, r, r + 1);
	}
	return NULL;
}

/* Aims at the moment of the publisher's store: later if it was too early. */
static void *duel_sleeper(void *arg)
{
	unsigned long r = 0, rounds, pause = PAUSE;
	struct duel *d = arg;

	settle_on(1);
	do {
		(void)SDIRECT_LOAD(&d->tail);
		meet(d, r);
		rounds = SDIRECT_LOAD(&d->rounds);
		pause_a_little(pause);
		sdirect_ring_arm(&d->want, r);
		d->seen[r] = SDIRECT_LOAD_ACQUIRE(&d->tail) > r;
		if (!d->seen[r] && pause < 4 * PAUSE)
			pause++;
		else if (d->seen[r] && pause)
			pause--;
	} while (++r < rounds);
	return NULL;
}

/* Either the sleeper sees the position, or the publisher sees the wish. */
static void one_of_both_sees_it(void **state)
{
	static struct duel d;
	unsigned long r, lost = 0, both = 0;
	pthread_t t[2];

	(void)state;
	d.rounds = scaled(1600000);
	d.rung = calloc(2, d.rounds);
	assert_non_null(d.rung);
	d.seen = d.rung + d.rounds;
	assert_int_equal(pthread_create(&t[0], NULL, duel_publisher, &d), 0);
	assert_int_equal(pthread_create(&t[1], NULL, duel_sleeper, &d), 0);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	for (r = 0; r < d.rounds; r++) {
		lost += !d.rung[r] && !d.seen[r];
		both += d.rung[r] && d.seen[r];
	}
	free(d.rung);
	print_message("%lu of %lu wake-ups lost, %lu seen by both\n", lost,
		      d.rounds, both);
	assert_true(d.rounds > 1000);
	assert_int_equal(lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_both_sees_it),
	};

	time_limit(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
