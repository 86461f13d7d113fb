// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holders.h"

/* What is looked for, and what was found. */
struct search {
	struct holders *found;
	const uint64_t *inodes;
	size_t count;
};

int inode_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int holder_compare(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

static int holders_add(struct holders *holders, const struct holder *holder)
{
	size_t room = holders->room ? holders->room * 2 : 64;
	struct holder *v;

	if (holders->n == holders->room) {
		v = reallocarray(holders->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		holders->v = v;
		holders->room = room;
	}
	holders->v[holders->n++] = *holder;
	return 0;
}

static void read_name(int proc, struct holder *holder)
{
	char path[32];
	ssize_t len = -1;
	int fd;

	snprintf(path, sizeof(path), "%d/comm", (int)holder->pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, holder->name, sizeof(holder->name) - 1);
		close(fd);
	}
	if (len < 0)
		len = 0;
	if (len && holder->name[len - 1] == '\n')
		len--;
	holder->name[len] = '\0';
}

/* One entry of /proc/PID/fd.  @holder is the process, its name read lazily. */
static int look_at_fd(const struct search *search, int proc, int dir,
		      const char *entry, struct holder *holder)
{
	char target[64];
	ssize_t len;

	len = readlinkat(dir, entry, target, sizeof(target) - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	if (sscanf(target, "socket:[%" SCNu64 "]", &holder->inode) != 1 ||
	    !bsearch(&holder->inode, search->inodes, search->count,
		     sizeof(*search->inodes), inode_compare))
		return 0;
	if (!holder->name[0])
		read_name(proc, holder);
	holder->fd = atoi(entry);
	return holders_add(search->found, holder);
}

static int look_at_process(const struct search *search, int proc, pid_t pid)
{
	struct holder holder = { .pid = pid };
	struct dirent *entry;
	char path[32];
	int fd, err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%d/fd", (int)pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;	/* it has ended, or is not ours to look at */
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = look_at_fd(search, proc, fd, entry->d_name,
					 &holder);
	closedir(dir);
	return err;
}

int holders_find(struct holders *holders, const uint64_t *inodes, size_t count)
{
	struct search search = { holders, inodes, count };
	struct dirent *entry;
	int err = 0;
	DIR *proc;
	pid_t pid;

	memset(holders, 0, sizeof(*holders));
	proc = opendir("/proc");
	if (!proc)
		return 0;	/* not mounted: nobody can be named */
	while (!err && count && (entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		if (pid > 0)
			err = look_at_process(&search, dirfd(proc), pid);
	}
	closedir(proc);
	if (holders->n)
		qsort(holders->v, holders->n, sizeof(*holders->v),
		      holder_compare);
	return err;
}

const struct holder *holders_first(const struct holders *holders,
				   uint64_t inode)
{
	size_t low = 0, high = holders->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (holders->v[mid].inode < inode)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == holders->n || holders->v[low].inode != inode)
		return NULL;
	return &holders->v[low];
}

void holders_free(struct holders *holders)
{
	free(holders->v);
	memset(holders, 0, sizeof(*holders));
}
