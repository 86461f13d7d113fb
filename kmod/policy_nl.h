/* SPDX-License-Identifier: GPL-2.0 */
/* The commands of the netlink family that are about the policy. */
#ifndef _SDR_POLICY_NL_H
#define _SDR_POLICY_NL_H

#include <linux/init.h>
#include <linux/sdirect_netlink.h>
#include <net/genetlink.h>

extern const struct nla_policy sdr_nl_begin_policy[];
extern const struct nla_policy sdr_nl_add_policy[];
extern const struct nla_policy sdr_nl_commit_policy[];
extern const struct nla_policy sdr_nl_answer_policy[];

/* Attributes that they have, one less than their rows. */
#define SDR_NL_BEGIN_MAX	SDIRECT_A_POLICY_FIELDS
#define SDR_NL_ADD_MAX		SDIRECT_A_POLICY_RULE
#define SDR_NL_COMMIT_MAX	SDIRECT_A_POLICY_GENERATION
#define SDR_NL_ANSWER_MAX	SDIRECT_A_POLICY_RATE

int sdr_nl_register(struct sk_buff *skb, struct genl_info *info);
int sdr_nl_begin(struct sk_buff *skb, struct genl_info *info);
int sdr_nl_add(struct sk_buff *skb, struct genl_info *info);
int sdr_nl_commit(struct sk_buff *skb, struct genl_info *info);
int sdr_nl_answer(struct sk_buff *skb, struct genl_info *info);
int sdr_nl_get(struct sk_buff *skb, struct genl_info *info);
int sdr_nl_rules_dump(struct sk_buff *skb, struct netlink_callback *cb);

int __init sdr_policy_nl_init(void);
void sdr_policy_nl_exit(void);

#endif /* _SDR_POLICY_NL_H */
