// SPDX-License-Identifier: GPL-2.0-only
/* Epoll sets that are served from the rings of their members. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "entry.h"
#include "fake.h"
#include "look.h"
#include "polled.h"
#include "sdirect.h"
#include "served.h"
#include "sys.h"

#define ROUNDS	20000

static void epoll__level_is_what_the_ring_holds(void **state)
{
	(void)state;
	served_add(EPOLLIN | EPOLLRDHUP);
	for (int i = 0; i < 1000; i++) {
		served_put("hello");
		assert_int_equal(served_ready(served_ep, NULL), EPOLLIN);
		assert_int_equal(served_ready(served_ep, NULL), EPOLLIN);
		served_get(5);
	}
	assert_int_equal(fake.ctls + fake.bells + fake.sends + fake.recvs, 0);
	/* The kernel's own descriptors have their turn. */
	assert_in_range(fake.waits, 2000 / (SDI_ROUNDS + 1), 2000 / 4);
	/* Who asks for what is there now gets all of it. */
	fake.waits = 0;
	assert_int_equal(served_look(), 0);
	assert_int_equal(fake.waits, 1);
}

static void epoll__an_edge_is_said_once(void **state)
{
	const uint32_t both = EPOLLIN | EPOLLOUT;

	(void)state;
	served_add(both | EPOLLET);
	for (int i = 0; i < 100; i++) {
		served_put("ab");
		assert_int_equal(served_look(), both);
		assert_int_equal(served_look(), 0);
		served_get(1);
		assert_int_equal(served_look(), 0);
		served_put("c");
		assert_int_equal(served_look(), both);
		served_get(2);
		assert_int_equal(served_look(), 0);
	}
	/* Again by EPOLL_CTL_MOD; with nothing to read there is room. */
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, both | EPOLLET), 0);
	assert_int_equal(served_look(), EPOLLOUT);
	assert_int_equal(served_look(), 0);
	assert_int_equal(fake.ctls, 0);
}

static void epoll__room_is_an_edge_for_who_found_none(void **state)
{
	static char buf[5000];

	(void)state;
	served_add(EPOLLIN | EPOLLOUT | EPOLLET);
	assert_int_equal(sdirect_send(B, buf, 5000, MSG_DONTWAIT), 4096);
	assert_int_equal(served_look(), 0);
	assert_int_equal(sdirect_recv(A, buf, 100, 0), 100);
	assert_int_equal(served_look(), 0);
	assert_int_equal(sdirect_recv(A, buf, 4000, 0), 3996);
	assert_int_equal(served_look(), EPOLLOUT);
	assert_int_equal(served_look(), 0);
}

static void epoll__changes_are_not_told_before_a_sleep(void **state)
{
	const struct timespec soon = { .tv_nsec = 1000000 };

	(void)state;
	served_add(EPOLLIN);
	served_put("x");
	for (int i = 0; i < 100; i++) {
		assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN), -EEXIST);
		assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLOUT), 0);
		assert_int_equal(served_look(), EPOLLOUT);
		assert_int_equal(served_tell(EPOLL_CTL_DEL, B, 0), 0);
		assert_int_equal(served_tell(EPOLL_CTL_DEL, B, 0), -ENOENT);
		assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN), -ENOENT);
		assert_int_equal(served_look(), 0);
		assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN), 0);
		assert_int_equal(served_look(), EPOLLIN);
	}
	assert_int_equal(fake.ctls, 0);
	served_get(1);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLOUT), 0);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLRDHUP), 0);
	assert_int_equal(served_ready(served_ep, &soon), 0);
	assert_int_equal(fake.ctls, 1);
	assert_true(fake.told.events & EPOLLRDHUP);
	assert_int_equal(served_tell(EPOLL_CTL_DEL, B, 0), 0);
	assert_int_equal(served_ready(served_ep, &soon), 0);
	assert_int_equal(fake.ctls, 2);
	assert_null(sdi_entry_find(B)->member.set);
}

/* Whose turn it is only the kernel knows for sure. */
static void epoll__one_shot_is_the_kernels(void **state)
{
	struct sdi_entry *e = sdi_entry_find(B);

	(void)state;
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN | EPOLLONESHOT), 0);
	fake_wake(1);
	assert_int_equal(served_look(), EPOLLIN);
	for (int i = 0; i < 2 * SDI_ROUNDS; i++)
		assert_int_equal(served_look(), 0);
	assert_int_equal(sdi_set_zone(e), SDI_COLD);
	assert_int_equal(fake.told.data.u64, TAG);
	/* What was served becomes the kernel's with that, and the other way. */
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN), 0);
	assert_int_equal(sdi_set_zone(e), SDI_ACTIVE);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLONESHOT), 0);
	assert_int_equal(sdi_set_zone(e), SDI_COLD);
	assert_int_equal(fake.told.events, EPOLLIN | EPOLLONESHOT);
	/* A thread works on it: hand-over, and whatever else, does not tell. */
	assert_int_equal(served_look(), EPOLLIN);
	fake.ctls = 0;
	sdi_set_give_up(served_ep);
	assert_int_equal(fake.ctls, 0);
	assert_int_equal(served_look(), 0);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLONESHOT), 0);
	assert_int_equal(served_look(), EPOLLIN);
}

