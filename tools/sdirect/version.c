// SPDX-License-Identifier: GPL-2.0-only
/* sdirect version */
#include <stdio.h>

#include <linux/sdirect.h>
#include <linux/sdirect_netlink.h>

#include "command.h"
#include "counters.h"
#include "genl.h"

int cmd_version(const struct options *opt)
{
	struct counters stat = { 0 };
	struct genl genl;
	int err;

	(void)opt;
	printf("tool    %s (ABI %d)\n", SDIRECT_VERSION, SDIRECT_ABI_VERSION);
	err = genl_open(&genl);
	if (err == -ENOENT) {
		puts("module  not loaded");
		return EXIT_OK;
	}
	if (!err) {
		err = genl_do(&genl, SDIRECT_CMD_STAT_GET, counters_reply,
			      &stat);
		genl_close(&genl);
	}
	if (err)
		return genl_complain(err);
	printf("module  %s (ABI %u)\n", stat.version, stat.abi_version);
	counters_free(&stat);
	return EXIT_OK;
}
