// SPDX-License-Identifier: GPL-2.0-only
/* Between rings and TCP and back, again and again, on demand. */
#include <linux/sockios.h>

#include "fixture.h"

NET_FIXTURE(switching);
NET_VARIANTS(switching);

enum {
	ROUNDS = 250,		/* of four switches: two directions, there and back */
	POSITIONS = 4096,
	CHUNK = 9000,
	MEGABYTES = 16,
	LATE_BYTES = 12 << 20,	/* more than the buffers of TCP take */
};

/* On plain TCP there is nothing to demote: the same test, without the calls. */
static int set(const struct net_family *nf, int fd, unsigned long request)
{
	if (net_direct(nf))
		return ioctl(fd, request);
	errno = 0;
	return ioctl(fd, request) == -1 && errno == ENOTTY ? 0 : -1;
}

static int demote(const struct net_family *nf, int fd)
{
	return set(nf, fd, SDIRECT_IOC_DEMOTE);
}

static int promote(const struct net_family *nf, int fd)
{
	return set(nf, fd, SDIRECT_IOC_PROMOTE);
}

/* Does @fd send by @carrier?  On plain TCP it always sends as it should. */
static bool sends_by(const struct net_family *nf, int fd, int carrier)
{
	struct sdirect_info info;

	if (!net_direct(nf))
		return true;
	return !net_info(fd, &info) && info.tx_carrier == carrier;
}

static int why(const struct net_family *nf, int fd)
{
	struct sdirect_info info;

	if (!net_direct(nf))
		return SDIRECT_REASON_DEMOTED;
	return net_info(fd, &info) ? -1 : info.reason;
}

static int both_send_by(const struct net_family *nf, const struct net_pair *p,
			int carrier)
{
	return sends_by(nf, p->client, carrier) &&
	       sends_by(nf, p->server, carrier);
}

/* Both directions of a connection, as far as they have come. */
struct talk {
	const struct net_pair *p;
	uint64_t said[2], heard[2];
};

static int talk_fd(const struct talk *t, int side)
{
	return side ? t->p->server : t->p->client;
}

static int talk_say(struct talk *t, size_t len)
{
	int i, ret = 0;

	for (i = 0; i < 2; i++)
		ret |= net_say(talk_fd(t, i), &t->said[i], len);
	return ret;
}

/* All but @left of what has been said. */
static int talk_hear(struct talk *t, size_t left)
{
	int i, ret = 0;

	for (i = 0; i < 2; i++)
		ret |= net_hear(talk_fd(t, !i), &t->heard[i],
				t->said[i] - t->heard[i] - left);
	return ret;
}

/* All that has been said has come: no ring begins before bytes under way. */
static bool talk_came(const struct talk *t, int side)
{
	int n;

	return !ioctl(talk_fd(t, !side), SIOCINQ, &n) &&
	       (uint64_t)n == t->said[side] - t->heard[side];
}

TEST_F(switching, there_and_back)
{
	const struct net_family *nf = &variant->nf;

	ASSERT_EQ(0, net_warm(nf, &self->p));
	ASSERT_EQ(0, demote(nf, self->p.client));
	EXPECT_TRUE(sends_by(nf, self->p.client, SDIRECT_CARRIER_TCP));
	ASSERT_EQ(0, net_pingpong(&self->p, 1000, 100));
	EXPECT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_TCP));
	EXPECT_EQ(SDIRECT_REASON_DEMOTED, why(nf, self->p.client));
	EXPECT_EQ(SDIRECT_REASON_DEMOTED, why(nf, self->p.server));
	ASSERT_EQ(0, promote(nf, self->p.client));
	ASSERT_EQ(0, net_pingpong(&self->p, 1000, 2));
	EXPECT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_LOCAL));
	ASSERT_EQ(0, net_pingpong(&self->p, 1000, 100));
	EXPECT_EQ(0, net_used_rings(nf, self->p.client));
}

