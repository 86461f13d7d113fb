// SPDX-License-Identifier: GPL-2.0-only
/* Tests of what sdirectd does without the module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "suite.h"

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_globs_end),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_all_mistakes),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_likeness),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_time_of_engine),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_exe),
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
