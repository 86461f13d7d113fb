// SPDX-License-Identifier: GPL-2.0
/* With which hosts links are made; see allow.h. */
#include "compat.h"

#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>

#include "rdma/allow.h"

#define PREFIXES	64

/**
 * struct sdr_rdma_allow_list - a list as it was written
 * @prefixes:	what it says
 * @count:	of these
 * @text:	as it was written
 * @copy:	of @text, to be taken apart
 */
struct sdr_rdma_allow_list {
	struct sdr_rdma_prefix prefixes[PREFIXES];
	int count;
	char text[SDR_RDMA_ALLOW_TEXT];
	char copy[SDR_RDMA_ALLOW_TEXT];
};

void sdr_rdma_allow_init(struct sdr_rdma_allow *allow)
{
	allow->list = NULL;
	mutex_init(&allow->lock);
}

void sdr_rdma_allow_free(struct sdr_rdma_allow *allow)
{
	kfree(allow->list);
}

bool sdr_rdma_allowed(struct sdr_rdma_allow *allow, const struct in6_addr *addr)
{
	const struct sdr_rdma_allow_list *list;
	bool ok;

	mutex_lock(&allow->lock);
	list = allow->list;
	ok = !list || !list->count ||
	     sdr_rdma_allow_has(list->prefixes, list->count, addr);
	mutex_unlock(&allow->lock);
	return ok;
}

static int parse(struct sdr_rdma_allow_list *list)
{
	int n;

	strscpy(list->copy, list->text, sizeof(list->copy));
	n = sdr_rdma_allow_parse(list->copy, list->prefixes, PREFIXES);
	if (n < 0)
		return n;
	list->count = n;
	return 0;
}

/* All of the new list, or the old one. */
static int change(struct sdr_rdma_allow *allow, struct sdr_rdma_allow_list *new,
		  int write, void *buffer, size_t *length, loff_t *at)
{
	struct ctl_table own = { .data = new->text, .maxlen = sizeof(new->text) };
	int err;

	lockdep_assert_held(&allow->lock);
	if (allow->list)
		strscpy(new->text, allow->list->text, sizeof(new->text));
	err = proc_dostring(&own, write, buffer, length, at);
	if (!err && write) {
		err = parse(new);
		if (!err)
			swap(allow->list, new);
	}
	kfree(new);
	return err;
}

int sdr_rdma_allow_sysctl(SDR_CTL_CONST struct ctl_table *table, int write,
			  void *buffer, size_t *length, loff_t *at)
{
	struct sdr_rdma_allow *allow = table->data;
	struct sdr_rdma_allow_list *new;
	int err;

	/* What is cut off could name another host. */
	if (write && *length >= sizeof(new->text))
		return -EINVAL;
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	mutex_lock(&allow->lock);
	err = change(allow, new, write, buffer, length, at);
	mutex_unlock(&allow->lock);
	return err;
}