/* One who takes his wish back does not take back another's. */
TEST_F(switching, each_end_has_its_wish)
{
	const struct net_family *nf = &variant->nf;

	ASSERT_EQ(0, net_warm(nf, &self->p));
	ASSERT_EQ(0, demote(nf, self->p.client));
	ASSERT_EQ(0, demote(nf, self->p.server));
	ASSERT_EQ(0, demote(nf, self->p.server));
	ASSERT_EQ(0, promote(nf, self->p.client));
	ASSERT_EQ(0, net_pingpong(&self->p, 100, 20));
	EXPECT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_TCP));
	ASSERT_EQ(0, promote(nf, self->p.server));
	ASSERT_EQ(0, net_pingpong(&self->p, 100, 20));
	EXPECT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_LOCAL));
}

/* Asked for before there is a connection, by one who then says nothing. */
TEST_F(switching, demoted_from_the_beginning)
{
	const struct net_family *nf = &variant->nf;
	struct net_pair p = { .listener = -1 };
	uint64_t said = 0, heard = 0;
	int i;

	p.client = net_socket(nf, 0);
	ASSERT_LE(0, p.client);
	ASSERT_EQ(0, demote(nf, p.client));
	ASSERT_EQ(0, connect(p.client, &self->p.addr.sa, net_addr_len(nf)));
	p.server = accept(self->p.listener, NULL, NULL);
	ASSERT_LE(0, p.server);
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, net_say(p.server, &said, 100));
	EXPECT_TRUE(sends_by(nf, p.server, SDIRECT_CARRIER_TCP));
	EXPECT_EQ(SDIRECT_REASON_DEMOTED, why(nf, p.server));
	ASSERT_EQ(0, net_hear(p.client, &heard, said));
	ASSERT_EQ(0, net_pingpong(&p, 100, 50));
	EXPECT_TRUE(both_send_by(nf, &p, SDIRECT_CARRIER_TCP));
	ASSERT_EQ(0, promote(nf, p.client));
	ASSERT_EQ(0, net_pingpong(&p, 100, 50));
	EXPECT_TRUE(both_send_by(nf, &p, SDIRECT_CARRIER_LOCAL));
	net_pair_close(&p);
}

/* Bytes lie in a ring while TCP's and the next ring's come behind them. */
TEST_F(switching, a_thousand_times)
{
	const struct net_family *nf = &variant->nf;
	struct talk t = { .p = &self->p };
	int i;

	ASSERT_EQ(0, net_warm(nf, &self->p));
	for (i = 0; i < net_rounds(ROUNDS); i++) {
		int fd = talk_fd(&t, i & 1);

		ASSERT_EQ(0, talk_say(&t, 1 + i * 37 % 3000));
		ASSERT_EQ(0, demote(nf, fd));
		ASSERT_EQ(0, talk_say(&t, 1 + i * 113 % 5000));
		ASSERT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_TCP));
		ASSERT_EQ(0, promote(nf, fd));
		ASSERT_EQ(0, talk_hear(&t, i & 2 ? i % 90 : 0));
		ASSERT_EQ(0, talk_say(&t, 1 + i % 7));
		ASSERT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_LOCAL));
	}
	ASSERT_EQ(0, talk_hear(&t, 0));
}

/* One look sees all of it, and one read takes it. */
TEST_F(switching, look_over_the_switch)
{
	const struct net_family *nf = &variant->nf;
	uint64_t said = 0;
	char buf[1000];
	int i;

	ASSERT_EQ(0, net_warm(nf, &self->p));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, net_say(self->p.server, &said, 700));
		ASSERT_EQ(0, i & 1 ? promote(nf, self->p.server) :
				     demote(nf, self->p.server));
		ASSERT_EQ(0, net_say(self->p.server, &said, 80));
		ASSERT_EQ(780, recv(self->p.client, buf, 1000, MSG_PEEK));
		EXPECT_EQ(-1, net_check(buf, 780, 1, said - 780));
		ASSERT_EQ(780, recv(self->p.client, buf, 1000, 0));
		EXPECT_EQ(-1, net_check(buf, 780, 1, said - 780));
		ASSERT_EQ(1, send(self->p.client, "a", 1, 0));
		ASSERT_EQ(1, recv(self->p.server, buf, 1, 0));
	}
}

