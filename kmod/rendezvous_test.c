// SPDX-License-Identifier: GPL-2.0
/* How the two ends of a connection find each other, and how they do not. */
#include "compat.h"

#include <linux/cred.h>
#include <net/tcp.h>

#include "far.h"
#include "fixture_test.h"
#include "pair.h"
#include "rendezvous.h"

static void expect_state(struct kunit *test, const struct sdr_sock *ss,
			 enum sdr_rdv rdv, enum sdirect_reason reason)
{
	KUNIT_EXPECT_EQ(test, ss->rdv, rdv);
	KUNIT_EXPECT_EQ(test, ss->reason, reason);
	KUNIT_EXPECT_EQ(test, !hlist_unhashed(&ss->rdv_node),
			rdv == SDR_RDV_POSTED);
	KUNIT_EXPECT_EQ(test, !!ss->pair, rdv == SDR_RDV_PAIRED);
}

static void expect_over(struct kunit *test, const struct sdr_sock *ss,
			enum sdirect_reason reason)
{
	expect_state(test, ss, SDR_RDV_OVER, reason);
}

static void expect_waiting(struct kunit *test, const struct sdr_sock *ss)
{
	expect_state(test, ss, SDR_RDV_POSTED, SDIRECT_REASON_WAITING);
}

static void expect_pair(struct kunit *test, const struct sdr_sock *first,
			const struct sdr_sock *second)
{
	expect_state(test, first, SDR_RDV_PAIRED, SDIRECT_REASON_COLD);
	expect_state(test, second, SDR_RDV_PAIRED, SDIRECT_REASON_COLD);
	KUNIT_EXPECT_PTR_EQ(test, first->pair, second->pair);
	KUNIT_EXPECT_EQ(test, first->side, 0);
	KUNIT_EXPECT_EQ(test, second->side, 1);
	if (!first->pair)
		return;
	KUNIT_EXPECT_PTR_EQ(test, first->pair->end[0].ss, first);
	KUNIT_EXPECT_PTR_EQ(test, first->pair->end[1].ss, second);
	KUNIT_EXPECT_EQ(test, refcount_read(&first->pair->ref), 2);
}

/* Two ends of a connection, neither of which has looked for the other. */
struct ends {
	struct test_conn *conn;
	struct sdr_sock *ss[2];
};

static struct ends ends_of(struct kunit *test, int family)
{
	struct ends e = { .conn = test_connected(test, family) };
	int i;

	for (i = 0; i < 2; i++) {
		e.ss[i] = test_end(test, e.conn->end[i]->sk, !i);
		expect_state(test, e.ss[i], SDR_RDV_IDLE, SDIRECT_REASON_IDLE);
	}
	return e;
}

/* --- meeting --- */

static const struct meet_case {
	const char *name;
	int family;
	int first;	/* the end that looks first */
} meet_cases[] = {
	{ "client first", PF_INET, 0 },
	{ "server first", PF_INET, 1 },
	{ "client first, IPv6", PF_INET6, 0 },
	{ "server first, IPv6", PF_INET6, 1 },
};

TEST_PARAM(meet, meet_cases);

static void two_ends_meet(struct kunit *test)
{
	const struct meet_case *c = test->param_value;
	struct ends e = ends_of(test, c->family);
	struct sdr_sock *first = e.ss[c->first], *second = e.ss[!c->first];
	u64 before = test_counted(SDR_STAT_PAIRS);

	KUNIT_EXPECT_TRUE(test, sdr_rendezvous_due(first));
	test_meet(first);
	expect_waiting(test, first);
	KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(first));
	/* It does not find itself. */
	test_meet(first);
	expect_waiting(test, first);

	test_meet(second);
	expect_pair(test, first, second);
	KUNIT_EXPECT_EQ(test, test_counted(SDR_STAT_PAIRS), before + 1);
	KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(first));
	KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(second));
	test_meet(first);
	test_meet(second);
	expect_pair(test, first, second);
}

