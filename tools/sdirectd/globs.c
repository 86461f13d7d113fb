// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "globs.h"

static uint32_t node_new(struct globs *globs)
{
	size_t room = globs->node_room ? globs->node_room * 2 : 16;
	struct globs_node *v;

	if (globs->nodes == globs->node_room) {
		if (room > UINT32_MAX)
			return 0;
		v = reallocarray(globs->node, room, sizeof(*v));
		if (!v)
			return 0;
		globs->node = v;
		globs->node_room = room;
	}
	globs->node[globs->nodes] = (struct globs_node){ .id = GLOBS_NONE };
	return globs->nodes++;
}

int globs_init(struct globs *globs, bool below)
{
	memset(globs, 0, sizeof(*globs));
	globs->below = below;
	node_new(globs);
	return globs->nodes ? 0 : -ENOMEM;
}

void globs_free(struct globs *globs)
{
	free(globs->node);
	free(globs->edge);
	free(globs->at[0]);
	free(globs->at[1]);
	memset(globs, 0, sizeof(*globs));
}

/* A place is never reached from itself, so no key is 0: 0 is an empty slot. */
static uint64_t edge_key(uint32_t from, unsigned char c)
{
	return ((uint64_t)from << 8 | c) + 1;
}

static struct globs_edge *edge_slot(const struct globs *globs, uint64_t key)
{
	size_t mask = globs->edge_room - 1;
	size_t i = (key * 0x9e3779b97f4a7c15u) >> 32 & mask;

	while (globs->edge[i].key && globs->edge[i].key != key)
		i = (i + 1) & mask;
	return &globs->edge[i];
}

static uint32_t edge_find(const struct globs *globs, uint32_t from,
			  unsigned char c)
{
	return globs->edge_room ?
	       edge_slot(globs, edge_key(from, c))->to : 0;
}

static int edges_grow(struct globs *globs)
{
	struct globs grown = { 0 };
	size_t i;

	if (globs->edges < globs->edge_room / 2)
		return 0;
	grown.edge_room = globs->edge_room ? globs->edge_room * 2 : 32;
	grown.edge = calloc(grown.edge_room, sizeof(*grown.edge));
	if (!grown.edge)
		return -ENOMEM;
	for (i = 0; i < globs->edge_room; i++)
		if (globs->edge[i].key)
			*edge_slot(&grown, globs->edge[i].key) = globs->edge[i];
	free(globs->edge);
	globs->edge = grown.edge;
	globs->edge_room = grown.edge_room;
	return 0;
}

/* Where a character of a pattern leads, 0: no memory. */
static uint32_t step(struct globs *globs, uint32_t from, char c)
{
	uint32_t to = c == '*' ? globs->node[from].star :
		      c == '?' ? globs->node[from].any :
		      edge_find(globs, from, c);

	if (to || edges_grow(globs))
		return to;
	to = node_new(globs);
	if (!to)
		return 0;
	if (c == '*') {
		globs->node[from].star = to;
		globs->node[to].stays = true;
	} else if (c == '?') {
		globs->node[from].any = to;
	} else {
		*edge_slot(globs, edge_key(from, c)) =
			(struct globs_edge){ edge_key(from, c), to };
		globs->edges++;
	}
	return to;
}

int64_t globs_add(struct globs *globs, const char *text, size_t len)
{
	uint32_t at = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		/* Two stars are one. */
		if (text[i] == '*' && i && text[i - 1] == '*')
			continue;
		at = step(globs, at, text[i]);
		if (!at)
			return -ENOMEM;
	}
	if (globs->node[at].id == GLOBS_NONE)
		globs->node[at].id = globs->n++;
	return globs->node[at].id;
}

static int lists_grow(struct globs *globs)
{
	uint32_t *v;
	int i;

	if (globs->at_room >= globs->nodes)
		return 0;
	for (i = 0; i < 2; i++) {
		v = reallocarray(globs->at[i], globs->nodes, sizeof(*v));
		if (!v)
			return -ENOMEM;
		globs->at[i] = v;
	}
	globs->at_room = globs->nodes;
	return 0;
}

/* A new time, at which nothing has been seen yet. */
static void tick(struct globs *globs)
{
	size_t i;

	if (++globs->now)
		return;
	for (i = 0; i < globs->nodes; i++)
		globs->node[i].seen = 0;
	globs->now = 1;
}

/* A place is reached, and with it the star behind it, which may be nothing. */
static size_t enter(struct globs *globs, uint32_t *list, size_t n, uint32_t at)
{
	while (at != GLOBS_NONE && globs->node[at].seen != globs->now) {
		globs->node[at].seen = globs->now;
		list[n++] = at;
		at = globs->node[at].star ? globs->node[at].star : GLOBS_NONE;
	}
	return n;
}

static size_t ends(const struct globs *globs, const uint32_t *list, size_t n,
		   uint32_t *ids, size_t found)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (globs->node[list[i]].id != GLOBS_NONE)
			ids[found++] = globs->node[list[i]].id;
	return found;
}

/* Where one more character leads from all these places. */
static size_t advance(struct globs *globs, const uint32_t *now, size_t n,
		      char c, uint32_t *next)
{
	uint32_t at, child;
	size_t i, to = 0;

	tick(globs);
	for (i = 0; i < n; i++) {
		at = now[i];
		child = edge_find(globs, at, c);
		if (child)
			to = enter(globs, next, to, child);
		if (c == '/')
			continue;
		if (globs->node[at].any)
			to = enter(globs, next, to, globs->node[at].any);
		if (globs->node[at].stays)
			to = enter(globs, next, to, at);
	}
	return to;
}

int64_t globs_match(struct globs *globs, const char *text, uint32_t *ids)
{
	uint32_t *now, *next, *swap;
	size_t n, steps = 0, found = 0;

	if (lists_grow(globs))
		return -ENOMEM;
	now = globs->at[0];
	next = globs->at[1];
	tick(globs);
	for (n = enter(globs, now, 0, 0); n && *text; text++) {
		steps += n;
		if (steps > GLOBS_STEPS)
			return -E2BIG;
		if (globs->below && *text == '/')
			found = ends(globs, now, n, ids, found);
		n = advance(globs, now, n, *text, next);
		swap = now;
		now = next;
		next = swap;
	}
	return ends(globs, now, n, ids, found);
}
