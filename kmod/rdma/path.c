// SPDX-License-Identifier: GPL-2.0
/* By which addresses a host is reached by RDMA; see path.h. */
#include "compat.h"

#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "rdma/addr.h"
#include "rdma/path.h"

#define PATHS	256

void sdr_rdma_paths_init(struct sdr_rdma_paths *paths)
{
	memset(paths, 0, sizeof(*paths));
	mutex_init(&paths->lock);
}

void sdr_rdma_paths_free(struct sdr_rdma_paths *paths)
{
	kfree(paths->all);
}

static struct sdr_rdma_path *find(struct sdr_rdma_paths *paths,
				  const struct in6_addr *host)
{
	int i;

	lockdep_assert_held(&paths->lock);
	for (i = 0; i < paths->count; i++)
		if (ipv6_addr_equal(&paths->all[i].host, host))
			return &paths->all[i];
	return NULL;
}

static bool usable(const struct in6_addr *addr)
{
	return sdr_rdma_addr_ok(addr) && !ipv6_addr_any(addr) &&
	       (!ipv6_addr_v4mapped(addr) || addr->s6_addr32[3]);
}

static int put(struct sdr_rdma_paths *paths, const struct sdr_rdma_path *path)
{
	struct sdr_rdma_path *slot = find(paths, &path->host);

	if (!paths->all)
		paths->all = kcalloc(PATHS, sizeof(*slot), GFP_KERNEL_ACCOUNT);
	if (!paths->all)
		return -ENOMEM;
	if (!slot && paths->count < PATHS)
		slot = &paths->all[paths->count++];
	if (!slot)
		return -ENOSPC;
	*slot = *path;
	return 0;
}

int sdr_rdma_path_set(struct sdr_rdma_paths *paths,
		      const struct sdr_rdma_path *path)
{
	int err;

	if (!usable(&path->host) || !usable(&path->local) ||
	    !usable(&path->remote) || ipv6_addr_v4mapped(&path->local) !=
					      ipv6_addr_v4mapped(&path->remote))
		return -EINVAL;
	mutex_lock(&paths->lock);
	err = put(paths, path);
	mutex_unlock(&paths->lock);
	return err;
}

int sdr_rdma_path_del(struct sdr_rdma_paths *paths, const struct in6_addr *host)
{
	struct sdr_rdma_path *slot;

	mutex_lock(&paths->lock);
	slot = find(paths, host);
	if (slot)
		*slot = paths->all[--paths->count];
	mutex_unlock(&paths->lock);
	return slot ? 0 : -ENOENT;
}

bool sdr_rdma_path_get(struct sdr_rdma_paths *paths,
		       const struct in6_addr *host, struct sdr_rdma_path *path)
{
	const struct sdr_rdma_path *slot;

	mutex_lock(&paths->lock);
	slot = find(paths, host);
	if (slot)
		*path = *slot;
	mutex_unlock(&paths->lock);
	return slot;
}

bool sdr_rdma_path_nth(struct sdr_rdma_paths *paths, unsigned long nth,
		       struct sdr_rdma_path *path)
{
	bool found;

	mutex_lock(&paths->lock);
	found = nth < paths->count;
	if (found)
		*path = paths->all[nth];
	mutex_unlock(&paths->lock);
	return found;
}
