// SPDX-License-Identifier: GPL-2.0
/* Tests of what two hosts have with each other: one of them is played. */
#include "compat.h"

#include <linux/in.h>
#include <linux/string.h>

#include "rdma/addr.h"
#include "rdma/control.h"
#include "rdma/net.h"
#include "rdma/wr.h"
#include "rdma_host_test.h"
#include "rdma_verbs_test.h"

/* --- made --- */

static void made_by_who_is_called(struct kunit *test)
{
	struct test_host *host = host_new(test);

	host_calls(host);
	KUNIT_EXPECT_FALSE(test, host->link->active);
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_IDLE);
	host_connects(host);
	KUNIT_EXPECT_EQ(test, verbs_recvs(), SDR_RDMA_RECVS);
}

static void made_by_who_calls(struct kunit *test)
{
	struct test_host *host = host_new(test);

	host_is_called(host);
	KUNIT_EXPECT_TRUE(test, host->link->active);
	/* It is wanted as soon as the two ends know each other. */
	KUNIT_EXPECT_TRUE(test, host_until(host, SDR_RDMA_CONNECTING));
	host_connects(host);
	KUNIT_EXPECT_EQ(test, verbs_recvs(), SDR_RDMA_RECVS);
}

/* With iWARP who was called must be spoken to first. */
static void iwarp_hears_before_it_speaks(struct kunit *test)
{
	const struct sdr_rdma_note note = { };
	struct test_host *host = host_new(test);
	struct sockaddr_storage from;

	verbs_iwarp(true);
	host_calls(host);
	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	KUNIT_ASSERT_EQ(test, verbs_request(&from, host->cookie, 1), 0);
	KUNIT_ASSERT_EQ(test, verbs_event(RDMA_CM_EVENT_ESTABLISHED), 0);
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_CONNECTING);
	KUNIT_EXPECT_EQ(test, verbs_posted(), 0);
	verbs_arrive(IB_WC_SUCCESS, &note, 0, sizeof(note));
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_UP);
}

static int qps_init(struct kunit_resource *res, void *qps)
{
	verbs_net.qps = *(int *)qps;
	return 0;
}

static void qps_exit(struct kunit_resource *res)
{
	verbs_net.qps = 1;
}

static struct test_host *host_with_qps(struct kunit *test, int own, u32 other)
{
	struct test_host *host = host_new(test);

	kunit_alloc_resource(test, qps_init, qps_exit, GFP_KERNEL, &own);
	host->qps = other;
	return host;
}

/*
 * Its word may come before RDMA CM's, which then makes nothing that is not there:
 * the second of two queue pairs was not asked for.
 */
static void iwarp_is_made_once(struct kunit *test)
{
	const struct sdr_rdma_note note = { };
	struct test_host *host = host_with_qps(test, 2, 0);
	struct sockaddr_storage from;

	verbs_iwarp(true);
	host_calls(host);
	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	KUNIT_ASSERT_EQ(test, verbs_request(&from, host->cookie, 2), 0);
	verbs_arrive(IB_WC_SUCCESS, &note, 0, sizeof(note));
	KUNIT_ASSERT_EQ(test, verbs_event(RDMA_CM_EVENT_ESTABLISHED), 0);
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_CONNECTING);
	KUNIT_EXPECT_EQ(test, verbs_posted(), 0);
}

static void host_that_is_not_there(struct kunit *test)
{
	struct test_host *host = host_new(test);
	struct sockaddr_storage at;
	struct socket *sock;
	unsigned long was;

	/* A port at which nobody listens. */
	KUNIT_ASSERT_EQ(test, test_bound(PF_INET, &sock), 0);
	test_name(sock, &at);
	sdr_rdma_port = ntohs(((struct sockaddr_in *)&at)->sin_port);
	KUNIT_EXPECT_NULL(test, sdr_rdma_link_call(&verbs_net,
						   &host->who.saddr,
						   &host->who.daddr));
	flush_workqueue(verbs_net.talk_wq);
	was = jiffies;
	KUNIT_EXPECT_NULL(test, sdr_rdma_link_call(&verbs_net,
						   &host->who.saddr,
						   &host->who.daddr));
	flush_workqueue(verbs_net.talk_wq);
	sock_release(sock);
	/* Nor is it called again at once, although somebody listens now. */
	host_listens(host);
	KUNIT_EXPECT_NULL(test, sdr_rdma_link_call(&verbs_net,
						   &host->who.saddr,
						   &host->who.daddr));
	if (time_before(jiffies, was + HZ))
		KUNIT_EXPECT_EQ(test, kernel_accept(host->ctl.listener,
						    &host->ctl.end[0],
						    O_NONBLOCK), -EAGAIN);
}

/* --- not made --- */

