// SPDX-License-Identifier: GPL-2.0
/* The key of a connection, at every point of its life. */
#include "compat.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "fixture_test.h"
#include "key.h"

static struct sdr_key key_of(struct sock *sk, bool active)
{
	struct sdr_key key;

	lock_sock(sk);
	sdr_key_read(sk, active, &key);
	release_sock(sk);
	return key;
}

static void expect_met(struct kunit *test, const struct sdr_key *a,
		       const struct sdr_key *b)
{
	KUNIT_EXPECT_EQ(test, a->mine, b->theirs);
	KUNIT_EXPECT_EQ(test, a->theirs, b->mine);
}

static bool in_state(struct socket *sock, int states)
{
	return 1 << inet_sk_state_load(sock->sk) & states;
}

/* --- what may happen to a connection before it is asked for its key --- */

/*
 * struct step - something that one end does
 * @what:	'w'rite, 'r'ead, 'f'inish, 'u'rgent byte
 * @end:	0 the one that connected, 1 the accepted one
 * @n:		bytes
 */
struct step {
	char what;
	int end;
	u32 n;
};

struct life {
	const char *name;
	int family;
	bool wrap;		/* the sequence numbers go over 2^32 */
	struct step step[9];
};

static const struct life lives[] = {
	{ "fresh", PF_INET },
	{ "fresh, IPv6", PF_INET6 },
	{ "over 2^32 by the SYN", PF_INET, true },
	{ "one byte", PF_INET, false, { { 'w', 0, 1 } } },
	{ "one byte back", PF_INET, false, { { 'w', 1, 1 } } },
	{ "unread", PF_INET, false, { { 'w', 0, 5000 }, { 'w', 1, 70 } } },
	{ "half read", PF_INET, false, { { 'w', 0, 5000 }, { 'r', 1, 70 } } },
	{ "read", PF_INET, false, { { 'w', 0, 50000 }, { 'r', 1, 50000 },
	  { 'w', 1, 333 }, { 'r', 0, 333 } } },
	{ "read, IPv6", PF_INET6, false, { { 'w', 0, 50000 }, { 'r', 1, 50000 },
	  { 'w', 1, 333 }, { 'r', 0, 333 } } },
	{ "over 2^32", PF_INET, true, { { 'w', 0, 5000 }, { 'r', 1, 4000 },
	  { 'w', 1, 5 } } },
	{ "client has finished", PF_INET, false, { { 'f', 0 } } },
	{ "server has finished", PF_INET, false, { { 'f', 1 } } },
	{ "finished behind bytes", PF_INET, false, { { 'w', 0, 900 },
	  { 'f', 0 }, { 'w', 1, 44 }, { 'r', 1, 900 } } },
	{ "finished, over 2^32", PF_INET, true, { { 'w', 0, 900 },
	  { 'f', 0 } } },
	{ "bytes after the other's end", PF_INET, false, { { 'f', 1 },
	  { 'w', 0, 3000 }, { 'r', 1, 3000 } } },
	{ "urgent byte", PF_INET, false, { { 'u', 0, 1 } } },
	{ "urgent byte back", PF_INET, false, { { 'w', 1, 9 }, { 'u', 1, 1 },
	  { 'w', 1, 9 } } },
	{ "urgent byte read over", PF_INET, false, { { 'w', 0, 8 },
	  { 'u', 0, 1 }, { 'w', 0, 8 }, { 'r', 1, 8 }, { 'f', 0 } } },
};

TEST_PARAM(life, lives);

struct history {
	struct test_conn conn;
	u32 preset;
	u32 sent[2], fins[2];
};

/* A connection whose first number we know. */
static int start(struct history *h, const struct life *life)
{
	struct sockaddr_storage addr;
	struct test_conn *c = &h->conn;
	int len, err = test_listen(c, life->family);

	if (!err)
		err = test_bound(life->family, &c->end[0]);
	if (err)
		return err;
	test_preset(c->end[0]->sk, &h->preset);
	if (life->wrap) {
		h->preset = ~0u;
		tcp_sk(c->end[0]->sk)->write_seq = ~0u;
	}
	len = test_name(c->listener, &addr);
	err = kernel_connect(c->end[0], (struct sockaddr *)&addr, len, 0);
	return err ? err : kernel_accept(c->listener, &c->end[1], 0);
}

