// SPDX-License-Identifier: GPL-2.0-only
/* An end that lies breaks its own connection and nothing else. */
#include "fixture.h"

#include "direct.h"

NET_FIXTURE(liar);
NET_VARIANTS_DIRECT(liar);

static const long page = 4096;

/*
 * Added to a position: more than any ring holds, or back.  A head that goes
 * back is what a slow reader's would be, as long as the ring reaches to it.
 */
static const struct lie {
	uint64_t by;
	bool back;
} lies[] = {
	{ SDIRECT_RING_MAX + 1, false },
	{ 1ull << 40, false },
	{ 1ull << 63, false },
	{ ~0ull, true },
	{ ~0ull - 4096, true },
};

TEST_F(liar, lie_about_the_tail)
{
	static char buf[1 << 16];
	struct direct d;
	struct net_pair p;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		ASSERT_EQ(0, net_pair_open(&variant->nf, &p));
		ASSERT_EQ(0, direct_open_warm(&variant->nf, &p, &d));
		SDIRECT_STORE_RELEASE(&d.ctl->tx_tail, d.tail + lies[i].by);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		n = recv(p.server, buf, sizeof(buf), 0);
		EXPECT_EQ(-1, n);
		EXPECT_EQ(ECONNRESET, errno)
			TH_LOG("lie %u", i);
		direct_close(&d);
		net_pair_close(&p);
	}
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
}

TEST_F(liar, lie_about_the_head)
{
	static char buf[1 << 16];
	struct net_pair p;
	struct direct d;
	unsigned int i;
	ssize_t n;
	int calls;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		ASSERT_EQ(0, net_pair_open(&variant->nf, &p));
		ASSERT_EQ(0, direct_open_warm(&variant->nf, &p, &d));
		SDIRECT_STORE_RELEASE(&d.ctl->rx_head, d.head + lies[i].by);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		/* The sender looks at the head when it must, if ever. */
		for (calls = 0; calls < 1000; calls++) {
			n = send(p.server, buf, sizeof(buf),
				 MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0)
				break;
		}
		EXPECT_EQ(-1, n);
		EXPECT_TRUE(errno == ECONNRESET ||
			    (lies[i].back && errno == EAGAIN))
			TH_LOG("lie %u: errno %d", i, errno);
		direct_close(&d);
		net_pair_close(&p);
	}
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
}

TEST_F(liar, garbage_everywhere)
{
	static char buf[1 << 16];
	struct pollfd pfd = { .events = POLLIN | POLLOUT };
	struct net_pair p;
	struct direct d;
	unsigned int seed;

	for (seed = 0; seed < 16; seed++) {
		ASSERT_EQ(0, net_pair_open(&variant->nf, &p));
		ASSERT_EQ(0, direct_open_warm(&variant->nf, &p, &d));
		net_fill(d.ctl, page, seed, seed);
		net_fill(d.tx, d.at.tx_size, seed, seed);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		pfd.fd = p.server;
		poll(&pfd, 1, 0);
		send(p.server, buf, 1000, MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(p.server, buf, sizeof(buf), MSG_DONTWAIT);
		send(p.client, buf, 1000, MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(p.client, buf, sizeof(buf), MSG_DONTWAIT);
		net_fill(d.ctl, page, seed + 1, seed);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		if (seed & 1)
			direct_close(&d);
		net_pair_close(&p);
		if (!(seed & 1))
			direct_close(&d);
	}
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
}

NET_MAIN
