// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "exe.h"

/* The kernel has followed all links, and those that came later do not count. */
static int open_path(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS };

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/*
 * What stat() says is not what the inode has where file systems lie on top of
 * each other.
 */
static bool read_inode(int fd, uint64_t *ino, unsigned int *mount)
{
	bool has_ino = false, has_mount = false;
	char path[64], line[256];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	if (!info)
		return false;
	while (fgets(line, sizeof(line), info)) {
		has_ino |= sscanf(line, "ino: %" SCNu64, ino) == 1;
		has_mount |= sscanf(line, "mnt_id: %u", mount) == 1;
	}
	fclose(info);
	return has_ino && has_mount;
}

static bool read_device(unsigned int mount, uint64_t *dev)
{
	unsigned int id, major, minor;
	bool found = false, begins = true;
	char line[256];
	FILE *info;

	info = fopen("/proc/self/mountinfo", "re");
	if (!info)
		return false;
	while (!found && fgets(line, sizeof(line), info)) {
		/* What is in the middle of a long line may look like one. */
		found = begins && sscanf(line, "%u %*u %u:%u", &id, &major,
					 &minor) == 3 && id == mount;
		begins = strchr(line, '\n');
	}
	fclose(info);
	if (found)
		*dev = makedev(major, minor);
	return found;
}

static bool is_roots(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && !st.st_uid &&
	       !(st.st_mode & 0022);
}

bool exe_is(const char *path, uint64_t dev, uint64_t ino, bool *roots)
{
	uint64_t our_dev = 0, our_ino = 0;
	unsigned int mount = 0;
	bool same = false;
	int fd;

	*roots = false;
	fd = open_path(path);
	if (fd < 0)
		return false;
	if (read_inode(fd, &our_ino, &mount) && read_device(mount, &our_dev))
		same = our_dev == dev && our_ino == ino;
	if (same)
		*roots = is_roots(fd);
	close(fd);
	return same;
}