/* Done here and arrived there. */
static int take(struct history *h, const struct step *step)
{
	struct sock *sk = h->conn.end[step->end]->sk;
	struct sock *peer = h->conn.end[!step->end]->sk;
	int n = step->n;

	switch (step->what) {
	case 'w':
	case 'u':
		n = test_tcp_send(sk, h->sent[step->end], n,
				  step->what == 'u' ? MSG_OOB : 0);
		h->sent[step->end] += step->n;
		break;
	case 'r':
		sk->sk_rcvtimeo = TEST_LIMIT;
		return test_tcp_recv(sk, 0, n, 0) == n;
	case 'f':
		n = !kernel_sock_shutdown(h->conn.end[step->end], SHUT_WR);
		h->fins[step->end]++;
		return n && test_until(peer->sk_shutdown & RCV_SHUTDOWN);
	}
	return n == step->n &&
	       test_until(tcp_sk(peer)->rcv_nxt == tcp_sk(sk)->write_seq);
}

static void keys_meet(struct kunit *test)
{
	const struct life *life = test->param_value;
	const struct step *step;
	struct sdr_key key[2];
	struct history h = { };
	int i;

	KUNIT_EXPECT_EQ(test, start(&h, life), 0);
	for (step = life->step; h.conn.end[1] && step->what; step++)
		KUNIT_EXPECT_TRUE_MSG(test, take(&h, step), "%c", step->what);
	for (i = 0; h.conn.end[1] && i < 2; i++)
		key[i] = key_of(h.conn.end[i]->sk, !i);
	if (h.conn.end[1]) {
		expect_met(test, &key[0], &key[1]);
		KUNIT_EXPECT_EQ(test, key[0].mine, h.preset);
		KUNIT_EXPECT_NE(test, key[0].mine, key[0].theirs);
	}
	for (i = 0; h.conn.end[1] && i < 2; i++) {
		const struct sock *sk = h.conn.end[i]->sk;
		u32 n = h.sent[i] + h.fins[i];

		KUNIT_EXPECT_EQ(test, sdr_key_written(sk, &key[i]), n);
		KUNIT_EXPECT_EQ(test, sdr_key_received(h.conn.end[!i]->sk,
						       &key[!i]), n);
		KUNIT_EXPECT_TRUE(test,
				  test_until(sdr_key_acked(sk, &key[i]) == n));
		/* Nor does an acknowledgment change the key. */
		KUNIT_EXPECT_EQ(test, key_of(h.conn.end[i]->sk, !i).mine,
				key[i].mine);
	}
	test_close(&h.conn);
}

/* --- unusual ways to be connected --- */

#define TFO_ALL	(TFO_CLIENT_ENABLE | TFO_SERVER_ENABLE | TFO_CLIENT_NO_COOKIE | \
		 TFO_SERVER_COOKIE_NOT_REQD | TFO_SERVER_WO_SOCKOPT1)

static void fast_open(struct kunit *test)
{
	int old = READ_ONCE(init_net.ipv4.sysctl_tcp_fastopen), err, len;
	u32 secret = 0;
	struct sockaddr_storage addr;
	struct test_conn c = { };
	struct kvec vec = { .iov_base = "hello", .iov_len = 5 };
	struct msghdr msg = { .msg_flags = MSG_FASTOPEN, .msg_name = &addr };
	struct sdr_key key[2];

	WRITE_ONCE(init_net.ipv4.sysctl_tcp_fastopen, TFO_ALL);
	err = test_listen(&c, PF_INET);
	if (!err)
		err = test_bound(PF_INET, &c.end[0]);
	KUNIT_EXPECT_EQ(test, err, 0);
	if (err)
		goto out;
	len = test_name(c.listener, &addr);
	msg.msg_namelen = len;
	test_preset(c.end[0]->sk, &secret);
	KUNIT_EXPECT_EQ(test, kernel_sendmsg(c.end[0], &msg, &vec, 1, 5), 5);
	err = kernel_accept(c.listener, &c.end[1], 0);
	KUNIT_EXPECT_EQ(test, err, 0);
	if (err)
		goto out;
	/* The bytes did go with the SYN. */
	KUNIT_EXPECT_TRUE(test, test_until(in_state(c.end[1],
						    TCPF_ESTABLISHED)));
	KUNIT_EXPECT_TRUE(test, tcp_sk(c.end[0]->sk)->syn_data_acked);
	key[0] = key_of(c.end[0]->sk, true);
	key[1] = key_of(c.end[1]->sk, false);
	expect_met(test, &key[0], &key[1]);
	KUNIT_EXPECT_EQ(test, key[0].mine, secret);
	KUNIT_EXPECT_EQ(test, sdr_key_received(c.end[1]->sk, &key[1]), 5);
	KUNIT_EXPECT_EQ(test, sdr_key_written(c.end[0]->sk, &key[0]), 5);
	KUNIT_EXPECT_EQ(test, sdr_key_acked(c.end[0]->sk, &key[0]), 5);
	KUNIT_EXPECT_EQ(test, sdr_key_received(c.end[0]->sk, &key[0]), 0);
out:
	WRITE_ONCE(init_net.ipv4.sysctl_tcp_fastopen, old);
	test_close(&c);
}