/* Whoever does not read must not pay for rings without end. */
TEST_F(switching, unread)
{
	const struct net_family *nf = &variant->nf;
	struct talk t = { .p = &self->p };
	int i;

	ASSERT_EQ(0, net_warm(nf, &self->p));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, talk_say(&t, 100));
		ASSERT_EQ(0, demote(nf, self->p.client));
		ASSERT_EQ(0, talk_say(&t, 100));
		ASSERT_EQ(0, promote(nf, self->p.client));
	}
	ASSERT_EQ(0, talk_say(&t, 100));
	EXPECT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_TCP));
	ASSERT_EQ(0, talk_hear(&t, 0));
	ASSERT_EQ(0, talk_say(&t, 100));
	EXPECT_TRUE(both_send_by(nf, &self->p, SDIRECT_CARRIER_LOCAL));
	ASSERT_EQ(0, talk_hear(&t, 0));
}

/* One switch at each position, and one byte between two of them. */
TEST_F(switching, at_each_byte)
{
	const struct net_family *nf = &variant->nf;
	struct talk t = { .p = &self->p };
	int i, now;

	ASSERT_EQ(0, net_warm(nf, &self->p));
	for (i = 0; i < net_rounds(POSITIONS); i++) {
		now = i & 1 ? SDIRECT_CARRIER_LOCAL : SDIRECT_CARRIER_TCP;
		ASSERT_EQ(0, i & 1 ? promote(nf, self->p.client) :
				     demote(nf, self->p.client));
		ASSERT_EQ(0, talk_say(&t, 1));
		ASSERT_TRUE(both_send_by(nf, &self->p, now));
		ASSERT_EQ(0, talk_hear(&t, 0));
	}
}

static int hear_side(struct talk *t, int side)
{
	return net_hear(talk_fd(t, side), &t->heard[!side],
			t->said[!side] - t->heard[!side]);
}

/* All that the other end has said, and then its end. */
static int hear_end(struct talk *t, int side)
{
	char c;

	return hear_side(t, side) || recv(talk_fd(t, side), &c, 1, 0) ? -1 : 0;
}

/* End @side has said all; the other goes on. */
static int half_close(struct talk *t, int side)
{
	return shutdown(talk_fd(t, side), SHUT_WR) || hear_end(t, !side) ||
	       net_say(talk_fd(t, !side), &t->said[!side], 100) ||
	       hear_side(t, side) ? -1 : 0;
}

/* How a stream goes on behind its first switch, or ends there. */
static int behind_first(struct net_pair *p, struct talk *t, int i)
{
	switch (i % 4) {
	case 0:
		return talk_hear(t, 0) || talk_say(t, CHUNK) ||
		       talk_hear(t, 0) ? -1 : 0;
	case 1:
	case 2:
		return half_close(t, i % 4 - 1);
	default:
		return hear_side(t, 0) || net_close(&p->client) ||
		       hear_end(t, 1) ? -1 : 0;
	}
}

/*
 * A connection that can be switched.  Of so many some get a port that is in
 * TIME_WAIT, for which TCP chooses the first number itself: they stay TCP.
 */
static int join_anew(const struct net_family *nf, const struct net_pair *by,
		     struct net_pair *p)
{
	int tries;

	for (tries = 0; tries < 10; tries++) {
		if (net_pair_join(nf, by, p))
			return -1;
		if (why(nf, p->client) != SDIRECT_REASON_KEY)
			return 0;
		net_pair_close(p);
	}
	return -1;
}

/*
 * Of connections that have just begun: what was said before is with TCP still,
 * or has been read, and the first byte on the ring may be the last.  One of
 * the variants has a connection for each position, the others some of them.
 */
TEST_F_TIMEOUT(switching, first_at_each_byte, 240)
{
	const struct net_family *nf = &variant->nf;
	const bool each = nf->direct && nf->ip == AF_INET && !nf->hot;
	const int count = each ? POSITIONS : net_rounds(POSITIONS / 4);
	int i, n;

	for (i = 0; i < count; i++) {
		struct net_pair p;
		struct talk t = { .p = &p };

		ASSERT_EQ(0, join_anew(nf, &self->p, &p));
		ASSERT_EQ(0, demote(nf, p.client));
		for (n = 0; n < 3; n++)
			ASSERT_EQ(0, talk_say(&t, 1));
		ASSERT_EQ(0, talk_say(&t, 1 + i * POSITIONS / count));
		if (i & 4)
			ASSERT_EQ(0, talk_hear(&t, 0));
		ASSERT_TRUE(sends_by(nf, p.client, SDIRECT_CARRIER_TCP));
		ASSERT_TRUE(net_until(talk_came(&t, 0) && talk_came(&t, 1)));
		ASSERT_EQ(0, promote(nf, p.client));
		ASSERT_EQ(0, talk_say(&t, 1));
		ASSERT_TRUE(both_send_by(nf, &p, SDIRECT_CARRIER_LOCAL))
			TH_LOG("connection %d: %d, %d", i, why(nf, p.client),
			       why(nf, p.server));
		ASSERT_EQ(0, behind_first(&p, &t, i))
			TH_LOG("connection %d: %s", i, strerror(errno));
		net_pair_close(&p);
	}
}

