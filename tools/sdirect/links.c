// SPDX-License-Identifier: GPL-2.0-only
/* sdirect rdma list */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/sdirect_rdma_netlink.h>

#include "command.h"
#include "json.h"
#include "rdma.h"
#include "table.h"
#include "text.h"

#define DEVICE	64	/* longest name, with its end */

/* The fields are those of SDIRECT_RDMA_CMD_LINK_GET. */
struct link {
	struct rdma_addr local;
	struct rdma_addr remote;
	uint8_t active;
	uint8_t talking;
	uint8_t state;
	char device[DEVICE];
	uint32_t conns;
	uint64_t pinned;
	uint64_t writes;
	uint64_t bytes;
	uint64_t inlined;
	uint64_t credits;
	uint64_t completions;
	uint64_t full;
	uint32_t qps;
};

static const char *state_name(uint8_t state)
{
	static const char *const names[] = {
		[SDIRECT_RDMA_LINK_IDLE]	= "idle",
		[SDIRECT_RDMA_LINK_CONNECTING]	= "connecting",
		[SDIRECT_RDMA_LINK_UP]		= "up",
		[SDIRECT_RDMA_LINK_DRAINING]	= "draining",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static int copy(void *to, size_t size, const struct nlattr *attr)
{
	if (mnl_attr_get_payload_len(attr) != size)
		return MNL_CB_ERROR;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return MNL_CB_OK;
}

static int copy_name(char *to, const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_ERROR;
	snprintf(to, DEVICE, "%s", mnl_attr_get_str(attr));
	text_printable(to);
	return MNL_CB_OK;
}

static int link_attr(const struct nlattr *attr, void *data)
{
	struct link *link = data;

	switch (mnl_attr_get_type(attr)) {
	case SDIRECT_RDMA_A_LINK_LOCAL_ADDR:
		return rdma_addr_read(&link->local, attr);
	case SDIRECT_RDMA_A_LINK_REMOTE_ADDR:
		return rdma_addr_read(&link->remote, attr);
	case SDIRECT_RDMA_A_LINK_ACTIVE:
		return copy(&link->active, sizeof(link->active), attr);
	case SDIRECT_RDMA_A_LINK_TALKING:
		return copy(&link->talking, sizeof(link->talking), attr);
	case SDIRECT_RDMA_A_LINK_STATE:
		return copy(&link->state, sizeof(link->state), attr);
	case SDIRECT_RDMA_A_LINK_DEVICE:
		return copy_name(link->device, attr);
	case SDIRECT_RDMA_A_LINK_CONNS:
		return copy(&link->conns, sizeof(link->conns), attr);
	case SDIRECT_RDMA_A_LINK_PINNED:
		return copy(&link->pinned, sizeof(link->pinned), attr);
	case SDIRECT_RDMA_A_LINK_WRITES:
		return copy(&link->writes, sizeof(link->writes), attr);
	case SDIRECT_RDMA_A_LINK_BYTES:
		return copy(&link->bytes, sizeof(link->bytes), attr);
	case SDIRECT_RDMA_A_LINK_INLINED:
		return copy(&link->inlined, sizeof(link->inlined), attr);
	case SDIRECT_RDMA_A_LINK_CREDITS:
		return copy(&link->credits, sizeof(link->credits), attr);
	case SDIRECT_RDMA_A_LINK_COMPLETIONS:
		return copy(&link->completions, sizeof(link->completions),
			    attr);
	case SDIRECT_RDMA_A_LINK_FULL:
		return copy(&link->full, sizeof(link->full), attr);
	case SDIRECT_RDMA_A_LINK_QPS:
		return copy(&link->qps, sizeof(link->qps), attr);
	}
	return MNL_CB_OK;
}

static void print_json(const struct rdma_rows *rows)
{
	const struct link *all = rows->v;
	struct json json = { .out = stdout };
	char buf[TEXT_ADDR];
	size_t i;

	json_open(&json, NULL, '[');
	for (i = 0; i < rows->n; i++) {
		const struct link *link = &all[i];

		json_open(&json, NULL, '{');
		json_string(&json, "local", rdma_addr_text(buf, &link->local));
		json_string(&json, "remote",
			    rdma_addr_text(buf, &link->remote));
		json_bool(&json, "active", link->active);
		json_bool(&json, "talking", link->talking);
		json_string(&json, "state", state_name(link->state));
		json_string(&json, "device", link->device);
		json_uint(&json, "queue_pairs", link->qps);
		json_uint(&json, "connections", link->conns);
		json_uint(&json, "pinned_bytes", link->pinned);
		json_uint(&json, "writes", link->writes);
		json_uint(&json, "write_bytes", link->bytes);
		json_uint(&json, "writes_inlined", link->inlined);
		json_uint(&json, "credits", link->credits);
		json_uint(&json, "completions", link->completions);
		json_uint(&json, "queue_full", link->full);
		json_close(&json, '}');
	}
	json_close(&json, ']');
}

static int add_row(struct table *table, const struct link *link)
{
	char local[TEXT_ADDR], remote[TEXT_ADDR], conns[16];
	const char *const cells[] = {
		rdma_addr_text(local, &link->local),
		rdma_addr_text(remote, &link->remote),
		link->active ? "this host" : "the other",
		link->talking ? "yes" : "no",
		state_name(link->state),
		link->device[0] ? link->device : "-",
		conns,
	};
	size_t i;
	int err = 0;

	snprintf(conns, sizeof(conns), "%" PRIu32, link->conns);
	for (i = 0; !err && i < sizeof(cells) / sizeof(cells[0]); i++)
		err = table_add(table, cells[i]);
	return err;
}

static int print_text(const struct rdma_rows *rows)
{
	static const char *const head[] = {
		"LOCAL", "REMOTE", "CALLED BY", "CONTROL", "QUEUE PAIR",
		"DEVICE", "CONNECTIONS",
	};
	const struct link *all = rows->v;
	struct table table = { .columns = 7, .align = "llllllr" };
	int err = 0;
	size_t i;

	for (i = 0; !err && i < table.columns; i++)
		err = table_add(&table, head[i]);
	for (i = 0; !err && i < rows->n; i++)
		err = add_row(&table, &all[i]);
	if (!err)
		table_print(&table, stdout);
	table_free(&table);
	return err;
}

static int ask(struct genl *genl, void *arg)
{
	return rdma_rows_dump(genl, SDIRECT_RDMA_CMD_LINK_GET, arg);
}

int rdma_list(const struct options *opt)
{
	struct rdma_rows links = { .size = sizeof(struct link),
				   .attr = link_attr };
	int status = rdma_ask(ask, &links);

	if (status == EXIT_OK && opt->json)
		print_json(&links);
	else if (status == EXIT_OK && print_text(&links))
		status = genl_complain(-ENOMEM);
	free(links.v);
	return status;
}
