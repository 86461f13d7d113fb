/* SPDX-License-Identifier: GPL-2.0-only */
/* Words of the rule language. */
#ifndef SDIRECTD_SCAN_H
#define SDIRECTD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_END,		/* of the file */
	TOKEN_LINE,		/* end of a line that goes on nowhere, or ';' */
	TOKEN_WORD,
	TOKEN_STRING,		/* between quotes, which are not part of it */
	TOKEN_NAME,		/* behind '$', which is not part of it */
	TOKEN_OPEN,		/* { */
	TOKEN_CLOSE,		/* } */
	TOKEN_COMMA,
	TOKEN_IS,		/* = */
	TOKEN_NOT,		/* != */
	TOKEN_BAD,		/* none of these; scanner.why says why */
};

/**
 * struct token - a word
 * @kind:	what it is
 * @text:	in the file; in a string, '\' may precede '"' and '\'
 * @len:	its length
 * @line:	from 1
 * @column:	of its first byte, from 1
 */
struct token {
	enum token_kind kind;
	const char *text;
	size_t len;
	uint32_t line;
	uint32_t column;
};

/**
 * struct scanner - goes through a text; zero all but @at and @end to begin
 * @at:		what comes next
 * @end:	behind the text
 * @begin:	where the line begins; NULL: not begun
 * @line:	its number
 * @why:	what is wrong with the TOKEN_BAD that came last
 */
struct scanner {
	const char *at;
	const char *end;
	const char *begin;
	uint32_t line;
	const char *why;
};

/* scanner_next() - the next token; behind the end, TOKEN_END for ever. */
struct token scanner_next(struct scanner *scanner);

/* token_same() - token_is(), where the first letters are known to be equal. */
bool token_same(const struct token *token, const char *word);

/* token_is() is asked often, and mostly they differ at once. */
static inline bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && *token->text == *word &&
	       token_same(token, word);
}

#endif /* SDIRECTD_SCAN_H */
