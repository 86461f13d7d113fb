// SPDX-License-Identifier: GPL-2.0-only
/* What somebody says of an end: "user alice port 80", "127.0.0.1:80". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "parser.h"

/**
 * struct reading - an end being read
 * @scanner:	in the text
 * @world:	has names
 * @end:	what becomes of it
 * @complaints:	what is wrong
 */
struct reading {
	struct scanner scanner;
	const struct world *world;
	struct end *end;
	struct complaints *complaints;
};

static void wrong(struct reading *r, const struct token *token,
		  const char *why)
{
	size_t len = token->len < 60 ? token->len : 60;

	complain(r->complaints, false, "end", token->line, token->column,
		 "%.*s%s%s", (int)len, token->text, len ? ": " : "", why);
}

static void set_number(struct end *end, enum field field,
		       wide_t value)
{
	switch (field) {
	case FIELD_ADDR:
		end->addr = value;
		break;
	case FIELD_PORT:
		end->port = value;
		break;
	case FIELD_PEER_ADDR:
		end->peer_addr = value;
		break;
	case FIELD_PEER_PORT:
		end->peer_port = value;
		break;
	case FIELD_USER:
		end->user = value;
		break;
	case FIELD_GROUP:
		end->group = value;
		break;
	case FIELD_NETNS:
		end->netns = value;
		break;
	default:
		break;
	}
	end->known |= 1 << field;
}

static const char **string_of(struct end *end, enum field field)
{
	return field == FIELD_CGROUP ? &end->cgroup :
	       field == FIELD_EXE ? &end->exe : &end->label;
}

static const char *set_string(struct end *end, enum field field,
			      const char *text)
{
	const char **to = string_of(end, field);

	if (field == FIELD_CGROUP && *text != '/')
		return "the path of a cgroup begins with '/'";
	free((char *)*to);
	*to = strdup(text);
	if (!*to)
		return "out of memory";
	end->known |= 1 << field;
	return NULL;
}

static const char *take(struct reading *r, enum field field, const char *text)
{
	struct value value;
	const char *why;

	if (r->end->known & 1 << field)
		return "said already";
	if (field_patterns(field) >= 0)
		return set_string(r->end, field, text);
	why = value_parse(field, text, r->world, &value);
	if (why)
		return why;
	if (value.none)
		return "there is no such network namespace";
	if (value.first != value.last)
		return "one value is needed, not several";
	set_number(r->end, field, value.first);
	return NULL;
}

/* 127.0.0.1:80 or [::1]:80 */
static const char *address_port(struct reading *r, char *text)
{
	char *colon = strrchr(text, ':'), *addr = text;
	const char *why;

	if (!colon)
		return "no condition of an end, and no address with a port";
	*colon = '\0';
	if (*addr == '[' && colon > addr + 1 && colon[-1] == ']') {
		colon[-1] = '\0';
		addr++;
	}
	why = *addr ? take(r, FIELD_ADDR, addr) : NULL;
	return why ? why : take(r, FIELD_PORT, colon + 1);
}

static void condition(struct reading *r, const struct token *token)
{
	char text[VALUE_MAX];
	struct token value;
	const char *why;
	unsigned int i;

	if (token->kind == TOKEN_BAD)
		return wrong(r, token, r->scanner.why);
	for (i = 0; i < FIELDS && !token_is(token, field_name(i)); i++)
		;
	value = i < FIELDS ? scanner_next(&r->scanner) : *token;
	if ((value.kind != TOKEN_WORD && value.kind != TOKEN_STRING) ||
	    !item_text(&value, text))
		return wrong(r, &value, "no value");
	why = i < FIELDS ? take(r, i, text) : address_port(r, text);
	if (why)
		wrong(r, &value, why);
}

int end_parse(const char *text, const struct world *world, struct end *end,
	      struct complaints *complaints)
{
	struct reading r = {
		.scanner = { .at = text, .end = text + strlen(text) },
		.world = world, .end = end, .complaints = complaints,
	};
	struct token token;

	memset(end, 0, sizeof(*end));
	end->exe_named = true;
	while ((token = scanner_next(&r.scanner)).kind != TOKEN_END)
		if (token.kind != TOKEN_LINE && !token_is(&token, "any"))
			condition(&r, &token);
	return complaints->errors ? -EINVAL : 0;
}

void end_free(struct end *end)
{
	free((char *)end->cgroup);
	free((char *)end->exe);
	free((char *)end->label);
	memset(end, 0, sizeof(*end));
}
