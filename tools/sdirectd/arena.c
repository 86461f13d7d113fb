// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "arena.h"

#define BLOCK	262144ul	/* bytes; more for what does not fit */
#define ALIGN	16ul

struct arena_block {
	struct arena_block *next;
	size_t size;
	char mem[] __attribute__((aligned(ALIGN)));
};

void *arena_get(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->block;
	size_t room;

	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (!block || block->size - arena->used < size) {
		room = size > BLOCK ? size : BLOCK;
		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->next = arena->block;
		block->size = room;
		arena->block = block;
		arena->used = 0;
	}
	arena->used += size;
	arena->total += size;
	return block->mem + arena->used - size;
}

void arena_free(struct arena *arena)
{
	struct arena_block *block;

	while ((block = arena->block)) {
		arena->block = block->next;
		free(block);
	}
}
