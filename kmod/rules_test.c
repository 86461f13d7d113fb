// SPDX-License-Identifier: GPL-2.0
/* Sets of rules, compared with walking through them one by one. */
#include "compat.h"

#include <linux/prandom.h>
#include <linux/user_namespace.h>

#include "facts.h"
#include "fixture_test.h"
#include "index.h"
#include "rules.h"

/* --- what is refused --- */

#define PORT	SDIRECT_FIELD_TO_PORT
#define ADDR	SDIRECT_FIELD_FROM_ADDR

static const struct sdirect_policy_range good[] = { { 1, 2 }, { 4, 4 } };
static const struct sdirect_policy_range backwards[] = { { 2, 1 } };
static const struct sdirect_policy_range touching[] = { { 1, 2 }, { 2, 3 } };
static const struct sdirect_policy_range falling[] = { { 5, 6 }, { 1, 2 } };
static const struct sdirect_policy_net net8 = { .addr = { 10 }, .len = 8 };
static const struct sdirect_policy_net long_net = { .len = 129 };
static const struct sdirect_policy_net odd_net = { .addr = { 10, 1 },
						   .len = 8 };
static const struct sdirect_policy_net not_zero = { .len = 8, .zero = 1 };

/*
 * struct refusal_case - a condition, and what is said of it
 * @times:	how often the rule has it
 */
struct refusal_case {
	const char *name;
	struct sdr_cond_desc cond;
	u32 times;
	int err;
};

static const struct refusal_case refusal_cases[] = {
	{ "two ranges", { PORT, good, NULL, 2 }, 1, 0 },
	{ "a network", { ADDR, NULL, &net8, 1 }, 1, 0 },
	{ "no condition", { }, 0, 0 },
	{ "a field twice", { PORT, good, NULL, 2 }, 2, -EINVAL },
	{ "backwards", { PORT, backwards, NULL, 1 }, 1, -EINVAL },
	{ "touching", { PORT, touching, NULL, 2 }, 1, -EINVAL },
	{ "falling", { PORT, falling, NULL, 2 }, 1, -EINVAL },
	{ "nothing", { PORT, good, NULL, 0 }, 1, -EINVAL },
	{ "too many", { PORT, good, NULL, SDIRECT_POLICY_SET_MAX + 1 }, 1,
	  -EINVAL },
	{ "ranges of addresses", { ADDR, good, NULL, 2 }, 1, -EINVAL },
	{ "networks of ports", { PORT, NULL, &net8, 1 }, 1, -EINVAL },
	{ "both", { PORT, good, &net8, 1 }, 1, -EINVAL },
	{ "neither", { PORT, NULL, NULL, 1 }, 1, -EINVAL },
	{ "a length of 129", { ADDR, NULL, &long_net, 1 }, 1, -EINVAL },
	{ "bits behind a length", { ADDR, NULL, &odd_net, 1 }, 1, -EINVAL },
	{ "not zero", { ADDR, NULL, &not_zero, 1 }, 1, -EINVAL },
	{ "a field of answers", { SDIRECT_FIELD_TO_EXE, good, NULL, 2 }, 1,
	  -EINVAL },
	{ "a field that is none", { 14, good, NULL, 2 }, 1, -EINVAL },
	{ "a field too far", { 200, good, NULL, 2 }, 1, -EINVAL },
};

TEST_PARAM(refusal, refusal_cases);

/* A set to which @count rules are to be added. */
static struct sdr_rules *set_of(u32 count)
{
	const struct sdr_rules_head head = {
		.generation = 1, .count = count, .ns = &init_user_ns,
	};

	return sdr_rules_alloc(&head);
}

