// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "conn.h"

/**
 * struct field - where an attribute goes
 * @offset:	in struct conn
 * @size:	of the member; 0: an attribute to skip
 * @type:	what the attribute must be
 * @needed:	a message without it is broken
 */
struct field {
	uint16_t offset;
	uint16_t size;
	enum mnl_attr_data_type type;
	bool needed;
};

#define FIELD(member, type, needed) \
	{ offsetof(struct conn, member), sizeof(((struct conn *)0)->member), \
	  type, needed }

static const struct field fields[SDIRECT_A_CONN_MAX + 1] = {
	[SDIRECT_A_CONN_FAMILY] = FIELD(family, MNL_TYPE_U16, true),
	[SDIRECT_A_CONN_STATE] = FIELD(state, MNL_TYPE_U8, true),
	[SDIRECT_A_CONN_LOCAL_ADDR] =
		FIELD(local_addr, MNL_TYPE_BINARY, true),
	[SDIRECT_A_CONN_REMOTE_ADDR] =
		FIELD(remote_addr, MNL_TYPE_BINARY, true),
	[SDIRECT_A_CONN_LOCAL_PORT] = FIELD(local_port, MNL_TYPE_U16, true),
	[SDIRECT_A_CONN_REMOTE_PORT] = FIELD(remote_port, MNL_TYPE_U16, true),
	[SDIRECT_A_CONN_IFINDEX] = FIELD(ifindex, MNL_TYPE_U32, false),
	[SDIRECT_A_CONN_INODE] = FIELD(inode, MNL_TYPE_U64, true),
	[SDIRECT_A_CONN_UID] = FIELD(uid, MNL_TYPE_U32, true),
	[SDIRECT_A_CONN_NETNS_COOKIE] =
		FIELD(netns_cookie, MNL_TYPE_U64, false),
	[SDIRECT_A_CONN_TX_CARRIER] = FIELD(tx_carrier, MNL_TYPE_U8, true),
	[SDIRECT_A_CONN_RX_CARRIER] = FIELD(rx_carrier, MNL_TYPE_U8, true),
	[SDIRECT_A_CONN_REASON] = FIELD(reason, MNL_TYPE_U16, true),
	[SDIRECT_A_CONN_TX_BYTES] = FIELD(tx_bytes, MNL_TYPE_U64, true),
	[SDIRECT_A_CONN_RX_BYTES] = FIELD(rx_bytes, MNL_TYPE_U64, true),
	[SDIRECT_A_CONN_TX_RING_BYTES] =
		FIELD(tx_ring_bytes, MNL_TYPE_U64, true),
	[SDIRECT_A_CONN_RX_RING_BYTES] =
		FIELD(rx_ring_bytes, MNL_TYPE_U64, true),
	[SDIRECT_A_CONN_TX_RING_SIZE] =
		FIELD(tx_ring_size, MNL_TYPE_U32, false),
	[SDIRECT_A_CONN_RX_RING_SIZE] =
		FIELD(rx_ring_size, MNL_TYPE_U32, false),
	[SDIRECT_A_CONN_LEASED] = FIELD(leased, MNL_TYPE_U8, false),
	[SDIRECT_A_CONN_DEMOTED] = FIELD(demoted, MNL_TYPE_U8, false),
	[SDIRECT_A_CONN_VERDICT] = FIELD(verdict, MNL_TYPE_U8, false),
	[SDIRECT_A_CONN_RULE] = FIELD(rule, MNL_TYPE_U32, false),
	[SDIRECT_A_CONN_SOURCE] = FIELD(source, MNL_TYPE_U8, false),
};

/* Lengths of the attributes found, by type; 0: not there. */
struct parse {
	struct conn *conn;
	uint16_t len[SDIRECT_A_CONN_MAX + 1];
};

static int parse_attr(const struct nlattr *attr, void *data)
{
	uint16_t len = mnl_attr_get_payload_len(attr);
	int type = mnl_attr_get_type(attr);
	const struct field *field;
	struct parse *parse = data;

	if (type == SDIRECT_A_CONN_COUNTER)
		return counters_add(attr, &parse->conn->counters);
	if (type > SDIRECT_A_CONN_MAX || !fields[type].size)
		return MNL_CB_OK;
	field = &fields[type];
	if (mnl_attr_validate(attr, field->type) < 0 || len > field->size ||
	    (field->type != MNL_TYPE_BINARY && len != field->size))
		return MNL_CB_ERROR;
	memcpy((char *)parse->conn + field->offset, mnl_attr_get_payload(attr),
	       len);
	parse->len[type] = len;
	return MNL_CB_OK;
}

static bool addresses_fit(const struct parse *parse)
{
	size_t len = parse->conn->family == AF_INET ? 4 : 16;

	return (parse->conn->family == AF_INET ||
		parse->conn->family == AF_INET6) &&
	       parse->len[SDIRECT_A_CONN_LOCAL_ADDR] == len &&
	       parse->len[SDIRECT_A_CONN_REMOTE_ADDR] == len;
}

int conn_parse(const struct nlmsghdr *nlh, struct conn *conn)
{
	struct parse parse = { .conn = conn };
	int i;

	memset(conn, 0, sizeof(*conn));
	if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN ||
	    mnl_attr_parse(nlh, sizeof(struct genlmsghdr), parse_attr,
			   &parse) != MNL_CB_OK)
		return -EBADMSG;
	for (i = 0; i <= SDIRECT_A_CONN_MAX; i++)
		if (fields[i].needed && !parse.len[i])
			return -EBADMSG;
	return addresses_fit(&parse) ? 0 : -EBADMSG;
}

static int conns_grow(struct conns *conns)
{
	size_t room = conns->room ? conns->room * 2 : 64;
	struct conn *v = reallocarray(conns->v, room, sizeof(*v));

	if (!v)
		return -ENOMEM;
	conns->v = v;
	conns->room = room;
	return 0;
}

int conns_reply(const struct nlmsghdr *nlh, void *data)
{
	struct conns *conns = data;
	int err = 0;

	if (conns->n == conns->room)
		err = conns_grow(conns);
	if (!err) {
		err = conn_parse(nlh, &conns->v[conns->n]);
		if (err)
			counters_free(&conns->v[conns->n].counters);
	}
	if (err) {
		errno = -err;
		return MNL_CB_ERROR;
	}
	conns->n++;
	return MNL_CB_OK;
}

void conns_free(struct conns *conns)
{
	size_t i;

	for (i = 0; i < conns->n; i++)
		counters_free(&conns->v[i].counters);
	free(conns->v);
	memset(conns, 0, sizeof(*conns));
}