/* A try that fails: the time until the next one doubles, up to a minute. */
static void refused(struct test_host *host)
{
	host_retries(host);
	sdr_rdma_link_want(host->link);
	KUNIT_ASSERT_TRUE(host->test, test_until(verbs_asked()));
	verbs_event(RDMA_CM_EVENT_ADDR_RESOLVED);
	verbs_event(RDMA_CM_EVENT_ROUTE_RESOLVED);
	verbs_event(RDMA_CM_EVENT_REJECTED);
	KUNIT_ASSERT_TRUE(host->test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(host->test, verbs_left(), 0);
}

static void refusals_are_far_between(struct kunit *test)
{
	static const int seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct test_host *host = host_new(test);
	int i;

	host_is_called(host);
	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		refused(host);
		KUNIT_EXPECT_EQ(test, host->link->retry,
				(unsigned long)seconds[i] * HZ);
		KUNIT_EXPECT_TRUE(test, time_after(host->link->retry_at,
						   jiffies) || i < 3);
	}
	/* Not before its time. */
	KUNIT_EXPECT_FALSE(test, sdr_rdma_link_want(host->link));
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_IDLE);
	/* What was made once is tried soon again. */
	host_connects(host);
	verbs_event(RDMA_CM_EVENT_DISCONNECTED);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(test, host->link->retry, (unsigned long)HZ);
}

static const struct failing {
	const char *name;
	enum verbs_call call;
} failings[] = {
	{ "create_id", VERBS_CREATE_ID },
	{ "resolve_addr", VERBS_ADDR },
	{ "resolve_route", VERBS_ROUTE },
	{ "alloc_pd", VERBS_PD },
	{ "alloc_cq", VERBS_CQ },
	{ "create_qp", VERBS_QP },
	{ "post_recv", VERBS_RECV },
	{ "connect", VERBS_CONNECT },
};

TEST_PARAM(failing, failings);

static void call_that_fails(struct kunit *test)
{
	const struct failing *failing = test->param_value;
	struct test_host *host = host_new(test);

	verbs_fail(failing->call);
	host_is_called(host);
	KUNIT_ASSERT_TRUE(test, test_until(verbs_asked() ||
					   host->link->retry));
	verbs_event(RDMA_CM_EVENT_ADDR_RESOLVED);
	verbs_event(RDMA_CM_EVENT_ROUTE_RESOLVED);
	host_hears(host, SDR_RDMA_DOWN);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	verbs_fail(VERBS_NONE);
	host_connects(host);
}

/* The same for who is called; what it does not call cannot fail. */
static void answer_that_fails(struct kunit *test)
{
	const struct failing *failing = test->param_value;
	struct test_host *host = host_new(test);
	struct sockaddr_storage from;

	host_calls(host);
	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	verbs_fail(failing->call);
	if (failing->call < VERBS_PD) {
		host_connects(host);
		return;
	}
	KUNIT_EXPECT_LT(test, verbs_request(&from, host->cookie, 1), 0);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	verbs_fail(VERBS_NONE);
	host_connects(host);
}

