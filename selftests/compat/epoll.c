// SPDX-License-Identifier: GPL-2.0-only
/* What epoll_ctl() and epoll_wait() refuse, and what all tests here share. */
#include <limits.h>

#include "epoll.h"

#define MOST	64

int ep_new(void)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);

	COMPAT_MUST(ep >= 0);
	return ep;
}

void ep_ctl(const char *what, int ep, int op, int fd, uint32_t mask,
	    uint64_t tag)
{
	struct epoll_event ev = { mask, { .u64 = tag } };
	int ret;

	errno = 0;
	ret = epoll_ctl(ep, op, fd, &ev);
	rec_result(what, ret, errno);
}

static int by_tag(const void *a, const void *b)
{
	const struct epoll_event *x = a, *y = b;

	return x->data.u64 < y->data.u64 ? -1 : x->data.u64 > y->data.u64;
}

/* The order is that in which they became ready: close, but not the same. */
static int look(int ep, const char *what, int ms)
{
	struct epoll_event ev[MOST];
	char name[24];
	int i, n = epoll_wait(ep, ev, MOST, ms);

	rec_result(what, n, errno);
	if (n > 0)
		qsort(ev, n, sizeof(*ev), by_tag);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%llx",
			 (unsigned long long)ev[i].data.u64);
		rec_epoll(name, ev[i].events);
	}
	return n;
}

int ep_look(int ep, const char *what)
{
	errno = 0;
	return look(ep, what, 0);
}

int ep_wait(int ep, const char *what)
{
	errno = 0;
	return look(ep, what, compat_stretch(10000));
}

long ep_wait_one(struct life_call *call)
{
	struct epoll_event ev;
	int n = epoll_wait(call->fd, &ev, 1, -1);

	call->len = ev.events;
	return n == 1 ? (long)ev.data.u64 : n;
}

void ep_send(int fd, const char *what)
{
	REC(send(fd, what, strlen(what), MSG_NOSIGNAL));
	life_settle();
}

void ep_recv(int fd)
{
	char buf[100];

	REC_RECV(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), buf);
	life_settle();
}

void ep_pass(int from, int to, const char *what)
{
	ep_send(from, what);
	ep_recv(to);
}

static void ctl_errors(struct compat *c)
{
	struct epoll_event ev = { EPOLLIN, { .u64 = 1 } };
	struct epoll_event *volatile bad = (void *)8;
	const int ep = ep_new();
	int file = open("/proc/self/status", O_RDONLY);

	REC(epoll_ctl(ep, EPOLL_CTL_MOD, c->cl, &ev));
	REC(epoll_ctl(ep, EPOLL_CTL_DEL, c->cl, &ev));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, c->cl, bad));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, c->cl, NULL));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, c->cl, &ev));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, c->cl, &ev));
	REC(epoll_ctl(ep, 0, c->cl, &ev));
	REC(epoll_ctl(ep, 4, c->cl, &ev));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, -1, &ev));
	REC(epoll_ctl(-1, EPOLL_CTL_ADD, c->cl, &ev));
	REC(epoll_ctl(c->sv, EPOLL_CTL_ADD, c->cl, &ev));
	REC(epoll_ctl(c->cl, EPOLL_CTL_ADD, ep, &ev));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, file, &ev));
	REC(epoll_ctl(ep, EPOLL_CTL_DEL, c->cl, NULL));
	REC(epoll_ctl(ep, EPOLL_CTL_DEL, c->cl, NULL));
	REC(close(ep));
	REC(epoll_ctl(ep, EPOLL_CTL_ADD, c->cl, &ev));
}

static void ctl_exclusive(struct compat *c)
{
	const int ep = ep_new(), other = ep_new();

	EP_CTL(ep, ADD, c->cl, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 1);
	EP_CTL(ep, ADD, c->cl, EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP, 1);
	EP_CTL(ep, ADD, other, EPOLLIN | EPOLLEXCLUSIVE, 1);
	EP_CTL(ep, ADD, c->cl, EPOLLIN | EPOLLEXCLUSIVE, 1);
	EP_CTL(ep, MOD, c->cl, EPOLLIN, 1);
	EP_CTL(ep, MOD, c->cl, EPOLLIN | EPOLLEXCLUSIVE, 1);
	EP_CTL(ep, DEL, c->cl, 0, 0);
	EP_CTL(ep, ADD, c->cl, EPOLLIN, 1);
	EP_CTL(ep, MOD, c->cl, EPOLLIN | EPOLLEXCLUSIVE, 1);
	EP_CTL(ep, MOD, c->cl, EPOLLIN | EPOLLWAKEUP, 1);
	EP_CTL(ep, MOD, c->cl, 0, 1);
	ep_look(ep, "nothing asked");
}

