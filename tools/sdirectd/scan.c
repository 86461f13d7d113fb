// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "scan.h"

/* What a character may be part of. */
enum {
	IN_WORD	= 1 << 0,
	IN_NAME	= 1 << 1,	/* of a definition, behind a '$' */
	BLANK	= 1 << 2,
	PLAIN	= 1 << 3,	/* in a string: all but '"', '\\' and controls */
};

#define WORD	(IN_WORD | PLAIN)
#define NAME	(IN_WORD | IN_NAME | PLAIN)

static const uint8_t class[256] = {
	['\t'] = BLANK, ['\r'] = BLANK, [' '] = BLANK | PLAIN,
	['!'] = PLAIN, ['#'] = PLAIN, ['$'] = PLAIN, ['%'] = WORD,
	['&' ... ')'] = PLAIN, ['*'] = WORD, ['+'] = WORD, [','] = PLAIN,
	['-'] = NAME, ['.'] = WORD, ['/'] = WORD, ['0' ... '9'] = NAME,
	[':'] = WORD, [';' ... '>'] = PLAIN, ['?'] = WORD, ['@'] = WORD,
	['A' ... 'Z'] = NAME, ['['] = WORD, [']'] = WORD, ['^'] = PLAIN,
	['_'] = NAME, ['`'] = PLAIN, ['a' ... 'z'] = NAME,
	['{' ... '}'] = PLAIN, ['~'] = WORD, [0x80 ... 0xff] = PLAIN,
};

static bool is(char c, unsigned int what)
{
	return class[(unsigned char)c] & what;
}

/* Goes on behind all that is of a kind; false: that is the end. */
static bool skip(struct scanner *s, unsigned int what)
{
	const char *at = s->at;

	while (at < s->end && is(*at, what))
		at++;
	s->at = at;
	return at < s->end;
}

static char peek(const struct scanner *s, size_t ahead)
{
	return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

static void next_line(struct scanner *s)
{
	s->at++;
	s->begin = s->at;
	s->line++;
}

/* A '\' at the end of a line joins it with the next one. */
static void skip_blanks(struct scanner *s)
{
	for (; skip(s, BLANK); s->at++) {
		if (*s->at == '#') {
			while (s->at + 1 < s->end && s->at[1] != '\n')
				s->at++;
		} else if (*s->at == '\\' && peek(s, 1) == '\n') {
			s->at++;
			next_line(s);
			s->at--;
		} else {
			return;
		}
	}
}

static struct token bad(struct scanner *s, struct token token, const char *why)
{
	s->why = why;
	token.kind = TOKEN_BAD;
	token.len = s->at - token.text;
	return token;
}

static struct token quoted(struct scanner *s, struct token token)
{
	token.kind = TOKEN_STRING;
	token.text = ++s->at;
	for (; skip(s, PLAIN) && *s->at != '"'; s->at++) {
		if (*s->at != '\\')
			return bad(s, token, *s->at == '\n' ?
				   "the string does not end on its line" :
				   "a control character in a string");
		s->at++;
		if (s->at == s->end || (*s->at != '"' && *s->at != '\\'))
			return bad(s, token,
				   "only \\\" and \\\\ may follow a \\ in a string");
	}
	if (s->at == s->end)
		return bad(s, token, "the string does not end");
	token.len = s->at++ - token.text;
	return token;
}

static struct token run(struct scanner *s, struct token token,
			enum token_kind kind, unsigned int what)
{
	token.kind = kind;
	token.text = s->at;
	skip(s, what);
	token.len = s->at - token.text;
	return token;
}

static const struct {
	char text[3];
	uint8_t len;
	enum token_kind kind;
} marks[] = {
	{ "{", 1, TOKEN_OPEN }, { "}", 1, TOKEN_CLOSE }, { ",", 1, TOKEN_COMMA },
	{ ";", 1, TOKEN_LINE }, { "!=", 2, TOKEN_NOT }, { "=", 1, TOKEN_IS },
};

static struct token mark(struct scanner *s, struct token token)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (*s->at != *marks[i].text ||
		    (size_t)(s->end - s->at) < marks[i].len ||
		    memcmp(s->at, marks[i].text, marks[i].len))
			continue;
		s->at += marks[i].len;
		token.kind = marks[i].kind;
		token.len = marks[i].len;
		return token;
	}
	/* One complaint for a row of them, as the bytes of a UTF-8 letter. */
	do {
		s->at++;
	} while (s->at < s->end && (unsigned char)*s->at >= 0x80);
	return bad(s, token, "a character that has no meaning here");
}

struct token scanner_next(struct scanner *s)
{
	struct token token = { 0 };

	if (!s->begin) {
		s->begin = s->at;
		s->line = 1;
	}
	skip_blanks(s);
	token.text = s->at;
	token.line = s->line;
	token.column = s->at - s->begin + 1;
	if (s->at == s->end)
		return token;
	if (*s->at == '\n') {
		token.kind = TOKEN_LINE;
		token.len = 1;
		next_line(s);
		return token;
	}
	if (*s->at == '"')
		return quoted(s, token);
	if (*s->at == '$' && is(peek(s, 1), IN_NAME)) {
		s->at++;
		return run(s, token, TOKEN_NAME, IN_NAME);
	}
	if (is(*s->at, IN_WORD))
		return run(s, token, TOKEN_WORD, IN_WORD);
	return mark(s, token);
}

bool token_same(const struct token *token, const char *word)
{
	return token->len == strlen(word) &&
	       !memcmp(token->text, word, token->len);
}