/* Whatever happens to its rings, the kernel has it again as it was added. */
static void epoll__a_lost_lease_makes_it_cold(void **state)
{
	(void)state;
	served_add(EPOLLIN | EPOLLRDHUP);
	fake_revoke(1);
	served_look();
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_COLD);
	assert_int_equal(fake.told.events, EPOLLIN | EPOLLRDHUP);
	assert_int_equal(fake.told.data.u64, TAG);
	assert_int_equal(fake.ctl[1]->rx_served, 1);	/* not written to */
	assert_int_equal(sdirect_attach(B), 0);
	served_look();
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_ACTIVE);
}

static void epoll__a_closed_member_is_forgotten(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	served_put("x");
	sdi_fd_drop(B);
	/* Closed, and not in the set any more. */
	epoll_ctl(served_ep, EPOLL_CTL_DEL, fake.bell_fd[1], NULL);
	assert_int_equal(served_look(), 0);
	assert_null(sdi_entry_find(B)->member.set);
	sdi_fd_note(B);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN), -ENOENT);
}

static void epoll__a_number_used_again_is_new(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	sdi_fd_note(B);
	epoll_ctl(served_ep, EPOLL_CTL_DEL, fake.bell_fd[1], NULL);
	assert_int_equal(sdirect_attach(B), 0);
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN), 0);
	served_put("x");
	assert_int_equal(served_look(), EPOLLIN);
}

/* With a second one that waits, the kernel has all. */
static void epoll__two_threads_are_the_kernels(void **state)
{
	struct sdi_set *s = sdi_set_find(served_ep);
	pthread_t thread;

	(void)state;
	served_add(EPOLLIN);
	assert_int_equal(pthread_create(&thread, NULL, served_wait_for_ever, NULL), 0);
	served_until_asleep(s);
	served_look();
	assert_int_equal(s->served, 0);
	assert_null(sdi_entry_find(B)->member.set);
	assert_int_equal(fake.told.events, EPOLLIN);
	assert_int_equal(fake.told.data.u64, TAG);
	fake_wake(1);
	pthread_join(thread, NULL);
	assert_int_equal(s->inside, 0);
}

static void epoll__changed_while_somebody_sleeps(void **state)
{
	struct sdi_set *s = sdi_set_find(served_ep);
	pthread_t thread;
	void *got;

	(void)state;
	served_add(EPOLLIN);
	served_put("x");
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLPRI), 0);
	/* The kernel says now that there is something, when it is asked anew. */
	fake_wake(1);
	for (int i = 0; i < 2 * SDI_ROUNDS; i++)
		assert_int_equal(served_look(), 0);
	assert_int_equal(pthread_create(&thread, NULL, served_wait_for_ever, NULL), 0);
	served_until_asleep(s);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN), 0);
	pthread_join(thread, &got);
	assert_int_equal((uintptr_t)got, EPOLLIN);
}

static void epoll__a_fork_gives_it_back(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	served_add(EPOLLIN);
	pid = fork();
	if (!pid)
		_exit(sdi_set_find(served_ep) || sdi_entry_find(B)->member.set);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sdi_set_find(served_ep)->served, 0);
	assert_null(sdi_entry_find(B)->member.set);
	assert_int_equal(fake.told.events, EPOLLIN);
}

/* Many that are quiet cost a sleep nothing; each rings for itself. */
static void epoll__quiet_after_a_while(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(served_look(), 0);
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_QUIET);
	served_put("x");
	assert_int_equal(fake.bells, 1);
	assert_int_equal(served_look(), EPOLLIN);
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_ACTIVE);
	served_get(1);
}

static atomic_int taken;

/* Each message only after the last has been read: none wakes for another. */
static void *send_now_and_then(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		while (taken < i)
			sched_yield();
		served_put("m");
		for (int k = i % 97; k; k--)
			if (i % 13)
				sdi_pause();
			else
				sched_yield();
	}
	return NULL;
}

