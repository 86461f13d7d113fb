// SPDX-License-Identifier: GPL-2.0-only
#include "served.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"
#include "entry.h"
#include "fake.h"
#include "sdirect.h"
#include "serve.h"
#include "sys.h"

int served_ep;

int served_begin(void **state)
{
	(void)state;
	fake_open(4096, 4096);
	served_ep = epoll_create1(0);
	sdi_set_note(served_ep);
	assert_int_equal(sdirect_attach(A), 0);
	assert_int_equal(sdirect_attach(B), 0);
	/* The first byte passes the words of empty pages. */
	assert_int_equal(sdirect_send(A, "0", 1, 0), 1);
	assert_int_equal(sdirect_recv(B, &(char){ 0 }, 1, 0), 1);
	return 0;
}

int served_end(void **state)
{
	(void)state;
	sdi_fd_drop(served_ep);
	close(served_ep);
	fake_close();
	return 0;
}

int served_tell(int op, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u64 = TAG };

	return sdi_epoll_ctl(sdi_set_find(served_ep), served_ep, op, fd, &ev);
}

/* The events of the one that is ready, 0 if there is none. */
uint32_t served_ready(int fd, const struct timespec *timeout)
{
	struct epoll_event ev = { 0 };
	struct sdi_wait w = { fd, &ev, 1, timeout, NULL };
	struct sdi_set *s = sdi_set_find(fd);
	int n = s ? sdi_epoll_wait(s, &w) :
		    sdi_sys.epoll_wait(fd, &ev, 1, timeout, NULL);

	assert_in_range(n, 0, 1);
	if (n && ev.data.u64 != TAG)
		fail_msg("data %llx", (unsigned long long)ev.data.u64);
	return n ? ev.events : 0;
}

uint32_t served_look(void)
{
	static const struct timespec now;

	return served_ready(served_ep, &now);
}

void served_add(uint32_t events)
{
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, events), 0);
	assert_int_equal(sdi_set_zone(sdi_entry_find(B)), SDI_ACTIVE);
	served_look();
	fake.ctls = fake.waits = fake.bells = 0;
}

void served_put(const char *text)
{
	assert_int_equal(sdirect_send(A, text, strlen(text), 0), strlen(text));
}

void served_get(size_t len)
{
	char buf[100];

	assert_int_equal(sdirect_recv(B, buf, len, MSG_DONTWAIT), len);
}

void *served_wait_for_ever(void *arg)
{
	(void)arg;
	return (void *)(uintptr_t)served_ready(served_ep, NULL);
}

void served_until_asleep(struct sdi_set *s)
{
	uint32_t asleep = 0;

	while (!asleep) {
		sched_yield();
		assert_true(sdi_set_lock(s));
		asleep = s->asleep;
		sdi_set_unlock(s);
	}
}

uint64_t served_kernel_says(uint32_t *events)
{
	struct epoll_event ev = { 0 };

	fake_wake(1);
	*events = epoll_wait(served_ep, &ev, 1, 0) == 1 ? ev.events : 0;
	return ev.data.u64;
}

void served_kernel_has(uint32_t events)
{
	uint32_t said;

	assert_int_equal(fake.told.events, events);
	assert_int_equal(served_kernel_says(&said), TAG);
	assert_int_equal(said, events & EPOLLIN);
}
