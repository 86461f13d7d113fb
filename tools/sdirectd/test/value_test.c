// SPDX-License-Identifier: GPL-2.0-only
/* Tests of ranges, bounds, patterns, values and times. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bounds.h"
#include "../globs.h"
#include "../ranges.h"
#include "../value.h"
#include "../when.h"
#include "fake.h"
#include "suite.h"

#define ALL	WIDE_MAX

void test_ranges(void **state)
{
	struct ranges set = { 0 };

	(void)state;
	assert_false(ranges_hold(&set, 0));
	assert_int_equal(ranges_add(&set, 7, 9), 0);
	assert_int_equal(ranges_add(&set, 20, ALL), 0);
	assert_int_equal(ranges_add(&set, 1, 3), 0);
	assert_int_equal(ranges_add(&set, 4, 5), 0);
	assert_int_equal(ranges_add(&set, 8, 8), 0);
	ranges_settle(&set);
	assert_int_equal(set.n, 3);
	assert_true(set.v[0].first == 1 && set.v[0].last == 5);
	assert_true(ranges_hold(&set, 1) && ranges_hold(&set, 9));
	assert_false(ranges_hold(&set, 0) || ranges_hold(&set, 6));
	assert_true(ranges_hold(&set, ALL));
	assert_int_equal(ranges_invert(&set, ALL), 0);
	assert_int_equal(set.n, 3);
	assert_true(ranges_hold(&set, 0) && ranges_hold(&set, 19));
	assert_false(ranges_hold(&set, 20) || ranges_hold(&set, ALL));
	assert_int_equal(ranges_invert(&set, 30), 0);
	assert_true(ranges_hold(&set, 30));
	assert_false(ranges_hold(&set, 31));
	ranges_free(&set);
	assert_int_equal(ranges_invert(&set, 5), 0);
	assert_true(set.n == 1 && ranges_hold(&set, 5));
	ranges_free(&set);
}

static const struct {
	const char *pattern;
	const char *text;
	bool matches;
	bool below;
} globs_cases[] = {
	{ "/a", "/a", true, false }, { "/a", "/a/b", false, true },
	{ "/a", "/ab", false, false }, { "/*/b", "/a/b", true, false },
	{ "/*/b", "/a/x/b", false, false }, { "/*/b", "/a/b/c", false, true },
	{ "*", "", true, false }, { "?", "", false, false },
	{ "a*b*c", "aXbYbZc", true, false }, { "a*b*c", "acb", false, false },
	{ "a**c", "ac", true, false }, { "a?c", "a/c", false, false },
	{ "", "", true, false }, { "", "/x", false, true },
	{ "*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, false },
	{ "\xff*", "\xff\x80", true, false },
};

/* The same as one that compares each two, for numbers of all lengths. */
static void sort_some(size_t n, unsigned int bits)
{
	struct bound v[600], spare[600], was[600];
	uint64_t random = 1 + n + bits;
	size_t i, before;

	for (i = 0; i < n; i++) {
		v[i] = (struct bound){ 0, i };
		while (v[i].value >> 64 == 0 && random % 7) {
			random = random * 6364136223846793005u + 1;
			v[i].value = v[i].value << 16 | random >> 48;
		}
		v[i].value = v[i].value << 8 & WIDE_MAX >> (128 - bits);
		was[i] = v[i];
	}
	bounds_sort(v, spare, n);
	for (i = 0; i < n; i++)
		assert_true(v[i].of < n && was[v[i].of].value == v[i].value);
	for (i = 1; i < n; i++) {
		before = v[i - 1].of;
		assert_true(v[i - 1].value < v[i].value ||
			    (v[i - 1].value == v[i].value && before < v[i].of));
	}
}

void test_bounds(void **state)
{
	static const unsigned int bits[] = { 9, 16, 32, 64, 128 };
	static const size_t sizes[] = { 0, 1, 2, 31, 32, 33, 256, 600 };
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			sort_some(sizes[j], bits[i]);
}

void test_globs(void **state)
{
	uint32_t ids[2];
	struct globs globs;
	size_t i;
	int below, n;

	(void)state;
	for (i = 0; i < sizeof(globs_cases) / sizeof(globs_cases[0]); i++)
		for (below = 0; below < 2; below++) {
			assert_int_equal(globs_init(&globs, below), 0);
			assert_int_equal(globs_add(&globs, "none", 4), 0);
			assert_int_equal(globs_add(&globs, globs_cases[i].pattern,
						   strlen(globs_cases[i].pattern)), 1);
			n = globs_match(&globs, globs_cases[i].text, ids);
			assert_int_equal(n, globs_cases[i].matches ||
					 (below && globs_cases[i].below));
			assert_true(!n || ids[0] == 1);
			globs_free(&globs);
		}
}

/* Far more work than names make; a pattern that few fit in part goes on. */
void test_globs_end(void **state)
{
	char pattern[2 * 400 + 2], text[VALUE_MAX];
	struct globs globs;
	uint32_t ids[2];
	size_t i;

	(void)state;
	for (i = 0; i < 400; i++)
		memcpy(&pattern[2 * i], (const char []){ '*', 'a' }, 2);
	strcpy(pattern + 2 * i, "b");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(globs_init(&globs, false), 0);
	assert_int_equal(globs_add(&globs, "*a*a*b", 6), 0);
	assert_int_equal(globs_match(&globs, text, ids), 0);
	assert_int_equal(globs_add(&globs, pattern, strlen(pattern)), 1);
	assert_int_equal(globs_match(&globs, text, ids), -E2BIG);
	assert_int_equal(globs_match(&globs, "aab", ids), 1);
	globs_free(&globs);
	assert_null(value_pattern(FIELD_EXE, "****************"));
	assert_non_null(value_pattern(FIELD_EXE, "*****************"));
}

