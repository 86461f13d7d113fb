// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define ROW(name, patterns, bits) { name, sizeof(name) - 1, patterns, bits }

static const struct {
	const char *name;
	size_t len;
	int patterns;
	unsigned int bits;
} fields[FIELDS] = {
	[FIELD_ADDR]		= ROW("addr", -1, 128),
	[FIELD_PORT]		= ROW("port", -1, 16),
	[FIELD_PEER_ADDR]	= ROW("peer-addr", -1, 128),
	[FIELD_PEER_PORT]	= ROW("peer-port", -1, 16),
	[FIELD_USER]		= ROW("user", -1, 32),
	[FIELD_GROUP]		= ROW("group", -1, 32),
	[FIELD_CGROUP]		= ROW("cgroup", PATTERN_CGROUP, 0),
	[FIELD_NETNS]		= ROW("netns", -1, 64),
	[FIELD_EXE]		= ROW("exe", PATTERN_EXE, 0),
	[FIELD_LABEL]		= ROW("label", PATTERN_LABEL, 0),
};

const char *field_name(unsigned int field)
{
	return field < FIELDS ? fields[field].name : NULL;
}

enum field field_find(const char *name, size_t len)
{
	enum field i;

	for (i = 0; i < FIELDS; i++)
		if (fields[i].len == len && *fields[i].name == *name &&
		    !memcmp(fields[i].name, name, len))
			break;
	return i;
}

const char *verdict_name(unsigned int verdict)
{
	static const char * const names[] = {
		[VERDICT_NONE]		= "default",
		[VERDICT_DIRECT]	= "direct",
		[VERDICT_TCP]		= "tcp",
		[VERDICT_DENY]		= "deny",
	};

	return verdict <= VERDICT_DENY ? names[verdict] : "unknown";
}

const char *side_name(unsigned int side)
{
	return side == SIDE_FROM ? "from" : "to";
}

int field_patterns(enum field field)
{
	return fields[field].patterns;
}

wide_t field_max(enum field field)
{
	return WIDE_MAX >> (128 - fields[field].bits);
}

wide_t field_value(const struct end *end, enum field field)
{
	switch (field) {
	case FIELD_ADDR:
		return end->addr;
	case FIELD_PORT:
		return end->port;
	case FIELD_PEER_ADDR:
		return end->peer_addr;
	case FIELD_PEER_PORT:
		return end->peer_port;
	case FIELD_USER:
		return end->user;
	case FIELD_GROUP:
		return end->group;
	case FIELD_NETNS:
		return end->netns;
	default:
		return 0;
	}
}

const char *field_string(const struct end *end, enum field field)
{
	switch (field) {
	case FIELD_CGROUP:
		return end->cgroup;
	case FIELD_EXE:
		return end->exe;
	case FIELD_LABEL:
		return end->label;
	default:
		return NULL;
	}
}

int policy_init(struct policy *policy)
{
	unsigned int i;

	memset(policy, 0, sizeof(*policy));
	for (i = 0; i < PATTERN_KINDS; i++)
		if (globs_init(&policy->globs[i], i == PATTERN_CGROUP))
			break;
	if (i == PATTERN_KINDS)
		return 0;
	policy_free(policy);
	return -ENOMEM;
}

void policy_free(struct policy *policy)
{
	size_t i;

	free(policy->rule);
	arena_free(&policy->arena);
	for (i = 0; i < PATTERN_KINDS; i++)
		globs_free(&policy->globs[i]);
	for (i = 0; i < policy->files; i++) {
		free(policy->file[i].name);
		free(policy->file[i].text);
	}
	free(policy->file);
	memset(policy, 0, sizeof(*policy));
}

struct rule *policy_add(struct policy *policy)
{
	size_t room = policy->room ? policy->room * 2 : 16;
	struct rule *v;

	if (policy->n == policy->room) {
		v = reallocarray(policy->rule, room, sizeof(*v));
		if (!v)
			return NULL;
		policy->rule = v;
		policy->room = room;
	}
	v = &policy->rule[policy->n++];
	memset(v, 0, sizeof(*v));
	return v;
}

int policy_add_file(struct policy *policy, const char *name, char *text,
		    size_t len)
{
	struct file *v;
	char *copy;

	v = reallocarray(policy->file, policy->files + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	policy->file = v;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	v += policy->files++;
	v->name = copy;
	v->text = text;
	v->len = len;
	return 0;
}
