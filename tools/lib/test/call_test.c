// SPDX-License-Identifier: GPL-2.0-only
/* The public calls, as a program sees them. */
#include <errno.h>
#include <linux/sdirect_ring.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "suite.h"
#include "fake.h"
#include "io.h"
#include "attach.h"
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

static void attach_both(void)
{
	assert_int_equal(sdirect_attach(A), 0);
	assert_int_equal(sdirect_attach(B), 0);
	fake.sends = fake.recvs = 0;
}

static void call__busy_connections_are_attached(void **state)
{
	char c;

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(sdirect_send(A, "x", 1, 0), 1);
	assert_int_equal(fake.attaches, 0);
	assert_int_equal(sdirect_send(A, "x", 1, 0), 1);
	assert_int_equal(fake.attaches, 1);
	assert_int_equal(fake.sends, 7);
	for (int i = 0; i < 8; i++)
		assert_int_equal(sdirect_recv(B, &c, 1, 0), 1);
	assert_int_equal(fake.attaches, 2);
	assert_int_equal(fake.recvs, 7);
}

static void call__no_system_call_when_there_is_work(void **state)
{
	char buf[10];

	(void)state;
	attach_both();
	/* The first byte passes the wants of an empty page. */
	assert_int_equal(sdirect_send(A, "0", 1, 0), 1);
	assert_int_equal(sdirect_recv(B, buf, 1, 0), 1);
	fake.bells = 0;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(sdirect_send(A, "0123456789", 10, 0), 10);
		assert_int_equal(sdirect_recv(B, buf, 10, MSG_WAITALL), 10);
		assert_memory_equal(buf, "0123456789", 10);
	}
	assert_int_equal(fake.sends + fake.recvs + fake.bells, 0);
}