static void requests_of_strangers(struct kunit *test)
{
	struct test_host *host = host_new(test);
	struct sockaddr_storage from, stranger;

	host_calls(host);
	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	stranger = from;
	((struct sockaddr_in *)&stranger)->sin_addr.s_addr++;
	KUNIT_EXPECT_EQ(test, verbs_request(&from, host->cookie + 1, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, verbs_request(&stranger, host->cookie, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	host_connects(host);
	/* One is enough. */
	KUNIT_EXPECT_EQ(test, verbs_request(&from, host->cookie, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_UP);
}

static void requests_elsewhere(struct kunit *test)
{
	static struct sdr_rdma_net other;
	struct test_host *host = host_new(test);
	struct sockaddr_storage from;

	sdr_rdma_net_prepare(&other, &init_net);
	host_calls(host);
	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	KUNIT_EXPECT_EQ(test, verbs_request_in(&other, &from, host->cookie,
					       1),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	sdr_rdma_net_end(&other);
	host_connects(host);
}

/* No queue pair is made, of which none is left; the connection goes on. */
static void turned_off(struct kunit *test)
{
	struct test_host *host = host_new(test);
	struct sockaddr_storage from;

	host_calls(host);
	host_connects(host);
	verbs_net.on = false;
	sdr_rdma_link_off_all(&verbs_net);
	KUNIT_EXPECT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	KUNIT_EXPECT_LT(test, verbs_request(&from, host->cookie, 1), 0);
	KUNIT_EXPECT_FALSE(test, sdr_rdma_link_want(host->link));
	host_hears(host, SDR_RDMA_DOWN);
	verbs_net.on = true;
	host_connects(host);
}

/* --- how many --- */

static void who_is_called_sets_a_limit(struct kunit *test)
{
	struct test_host *host = host_with_qps(test, 2, 8);
	struct sockaddr_storage from;

	host_calls(host);
	KUNIT_EXPECT_EQ(test, host->heard.qps, 2);
	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	/* What was said counts, not what is set meanwhile. */
	verbs_net.qps = 8;
	KUNIT_EXPECT_EQ(test, verbs_request(&from, host->cookie, 3), -EBUSY);
	KUNIT_EXPECT_EQ(test, verbs_request(&from, host->cookie, ~0u), -EBUSY);
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_IDLE);
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	KUNIT_EXPECT_EQ(test, verbs_request(&from, host->cookie, 2), 0);
	KUNIT_EXPECT_EQ(test, host->link->n_lanes, 2);
	verbs_event(RDMA_CM_EVENT_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, host_hears(host, SDR_RDMA_DOWN).mine, 8);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(test, verbs_request(&from, host->cookie, 3), 0);
}

static const struct limit {
	const char *name;
	int own;
	u32 other;
	u32 both;
} limits[] = {
	{ "other", 8, 2, 2 },
	{ "own", 2, 8, 2 },
	{ "not_said", 3, 0, 3 },
	{ "too_many_said", 3, ~0u, 3 },
};

TEST_PARAM(limit, limits);

static void who_calls_obeys_it(struct kunit *test)
{
	const struct limit *limit = test->param_value;
	struct test_host *host = host_with_qps(test, limit->own, limit->other);

	host_is_called(host);
	KUNIT_EXPECT_EQ(test, host->heard.qps, (u32)limit->own);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_CONNECTING));
	flush_work(&host->link->up);
	KUNIT_EXPECT_EQ(test, host->link->n_lanes, limit->both);
	KUNIT_EXPECT_NOT_NULL(test, host->link->lanes[limit->both - 1].qp);
	KUNIT_EXPECT_NULL(test, host->link->lanes[limit->both].qp);
	verbs_event(RDMA_CM_EVENT_REJECTED);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	/* It may say otherwise later. */
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_DOWN, .mine = 1,
	});
	KUNIT_EXPECT_TRUE(test, test_until(READ_ONCE(host->link->most_qps) == 1));
}

/* --- what RDMA CM tells, at any time --- */

#define STEPS	4

static void go_as_far_as(struct test_host *host, int step)
{
	static const enum rdma_cm_event_type events[STEPS - 1] = {
		RDMA_CM_EVENT_ADDR_RESOLVED, RDMA_CM_EVENT_ROUTE_RESOLVED,
		RDMA_CM_EVENT_ESTABLISHED,
	};
	int i;

	host_retries(host);
	sdr_rdma_link_want(host->link);
	KUNIT_ASSERT_TRUE(host->test, test_until(verbs_asked()));
	for (i = 0; i < step; i++)
		KUNIT_ASSERT_EQ(host->test, verbs_event(events[i]), 0);
}

static const struct event {
	const char *name;
	enum rdma_cm_event_type type;
} events[] = {
	{ "addr_error", RDMA_CM_EVENT_ADDR_ERROR },
	{ "route_error", RDMA_CM_EVENT_ROUTE_ERROR },
	{ "connect_error", RDMA_CM_EVENT_CONNECT_ERROR },
	{ "unreachable", RDMA_CM_EVENT_UNREACHABLE },
	{ "rejected", RDMA_CM_EVENT_REJECTED },
	{ "disconnected", RDMA_CM_EVENT_DISCONNECTED },
	{ "device_removal", RDMA_CM_EVENT_DEVICE_REMOVAL },
	{ "addr_change", RDMA_CM_EVENT_ADDR_CHANGE },
};

TEST_PARAM(event, events);

static void event_at_any_time(struct kunit *test)
{
	const struct event *event = test->param_value;
	struct test_host *host = host_new(test);
	int step;

	host_is_called(host);
	for (step = 0; step < STEPS; step++) {
		go_as_far_as(host, step);
		verbs_event(event->type);
		host_hears(host, SDR_RDMA_DOWN);
		KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
		KUNIT_EXPECT_EQ(test, verbs_left(), 0);
		/* There is nobody left whom it could tell. */
		KUNIT_EXPECT_EQ(test, verbs_event(event->type), -ENOENT);
	}
	host_connects(host);
	/* Of one that is gone already. */
	KUNIT_EXPECT_EQ(test, verbs_event(RDMA_CM_EVENT_TIMEWAIT_EXIT), 0);
	KUNIT_EXPECT_EQ(test, (int)host->link->state, SDR_RDMA_UP);
}

static void other_host_gives_it_up(struct kunit *test)
{
	struct test_host *host = host_new(test);

	host_calls(host);
	host_says(host, (struct sdr_rdma_msg) { .type = SDR_RDMA_DOWN });
	/* Heard once the next is answered. */
	host_attaches(host);
	host_hears(host, SDR_RDMA_REFUSED);
	host_connects(host);
	host_says(host, (struct sdr_rdma_msg) { .type = SDR_RDMA_DOWN });
	host_hears(host, SDR_RDMA_DOWN);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
	host_connects(host);
}