static void refused(struct kunit *test)
{
	const struct refusal_case *c = test->param_value;
	struct sdr_rules *rules = set_of(1);
	struct sdr_rule rule = { .verdict = SDIRECT_VERDICT_TCP };
	struct sdr_cond_desc conds[2] = { c->cond, c->cond };
	const char *why = NULL;

	KUNIT_ASSERT_NOT_NULL(test, rules);
	KUNIT_EXPECT_EQ(test, sdr_rules_add(rules, &rule, conds, c->times,
					    &why), c->err);
	KUNIT_EXPECT_EQ(test, !!why, !!c->err);
	sdr_rules_put(rules);
}

static void counted(struct kunit *test)
{
	struct sdr_rules *rules = set_of(2);
	struct sdr_rule rule = { .verdict = SDIRECT_VERDICT_TCP };
	const char *why;

	KUNIT_ASSERT_NOT_NULL(test, rules);
	KUNIT_EXPECT_EQ(test, sdr_rules_add(rules, &rule, NULL, 0, &why), 0);
	KUNIT_EXPECT_EQ(test, sdr_rules_finish(rules, &why), -EINVAL);
	KUNIT_EXPECT_EQ(test, sdr_rules_add(rules, &rule, NULL, 0, &why), 0);
	KUNIT_EXPECT_EQ(test, sdr_rules_add(rules, &rule, NULL, 0, &why),
			-EINVAL);
	rule.verdict = __SDIRECT_VERDICT_MAX;
	KUNIT_EXPECT_EQ(test, sdr_rules_add(rules, &rule, NULL, 0, &why),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, sdr_rules_finish(rules, &why), 0);
	sdr_rules_put(rules);
}

/* --- what matches --- */

#define MANY	400	/* rules of a set */
#define LOOKS	2000	/* connections looked up in it */
#define SETS	20
#define CONDS	4	/* of a rule at most */
#define VALUES	3	/* of a condition at most */

/* A rule as it was made up. */
struct made {
	struct sdr_rule rule;
	struct sdr_cond_desc conds[CONDS];
	struct sdirect_policy_range range[CONDS][VALUES];
	struct sdirect_policy_net net[CONDS][VALUES];
	u32 n;
};

static const u8 fields[] = {
	SDIRECT_FIELD_FROM_ADDR, SDIRECT_FIELD_FROM_UID, SDIRECT_FIELD_TO_UID,
	SDIRECT_FIELD_TO_PORT, SDIRECT_FIELD_TO_ADDR, SDIRECT_FIELD_CARRIER,
	SDIRECT_FIELD_FROM_CGROUP, SDIRECT_FIELD_TO_PEER_ADDR,
};

static struct rnd_state rnd;

static u32 dice(u32 n)
{
	return prandom_u32_state(&rnd) % n;
}

static bool of_address(u8 field)
{
	return (field & 7) == 0 || (field & 7) == 2;
}

/* Few addresses, so that many networks have them. */
static void make_addr(u8 *addr, int bits)
{
	int i;

	memset(addr, 0, 16);
	addr[10] = 0xff;
	addr[11] = 0xff;
	addr[12] = 10;
	addr[14] = dice(2);
	addr[15] = dice(256);
	if (!dice(8)) {
		memset(addr, 0, 12);
		addr[0] = 0x20;
	}
	for (i = bits; i < 128; i++)
		addr[i / 8] &= ~(0x80 >> i % 8);
}

static void make_cond(struct made *made, u32 at, u8 field)
{
	struct sdr_cond_desc *cond = &made->conds[at];
	u64 next = 0;
	u32 i;

	*cond = (struct sdr_cond_desc) { .field = field, .n = 1 + dice(VALUES) };
	if (of_address(field))
		cond->nets = made->net[at];
	else
		cond->ranges = made->range[at];
	for (i = 0; i < cond->n; i++) {
		struct sdirect_policy_net *net = &made->net[at][i];
		struct sdirect_policy_range *range = &made->range[at][i];

		net->len = dice(4) ? 96 + dice(33) : dice(129);
		net->zero = 0;
		make_addr(net->addr, net->len);
		range->first = next + dice(20);
		range->last = range->first + (dice(2) ? 0 : dice(20));
		next = range->last + 1;
	}
}

