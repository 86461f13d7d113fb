// SPDX-License-Identifier: GPL-2.0
/* What follows from rules and answers, for a connection. */
#include "compat.h"

#include <linux/module.h>
#include <linux/user_namespace.h>
#include <net/inet_sock.h>

#include "facts.h"
#include "far.h"
#include "fixture_test.h"
#include "helper.h"
#include "judge.h"
#include "net.h"
#include "question.h"
#include "rendezvous.h"
#include "sock.h"
#include "teller.h"

#define HELPER	4711	/* a port that nobody has */

/* What the helper has been asked last, and how often. */
static struct sdr_reply asked;
static atomic_t n_asked;
static int ask_error;

/* One at a time. */
static int ask(struct sdr_asking *asking)
{
	const struct sdr_question *q = asking->question[0];

	asking->n = 1;
	asked = (struct sdr_reply) {
		.id = q->id,
		.generation = sdr_rules_generation(q->rules),
	};
	/* Seen only when it is whole. */
	atomic_fetch_inc_release(&n_asked);
	return ask_error;
}

static bool heard(struct net *net, u8 verdict)
{
	return false;
}

static const struct sdr_teller fake_teller = { .ask = ask, .heard = heard };

static struct sdr_policy *policy(void)
{
	return sdr_net(&init_net)->policy;
}

/* Put a set of one rule in force; every set has another generation. */
static int push_for(u8 verdict, const struct sdr_cond_desc *cond)
{
	static u32 generation;
	struct sdr_rule rule = { .number = 7, .verdict = verdict };
	struct sdr_rules_head head = {
		.generation = ++generation, .count = 1, .ns = &init_user_ns,
	};
	const char *why;
	int err;

	err = sdr_helper_begin(policy(), &head, &why);
	if (err)
		return err;
	mutex_lock(&policy()->config);
	err = sdr_helper_add(policy(), generation, &rule, cond, !!cond, &why);
	mutex_unlock(&policy()->config);
	return err ? err : sdr_helper_commit(policy(), generation, &why);
}

static int push(u8 verdict)
{
	return push_for(verdict, NULL);
}

static int judge_init(struct kunit *test)
{
	atomic_set(&n_asked, 0);
	ask_error = 0;
	sdr_teller = &fake_teller;
	return sdr_helper_register(policy(), HELPER);
}

/* No helper, no rules: as it was. */
static void judge_exit(struct kunit *test)
{
	struct sdr_rules *old = policy()->rules;

	sdr_helper_gone(policy(), HELPER);
	flush_work(&sdr_net(&init_net)->again);
	flush_delayed_work(&policy()->ask);
	spin_lock(&policy()->lock);
	policy()->rules = NULL;
	spin_unlock(&policy()->lock);
	sdr_rules_put(old);
	sdr_teller = NULL;
}

/* Two ends that have met. */
struct met {
	struct sdr_sock *ss[2];
	struct sdr_pair *pair;
};

static struct met meet(struct kunit *test)
{
	struct test_conn *conn = test_connected(test, PF_INET);
	struct met m;
	int i;

	for (i = 0; i < 2; i++)
		m.ss[i] = test_end(test, conn->end[i]->sk, !i);
	for (i = 0; i < 2; i++)
		test_meet(m.ss[i]);
	m.pair = sdr_sock_pair(m.ss[0]);
	KUNIT_ASSERT_NOT_NULL(test, m.pair);
	return m;
}

static int answer(u8 verdict)
{
	asked.answer.vote.verdict = verdict;
	asked.answer.vote.source = SDIRECT_SOURCE_ANSWER;
	return sdr_question_answer(policy(), &asked);
}

static bool is_asked(int n)
{
	return test_until(atomic_read_acquire(&n_asked) == n);
}

/*
 * struct rule_case - a rule, and what becomes of a connection
 */
struct rule_case {
	const char *name;
	u8 verdict;
	bool barred, reset;
};

