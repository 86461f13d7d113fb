// SPDX-License-Identifier: GPL-2.0-only
/*
 * An epoll set whose library arms by itself: what the kernel then leaves out,
 * and for whom it does not.
 */
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "fixture.h"

#include "direct.h"

NET_FIXTURE(armed);
NET_VARIANTS_DIRECT(armed);

static int look(int ep)
{
	struct epoll_event ev = { 0 };
	int n = epoll_wait(ep, &ev, 1, 0);

	return n == 1 && ev.events == EPOLLIN ? 1 : n ? -1 : 0;
}

static int add(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) ? -1 : ep;
}

static int say(int fd)
{
	return send(fd, "x", 1, 0) == 1 ? 0 : -1;
}

static int hear(struct direct *d)
{
	char c;

	return direct_recv(d, &c, 1) == 1 && c == 'x' ? 0 : -1;
}

static void arm(struct direct *d)
{
	__atomic_store_n(&d->ctl->rx_want, SDIRECT_LOAD(&d->peer->tx_tail),
			 __ATOMIC_SEQ_CST);
}

/* On rings, in a set, and what its addition has armed has fired. */
static int begin(const struct net_family *nf, const struct net_pair *p,
		 struct direct *d, int *ep)
{
	if (direct_open_warm(nf, p, d))
		return -1;
	*ep = add(p->client);
	d->ctl->rx_served = 1;
	return *ep < 0 || say(p->server) || look(*ep) != 1 || hear(d) ||
	       look(*ep) ? -1 : 0;
}

TEST_F(armed, a_served_set_is_armed_by_its_owner)
{
	const int server = self->p.server;
	struct direct d;
	int ep;

	ASSERT_EQ(0, begin(&variant->nf, &self->p, &d, &ep));
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(0, look(ep));
	ASSERT_EQ(0, hear(&d));
	arm(&d);
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(1, look(ep));
	EXPECT_EQ(0, look(ep));
	/* Once. */
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(0, look(ep));
	ASSERT_EQ(0, hear(&d));
	ASSERT_EQ(0, hear(&d));
	/* A doorbell is told even if somebody has read meanwhile. */
	arm(&d);
	ASSERT_EQ(0, say(server));
	ASSERT_EQ(0, hear(&d));
	EXPECT_EQ(1, look(ep));
	EXPECT_EQ(0, look(ep));
	EXPECT_FALSE(direct_rx_lost(&d));
	direct_close(&d);
	close(ep);
}

TEST_F(armed, others_are_armed_by_the_kernel)
{
	struct pollfd pfd = { .fd = self->p.client, .events = POLLIN };
	const int server = self->p.server;
	struct direct d;
	int ep, other;

	ASSERT_EQ(0, begin(&variant->nf, &self->p, &d, &ep));
	/* A second set, with which no look is left out. */
	other = add(self->p.client);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(1, look(ep));
	EXPECT_EQ(1, look(other));
	ASSERT_EQ(0, hear(&d));
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(1, look(other));
	ASSERT_EQ(0, hear(&d));
	close(other);
	/* Somebody who polls. */
	look(ep);
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(1, look(ep));
	direct_close(&d);
	close(ep);
}

/* Who has no lease any more cannot arm: the kernel does again. */
TEST_F(armed, a_lost_lease_is_armed_by_the_kernel)
{
	const int server = self->p.server;
	struct direct d;
	char c;
	int ep;

	ASSERT_EQ(0, begin(&variant->nf, &self->p, &d, &ep));
	EXPECT_EQ(-1, recv(self->p.client, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_TRUE(direct_rx_lost(&d));
	look(ep);
	/* And says only what is true. */
	ASSERT_EQ(0, ioctl(server, SDIRECT_IOC_DOORBELL));
	EXPECT_EQ(0, look(ep));
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(1, look(ep));
	direct_close(&d);
	close(ep);
}

/* What is not mapped any more neither. */
TEST_F(armed, unmapped_is_armed_by_the_kernel)
{
	const int server = self->p.server;
	struct direct d;
	char c;
	int ep;

	ASSERT_EQ(0, begin(&variant->nf, &self->p, &d, &ep));
	direct_close(&d);
	look(ep);
	ASSERT_EQ(0, say(server));
	EXPECT_EQ(1, look(ep));
	EXPECT_EQ(1, recv(self->p.client, &c, 1, 0));
	close(ep);
}

/* A reader without system calls must learn of the end. */
TEST_F(armed, the_end_is_said_in_the_page)
{
	struct direct d;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	EXPECT_EQ(0, SDIRECT_LOAD(&d.me->rx_closed));
	EXPECT_NE(0, SDIRECT_LOAD(&d.me->rx_holder));
	ASSERT_EQ(0, shutdown(self->p.server, SHUT_WR));
	EXPECT_TRUE(net_until(SDIRECT_LOAD(&d.me->rx_closed)));
	direct_close(&d);
}

static int rings_for_nobody(int fd)
{
	return ioctl(fd, SDIRECT_IOC_DOORBELL) == -1 && errno == ENOTCONN;
}

/* Or the ringer would take it for the end of a sleep. */
TEST_F(armed, a_doorbell_for_nobody_fails)
{
	const int fd = self->p.client;
	struct direct d;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	ASSERT_EQ(0, ioctl(fd, SDIRECT_IOC_DOORBELL));
	net_close(&self->p.server);
	EXPECT_TRUE(net_until(rings_for_nobody(fd)));
	direct_close(&d);
}

NET_MAIN