static void make_rule(struct made *made, u32 number)
{
	u32 want = dice(CONDS + 1), seen = 0, field;

	made->n = 0;
	made->rule = (struct sdr_rule) {
		.number = number, .verdict = 1 + dice(4),
		.same = dice(4) ? 0 : dice(16),
	};
	/* Those for all come late, or nothing else would ever match. */
	if (number < MANY - 3)
		want = max(want, 2u);
	while (made->n < want) {
		field = fields[dice(ARRAY_SIZE(fields))];
		if (seen & BIT(field))
			continue;
		seen |= BIT(field);
		make_cond(made, made->n++, field);
	}
}

static void make_facts(struct sdr_facts *facts)
{
	u8 addr[16];
	int i, j;

	memset(facts, 0, sizeof(*facts));
	for (i = 0; i < __SDIRECT_FIELD_MAX; i++) {
		if (!dice(20))
			continue;
		facts->known |= BIT(i);
		facts->val[i].lo = dice(60);
		if (!of_address(i))
			continue;
		make_addr(addr, 128);
		facts->val[i] = (struct sdr_val) { };
		for (j = 0; j < 8; j++) {
			facts->val[i].hi = facts->val[i].hi << 8 | addr[j];
			facts->val[i].lo = facts->val[i].lo << 8 | addr[j + 8];
		}
	}
	facts->same = dice(16);
}

/* Bit by bit, which is another way than that of the index. */
static bool net_has(const struct sdirect_policy_net *net,
		    const struct sdr_val *val)
{
	u32 i, bit;

	for (i = 0; i < net->len; i++) {
		bit = (i < 64 ? val->hi >> (63 - i) : val->lo >> (127 - i)) & 1;
		if (bit != (net->addr[i / 8] >> (7 - i % 8) & 1))
			return false;
	}
	return true;
}

static bool plainly_holds(const struct sdr_cond_desc *cond,
			  const struct sdr_facts *facts)
{
	const struct sdr_val *val = &facts->val[cond->field];
	u32 i;

	if (!(facts->known & BIT(cond->field)))
		return false;
	for (i = 0; i < cond->n; i++)
		if (cond->nets ? net_has(&cond->nets[i], val) :
				 cond->ranges[i].first <= val->lo &&
				 val->lo <= cond->ranges[i].last)
			return true;
	return false;
}

static u32 plainly(const struct made *made, const struct sdr_facts *facts)
{
	u32 i, j;

	for (i = 0; i < MANY; i++) {
		if (made[i].rule.same & ~facts->same)
			continue;
		for (j = 0; j < made[i].n; j++)
			if (!plainly_holds(&made[i].conds[j], facts))
				break;
		if (j == made[i].n)
			return i;
	}
	return SDR_RULE_NONE;
}

