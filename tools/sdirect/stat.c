// SPDX-License-Identifier: GPL-2.0-only
/* sdirect stat */
#include <inttypes.h>
#include <stdio.h>

#include <linux/sdirect_netlink.h>

#include "command.h"
#include "counters.h"
#include "genl.h"
#include "json.h"

static void print_json(const struct counters *stat)
{
	struct json json = { .out = stdout };
	size_t i;

	json_open(&json, NULL, '{');
	json_string(&json, "version", stat->version);
	json_uint(&json, "abi_version", stat->abi_version);
	for (i = 0; i < stat->n; i++)
		json_uint(&json, stat->v[i].name, stat->v[i].value);
	json_close(&json, '}');
}

static void print_text(const struct counters *stat)
{
	size_t i;

	printf("%-20s %20s\n", "version", stat->version);
	printf("%-20s %20" PRIu32 "\n", "abi_version", stat->abi_version);
	for (i = 0; i < stat->n; i++)
		printf("%-20s %20" PRIu64 "\n", stat->v[i].name,
		       stat->v[i].value);
}

int cmd_stat(const struct options *opt)
{
	struct counters stat = { 0 };
	struct genl genl;
	int err;

	err = genl_open(&genl);
	if (!err) {
		err = genl_do(&genl, SDIRECT_CMD_STAT_GET, counters_reply,
			      &stat);
		genl_close(&genl);
	}
	if (!err && opt->json)
		print_json(&stat);
	else if (!err)
		print_text(&stat);
	counters_free(&stat);
	return err ? genl_complain(err) : EXIT_OK;
}