static void bytes_may_have_passed(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);
	struct sock *client = e.ss[0]->sk, *server = e.ss[1]->sk;

	KUNIT_EXPECT_EQ(test, test_tcp_send(client, 0, 30000, 0), 30000);
	KUNIT_EXPECT_EQ(test, test_tcp_recv(server, 0, 20000, 0), 20000);
	test_meet(e.ss[1]);
	KUNIT_EXPECT_EQ(test, test_tcp_send(server, 0, 10, 0), 10);
	test_meet(e.ss[0]);
	expect_pair(test, e.ss[1], e.ss[0]);
}

#define CROWD	40

/* Many connections at once, in an order of their own: each finds its own. */
static void many_meet(struct kunit *test)
{
	static struct ends e[CROWD];
	int i;

	for (i = 0; i < CROWD; i++)
		e[i] = ends_of(test, i & 1 ? PF_INET6 : PF_INET);
	for (i = 0; i < CROWD; i++)
		test_meet(e[i * 7 % CROWD].ss[i % 3 == 0]);
	for (i = 0; i < CROWD; i++) {
		test_meet(e[i].ss[0]);
		test_meet(e[i].ss[1]);
	}
	for (i = 0; i < CROWD; i++) {
		bool second = e[i].ss[0]->side;

		expect_pair(test, e[i].ss[second], e[i].ss[!second]);
	}
}

static void not_connected(struct kunit *test)
{
	struct socket *sock;
	struct sdr_sock *ss;

	KUNIT_ASSERT_EQ(test, test_bound(PF_INET, &sock), 0);
	sdr_sock_create(sock->sk, false);
	ss = sdr_sk(sock->sk);
	KUNIT_EXPECT_NOT_NULL(test, ss);
	if (ss) {
		KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(ss));
		test_meet(ss);
		expect_state(test, ss, SDR_RDV_IDLE, SDIRECT_REASON_IDLE);
		sdr_sock_destroy(ss);
	}
	KUNIT_EXPECT_NULL(test, sdr_sk(sock->sk));
	sock_release(sock);
}

/* --- keys that do not name one connection --- */

static void no_self_match(struct kunit *test)
{
	struct sockaddr_storage addr;
	struct sdr_sock *ss;
	struct socket *sock;
	int len;

	KUNIT_ASSERT_EQ(test, test_bound(PF_INET, &sock), 0);
	sdr_sock_create(sock->sk, true);
	ss = sdr_sk(sock->sk);
	if (ss)
		test_preset(sock->sk, &ss->secret);
	len = test_name(sock, &addr);
	kernel_connect(sock, (struct sockaddr *)&addr, len, O_NONBLOCK);
	KUNIT_EXPECT_TRUE(test, test_until(inet_sk_state_load(sock->sk) ==
					   TCP_ESTABLISHED));
	KUNIT_EXPECT_NOT_NULL(test, ss);
	if (ss) {
		u64 before = test_counted(SDR_STAT_NO_KEY);

		test_meet(ss);
		expect_over(test, ss, SDIRECT_REASON_KEY);
		KUNIT_EXPECT_EQ(test, test_counted(SDR_STAT_NO_KEY),
				before + 1);
		sdr_sock_destroy(ss);
	}
	sock_release(sock);
}

/* Somebody shows up with a key that another has posted: nobody gets it. */
static void crowd_on_one_side(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);
	struct sdr_sock *twin = test_end(test, e.ss[1]->sk, false);

	test_meet(e.ss[1]);
	expect_waiting(test, e.ss[1]);
	test_meet(twin);
	expect_over(test, twin, SDIRECT_REASON_KEY);
	expect_over(test, e.ss[1], SDIRECT_REASON_KEY);
	test_meet(e.ss[0]);
	expect_waiting(test, e.ss[0]);
}

/* A number that others may know is no key. */
static void number_not_ours(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);

	e.ss[0]->secret++;
	test_meet(e.ss[0]);
	expect_over(test, e.ss[0], SDIRECT_REASON_KEY);
}

/* Once two have met, their key is not in the table: a third finds nobody. */
static void third_comes_late(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);
	struct sdr_sock *twin = test_end(test, e.ss[1]->sk, false);

	test_meet(e.ss[0]);
	test_meet(e.ss[1]);
	expect_pair(test, e.ss[0], e.ss[1]);
	test_meet(twin);
	expect_waiting(test, twin);
	expect_pair(test, e.ss[0], e.ss[1]);
}

