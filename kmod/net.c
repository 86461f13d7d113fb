// SPDX-License-Identifier: GPL-2.0
/* What sdirect keeps per network namespace: made and freed here. */
#include <linux/bug.h>
#include <linux/percpu.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "judge.h"
#include "net.h"
#include "policy.h"
#include "sysctl.h"

unsigned int sdr_net_id __read_mostly;

static int __net_init net_create(struct net *net)
{
	struct sdr_net *sn = sdr_net(net);

	sdr_roll_init(&sn->roll);
	/* Any user may make namespaces: whoever does pays for the counters. */
	sn->stats = alloc_percpu_gfp(struct sdr_stats, GFP_KERNEL_ACCOUNT);
	if (!sn->stats)
		return -ENOMEM;
	sn->policy = sdr_policy_alloc(net);
	if (!sn->policy)
		goto err_stats;
	sdr_judge_net_init(sn);
	sn->sysctl = sdr_sysctl_register(net, sn->policy);
	if (sn->sysctl)
		return 0;
	sdr_policy_free(sn->policy);
err_stats:
	free_percpu(sn->stats);
	return -ENOMEM;
}

static void __net_exit net_destroy(struct net *net)
{
	struct sdr_net *sn = sdr_net(net);

	/* A socket holds its namespace, and the module while it is open. */
	WARN_ON_ONCE(!sdr_roll_empty(&sn->roll));
	sdr_sysctl_unregister(sn->sysctl);
	sdr_judge_net_exit(sn);
	sdr_policy_free(sn->policy);
	free_percpu(sn->stats);
}

static struct pernet_operations net_ops = {
	.init = net_create,
	.exit = net_destroy,
	.id = &sdr_net_id,
	.size = sizeof(struct sdr_net),
};

int __init sdr_net_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void sdr_net_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
