// SPDX-License-Identifier: GPL-2.0
/* Another host that is played; see rdma_host_test.h. */
#include "compat.h"

#include <linux/in.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "far.h"
#include "carrier.h"
#include "rdma/addr.h"
#include "rdma/control.h"
#include "rdma/net.h"
#include "rdma/poll.h"
#include "rdma/qp.h"
#include "rdma_host_test.h"
#include "rdma_verbs_test.h"

#define SKIP_MAX	64

/* As in rdma/main.c, which is the module's own. */
struct workqueue_struct *sdr_rdma_poll_wq;

static struct sdr_carrier carrier;

int host_suite_init(struct kunit_suite *suite)
{
	carrier = sdr_carrier_local;
	carrier.id = SDIRECT_CARRIER_RDMA;
	sdr_rdma_conn_ops.carrier = &carrier;
	sdr_rdma_net_prepare(&verbs_net, &init_net);
	verbs_net.on = true;
	sdr_rdma_poll_wq = alloc_workqueue("test_rdma_poll", WQ_UNBOUND, 0);
	return sdr_rdma_poll_wq ? sdr_rdma_net_works(&verbs_net) : -ENOMEM;
}

void host_suite_exit(struct kunit_suite *suite)
{
	sdr_rdma_net_end(&verbs_net);
	destroy_workqueue(sdr_rdma_poll_wq);
}

/* --- the connection --- */

static int host_init(struct kunit_resource *res, void *test)
{
	struct test_host *host = kzalloc(sizeof(*host), GFP_KERNEL);

	if (!host)
		return -ENOMEM;
	host->test = test;
	host->cookie = HOST_COOKIE;
	host->qps = SDR_RDMA_LANES_MAX;
	res->data = host;
	return 0;
}

/* Sockets are gone by now: what comes first goes last. */
static void host_free(struct kunit_resource *res)
{
	struct test_host *host = res->data;

	verbs_fail(VERBS_NONE);
	if (host->link)
		sdr_rdma_link_put(host->link);
	sdr_rdma_net_stop(&verbs_net);
	test_close(&host->ctl);
	KUNIT_EXPECT_EQ(host->test, verbs_left(), 0);
	kfree(host);
}

/* A program's socket has another lock than the kernel's own, to lockdep. */
static void is_a_programs(struct sock *sk)
{
	static struct lock_class_key slock, lock;

	sock_lock_init_class_and_name(sk, "slock-program", &slock,
				      "sk_lock-program", &lock);
}

struct test_host *host_new(struct kunit *test)
{
	struct test_host *host;
	struct test_conn *conn;

	KUNIT_EXPECT_TRUE(test, verbs_begin());
	host = kunit_alloc_resource(test, host_init, host_free, GFP_KERNEL,
				    test);
	KUNIT_ASSERT_NOT_NULL(test, host);
	conn = test_connected(test, PF_INET);
	host->server = conn->end[1]->sk;
	is_a_programs(conn->end[0]->sk);
	host->ss = test_end(test, conn->end[0]->sk, true);
	test_meet(host->ss);
	host->who = sdr_far_who_is(host->ss);
	return host;
}

/* --- what is said --- */

void host_says(struct test_host *host, struct sdr_rdma_msg msg)
{
	KUNIT_EXPECT_EQ(host->test,
			sdr_rdma_control_send(host->ctl.end[0], &msg), 0);
}

struct sdr_rdma_msg host_hears(struct test_host *host,
			       enum sdr_rdma_msg_type type)
{
	struct sdr_rdma_msg msg = { };
	int i, err = 0;

	for (i = 0; i < SKIP_MAX && !err && msg.type != type; i++)
		err = sdr_rdma_control_receive(host->ctl.end[0], &msg);
	KUNIT_ASSERT_EQ(host->test, err, 0);
	KUNIT_ASSERT_EQ(host->test, msg.type, (u16)type);
	return msg;
}

/* --- the control connection --- */

static struct sdr_rdma_conn *conn_of(const struct test_host *host)
{
	return container_of(host->ss->pair->far, struct sdr_rdma_conn, far);
}

static void attached(struct test_host *host)
{
	KUNIT_ASSERT_TRUE(host->test, test_until(host->ss->pair));
	host->conn = conn_of(host);
	if (!host->link)
		host->link = sdr_rdma_link_get(host->conn->link);
}

void host_rings(struct test_host *host)
{
	const struct sdr_rdma_hello mine = { host->cookie, false, host->qps };

	KUNIT_ASSERT_EQ(host->test, test_connect(&host->ctl, PF_INET), 0);
	sdr_rdma_link_answer(&verbs_net, host->ctl.end[1]);
	host->ctl.end[1] = NULL;
	KUNIT_ASSERT_EQ(host->test,
			sdr_rdma_control_call(host->ctl.end[0], &mine,
					      &host->heard), 0);
	host->ctl.end[0]->sk->sk_rcvtimeo = TEST_LIMIT;
}

void host_attaches(struct test_host *host)
{
	host_says(host, (struct sdr_rdma_msg) {
		.type	= SDR_RDMA_ATTACH,
		.from	= HOST_CONN,
		.mine	= host->who.key.theirs,
		.theirs	= host->who.key.mine,
		.sport	= be16_to_cpu(host->who.dport),
		.dport	= be16_to_cpu(host->who.sport),
	});
}

void host_calls(struct test_host *host)
{
	struct sdr_rdma_msg msg;

	host_rings(host);
	host_attaches(host);
	msg = host_hears(host, SDR_RDMA_ATTACHED);
	attached(host);
	KUNIT_EXPECT_EQ(host->test, msg.from, host->conn->id);
}

