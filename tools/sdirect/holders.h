/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes hold which sockets. */
#ifndef SDIRECT_HOLDERS_H
#define SDIRECT_HOLDERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct holder - a descriptor of a process
 * @inode:	the socket
 * @pid:	the process
 * @fd:		its descriptor
 * @name:	its name: any bytes
 */
struct holder {
	uint64_t inode;
	pid_t pid;
	int fd;
	char name[32];
};

struct holders {
	struct holder *v;
	size_t n;
	size_t room;
};

/**
 * holders_find - look for the processes that hold sockets
 * @holders:	(out) sorted by inode, then by process
 * @inodes:	the sockets' inodes, sorted
 * @count:	how many
 *
 * Processes that the caller may not look into are left out, as in ss -p.
 * Return: 0 or -ENOMEM.
 */
int holders_find(struct holders *holders, const uint64_t *inodes,
		 size_t count);

/* The first holder of a socket; more of the same inode may follow it. */
const struct holder *holders_first(const struct holders *holders,
				   uint64_t inode);
void holders_free(struct holders *holders);

/* For qsort() and bsearch(). */
int inode_compare(const void *a, const void *b);

#endif /* SDIRECT_HOLDERS_H */
