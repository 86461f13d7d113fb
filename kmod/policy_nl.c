// SPDX-License-Identifier: GPL-2.0
/* The commands of the netlink family that are about the policy. */
#include "compat.h"

#include <linux/cred.h>
#include <linux/notifier.h>
#include <linux/pid_namespace.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "helper.h"
#include "net.h"
#include "netlink.h"
#include "policy_nl.h"
#include "question.h"
#include "tell.h"

#define RULE_CONDS	hweight32(SDIRECT_FIELDS_RULE)

static const struct nla_policy cond_policy[SDIRECT_A_COND_MAX + 1] = {
	[SDIRECT_A_COND_FIELD] = NLA_POLICY_MAX(NLA_U8, __SDIRECT_FIELD_MAX - 1),
	[SDIRECT_A_COND_RANGES] = {
		.type = NLA_BINARY,
		.len = SDIRECT_POLICY_SET_MAX *
		       sizeof(struct sdirect_policy_range),
	},
	[SDIRECT_A_COND_NETS] = {
		.type = NLA_BINARY,
		.len = SDIRECT_POLICY_SET_MAX *
		       sizeof(struct sdirect_policy_net),
	},
};

static const struct nla_policy rule_policy[SDIRECT_A_RULE_MAX + 1] = {
	[SDIRECT_A_RULE_NUMBER] = { .type = NLA_U32 },
	[SDIRECT_A_RULE_VERDICT] = NLA_POLICY_RANGE(NLA_U8,
						    SDIRECT_VERDICT_DIRECT,
						    SDIRECT_VERDICT_ASK),
	[SDIRECT_A_RULE_RING_MAX] = { .type = NLA_U32 },
	[SDIRECT_A_RULE_RATE] = { .type = NLA_U32 },
	[SDIRECT_A_RULE_COND] = NLA_POLICY_NESTED(cond_policy),
	[SDIRECT_A_RULE_SAME] = NLA_POLICY_MASK(NLA_U32, SDIRECT_SAME_MASK),
};

const struct nla_policy sdr_nl_begin_policy[SDR_NL_BEGIN_MAX + 1] = {
	[SDIRECT_A_POLICY_GENERATION] = NLA_POLICY_MIN(NLA_U32, 1),
	[SDIRECT_A_POLICY_RULES] = { .type = NLA_U32 },
	[SDIRECT_A_POLICY_FLAGS] = NLA_POLICY_MASK(NLA_U32,
						   SDIRECT_POLICY_F_MASK),
	[SDIRECT_A_POLICY_FIELDS] = NLA_POLICY_MASK(NLA_U32,
						    SDIRECT_FIELDS_ANSWER),
};

const struct nla_policy sdr_nl_add_policy[SDR_NL_ADD_MAX + 1] = {
	[SDIRECT_A_POLICY_GENERATION] = { .type = NLA_U32 },
	[SDIRECT_A_POLICY_RULE] = NLA_POLICY_NESTED(rule_policy),
};

const struct nla_policy sdr_nl_commit_policy[SDR_NL_COMMIT_MAX + 1] = {
	[SDIRECT_A_POLICY_GENERATION] = { .type = NLA_U32 },
};

const struct nla_policy sdr_nl_answer_policy[SDR_NL_ANSWER_MAX + 1] = {
	[SDIRECT_A_POLICY_GENERATION] = { .type = NLA_U32 },
	[SDIRECT_A_POLICY_ID] = { .type = NLA_U64 },
	[SDIRECT_A_POLICY_NUMBER] = { .type = NLA_U32 },
	[SDIRECT_A_POLICY_VERDICT] = NLA_POLICY_RANGE(NLA_U8,
						      SDIRECT_VERDICT_DIRECT,
						      SDIRECT_VERDICT_DENY),
	[SDIRECT_A_POLICY_TTL] = { .type = NLA_U32 },
	[SDIRECT_A_POLICY_FIELDS] = NLA_POLICY_MASK(NLA_U32,
						    SDIRECT_FIELDS_ANSWER),
	[SDIRECT_A_POLICY_RING_MAX] = { .type = NLA_U32 },
	[SDIRECT_A_POLICY_RATE] = { .type = NLA_U32 },
};

