// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "counters.h"

/* Copies a string attribute that must fit. */
static int get_string(const struct nlattr *attr, char *to, size_t room)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ||
	    mnl_attr_get_payload_len(attr) > room)
		return MNL_CB_ERROR;
	strcpy(to, mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static int counter_attr(const struct nlattr *attr, void *data)
{
	struct counter *counter = data;

	switch (mnl_attr_get_type(attr)) {
	case SDIRECT_A_COUNTER_NAME:
		return get_string(attr, counter->name, sizeof(counter->name));
	case SDIRECT_A_COUNTER_VALUE:
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			return MNL_CB_ERROR;
		counter->value = mnl_attr_get_u64(attr);
		return MNL_CB_OK;
	}
	return MNL_CB_OK;
}

int counters_add(const struct nlattr *nest, struct counters *stat)
{
	struct counter counter = { 0 };
	struct counter *v;

	if (mnl_attr_validate(nest, MNL_TYPE_NESTED) < 0 ||
	    mnl_attr_parse_nested(nest, counter_attr, &counter) != MNL_CB_OK ||
	    !counter.name[0])
		return MNL_CB_ERROR;
	v = reallocarray(stat->v, stat->n + 1, sizeof(*v));
	if (!v)
		return MNL_CB_ERROR;
	v[stat->n++] = counter;
	stat->v = v;
	return MNL_CB_OK;
}

static int stat_attr(const struct nlattr *attr, void *data)
{
	struct counters *stat = data;

	switch (mnl_attr_get_type(attr)) {
	case SDIRECT_A_STAT_VERSION:
		return get_string(attr, stat->version, sizeof(stat->version));
	case SDIRECT_A_STAT_ABI_VERSION:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			return MNL_CB_ERROR;
		stat->abi_version = mnl_attr_get_u32(attr);
		return MNL_CB_OK;
	case SDIRECT_A_STAT_COUNTER:
		return counters_add(attr, stat);
	}
	return MNL_CB_OK;
}

int counters_parse(const struct nlmsghdr *nlh, struct counters *stat)
{
	if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN ||
	    mnl_attr_parse(nlh, sizeof(struct genlmsghdr), stat_attr,
			   stat) != MNL_CB_OK ||
	    !stat->version[0])
		return -EBADMSG;
	return 0;
}

int counters_reply(const struct nlmsghdr *nlh, void *data)
{
	int err = counters_parse(nlh, data);

	if (!err)
		return MNL_CB_OK;
	errno = -err;
	return MNL_CB_ERROR;
}

void counters_free(struct counters *stat)
{
	free(stat->v);
	memset(stat, 0, sizeof(*stat));
}
