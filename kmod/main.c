// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading. */
#include "compat.h"

#include <linux/module.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/sdirect.h>

#include "af_sdirect.h"
#include "judge.h"
#include "net.h"
#include "netlink.h"
#include "pair.h"
#include "payer.h"
#include "rendezvous.h"
#include "sock.h"

static int __init sdr_init(void)
{
	int err;

	sdr_payer_init();
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
	err = sdr_netlink_init();
	if (err)
		goto err_rendezvous;
	/* Last: from here on there are sockets. */
	err = sdr_family_init();
	if (err)
		goto err_netlink;
	pr_info("sdirect %s, ABI %u\n", SDIRECT_VERSION, SDIRECT_ABI_VERSION);
	return 0;

err_netlink:
	sdr_netlink_exit();
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
	sdr_payer_exit();
	return err;
}

static void __exit sdr_exit(void)
{
	sdr_family_exit();
	sdr_netlink_exit();
	sdr_rendezvous_exit();
	sdr_net_exit();
	sdr_judge_exit();
	/* Segments and pairs are freed by RCU callbacks of ours. */
	rcu_barrier();
	sdr_sock_exit();
	sdr_pair_exit();
	sdr_payer_exit();
}

module_init(sdr_init);
module_exit(sdr_exit);

MODULE_DESCRIPTION("TCP sockets that move to shared memory");
MODULE_AUTHOR("The sdirect developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(SDIRECT_VERSION);
MODULE_ALIAS_NETPROTO(PF_SDIRECT);
