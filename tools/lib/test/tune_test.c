// SPDX-License-Identifier: GPL-2.0-only
/* What is set outside of the program. */
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
	int64_t unset;

	(void)state;
	unsetenv("SDIRECT_SPIN_US");
	unset = sdi_tune_spin_ns();
	setenv("SDIRECT_SPIN_US", "0", 1);
	assert_int_equal(sdi_tune_spin_ns(), 0);
	setenv("SDIRECT_SPIN_US", "120", 1);
	assert_int_equal(sdi_tune_spin_ns(), 120000);
	setenv("SDIRECT_SPIN_US", "10001", 1);
	assert_int_equal(sdi_tune_spin_ns(), unset);
	unsetenv("SDIRECT_SPIN_US");
}

int run_tune_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tune__only_whole_numbers),
		cmocka_unit_test(tune__environment_counts),
	};

	return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
