// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading the unit tests: a module that holds all of sdirect but
 * main.c, and runs the suites when it is loaded.
 */
#include "compat.h"

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "af_sdirect.h"
#include "fixture_test.h"
#include "judge.h"
#include "net.h"
#include "payer.h"
#include "rendezvous.h"
#include "sock.h"

/*
 * Suites that are registered are run before a module's init, which they all
 * need here; so they are run by it.
 */
static struct kunit_suite *suites[] = {
	&sdr_ring_suite,
	&sdr_ring_math_suite,
	&sdr_policy_suite,
	&sdr_rules_suite,
	&sdr_answers_suite,
	&sdr_payer_suite,
	&sdr_pair_suite,
	&sdr_roll_suite,
	&sdr_key_suite,
	&sdr_rendezvous_suite,
	&sdr_judge_suite,
	&sdr_carrier_suite,
	&sdr_stream_suite,
	&sdr_seal_suite,
	&sdr_liar_suite,
	&sdr_lease_suite,
	&sdr_view_suite,
	&sdr_revoke_suite,
	&sdr_far_suite,
	&sdr_rdma_allow_suite,
	&sdr_rdma_path_suite,
	&sdr_rdma_msg_suite,
	&sdr_rdma_state_suite,
	&sdr_rdma_wr_suite,
	&sdr_rdma_link_suite,
	&sdr_rdma_bytes_suite,
};

static int __init test_init(void)
{
	int err;

	sdr_payer_init();
	err = test_payer_init();
	if (err)
		return err;
	err = sdr_pair_init();
	if (err)
		goto err_payer;
	err = sdr_sock_init();
	if (err)
		goto err_pair;
	err = sdr_judge_init();
	if (err)
		goto err_sock;
	err = sdr_net_init();
	if (err)
		goto err_judge;
	err = sdr_rendezvous_init();
	if (err)
		goto err_net;
	err = sdr_family_init();
	if (err)
		goto err_rendezvous;
	__kunit_test_suites_init(suites, ARRAY_SIZE(suites));
	return 0;

err_rendezvous:
	sdr_rendezvous_exit();
err_net:
	sdr_net_exit();
err_judge:
	sdr_judge_exit();
err_sock:
	sdr_sock_exit();
err_pair:
	sdr_pair_exit();
err_payer:
	test_payer_exit();
	return err;
}

static void __exit test_exit(void)
{
	__kunit_test_suites_exit(suites, ARRAY_SIZE(suites));
	sdr_family_exit();
	sdr_rendezvous_exit();
	sdr_net_exit();
	sdr_judge_exit();
	rcu_barrier();
	sdr_sock_exit();
	sdr_pair_exit();
	test_payer_exit();
}

module_init(test_init);
module_exit(test_exit);

MODULE_DESCRIPTION("Unit tests of sdirect");
MODULE_AUTHOR("The sdirect developers");
MODULE_LICENSE("GPL");