void host_listens(struct test_host *host)
{
	struct sockaddr_storage at;

	KUNIT_ASSERT_EQ(host->test, test_listen(&host->ctl, PF_INET), 0);
	KUNIT_ASSERT_GT(host->test, test_name(host->ctl.listener, &at), 0);
	sdr_rdma_port = ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static struct sdr_rdma_link *called(struct test_host *host)
{
	return sdr_rdma_link_call(&verbs_net, &host->who.saddr,
				  &host->who.daddr);
}

static bool talks(struct test_host *host)
{
	if (!host->link)
		host->link = called(host);
	return host->link;
}

void host_answers(struct test_host *host)
{
	struct sdr_rdma_hello mine = { .qps = host->qps };

	KUNIT_ASSERT_NULL(host->test, called(host));
	KUNIT_ASSERT_EQ(host->test, kernel_accept(host->ctl.listener,
						  &host->ctl.end[0], 0), 0);
	KUNIT_ASSERT_EQ(host->test, sdr_rdma_control_hear(host->ctl.end[0],
							  &host->heard), 0);
	KUNIT_EXPECT_FALSE(host->test, host->heard.known);
	host->cookie = host->heard.cookie;
	mine.cookie = host->cookie;
	KUNIT_ASSERT_EQ(host->test, sdr_rdma_control_answer(host->ctl.end[0],
							    &mine), 0);
	host->ctl.end[0]->sk->sk_rcvtimeo = TEST_LIMIT;
	KUNIT_ASSERT_TRUE(host->test, test_until(talks(host)));
}

void host_is_called(struct test_host *host)
{
	struct sdr_rdma_msg msg;

	host_listens(host);
	host_answers(host);
	sdr_rdma_conn_ask(host->link, &host->who);
	msg = host_hears(host, SDR_RDMA_ATTACH);
	KUNIT_EXPECT_EQ(host->test, msg.mine, host->who.key.mine);
	KUNIT_EXPECT_EQ(host->test, msg.theirs, host->who.key.theirs);
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_ATTACHED, .conn = msg.from, .from = HOST_CONN,
	});
	attached(host);
}

/* --- the queue pair --- */

bool host_until(struct test_host *host, enum sdr_rdma_state state)
{
	return test_until(READ_ONCE(host->link->state) == state);
}

void host_retries(struct test_host *host)
{
	WRITE_ONCE(host->link->retry_at, jiffies);
}

static void is_asked(struct test_host *host)
{
	struct sockaddr_storage from;

	sdr_rdma_addr_to(&from, &host->who.daddr, 0);
	KUNIT_ASSERT_EQ(host->test, verbs_request(&from, host->cookie, 1), 0);
}

static void asks(struct test_host *host)
{
	host_retries(host);
	sdr_rdma_link_want(host->link);
	KUNIT_ASSERT_TRUE(host->test, test_until(verbs_asked()));
	KUNIT_ASSERT_EQ(host->test, verbs_event(RDMA_CM_EVENT_ADDR_RESOLVED),
			0);
	KUNIT_ASSERT_EQ(host->test, verbs_event(RDMA_CM_EVENT_ROUTE_RESOLVED),
			0);
}

void host_connects(struct test_host *host)
{
	if (host->link->active)
		asks(host);
	else
		is_asked(host);
	KUNIT_ASSERT_EQ(host->test, verbs_event(RDMA_CM_EVENT_ESTABLISHED), 0);
	KUNIT_ASSERT_TRUE(host->test, host_until(host, SDR_RDMA_UP));
	/* What is posted is then a matter of the test alone. */
	if (cancel_delayed_work_sync(&host->link->probe))
		sdr_rdma_link_put(host->link);
}

/* --- rings --- */

static bool ready(struct test_host *host)
{
	return READ_ONCE(host->conn->tx.state) == SDR_RDMA_TX_READY;
}

void host_offers(struct test_host *host)
{
	struct sdr_rdma_msg msg;

	/* It may have asked a moment ago, in vain. */
	host->conn->tx.again = jiffies;
	KUNIT_ASSERT_FALSE(host->test, test_seal(host->ss));
	msg = host_hears(host, SDR_RDMA_RING_REQ);
	host->gen = msg.gen;
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_RING, .conn = host->conn->id, .gen = msg.gen,
		.rkey = HOST_RKEY, .size = HOST_RING, .addr = HOST_RADDR,
	});
	KUNIT_ASSERT_TRUE(host->test, test_until(ready(host)));
}

void host_gives(struct test_host *host)
{
	host_offers(host);
	KUNIT_ASSERT_TRUE(host->test, test_seal(host->ss));
	KUNIT_EXPECT_EQ(host->test, host_hears(host, SDR_RDMA_SEAL).gen,
			host->gen);
}

static bool begun(struct test_host *host)
{
	return READ_ONCE(host->conn->rx.state) == SDR_RDMA_RX_RING;
}

void host_takes(struct test_host *host, u64 pos)
{
	struct sdr_rdma_msg msg;

	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_RING_REQ, .conn = host->conn->id, .gen = 1,
		.size = HOST_RING,
	});
	msg = host_hears(host, SDR_RDMA_RING);
	host->rx_addr = msg.addr;
	host->rx_key = msg.rkey;
	host->rx_size = msg.size;
	host_says(host, (struct sdr_rdma_msg) {
		.type = SDR_RDMA_SEAL, .conn = host->conn->id, .gen = 1,
		.pos = pos,
	});
	KUNIT_ASSERT_TRUE(host->test, test_until(begun(host)));
}
