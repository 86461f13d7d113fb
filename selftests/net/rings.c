// SPDX-License-Identifier: GPL-2.0-only
/* Rings worked by hand, against calls and each other; the doorbell. */
#include "fixture.h"

#include "direct.h"

NET_FIXTURE(rings);
NET_VARIANTS_DIRECT(rings);

enum { MESSAGE = 50 };

/* The client works its rings, the server makes system calls. */
TEST_F(rings, rings_against_calls)
{
	uint64_t c = 0, s = 0, hc = 0, hs = 0;
	struct direct d;
	int i;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, direct_say(&d, &c, MESSAGE + i % 30));
		ASSERT_EQ(0, net_hear(self->p.server, &hs, MESSAGE + i % 30));
		ASSERT_EQ(0, net_say(self->p.server, &s, MESSAGE));
		ASSERT_EQ(0, direct_hear(&d, &hc, MESSAGE));
	}
	EXPECT_FALSE(direct_tx_lost(&d));
	EXPECT_FALSE(direct_rx_lost(&d));
	direct_close(&d);
}

TEST_F(rings, rings_against_rings)
{
	uint64_t c = 0, s = 0, hc = 0, hs = 0;
	struct direct one, two;
	int i;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &one));
	ASSERT_EQ(0, direct_open(self->p.server, &two));
	EXPECT_NE(one.at.side, two.at.side);
	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(0, direct_say(&one, &c, 1 + i % 1000));
		ASSERT_EQ(0, direct_hear(&two, &hs, 1 + i % 1000));
		ASSERT_EQ(0, direct_say(&two, &s, MESSAGE));
		ASSERT_EQ(0, direct_hear(&one, &hc, MESSAGE));
	}
	EXPECT_FALSE(direct_tx_lost(&one));
	EXPECT_FALSE(direct_rx_lost(&two));
	direct_close(&one);
	direct_close(&two);
}

/* The doorbell wakes whoever sleeps at the other end. */
TEST_F(rings, doorbell_wakes_a_reader)
{
	char buf[MESSAGE];
	struct net_call call = { .fd = self->p.server, .buf = buf,
				 .len = MESSAGE };
	struct direct d;
	uint64_t c = 0;
	pthread_t t;
	int i;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, net_call_start(&t, net_call_recv, &call));
		ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
		ASSERT_EQ(0, pthread_join(t, NULL));
		ASSERT_EQ(MESSAGE, call.ret);
		ASSERT_EQ(-1, net_check(buf, MESSAGE, 1, i * MESSAGE));
	}
	direct_close(&d);
}

TEST_F(rings, doorbell_reaches_poll)
{
	struct pollfd pfd = { .fd = self->p.server, .events = POLLIN };
	uint64_t c = 0, hs = 0;
	struct direct d;
	pid_t parent = getpid(), pid;
	int i, go[2];
	char token;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	pid = net_fork();
	if (!pid) {
		net_close(&self->p.server);
		CHILD_CHECK(read(go[0], &token, 1) == 1);
		CHILD_CHECK(!direct_open(self->p.client, &d));
		for (i = 0; i < 10; i++) {
			CHILD_CHECK(!net_wait_sleeping(parent));
			CHILD_CHECK(!direct_say(&d, &c, MESSAGE));
			CHILD_CHECK(read(go[0], &token, 1) == 1);
		}
		_exit(0);
	}
	/* Alone with its end, the child may have the lease. */
	net_close(&self->p.client);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(1, write(go[1], "g", 1));
		ASSERT_EQ(1, poll(&pfd, 1, 20000));
		ASSERT_EQ(0, net_hear(self->p.server, &hs, MESSAGE));
	}
	ASSERT_EQ(1, write(go[1], "g", 1));
	EXPECT_EQ(0, net_wait(pid));
}

TEST_F(rings, doorbell_by_itself_is_harmless)
{
	int i, fd = net_socket(&variant->nf, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-1, ioctl(fd, SDIRECT_IOC_DOORBELL));
		ASSERT_EQ(ENOTCONN, errno);
		ASSERT_EQ(-1, ioctl(self->p.listener, SDIRECT_IOC_DOORBELL));
		ASSERT_EQ(ENOTCONN, errno);
		ASSERT_EQ(0, ioctl(self->p.client, SDIRECT_IOC_DOORBELL));
		ASSERT_EQ(0, net_pingpong(&self->p, 100, 2));
	}
	close(fd);
}

/* A full ring, filled by hand, empties by the peer's system calls. */
TEST_F(rings, full_ring_by_hand)
{
	uint64_t c = 0, hs = 0;
	struct direct d;
	int n = 0;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	while (d.tail + 1000 - SDIRECT_LOAD(&d.peer->rx_head) < d.at.tx_size) {
		ASSERT_EQ(0, direct_say(&d, &c, 1000));
		ASSERT_GT(10000, n++);
	}
	ASSERT_EQ(0, net_hear(self->p.server, &hs, c));
	ASSERT_EQ(0, direct_say(&d, &c, 1000));
	ASSERT_EQ(0, net_hear(self->p.server, &hs, 1000));
	direct_close(&d);
}

NET_MAIN
