// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "force.h"
#include "parse.h"
#include "wire.h"

/*
 * What is asked stays so as long as the rules do, but for what is called by a
 * number that may be used again, as that of a cgroup.
 */
#define ANSWER_TTL	3600	/* seconds */

void force_free(struct force *force)
{
	if (!force)
		return;
	engine_free(force->engine);
	policy_free(&force->policy);
	free(force->fields);
	free(force->some);
	free(force);
}

/*
 * A policy that the module is to ask about is made ready before it does, as
 * nobody waits for that.
 */
static struct engine *make_engine(struct policy *policy, time_t now)
{
	struct engine *engine = engine_build(policy, now);
	size_t i;

	for (i = 0; engine && i < policy->n; i++)
		if (wire_asks(&policy->rule[i], SDIRECT_POLICY_SET_MAX))
			break;
	if (engine && i < policy->n && engine_plant(engine)) {
		engine_free(engine);
		return NULL;
	}
	return engine;
}

static struct force *ready(struct force *force, time_t now)
{
	size_t i;

	force->time = now;
	force->engine = make_engine(&force->policy, now);
	force->fields = calloc(force->policy.n + 1, sizeof(*force->fields));
	force->some = calloc(force->policy.n / FORCE_SOME + 1,
			     sizeof(*force->some));
	if (!force->engine || !force->fields || !force->some)
		return NULL;
	for (i = 0; i < force->policy.n; i++) {
		force->fields[i] = wire_fields(&force->policy.rule[i]);
		force->some[i / FORCE_SOME] |= force->fields[i];
		force->all_fields |= force->fields[i];
	}
	return force;
}

struct force *force_load(const char *path, time_t now,
			 struct complaints *complaints)
{
	struct force *force = calloc(1, sizeof(*force));

	if (!force || policy_init(&force->policy)) {
		free(force);
		complain(complaints, false, path, 0, 0, "out of memory");
		return NULL;
	}
	if (policy_parse(&force->policy, path, &world_system, complaints)) {
		force_free(force);
		force = NULL;
	} else if (!ready(force, now)) {
		complain(complaints, false, path, 0, 0, "out of memory");
		force_free(force);
		force = NULL;
	}
	world_forget();
	return force;
}

int force_retime(struct force *force, time_t now)
{
	struct engine *engine;

	if (!force->policy.timed || engine_same_time(force->engine, now))
		return 0;
	engine = make_engine(&force->policy, now);
	if (!engine)
		return -ENOMEM;
	engine_free(force->engine);
	force->engine = engine;
	force->time = now;
	return 1;
}

/* Telling */

static bool is_told(const struct force *force, size_t i)
{
	return engine_active(force->engine, i) &&
	       wire_possible(&force->policy.rule[i]);
}

/* The largest sets with which the module takes all rules. */
static size_t choose_set_max(const struct force *force, size_t *rules)
{
	size_t set_max = SDIRECT_POLICY_SET_MAX, entries, i;

	do {
		*rules = 0;
		for (entries = 0, i = 0; i < force->policy.n; i++) {
			if (!is_told(force, i))
				continue;
			++*rules;
			entries += wire_entries(&force->policy.rule[i],
						set_max);
		}
		if (entries <= SDIRECT_POLICY_ENTRIES_MAX)
			break;
		set_max /= 4;
	} while (set_max);
	return set_max;
}

static int present_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *generation = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == SDIRECT_A_POLICY_GENERATION &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			*generation = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static struct nlmsghdr *begin(struct link *link, void *buf, uint8_t cmd,
			      uint32_t generation)
{
	struct nlmsghdr *nlh = link_begin(link, buf, cmd);

	mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_GENERATION, generation);
	return nlh;
}

/* What questions have to tell: what is looked at from the first that asks on. */
static uint32_t asked_fields(const struct force *force, size_t set_max)
{
	uint32_t fields = 0;
	size_t i;

	for (i = 0; i < force->policy.n; i++)
		if (fields || (is_told(force, i) &&
			       wire_asks(&force->policy.rule[i], set_max)))
			fields |= force->fields[i];
	return fields;
}

/**
 * struct head - what is said before the rules
 * @generation:	what they are called
 * @rules:	how many
 * @fields:	what questions have to tell
 * @all_netns:	they are for all network namespaces
 */
struct head {
	uint32_t generation;
	size_t rules;
	uint32_t fields;
	bool all_netns;
};