/* --- candidates that are turned away --- */

/*
 * struct judge_case - what is wrong with a connection
 * @spoil:	does it; again to undo it
 */
struct judge_case {
	const char *name;
	void (*spoil)(struct ends *e);
	enum sdirect_reason reason;
	enum sdr_stat stat;
};

static void other_user(struct ends *e)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return;
	cred->euid = uid_eq(e->ss[0]->owner.cred->euid, GLOBAL_ROOT_UID) ?
		KUIDT_INIT(4242) : GLOBAL_ROOT_UID;
	put_cred(e->ss[0]->owner.cred);
	e->ss[0]->owner.cred = cred;
}

/* More has come than was sent; the key stays what it was. */
static void more_received(struct ends *e)
{
	static int n = 10;
	struct tcp_sock *tp = tcp_sk(e->ss[0]->sk);

	tp->rcv_nxt += n;
	tp->bytes_received += n;
	n = -n;
}

/* Less has come than was acknowledged. */
static void less_received(struct ends *e)
{
	static int n = 10;
	struct tcp_sock *tp = tcp_sk(e->ss[0]->sk);

	tp->rcv_nxt -= n;
	tp->bytes_received -= n;
	n = -n;
}

static void other_clock(struct ends *e)
{
	static int n = 1 << 30;

	tcp_sk(e->ss[0]->sk)->rx_opt.ts_recent += n;
	n = -n;
}

/* As between the peer's end of stream and our hearing of it. */
static void at_its_end(struct ends *e)
{
	struct sock *sk = e->ss[0]->sk;

	WRITE_ONCE(sk->sk_state, sk->sk_state == TCP_ESTABLISHED ?
		   TCP_FIN_WAIT2 : TCP_ESTABLISHED);
}

static const struct judge_case judge_cases[] = {
	{ "more received than sent", more_received, SDIRECT_REASON_COUNTS,
	  SDR_STAT_NO_COUNTS },
	{ "less received than acknowledged", less_received,
	  SDIRECT_REASON_COUNTS, SDR_STAT_NO_COUNTS },
	{ "another clock", other_clock, SDIRECT_REASON_KEY, SDR_STAT_NO_KEY },
	{ "not established any more", at_its_end, SDIRECT_REASON_KEY,
	  SDR_STAT_NO_KEY },
};

TEST_PARAM(judge, judge_cases);

static void turned_away(struct kunit *test)
{
	const struct judge_case *c = test->param_value;
	struct ends e = ends_of(test, PF_INET);
	u64 before = test_counted(c->stat);
	int i;

	KUNIT_EXPECT_EQ(test, test_tcp_send(e.ss[1]->sk, 0, 100, 0), 100);
	KUNIT_EXPECT_EQ(test, test_tcp_recv(e.ss[0]->sk, 0, 100, 0), 100);
	KUNIT_EXPECT_TRUE(test, test_until(tcp_sk(e.ss[1]->sk)->snd_una ==
					   tcp_sk(e.ss[1]->sk)->write_seq));
	test_meet(e.ss[0]);
	expect_waiting(test, e.ss[0]);
	c->spoil(&e);
	test_meet(e.ss[1]);
	for (i = 0; i < 2; i++)
		expect_over(test, e.ss[i], c->reason);
	KUNIT_EXPECT_EQ(test, test_counted(c->stat), before + 2);
	c->spoil(&e);
}

/* They are a pair, but one that stays on TCP. */
static void another_user(struct kunit *test)
{
	u64 before = test_counted(SDR_STAT_NO_POLICY);
	struct ends e = ends_of(test, PF_INET);

	other_user(&e);
	test_meet(e.ss[0]);
	test_meet(e.ss[1]);
	expect_pair(test, e.ss[0], e.ss[1]);
	KUNIT_EXPECT_TRUE(test, sdr_pair_barred(e.ss[0]->pair));
	KUNIT_EXPECT_EQ(test, test_counted(SDR_STAT_NO_POLICY), before + 2);
}

