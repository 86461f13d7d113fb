/* SPDX-License-Identifier: GPL-2.0-only */
/* The unit tests, by file. */
#ifndef SDIRECTD_SUITE_H
#define SDIRECTD_SUITE_H

void test_ranges(void **state);
void test_bounds(void **state);
void test_globs(void **state);
void test_globs_end(void **state);
void test_values(void **state);
void test_times(void **state);

void test_mistakes(void **state);
void test_all_mistakes(void **state);
void test_rules(void **state);
void test_ends(void **state);

void test_decisions(void **state);
void test_likeness(void **state);
void test_first(void **state);
void test_time_of_engine(void **state);

void test_nets(void **state);
void test_wire(void **state);
void test_query(void **state);
void test_exe(void **state);
void test_control(void **state);

#endif /* SDIRECTD_SUITE_H */
