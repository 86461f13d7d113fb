// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that several numbers, threads, processes and programs use. */
#include "sharing.h"

const struct compat_test compat_tests[] = {
	COMPAT_WITH(dup_both, COMPAT_ALONE),
	COMPAT_WITH(dup_over, COMPAT_ALONE),
	COMPAT(dup_errors),
	COMPAT_WITH(dup_by_number, COMPAT_ALONE),
	COMPAT(by_syscall),
	COMPAT_WITH(two_of_each, COMPAT_ALONE),

	COMPAT_WITH(reused, COMPAT_ALONE),
	COMPAT_WITH(reused_held, COMPAT_ALONE),
	COMPAT_WITH(reused_by_dup, COMPAT_ALONE),
	COMPAT_WITH(reused_above, COMPAT_ALONE),
	COMPAT_WITH(reused_by_stdio, COMPAT_ALONE),
	COMPAT_WITH(reused_by_daemon, COMPAT_ALONE),
	COMPAT_WITH(reused_unshared, COMPAT_ALONE),

	COMPAT_WITH(fork_before_connect, COMPAT_ALONE),
	COMPAT_WITH(fork_after_connect, COMPAT_ALONE),
	COMPAT_WITH(fork_before_accept, COMPAT_ALONE),
	COMPAT_WITH(fork_takes_turns, COMPAT_ALONE),
	COMPAT_WITH(fork_closes, COMPAT_ALONE),
	COMPAT_WITH(fork_of_fork, COMPAT_ALONE),
	COMPAT_WITH(pre_forked, COMPAT_ALONE),
	COMPAT_WITH(vfork_closes, COMPAT_ALONE),
	COMPAT_WITH(passed_to_itself, COMPAT_ALONE),
	COMPAT_WITH(child_by_clone, COMPAT_ALONE),

	COMPAT_WITH(exec_keeps, COMPAT_ALONE),
	COMPAT_WITH(exec_closes, COMPAT_ALONE),
	COMPAT_WITH(exec_in_place, COMPAT_ALONE),
	COMPAT_WITH(spawned, COMPAT_ALONE),
	COMPAT_WITH(spawned_as_stdio, COMPAT_ALONE),
	COMPAT_WITH(spawned_without, COMPAT_ALONE),
	COMPAT_WITH(passed_to_program, COMPAT_ALONE),
	COMPAT_WITH(passed_without, COMPAT_ALONE),
	COMPAT_WITH(vforked, COMPAT_ALONE),

	COMPAT(writes_whole),
	COMPAT(vectors_whole),
	COMPAT(readers_many),
	COMPAT(both_ways_at_once),
	COMPAT(many_of_each),
	COMPAT(forked_writers),
	{ }
};
