// SPDX-License-Identifier: GPL-2.0-only
/* Lists of values, their names, and the sets that they mean. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"
#include "parser.h"

#define ITEMS_MAX	1000000	/* values in a list: names can multiply them */

bool item_text(const struct token *token, char *text)
{
	size_t i, n = 0;

	if (token->len >= VALUE_MAX)
		return false;
	if (token->kind != TOKEN_STRING ||
	    !memchr(token->text, '\\', token->len)) {
		memcpy(text, token->text, token->len);
		text[token->len] = '\0';
		return true;
	}
	for (i = 0; i < token->len; i++) {
		if (token->text[i] == '\\')
			i++;
		text[n++] = token->text[i];
	}
	text[n] = '\0';
	return true;
}

static int items_add(struct items *items, const struct item *item)
{
	size_t room = items->room ? items->room * 2 : 1;
	struct item *v;

	if (items->n == items->room) {
		v = reallocarray(items->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		items->v = v;
		items->room = room;
	}
	items->v[items->n++] = *item;
	return 0;
}

/* Names */

static int definition_compare(const void *a, const void *b)
{
	const struct definition *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->name, y->name, x->len);
}

static void definition_free(void *data)
{
	struct definition *definition = data;

	free(definition->items.v);
	free(definition);
}

void definitions_free(void *definitions)
{
	tdestroy(definitions, definition_free);
}

static struct definition *definition_find(const struct parser *p,
					  const struct token *name)
{
	struct definition key = { .name = name->text, .len = name->len };
	void *found = tfind(&key, &p->definitions, definition_compare);

	return found ? *(struct definition **)found : NULL;
}

/* What a name stands for is put in its place. */
static void items_append(struct parser *p, struct items *items)
{
	const struct definition *named;
	size_t i;

	named = definition_find(p, &p->token);
	if (!named) {
		parser_complain(p, &p->token, "this name is not defined");
		return;
	}
	if (items->n + named->items.n > ITEMS_MAX) {
		parser_complain(p, &p->token, "too many values");
		return;
	}
	for (i = 0; i < named->items.n; i++)
		if (items_add(items, &named->items.v[i]))
			return parser_memory(p);
}

static void item_take(struct parser *p, struct items *items)
{
	struct item item = { p->token, p->file };

	if (p->token.kind == TOKEN_NAME)
		items_append(p, items);
	else if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING)
		return parser_fail(p, "a value");
	else if (items_add(items, &item))
		return parser_memory(p);
	parser_next(p);
}

static void skip_lines(struct parser *p)
{
	while (p->token.kind == TOKEN_LINE && *p->token.text != ';')
		parser_next(p);
}

int parser_items(struct parser *p, struct items *items)
{
	if (p->token.kind != TOKEN_OPEN) {
		item_take(p, items);
		return p->failed ? -EINVAL : 0;
	}
	parser_next(p);
	for (skip_lines(p); p->token.kind != TOKEN_CLOSE; skip_lines(p)) {
		item_take(p, items);
		skip_lines(p);
		if (p->failed || p->token.kind == TOKEN_CLOSE)
			break;
		if (p->token.kind != TOKEN_COMMA) {
			parser_fail(p, "',' or '}'");
			break;
		}
		parser_next(p);
	}
	if (p->failed)
		return -EINVAL;
	parser_next(p);
	return 0;
}

void parser_define(struct parser *p)
{
	struct definition *new = calloc(1, sizeof(*new));
	struct token name = p->token;

	if (!new)
		return parser_memory(p);
	if (name.kind != TOKEN_WORD) {
		parser_fail(p, "a name");
		goto drop;
	}
	if (definition_find(p, &name))
		parser_complain(p, &name, "this name is defined already");
	parser_next(p);
	if (p->token.kind != TOKEN_IS) {
		parser_fail(p, "'='");
		goto drop;
	}
	parser_next(p);
	if (parser_items(p, &new->items) || definition_find(p, &name))
		goto drop;
	new->name = name.text;
	new->len = name.len;
	if (tsearch(new, &p->definitions, definition_compare))
		return;
	parser_memory(p);
drop:
	definition_free(new);
}

/* Sets */

static bool is_address(enum field field)
{
	return field == FIELD_ADDR || field == FIELD_PEER_ADDR;
}

/* There is room for one for each item. */
static int set_pattern(struct parser *p, struct set *set, const char *text)
{
	struct globs *globs = &p->policy->globs[field_patterns(set->field)];
	size_t len = strlen(text);
	int64_t id;

	/* What is below "/a/" is below "/a", and all is below "/". */
	while (globs->below && len && text[len - 1] == '/')
		len--;
	id = globs_add(globs, text, len);
	if (id < 0)
		return id;
	set->patterns[set->n_patterns++] = id;
	return 0;
}

