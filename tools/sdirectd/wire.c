// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "nets.h"
#include "wire.h"

#define END_MAX		16	/* of enum sdirect_policy_field: the other end */
#define RULE_ROOM	(WIRE_ROOM - 1024)	/* but for what is small */

_Static_assert((int)FIELD_LABEL == (int)SDIRECT_FIELD_FROM_LABEL &&
	       (int)FIELD_USER + END_MAX == (int)SDIRECT_FIELD_TO_UID &&
	       (int)FIELD_NETNS == (int)SDIRECT_FIELD_FROM_NETNS &&
	       (int)SAME_CGROUP == (int)SDIRECT_SAME_CGROUP &&
	       (int)SAME_NETNS == (int)SDIRECT_SAME_NETNS &&
	       (int)VERDICT_DENY == (int)SDIRECT_VERDICT_DENY,
	       "the numbers of the rule language are those of the module");

static bool is_net(enum field field)
{
	return field == FIELD_ADDR || field == FIELD_PEER_ADDR;
}

/* Entries of a set; 0 if it cannot be told. */
static size_t set_entries(const struct set *set, size_t set_max)
{
	return set->entries > set_max ? 0 : set->entries;
}

static size_t set_bytes(const struct set *set, size_t set_max)
{
	return set_entries(set, set_max) *
	       (is_net(set->field) ? sizeof(struct sdirect_policy_net) :
		sizeof(struct sdirect_policy_range)) + 16;
}

/* All sets together must fit into a message: else take smaller ones. */
static size_t rule_set_max(const struct rule *rule, size_t set_max)
{
	const struct set *set;
	unsigned int place;
	uint32_t left;
	size_t bytes;

	do {
		left = rule->asks;
		for (bytes = 0; (set = rule_next(rule, &left, &place));)
			if (set_entries(set, set_max))
				bytes += set_bytes(set, set_max);
		if (bytes > RULE_ROOM)
			set_max /= 2;
	} while (bytes > RULE_ROOM);
	return set_max;
}

size_t wire_entries(const struct rule *rule, size_t set_max)
{
	uint32_t left = rule->asks;
	const struct set *set;
	unsigned int place;
	size_t n = 0;

	set_max = rule_set_max(rule, set_max);
	while ((set = rule_next(rule, &left, &place)))
		n += set_entries(set, set_max);
	return n + __builtin_popcount(rule->carriers);
}

static bool leaves_out(const struct rule *rule, size_t set_max)
{
	uint32_t left = rule->asks;
	const struct set *set;
	unsigned int place;

	while ((set = rule_next(rule, &left, &place)))
		if (!set_entries(set, set_max))
			return true;
	return false;
}

bool wire_asks(const struct rule *rule, size_t set_max)
{
	return leaves_out(rule, rule_set_max(rule, set_max));
}

bool wire_possible(const struct rule *rule)
{
	uint32_t left = rule->asks;
	const struct set *set;
	unsigned int place;

	while ((set = rule_next(rule, &left, &place)))
		if (!set->ranges.n && field_patterns(set->field) < 0)
			return false;
	return true;
}

uint32_t wire_fields(const struct rule *rule)
{
	static const enum field same[] = { FIELD_USER, FIELD_GROUP,
					   FIELD_NETNS, FIELD_CGROUP };
	uint32_t fields;
	unsigned int i;

	fields = (rule->asks & ((1u << FIELDS) - 1)) |
		 rule->asks >> FIELDS << END_MAX;
	for (i = 0; i < 4; i++)
		if (rule->same & 1 << i)
			fields |= 1u << same[i] | 1u << (same[i] + END_MAX);
	if (rule->carriers)
		fields |= 1u << SDIRECT_FIELD_CARRIER;
	return fields;
}

static void put_set(struct nlmsghdr *nlh, const struct set *set)
{
	static struct sdirect_policy_net nets[SDIRECT_POLICY_SET_MAX];
	static struct sdirect_policy_range ranges[SDIRECT_POLICY_SET_MAX];
	size_t i;

	if (is_net(set->field)) {
		mnl_attr_put(nlh, SDIRECT_A_COND_NETS,
			     nets_of(&set->ranges, nets) * sizeof(*nets), nets);
		return;
	}
	for (i = 0; i < set->ranges.n; i++) {
		ranges[i].first = set->ranges.v[i].first;
		ranges[i].last = set->ranges.v[i].last;
	}
	mnl_attr_put(nlh, SDIRECT_A_COND_RANGES, i * sizeof(*ranges), ranges);
}

static void put_conditions(struct nlmsghdr *nlh, const struct rule *rule,
			   size_t set_max)
{
	uint32_t left = rule->asks;
	const struct set *set;
	struct nlattr *nest;
	unsigned int i;

	while ((set = rule_next(rule, &left, &i))) {
		if (!set_entries(set, set_max))
			continue;
		nest = mnl_attr_nest_start(nlh, SDIRECT_A_RULE_COND);
		mnl_attr_put_u8(nlh, SDIRECT_A_COND_FIELD,
				i / FIELDS * END_MAX + i % FIELDS);
		put_set(nlh, set);
		mnl_attr_nest_end(nlh, nest);
	}
}

static void put_carriers(struct nlmsghdr *nlh, uint8_t carriers)
{
	struct sdirect_policy_range ranges[8];
	struct nlattr *nest;
	int i, n = 0;

	for (i = 0; i < 8; i++)
		if (carriers & 1 << i)
			ranges[n++] = (struct sdirect_policy_range){ i, i };
	nest = mnl_attr_nest_start(nlh, SDIRECT_A_RULE_COND);
	mnl_attr_put_u8(nlh, SDIRECT_A_COND_FIELD, SDIRECT_FIELD_CARRIER);
	mnl_attr_put(nlh, SDIRECT_A_COND_RANGES, n * sizeof(*ranges), ranges);
	mnl_attr_nest_end(nlh, nest);
}

static size_t rule_bytes(const struct rule *rule, size_t set_max)
{
	uint32_t left = rule->asks;
	const struct set *set;
	size_t bytes = 256;
	unsigned int place;

	while ((set = rule_next(rule, &left, &place)))
		bytes += set_bytes(set, set_max);
	return bytes;
}

bool wire_rule(struct nlmsghdr *nlh, const struct rule *rule, uint32_t number,
	       size_t set_max)
{
	struct nlattr *nest;
	bool asks;

	set_max = rule_set_max(rule, set_max);
	asks = leaves_out(rule, set_max);
	if (nlh->nlmsg_len + rule_bytes(rule, set_max) > WIRE_ROOM)
		return false;
	nest = mnl_attr_nest_start(nlh, SDIRECT_A_POLICY_RULE);
	mnl_attr_put_u32(nlh, SDIRECT_A_RULE_NUMBER, number);
	mnl_attr_put_u8(nlh, SDIRECT_A_RULE_VERDICT,
			asks ? SDIRECT_VERDICT_ASK : rule->verdict);
	if (rule->ring_max)
		mnl_attr_put_u32(nlh, SDIRECT_A_RULE_RING_MAX, rule->ring_max);
	if (rule->rate)
		mnl_attr_put_u32(nlh, SDIRECT_A_RULE_RATE, rule->rate);
	if (rule->same)
		mnl_attr_put_u32(nlh, SDIRECT_A_RULE_SAME, rule->same);
	put_conditions(nlh, rule, set_max);
	if (rule->carriers)
		put_carriers(nlh, rule->carriers);
	mnl_attr_nest_end(nlh, nest);
	return true;
}