static const struct rule_case rule_cases[] = {
	{ "direct",	SDIRECT_VERDICT_DIRECT,	false,	false },
	{ "tcp",	SDIRECT_VERDICT_TCP,	true,	false },
	{ "deny",	SDIRECT_VERDICT_DENY,	true,	true },
	{ "ask",	SDIRECT_VERDICT_ASK,	true,	false },
};

TEST_PARAM(rule, rule_cases);

static void expect_reset(struct kunit *test, const struct met *m, bool reset)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct sock *sk = m->ss[i]->sk;

		if (reset)
			test_until(inet_sk_state_load(sk) == TCP_CLOSE);
		KUNIT_EXPECT_EQ(test, inet_sk_state_load(sk),
				reset ? TCP_CLOSE : TCP_ESTABLISHED);
	}
}

/* A connection that comes when the rule is there. */
static void rule_before(struct kunit *test)
{
	const struct rule_case *c = test->param_value;
	struct met m;

	KUNIT_ASSERT_EQ(test, push(c->verdict), 0);
	m = meet(test);
	KUNIT_EXPECT_EQ(test, sdr_pair_barred(m.pair), c->barred);
	expect_reset(test, &m, c->reset);
}

/* The rule comes when the connection is there; one that is asked for stays. */
static void rule_after(struct kunit *test)
{
	const struct rule_case *c = test->param_value;
	struct met m = meet(test);

	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(m.pair));
	KUNIT_ASSERT_EQ(test, push(c->verdict), 0);
	flush_work(&sdr_net(&init_net)->again);
	KUNIT_EXPECT_EQ(test, sdr_pair_barred(m.pair),
			c->barred && c->verdict != SDIRECT_VERDICT_ASK);
	expect_reset(test, &m, c->reset);
}

/* --- an end on another host, of which only the addresses are known --- */

static int n_kicks;

static void far_kick(struct sdr_far *far)
{
	n_kicks++;
}

static void far_put(struct sdr_far *far)
{
}

static const struct sdr_far_ops far_ops = {
	.owner = THIS_MODULE, .kick = far_kick, .put = far_put,
};

static struct sdr_far far_end = { .ops = &far_ops };

static struct met meet_far(struct kunit *test, bool active)
{
	struct test_conn *conn = test_connected(test, PF_INET);
	struct sdr_sock *ss = test_end(test, conn->end[!active]->sk, active);
	struct met m = { .ss = { ss, ss } };
	struct sdr_far_who who;

	test_meet(ss);
	who = sdr_far_who_is(ss);
	n_kicks = 0;
	m.pair = sdr_rendezvous_far(&who, &far_end);
	KUNIT_ASSERT_NOT_NULL(test, m.pair);
	return m;
}

static void far_leave(const struct met *m)
{
	sdr_far_close(m->pair);
	sdr_pair_put(m->pair);
}

/* The own host's vote decides, and the other host is told of a bar. */
static void far_rule(struct kunit *test)
{
	const struct rule_case *c = test->param_value;
	struct met m;
	int active;

	for (active = 0; active < 2; active++) {
		KUNIT_ASSERT_EQ(test, push(c->verdict), 0);
		m = meet_far(test, active);
		KUNIT_EXPECT_EQ(test, sdr_pair_barred(m.pair), c->barred);
		KUNIT_EXPECT_EQ(test, !!sdr_far_wish(m.pair), c->barred);
		expect_reset(test, &m, c->reset);
		KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_DIRECT), 0);
		flush_work(&sdr_net(&init_net)->again);
		KUNIT_EXPECT_EQ(test, sdr_pair_barred(m.pair), false);
		KUNIT_EXPECT_GT(test, n_kicks, 0);
		far_leave(&m);
	}
}

