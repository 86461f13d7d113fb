// SPDX-License-Identifier: GPL-2.0
/* Who may go direct. */
#include "compat.h"

#include <linux/user_namespace.h>

#include "fixture_test.h"
#include "owner.h"
#include "policy.h"

/* Only its address is looked at. */
static struct user_namespace other_ns;

/*
 * struct policy_case - two ends and the verdict
 * @uid, @euid, @ns:	of the one and the other
 */
struct policy_case {
	const char *name;
	unsigned int uid[2], euid[2];
	struct user_namespace *ns[2];
	bool allowed;
};

#define HERE { &init_user_ns, &init_user_ns }

static const struct policy_case policy_cases[] = {
	{ "same user",		{ 7, 7 }, { 7, 7 },	HERE,	true },
	{ "same root",		{ 0, 0 }, { 0, 0 },	HERE,	true },
	{ "another user",	{ 7, 8 }, { 7, 8 },	HERE,	false },
	{ "root and a user",	{ 0, 8 }, { 0, 8 },	HERE,	false },
	{ "a user and root",	{ 8, 0 }, { 8, 0 },	HERE,	false },
	{ "real user differs",	{ 7, 8 }, { 9, 9 },	HERE,	true },
	{ "only real user same", { 7, 7 }, { 7, 9 },	HERE,	false },
	{ "other namespace",	{ 7, 7 }, { 7, 7 },
	  { &init_user_ns, &other_ns }, false },
	{ "both in another",	{ 7, 7 }, { 7, 7 },
	  { &other_ns, &other_ns }, true },
	{ "root of another",	{ 0, 0 }, { 0, 0 },
	  { &other_ns, &init_user_ns }, false },
};

TEST_PARAM(policy, policy_cases);

static void verdict(struct kunit *test)
{
	const struct policy_case *c = test->param_value;
	struct sdr_owner end[2] = { };
	struct cred *cred[2];
	int i;

	for (i = 0; i < 2; i++) {
		cred[i] = kunit_kzalloc(test, sizeof(*cred[i]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, cred[i]);
		cred[i]->uid = KUIDT_INIT(c->uid[i]);
		cred[i]->euid = KUIDT_INIT(c->euid[i]);
		cred[i]->user_ns = c->ns[i];
		end[i].cred = cred[i];
	}
	KUNIT_EXPECT_EQ(test, sdr_policy_same_user(&end[0], &end[1]),
			c->allowed);
	KUNIT_EXPECT_EQ(test, sdr_policy_same_user(&end[1], &end[0]),
			c->allowed);
}

static struct kunit_case policy_tests[] = {
	KUNIT_CASE_PARAM(verdict, policy_gen_params),
	{ }
};

struct kunit_suite sdr_policy_suite = {
	.name		= "sdirect_policy",
	.test_cases	= policy_tests,
};
