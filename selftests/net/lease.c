// SPDX-License-Identifier: GPL-2.0-only
/* The lease on a socket's rings: who has it, who loses it, and when. */
#include "fixture.h"

#include "direct.h"

NET_FIXTURE(lease);
NET_VARIANTS_DIRECT(lease);

enum { MESSAGE = 50 };

/* A child says it by a plain call, which takes the lease. */
static int child_says(int fd, uint64_t *pos)
{
	pid_t pid = net_fork();

	if (!pid) {
		CHILD_CHECK(!net_say(fd, pos, MESSAGE));
		_exit(0);
	}
	*pos += MESSAGE;
	return net_wait(pid);
}

TEST_F(lease, info_says_leased)
{
	struct sdirect_info info;
	struct direct d;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	ASSERT_EQ(0, net_info(self->p.client, &info));
	EXPECT_EQ(1, info.leased);
	direct_close(&d);
}

/* Somebody else's system call takes the lease, in order and without loss. */
TEST_F(lease, child_takes_the_lease)
{
	struct sdirect_settle settle = {};
	uint64_t c = 0, hs = 0;
	struct direct d;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
	ASSERT_EQ(0, child_says(self->p.client, &c));
	EXPECT_TRUE(direct_tx_lost(&d));
	ASSERT_EQ(0, ioctl(self->p.client, SDIRECT_IOC_SETTLE, &settle));
	EXPECT_EQ(d.tail, settle.tx_final);
	/* The holder of old sees it and asks the kernel. */
	ASSERT_EQ(0, direct_send(&d, "x", 1));
	ASSERT_EQ(0, net_say(self->p.client, &c, MESSAGE));
	ASSERT_EQ(0, net_hear(self->p.server, &hs, 3 * MESSAGE));
	direct_close(&d);
}

/* A store into a page that has been taken away lands nowhere. */
TEST_F(lease, late_stores_go_nowhere)
{
	uint64_t c = 0, hs = 0;
	struct direct d;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
	ASSERT_EQ(0, child_says(self->p.client, &c));
	memset(d.tx, 'Z', d.at.tx_size);
	SDIRECT_STORE_RELEASE(&d.ctl->tx_tail, d.tail + 1000);
	ASSERT_EQ(0, net_hear(self->p.server, &hs, 2 * MESSAGE));
	ASSERT_EQ(0, net_say(self->p.client, &c, MESSAGE));
	ASSERT_EQ(0, net_hear(self->p.server, &hs, MESSAGE));
	EXPECT_EQ(-1, recv(self->p.server, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	direct_close(&d);
}

/* A plain call of the same process that is not marked as the library's. */
TEST_F(lease, unmarked_call_takes_the_lease)
{
	uint64_t c = 0, hs = 0;
	struct direct d;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
	ASSERT_EQ(0, net_say(self->p.client, &c, MESSAGE));
	EXPECT_TRUE(direct_tx_lost(&d));
	ASSERT_EQ(0, net_say(self->p.client, &c, MESSAGE));
	ASSERT_EQ(0, net_hear(self->p.server, &hs, 3 * MESSAGE));
	direct_close(&d);
}

TEST_F(lease, marked_call_keeps_the_lease)
{
	uint64_t c = 0, s = 0, hc = 0, hs = 0;
	struct direct d;
	int i;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
		__atomic_store_n(&d.ctl->tx_call, net_tid(), __ATOMIC_RELAXED);
		ASSERT_EQ(0, net_say(self->p.client, &c, MESSAGE));
		__atomic_store_n(&d.ctl->tx_call, 0, __ATOMIC_RELAXED);
		d.tail = SDIRECT_LOAD(&d.ctl->tx_tail);
		ASSERT_EQ(0, net_say(self->p.server, &s, 2 * MESSAGE));
		ASSERT_EQ(0, direct_hear(&d, &hc, MESSAGE));
		__atomic_store_n(&d.ctl->rx_call, net_tid(), __ATOMIC_RELAXED);
		ASSERT_EQ(0, net_hear(self->p.client, &hc, MESSAGE));
		__atomic_store_n(&d.ctl->rx_call, 0, __ATOMIC_RELAXED);
		d.head = SDIRECT_LOAD(&d.ctl->rx_head);
		ASSERT_EQ(0, net_hear(self->p.server, &hs, 2 * MESSAGE));
	}
	EXPECT_FALSE(direct_tx_lost(&d));
	EXPECT_FALSE(direct_rx_lost(&d));
	direct_close(&d);
}

/* After the others have gone the lease can be had again. */
TEST_F(lease, lease_comes_back)
{
	uint64_t c = 0, hs = 0;
	struct direct d;
	uint64_t end;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
		ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
		ASSERT_EQ(0, net_say(self->p.client, &c, MESSAGE));
		ASSERT_TRUE(direct_tx_lost(&d));
		ASSERT_EQ(0, net_hear(self->p.server, &hs, 2 * MESSAGE));
		direct_close(&d);
		/* EAGAIN means: more traffic, or some time, first. */
		end = net_now_ms() + NET_LIMIT_MS;
		while (direct_open(self->p.client, &d)) {
			ASSERT_EQ(EAGAIN, errno);
			ASSERT_LT(net_now_ms(), end);
			ASSERT_EQ(0, net_say(self->p.client, &c, MESSAGE));
			ASSERT_EQ(0, net_hear(self->p.server, &hs, MESSAGE));
		}
		direct_close(&d);
		hs = c = 0;
	}
}

/* The lease is not to be had by two. */
TEST_F(lease, one_holder)
{
	struct sdirect_attach at;
	struct direct d;
	pid_t pid;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	pid = net_fork();
	if (!pid) {
		CHILD_CHECK(direct_attach(self->p.client, &at) == -1);
		CHILD_CHECK(errno == EAGAIN);
		_exit(0);
	}
	EXPECT_EQ(0, net_wait(pid));
	direct_close(&d);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
}

/* Holding "inside" for ever does not hold anyone up. */
TEST_F(lease, stuck_inside)
{
	uint64_t c = 0, hs = 0;
	struct direct d;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
	__atomic_store_n(&d.ctl->tx_inside, net_tid(), __ATOMIC_RELAXED);
	__atomic_store_n(&d.ctl->rx_inside, net_tid(), __ATOMIC_RELAXED);
	ASSERT_EQ(0, child_says(self->p.client, &c));
	EXPECT_TRUE(direct_tx_lost(&d));
	ASSERT_EQ(0, net_hear(self->p.server, &hs, 2 * MESSAGE));
	direct_close(&d);
}

NET_MAIN