static struct sdr_policy *policy_of(struct genl_info *info)
{
	return sdr_net(genl_info_net(info))->policy;
}

static int explain(const struct genl_info *info, int err, const char *why)
{
	if (err && info->extack && why)
		info->extack->_msg = why;
	return err;
}

/* An optional number. */
static u32 get_u32(const struct nlattr *attr, u32 otherwise)
{
	return attr ? nla_get_u32(attr) : otherwise;
}

/* --- making rules --- */

int sdr_nl_register(struct sk_buff *skb, struct genl_info *info)
{
	int err = sdr_helper_register(policy_of(info), info->snd_portid);

	return explain(info, err, "there is another helper");
}

int sdr_nl_begin(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_policy *policy = policy_of(info);
	struct nlattr **tb = info->attrs;
	struct sdr_rules_head head;
	const char *why = NULL;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, SDIRECT_A_POLICY_GENERATION) ||
	    GENL_REQ_ATTR_CHECK(info, SDIRECT_A_POLICY_RULES))
		return -EINVAL;
	head = (struct sdr_rules_head) {
		.generation = nla_get_u32(tb[SDIRECT_A_POLICY_GENERATION]),
		.count = nla_get_u32(tb[SDIRECT_A_POLICY_RULES]),
		.flags = get_u32(tb[SDIRECT_A_POLICY_FLAGS], 0),
		.fields = get_u32(tb[SDIRECT_A_POLICY_FIELDS],
				  SDIRECT_FIELDS_ANSWER),
		.ns = genl_info_net(info)->user_ns,
	};
	/*
	 * Who rules over the network namespace may have no rights in its own
	 * user namespace, and then sees no more than the network's owner.
	 */
	if (netlink_ns_capable(skb, current_user_ns(), CAP_NET_ADMIN)) {
		head.ns = current_user_ns();
		head.pids = task_active_pid_ns(current);
	}
	err = sdr_helper_check(policy, info->snd_portid, &why);
	if (!err)
		err = sdr_helper_begin(policy, &head, &why);
	return explain(info, err, why);
}

/*
 * One condition; its values stay where they are in the message.  That and all
 * that is nested in it has been validated: see sdr_nl_add_policy.
 */
static int get_cond(const struct nlattr *attr, struct sdr_cond_desc *cond,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[SDIRECT_A_COND_MAX + 1], *ranges, *nets;
	int err = nla_parse_nested(tb, SDIRECT_A_COND_MAX, attr, NULL, extack);
	size_t size;

	if (err)
		return err;
	ranges = tb[SDIRECT_A_COND_RANGES];
	nets = tb[SDIRECT_A_COND_NETS];
	if (!tb[SDIRECT_A_COND_FIELD] || !ranges == !nets) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a condition has a field and values");
		return -EINVAL;
	}
	cond->field = nla_get_u8(tb[SDIRECT_A_COND_FIELD]);
	cond->ranges = ranges ? nla_data(ranges) : NULL;
	cond->nets = nets ? nla_data(nets) : NULL;
	size = ranges ? sizeof(*cond->ranges) : sizeof(*cond->nets);
	cond->n = nla_len(ranges ?: nets) / size;
	if (nla_len(ranges ?: nets) % size) {
		NL_SET_ERR_MSG_ATTR(extack, ranges ?: nets,
				    "not a whole number of values");
		return -EINVAL;
	}
	return 0;
}

static int get_conds(const struct nlattr *rule, struct sdr_cond_desc *conds,
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rem, err, n = 0;

	nla_for_each_nested(attr, rule, rem) {
		if (nla_type(attr) != SDIRECT_A_RULE_COND)
			continue;
		if (n == RULE_CONDS) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "two conditions on the same field");
			return -EINVAL;
		}
		err = get_cond(attr, &conds[n++], extack);
		if (err)
			return err;
	}
	return n;
}