/* acked <= received <= written, and what is between them. */
static void counts(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);
	struct sock *sk = e.ss[0]->sk;

	test_meet(e.ss[0]);
	test_meet(e.ss[1]);
	KUNIT_EXPECT_EQ(test, sdr_rendezvous_counts(e.ss[0], e.ss[1]), 0);
	KUNIT_EXPECT_EQ(test, test_tcp_send(sk, 0, 700, 0), 700);
	KUNIT_EXPECT_TRUE(test, test_until(!sdr_rendezvous_counts(e.ss[0],
								  e.ss[1])));
	/* Written and not sent yet: under way. */
	tcp_sk(sk)->write_seq += 55;
	KUNIT_EXPECT_EQ(test, sdr_rendezvous_counts(e.ss[0], e.ss[1]), 55);
	tcp_sk(sk)->write_seq -= 56;
	KUNIT_EXPECT_EQ(test, sdr_rendezvous_counts(e.ss[0], e.ss[1]), -1);
	tcp_sk(sk)->write_seq += 1;
	KUNIT_EXPECT_EQ(test, sdr_rendezvous_counts(e.ss[0], e.ss[1]), 0);
}

/* --- the end of a search --- */

static void leave_while_idle(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);

	KUNIT_EXPECT_TRUE(test, test_leave(e.ss[0]));
	expect_over(test, e.ss[0], SDIRECT_REASON_IDLE);
	KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(e.ss[0]));
	test_meet(e.ss[0]);
	expect_over(test, e.ss[0], SDIRECT_REASON_IDLE);
	test_meet(e.ss[1]);
	expect_waiting(test, e.ss[1]);
}

static void leave_while_waiting(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);

	test_meet(e.ss[0]);
	KUNIT_EXPECT_TRUE(test, test_leave(e.ss[0]));
	expect_over(test, e.ss[0], SDIRECT_REASON_WAITING);
	test_meet(e.ss[1]);
	expect_waiting(test, e.ss[1]);
	KUNIT_EXPECT_TRUE(test, test_leave(e.ss[0]));
}

static void leave_when_paired(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);
	struct sdr_pair *pair;

	test_meet(e.ss[0]);
	test_meet(e.ss[1]);
	KUNIT_EXPECT_FALSE(test, test_leave(e.ss[0]));
	expect_pair(test, e.ss[0], e.ss[1]);

	pair = e.ss[0]->pair;
	KUNIT_ASSERT_NOT_NULL(test, pair);
	KUNIT_EXPECT_EQ(test, sdr_pair_pages(pair, test_payer()), 0);
	sdr_sock_leave(e.ss[0]);
	KUNIT_EXPECT_EQ(test, e.ss[0]->rdv, SDR_RDV_OVER);
	KUNIT_EXPECT_NULL(test, pair->end[0].ss);
	KUNIT_EXPECT_PTR_EQ(test, pair->end[1].ss, e.ss[1]);
	/* The one that remains is told; it keeps the pair. */
	KUNIT_EXPECT_EQ(test, sdr_pair_kern(pair, 1)->tx_closed, 1);
	KUNIT_EXPECT_EQ(test, sdr_pair_kern(pair, 0)->tx_closed, 0);
	KUNIT_EXPECT_EQ(test, e.ss[1]->rdv, SDR_RDV_PAIRED);
	/* Twice is once. */
	sdr_sock_leave(e.ss[0]);
	KUNIT_EXPECT_EQ(test, refcount_read(&pair->ref), 2);
}

static void expect_expiry(struct kunit *test, struct sdr_sock *ss)
{
	u64 before = test_counted(SDR_STAT_NO_PEER);

	KUNIT_EXPECT_TRUE(test, sdr_rendezvous_due(ss));
	test_meet(ss);
	expect_over(test, ss, SDIRECT_REASON_NO_PEER);
	KUNIT_EXPECT_EQ(test, test_counted(SDR_STAT_NO_PEER), before + 1);
}

static void expires_by_time(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);

	test_meet(e.ss[0]);
	e.ss[0]->rdv_since -= 59 * HZ;
	KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(e.ss[0]));
	e.ss[0]->rdv_since -= 2 * HZ;
	expect_expiry(test, e.ss[0]);
	/* Who comes later waits in vain, but does not find a ghost. */
	test_meet(e.ss[1]);
	expect_waiting(test, e.ss[1]);
}

