// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../value.h"
#include "fake.h"

const char *fake_text;
size_t fake_len;
unsigned int fake_files = -1;

static int fake_read(void *data, const char *path, char **text, size_t *len)
{
	if (!fake_text)
		return world_system.read(data, path, text, len);
	if (!fake_files)
		return -ENOENT;
	fake_files--;
	*text = malloc(fake_len + 1);
	if (!*text)
		return -ENOMEM;
	memcpy(*text, fake_text, fake_len);
	*len = fake_len;
	return 0;
}

static int fake_expand(void *data, const char *pattern, char ***paths,
		       size_t *n)
{
	return fake_text ? 0 : world_system.expand(data, pattern, paths, n);
}

static int numbered(const char *name, char letter, uint64_t *number)
{
	return *name == letter && value_number(name + 1, UINT32_MAX, number) ?
	       0 : -ENOENT;
}

static int fake_user(void *data, const char *name, uint32_t *id)
{
	uint64_t number = 33;

	(void)data;
	if (strcmp(name, "www-data") && numbered(name, 'u', &number))
		return -ENOENT;
	*id = number;
	return 0;
}

static int fake_group(void *data, const char *name, uint32_t *id)
{
	uint64_t number;

	(void)data;
	if (numbered(name, 'g', &number))
		return -ENOENT;
	*id = number;
	return 0;
}

static int fake_netns(void *data, const char *name, uint64_t *inode)
{
	(void)data;
	return numbered(name, 'n', inode);
}

const struct world fake_world = {
	.read	= fake_read,
	.expand	= fake_expand,
	.user	= fake_user,
	.group	= fake_group,
	.netns	= fake_netns,
};
