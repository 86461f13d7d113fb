// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <string.h>

#include "scan.h"

/* One bit for each of the characters 0 to 127 that words are made of. */
static const uint64_t word_bits[] = {
	/* % * + - . / 0-9 : ? */
	0x87ffec2000000000,
	/* @ A-Z [ ] _ a-z ~ */
	0x47fffffeafffffff,
};

static bool in_word(char c)
{
	unsigned char n = c;

	return n < 128 && word_bits[n / 64] >> n % 64 & 1;
}

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
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
	for (; s->at < s->end; s->at++) {
		if (*s->at == '#') {
			while (s->at + 1 < s->end && s->at[1] != '\n')
				s->at++;
		} else if (*s->at == '\\' && peek(s, 1) == '\n') {
			s->at++;
			next_line(s);
			s->at--;
		} else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r') {
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
	for (; s->at < s->end && *s->at != '"'; s->at++) {
		if ((unsigned char)*s->at < ' ' || *s->at == 0x7f)
			return bad(s, token, *s->at == '\n' ?
				   "the string does not end on its line" :
				   "a control character in a string");
		if (*s->at != '\\')
			continue;
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
			enum token_kind kind, bool (*in)(char c))
{
	token.kind = kind;
	token.text = s->at;
	while (s->at < s->end && in(*s->at))
		s->at++;
	token.len = s->at - token.text;
	return token;
}

static const struct {
	const char *text;
	enum token_kind kind;
} marks[] = {
	{ "{", TOKEN_OPEN }, { "}", TOKEN_CLOSE }, { ",", TOKEN_COMMA },
	{ ";", TOKEN_LINE }, { "!=", TOKEN_NOT }, { "=", TOKEN_IS },
};

static struct token mark(struct scanner *s, struct token token)
{
	size_t i, len;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		len = strlen(marks[i].text);
		if ((size_t)(s->end - s->at) < len ||
		    memcmp(s->at, marks[i].text, len))
			continue;
		s->at += len;
		token.kind = marks[i].kind;
		token.len = len;
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
	if (*s->at == '$' && in_name(peek(s, 1))) {
		s->at++;
		return run(s, token, TOKEN_NAME, in_name);
	}
	if (in_word(*s->at))
		return run(s, token, TOKEN_WORD, in_word);
	return mark(s, token);
}

bool token_is(const struct token *token, const char *word)
{
	/* It is asked often, and mostly differs at once. */
	return token->kind == TOKEN_WORD && *token->text == *word &&
	       token->len == strlen(word) &&
	       !memcmp(token->text, word, token->len);
}
