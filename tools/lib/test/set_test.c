// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose a set is: locks whose holder has gone, descriptors that go away, and
 * what the kernel has then.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "suite.h"
#include "attach.h"
#include "due.h"
#include "entry.h"
#include "fake.h"
#include "look.h"
#include "member.h"
#include "polled.h"
#include "sdirect.h"
#include "serve.h"
#include "served.h"
#include "sys.h"

static const struct timespec soon = { .tv_nsec = 1000000 };

static struct sdi_set *set(void)
{
	return sdi_set_find(served_ep);
}

static enum sdi_zone zone(void)
{
	return sdi_set_zone(sdi_entry_find(B));
}

/* ---- a program never sees a token ---- */

static void set__no_token_is_told(void **state)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	(void)state;
	served_add(EPOLLIN);
	sdi_set_give_up(served_ep);
	/* Left behind by somebody. */
	ev.data.u64 = (uint64_t)sdi_process->secret << 32 | B;
	assert_int_equal(epoll_ctl(served_ep, EPOLL_CTL_MOD, fake.bell_fd[1],
				   &ev), 0);
	fake_wake(1);
	assert_int_equal(served_look(), 0);
	fake_wake(1);
	assert_int_equal(served_ready(served_ep, &soon), 0);
}

/* ---- descriptors that go away ---- */

/* Before it is closed: another process may have the same file. */
static void set__a_closed_member_is_the_kernels(void **state)
{
	(void)state;
	served_add(EPOLLIN | EPOLLRDHUP);
	sdi_fd_drop(B);
	served_kernel_has(EPOLLIN | EPOLLRDHUP);
	assert_null(sdi_entry_find(B)->member.set);
	assert_int_equal(fake.ctl[1]->rx_served, 0);
	assert_int_equal(fake.mapped, 2);
	/* And if it was not closed, it is in the set all the same. */
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN), 0);
	served_kernel_has(EPOLLIN);
}

static void set__a_removed_member_is_nobodys(void **state)
{
	uint32_t events;

	(void)state;
	served_add(EPOLLIN);
	assert_int_equal(served_tell(EPOLL_CTL_DEL, B, 0), 0);
	sdi_fd_drop(B);
	served_kernel_says(&events);
	assert_int_equal(events, 0);
}

/* One that only the kernel has served is told nothing. */
static void set__a_cold_member_costs_nothing(void **state)
{
	(void)state;
	fake_revoke(1);
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN), 0);
	assert_int_equal(zone(), SDI_COLD);
	fake.ctls = 0;
	sdi_fd_drop(B);
	assert_int_equal(fake.ctls, 0);
	assert_int_equal(fake.mapped, 2);
	/* The number again, for another: what is closed is in no set. */
	epoll_ctl(served_ep, EPOLL_CTL_DEL, fake.bell_fd[1], NULL);
	sdi_fd_note(B);
	assert_int_equal(served_tell(EPOLL_CTL_DEL, B, 0), -ENOENT);
	assert_int_equal(sdirect_attach(B), 0);
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN), 0);
	assert_int_equal(zone(), SDI_ACTIVE);
}

static void set__one_shot_and_its_number_again(void **state)
{
	(void)state;
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN | EPOLLONESHOT),
			 0);
	fake_wake(1);
	assert_int_equal(served_look(), EPOLLIN);
	sdi_fd_drop(B);
	epoll_ctl(served_ep, EPOLL_CTL_DEL, fake.bell_fd[1], NULL);
	sdi_fd_note(B);
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN | EPOLLONESHOT),
			 0);
}

/* ---- who looks, and who replaces pages ---- */

static void set__others_are_not_kept(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	/* Somebody looks at B's set, and at B. */
	assert_true(sdi_set_lock(set()));
	sdi_entry_hold(sdi_entry_find(B));
	fake_revoke(0);
	assert_int_equal(sdirect_attach(A), 0);
	sdi_fd_drop(A);
	assert_int_equal(fake.mapped, 2);
	sdi_entry_let_go(sdi_entry_find(B));
	sdi_set_unlock(set());
}

static void set__pages_stay_while_somebody_looks(void **state)
{
	struct sdi_entry *e = sdi_entry_find(B);

	(void)state;
	sdi_entry_hold(e);
	sdi_fd_drop(B);
	assert_int_equal(fake.mapped, 4);
	/* A new one with the number has to wait, but not for ever. */
	sdi_fd_note(B);
	assert_int_equal(sdirect_attach(B), -1);
	assert_int_equal(errno, EAGAIN);
	sdi_entry_let_go(e);
	assert_int_equal(sdirect_attach(B), 0);
	assert_int_equal(fake.mapped, 4);
}

/* Whoever serves the set is told before its pages are replaced. */
static void set__a_lease_that_comes_back(void **state)
{
	(void)state;
	served_add(EPOLLIN | EPOLLET);
	fake_revoke(1);
	assert_int_equal(sdirect_attach(B), 0);
	assert_int_equal(zone(), SDI_COLD);
	served_look();
	assert_int_equal(zone(), SDI_ACTIVE);
	served_put("x");
	assert_int_equal(served_look(), EPOLLIN);
}

static void *want_it(void *arg)
{
	assert_true(sdi_set_lock(arg));
	sdi_set_unlock(arg);
	return NULL;
}

/* Who spins with the lock sees that it is wanted. */
static void set__the_lock_is_wanted(void **state)
{
	struct sdi_set *s = set();
	pthread_t thread;

	(void)state;
	assert_true(sdi_set_lock(s));
	assert_false(sdi_owner_wanted(&s->owner));
	assert_int_equal(pthread_create(&thread, NULL, want_it, s), 0);
	while (!sdi_owner_wanted(&s->owner))
		sdi_pause();
	sdi_set_unlock(s);
	pthread_join(thread, NULL);
	assert_true(sdi_set_lock(s));
	assert_false(sdi_owner_wanted(&s->owner));
	sdi_set_unlock(s);
}