static void one_set(struct kunit *test, struct made *made)
{
	struct sdr_rules *rules = set_of(MANY);
	struct sdr_facts *facts = kunit_kzalloc(test, sizeof(*facts),
						GFP_KERNEL);
	u32 i, found, none = 0, wrong = 0;
	const char *why;

	KUNIT_ASSERT_NOT_NULL(test, facts);
	KUNIT_ASSERT_NOT_NULL(test, rules);
	for (i = 0; i < MANY; i++) {
		make_rule(&made[i], i);
		KUNIT_ASSERT_EQ(test, sdr_rules_add(rules, &made[i].rule,
						    made[i].conds, made[i].n,
						    &why), 0);
	}
	KUNIT_ASSERT_EQ(test, sdr_rules_finish(rules, &why), 0);
	for (i = 0; i < LOOKS; i++) {
		make_facts(facts);
		found = sdr_rules_find(rules, facts);
		none += found == SDR_RULE_NONE;
		wrong += found != plainly(made, facts);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* Or it would compare nothing with nothing. */
	KUNIT_EXPECT_LT(test, none, LOOKS);
	sdr_rules_put(rules);
}

static void as_one_by_one(struct kunit *test)
{
	struct made *made = kunit_kcalloc(test, MANY, sizeof(*made),
					  GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, made);
	for (i = 0; i < SETS; i++) {
		prandom_seed_state(&rnd, i);
		one_set(test, made);
	}
}

/*
 * struct costly_case - rules that all have to be compared, before one that
 * matches
 */
struct costly_case {
	const char *name;
	u32 n;
	u32 found;
};

static const struct costly_case costly_cases[] = {
	{ "some thousands", 8000, 8000 },
	{ "too many", 9000, SDR_RULE_UNKNOWN },
};

TEST_PARAM(costly, costly_cases);

static void bounded(struct kunit *test)
{
	const struct costly_case *c = test->param_value;
	struct sdr_rules *rules = set_of(c->n + 1);
	struct sdr_rule rule = { .verdict = SDIRECT_VERDICT_TCP,
				 .same = SDIRECT_SAME_USER };
	struct sdr_facts *facts = kunit_kzalloc(test, sizeof(*facts),
						GFP_KERNEL);
	struct sdr_cond_desc cond = { PORT, good, NULL, 2 };
	const char *why;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, rules);
	KUNIT_ASSERT_NOT_NULL(test, facts);
	for (i = 0; i <= c->n; i++) {
		if (i == c->n)
			rule.same = 0;
		KUNIT_ASSERT_EQ(test, sdr_rules_add(rules, &rule, &cond, 1,
						    &why), 0);
	}
	KUNIT_ASSERT_EQ(test, sdr_rules_finish(rules, &why), 0);
	facts->known = BIT(PORT);
	facts->val[PORT].lo = 4;
	KUNIT_EXPECT_EQ(test, sdr_rules_find(rules, facts), c->found);
	sdr_rules_put(rules);
}

/* --- rates --- */

static void rates(struct kunit *test)
{
	struct sdr_rules *rules = set_of(1);
	int i, n = 0;

	KUNIT_ASSERT_NOT_NULL(test, rules);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_TRUE(test, sdr_rules_rate_ok(rules, 0, 0));
	/* A second may end in between, but not 20 of them. */
	for (i = 0; i < 100; i++)
		n += sdr_rules_rate_ok(rules, 0, 5);
	KUNIT_EXPECT_GE(test, n, 5);
	KUNIT_EXPECT_LT(test, n, 100);
	sdr_rules_put(rules);
}

/* --- without memory --- */

static void no_memory(struct kunit *test)
{
	struct sdr_rule rule = { .verdict = SDIRECT_VERDICT_TCP };
	struct sdr_cond_desc cond = { PORT, good, NULL, 2 };
	struct sdr_rules *rules;
	const char *why;
	bool came = true;
	int nth, err = 0;

	if (!test_can_fail(test))
		return;
	for (nth = 1; came && nth < TEST_NTH_MAX; nth++) {
		err = -ENOMEM;
		test_fail_nth(nth);
		rules = set_of(1);
		if (rules) {
			err = sdr_rules_add(rules, &rule, &cond, 1, &why);
			if (!err)
				err = sdr_rules_finish(rules, &why);
			KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
		}
		came = test_failed();
		sdr_rules_put(rules);
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_GT(test, nth, 4);
}

static struct kunit_case rules_tests[] = {
	KUNIT_CASE_PARAM(refused, refusal_gen_params),
	KUNIT_CASE(counted),
	KUNIT_CASE(as_one_by_one),
	KUNIT_CASE_PARAM(bounded, costly_gen_params),
	KUNIT_CASE(rates),
	KUNIT_CASE(no_memory),
	{ }
};

struct kunit_suite sdr_rules_suite = {
	.name		= "sdirect_rules",
	.test_cases	= rules_tests,
};
