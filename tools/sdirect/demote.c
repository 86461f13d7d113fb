// SPDX-License-Identifier: GPL-2.0-only
/* sdirect demote, sdirect promote */
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/sdirect_netlink.h>

#include "command.h"
#include "conn.h"
#include "genl.h"
#include "text.h"

static bool end_fits(const char *word, const struct conn *c,
		     const uint8_t *addr, uint16_t port, uint32_t ifindex)
{
	char text[TEXT_END], colon[8];

	snprintf(colon, sizeof(colon), ":%u", ntohs(port));
	return !strcmp(word, colon) ||
	       !strcmp(word, text_end(text, c->family, addr, port, ifindex));
}

static bool fits(const char *word, const struct conn *c)
{
	return !strcmp(word, "all") ||
	       end_fits(word, c, c->local_addr, c->local_port, c->ifindex) ||
	       end_fits(word, c, c->remote_addr, c->remote_port, 0);
}

/* Changes those that fit; returns how many, or -errno. */
static int set_each(struct genl *genl, const struct conns *conns,
		    const char *word, bool demoted)
{
	int err, n = 0;
	size_t i;

	for (i = 0; i < conns->n; i++) {
		if (!fits(word, &conns->v[i]))
			continue;
		err = genl_conn_set(genl, conns->v[i].inode, demoted);
		/* It may have been closed meanwhile. */
		if (err && err != -ENOENT)
			return err;
		n += !err;
	}
	return n;
}

static int set(const char *word, bool demoted)
{
	struct conns conns = { 0 };
	struct genl genl;
	int ret;

	ret = genl_open(&genl);
	if (ret)
		return genl_complain(ret);
	ret = genl_dump(&genl, SDIRECT_CMD_CONN_GET, 0, 0, conns_reply, &conns);
	if (!ret)
		ret = set_each(&genl, &conns, word, demoted);
	conns_free(&conns);
	genl_close(&genl);
	if (ret < 0)
		return genl_complain(ret);
	if (!ret && strcmp(word, "all")) {
		fprintf(stderr, "sdirect: no connection has the end %s\n",
			word);
		return EXIT_ERROR;
	}
	printf("%s %d socket%s\n", demoted ? "demoted" : "promoted", ret,
	       ret == 1 ? "" : "s");
	return EXIT_OK;
}

static int set_named(const struct options *opt, const char *name, bool demoted)
{
	if (opt->topic)
		return set(opt->topic, demoted);
	fprintf(stderr, "sdirect: %s what? (try: sdirect help %s)\n", name,
		name);
	return EXIT_USAGE;
}

int cmd_demote(const struct options *opt)
{
	return set_named(opt, "demote", true);
}

int cmd_promote(const struct options *opt)
{
	return set_named(opt, "promote", false);
}