static int add_one(struct sdr_policy *policy, u32 generation,
		   const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct sdr_cond_desc conds[RULE_CONDS];
	struct nlattr *tb[SDIRECT_A_RULE_MAX + 1];
	const char *why = NULL;
	struct sdr_rule rule;
	int n, err;

	err = nla_parse_nested(tb, SDIRECT_A_RULE_MAX, attr, NULL, extack);
	if (err)
		return err;
	if (!tb[SDIRECT_A_RULE_NUMBER] || !tb[SDIRECT_A_RULE_VERDICT]) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a rule has a number and a verdict");
		return -EINVAL;
	}
	n = get_conds(attr, conds, extack);
	if (n < 0)
		return n;
	rule = (struct sdr_rule) {
		.number = nla_get_u32(tb[SDIRECT_A_RULE_NUMBER]),
		.verdict = nla_get_u8(tb[SDIRECT_A_RULE_VERDICT]),
		.ring_max = get_u32(tb[SDIRECT_A_RULE_RING_MAX], 0),
		.rate = get_u32(tb[SDIRECT_A_RULE_RATE], 0),
		.same = get_u32(tb[SDIRECT_A_RULE_SAME], 0),
	};
	err = sdr_helper_add(policy, generation, &rule, conds, n, &why);
	if (err && why) {
		NL_SET_BAD_ATTR(extack, attr);
		extack->_msg = why;
	}
	return err;
}

int sdr_nl_add(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_policy *policy = policy_of(info);
	const struct nlattr *attr;
	const char *why = NULL;
	u32 generation;
	int rem, err;

	if (GENL_REQ_ATTR_CHECK(info, SDIRECT_A_POLICY_GENERATION))
		return -EINVAL;
	err = sdr_helper_check(policy, info->snd_portid, &why);
	if (err)
		return explain(info, err, why);
	generation = nla_get_u32(info->attrs[SDIRECT_A_POLICY_GENERATION]);
	mutex_lock(&policy->config);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == SDIRECT_A_POLICY_RULE)
			err = add_one(policy, generation, attr, info->extack);
		if (err)
			break;
	}
	/* A set without some of its rules is none. */
	if (err)
		sdr_helper_drop(policy);
	mutex_unlock(&policy->config);
	return err;
}

int sdr_nl_commit(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_policy *policy = policy_of(info);
	const char *why = NULL;
	u32 generation;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, SDIRECT_A_POLICY_GENERATION))
		return -EINVAL;
	generation = nla_get_u32(info->attrs[SDIRECT_A_POLICY_GENERATION]);
	err = sdr_helper_check(policy, info->snd_portid, &why);
	if (!err)
		err = sdr_helper_commit(policy, generation, &why);
	return explain(info, err, why);
}

int sdr_nl_answer(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_policy *policy = policy_of(info);
	struct nlattr **tb = info->attrs;
	const char *why = NULL;
	struct sdr_reply reply;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, SDIRECT_A_POLICY_ID) ||
	    GENL_REQ_ATTR_CHECK(info, SDIRECT_A_POLICY_GENERATION))
		return -EINVAL;
	err = sdr_helper_check(policy, info->snd_portid, &why);
	if (err)
		return explain(info, err, why);
	reply = (struct sdr_reply) {
		.id = nla_get_u64(tb[SDIRECT_A_POLICY_ID]),
		.generation = nla_get_u32(tb[SDIRECT_A_POLICY_GENERATION]),
		.answer.vote = {
			.verdict = tb[SDIRECT_A_POLICY_VERDICT] ?
				nla_get_u8(tb[SDIRECT_A_POLICY_VERDICT]) : 0,
			.source = SDIRECT_SOURCE_ANSWER,
			.number = get_u32(tb[SDIRECT_A_POLICY_NUMBER], 0),
			.ring_max = get_u32(tb[SDIRECT_A_POLICY_RING_MAX], 0),
		},
		.answer.rate = get_u32(tb[SDIRECT_A_POLICY_RATE], 0),
		.numbered = tb[SDIRECT_A_POLICY_NUMBER],
		.fields = get_u32(tb[SDIRECT_A_POLICY_FIELDS], 0),
		.ttl = min_t(u32, SDIRECT_POLICY_TTL_MAX,
			     get_u32(tb[SDIRECT_A_POLICY_TTL],
				     SDIRECT_POLICY_TTL)),
	};
	return sdr_question_answer(policy, &reply);
}