/* What is wrong is said where the value is, which may be another file. */
static bool item_wrong(struct parser *p, const struct item *item,
		       const char *text, const char *why)
{
	complain(p->complaints, false, p->policy->file[item->file].name,
		 item->token.line, item->token.column, "%s%s%s%s",
		 text ? text : "", text ? ": " : "", why, "");
	return false;
}

/*
 * What is written as IPv6 and has IPv4 somewhere in it, as "::/0" has, does not
 * mean that, unless it is nothing else.
 */
static int add_value(struct ranges *ranges, enum field field,
		     const struct value *value)
{
	bool below = value->first < VALUE_MAPPED_FIRST;
	bool above = value->last > VALUE_MAPPED_LAST;
	int err = 0;

	if (!is_address(field) || (!below && !above) ||
	    value->first > VALUE_MAPPED_LAST ||
	    value->last < VALUE_MAPPED_FIRST)
		return ranges_add(ranges, value->first, value->last);
	if (below)
		err = ranges_add(ranges, value->first, VALUE_MAPPED_FIRST - 1);
	if (above && !err)
		err = ranges_add(ranges, VALUE_MAPPED_LAST + 1, value->last);
	return err;
}

static bool set_add(struct parser *p, struct set *set, const struct item *item)
{
	char text[VALUE_MAX];
	struct value value;
	const char *why;
	int err = 0;

	if (!item_text(&item->token, text))
		return item_wrong(p, item, NULL, "the value is too long");
	if (field_patterns(set->field) >= 0) {
		why = value_pattern(set->field, text);
		if (!why)
			err = set_pattern(p, set, text);
	} else {
		why = value_parse(set->field, text, p->world, &value);
		if (!why && value.none)
			complain(p->complaints, true,
				 p->policy->file[item->file].name,
				 item->token.line, item->token.column,
				 "%s: there is no such network namespace now",
				 text);
		else if (!why)
			err = add_value(&p->ranges, set->field, &value);
	}
	if (why)
		return item_wrong(p, item, text, why);
	if (err)
		parser_memory(p);
	return !err;
}

static int compare_ids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int set_settle(struct parser *p, struct set *set)
{
	struct ranges *ranges = &p->ranges;

	if (set->n_patterns > 1)
		qsort(set->patterns, set->n_patterns, sizeof(*set->patterns),
		      compare_ids);
	if (field_patterns(set->field) >= 0)
		return 0;
	ranges_settle(ranges);
	if (set->inverted && ranges_invert(ranges, field_max(set->field)))
		return -ENOMEM;
	set->entries = is_address(set->field) ? nets_of(ranges, NULL) :
		       ranges->n;
	return ranges_keep(&set->ranges, ranges, &p->policy->arena);
}

static struct set *set_new(struct parser *p, enum field field, bool inverted,
			   size_t items)
{
	struct arena *arena = &p->policy->arena;
	struct set *set = arena_get(arena, sizeof(*set));

	if (!set)
		return NULL;
	*set = (struct set){ .field = field, .inverted = inverted };
	if (field_patterns(field) >= 0) {
		set->patterns = arena_get(arena,
					  items * sizeof(*set->patterns));
		if (!set->patterns)
			return NULL;
	}
	p->ranges.n = 0;
	p->policy->netns |= field == FIELD_NETNS;
	return set;
}

static const struct set *set_make(struct parser *p, enum field field,
				  bool inverted, const struct items *items)
{
	struct set *set = set_new(p, field, inverted, items->n);
	bool good = true;
	size_t i;

	if (!set) {
		parser_memory(p);
		return NULL;
	}
	for (i = 0; i < items->n; i++)
		good &= set_add(p, set, &items->v[i]);
	if (set_settle(p, set)) {
		parser_memory(p);
		return NULL;
	}
	return good ? set : NULL;
}

/* A name alone: what it means is found once, and complained of once. */
static const struct set *set_named(struct parser *p, enum field field,
				   bool inverted)
{
	struct definition *named = definition_find(p, &p->token);

	if (!named) {
		parser_complain(p, &p->token, "this name is not defined");
	} else if (!named->set[field][inverted] &&
		   !(named->bad & 1 << field)) {
		named->set[field][inverted] =
			set_make(p, field, inverted, &named->items);
		if (!named->set[field][inverted])
			named->bad |= 1 << field;
	}
	parser_next(p);
	return named ? named->set[field][inverted] : NULL;
}

const struct set *parser_set(struct parser *p, enum field field)
{
	bool inverted = p->token.kind == TOKEN_NOT;

	if (inverted || p->token.kind == TOKEN_IS)
		parser_next(p);
	if (p->token.kind == TOKEN_NAME)
		return set_named(p, field, inverted);
	p->items.n = 0;
	return parser_items(p, &p->items) ? NULL :
	       set_make(p, field, inverted, &p->items);
}
