/* SPDX-License-Identifier: GPL-2.0 */
/* By which addresses a host is reached by RDMA, if not by its own. */
#ifndef _SDR_RDMA_PATH_H
#define _SDR_RDMA_PATH_H

#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/types.h>

/**
 * struct sdr_rdma_path - where the queue pair to a host goes
 * @host:	what TCP connections to it have as their peer
 * @local:	own address, of the device that is to be used
 * @remote:	the host's, of its device; of the same family as @local
 */
struct sdr_rdma_path {
	struct in6_addr host;
	struct in6_addr local;
	struct in6_addr remote;
};

/**
 * struct sdr_rdma_paths - those of a network namespace
 * @lock:	protects the others; a leaf
 * @all:	room for all that there may be, NULL until there was one
 * @count:	how many there are
 */
struct sdr_rdma_paths {
	struct mutex lock;
	struct sdr_rdma_path *all;
	int count;
};

void sdr_rdma_paths_init(struct sdr_rdma_paths *paths);
void sdr_rdma_paths_free(struct sdr_rdma_paths *paths);

/**
 * sdr_rdma_path_set - from now on a host is reached there
 * @paths:	where
 * @path:	is copied; instead of an earlier one for this host
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for addresses that cannot be used, -ENOSPC or -ENOMEM.
 */
int sdr_rdma_path_set(struct sdr_rdma_paths *paths,
		      const struct sdr_rdma_path *path);

/* sdr_rdma_path_del() - it is reached by its own address; 0 or -ENOENT. */
int sdr_rdma_path_del(struct sdr_rdma_paths *paths,
		      const struct in6_addr *host);

/* sdr_rdma_path_get() - what was set for a host; false: nothing.  May sleep. */
bool sdr_rdma_path_get(struct sdr_rdma_paths *paths,
		       const struct in6_addr *host, struct sdr_rdma_path *path);

/* sdr_rdma_path_nth() - the @nth of all; false: there are not so many. */
bool sdr_rdma_path_nth(struct sdr_rdma_paths *paths, unsigned long nth,
		       struct sdr_rdma_path *path);

#endif /* _SDR_RDMA_PATH_H */
