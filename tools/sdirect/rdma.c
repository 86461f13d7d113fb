// SPDX-License-Identifier: GPL-2.0-only
/* sdirect rdma */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>

#include "command.h"
#include "rdma.h"
#include "text.h"

static const struct {
	const char *name;
	int more;
	int (*run)(const struct options *opt);
} topics[] = {
	{ "list", 0, rdma_list },
	{ "pair", 3, rdma_pair },
};

int rdma_addr_read(struct rdma_addr *to, const struct nlattr *attr)
{
	to->len = mnl_attr_get_payload_len(attr);
	if (to->len != 4 && to->len != 16)
		return MNL_CB_ERROR;
	memcpy(to->bytes, mnl_attr_get_payload(attr), to->len);
	return MNL_CB_OK;
}

int rdma_addr_parse(struct rdma_addr *to, const char *word)
{
	to->len = 4;
	if (inet_pton(AF_INET, word, to->bytes) == 1)
		return 0;
	to->len = 16;
	return inet_pton(AF_INET6, word, to->bytes) == 1 ? 0 : -1;
}

const char *rdma_addr_text(char *buf, const struct rdma_addr *addr)
{
	return text_addr(buf, addr->len == 4 ? AF_INET : AF_INET6,
			 addr->bytes);
}

static int row_reply(const struct nlmsghdr *nlh, void *data)
{
	struct rdma_rows *rows = data;
	char *v, *row;

	v = reallocarray(rows->v, rows->n + 1, rows->size);
	if (!v) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	rows->v = v;
	row = v + rows->n * rows->size;
	memset(row, 0, rows->size);
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), rows->attr, row) <
	    MNL_CB_OK) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	rows->n++;
	return MNL_CB_OK;
}

int rdma_rows_dump(struct genl *genl, uint8_t cmd, struct rdma_rows *rows)
{
	return genl_dump(genl, cmd, 0, 0, row_reply, rows);
}

static int usage(const char *what, const char *word)
{
	fprintf(stderr, "sdirect: %s \"%s\" (try: sdirect help rdma)\n", what,
		word);
	return EXIT_USAGE;
}

int rdma_ask(int (*ask)(struct genl *genl, void *arg), void *arg)
{
	struct genl genl;
	int err;

	err = genl_open_family(&genl, SDIRECT_RDMA_GENL_NAME);
	if (err == -ENOENT) {
		fputs("sdirect: the module is not loaded (try: modprobe sdirect_rdma)\n",
		      stderr);
		return EXIT_ERROR;
	}
	if (!err) {
		err = ask(&genl, arg);
		genl_close(&genl);
	}
	return err ? genl_complain(err) : EXIT_OK;
}

int cmd_rdma(const struct options *opt)
{
	const char *name = opt->topic ? opt->topic : "list";
	size_t i;
	int n = 0;

	while (opt->more && opt->more[n])
		n++;
	for (i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		if (strcmp(name, topics[i].name))
			continue;
		if (n > topics[i].more)
			return usage("unexpected argument",
				     opt->more[topics[i].more]);
		return topics[i].run(opt);
	}
	return usage("rdma has no", name);
}
