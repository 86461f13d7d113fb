// SPDX-License-Identifier: GPL-2.0
/* What is remembered of the helper's answers. */
#include "compat.h"

#include "answers.h"
#include "facts.h"
#include "fixture_test.h"

#define UID	BIT(SDIRECT_FIELD_FROM_UID)
#define GID	BIT(SDIRECT_FIELD_FROM_GID)
#define PORT	BIT(SDIRECT_FIELD_TO_PORT)

static struct sdr_facts facts_with(u32 uid, u32 port)
{
	struct sdr_facts facts = { .known = UID | PORT, .userns = { 1, 1 } };

	facts.val[SDIRECT_FIELD_FROM_UID].lo = uid;
	facts.val[SDIRECT_FIELD_TO_PORT].lo = port;
	return facts;
}

/*
 * struct recall_case - what is asked after uid 7, port 80 was answered
 * @fields:	that the answer depended on
 */
struct recall_case {
	const char *name;
	u32 fields;
	u32 ttl;
	u32 uid, port, rule, userns;
	u32 known;
	bool found;
};

static const struct recall_case recall_cases[] = {
	{ "the same", UID | PORT, 60, 7, 80, 3, 1, UID | PORT, true },
	{ "another user", UID | PORT, 60, 8, 80, 3, 1, UID | PORT, false },
	{ "another port", UID | PORT, 60, 7, 81, 3, 1, UID | PORT, false },
	{ "another port, no matter", UID, 60, 7, 81, 3, 1, UID | PORT, true },
	{ "another rule", UID, 60, 7, 80, 4, 1, UID | PORT, false },
	{ "another user namespace", UID, 60, 7, 80, 3, 2, UID | PORT, false },
	{ "that namespace does not matter", PORT, 60, 7, 80, 3, 2, UID | PORT,
	  true },
	{ "user not known", UID, 60, 7, 80, 3, 1, PORT, false },
	{ "a field nobody knows", UID | GID, 60, 7, 80, 3, 1, UID | PORT,
	  true },
	{ "process", UID | BIT(SDIRECT_FIELD_TO_PID), 60, 7, 80, 3, 1,
	  UID | PORT, false },
	{ "too old", UID, 0, 7, 80, 3, 1, UID | PORT, false },
};

TEST_PARAM(recall, recall_cases);

static void recalled(struct kunit *test)
{
	const struct recall_case *c = test->param_value;
	struct sdr_answer answer = { .vote.number = 5, .rate = 6 };
	struct sdr_answers *answers = sdr_answers_alloc();
	struct sdr_facts *facts = kunit_kzalloc(test, sizeof(*facts),
						GFP_KERNEL);
	const struct sdr_answer *found;

	KUNIT_ASSERT_NOT_NULL(test, answers);
	KUNIT_ASSERT_NOT_NULL(test, facts);
	*facts = facts_with(7, 80);
	sdr_answers_put(answers, facts, 3, c->fields, &answer, c->ttl);
	*facts = facts_with(c->uid, c->port);
	facts->known = c->known;
	facts->userns[0] = c->userns;
	found = sdr_answers_find(answers, facts, c->rule);
	KUNIT_EXPECT_EQ(test, !!found, c->found);
	if (found) {
		KUNIT_EXPECT_EQ(test, found->vote.number, 5);
		KUNIT_EXPECT_EQ(test, found->rate, 6);
	}
	sdr_answers_free(answers);
}

/* However many there are, it does not grow, and the last is there. */
static void bounded(struct kunit *test)
{
	struct sdr_answers *answers = sdr_answers_alloc();
	struct sdr_facts *facts = kunit_kzalloc(test, sizeof(*facts),
						GFP_KERNEL);
	struct sdr_answer answer = { };
	u32 i, n;

	KUNIT_ASSERT_NOT_NULL(test, answers);
	KUNIT_ASSERT_NOT_NULL(test, facts);
	for (i = 0; i < 20000; i++) {
		*facts = facts_with(i, 80);
		answer.vote.number = i;
		sdr_answers_put(answers, facts, 3, UID, &answer, 60 + i);
		if (!sdr_answers_find(answers, facts, 3))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, 20000);
	n = sdr_answers_count(answers);
	KUNIT_EXPECT_GT(test, n, 1000);
	KUNIT_EXPECT_LT(test, n, 20000);
	/* Another answer to the same takes its place. */
	answer.vote.number = 1;
	sdr_answers_put(answers, facts, 3, UID, &answer, 60 + i);
	KUNIT_EXPECT_EQ(test, sdr_answers_count(answers), n);
	KUNIT_EXPECT_EQ(test, sdr_answers_find(answers, facts, 3)->vote.number,
			1);
	sdr_answers_free(answers);
}

/* Each mask is a look-up more: there are few, others are not remembered. */
static void few_masks(struct kunit *test)
{
	struct sdr_answers *answers = sdr_answers_alloc();
	struct sdr_facts *facts = kunit_kzalloc(test, sizeof(*facts),
						GFP_KERNEL);
	struct sdr_answer answer = { };
	u32 i, n = 0;

	KUNIT_ASSERT_NOT_NULL(test, answers);
	KUNIT_ASSERT_NOT_NULL(test, facts);
	for (i = 0; i < 20; i++) {
		*facts = facts_with(i, 80);
		sdr_answers_put(answers, facts, 3, UID | i, &answer, 60);
		n += !!sdr_answers_find(answers, facts, 3);
	}
	KUNIT_EXPECT_GE(test, n, 4);
	KUNIT_EXPECT_LT(test, n, 20);
	sdr_answers_free(answers);
}

static struct kunit_case answers_tests[] = {
	KUNIT_CASE_PARAM(recalled, recall_gen_params),
	KUNIT_CASE(bounded),
	KUNIT_CASE(few_masks),
	{ }
};

struct kunit_suite sdr_answers_suite = {
	.name		= "sdirect_answers",
	.test_cases	= answers_tests,
};
