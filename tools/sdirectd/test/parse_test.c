// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the rule language: what is right, and where the mistakes are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../parse.h"
#include "fake.h"
#include "suite.h"

static int parse(const char *text, struct policy *policy,
		 struct complaints *complaints)
{
	fake_text = text;
	fake_len = strlen(text);
	*complaints = (struct complaints){ 0 };
	assert_int_equal(policy_init(policy), 0);
	return policy_parse(policy, "p", &fake_world, complaints);
}

static void drop(struct policy *policy, struct complaints *complaints)
{
	policy_free(policy);
	complaints_free(complaints);
}

/* One mistake each. */
static const struct {
	const char *text;
	uint32_t line, column;
	const char *why;
} mistakes[] = {
	{ "allow from any", 1, 1, "'allow' where direct, tcp" },
	{ "\n  direct user 5", 2, 10, "of which end" },
	{ "direct from user", 1, 17, "file ends where a value" },
	{ "direct from user\ntcp", 1, 17, "line ends where a value" },
	{ "direct from user nobody", 1, 18, "no user of this name" },
	{ "direct from user { 1, 2\ntcp\n", 2, 1, "where ',' or '}'" },
	{ "direct from user { 1, , 2 }", 1, 23, "',' where a value" },
	{ "direct to port 1-99999", 1, 16, "not a port" },
	{ "direct to port 5 port 6", 1, 18, "said of this end already" },
	{ "direct from any from any", 1, 17, "said already" },
	{ "tcp to addr 10.0.0.1/8", 1, 13, "bits behind" },
	{ "tcp to addr 10.0.0.0/8 frob", 1, 24, "'frob' where a condition" },
	{ "tcp ring 64K", 1, 1, "limit what is direct" },
	{ "direct ring 1K", 1, 13, "not a size from" },
	{ "direct rate 5", 1, 13, "not a rate" },
	{ "direct hours 25:00-26:00", 1, 14, "not hours" },
	{ "direct until 2026-02-30", 1, 14, "not a date" },
	{ "direct days monday", 1, 13, "not a day" },
	{ "direct same shoe", 1, 13, "not one of user" },
	{ "direct carrier pigeon", 1, 16, "not a carrier" },
	{ "direct to cgroup \"a\"", 1, 18, "begins with '/'" },
	{ "direct to cgroup \"/a//b\"", 1, 18, "an empty name" },
	{ "direct to exe \"a", 1, 15, "does not end" },
	{ "direct to exe \"a\n", 1, 15, "does not end on its line" },
	{ "direct to exe \"\\n\"", 1, 15, "may follow a \\" },
	{ "direct to exe \"\"", 1, 15, "nothing between" },
	{ "direct to exe $a", 1, 15, "not defined" },
	{ "define a = 1\ndefine a = 2\n", 2, 8, "defined already" },
	{ "define a 1", 1, 10, "'1' where '='" },
	{ "define a = { x }\ndirect to port $a\ntcp to port $a", 1, 14,
	  "not a port" },
	{ "include", 1, 8, "ends where the name of a file" },
	{ "include a b", 1, 11, "where the end of the line" },
	{ "direct from any \xc3\xa4 b", 1, 17, "no meaning here" },
	{ "direct from any\t! b", 1, 17, "no meaning here" },
	{ "direct from any }", 1, 17, "'}' where a condition" },
	{ "direct \\\n  from any \\\n  to frob", 3, 6, "'frob'" },
};

void test_mistakes(void **state)
{
	struct complaints complaints;
	struct policy policy;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_int_not_equal(parse(mistakes[i].text, &policy,
					   &complaints), 0);
		if (complaints.n != 1 ||
		    complaints.v[0].line != mistakes[i].line ||
		    complaints.v[0].column != mistakes[i].column ||
		    !strstr(complaints.v[0].text, mistakes[i].why)) {
			print_message("in '%s', wanted %u:%u %s\n",
				      mistakes[i].text, mistakes[i].line,
				      mistakes[i].column, mistakes[i].why);
			complaints_print(&complaints, stderr);
			fail();
		}
		drop(&policy, &complaints);
	}
}

