/* SPDX-License-Identifier: GPL-2.0-only */
/* What reading a policy asks of the machine. */
#ifndef SDIRECTD_WORLD_H
#define SDIRECTD_WORLD_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct world - the machine, or what a test takes for it
 * @data:	passed to each
 * @read:	reads a file: 0 with a @text to free, or -errno
 * @expand:	the files that match a pattern, sorted: 0 with @paths to free,
 *		each and all, or -errno; finding none is no error
 * @user:	the number of a user: 0 or -ENOENT
 * @group:	the number of a group
 * @netns:	the inode of a network namespace, by name or by path
 */
struct world {
	void *data;
	int (*read)(void *data, const char *path, char **text, size_t *len);
	int (*expand)(void *data, const char *pattern, char ***paths,
		      size_t *n);
	int (*user)(void *data, const char *name, uint32_t *id);
	int (*group)(void *data, const char *name, uint32_t *id);
	int (*netns)(void *data, const char *name, uint64_t *inode);
};

/* The machine itself.  world_forget() has names be looked up again. */
extern const struct world world_system;
void world_forget(void);

#endif /* SDIRECTD_WORLD_H */
