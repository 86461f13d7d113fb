/* SPDX-License-Identifier: GPL-2.0-only */
/* Many patterns at once: which of them does a string match? */
#ifndef SDIRECTD_GLOBS_H
#define SDIRECTD_GLOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In a pattern '*' stands for any characters but '/', also for none, and '?'
 * for one.  The patterns share a trie, through which a string is led in all
 * places at once, so the time hardly depends on how many there are.
 */

/**
 * struct globs_node - a place in the trie
 * @star:	where a '*' leads, or 0
 * @any:	where a '?' leads, or 0
 * @id:		the pattern that ends here, or GLOBS_NONE
 * @seen:	when a string was here last
 * @stays:	a '*' leads here: so does any character but '/' from here
 */
struct globs_node {
	uint32_t star;
	uint32_t any;
	uint32_t id;
	uint32_t seen;
	bool stays;
};

struct globs_edge {
	uint64_t key;
	uint32_t to;
};

/**
 * struct globs - patterns; globs_init() begins
 * @below:	a pattern also matches what is below it: '/a' matches '/a/b'
 * @node:	places; the first is where all begin
 * @nodes:	how many
 * @node_room:	how many fit
 * @edge:	hash table of what leads from one to another
 * @edges:	how many of it are in use
 * @edge_room:	its size, a power of 2
 * @n:		patterns that there are, numbered from 0
 * @now:	counts steps, for globs_node.seen
 * @at:		two lists of places, for globs_match()
 * @at_room:	how many fit into each
 */
struct globs {
	bool below;
	struct globs_node *node;
	size_t nodes;
	size_t node_room;
	struct globs_edge *edge;
	size_t edges;
	size_t edge_room;
	uint32_t n;
	uint32_t now;
	uint32_t *at[2];
	size_t at_room;
};

#define GLOBS_NONE	UINT32_MAX
/* Places that a string is led to, some milliseconds. */
#define GLOBS_STEPS	(1u << 20)

/* globs_init() begins.  Return: 0 or -ENOMEM. */
int globs_init(struct globs *globs, bool below);

/**
 * globs_add - a pattern more
 * @globs:	from globs_init()
 * @text:	the pattern
 * @len:	its length
 *
 * Return: its number, the same for the same pattern; or -ENOMEM.
 */
int64_t globs_add(struct globs *globs, const char *text, size_t len);

/**
 * globs_match - which patterns match?
 * @globs:	from globs_init()
 * @text:	any string
 * @ids:	(out) their numbers, each once, in no order; room for globs.n
 *
 * Return: how many; -ENOMEM; -E2BIG: so many fit in part that it has been given
 * up after GLOBS_STEPS.
 */
int64_t globs_match(struct globs *globs, const char *text, uint32_t *ids);

void globs_free(struct globs *globs);

#endif /* SDIRECTD_GLOBS_H */