static void call__empty_and_full_are_the_kernels(void **state)
{
	static char buf[5000];
	int saved;

	(void)state;
	attach_both();
	errno = 0;
	assert_int_equal(sdirect_recv(B, buf, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	saved = errno = ENOENT;
	assert_int_equal(sdirect_send(A, buf, 5000, MSG_DONTWAIT), 4096);
	assert_int_equal(errno, saved);
	assert_int_equal(sdirect_send(A, buf, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sdirect_recv(B, buf, 5000, 0), 4096);
	assert_int_equal(fake.revokes, 0);
}

static void call__nothing_there_needs_no_call(void **state)
{
	char buf[8];

	(void)state;
	attach_both();
	assert_int_equal(sdirect_recv(B, buf, 5, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sdirect_recv(B, buf, 5, MSG_DONTWAIT | MSG_PEEK), -1);
	assert_int_equal(fake.recvs, 0);
	/* Less than all is not nothing. */
	assert_int_equal(sdirect_send(A, "ab", 2, 0), 2);
	assert_int_equal(sdirect_recv(B, buf, 5, MSG_DONTWAIT | MSG_WAITALL),
			 2);
	/* An end or an error is the kernel's to tell. */
	fake.recvs = 0;
	fake.kern->end[1].rx_closed = 1;
	assert_int_equal(sdirect_recv(B, buf, 5, MSG_DONTWAIT), -1);
	assert_int_equal(fake.recvs, 1);
}

static void *wait_for_two(void *got)
{
	assert_int_equal(sdirect_recv(B, got, 2, 0), 2);
	return NULL;
}

/* One that does not pay for looking: the shortest way to sleep, and back. */
static void call__a_sleep_is_one_call(void **state)
{
	pthread_t reader;
	char buf[2];

	(void)state;
	attach_both();
	assert_int_equal(sdirect_send(A, "0", 1, 0), 1);
	assert_int_equal(sdirect_recv(B, buf, 1, 0), 1);
	fake.bells = 0;
	assert_int_equal(pthread_create(&reader, NULL, wait_for_two, buf), 0);
	while (SDIRECT_LOAD(&fake.kern->end[1].rx_want) != 1)
		sched_yield();
	assert_int_equal(sdirect_send(A, "ab", 2, 0), 2);
	assert_int_equal(pthread_join(reader, NULL), 0);
	assert_memory_equal(buf, "ab", 2);
	assert_int_equal(fake.bells, 1);
	assert_int_equal(fake.recvs, 1);
	assert_int_equal(fake.sends + fake.revokes, 0);
	/* Its lock is free again, and the lease is still ours. */
	assert_int_equal(sdirect_send(A, "c", 1, 0), 1);
	assert_int_equal(sdirect_recv(B, buf, 1, 0), 1);
	assert_int_equal(fake.recvs, 1);
}

static void call__odd_calls_keep_the_lease(void **state)
{
	char buf[4];

	(void)state;
	attach_both();
	assert_int_equal(sdirect_send(A, "ab", 2, MSG_MORE), 2);
	assert_int_equal(fake.sends, 1);
	assert_int_equal(sdirect_recv(B, buf, 2, MSG_TRUNC), 2);
	assert_int_equal(fake.recvs, 1);
	assert_int_equal(sdirect_send(A, "cd", 2, 0), 2);
	assert_int_equal(sdirect_recv(B, buf, 2, MSG_PEEK), 2);
	assert_int_equal(sdirect_recv(B, buf, 4, 0), 2);
	assert_memory_equal(buf, "cd", 2);
	assert_int_equal(fake.sends + fake.recvs, 2);
	assert_int_equal(fake.revokes, 0);
}

static void call__messages_with_many_buffers(void **state)
{
	struct iovec out[100], in[2];
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 100 };
	char text[100], got[100];

	(void)state;
	attach_both();
	for (size_t i = 0; i < 100; i++) {
		text[i] = (char)i;
		out[i] = (struct iovec) { &text[i], 1 };
	}
	assert_int_equal(sdi_sendmsg(sdi_lookup(A), A, &msg, 0), 100);
	msg.msg_iovlen = SDI_IOV_MAX;
	assert_int_equal(sdi_sendmsg(sdi_lookup(A), A, &msg, 0), SDI_IOV_MAX);
	assert_int_equal(fake.sends, 1);
	in[0] = (struct iovec) { got, 30 };
	in[1] = (struct iovec) { got + 30, 70 };
	msg = (struct msghdr) { .msg_iov = in, .msg_iovlen = 2,
				.msg_flags = -1 };
	assert_int_equal(sdi_recvmsg(sdi_lookup(B), B, &msg, 0), 100);
	assert_memory_equal(got, text, 100);
	assert_int_equal(msg.msg_flags, 0);
}

static void call__end_of_stream_after_the_last_byte(void **state)
{
	char buf[8];

	(void)state;
	attach_both();
	sdirect_send(A, "last", 4, 0);
	fake_hang_up(0);
	assert_int_equal(sdirect_recv(B, buf, 8, 0), 4);
	assert_int_equal(sdirect_recv(B, buf, 8, 0), 0);
	assert_int_equal(sdirect_send(B, "x", 1, 0), -1);
	assert_int_equal(errno, EPIPE);
}

static void call__full_rings_grow(void **state)
{
	static uint8_t out[60000], in[60000];
	ssize_t n;

	(void)state;
	fake.ring_max = 1 << 20;
	attach_both();
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + (i >> 8));
	for (size_t i = 0; i < sizeof(out); i += 1000)
		assert_int_equal(sdirect_send(A, out + i, 1000, 0), 1000);
	assert_true(fake.end[0].tx_seg > 2);
	for (size_t i = 0; i < sizeof(in); i += (size_t)n) {
		n = sdirect_recv(B, in + i, 700, MSG_DONTWAIT);
		assert_true(n > 0);
	}
	assert_memory_equal(in, out, sizeof(in));
	fake.sends = fake.recvs = 0;
	assert_int_equal(sdirect_send(A, out, 9, 0), 9);
	assert_int_equal(sdirect_recv(B, in, 9, 0), 9);
	assert_true(fake.sends + fake.recvs <= 1);
	assert_int_equal(fake.revokes, 0);
}

static void call__one_read_goes_over_the_end_of_a_ring(void **state)
{
	static char out[4097], in[5000];

	(void)state;
	fake.ring_max = 1 << 20;
	attach_both();
	assert_int_equal(sdirect_send(A, out, 4000, 0), 4000);
	assert_int_equal(sdirect_send(A, out, 500, 0), 500);
	assert_int_equal(fake.end[0].tx_seg, 1);
	errno = ENOENT;
	assert_int_equal(sdirect_recv(B, in, 5000, 0), 4500);
	assert_int_equal(errno, ENOENT);
}

static void call__bad_addresses_are_left_to_the_kernel(void **state)
{
	(void)state;
	attach_both();
	assert_int_equal(sdirect_send(A, (void *)8, 3, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(sdirect_send(A, "abc", 3, 0), 3);
	errno = 0;
	assert_int_equal(sdirect_recv(B, (void *)-4096, 3, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(fake.end[1].leased + fake.end[0].leased, 2);
}

static void zerocopy__in_place(void **state)
{
	const char *from;
	size_t len = 100;
	char *to;

	(void)state;
	attach_both();
	to = sdirect_reserve(A, &len);
	assert_non_null(to);
	assert_int_equal(len, 4096);
	memcpy(to, "in place", 8);
	assert_int_equal(sdirect_commit(A, 8), 0);
	from = sdirect_peek(B, &len);
	assert_non_null(from);
	assert_int_equal(len, 8);
	assert_memory_equal(from, "in place", 8);
	assert_int_equal(sdirect_consume(B, 3), 0);
	from = sdirect_peek(B, &len);
	assert_memory_equal(from, "place", 5);
	assert_int_equal(len, 5);
	assert_int_equal(sdirect_consume(B, 5), 0);
	assert_null(sdirect_peek(B, &len));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fake.sends + fake.recvs, 0);
}

static void zerocopy__wrong_use(void **state)
{
	size_t len = 5000;

	(void)state;
	attach_both();
	assert_null(sdirect_reserve(A, &len));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sdirect_commit(A, 1), -1);
	assert_int_equal(errno, EINVAL);
	len = 0;
	assert_non_null(sdirect_reserve(A, &len));
	assert_int_equal(sdirect_commit(A, len + 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sdirect_commit(A, 0), 0);
	assert_int_equal(sdirect_consume(B, 0), -1);
	assert_int_equal(errno, EINVAL);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int run_call_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(call__busy_connections_are_attached),
		TEST(call__no_system_call_when_there_is_work),
		TEST(call__empty_and_full_are_the_kernels),
		TEST(call__nothing_there_needs_no_call),
		TEST(call__a_sleep_is_one_call),
		TEST(call__odd_calls_keep_the_lease),
		TEST(call__messages_with_many_buffers),
		TEST(call__end_of_stream_after_the_last_byte),
		TEST(call__full_rings_grow),
		TEST(call__one_read_goes_over_the_end_of_a_ring),
		TEST(call__bad_addresses_are_left_to_the_kernel),
		TEST(zerocopy__in_place),
		TEST(zerocopy__wrong_use),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
