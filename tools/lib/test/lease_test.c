// SPDX-License-Identifier: GPL-2.0-only
/* Getting, losing and giving back a lease; closing; forking. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "fake.h"
#include "entry.h"
#include "sdirect.h"

#define A	FAKE_FD
#define B	(FAKE_FD + 1)

static int begin(void **state)
{
	(void)state;
	fake_open(4096, 4096);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

static void lease__refused_for_ever(void **state)
{
	(void)state;
	fake.attach_error = EOPNOTSUPP;
	for (int i = 0; i < 100; i++)
		sdirect_send(A, "x", 1, 0);
	assert_int_equal(fake.attaches, 1);
	assert_int_equal(sdi_fd_known(A), 0);
}

static void lease__not_yet_is_asked_for_ever_less(void **state)
{
	(void)state;
	fake.attach_error = EAGAIN;
	for (int i = 0; i < 1000; i++)
		sdirect_send(A, "x", 1, 0);
	/* After 8, 16, 32, 64, 128, 256 calls more: 8 + ... + 256 < 1000 */
	assert_in_range(fake.attaches, 5, 8);
	fake.attach_error = 0;
	assert_int_equal(sdirect_attach(A), 0);
}

static void lease__lost_between_two_calls(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(sdirect_attach(A), 0);
	assert_int_equal(sdirect_send(A, "ab", 2, 0), 2);
	fake_revoke(0);
	assert_int_equal(sdirect_send(A, "cd", 2, 0), 2);
	assert_int_equal(fake.sends, 1);
	assert_int_equal(sdirect_recv(B, buf, 8, 0), 4);
	assert_memory_equal(buf, "abcd", 4);
	/* It comes back after some traffic. */
	for (int i = 0; i < 30; i++)
		assert_int_equal(sdirect_send(A, "x", 1, 0), 1);
	assert_int_equal(fake.attaches, 2);
	assert_true(fake.end[0].leased);
}

static void lease__lost_while_reserved(void **state)
{
	size_t len = 1;
	char buf[8];
	char *to;

	(void)state;
	assert_int_equal(sdirect_attach(A), 0);
	assert_int_equal(sdirect_attach(B), 0);
	assert_int_equal(sdirect_send(A, "ab", 2, 0), 2);
	to = sdirect_reserve(A, &len);
	assert_non_null(to);
	fake_revoke(0);
	memcpy(to, "lost", 4);
	assert_int_equal(sdirect_commit(A, 4), -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(fake.settles, 1);
	assert_int_equal(sdirect_send(A, "cd", 2, 0), 2);
	assert_non_null(sdirect_peek(B, &len));
	fake_revoke(1);
	assert_int_equal(sdirect_consume(B, 1), -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(sdirect_recv(B, buf, 8, 0), 4);
	assert_memory_equal(buf, "abcd", 4);
}

static void *send_one(void *arg)
{
	(void)arg;
	return (void *)sdirect_send(A, "y", 1, 0);
}

static void lease__a_lock_that_is_kept_holds_nobody_up(void **state)
{
	size_t len = 1;
	pthread_t thread;
	char buf[8];
	void *ret;

	(void)state;
	assert_int_equal(sdirect_attach(A), 0);
	assert_non_null(sdirect_reserve(A, &len));
	/* Our own lock, as if we were a signal handler. */
	assert_int_equal(sdirect_send(A, "x", 1, 0), 1);
	assert_int_equal(pthread_create(&thread, NULL, send_one, NULL), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_int_equal((intptr_t)ret, 1);
	assert_int_equal(sdirect_commit(A, 1), -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(sdirect_recv(B, buf, 8, 0), 2);
	assert_memory_equal(buf, "xy", 2);
}

static void *recv_one(void *arg)
{
	return (void *)sdirect_recv(B, arg, 1, 0);
}

static void lease__close_under_a_sleeping_reader(void **state)
{
	pthread_t thread;
	void *ret;
	char c;

	(void)state;
	assert_int_equal(sdirect_attach(B), 0);
	assert_int_equal(fake.mapped, 2);
	assert_int_equal(pthread_create(&thread, NULL, recv_one, &c), 0);
	/* Until the reader is in its call, and keeps the lock. */
	while (!fake.recvs)
		sched_yield();
	sdirect_detach(B);
	assert_int_equal(fake.mapped, 2);
	assert_int_equal(sdi_entry_find(B)->state, SDI_STALE);
	assert_int_equal(sdirect_send(A, "z", 1, 0), 1);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_int_equal((intptr_t)ret, 1);
	assert_int_equal(c, 'z');
	assert_int_equal(fake.mapped, 0);
	assert_int_equal(sdi_entry_find(B)->state, SDI_FREE);
}

static void lease__a_forgotten_descriptor_is_not_attached(void **state)
{
	(void)state;
	assert_int_equal(sdirect_attach(A), 0);
	sdi_fd_drop_range(A, A);
	assert_int_equal(fake.mapped, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(sdirect_send(A, "x", 1, 0), 1);
	assert_int_equal(fake.sends, 100);
	assert_int_equal(fake.attaches, 1);
}

/* In the child: nothing is attached, the number is still a candidate. */
static int in_child(void)
{
	struct sdi_entry *e = sdi_entry_find(A);

	if (!e || e->state != SDI_FREE || e->tx_lock)
		return 1;
	if (!sdi_fd_known(A) || sdi_self() != (uint32_t)gettid())
		return 2;
	return sdi_self_is_owner() ? 0 : 3;
}

static void lease__a_child_starts_with_nothing(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(sdirect_attach(A), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(in_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(sdi_entry_made(sdi_entry_find(A)));
}

static void lease__foreign_descriptors_are_left_alone(void **state)
{
	(void)state;
	assert_null(sdi_entry_find(-1));
	assert_null(sdi_entry_find(SDI_FD_MAX));
	assert_null(sdi_entry_place(SDI_FD_MAX));
	assert_int_equal(sdirect_attach(-1), -1);
	assert_int_equal(errno, EBADF);
	sdi_fd_drop(-1);
	sdi_fd_note(SDI_FD_MAX);
	sdi_fd_drop_range(0, ~0u);
	assert_int_equal(sdi_fd_known(A), 0);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int run_lease_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lease__refused_for_ever),
		TEST(lease__not_yet_is_asked_for_ever_less),
		TEST(lease__lost_between_two_calls),
		TEST(lease__lost_while_reserved),
		TEST(lease__a_lock_that_is_kept_holds_nobody_up),
		TEST(lease__close_under_a_sleeping_reader),
		TEST(lease__a_forgotten_descriptor_is_not_attached),
		TEST(lease__a_child_starts_with_nothing),
		TEST(lease__foreign_descriptors_are_left_alone),
	};

	return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
