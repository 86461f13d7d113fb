// SPDX-License-Identifier: GPL-2.0
/* With which hosts links are made; see allow.h. */
#include "compat.h"

#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysctl.h>

#include "rdma/allow.h"

#define PREFIXES	64

static DEFINE_MUTEX(lock);		/* protects all three */
static struct sdr_rdma_prefix list[PREFIXES];
static int count;
static char text[SDR_RDMA_ALLOW_TEXT];	/* as it was written */

bool sdr_rdma_allowed(const struct in6_addr *addr)
{
	bool ok;

	mutex_lock(&lock);
	ok = !count || sdr_rdma_allow_has(list, count, addr);
	mutex_unlock(&lock);
	return ok;
}

/* All of the new list, or the old one. */
static int replace(void)
{
	static struct sdr_rdma_prefix new[PREFIXES];
	static char copy[SDR_RDMA_ALLOW_TEXT];
	int n;

	lockdep_assert_held(&lock);
	strscpy(copy, text, sizeof(copy));
	n = sdr_rdma_allow_parse(copy, new, PREFIXES);
	if (n < 0)
		return n;
	memcpy(list, new, sizeof(list));
	count = n;
	return 0;
}

int sdr_rdma_allow_sysctl(SDR_CTL_CONST struct ctl_table *table, int write,
			  void *buffer, size_t *length, loff_t *at)
{
	static char old[SDR_RDMA_ALLOW_TEXT];
	struct ctl_table own = { .data = text, .maxlen = sizeof(text) };
	int err;

	/* What is cut off could name another host. */
	if (write && *length >= sizeof(text))
		return -EINVAL;
	mutex_lock(&lock);
	strscpy(old, text, sizeof(old));
	err = proc_dostring(&own, write, buffer, length, at);
	if (!err && write) {
		err = replace();
		if (err)
			strscpy(text, old, sizeof(text));
	}
	mutex_unlock(&lock);
	return err;
}