/* A doorbell that is missing ends in the fake kernel's limit. */
static void sleep_and_wake(uint32_t form)
{
	char buf[64];
	ssize_t n;
	struct sdi_set *s;
	pthread_t thread;
	uint64_t first;

	taken = 0;
	served_add(EPOLLIN | form);
	s = sdi_set_find(served_ep);
	first = s->sleep;
	assert_int_equal(pthread_create(&thread, NULL, send_now_and_then, NULL),
			 0);
	while (taken < ROUNDS) {
		assert_int_equal(served_ready(served_ep, NULL), EPOLLIN);
		while ((n = sdirect_recv(B, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			taken += (int)n;
		assert_int_equal(errno, EAGAIN);
	}
	pthread_join(thread, NULL);
	assert_int_equal(taken, ROUNDS);
	assert_true(fake.waits > 0);
	/* Who looks once more may find what the doorbell was rung for. */
	assert_in_range(fake.bells, 0, s->sleep - first);
	assert_int_equal(fake.recvs, 0);
}

static void epoll__no_wake_up_is_lost(void **state)
{
	(void)state;
	sleep_and_wake(0);
}

static void epoll__no_edge_is_lost(void **state)
{
	(void)state;
	sleep_and_wake(EPOLLET);
}

static void epoll__one_doorbell_for_one_sleep(void **state)
{
	struct sdi_entry *e = sdi_entry_find(B);

	(void)state;
	served_add(EPOLLIN);
	sdi_look_arm(e, 77);
	served_put("x");
	assert_int_equal(fake.bells, 1);
	/* Armed for the same sleep, for another, and for itself. */
	sdi_look_arm(e, 77);
	served_put("x");
	assert_int_equal(fake.bells, 1);
	sdi_look_arm(e, 78);
	served_put("x");
	assert_int_equal(fake.bells, 2);
	sdi_look_arm(e, 0);
	served_put("x");
	sdi_look_arm(e, 0);
	served_put("x");
	assert_int_equal(fake.bells, 4);
}

static int polled(short events)
{
	struct pollfd pfd[2] = { { .fd = B, .events = events }, { .fd = -1 } };
	int n = sdi_poll(pfd, 2, 0);

	return n ? pfd[0].revents : 0;
}

/* poll() of what is on rings; 0 is left to the kernel. */
static void epoll__poll_is_what_the_ring_holds(void **state)
{
	static char buf[5000];
	struct pollfd pfd = { .fd = served_ep, .events = POLLIN };

	(void)state;
	assert_int_equal(polled(POLLIN), 0);
	assert_int_equal(polled(POLLIN | POLLOUT), POLLOUT);
	served_put("x");
	assert_int_equal(polled(POLLIN), POLLIN);
	assert_int_equal(polled(POLLIN | POLLOUT | POLLRDHUP),
			 POLLIN | POLLOUT);
	assert_int_equal(polled(POLLPRI), 0);
	/* Whether there will be room only the kernel knows. */
	assert_int_equal(sdirect_send(B, buf, 4000, MSG_DONTWAIT), 4000);
	assert_int_equal(polled(POLLIN), POLLIN);
	assert_int_equal(polled(POLLIN | POLLOUT), 0);
	assert_int_equal(sdi_poll(&pfd, 1, 1), 0);
	fake_revoke(1);
	assert_int_equal(polled(POLLIN), 0);
}

int run_epoll_tests(void)
{
	const struct CMUnitTest tests[] = {
		SERVED_TEST(epoll__level_is_what_the_ring_holds),
		SERVED_TEST(epoll__an_edge_is_said_once),
		SERVED_TEST(epoll__room_is_an_edge_for_who_found_none),
		SERVED_TEST(epoll__changes_are_not_told_before_a_sleep),
		SERVED_TEST(epoll__one_shot_is_the_kernels),
		SERVED_TEST(epoll__a_lost_lease_makes_it_cold),
		SERVED_TEST(epoll__a_closed_member_is_forgotten),
		SERVED_TEST(epoll__a_number_used_again_is_new),
		SERVED_TEST(epoll__two_threads_are_the_kernels),
		SERVED_TEST(epoll__changed_while_somebody_sleeps),
		SERVED_TEST(epoll__a_fork_gives_it_back),
		SERVED_TEST(epoll__quiet_after_a_while),
		SERVED_TEST(epoll__no_wake_up_is_lost),
		SERVED_TEST(epoll__no_edge_is_lost),
		SERVED_TEST(epoll__one_doorbell_for_one_sleep),
		SERVED_TEST(epoll__poll_is_what_the_ring_holds),
	};

	return cmocka_run_group_tests_name("epoll", tests, NULL, NULL);
}