/* ---- what a sleep arms ---- */

static void sleep_and_tell(uint32_t events, uint64_t *want, uint64_t *number)
{
	pthread_t thread;

	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, events), 0);
	assert_int_equal(pthread_create(&thread, NULL, served_wait_for_ever,
					NULL), 0);
	served_until_asleep(set());
	*want = SDIRECT_LOAD(&fake.ctl[1]->rx_want);
	*number = SDIRECT_LOAD(&fake.ctl[1]->rx_sleep);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN), 0);
	served_put("x");
	pthread_join(thread, NULL);
	served_get(1);
}

/* Another thread could close what was rung for: each ring has its own bell. */
static void set__threads_have_no_number(void **state)
{
	uint64_t want, number;

	(void)state;
	served_add(EPOLLIN);
	sleep_and_tell(EPOLLIN, &want, &number);
	assert_int_not_equal(want, 0);
	assert_int_equal(number, 0);
	/* Nobody wants to know. */
	sleep_and_tell(EPOLLRDHUP, &want, &number);
	assert_int_equal(want, 0);
}

/* ---- waits ---- */

static void set__without_rings_one_call(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * SDI_ROUNDS; i++)
		assert_int_equal(served_ready(served_ep, &soon), 0);
	assert_int_equal(fake.waits, 2 * SDI_ROUNDS);
	assert_int_equal(fake.ctls, 0);
	/* With one that has nothing to say, too, but for the first time. */
	served_add(EPOLLIN);
	for (int i = 0; i < 2 * SDI_ROUNDS; i++)
		assert_int_equal(served_ready(served_ep, &soon), 0);
	assert_in_range(fake.waits, 2 * SDI_ROUNDS, 2 * SDI_ROUNDS + 1);
}

/* One side that has enough for every answer does not silence the other. */
static void set__both_sides_are_heard(void **state)
{
	static const struct timespec now;
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 7 };
	struct sdi_wait w = { served_ep, &ev, 1, &now, NULL };
	int fd = eventfd(1, 0), rings = 0, kernel = 0;

	(void)state;
	served_add(EPOLLIN);
	served_put("x");
	assert_int_equal(sdi_epoll_ctl(set(), served_ep, EPOLL_CTL_ADD, fd,
				       &ev), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(sdi_epoll_wait(set(), &w), 1);
		rings += ev.data.u64 == TAG;
		kernel += ev.data.u64 == 7;
	}
	assert_in_range(rings, 40, 60);
	assert_int_equal(rings + kernel, 100);
	close(fd);
}

static uint64_t ns(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * 1000000000 + (uint64_t)ts->tv_nsec;
}

/* What is left of it now is not more than what was said before. */
static void assert_is_enough(struct sdi_due *d)
{
	const struct timespec *left = sdi_due_left(d);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true(ns(&now) + ns(left) >= d->end);
}

static void set__time_is_not_rounded_down(void **state)
{
	const struct timespec ms = { 1, 10000000 }, us = { 0, 900000 };
	struct sdi_due d = { .timeout = &ms };
	const struct timespec *left = sdi_due_left(&d);

	(void)state;
	/* At once, all of it. */
	assert_int_equal(left->tv_sec, 1);
	assert_int_equal(left->tv_nsec, 10000000);
	d.end -= 500000;
	assert_is_enough(&d);
	assert_int_equal(d.left.tv_nsec % 1000000, 0);
	d.end = 1;
	assert_true(sdi_due_is_over(sdi_due_left(&d)));
	d = (struct sdi_due) { .timeout = &us };
	left = sdi_due_left(&d);
	assert_int_equal(left->tv_nsec, 900000);
	assert_is_enough(&d);
	assert_in_range(d.left.tv_nsec, 0, 900000);
	d = (struct sdi_due) { .timeout = NULL };
	assert_null(sdi_due_left(&d));
	assert_false(sdi_due_is_over(NULL));
}

/* What the rings do not tell is the kernel's until the program changes it. */
static void set__ended_is_the_kernels(void **state)
{
	(void)state;
	served_add(EPOLLIN | EPOLLET);
	assert_true(sdi_set_lock(set()));
	assert_true(sdi_member_ended(sdi_entry_find(B)));
	sdi_set_unlock(set());
	fake.ctls = 0;
	for (int i = 0; i < 2 * SDI_ROUNDS; i++)
		served_look();
	assert_int_equal(zone(), SDI_COLD);
	assert_int_equal(fake.ctls, 0);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLET), 0);
	assert_int_equal(zone(), SDI_ACTIVE);
}

int run_set_tests(void)
{
	const struct CMUnitTest tests[] = {
		SERVED_TEST(set__no_token_is_told),
		SERVED_TEST(set__a_closed_member_is_the_kernels),
		SERVED_TEST(set__a_removed_member_is_nobodys),
		SERVED_TEST(set__a_cold_member_costs_nothing),
		SERVED_TEST(set__one_shot_and_its_number_again),
		SERVED_TEST(set__others_are_not_kept),
		SERVED_TEST(set__pages_stay_while_somebody_looks),
		SERVED_TEST(set__a_lease_that_comes_back),
		SERVED_TEST(set__the_lock_is_wanted),
		SERVED_TEST(set__threads_have_no_number),
		SERVED_TEST(set__without_rings_one_call),
		SERVED_TEST(set__both_sides_are_heard),
		SERVED_TEST(set__time_is_not_rounded_down),
		SERVED_TEST(set__ended_is_the_kernels),
	};

	return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