/* --- looking --- */

static int put_counters(struct sk_buff *skb, struct sdr_policy *policy)
{
	struct nlattr *nest;
	int i;

	for (i = 0; i < __SDR_POLICY_COUNTER_MAX; i++) {
		nest = nla_nest_start(skb, SDIRECT_A_POLICY_COUNTER);
		if (!nest ||
		    nla_put_string(skb, SDIRECT_A_COUNTER_NAME,
				   sdr_policy_counter_names[i]) ||
		    nla_put_u64_64bit(skb, SDIRECT_A_COUNTER_VALUE,
				      sdr_policy_counted(policy, i),
				      SDIRECT_A_COUNTER_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_policy(struct sk_buff *skb, struct sdr_policy *policy)
{
	struct sdr_rules *rules = sdr_policy_rules(policy);
	struct sdr_rules_head head = { };
	u32 cached;

	if (rules)
		head = *sdr_rules_head(rules);
	sdr_rules_put(rules);
	spin_lock(&policy->lock);
	cached = sdr_answers_count(policy->answers);
	spin_unlock(&policy->lock);
	return nla_put_u32(skb, SDIRECT_A_POLICY_GENERATION,
			   head.generation) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_RULES, head.count) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_FLAGS, head.flags) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_HELPER,
			   READ_ONCE(policy->helper)) ||
	       nla_put_u8(skb, SDIRECT_A_POLICY_DEFAULT,
			  READ_ONCE(policy->by_default)) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_PENDING,
			   READ_ONCE(policy->n_questions)) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_CACHED, cached) ||
	       put_counters(skb, policy);
}

int sdr_nl_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &sdr_genl_family, 0,
				SDIRECT_CMD_POLICY_GET);
	if (!hdr || put_policy(msg, policy_of(info))) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int put_rule(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct sdr_rules *rules, u32 index)
{
	const struct sdr_rule *rule = sdr_rules_at(rules, index);
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &sdr_genl_family,
				NLM_F_MULTI, SDIRECT_CMD_POLICY_RULE_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, SDIRECT_A_RULE_INDEX, index) ||
	    nla_put_u32(skb, SDIRECT_A_RULE_NUMBER, rule->number) ||
	    nla_put_u8(skb, SDIRECT_A_RULE_VERDICT, rule->verdict) ||
	    nla_put_u64_64bit(skb, SDIRECT_A_RULE_HITS,
			      sdr_rules_hits(rules, index),
			      SDIRECT_A_RULE_PAD) ||
	    nla_put_u32(skb, SDIRECT_A_RULE_GENERATION,
			sdr_rules_generation(rules))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 0;
}

/* @cb->args: the next rule. */
int sdr_nl_rules_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sdr_policy *policy = sdr_net(sock_net(skb->sk))->policy;
	struct sdr_rules *rules = sdr_policy_rules(policy);
	u32 index = cb->args[0];

	if (!rules)
		return 0;
	/* Other rules meanwhile: what was told is not to be mixed with them. */
	cb->seq = sdr_rules_generation(rules);
	for (; index < sdr_rules_head(rules)->count; index++)
		if (put_rule(skb, cb, rules, index))
			break;
	cb->args[0] = index;
	sdr_rules_put(rules);
	return skb->len;
}

/* --- the end of a helper --- */

static int released(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC)
		sdr_helper_gone(sdr_net(n->net)->policy, n->portid);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = released,
};

int __init sdr_policy_nl_init(void)
{
	sdr_tell_begin();
	return netlink_register_notifier(&notifier);
}

void sdr_policy_nl_exit(void)
{
	netlink_unregister_notifier(&notifier);
	sdr_tell_end();
}