static void ctl_loops(struct compat *c)
{
	const int a = ep_new(), b = ep_new();
	int chain[7], i;

	EP_CTL(a, ADD, b, EPOLLIN, 1);
	EP_CTL(b, ADD, a, EPOLLIN, 1);
	EP_CTL(b, ADD, c->cl, EPOLLOUT, 2);
	ep_look(a, "outer");
	for (i = 0; i < 7; i++)
		chain[i] = ep_new();
	for (i = 1; i < 7; i++)
		EP_CTL(chain[i], ADD, chain[i - 1], EPOLLIN, 3);
	EP_CTL(chain[0], ADD, c->cl, EPOLLOUT, 4);
	for (i = 0; i < 7; i++)
		ep_look(chain[i], "chain");
}

static void wait_errors(struct compat *c)
{
	struct epoll_event ev[2], *volatile bad = (void *)8;
	volatile int none = 0, negative = -1, many = INT_MAX / 4;
	const int ep = ep_new();

	EP_CTL(ep, ADD, c->cl, EPOLLOUT, 1);
	REC(epoll_wait(ep, ev, none, 0));
	REC(epoll_wait(ep, ev, negative, 0));
	REC(epoll_wait(ep, ev, many, 0));
	REC(epoll_wait(ep, bad, 2, 0));
	REC(epoll_wait(ep, NULL, 2, 0));
	REC(epoll_wait(c->cl, ev, 2, 0));
	REC(epoll_wait(-1, ev, 2, 0));
	/* The failed ones have lost nothing. */
	ep_look(ep, "still");
	REC(epoll_create1(1));
	REC(epoll_create(0));
	REC(read(ep, ev, sizeof(ev)));
	REC(write(ep, ev, sizeof(ev)));
	REC(lseek(ep, 0, SEEK_SET));
}

static void tags_come_back(struct compat *c)
{
	static const uint64_t tags[] = { 0, 1, UINT64_MAX, 0x123456789abcdef0 };
	const int ep = ep_new();
	size_t i;

	EP_CTL(ep, ADD, c->cl, EPOLLOUT, 42);
	for (i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		EP_CTL(ep, MOD, c->cl, EPOLLOUT, tags[i]);
		ep_look(ep, "tag");
	}
}

const struct compat_test compat_tests[] = {
	COMPAT(ctl_errors),
	COMPAT(ctl_exclusive),
	COMPAT(ctl_loops),
	COMPAT(wait_errors),
	COMPAT(tags_come_back),

	COMPAT_WITH(level_in_states, COMPAT_ALONE),
	COMPAT_WITH(edge_in_states, COMPAT_ALONE),
	COMPAT_WITH(once_in_states, COMPAT_ALONE),
	COMPAT_WITH(masks_in_states, COMPAT_ALONE),
	COMPAT_WITH(added_before_connect, COMPAT_ALONE),
	COMPAT_WITH(listener_events, COMPAT_ALONE),

	COMPAT(edge_data),
	COMPAT(edge_partial),
	COMPAT(edge_end),
	COMPAT(edge_reset),
	COMPAT(edge_room),
	COMPAT(edge_rearmed),
	COMPAT(edge_both_ways),
	COMPAT(edge_urgent),
	COMPAT(edge_low_water),
	COMPAT(edge_peek),
	COMPAT(edge_drained_by_other),
	COMPAT(edge_own_shutdown),

	COMPAT(two_sets),
	COMPAT(nested),
	COMPAT(nested_edge),
	COMPAT(nested_poll),
	COMPAT(dup_registered),
	COMPAT(dup_closed),
	COMPAT(close_removes),
	COMPAT(reused_number),
	COMPAT(after_fork),
	COMPAT(exclusive),
	COMPAT(passed_set),

	COMPAT(handler_looks),
	COMPAT(handler_closes),
	COMPAT(jumped_out),
	COMPAT(jumped_out_of_poll),
	COMPAT(cancelled),

	COMPAT(wait_woken),
	COMPAT(wait_interrupted),
	COMPAT(wait_mask),
	COMPAT(wait_timeouts),
	COMPAT(pwait2),
	COMPAT(few_at_a_time),
	COMPAT(added_meanwhile),
	COMPAT(changed_meanwhile),
	COMPAT(removed_meanwhile),
	COMPAT(closed_meanwhile),
	COMPAT(one_thread_each),
	COMPAT(one_of_two_threads),
	COMPAT(room_meanwhile),
	COMPAT(echo_server),
	{ }
};
