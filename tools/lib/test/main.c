// SPDX-License-Identifier: GPL-2.0-only
/* Native tests of the library; no module is needed. */
#include <unistd.h>

#include "suite.h"

int main(void)
{
	/* The tests bound their own waits; this is for what they missed. */
	alarm(240);
	return run_view_tests() + run_call_tests() + run_lease_tests() +
	       run_stress_tests() + run_tune_tests() + run_spin_tests() +
	       run_epoll_tests() + run_set_tests() + run_gone_tests() +
	       run_room_tests() + run_storm_tests();
}