static int push_begin(struct link *link, const struct head *head)
{
	struct nlmsghdr *nlh;
	char buf[256];

	nlh = begin(link, buf, SDIRECT_CMD_POLICY_BEGIN, head->generation);
	mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_RULES, head->rules);
	mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_FIELDS, head->fields);
	if (head->all_netns)
		mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_FLAGS,
				 SDIRECT_POLICY_F_ALL_NETNS);
	return link_do(link, nlh, NULL, NULL);
}

static int push_rules(const struct force *force, struct link *link,
		      uint32_t generation, size_t set_max)
{
	static char buf[2 * WIRE_ROOM] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = NULL;
	int err = 0;
	size_t i;

	for (i = 0; i < force->policy.n && !err; i++) {
		if (!is_told(force, i))
			continue;
		if (nlh && wire_rule(nlh, &force->policy.rule[i], i + 1,
				     set_max))
			continue;
		if (nlh)
			err = link_do(link, nlh, NULL, NULL);
		nlh = begin(link, buf, SDIRECT_CMD_POLICY_ADD, generation);
		if (!wire_rule(nlh, &force->policy.rule[i], i + 1, set_max))
			return -EMSGSIZE;
	}
	return nlh && !err ? link_do(link, nlh, NULL, NULL) : err;
}

int force_push(struct force *force, struct link *link, bool all_netns)
{
	struct head head = { .all_netns = all_netns };
	size_t set_max;
	char buf[256];
	int err;

	err = link_do(link, link_begin(link, buf, SDIRECT_CMD_POLICY_GET),
		      present_reply, &head.generation);
	if (err)
		return err;
	if (!++head.generation)
		head.generation = 1;
	set_max = choose_set_max(force, &head.rules);
	head.fields = asked_fields(force, set_max);
	err = push_begin(link, &head);
	if (!err)
		err = push_rules(force, link, head.generation, set_max);
	if (err)
		return err;
	/* Questions may come before the acknowledgment. */
	force->generation = head.generation;
	err = link_do(link, begin(link, buf, SDIRECT_CMD_POLICY_COMMIT,
				  head.generation), NULL, NULL);
	if (err)
		force->generation = 0;
	return err;
}

/* Answering */

/* All that was looked at on the way from the rule that asked. */
static uint32_t looked_at(const struct force *force, size_t first,
			  size_t last)
{
	uint32_t fields = 0;

	while (first <= last && fields != force->all_fields) {
		if (first % FORCE_SOME || last - first < FORCE_SOME) {
			fields |= force->fields[first++];
		} else {
			fields |= force->some[first / FORCE_SOME];
			first += FORCE_SOME;
		}
	}
	return fields;
}

/* The rule that decides, and what that depends on. */
static void put_ruling(struct nlmsghdr *nlh, const struct force *force,
		       uint32_t first, uint32_t found)
{
	size_t last = found == RULE_NONE ? force->policy.n - 1 : found;
	const struct rule *rule = &force->policy.rule[last];

	mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_TTL, ANSWER_TTL);
	mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_FIELDS,
			 looked_at(force, first, last));
	if (found == RULE_NONE)
		return;
	mnl_attr_put_u8(nlh, SDIRECT_A_POLICY_VERDICT, rule->verdict);
	mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_NUMBER, found + 1);
	if (rule->ring_max)
		mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_RING_MAX,
				 rule->ring_max);
	if (rule->rate)
		mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_RATE, rule->rate);
}

void force_answer(struct force *force, struct link *link,
		  struct query *query)
{
	uint32_t first = query->number ? query->number - 1 : 0;
	struct nlmsghdr *nlh;
	int64_t found;
	char buf[256];

	if (first >= force->policy.n)
		return;
	if (force->policy.globs[PATTERN_EXE].n)
		query_verify(query);
	found = engine_decide(force->engine, &query->candidate, first);
	if (found < 0 && found != -E2BIG)
		return;
	nlh = begin(link, buf, SDIRECT_CMD_POLICY_ANSWER, query->generation);
	mnl_attr_put_u64(nlh, SDIRECT_A_POLICY_ID, query->id);
	/* What takes too long to decide is left where firewalls see it. */
	if (found < 0)
		mnl_attr_put_u8(nlh, SDIRECT_A_POLICY_VERDICT,
				SDIRECT_VERDICT_TCP);
	else
		put_ruling(nlh, force, first, found);
	link_tell(link, nlh);
}