/* A rule may be about these alone, and about what is known of them. */
static void far_alone(struct kunit *test)
{
	static const struct sdirect_policy_range rdma = {
		SDIRECT_CARRIER_RDMA, SDIRECT_CARRIER_RDMA
	};
	static const struct sdirect_policy_range any = { 0, U32_MAX };
	struct sdr_cond_desc cond = {
		.field = SDIRECT_FIELD_CARRIER, .ranges = &rdma, .n = 1,
	};
	struct met near = meet(test), far = meet_far(test, true);

	KUNIT_ASSERT_EQ(test, push_for(SDIRECT_VERDICT_TCP, &cond), 0);
	flush_work(&sdr_net(&init_net)->again);
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(near.pair));
	KUNIT_EXPECT_TRUE(test, sdr_pair_barred(far.pair));
	cond.ranges = &any;
	cond.field = SDIRECT_FIELD_TO_UID;
	KUNIT_ASSERT_EQ(test, push_for(SDIRECT_VERDICT_TCP, &cond), 0);
	flush_work(&sdr_net(&init_net)->again);
	KUNIT_EXPECT_TRUE(test, sdr_pair_barred(near.pair));
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(far.pair));
	far_leave(&far);
}

/* The user on this host is who is asked for, and the answer counts. */
static void far_answered(struct kunit *test)
{
	struct met m;

	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	m = meet_far(test, false);
	KUNIT_ASSERT_TRUE(test, is_asked(1));
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DIRECT), 0);
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(m.pair));
	sdr_judge_pair(m.pair, NULL);
	KUNIT_ASSERT_TRUE(test, is_asked(2));
	sdr_far_gone(m.pair);
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DENY), 0);
	expect_reset(test, &m, false);
	far_leave(&m);
}

/* Every answer once, and none that comes late. */
static void answered(struct kunit *test)
{
	struct sdr_reply old;
	struct met m;

	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	m = meet(test);
	KUNIT_ASSERT_TRUE(test, is_asked(1));
	old = asked;
	asked.id++;
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DIRECT), -ENOENT);
	asked.id--;
	asked.generation++;
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DIRECT), -ESTALE);
	KUNIT_EXPECT_TRUE(test, sdr_pair_barred(m.pair));
	asked.generation--;
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DIRECT), 0);
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(m.pair));
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DENY), -ENOENT);
	expect_reset(test, &m, false);
	/* Another judgement asks again; the old answer is none. */
	sdr_judge_pair(m.pair, NULL);
	KUNIT_ASSERT_TRUE(test, is_asked(2));
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(m.pair));
	swap(asked, old);
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DENY), -ENOENT);
	swap(asked, old);
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_TCP), 0);
	KUNIT_EXPECT_TRUE(test, sdr_pair_barred(m.pair));
}

/* The same is not asked twice while nobody has answered. */
static void asked_twice(struct kunit *test)
{
	struct sdr_reply first;
	struct met m;

	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	m = meet(test);
	KUNIT_ASSERT_TRUE(test, is_asked(1));
	first = asked;
	sdr_judge_pair(m.pair, NULL);
	flush_delayed_work(&policy()->ask);
	KUNIT_EXPECT_EQ(test, atomic_read(&n_asked), 1);
	KUNIT_EXPECT_EQ(test, policy()->n_questions, 1);
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DIRECT), 0);
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(m.pair));
	/* Other rules: the old answer is none. */
	sdr_judge_pair(m.pair, NULL);
	KUNIT_ASSERT_TRUE(test, is_asked(2));
	first = asked;
	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	KUNIT_ASSERT_TRUE(test, is_asked(3));
	swap(asked, first);
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DENY), -ESTALE);
	asked.generation = first.generation;
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DENY), -ENOENT);
	expect_reset(test, &m, false);
}

/* One end has left: an answer finds nobody. */
static void answer_for_nobody(struct kunit *test)
{
	struct met m;

	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	m = meet(test);
	KUNIT_ASSERT_TRUE(test, is_asked(1));
	sdr_sock_leave(m.ss[1]);
	KUNIT_EXPECT_EQ(test, answer(SDIRECT_VERDICT_DENY), 0);
	flush_delayed_work(&policy()->ask);
	expect_reset(test, &m, false);
	sdr_judge_pair(m.pair, NULL);
	KUNIT_EXPECT_EQ(test, atomic_read(&n_asked), 1);
}

