// SPDX-License-Identifier: GPL-2.0
/* net.sdirect: what an administrator sets for a network namespace. */
#include "compat.h"

#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>

#include "judge.h"
#include "policy.h"
#include "sysctl.h"

#define SDR_WORD_MAX	16

/* A word out of a list; living connections follow. */
static int proc_default(SDR_CTL_CONST struct ctl_table *table, int write,
			void *buffer, size_t *lenp, loff_t *ppos)
{
	struct sdr_policy *policy = table->data;
	char word[SDR_WORD_MAX];
	struct ctl_table text = { .data = word, .maxlen = sizeof(word) };
	int err, i;

	strscpy(word, sdr_policy_defaults[READ_ONCE(policy->by_default)],
		sizeof(word));
	err = proc_dostring(&text, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	i = match_string(sdr_policy_defaults, __SDIRECT_DEFAULT_MAX,
			 strim(word));
	if (i < 0)
		return -EINVAL;
	WRITE_ONCE(policy->by_default, i);
	sdr_judge_all(policy->net, sdr_policy_is_global(policy));
	return 0;
}

static const struct ctl_table sdr_sysctls[] = {
	{
		.procname	= "default_policy",
		.mode		= 0644,
		.proc_handler	= proc_default,
	},
	{ }
};

struct ctl_table_header *sdr_sysctl_register(struct net *net,
					     struct sdr_policy *policy)
{
	struct ctl_table_header *header = NULL;
	struct ctl_table *table;
	size_t i;

	table = kmemdup(sdr_sysctls, sizeof(sdr_sysctls), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(sdr_sysctls) - 1; i++)
		table[i].data = policy;
	header = sdr_net_sysctl(net, "net/sdirect", table, i);
	if (!header)
		kfree(table);
	return header;
}

void sdr_sysctl_unregister(struct ctl_table_header *header)
{
	const struct ctl_table *table = header->ctl_table_arg;

	unregister_net_sysctl_table(header);
	kfree(table);
}
