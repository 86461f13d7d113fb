/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the parser, which are of no use alone. */
#ifndef SDIRECTD_PARSER_H
#define SDIRECTD_PARSER_H

#include "complaint.h"
#include "policy.h"
#include "scan.h"
#include "value.h"
#include "world.h"

/**
 * struct item - a value as it was written
 * @token:	a word or a string
 * @file:	where
 */
struct item {
	struct token token;
	uint32_t file;
};

/**
 * struct items - values one behind the other
 * @v:		they
 * @n:		how many
 * @room:	how many fit
 */
struct items {
	struct item *v;
	size_t n;
	size_t room;
};

/**
 * struct definition - values that have a name
 * @name:	in the file, not terminated
 * @len:	its length
 * @items:	the values
 * @set:	what they mean for a field, and as others than these
 * @bad:	for these fields there were complaints, bits
 */
struct definition {
	const char *name;
	size_t len;
	struct items items;
	const struct set *set[FIELDS][2];
	uint32_t bad;
};

/**
 * struct parser - a parser at work
 * @policy:	what becomes of it
 * @complaints:	what is wrong
 * @world:	has files and names
 * @scanner:	in the present file
 * @token:	what comes next
 * @behind:	where the last token that was taken ended
 * @file:	the present file
 * @depth:	how many files are open
 * @braces:	how many braces are open
 * @failed:	this statement makes no sense: go on behind it
 * @definitions: tree of struct definition, for tsearch()
 * @items:	room for a list
 * @ranges:	room for what it means
 */
struct parser {
	struct policy *policy;
	struct complaints *complaints;
	const struct world *world;
	struct scanner scanner;
	struct token token;
	const char *behind;
	uint32_t file;
	unsigned int depth;
	unsigned int braces;
	bool failed;
	void *definitions;
	struct items items;
	struct ranges ranges;
};

/* parser_next() takes the next token. */
void parser_next(struct parser *parser);

/* parser_fail() complains of the next token, and gives the statement up. */
void parser_fail(struct parser *parser, const char *wanted);

/* parser_complain() complains of a token, but goes on. */
void parser_complain(struct parser *parser, const struct token *token,
		     const char *why);

/* parser_memory() - there is none left. */
void parser_memory(struct parser *parser);

/* parser_items() reads "value", "$name" or "{ value, ... }". */
int parser_items(struct parser *parser, struct items *items);

/* parser_define() reads what follows the word "define". */
void parser_define(struct parser *parser);

/* parser_set() reads [ "!=" | "=" ] values of a field; NULL: wrong. */
const struct set *parser_set(struct parser *parser, enum field field);

/* item_text() - as it is meant, in @text of VALUE_MAX; false: too long. */
bool item_text(const struct token *token, char *text);

void definitions_free(void *definitions);

#endif /* SDIRECTD_PARSER_H */