/* One that has waited too long is not found, even if it has not noticed. */
static void overdue_is_not_found(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);

	test_meet(e.ss[0]);
	e.ss[0]->rdv_since -= 61 * HZ;
	test_meet(e.ss[1]);
	expect_over(test, e.ss[0], SDIRECT_REASON_NO_PEER);
	expect_waiting(test, e.ss[1]);
}

static void expires_by_bytes(struct kunit *test)
{
	struct ends e = ends_of(test, PF_INET);
	struct tcp_sock *tp;
	int i;

	for (i = 0; i < 2; i++) {
		u64 *count, most;

		tp = tcp_sk(e.ss[i]->sk);
		count = i ? &tp->bytes_sent : &tp->bytes_received;
		/* Who has sent a byte has looked for us before. */
		most = i ? BIT(30) : 0;
		test_meet(e.ss[i]);
		*count += most;
		KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(e.ss[i]));
		*count += 1;
		expect_expiry(test, e.ss[i]);
		*count -= most + 1;
	}
}

/* Another host learns of a connection only once it is in use. */
static void waits_for_another_host(struct kunit *test)
{
	static const struct sdr_far_ops none = { };
	struct ends e = ends_of(test, PF_INET);
	struct tcp_sock *tp = tcp_sk(e.ss[0]->sk);

	test_meet(e.ss[0]);
	tp->bytes_received += 100;
	KUNIT_ASSERT_EQ(test, sdr_far_register(&none), 0);
	KUNIT_EXPECT_FALSE(test, sdr_rendezvous_due(e.ss[0]));
	sdr_far_unregister(&none);
	KUNIT_EXPECT_TRUE(test, sdr_rendezvous_due(e.ss[0]));
	tp->bytes_received -= 100;
}

/* No memory for a pair: the one that asked gives up, nothing is left of it. */
static void no_memory(struct kunit *test)
{
	unsigned int nth, failures = 0;
	struct ends e;

	if (!test_can_fail(test))
		return;
	for (nth = 1; nth < TEST_NTH_MAX; nth++) {
		bool came;

		e = ends_of(test, PF_INET);
		test_meet(e.ss[0]);
		lock_sock(e.ss[1]->sk);
		test_fail_nth(nth);
		sdr_rendezvous_try(e.ss[1]);
		came = test_failed();
		release_sock(e.ss[1]->sk);
		if (!came)
			break;
		if (e.ss[1]->rdv == SDR_RDV_PAIRED)
			continue;
		failures++;
		expect_over(test, e.ss[1], SDIRECT_REASON_MEMORY);
		expect_waiting(test, e.ss[0]);
	}
	KUNIT_EXPECT_LT(test, nth, TEST_NTH_MAX);
	expect_pair(test, e.ss[0], e.ss[1]);
	/* The pair and its two ranges. */
	KUNIT_EXPECT_GE(test, failures, 3 / 2);
}

static struct kunit_case rendezvous_tests[] = {
	KUNIT_CASE_PARAM(two_ends_meet, meet_gen_params),
	KUNIT_CASE(bytes_may_have_passed),
	KUNIT_CASE(many_meet),
	KUNIT_CASE(not_connected),
	KUNIT_CASE(no_self_match),
	KUNIT_CASE(crowd_on_one_side),
	KUNIT_CASE(number_not_ours),
	KUNIT_CASE(third_comes_late),
	KUNIT_CASE_PARAM(turned_away, judge_gen_params),
	KUNIT_CASE(another_user),
	KUNIT_CASE(counts),
	KUNIT_CASE(leave_while_idle),
	KUNIT_CASE(leave_while_waiting),
	KUNIT_CASE(leave_when_paired),
	KUNIT_CASE(expires_by_time),
	KUNIT_CASE(overdue_is_not_found),
	KUNIT_CASE(expires_by_bytes),
	KUNIT_CASE(waits_for_another_host),
	KUNIT_CASE(no_memory),
	{ }
};

struct kunit_suite sdr_rendezvous_suite = {
	.name		= "sdirect_rendezvous",
	.test_cases	= rendezvous_tests,
};
