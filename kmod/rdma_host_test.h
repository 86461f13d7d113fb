/* SPDX-License-Identifier: GPL-2.0 */
/* Another host that is played: its control connection, its end of connections. */
#ifndef _SDR_RDMA_HOST_TEST_H
#define _SDR_RDMA_HOST_TEST_H

#include "fixture_test.h"
#include "rdma/conn.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/msg.h"

#define HOST_CONN	77	/* its number of the connection */
#define HOST_COOKIE	0x1234567890ull
#define HOST_RING	(64u << 10)
#define HOST_RADDR	0x10000
#define HOST_RKEY	4711

/**
 * struct test_host - another host, and the connection between the two
 * @test:	the test
 * @ctl:	its end of the control connection is the first
 * @server:	its end of the TCP connection, a plain socket
 * @ss:		this host's end, a client
 * @who:	the connection as this host knows it
 * @conn:	the same between the hosts, once they have attached
 * @link:	to it, with a reference
 * @cookie:	the link's
 * @qps:	queue pairs that it bears on a link
 * @heard:	what this host has said first
 * @gen:	of the ring that this host was given
 * @rx_addr:	where the ring begins that this host has given
 * @rx_key:	key of that memory
 * @rx_size:	bytes of it
 */
struct test_host {
	struct kunit *test;
	struct test_conn ctl;
	struct sock *server;
	struct sdr_sock *ss;
	struct sdr_far_who who;
	struct sdr_rdma_conn *conn;
	struct sdr_rdma_link *link;
	u64 cookie;
	u32 qps;
	struct sdr_rdma_hello heard;
	u32 gen;
	u64 rx_addr;
	u32 rx_key;
	u32 rx_size;
};

/* Works and the like, for a suite; what is left of it ends with the suite. */
int host_suite_init(struct kunit_suite *suite);
void host_suite_exit(struct kunit_suite *suite);

/* A host, and a connection whose own end waits for its peer. */
struct test_host *host_new(struct kunit *test);

/* It calls, or is called: the two talk, and the connection is attached. */
void host_calls(struct test_host *host);
void host_is_called(struct test_host *host);
/* The same in its steps. */
void host_rings(struct test_host *host);
void host_attaches(struct test_host *host);
void host_listens(struct test_host *host);
void host_answers(struct test_host *host);

/* A queue pair is made, by whoever has called; nothing looks at it by itself. */
void host_connects(struct test_host *host);
/* Both, and a ring for what this host sends, or for what it receives. */
void host_gives(struct test_host *host);
void host_takes(struct test_host *host, u64 pos);
/* The first half: the ring is given, and nothing goes there yet. */
void host_offers(struct test_host *host);

void host_says(struct test_host *host, struct sdr_rdma_msg msg);
/* The next message of a type; others, which are not of interest, are skipped. */
struct sdr_rdma_msg host_hears(struct test_host *host,
			       enum sdr_rdma_msg_type type);

/* Waits until the queue pair is so far. */
bool host_until(struct test_host *host, enum sdr_rdma_state state);
/* It would be tried again now, however long that was to take. */
void host_retries(struct test_host *host);

#endif /* _SDR_RDMA_HOST_TEST_H */
