// SPDX-License-Identifier: GPL-2.0
/* By which addresses a host is reached by RDMA; see path.h. */
#include "compat.h"

#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "rdma/addr.h"
#include "rdma/path.h"

#define PATHS	256

static DEFINE_MUTEX(lock);		/* protects both; a leaf */
static struct sdr_rdma_path paths[PATHS];
static int count;

static struct sdr_rdma_path *find(const struct in6_addr *host)
{
	int i;

	lockdep_assert_held(&lock);
	for (i = 0; i < count; i++)
		if (ipv6_addr_equal(&paths[i].host, host))
			return &paths[i];
	return NULL;
}

static bool usable(const struct in6_addr *addr)
{
	return sdr_rdma_addr_ok(addr) && !ipv6_addr_any(addr) &&
	       (!ipv6_addr_v4mapped(addr) || addr->s6_addr32[3]);
}

int sdr_rdma_path_set(const struct sdr_rdma_path *path)
{
	struct sdr_rdma_path *slot;
	int err = 0;

	if (!usable(&path->host) || !usable(&path->local) ||
	    !usable(&path->remote) || ipv6_addr_v4mapped(&path->local) !=
					      ipv6_addr_v4mapped(&path->remote))
		return -EINVAL;
	mutex_lock(&lock);
	slot = find(&path->host);
	if (!slot && count < PATHS)
		slot = &paths[count++];
	if (slot)
		*slot = *path;
	else
		err = -ENOSPC;
	mutex_unlock(&lock);
	return err;
}

int sdr_rdma_path_del(const struct in6_addr *host)
{
	struct sdr_rdma_path *slot;

	mutex_lock(&lock);
	slot = find(host);
	if (slot)
		*slot = paths[--count];
	mutex_unlock(&lock);
	return slot ? 0 : -ENOENT;
}

bool sdr_rdma_path_get(const struct in6_addr *host, struct sdr_rdma_path *path)
{
	const struct sdr_rdma_path *slot;

	mutex_lock(&lock);
	slot = find(host);
	if (slot)
		*path = *slot;
	mutex_unlock(&lock);
	return slot;
}

bool sdr_rdma_path_nth(unsigned long nth, struct sdr_rdma_path *path)
{
	bool found;

	mutex_lock(&lock);
	found = nth < count;
	if (found)
		*path = paths[nth];
	mutex_unlock(&lock);
	return found;
}
