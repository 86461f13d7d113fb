// SPDX-License-Identifier: GPL-2.0-only
/* Tests of decisions; selftests/policy has many more, made at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../engine.h"
#include "../parse.h"
#include "fake.h"
#include "suite.h"

static void build(const char *text, struct policy *policy,
		  struct engine **engine, time_t now)
{
	struct complaints complaints = { 0 };

	fake_text = text;
	fake_len = strlen(text);
	assert_int_equal(policy_init(policy), 0);
	assert_int_equal(policy_parse(policy, "p", &fake_world, &complaints),
			 0);
	complaints_free(&complaints);
	*engine = engine_build(policy, now);
	assert_non_null(*engine);
}

/* The number of the rule, 0: none. */
static int64_t decide(struct engine *engine, const char *from, const char *to,
		      uint32_t first)
{
	struct complaints complaints = { 0 };
	struct candidate c = { .carrier = 1 };
	int64_t rule;

	assert_int_equal(end_parse(from, &fake_world, &c.end[SIDE_FROM],
				   &complaints), 0);
	assert_int_equal(end_parse(to, &fake_world, &c.end[SIDE_TO],
				   &complaints), 0);
	rule = engine_decide(engine, &c, first);
	assert_true(rule >= 0);
	end_free(&c.end[SIDE_FROM]);
	end_free(&c.end[SIDE_TO]);
	return rule == RULE_NONE ? 0 : rule + 1;
}

static const char policy_text[] =
	"deny to port 443\n"				/* 1 */
	"direct from user u1 to user u2\n"		/* 2 */
	"direct both cgroup \"/pods/*/x\"\n"		/* 3 */
	"tcp from addr 10.0.0.0/8 to addr != 10.1.0.0/16\n"	/* 4 */
	"direct from exe redis-* to exe /usr/bin/redis\n"	/* 5 */
	"direct same { user, netns }\n"			/* 6 */
	"tcp carrier rdma\n"				/* 7 */
	"deny from label != \"good\"\n";		/* 8 */

static const struct {
	const char *from, *to;
	int rule;
} decisions[] = {
	{ "user 1", "user 2 port 443", 1 },
	{ "user 1", "user 2 port 80", 2 },
	{ "user 1", "user 2", 2 },
	{ "user 1", "user 3", 0 },
	{ "cgroup /pods/a/x/c", "cgroup /pods/b/x", 3 },
	{ "cgroup /pods/a/x/c", "cgroup /pods/b/y", 0 },
	{ "addr 10.2.3.4", "addr 10.1.0.1", 0 },
	{ "addr 10.2.3.4", "addr 10.2.0.1", 4 },
	{ "addr 10.2.3.4", "addr ::1", 4 },
	{ "addr 10.2.3.4", "", 0 },
	{ "exe /bin/redis-cli", "exe /usr/bin/redis", 5 },
	{ "exe /bin/redis-cli", "exe /bin/redis", 0 },
	{ "user 5 netns 7", "user 5 netns 7", 6 },
	{ "user 5 netns 7", "user 5 netns 8", 0 },
	{ "label good", "", 0 },
	{ "label bad", "", 8 },
};

/* What both ends have in common, where it is seen and where it is told. */
static const struct {
	unsigned int userns;
	bool compared;
	unsigned int same;
	int rule;
} likenesses[] = {
	{ 1, false, 0, 1 },
	{ 2, false, 0, 0 },
	{ 2, true, SAME_GROUP, 2 },
	{ 1, true, SAME_USER, 0 },
	{ 2, true, SAME_USER | SAME_GROUP, 1 },
};

void test_likeness(void **state)
{
	struct candidate c = { .carrier = 1 };
	struct engine *engine;
	struct policy policy;
	int64_t rule;
	size_t i;

	(void)state;
	build("tcp same { user, group }\ndirect same group\n", &policy, &engine,
	      0);
	c.end[SIDE_FROM].known = 1 << FIELD_USER | 1 << FIELD_GROUP;
	c.end[SIDE_FROM].userns = 1;
	for (i = 0; i < sizeof(likenesses) / sizeof(likenesses[0]); i++) {
		c.end[SIDE_TO] = c.end[SIDE_FROM];
		c.end[SIDE_TO].userns = likenesses[i].userns;
		c.compared = likenesses[i].compared;
		c.same = likenesses[i].same;
		rule = engine_decide(engine, &c, 0);
		assert_int_equal(rule == RULE_NONE ? 0 : rule + 1,
				 likenesses[i].rule);
	}
	engine_free(engine);
	policy_free(&policy);
}

void test_decisions(void **state)
{
	struct engine *engine;
	struct policy policy;
	size_t i;

	(void)state;
	build(policy_text, &policy, &engine, 0);
	for (i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++)
		assert_int_equal(decide(engine, decisions[i].from,
					decisions[i].to, 0), decisions[i].rule);
	engine_free(engine);
	policy_free(&policy);
	build("# nothing", &policy, &engine, 0);
	assert_int_equal(decide(engine, "", "", 0), 0);
	engine_free(engine);
	policy_free(&policy);
}

/* Deciding from a later rule on, in a tree that is more than a leaf. */
void test_first(void **state)
{
	struct engine *engine;
	struct policy policy;
	char text[4096] = "";
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		sprintf(text + strlen(text), "tcp from user %d%s\n", i % 10,
			i % 3 ? "" : " to port 80");
	build(text, &policy, &engine, 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(decide(engine, "user 7", "port 80", i),
				 (i + 2) / 10 * 10 + 8 > 100 ? 0 :
				 (i + 2) / 10 * 10 + 8);
	assert_int_equal(decide(engine, "user 0", "port 8", 0), 11);
	assert_int_equal(decide(engine, "user 7", "port 80", 100), 0);
	engine_free(engine);
	policy_free(&policy);
}

void test_time_of_engine(void **state)
{
	struct engine *engine;
	struct policy policy;
	int64_t at;

	(void)state;
	assert_true(when_date("2026-12-07T12:00", 16, false, &at));
	build("deny hours 09:00-11:00\ntcp hours 11:00-13:00\ndirect from any",
	      &policy, &engine, at);
	assert_int_equal(decide(engine, "", "", 0), 2);
	assert_false(engine_active(engine, 0));
	assert_true(engine_same_time(engine, at + 3599));
	assert_false(engine_same_time(engine, at + 3600));
	engine_free(engine);
	policy_free(&policy);
}
