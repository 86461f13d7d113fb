// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "exe.h"
#include "query.h"
#include "value.h"

/* What an attribute has to be.  Strings end with a zero. */
static const enum mnl_attr_data_type end_types[SDIRECT_A_END_MAX + 1] = {
	[SDIRECT_A_END_FAMILY]		= MNL_TYPE_U16,
	[SDIRECT_A_END_ADDR]		= MNL_TYPE_BINARY,
	[SDIRECT_A_END_PORT]		= MNL_TYPE_U16,
	[SDIRECT_A_END_PEER_ADDR]	= MNL_TYPE_BINARY,
	[SDIRECT_A_END_PEER_PORT]	= MNL_TYPE_U16,
	[SDIRECT_A_END_UID]		= MNL_TYPE_U32,
	[SDIRECT_A_END_GID]		= MNL_TYPE_U32,
	[SDIRECT_A_END_PID]		= MNL_TYPE_U32,
	[SDIRECT_A_END_CGROUP_PATH]	= MNL_TYPE_NUL_STRING,
	[SDIRECT_A_END_NETNS]		= MNL_TYPE_U64,
	[SDIRECT_A_END_EXE]		= MNL_TYPE_NUL_STRING,
	[SDIRECT_A_END_EXE_DEV]		= MNL_TYPE_U64,
	[SDIRECT_A_END_EXE_INO]		= MNL_TYPE_U64,
	[SDIRECT_A_END_LABEL]		= MNL_TYPE_NUL_STRING,
	[SDIRECT_A_END_USERNS]		= MNL_TYPE_U64,
};

static const enum mnl_attr_data_type policy_types[SDIRECT_A_POLICY_MAX + 1] = {
	[SDIRECT_A_POLICY_GENERATION]	= MNL_TYPE_U32,
	[SDIRECT_A_POLICY_ID]		= MNL_TYPE_U64,
	[SDIRECT_A_POLICY_NUMBER]	= MNL_TYPE_U32,
	[SDIRECT_A_POLICY_VERDICT]	= MNL_TYPE_U8,
	[SDIRECT_A_POLICY_SOURCE]	= MNL_TYPE_U8,
	[SDIRECT_A_POLICY_CARRIER]	= MNL_TYPE_U8,
	[SDIRECT_A_POLICY_CHANGED]	= MNL_TYPE_U8,
	[SDIRECT_A_POLICY_FROM]		= MNL_TYPE_NESTED,
	[SDIRECT_A_POLICY_TO]		= MNL_TYPE_NESTED,
	[SDIRECT_A_POLICY_SAME]		= MNL_TYPE_U32,
	[SDIRECT_A_POLICY_DEVICE]	= MNL_TYPE_NUL_STRING,
};

/**
 * struct table - attributes by their types
 * @type:	what each has to be
 * @max:	the highest that is known
 * @tb:		(out) the attributes
 */
struct table {
	const enum mnl_attr_data_type *type;
	int max;
	const struct nlattr **tb;
};

static int keep(const struct nlattr *attr, void *data)
{
	struct table *table = data;
	int type = mnl_attr_get_type(attr);

	/* A newer module may say more. */
	if (type > table->max || !table->type[type])
		return MNL_CB_OK;
	if (mnl_attr_validate(attr, table->type[type]) < 0)
		return MNL_CB_ERROR;
	table->tb[type] = attr;
	return MNL_CB_OK;
}

static bool parse_addr(const struct nlattr *attr, wide_t *addr)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	unsigned int i, len = mnl_attr_get_payload_len(attr);

	if (len != sizeof(struct in_addr) && len != sizeof(struct in6_addr))
		return false;
	for (*addr = 0, i = 0; i < len; i++)
		*addr = *addr << 8 | bytes[i];
	if (len == sizeof(struct in_addr))
		*addr |= VALUE_MAPPED_FIRST;
	return true;
}

static void parse_strings(struct end *end, const struct nlattr **tb)
{
	if (tb[SDIRECT_A_END_CGROUP_PATH]) {
		end->cgroup = mnl_attr_get_str(tb[SDIRECT_A_END_CGROUP_PATH]);
		end->known |= 1 << FIELD_CGROUP;
	}
	if (tb[SDIRECT_A_END_EXE]) {
		end->exe = mnl_attr_get_str(tb[SDIRECT_A_END_EXE]);
		end->known |= 1 << FIELD_EXE;
	}
	if (tb[SDIRECT_A_END_LABEL]) {
		end->label = mnl_attr_get_str(tb[SDIRECT_A_END_LABEL]);
		end->known |= 1 << FIELD_LABEL;
	}
}