static int connect_to(struct socket *sock, struct socket *to)
{
	struct sockaddr_storage addr;
	int len = test_name(to, &addr);

	return kernel_connect(sock, (struct sockaddr *)&addr, len, O_NONBLOCK);
}

/* A socket that has connected to itself: the key that nobody may use. */
static void self_connect(struct kunit *test)
{
	struct socket *sock;
	struct sdr_key key;
	u32 secret;

	KUNIT_EXPECT_EQ(test, test_bound(PF_INET, &sock), 0);
	if (!sock)
		return;
	test_preset(sock->sk, &secret);
	connect_to(sock, sock);
	KUNIT_EXPECT_TRUE(test, test_until(in_state(sock, TCPF_ESTABLISHED)));
	key = key_of(sock->sk, true);
	KUNIT_EXPECT_EQ(test, key.mine, key.theirs);
	sock_release(sock);
}

#if IS_ENABLED(CONFIG_NETFILTER)
/* Two SYNs are held back until both are under way: simultaneous open. */
static struct {
	__be16 port[2];
	struct sk_buff *skb[2];
	int (*deliver)(struct net *net, struct sock *sk, struct sk_buff *skb);
	struct sock *sk[2];
	spinlock_t lock;	/* protects the above */
} held;

static unsigned int hold(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	unsigned int verdict = NF_ACCEPT;
	const struct tcphdr *th;
	struct tcphdr copy;
	int i;

	if (ip_hdr(skb)->protocol != IPPROTO_TCP)
		return NF_ACCEPT;
	th = skb_header_pointer(skb, ip_hdrlen(skb), sizeof(copy), &copy);
	if (!th)
		return NF_ACCEPT;
	spin_lock_bh(&held.lock);
	for (i = 0; i < 2; i++) {
		if (!th->syn || th->ack || held.skb[i] ||
		    th->source != held.port[i] || th->dest != held.port[!i])
			continue;
		skb_dst_force(skb);
		held.skb[i] = skb;
		held.sk[i] = state->sk;
		held.deliver = state->okfn;
		verdict = NF_STOLEN;
	}
	spin_unlock_bh(&held.lock);
	return verdict;
}

static const struct nf_hook_ops hold_ops = {
	.hook		= hold,
	.pf		= NFPROTO_IPV4,
	.hooknum	= NF_INET_LOCAL_IN,
	.priority	= NF_IP_PRI_FIRST,
};

static __be16 port_of(const struct socket *sock)
{
	return inet_sk(sock->sk)->inet_sport;
}

static void let_go(void)
{
	int i;

	local_bh_disable();
	rcu_read_lock();
	for (i = 0; i < 2; i++)
		if (held.skb[i])
			held.deliver(&init_net, held.sk[i], held.skb[i]);
	rcu_read_unlock();
	local_bh_enable();
}

static void cross(struct kunit *test, struct test_conn *c, u32 *secret)
{
	int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, test_bound(PF_INET, &c->end[i]), 0);
		if (!c->end[i])
			return;
		held.port[i] = port_of(c->end[i]);
		test_preset(c->end[i]->sk, &secret[i]);
	}
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, connect_to(c->end[i], c->end[!i]),
				-EINPROGRESS);
	KUNIT_EXPECT_TRUE(test, test_until(READ_ONCE(held.skb[0]) &&
					   READ_ONCE(held.skb[1])));
	let_go();
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_TRUE(test,
				  test_until(in_state(c->end[i],
						      TCPF_ESTABLISHED)));
}

static void simultaneous_open(struct kunit *test)
{
	struct test_conn c = { };
	struct sdr_key key[2];
	u32 secret[2] = { };
	int i;

	memset(&held, 0, sizeof(held));
	spin_lock_init(&held.lock);
	KUNIT_ASSERT_EQ(test, nf_register_net_hook(&init_net, &hold_ops), 0);
	cross(test, &c, secret);
	nf_unregister_net_hook(&init_net, &hold_ops);
	for (i = 0; c.end[1] && i < 2; i++) {
		KUNIT_EXPECT_EQ(test, test_tcp_send(c.end[i]->sk, 0, 30, 0),
				30);
		KUNIT_EXPECT_EQ(test, test_tcp_recv(c.end[!i]->sk, 0, 30, 0),
				30);
	}
	for (i = 0; c.end[1] && i < 2; i++)
		key[i] = key_of(c.end[i]->sk, true);
	if (c.end[1]) {
		expect_met(test, &key[0], &key[1]);
		KUNIT_EXPECT_EQ(test, key[0].mine, secret[0]);
		KUNIT_EXPECT_EQ(test, key[1].mine, secret[1]);
	}
	test_close(&c);
}
#endif