struct toggle {
	const struct net_family *nf;
	int fd;
	volatile bool stop;
	int rounds;
	int err;
};

static void *toggle(void *arg)
{
	struct toggle *t = arg;

	while (!t->stop && !t->err) {
		t->err = demote(t->nf, t->fd) || promote(t->nf, t->fd);
		t->rounds++;
	}
	return NULL;
}

/* Both ends send and read as fast as they can, and both are switched. */
TEST_F(switching, in_full_flight)
{
	const uint64_t bytes = net_bytes(MEGABYTES);
	struct net_flow flow[4] = {
		{ .fd = self->p.client, .seed = 1 },
		{ .fd = self->p.server, .seed = 1 },
		{ .fd = self->p.server, .seed = 2 },
		{ .fd = self->p.client, .seed = 2 },
	};
	struct toggle t[2] = {
		{ .nf = &variant->nf, .fd = self->p.client },
		{ .nf = &variant->nf, .fd = self->p.server },
	};
	pthread_t thread[6];
	int i;

	for (i = 0; i < 4; i++) {
		flow[i].bytes = bytes;
		flow[i].chunk = CHUNK;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, i & 1 ?
					    net_flow_recv : net_flow_send,
					    &flow[i]));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[4 + i], NULL, toggle,
					    &t[i]));
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < 2; i++) {
		t[i].stop = true;
		pthread_join(thread[4 + i], NULL);
		EXPECT_EQ(0, t[i].err);
		EXPECT_LT(0, t[i].rounds);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, flow[i].err);
	/* It still works, and knows where it is. */
	ASSERT_EQ(0, net_pingpong(&self->p, 100, 10));
	EXPECT_TRUE(both_send_by(&variant->nf, &self->p,
				 SDIRECT_CARRIER_LOCAL));
}

/* Until somebody accepts there is nobody to meet; then all goes on by rings. */
TEST_F(switching, accepted_late)
{
	const struct net_family *nf = &variant->nf;
	struct net_flow out = { .seed = 3, .bytes = LATE_BYTES,
				.chunk = CHUNK };
	struct net_flow in = out;
	struct net_pair p = { .listener = -1 };
	pthread_t t;

	out.fd = p.client = net_connect(nf, &self->p.addr);
	ASSERT_LE(0, p.client);
	ASSERT_EQ(0, pthread_create(&t, NULL, net_flow_send, &out));
	/* No room is left there. */
	ASSERT_TRUE(net_until(net_queued(p.client, SIOCOUTQNSD) > 0));
	in.fd = p.server = accept(self->p.listener, NULL, NULL);
	ASSERT_LE(0, p.server);
	EXPECT_EQ(NULL, net_flow_recv(&in));
	pthread_join(t, NULL);
	EXPECT_EQ(0, out.err);
	ASSERT_EQ(0, net_pingpong(&p, 100, 20));
	EXPECT_TRUE(both_send_by(nf, &p, SDIRECT_CARRIER_LOCAL));
	net_pair_close(&p);
}

TEST_F(switching, never_accepted)
{
	const struct net_family *nf = &variant->nf;
	union net_addr addr;
	char buf[100] = {};
	int fd, listener = net_listen(nf, 1, &addr);

	ASSERT_LE(0, listener);
	fd = net_connect(nf, &addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(100, net_send_all(fd, buf, 100));
	ASSERT_EQ(0, net_close(&listener));
	ASSERT_EQ(-1, recv(fd, buf, 100, 0));
	EXPECT_EQ(ECONNRESET, errno);
	ASSERT_EQ(-1, send(fd, buf, 100, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	net_close(&fd);
}

NET_MAIN
