// SPDX-License-Identifier: GPL-2.0-only
/* What is set outside of the program. */
#include <stdio.h>
#include <stdlib.h>

#include "suite.h"
#include "tune.h"

static void tune__only_whole_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t number;
	} rows[] = {
		{ "0", 0 }, { "7", 7 }, { "100\n", 100 }, { "0100\nrest", 100 },
		{ "", -1 }, { "\n", -1 }, { "-1", -1 }, { "1x", -1 },
		{ " 1", -1 }, { "101", -1 },
		{ "18446744073709551617", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(sdi_tune_number(rows[i].text, 100),
				 rows[i].number);
}

static void tune__environment_counts(void **state)
{
	static const struct {
		enum sdi_tune what;
		const char *name;
		uint32_t most;
	} rows[] = {
		{ SDI_TUNE_SPIN_US, "SDIRECT_SPIN_US", 10000 },
		{ SDI_TUNE_STORM, "SDIRECT_STORM", 1000000 },
	};
	int64_t unset;
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsetenv(rows[i].name);
		unset = sdi_tune(rows[i].what);
		setenv(rows[i].name, "0", 1);
		assert_int_equal(sdi_tune(rows[i].what), 0);
		setenv(rows[i].name, "120", 1);
		assert_int_equal(sdi_tune(rows[i].what), 120);
		snprintf(text, sizeof(text), "%u", rows[i].most);
		setenv(rows[i].name, text, 1);
		assert_int_equal(sdi_tune(rows[i].what), rows[i].most);
		snprintf(text, sizeof(text), "%u", rows[i].most + 1);
		setenv(rows[i].name, text, 1);
		assert_int_equal(sdi_tune(rows[i].what), unset);
		unsetenv(rows[i].name);
	}
}

int run_tune_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tune__only_whole_numbers),
		cmocka_unit_test(tune__environment_counts),
	};

	return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
