// SPDX-License-Identifier: GPL-2.0-only
/* sdirect rdma pair */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "command.h"
#include "json.h"
#include "rdma.h"
#include "table.h"
#include "text.h"

#define ADDRS	3

/* The attributes of a path, by the order in which they are typed. */
static const struct {
	uint16_t attr;
	const char *name;
	const char *head;
} parts[ADDRS] = {
	{ SDIRECT_RDMA_A_PATH_HOST, "host", "HOST" },
	{ SDIRECT_RDMA_A_PATH_LOCAL, "local", "LOCAL" },
	{ SDIRECT_RDMA_A_PATH_REMOTE, "remote", "REMOTE" },
};

struct path {
	struct rdma_addr addr[ADDRS];
	size_t n;	/* that are sent */
	int err;	/* what became of that */
};

static int path_attr(const struct nlattr *attr, void *data)
{
	struct path *path = data;
	size_t i;

	for (i = 0; i < ADDRS; i++)
		if (mnl_attr_get_type(attr) == parts[i].attr)
			return rdma_addr_read(&path->addr[i], attr);
	return MNL_CB_OK;
}

static void print_json(const struct rdma_rows *rows)
{
	const struct path *all = rows->v;
	struct json json = { .out = stdout };
	char buf[TEXT_ADDR];
	size_t i, k;

	json_open(&json, NULL, '[');
	for (i = 0; i < rows->n; i++) {
		json_open(&json, NULL, '{');
		for (k = 0; k < ADDRS; k++)
			json_string(&json, parts[k].name,
				    rdma_addr_text(buf, &all[i].addr[k]));
		json_close(&json, '}');
	}
	json_close(&json, ']');
}

static int print_text(const struct rdma_rows *rows)
{
	const struct path *all = rows->v;
	struct table table = { .columns = ADDRS, .align = "lll" };
	char buf[TEXT_ADDR];
	int err = 0;
	size_t i;

	for (i = 0; !err && i < ADDRS; i++)
		err = table_add(&table, parts[i].head);
	for (i = 0; !err && i < ADDRS * rows->n; i++)
		err = table_add(&table,
				rdma_addr_text(buf, &all[i / ADDRS]
							     .addr[i % ADDRS]));
	if (!err)
		table_print(&table, stdout);
	table_free(&table);
	return err;
}

static int get(struct genl *genl, void *arg)
{
	return rdma_rows_dump(genl, SDIRECT_RDMA_CMD_PATH_GET, arg);
}

static int show(bool json)
{
	struct rdma_rows paths = { .size = sizeof(struct path),
				   .attr = path_attr };
	int status = rdma_ask(get, &paths);

	if (status == EXIT_OK && json)
		print_json(&paths);
	else if (status == EXIT_OK && print_text(&paths))
		status = genl_complain(-ENOMEM);
	free(paths.v);
	return status;
}

static void put_path(struct nlmsghdr *nlh, const void *arg)
{
	const struct path *path = arg;
	size_t i;

	for (i = 0; i < path->n; i++)
		mnl_attr_put(nlh, parts[i].attr, path->addr[i].len,
			     path->addr[i].bytes);
}

static int complain(const char *why)
{
	fprintf(stderr, "sdirect: %s (try: sdirect help rdma)\n", why);
	return EXIT_USAGE;
}

/* What the module says of addresses that we let pass. */
static int said(int err)
{
	if (err == -EINVAL)
		fputs("sdirect: an address is a link's, a group's, or none\n",
		      stderr);
	else if (err == -ENOENT)
		fputs("sdirect: nothing was set for that host\n", stderr);
	else if (err == -ENOSPC)
		fputs("sdirect: there are too many\n", stderr);
	else
		return err ? genl_complain(err) : EXIT_OK;
	return EXIT_ERROR;
}

static int send_path(struct genl *genl, void *arg)
{
	struct path *path = arg;

	path->err = genl_send(genl, path->n == 1 ? SDIRECT_RDMA_CMD_PATH_DEL :
						   SDIRECT_RDMA_CMD_PATH_SET,
			      put_path, path);
	return 0;
}

static int change(char **words, size_t n)
{
	struct path path = { .n = n };
	int status;
	size_t i;

	for (i = 0; i < n; i++)
		if (rdma_addr_parse(&path.addr[i], words[i]))
			return complain("an address is expected, IPv4 or IPv6");
	if (n == ADDRS && path.addr[1].len != path.addr[2].len)
		return complain("LOCAL and REMOTE are not both IPv4, or IPv6");
	status = rdma_ask(send_path, &path);
	return status == EXIT_OK ? said(path.err) : status;
}

int rdma_pair(const struct options *opt)
{
	char **words = opt->more;
	size_t n = 0;

	while (words && words[n])
		n++;
	if (!n)
		return show(opt->json);
	if (n == 2 && !strcmp(words[1], "off"))
		return change(words, 1);
	if (n != ADDRS)
		return complain("rdma pair takes HOST LOCAL REMOTE, or HOST off");
	return change(words, ADDRS);
}