/* --- the first number --- */

static void preset(struct kunit *test)
{
	struct test_conn *c = test_connected(test, PF_INET);
	u32 number[2] = { }, seq;
	struct socket *sock;
	int i;

	/* One that is about to connect gets one, each time another. */
	KUNIT_ASSERT_EQ(test, test_bound(PF_INET, &sock), 0);
	for (i = 0; i < 2; i++) {
		test_preset(sock->sk, &number[i]);
		KUNIT_EXPECT_NE(test, number[i], 0);
		KUNIT_EXPECT_EQ(test, tcp_sk(sock->sk)->write_seq, number[i]);
	}
	KUNIT_EXPECT_NE(test, number[0], number[1]);
	sock_release(sock);

	/* One that is in use keeps what it has. */
	for (i = 0; i < 2; i++) {
		number[0] = 7;
		seq = tcp_sk(c->end[i]->sk)->write_seq;
		test_preset(c->end[i]->sk, &number[0]);
		KUNIT_EXPECT_EQ(test, tcp_sk(c->end[i]->sk)->write_seq, seq);
		KUNIT_EXPECT_EQ(test, number[0], 7);
	}
}

/* --- the clocks --- */

struct clock_case {
	const char *name;
	bool used[2];		/* time stamps, by the ends */
	s32 shift;		/* of what end 1 has heard, in ms */
	bool agree;
};

#define DAY	(24 * 3600 * 1000)

static const struct clock_case clock_cases[] = {
	{ "as they are",	{ true, true },	0,	true },
	{ "no time stamps",	{ false, false }, 0,	true },
	{ "no time stamps, rubbish", { false, false }, 9 * DAY, true },
	{ "one without",	{ true, false }, 0,	false },
	{ "the other without",	{ false, true }, 0,	false },
	{ "silent for hours",	{ true, true },	-DAY / 2, true },
	{ "silent for two days", { true, true }, -2 * DAY, false },
	{ "heard the future",	{ true, true },	DAY,	false },
};

TEST_PARAM(clock, clock_cases);

static void clocks(struct kunit *test)
{
	const struct clock_case *c = test->param_value;
	struct test_conn *conn = test_connected(test, PF_INET);
	struct sock *a = conn->end[0]->sk, *b = conn->end[1]->sk;
	int i;

	KUNIT_EXPECT_TRUE(test, tcp_sk(a)->rx_opt.tstamp_ok);
	for (i = 0; i < 2; i++)
		tcp_sk(conn->end[i]->sk)->rx_opt.tstamp_ok = c->used[i];
	tcp_sk(b)->rx_opt.ts_recent += c->shift;
	KUNIT_EXPECT_EQ(test, sdr_key_clocks_agree(a, b), c->agree);
	KUNIT_EXPECT_EQ(test, sdr_key_clocks_agree(b, a), c->agree);
	/* As they were, for the end of the connection. */
	tcp_sk(b)->rx_opt.ts_recent -= c->shift;
	for (i = 0; i < 2; i++)
		tcp_sk(conn->end[i]->sk)->rx_opt.tstamp_ok = true;
}

/* The clocks of other addresses begin elsewhere: strangers do not agree. */
static void clocks_of_strangers(struct kunit *test)
{
	struct test_conn *a = test_connected(test, PF_INET);
	struct test_conn *b = test_connected(test, PF_INET6);

	KUNIT_EXPECT_FALSE(test, sdr_key_clocks_agree(a->end[0]->sk,
						      b->end[1]->sk));
}

static struct kunit_case key_tests[] = {
	KUNIT_CASE_PARAM(keys_meet, life_gen_params),
	KUNIT_CASE(fast_open),
	KUNIT_CASE(self_connect),
#if IS_ENABLED(CONFIG_NETFILTER)
	KUNIT_CASE(simultaneous_open),
#endif
	KUNIT_CASE(preset),
	KUNIT_CASE_PARAM(clocks, clock_gen_params),
	KUNIT_CASE(clocks_of_strangers),
	{ }
};

struct kunit_suite sdr_key_suite = {
	.name		= "sdirect_key",
	.test_cases	= key_tests,
};