/* What is wrong with one line does not hide what is wrong with the next. */
void test_all_mistakes(void **state)
{
	static const uint32_t lines[] = { 1, 3, 4, 4, 6, 9 };
	struct complaints complaints;
	struct policy policy;
	size_t i;

	(void)state;
	assert_int_not_equal(parse("frob\n"
				   "direct from user { 1,\n"
				   "direct from user 1\n"
				   "tcp to port { 99999, 5, x }\n"
				   "# fine\n"
				   "deny from port 1 addr 300.0.0.0\n"
				   "tcp from addr { 10.0.0.0/8,\n"
				   " ::1,\n"
				   " 10.0.0.0/40 }\n", &policy, &complaints), 0);
	assert_int_equal(complaints.n, 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(complaints.v[i].line, lines[i]);
	drop(&policy, &complaints);

	/* Something that includes itself comes to an end. */
	assert_int_not_equal(parse("include p\ninclude p\n", &policy,
				   &complaints), 0);
	drop(&policy, &complaints);
}

static void expect_text(const struct rule *rule, const char *text)
{
	assert_int_equal(rule->len, strlen(text));
	assert_memory_equal(rule->text, text, rule->len);
}

void test_rules(void **state)
{
	struct complaints complaints;
	struct policy policy;
	const struct rule *r;

	(void)state;
	if (parse("define web = { 80, 443 } ; define more = { $web, 8080 }\n"
		  "direct from user u5 to port $more ring 64K # yes\n"
		  "\n"
		  "tcp same { user, cgroup } carrier local hours 08:00-09:00;"
		  "deny both exe != \"a \\\"b\\\\\"\n"
		  "direct to netns gone\r\n", &policy, &complaints)) {
		complaints_print(&complaints, stderr);
		fail();
	}
	/* A warning. */
	assert_int_equal(complaints.n, 1);
	assert_int_equal(policy.n, 4);
	r = policy.rule;
	expect_text(r, "direct from user u5 to port $more ring 64K");
	assert_int_equal(r->verdict, VERDICT_DIRECT);
	assert_int_equal(r->ring_max, 65536);
	assert_int_equal(r->line, 2);
	assert_null(r->set[SIDE_TO][FIELD_USER]);
	assert_true(ranges_hold(&r->set[SIDE_TO][FIELD_PORT]->ranges, 8080));
	assert_true(ranges_hold(&r->set[SIDE_FROM][FIELD_USER]->ranges, 5));
	assert_int_equal(r[1].same, SAME_USER | SAME_CGROUP);
	assert_int_equal(r[1].carriers, 2);
	assert_non_null(r[1].when);
	assert_true(policy.timed);
	assert_int_equal(r[2].line, 4);
	expect_text(&r[2], "deny both exe != \"a \\\"b\\\\\"");
	assert_ptr_equal(r[2].set[SIDE_FROM][FIELD_EXE],
			 r[2].set[SIDE_TO][FIELD_EXE]);
	assert_true(policy.netns);
	assert_int_equal(r[3].set[SIDE_TO][FIELD_NETNS]->ranges.n, 0);
	drop(&policy, &complaints);
}

void test_ends(void **state)
{
	struct complaints complaints = { 0 };
	struct end end;

	(void)state;
	assert_int_equal(end_parse("127.0.0.1:80 user u7 exe \"/bin/a b\"",
				   &fake_world, &end, &complaints), 0);
	assert_true(end.addr == 0xffff7f000001);
	assert_int_equal(end.port, 80);
	assert_int_equal(end.user, 7);
	assert_string_equal(end.exe, "/bin/a b");
	assert_int_equal(end.known, 1 << FIELD_ADDR | 1 << FIELD_PORT |
			 1 << FIELD_USER | 1 << FIELD_EXE);
	end_free(&end);
	assert_int_equal(end_parse("[::1]:6379 cgroup /", &fake_world, &end,
				   &complaints), 0);
	assert_true(end.addr == 1);
	end_free(&end);
	assert_int_not_equal(end_parse("port 80-90 user x frob", &fake_world,
				       &end, &complaints), 0);
	assert_int_equal(complaints.n, 3);
	assert_int_equal(complaints.v[2].column, 19);
	end_free(&end);
	complaints_free(&complaints);
}
