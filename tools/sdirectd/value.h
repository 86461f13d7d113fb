/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of the rule language: addresses, ports, names, sizes. */
#ifndef SDIRECTD_VALUE_H
#define SDIRECTD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "world.h"

#define VALUE_STARS	16	/* in a pattern */
#define VALUE_MAX	4096	/* bytes of a value, with its end */

/* IPv4 among the IPv6 addresses. */
#define VALUE_MAPPED_FIRST	((wide_t)0xffff << 32)
#define VALUE_MAPPED_LAST	(VALUE_MAPPED_FIRST | 0xffffffff)

/**
 * struct value - numbers that a word stands for
 * @first:	the lowest
 * @last:	the highest
 * @none:	there are none now: a network namespace that does not exist
 */
struct value {
	wide_t first;
	wide_t last;
	bool none;
};

/**
 * value_parse - what a word means for a field that is a number
 * @field:	the field
 * @word:	the word
 * @world:	knows names
 * @value:	(out) its meaning
 *
 * Return: NULL, or what is wrong with the word.
 */
const char *value_parse(enum field field, const char *word,
			const struct world *world, struct value *value);

/* value_pattern() - what is wrong with a pattern, or NULL. */
const char *value_pattern(enum field field, const char *pattern);

/* value_number() reads a decimal number up to a limit. */
bool value_number(const char *text, uint64_t max, uint64_t *value);

/* value_size() reads bytes, with K, M or G behind. */
bool value_size(const char *text, uint64_t max, uint64_t *value);

#endif /* SDIRECTD_VALUE_H */