/* The control connection ends, and with it the queue pair. */
static void other_host_hangs_up(struct kunit *test)
{
	struct test_host *host = host_new(test);

	host_calls(host);
	host_connects(host);
	kernel_sock_shutdown(host->ctl.end[0], SHUT_RDWR);
	KUNIT_ASSERT_TRUE(test, host_until(host, SDR_RDMA_IDLE));
	KUNIT_EXPECT_TRUE(test, test_until(READ_ONCE(host->link->waiting)));
	KUNIT_EXPECT_EQ(test, verbs_left(), 0);
}

/* --- who is meant --- */

static void strangers_connection(struct kunit *test)
{
	struct test_host *host = host_new(test);

	host_rings(host);
	host->who.key.mine++;
	host_attaches(host);
	KUNIT_EXPECT_EQ(test, host_hears(host, SDR_RDMA_REFUSED).conn,
			HOST_CONN);
	host->who.key.mine--;
	host->who.sport++;
	host_attaches(host);
	host_hears(host, SDR_RDMA_REFUSED);
	KUNIT_EXPECT_NULL(test, host->ss->pair);
}

static void asked_for_twice(struct kunit *test)
{
	struct test_host *host = host_new(test);

	host_calls(host);
	host_attaches(host);
	host_hears(host, SDR_RDMA_REFUSED);
	host_connects(host);
}

/* Both hosts ask for the same connection at once: it is attached once. */
static void attaches_cross(struct kunit *test)
{
	struct test_host *host = host_new(test);
	struct sdr_rdma_msg msg;

	host_listens(host);
	host_answers(host);
	sdr_rdma_conn_ask(host->link, &host->who);
	msg = host_hears(host, SDR_RDMA_ATTACH);
	/* Ours is on its way when theirs is heard. */
	host_attaches(host);
	host_hears(host, SDR_RDMA_ATTACHED);
	KUNIT_EXPECT_TRUE(test, test_until(host->ss->pair));
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_ATTACHED, .conn = msg.from, .from = HOST_CONN + 1,
	});
	/* The second is told that its socket is gone. */
	KUNIT_EXPECT_EQ(test, host_hears(host, SDR_RDMA_CLOSE).conn,
			HOST_CONN + 1);
}

static void refused_connection_is_forgotten(struct kunit *test)
{
	struct test_host *host = host_new(test);
	struct sdr_rdma_msg msg;

	host_listens(host);
	host_answers(host);
	sdr_rdma_conn_ask(host->link, &host->who);
	msg = host_hears(host, SDR_RDMA_ATTACH);
	KUNIT_EXPECT_EQ(test, atomic_read(&host->link->n_conns), 1);
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_REFUSED, .conn = msg.from,
	});
	KUNIT_EXPECT_TRUE(test, test_until(!atomic_read(&host->link->n_conns)));
	/* An answer behind the answer. */
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_ATTACHED, .conn = msg.from, .from = HOST_CONN,
	});
	host_hears(host, SDR_RDMA_CLOSE);
	KUNIT_EXPECT_NULL(test, host->ss->pair);
}

static struct kunit_case link_tests[] = {
	KUNIT_CASE(made_by_who_is_called),
	KUNIT_CASE(made_by_who_calls),
	KUNIT_CASE(iwarp_hears_before_it_speaks),
	KUNIT_CASE(iwarp_is_made_once),
	KUNIT_CASE(host_that_is_not_there),
	KUNIT_CASE(refusals_are_far_between),
	KUNIT_CASE_PARAM(call_that_fails, failing_gen_params),
	KUNIT_CASE_PARAM(answer_that_fails, failing_gen_params),
	KUNIT_CASE(requests_of_strangers),
	KUNIT_CASE(requests_elsewhere),
	KUNIT_CASE(turned_off),
	KUNIT_CASE(who_is_called_sets_a_limit),
	KUNIT_CASE_PARAM(who_calls_obeys_it, limit_gen_params),
	KUNIT_CASE_PARAM(event_at_any_time, event_gen_params),
	KUNIT_CASE(other_host_gives_it_up),
	KUNIT_CASE(other_host_hangs_up),
	KUNIT_CASE(strangers_connection),
	KUNIT_CASE(asked_for_twice),
	KUNIT_CASE(attaches_cross),
	KUNIT_CASE(refused_connection_is_forgotten),
	{ }
};

struct kunit_suite sdr_rdma_link_suite = {
	.name		= "sdirect_rdma_link",
	.suite_init	= host_suite_init,
	.suite_exit	= host_suite_exit,
	.test_cases	= link_tests,
};
