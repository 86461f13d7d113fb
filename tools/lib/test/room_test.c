// SPDX-License-Identifier: GPL-2.0-only
/* That there is room again is said but once to an edge-triggered set. */
#include <errno.h>
#include <sys/epoll.h>

#include "suite.h"
#include "entry.h"
#include "fake.h"
#include "io.h"
#include "sdirect.h"
#include "served.h"
#include "sys.h"

#define ROOM	(EPOLLIN | EPOLLOUT | EPOLLET)

static char buf[5000];

static void fill(void)
{
	assert_int_equal(sdirect_send(B, buf, 5000, MSG_DONTWAIT), 4096);
	assert_int_equal(served_look(), 0);
}

static void drain(void)
{
	assert_int_equal(sdirect_recv(A, buf, 4096, 0), 4096);
}

/* As sendfile() does it. */
static void room__for_another_call(void **state)
{
	struct sdi_mark mark;

	(void)state;
	served_add(ROOM);
	sdi_mark_send(&mark, B);
	assert_int_equal(sdi_sys.send(B, buf, 5000, MSG_DONTWAIT), 4096);
	sdi_mark_end(&mark);
	assert_int_equal(served_look(), 0);
	drain();
	assert_int_equal(served_look(), EPOLLOUT);
	assert_int_equal(served_look(), 0);
}

static void room__for_a_reservation(void **state)
{
	size_t len = 4096;

	(void)state;
	served_add(ROOM);
	assert_int_equal(sdirect_send(B, buf, 4096, MSG_DONTWAIT), 4096);
	assert_null(sdirect_reserve(B, &len));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(served_look(), 0);
	drain();
	assert_int_equal(served_look(), EPOLLOUT);
}

static void room__after_another_lease(void **state)
{
	(void)state;
	served_add(ROOM);
	fill();
	fake_revoke(1);
	assert_int_equal(sdirect_attach(B), 0);
	drain();
	assert_true(served_look() & EPOLLOUT);
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_ACTIVE);
	assert_int_equal(served_look(), 0);
}

/* What a send has found before the lease nobody here has seen. */
static void room__before_the_lease(void **state)
{
	(void)state;
	fake_revoke(1);
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, ROOM), 0);
	while (served_look())
		;
	assert_int_equal(sdi_sys.send(B, buf, 5000, MSG_DONTWAIT), 4096);
	assert_int_equal(sdirect_attach(B), 0);
	assert_int_equal(served_look(), 0);
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_ACTIVE);
	drain();
	assert_int_equal(served_look(), EPOLLOUT);
	assert_int_equal(served_look(), 0);
}

static void room__is_said_anew_by_the_kernel(void **state)
{
	(void)state;
	served_add(ROOM);
	fill();
	/* Another ring to send on: what it tells now is not known here. */
	__atomic_add_fetch(&fake.kern->end[1].tx_epoch, 1, __ATOMIC_SEQ_CST);
	served_look();
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_COLD);
	/* It may have said it while we served. */
	assert_int_equal(fake.told.events, ROOM);
	assert_int_equal(fake.told.data.u64, TAG);
}

int run_room_tests(void)
{
	const struct CMUnitTest tests[] = {
		SERVED_TEST(room__for_another_call),
		SERVED_TEST(room__for_a_reservation),
		SERVED_TEST(room__after_another_lease),
		SERVED_TEST(room__before_the_lease),
		SERVED_TEST(room__is_said_anew_by_the_kernel),
	};

	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