static const struct {
	enum field field;
	const char *word;
	const char *why;	/* part of it; NULL: right */
	uint64_t first, last;
} value_cases[] = {
	{ FIELD_PORT, "0", NULL, 0, 0 },
	{ FIELD_PORT, "80-65535", NULL, 80, 65535 },
	{ FIELD_PORT, "65536", "not a port", 0, 0 },
	{ FIELD_PORT, "18446744073709551617", "not a port", 0, 0 },
	{ FIELD_PORT, "http", "not a port", 0, 0 },
	{ FIELD_PORT, "9-8", "ends before", 0, 0 },
	{ FIELD_PORT, "9-", "not a port", 0, 0 },
	{ FIELD_PORT, "", "not a port", 0, 0 },
	{ FIELD_USER, "u1000", NULL, 1000, 1000 },
	{ FIELD_USER, "www-data", NULL, 33, 33 },
	{ FIELD_USER, "4294967294", NULL, 4294967294, 4294967294 },
	{ FIELD_USER, "4294967295", "too large", 0, 0 },
	{ FIELD_USER, "nobody-here", "no user", 0, 0 },
	{ FIELD_GROUP, "u1", "no group", 0, 0 },
	{ FIELD_GROUP, "1-2-3", "not one", 0, 0 },
	{ FIELD_ADDR, "10.0.0.0/8", NULL, 0xffff0a000000, 0xffff0affffff },
	{ FIELD_ADDR, "0.0.0.0/0", NULL, 0xffff00000000, 0xffffffffffff },
	{ FIELD_ADDR, "::/65", NULL, 0, INT64_MAX },
	{ FIELD_ADDR, "::1", NULL, 1, 1 },
	{ FIELD_ADDR, "10.0.0.1/8", "bits behind", 0, 0 },
	{ FIELD_ADDR, "10.0.0.0/33", "0 to 32", 0, 0 },
	{ FIELD_ADDR, "::/129", "0 to 128", 0, 0 },
	{ FIELD_ADDR, "10.0.0", "not an address", 0, 0 },
	{ FIELD_ADDR, "1.1.1.1-::2", "IPv4 to IPv6", 0, 0 },
	{ FIELD_ADDR, "1.1.1.2-1.1.1.1", "ends before", 0, 0 },
	{ FIELD_NETNS, "n7", NULL, 7, 7 },
	{ FIELD_NETNS, "4026531840", NULL, 4026531840, 4026531840 },
	{ FIELD_NETNS, "a/b", "neither a name", 0, 0 },
	{ FIELD_NETNS, "..", "not a name", 0, 0 },
};

void test_values(void **state)
{
	struct value value;
	const char *why;
	uint64_t size;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(value_cases) / sizeof(value_cases[0]); i++) {
		why = value_parse(value_cases[i].field, value_cases[i].word,
				  &fake_world, &value);
		if (value_cases[i].why) {
			assert_non_null(why);
			assert_non_null(strstr(why, value_cases[i].why));
			continue;
		}
		assert_null(why);
		assert_true(value.first == value_cases[i].first);
		assert_true(value.last == value_cases[i].last);
	}
	assert_true(value_size("4M", 4u << 20, &size) && size == 4u << 20);
	assert_false(value_size("5M", 4u << 20, &size));
	assert_false(value_size("M", 4u << 20, &size));
	assert_true(value_size("17", 17, &size) && size == 17);
	assert_false(value_size("18", 17, &size));
}

static bool holds_at(const struct when *when, const char *date)
{
	struct tm local;
	int64_t at;
	time_t now;

	assert_true(when_date(date, strlen(date), false, &at));
	now = at;
	localtime_r(&now, &local);
	return when_holds(when, now, &local);
}

void test_times(void **state)
{
	struct when when = { 0 };
	int64_t at;

	(void)state;
	assert_true(holds_at(NULL, "2026-12-07"));
	assert_true(when_hours(&when, "08:00-18:00", 11));
	assert_true(holds_at(&when, "2026-12-07T08:00"));
	assert_true(holds_at(&when, "2026-12-07T17:59"));
	assert_false(holds_at(&when, "2026-12-07T18:00"));
	assert_true(when_hours(&when, "22:00-06:00", 11));
	assert_true(holds_at(&when, "2026-12-07T23:00"));
	assert_true(holds_at(&when, "2026-12-07T05:59"));
	assert_false(holds_at(&when, "2026-12-07T06:00"));
	assert_false(when_hours(&when, "8:00-18:00", 10));
	assert_false(when_hours(&when, "08:60-18:00", 11));
	assert_false(when_hours(&when, "24:00-24:00", 11));
	when = (struct when){ 0 };
	assert_true(when_days(&when, "sat-mon", 7));
	assert_true(holds_at(&when, "2026-12-07"));
	assert_false(holds_at(&when, "2026-12-08"));
	assert_true(when_days(&when, "tue", 3));
	assert_true(holds_at(&when, "2026-12-08"));
	assert_false(when_days(&when, "tuesday", 7));
	when = (struct when){ 0 };
	assert_true(when_date("2026-12-07", 10, true, &when.until));
	assert_true(holds_at(&when, "2026-12-07T23:59"));
	assert_false(holds_at(&when, "2026-12-08"));
	assert_false(when_date("2026-02-29", 10, false, &at));
	assert_false(when_date("2026-13-01", 10, false, &at));
	assert_false(when_date("2026-12-01T24:00", 16, false, &at));
}
