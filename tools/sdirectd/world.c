// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

#define FILE_MAX	(64l << 20)	/* bytes */
#define NETNS_DIR	"/run/netns/"

static char *read_all(int fd, size_t *len)
{
	size_t room = 4096, n = 0;
	char *text = NULL, *more;
	ssize_t got;

	do {
		more = realloc(text, room + 1);
		if (!more) {
			errno = ENOMEM;
			goto fail;
		}
		text = more;
		got = read(fd, text + n, room - n);
		if (got < 0)
			goto fail;
		n += got;
		if (n == room)
			room *= 2;
		if (n > FILE_MAX) {
			errno = EFBIG;
			goto fail;
		}
	} while (got);
	text[n] = '\0';
	*len = n;
	return text;
fail:
	free(text);
	return NULL;
}

/* Anything else than a file might never end. */
static int system_read(void *data, const char *path, char **text, size_t *len)
{
	struct stat st;
	int fd, err = 0;

	(void)data;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (!err) {
		*text = read_all(fd, len);
		err = *text ? 0 : -errno;
	}
	close(fd);
	return err;
}

static int expand_errno;

/* A directory that is not there has nothing in it; any other error counts. */
static int expand_failed(const char *path, int err)
{
	(void)path;
	expand_errno = err;
	return err != ENOENT && err != ENOTDIR;
}

static int system_expand(void *data, const char *pattern, char ***paths,
			 size_t *n)
{
	glob_t found;
	int ret;

	(void)data;
	ret = glob(pattern, 0, expand_failed, &found);
	if (ret == GLOB_NOMATCH)
		return 0;
	if (ret)
		return ret == GLOB_NOSPACE ? -ENOMEM : -expand_errno;
	*paths = calloc(found.gl_pathc, sizeof(**paths));
	for (*n = 0; *paths && *n < found.gl_pathc; ++*n) {
		(*paths)[*n] = found.gl_pathv[*n];
		/* Theirs now. */
		found.gl_pathv[*n] = NULL;
	}
	globfree(&found);
	return *paths ? 0 : -ENOMEM;
}

/* Names are looked up once for a reading: there may be a server behind them. */
struct known {
	char *name;
	bool there;
	uint32_t id;
};

static void *users, *groups;

static int known_compare(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void known_free(void *data)
{
	struct known *known = data;

	free(known->name);
	free(known);
}

void world_forget(void)
{
	tdestroy(users, known_free);
	tdestroy(groups, known_free);
	users = NULL;
	groups = NULL;
}

static void find_user(struct known *known)
{
	const struct passwd *found = getpwnam(known->name);

	known->there = found;
	known->id = found ? found->pw_uid : 0;
}

static void find_group(struct known *known)
{
	const struct group *found = getgrnam(known->name);

	known->there = found;
	known->id = found ? found->gr_gid : 0;
}

static int look_up(void **tree, void (*find)(struct known *known),
		   const char *name, uint32_t *id)
{
	struct known *known = calloc(1, sizeof(*known));
	struct known **slot;

	if (known)
		known->name = strdup(name);
	if (!known || !known->name) {
		free(known);
		return -ENOMEM;
	}
	slot = tsearch(known, tree, known_compare);
	if (!slot || *slot != known)
		known_free(known);
	else
		find(known);
	if (!slot)
		return -ENOMEM;
	*id = (*slot)->id;
	return (*slot)->there ? 0 : -ENOENT;
}

static int system_user(void *data, const char *name, uint32_t *id)
{
	(void)data;
	return look_up(&users, find_user, name, id);
}

static int system_group(void *data, const char *name, uint32_t *id)
{
	(void)data;
	return look_up(&groups, find_group, name, id);
}

static int system_netns(void *data, const char *name, uint64_t *inode)
{
	char path[PATH_MAX];
	struct stat st;

	(void)data;
	if (snprintf(path, sizeof(path), "%s%s", *name == '/' ? "" : NETNS_DIR,
		     name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st))
		return -errno;
	*inode = st.st_ino;
	return 0;
}

const struct world world_system = {
	.read	= system_read,
	.expand	= system_expand,
	.user	= system_user,
	.group	= system_group,
	.netns	= system_netns,
};