/* Nobody is there: the default, which is yes for these. */
static void nobody_answers(struct kunit *test)
{
	struct met m;

	ask_error = -ECONNREFUSED;
	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	m = meet(test);
	KUNIT_EXPECT_TRUE(test, test_until(!sdr_pair_barred(m.pair)));
	ask_error = 0;
	sdr_judge_pair(m.pair, NULL);
	KUNIT_ASSERT_TRUE(test, is_asked(2));
	sdr_helper_gone(policy(), HELPER);
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(m.pair));
	KUNIT_EXPECT_EQ(test, policy()->n_questions, 0);
	sdr_judge_pair(m.pair, NULL);
	KUNIT_EXPECT_EQ(test, policy()->n_questions, 0);
	KUNIT_EXPECT_FALSE(test, sdr_pair_barred(m.pair));
}

/* The helper has too much to read: that must not be worth a flood. */
static void helper_is_full(struct kunit *test)
{
	struct met m;

	ask_error = -EAGAIN;
	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	m = meet(test);
	KUNIT_ASSERT_TRUE(test, is_asked(1));
	flush_delayed_work(&policy()->ask);
	KUNIT_EXPECT_EQ(test, policy()->n_questions, 0);
	KUNIT_EXPECT_TRUE(test, sdr_pair_barred(m.pair));
	KUNIT_EXPECT_EQ(test, m.pair->ruling.verdict, SDIRECT_VERDICT_TCP);
}

/* Without memory for a question it is not asked. */
static void no_memory(struct kunit *test)
{
	bool came = true;
	struct met m;
	int nth;

	if (!test_can_fail(test))
		return;
	KUNIT_ASSERT_EQ(test, push(SDIRECT_VERDICT_ASK), 0);
	m = meet(test);
	for (nth = 1; came && nth < TEST_NTH_MAX; nth++) {
		test_fail_nth(nth);
		sdr_judge_pair(m.pair, NULL);
		came = test_failed();
	}
	KUNIT_EXPECT_GT(test, nth, 1);
	expect_reset(test, &m, false);
}

/* Who is not the helper, or has said nothing before, changes nothing. */
static void helper_alone(struct kunit *test)
{
	struct sdr_rules_head head = { .count = 1, .ns = &init_user_ns };
	const char *why = NULL;

	KUNIT_EXPECT_EQ(test, sdr_helper_register(policy(), HELPER), 0);
	KUNIT_EXPECT_EQ(test, sdr_helper_register(policy(), HELPER + 1),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, sdr_helper_check(policy(), HELPER, &why), 0);
	KUNIT_EXPECT_EQ(test, sdr_helper_check(policy(), HELPER + 1, &why),
			-EPERM);
	KUNIT_EXPECT_NOT_NULL(test, why);
	sdr_helper_gone(policy(), HELPER + 1);
	KUNIT_EXPECT_EQ(test, policy()->helper, HELPER);
	KUNIT_EXPECT_EQ(test, sdr_helper_commit(policy(), 999999, &why),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, sdr_helper_begin(policy(), &head, &why), -EINVAL);
	head.generation = 999999;
	head.count = U32_MAX;
	KUNIT_EXPECT_EQ(test, sdr_helper_begin(policy(), &head, &why), -E2BIG);
	sdr_helper_gone(policy(), HELPER);
	KUNIT_EXPECT_EQ(test, sdr_helper_register(policy(), HELPER + 1), 0);
	sdr_helper_gone(policy(), HELPER + 1);
}

static struct kunit_case judge_tests[] = {
	KUNIT_CASE_PARAM(rule_before, rule_gen_params),
	KUNIT_CASE_PARAM(rule_after, rule_gen_params),
	KUNIT_CASE_PARAM(far_rule, rule_gen_params),
	KUNIT_CASE(far_alone),
	KUNIT_CASE(far_answered),
	KUNIT_CASE(answered),
	KUNIT_CASE(asked_twice),
	KUNIT_CASE(answer_for_nobody),
	KUNIT_CASE(nobody_answers),
	KUNIT_CASE(helper_is_full),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(helper_alone),
	{ }
};

struct kunit_suite sdr_judge_suite = {
	.name		= "sdirect_judge",
	.init		= judge_init,
	.exit		= judge_exit,
	.test_cases	= judge_tests,
};
