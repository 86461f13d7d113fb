/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SUITE_H
#define SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int run_view_tests(void);
int run_call_tests(void);
int run_lease_tests(void);
int run_stress_tests(void);
int run_tune_tests(void);
int run_spin_tests(void);
int run_epoll_tests(void);
int run_set_tests(void);
int run_gone_tests(void);
int run_room_tests(void);
int run_storm_tests(void);

#endif /* SUITE_H */
