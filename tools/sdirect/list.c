// SPDX-License-Identifier: GPL-2.0-only
/* sdirect list */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/sdirect.h>
#include <linux/sdirect_netlink.h>

#include "command.h"
#include "conn.h"
#include "genl.h"
#include "holders.h"
#include "json.h"
#include "names.h"
#include "table.h"
#include "text.h"

static const char * const headings[] = {
	"STATE", "LOCAL", "REMOTE", "PROCESS", "TX", "SENT", "BY-RING",
	"RX", "RECEIVED", "BY-RING", "LEASE", "POLICY", "WHY TCP",
};

#define COLUMNS	(sizeof(headings) / sizeof(headings[0]))
#define ALIGN	"lllllrrlrrlll"

static const struct holder *next_holder(const struct holders *holders,
					const struct holder *h)
{
	const struct holder *next = h + 1;

	if (next == holders->v + holders->n || next->inode != h->inode)
		return NULL;
	return next;
}

static void json_holders(struct json *json, const struct holders *holders,
			 uint64_t inode)
{
	const struct holder *h = holders_first(holders, inode);

	json_open(json, "processes", '[');
	for (; h; h = next_holder(holders, h)) {
		json_open(json, NULL, '{');
		json_uint(json, "pid", h->pid);
		json_string(json, "name", h->name);
		json_uint(json, "fd", h->fd);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_ends(struct json *json, const struct conn *c)
{
	char addr[TEXT_ADDR];

	json_string(json, "family", c->family == AF_INET ? "inet" : "inet6");
	json_string(json, "state", name_of_state(c->state)->name);
	json_string(json, "local_address",
		    text_addr(addr, c->family, c->local_addr));
	json_uint(json, "local_port", ntohs(c->local_port));
	json_string(json, "remote_address",
		    text_addr(addr, c->family, c->remote_addr));
	json_uint(json, "remote_port", ntohs(c->remote_port));
	json_uint(json, "ifindex", c->ifindex);
	json_uint(json, "inode", c->inode);
	json_uint(json, "uid", c->uid);
	json_uint(json, "netns_cookie", c->netns_cookie);
}

static void json_path(struct json *json, const struct conn *c)
{
	size_t i;

	json_string(json, "tx_carrier", name_of_carrier(c->tx_carrier)->name);
	json_string(json, "rx_carrier", name_of_carrier(c->rx_carrier)->name);
	json_string(json, "reason", name_of_reason(c->reason)->name);
	json_uint(json, "tx_bytes", c->tx_bytes);
	json_uint(json, "rx_bytes", c->rx_bytes);
	json_uint(json, "tx_ring_bytes", c->tx_ring_bytes);
	json_uint(json, "rx_ring_bytes", c->rx_ring_bytes);
	json_uint(json, "tx_ring_size", c->tx_ring_size);
	json_uint(json, "rx_ring_size", c->rx_ring_size);
	json_bool(json, "leased", c->leased);
	json_bool(json, "demoted", c->demoted);
	if (c->verdict) {
		json_string(json, "verdict", name_of_verdict(c->verdict)->name);
		json_string(json, "source", name_of_source(c->source)->name);
		json_uint(json, "rule", c->rule);
	}
	json_open(json, "counters", '{');
	for (i = 0; i < c->counters.n; i++)
		json_uint(json, c->counters.v[i].name, c->counters.v[i].value);
	json_close(json, '}');
}

static int print_json(const struct conns *conns, const struct holders *holders)
{
	struct json json = { .out = stdout };
	size_t i;

	json_open(&json, NULL, '[');
	for (i = 0; i < conns->n; i++) {
		json_open(&json, NULL, '{');
		json_ends(&json, &conns->v[i]);
		json_holders(&json, holders, conns->v[i].inode);
		json_path(&json, &conns->v[i]);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	return 0;
}

/* "name/pid", and how many other processes hold the socket too. */
static const char *text_process(char *buf, size_t size,
				const struct holders *holders, uint64_t inode)
{
	const struct holder *first = holders_first(holders, inode);
	const struct holder *h, *last = first;
	unsigned int others = 0;
	char name[32];
	int len;

	if (!first)
		return "-";
	for (h = first; h; h = next_holder(holders, h)) {
		others += h->pid != last->pid;
		last = h;
	}
	snprintf(name, sizeof(name), "%s", first->name);
	len = snprintf(buf, size, "%s/%d", text_printable(name),
		       (int)first->pid);
	if (others)
		snprintf(buf + len, size - len, " +%u", others);
	return buf;
}

static const char *text_reason(const struct conn *c)
{
	if (c->tx_carrier != SDIRECT_CARRIER_TCP &&
	    c->rx_carrier != SDIRECT_CARRIER_TCP)
		return "-";
	return name_of_reason(c->reason)->text;
}

/* The verdict, and the rule that gave it. */
static const char *text_policy(char *buf, size_t size, const struct conn *c)
{
	const char *verdict = name_of_verdict(c->verdict)->name;

	if (!c->verdict)
		return "-";
	if (c->rule)
		snprintf(buf, size, "%s rule %" PRIu32, verdict, c->rule);
	else
		snprintf(buf, size, "%s %s", verdict,
			 name_of_source(c->source)->name);
	return buf;
}

static int add_row(struct table *table, const struct conn *c,
		   const struct holders *holders, bool full)
{
	char local[TEXT_END], remote[TEXT_END], process[80];
	char policy[40];
	char count[4][TEXT_BYTES];
	const char *row[COLUMNS] = {
		name_of_state(c->state)->name,
		text_end(local, c->family, c->local_addr, c->local_port,
			 c->ifindex),
		text_end(remote, c->family, c->remote_addr, c->remote_port, 0),
		text_process(process, sizeof(process), holders, c->inode),
		name_of_carrier(c->tx_carrier)->name,
		text_bytes(count[0], c->tx_bytes, full),
		text_bytes(count[1], c->tx_ring_bytes, full),
		name_of_carrier(c->rx_carrier)->name,
		text_bytes(count[2], c->rx_bytes, full),
		text_bytes(count[3], c->rx_ring_bytes, full),
		c->leased ? "yes" : "no",
		text_policy(policy, sizeof(policy), c),
		text_reason(c),
	};
	size_t i;
	int err = 0;

	for (i = 0; i < COLUMNS && !err; i++)
		err = table_add(table, row[i]);
	return err;
}

static int print_text(const struct conns *conns, const struct holders *holders,
		      bool full)
{
	struct table table = { .columns = COLUMNS, .align = ALIGN };
	size_t i;
	int err = 0;

	for (i = 0; i < COLUMNS && !err; i++)
		err = table_add(&table, headings[i]);
	for (i = 0; i < conns->n && !err; i++)
		err = add_row(&table, &conns->v[i], holders, full);
	if (!err)
		table_print(&table, stdout);
	table_free(&table);
	return err;
}

static int find_holders(struct holders *holders, const struct conns *conns)
{
	uint64_t *inodes = calloc(conns->n + 1, sizeof(*inodes));
	size_t i;
	int err;

	if (!inodes)
		return -ENOMEM;
	for (i = 0; i < conns->n; i++)
		inodes[i] = conns->v[i].inode;
	qsort(inodes, conns->n, sizeof(*inodes), inode_compare);
	err = holders_find(holders, inodes, conns->n);
	free(inodes);
	return err;
}

int cmd_list(const struct options *opt)
{
	struct holders holders = { 0 };
	struct conns conns = { 0 };
	struct genl genl;
	int err;

	err = genl_open(&genl);
	if (!err) {
		err = genl_dump(&genl, SDIRECT_CMD_CONN_GET,
				SDIRECT_A_CONN_FLAGS,
				opt->all ? SDIRECT_CONN_F_ALL : 0, conns_reply,
				&conns);
		genl_close(&genl);
	}
	if (err)
		goto out;
	err = find_holders(&holders, &conns);
	if (err)
		goto out;
	err = opt->json ? print_json(&conns, &holders) :
			  print_text(&conns, &holders, opt->bytes);
out:
	holders_free(&holders);
	conns_free(&conns);
	return err ? genl_complain(err) : EXIT_OK;
}
