/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is given back all at once. */
#ifndef SDIRECTD_ARENA_H
#define SDIRECTD_ARENA_H

#include <stddef.h>

struct arena_block;

/**
 * struct arena - zero to begin
 * @block:	the block that is being used
 * @used:	bytes of it that are
 * @total:	bytes that were asked for
 */
struct arena {
	struct arena_block *block;
	size_t used;
	size_t total;
};

/* arena_get() - aligned for anything, not cleared; NULL: none left. */
void *arena_get(struct arena *arena, size_t size);
void arena_free(struct arena *arena);

#endif /* SDIRECTD_ARENA_H */
