// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz_pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void pool_add(struct pool *p, const struct fuzz_tape *t, const char *path)
{
	struct pool_entry *entry;

	if (p->n == POOL_MAX)
		return;
	entry = malloc(sizeof(*entry));
	if (!entry)
		abort();
	entry->tape = *t;
	entry->path = strdup(path);
	p->entries[p->n++] = entry;
}

static int is_tape(const struct dirent *e)
{
	const char *end = strrchr(e->d_name, '.');

	return end && !strcmp(end, ".tape");
}

static int load_file(struct pool *p, const char *path)
{
	struct fuzz_tape t;

	if (tape_load(&t, path))
		return -1;
	pool_add(p, &t, path);
	return 0;
}

int pool_load(struct pool *p, const char *path)
{
	struct dirent **found;
	char file[4096];
	int i, n, err = 0;
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return load_file(p, path);
	n = scandir(path, &found, is_tape, alphasort);
	if (n < 0) {
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
		return -1;
	}
	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, found[i]->d_name);
		err = err ? err : load_file(p, file);
		free(found[i]);
	}
	free(found);
	return err;
}

int pool_save(const char *dir, const char *name, const struct fuzz_tape *t)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.tape", dir, name);
	return tape_save(t, path);
}

void pool_last(const char *dir, const struct fuzz_tape *t)
{
	/* Always the same length: empty lines say nothing. */
	static char text[2 * 4096] __attribute__((aligned(4096)));
	static int fd = -1;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/last.tape", dir);
	if (!t) {
		unlink(path);
		return;
	}
	if (fd < 0)
		fd = open(path, O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC,
			  0644);
	if (fd < 0)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	memset(text, '\n', sizeof(text));
	file = fmemopen(text, sizeof(text), "r+");
	if (!file)
		return;
	tape_print(t, file);
	fclose(file);
	(void)!pwrite(fd, text, sizeof(text), 0);
}