static void parse_numbers(struct end *end, const struct nlattr **tb)
{
	if (tb[SDIRECT_A_END_PORT]) {
		end->port = ntohs(mnl_attr_get_u16(tb[SDIRECT_A_END_PORT]));
		end->known |= 1 << FIELD_PORT;
	}
	if (tb[SDIRECT_A_END_PEER_PORT]) {
		end->peer_port =
			ntohs(mnl_attr_get_u16(tb[SDIRECT_A_END_PEER_PORT]));
		end->known |= 1 << FIELD_PEER_PORT;
	}
	if (tb[SDIRECT_A_END_UID]) {
		end->user = mnl_attr_get_u32(tb[SDIRECT_A_END_UID]);
		end->known |= 1 << FIELD_USER;
	}
	if (tb[SDIRECT_A_END_GID]) {
		end->group = mnl_attr_get_u32(tb[SDIRECT_A_END_GID]);
		end->known |= 1 << FIELD_GROUP;
	}
	if (tb[SDIRECT_A_END_NETNS]) {
		end->netns = mnl_attr_get_u64(tb[SDIRECT_A_END_NETNS]);
		end->known |= 1 << FIELD_NETNS;
	}
	if (tb[SDIRECT_A_END_USERNS])
		end->userns = mnl_attr_get_u64(tb[SDIRECT_A_END_USERNS]);
}

static int parse_end(const struct nlattr *nest, struct query *query,
		     enum side side)
{
	struct end *end = &query->candidate.end[side];
	const struct nlattr *tb[SDIRECT_A_END_MAX + 1] = { 0 };
	struct table table = { end_types, SDIRECT_A_END_MAX, tb };

	if (!nest)
		return 0;
	if (mnl_attr_parse_nested(nest, keep, &table) < MNL_CB_STOP)
		return -EBADMSG;
	if (tb[SDIRECT_A_END_ADDR]) {
		if (!parse_addr(tb[SDIRECT_A_END_ADDR], &end->addr))
			return -EBADMSG;
		end->known |= 1 << FIELD_ADDR;
	}
	if (tb[SDIRECT_A_END_PEER_ADDR]) {
		if (!parse_addr(tb[SDIRECT_A_END_PEER_ADDR], &end->peer_addr))
			return -EBADMSG;
		end->known |= 1 << FIELD_PEER_ADDR;
	}
	parse_numbers(end, tb);
	parse_strings(end, tb);
	if (tb[SDIRECT_A_END_PID])
		query->pid[side] = mnl_attr_get_u32(tb[SDIRECT_A_END_PID]);
	if (tb[SDIRECT_A_END_EXE_DEV])
		query->exe_dev[side] =
			mnl_attr_get_u64(tb[SDIRECT_A_END_EXE_DEV]);
	if (tb[SDIRECT_A_END_EXE_INO])
		query->exe_ino[side] =
			mnl_attr_get_u64(tb[SDIRECT_A_END_EXE_INO]);
	return 0;
}

static uint32_t small(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u8(attr) : 0;
}

static uint32_t number(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u32(attr) : 0;
}

int query_parse(const struct nlmsghdr *nlh, struct query *query)
{
	const struct nlattr *tb[SDIRECT_A_POLICY_MAX + 1] = { 0 };
	struct table table = { policy_types, SDIRECT_A_POLICY_MAX, tb };
	struct candidate *c = &query->candidate;

	memset(query, 0, sizeof(*query));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct genlmsghdr) ||
	    mnl_attr_parse(nlh, sizeof(struct genlmsghdr), keep, &table) <
	    MNL_CB_STOP)
		return -EBADMSG;
	if (tb[SDIRECT_A_POLICY_ID])
		query->id = mnl_attr_get_u64(tb[SDIRECT_A_POLICY_ID]);
	query->generation = number(tb[SDIRECT_A_POLICY_GENERATION]);
	query->number = number(tb[SDIRECT_A_POLICY_NUMBER]);
	query->verdict = small(tb[SDIRECT_A_POLICY_VERDICT]);
	query->source = small(tb[SDIRECT_A_POLICY_SOURCE]);
	query->changed = small(tb[SDIRECT_A_POLICY_CHANGED]);
	c->carrier = small(tb[SDIRECT_A_POLICY_CARRIER]) & 7;
	if (tb[SDIRECT_A_POLICY_DEVICE])
		query->device = mnl_attr_get_str(tb[SDIRECT_A_POLICY_DEVICE]);
	c->compared = tb[SDIRECT_A_POLICY_SAME];
	c->same = number(tb[SDIRECT_A_POLICY_SAME]);
	if (parse_end(tb[SDIRECT_A_POLICY_FROM], query, SIDE_FROM))
		return -EBADMSG;
	return parse_end(tb[SDIRECT_A_POLICY_TO], query, SIDE_TO);
}

/* A name alone stands for a program only where nobody else can give it. */
void query_verify(struct query *query)
{
	struct end *end;
	unsigned int side;

	for (side = 0; side < SIDES; side++) {
		end = &query->candidate.end[side];
		if (end->known & 1 << FIELD_EXE &&
		    !exe_is(end->exe, query->exe_dev[side],
			    query->exe_ino[side], &end->exe_named))
			end->known &= ~(1 << FIELD_EXE);
	}
}
