// SPDX-License-Identifier: GPL-2.0-only
/* Files, statements and clauses. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/sdirect.h>
#include <linux/sdirect_ring.h>

#include "parse.h"
#include "parser.h"

#define DEPTH_MAX	16	/* files that include each other */
#define FILES_MAX	1000	/* with one that is included twice counted twice */
#define RING_LEAST	16384	/* bytes: the module makes no smaller ones */

/**
 * struct statement - what the clauses of a rule have said so far
 * @rule:	what becomes of it
 * @when:	its time
 * @sides:	the ends that are spoken of, bits
 * @seen:	the clauses that were there, bits of clauses[]
 * @good:	nothing is wrong yet
 */
struct statement {
	struct rule rule;
	struct when when;
	unsigned int sides;
	unsigned int seen;
	bool good;
};

void parser_next(struct parser *p)
{
	p->behind = p->token.text + p->token.len +
		    (p->token.kind == TOKEN_STRING);
	p->token = scanner_next(&p->scanner);
	if (p->token.kind == TOKEN_OPEN)
		p->braces++;
	if (p->token.kind == TOKEN_CLOSE && p->braces)
		p->braces--;
}

static const char *file_name(const struct parser *p)
{
	return p->policy->file[p->file].name;
}

void parser_complain(struct parser *p, const struct token *token,
		     const char *why)
{
	size_t len = token->len < 60 ? token->len : 60;

	complain(p->complaints, false, file_name(p), token->line, token->column,
		 "%.*s: %s", (int)len, token->text, why);
}

void parser_memory(struct parser *p)
{
	complain(p->complaints, false, file_name(p), p->token.line,
		 p->token.column, "out of memory");
	p->failed = true;
}

void parser_fail(struct parser *p, const char *wanted)
{
	const struct token *t = &p->token;
	int len = t->len < 60 ? t->len : 60;

	if (p->failed)
		return;
	p->failed = true;
	if (t->kind == TOKEN_BAD)
		complain(p->complaints, false, file_name(p), t->line, t->column,
			 "%s", p->scanner.why);
	else if (t->kind == TOKEN_END || (t->kind == TOKEN_LINE && *t->text != ';'))
		complain(p->complaints, false, file_name(p), t->line, t->column,
			 "the %s ends where %s should be",
			 t->kind == TOKEN_END ? "file" : "line", wanted);
	else
		complain(p->complaints, false, file_name(p), t->line, t->column,
			 "'%s%.*s' where %s should be",
			 t->kind == TOKEN_NAME ? "$" : "", len, t->text,
			 wanted);
}

/* Clauses */

/* A word or a string as it is meant; complains if there is none. */
static bool take_text(struct parser *p, const char *wanted, char *text,
		      struct token *token)
{
	*token = p->token;
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_STRING) {
		parser_fail(p, wanted);
		return false;
	}
	parser_next(p);
	if (item_text(token, text))
		return true;
	parser_complain(p, token, "too long");
	return false;
}

/* As many words as there are, for what may be one or "{ one, or, more }". */
static void each_text(struct parser *p, struct statement *s,
		      bool (*use)(struct statement *s, const char *text),
		      const char *why)
{
	struct items items = { 0 };
	char text[VALUE_MAX];
	size_t i;

	s->good &= !parser_items(p, &items);
	for (i = 0; i < items.n; i++) {
		if (item_text(&items.v[i].token, text) && use(s, text))
			continue;
		complain(p->complaints, false,
			 p->policy->file[items.v[i].file].name,
			 items.v[i].token.line, items.v[i].token.column,
			 "%.60s: %s", text, why);
		s->good = false;
	}
	free(items.v);
}

static bool use_carrier(struct statement *s, const char *text)
{
	if (!strcmp(text, "local"))
		s->rule.carriers |= 1 << SDIRECT_CARRIER_LOCAL;
	else if (!strcmp(text, "rdma"))
		s->rule.carriers |= 1 << SDIRECT_CARRIER_RDMA;
	else
		return false;
	return true;
}

static bool use_same(struct statement *s, const char *text)
{
	static const char * const names[] = { "user", "group", "netns",
					      "cgroup" };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (strcmp(text, names[i]))
			continue;
		s->rule.same |= 1 << i;
		return true;
	}
	return false;
}

static bool use_days(struct statement *s, const char *text)
{
	return when_days(&s->when, text, strlen(text));
}

static void clause_carrier(struct parser *p, struct statement *s)
{
	each_text(p, s, use_carrier, "not a carrier: local, rdma");
}

static void clause_same(struct parser *p, struct statement *s)
{
	each_text(p, s, use_same, "not one of user, group, netns, cgroup");
}

static void clause_days(struct parser *p, struct statement *s)
{
	each_text(p, s, use_days, "not a day, such as mon, or a range, such as mon-fri");
}

/* The clauses that take one word: how it is used, and what it should be. */
static void one_text(struct parser *p, struct statement *s,
		     bool (*use)(struct statement *s, const char *text),
		     const char *wanted, const char *why)
{
	char text[VALUE_MAX];
	struct token token;

	if (!take_text(p, wanted, text, &token)) {
		s->good = false;
	} else if (!use(s, text)) {
		parser_complain(p, &token, why);
		s->good = false;
	}
}

static bool use_hours(struct statement *s, const char *text)
{
	return when_hours(&s->when, text, strlen(text));
}

static bool use_since(struct statement *s, const char *text)
{
	return when_date(text, strlen(text), false, &s->when.since);
}

static bool use_until(struct statement *s, const char *text)
{
	return when_date(text, strlen(text), true, &s->when.until);
}

static bool use_ring(struct statement *s, const char *text)
{
	uint64_t bytes;

	if (!value_size(text, SDIRECT_RING_MAX, &bytes) || bytes < RING_LEAST)
		return false;
	s->rule.ring_max = bytes;
	return true;
}

static bool use_rate(struct statement *s, const char *text)
{
	size_t len = strlen(text);
	char number[16];
	uint64_t rate;

	if (len < 3 || len - 2 >= sizeof(number) || strcmp(text + len - 2, "/s"))
		return false;
	memcpy(number, text, len - 2);
	number[len - 2] = '\0';
	if (!value_number(number, UINT32_MAX, &rate) || !rate)
		return false;
	s->rule.rate = rate;
	return true;
}

static void clause_hours(struct parser *p, struct statement *s)
{
	one_text(p, s, use_hours, "hours such as 08:00-18:00",
		 "not hours such as 08:00-18:00");
}

static void clause_since(struct parser *p, struct statement *s)
{
	one_text(p, s, use_since, "a date", "not a date, YYYY-MM-DD or YYYY-MM-DDTHH:MM");
}

static void clause_until(struct parser *p, struct statement *s)
{
	one_text(p, s, use_until, "a date", "not a date, YYYY-MM-DD or YYYY-MM-DDTHH:MM");
}

static void clause_ring(struct parser *p, struct statement *s)
{
	one_text(p, s, use_ring, "a size", "not a size from 16K to 4M");
}

static void clause_rate(struct parser *p, struct statement *s)
{
	one_text(p, s, use_rate, "a rate", "not a rate such as 100/s");
}

/* These say of whom the fields behind them speak. */
static void sides(struct parser *p, struct statement *s, unsigned int sides)
{
	s->sides = sides;
	if (token_is(&p->token, "any"))
		parser_next(p);
}

static void clause_from(struct parser *p, struct statement *s)
{
	sides(p, s, 1 << SIDE_FROM);
}

static void clause_to(struct parser *p, struct statement *s)
{
	sides(p, s, 1 << SIDE_TO);
}

static void clause_both(struct parser *p, struct statement *s)
{
	sides(p, s, 1 << SIDE_FROM | 1 << SIDE_TO);
}

static const struct {
	const char *name;
	void (*parse)(struct parser *p, struct statement *s);
} clauses[] = {
	{ "from", clause_from },
	{ "to", clause_to },
	{ "both", clause_both },
	{ "same", clause_same },
	{ "carrier", clause_carrier },
	{ "hours", clause_hours },
	{ "days", clause_days },
	{ "since", clause_since },
	{ "until", clause_until },
	{ "ring", clause_ring },
	{ "rate", clause_rate },
};

static void field_clause(struct parser *p, struct statement *s,
			 const struct token *name, enum field field)
{
	const struct set *set;
	unsigned int side;

	if (!s->sides) {
		parser_complain(p, name, "of which end? Say from, to or both before it");
		s->good = false;
	}
	set = parser_set(p, field);
	s->good &= !!set;
	for (side = 0; side < SIDES; side++) {
		if (!(s->sides & 1 << side))
			continue;
		if (s->rule.set[side][field]) {
			parser_complain(p, name,
					"said of this end already; use { ... } for several values");
			s->good = false;
		}
		s->rule.set[side][field] = set;
		s->rule.asks |= 1u << (side * FIELDS + field);
	}
}

static bool one_clause(struct parser *p, struct statement *s)
{
	struct token name = p->token;
	enum field field;
	unsigned int i;

	if (name.kind != TOKEN_WORD)
		return false;
	field = field_find(name.text, name.len);
	if (field != FIELDS) {
		parser_next(p);
		field_clause(p, s, &name, field);
		return true;
	}
	for (i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++) {
		if (!token_is(&name, clauses[i].name))
			continue;
		if (s->seen & 1 << i) {
			parser_complain(p, &name, "said already");
			s->good = false;
		}
		s->seen |= 1 << i;
		parser_next(p);
		clauses[i].parse(p, s);
		return true;
	}
	return false;
}

/* Statements */

static bool at_end(const struct parser *p)
{
	return p->token.kind == TOKEN_LINE || p->token.kind == TOKEN_END;
}

static void rule_keep(struct parser *p, struct statement *s)
{
	bool timed = s->when.hours || s->when.days || s->when.since ||
		     s->when.until;
	struct when *when = NULL;
	struct rule *rule;

	if (timed) {
		when = arena_get(&p->policy->arena, sizeof(*when));
		if (!when)
			return parser_memory(p);
		*when = s->when;
	}
	rule = policy_add(p->policy);
	if (!rule)
		return parser_memory(p);
	*rule = s->rule;
	rule->when = when;
	p->policy->timed |= timed;
}

static void rule_parse(struct parser *p, enum verdict verdict,
		       const struct token *first)
{
	struct statement s = { .good = true };

	while (!p->failed && !at_end(p))
		if (!one_clause(p, &s))
			parser_fail(p, "a condition, such as from, to or port,");
	if ((s.rule.ring_max || s.rule.rate) && verdict != VERDICT_DIRECT) {
		parser_complain(p, first, "ring and rate limit what is direct");
		s.good = false;
	}
	if (p->failed || !s.good)
		return;
	s.rule.verdict = verdict;
	s.rule.file = p->file;
	s.rule.line = first->line;
	s.rule.text = first->text;
	s.rule.len = p->behind - first->text;
	rule_keep(p, &s);
}

static void file_parse(struct parser *p, const char *path,
		       const struct token *from);

/* A path is relative to the directory of the file that has it. */
static char *path_from(const struct parser *p, const char *path)
{
	const char *slash = strrchr(file_name(p), '/');
	size_t dir = *path == '/' || !slash ? 0 : slash + 1 - file_name(p);
	char *whole = malloc(dir + strlen(path) + 1);

	if (whole) {
		memcpy(whole, file_name(p), dir);
		strcpy(whole + dir, path);
	}
	return whole;
}

static void include_each(struct parser *p, const char *pattern,
			 const struct token *token)
{
	char **paths = NULL;
	size_t i, n = 0;
	int err;

	if (!strpbrk(pattern, "*?["))
		return file_parse(p, pattern, token);
	err = p->world->expand(p->world->data, pattern, &paths, &n);
	if (err)
		parser_complain(p, token, strerror(-err));
	for (i = 0; i < n; i++) {
		if (p->policy->files < FILES_MAX)
			file_parse(p, paths[i], token);
		free(paths[i]);
	}
	free(paths);
}

static void include_parse(struct parser *p)
{
	char text[VALUE_MAX], *path;
	struct token token;

	if (!take_text(p, "the name of a file", text, &token))
		return;
	if (!at_end(p))
		return parser_fail(p, "the end of the line");
	if (p->depth == DEPTH_MAX || p->policy->files >= FILES_MAX)
		return parser_complain(p, &token, "too many files include each other");
	path = path_from(p, text);
	if (!path)
		return parser_memory(p);
	include_each(p, path, &token);
	free(path);
}

static bool statement_begins(const struct token *token)
{
	static const char * const words[] = { "direct", "tcp", "deny",
					      "define", "include" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (token_is(token, words[i]))
			return true;
	return false;
}

/*
 * Behind what made no sense: the next line.  Where a brace is open, lines do
 * not count but for what can only be a statement, as the brace may have been
 * forgotten.
 */
static void resume(struct parser *p)
{
	p->failed = false;
	while (p->token.kind != TOKEN_END) {
		bool line = p->token.kind == TOKEN_LINE;

		parser_next(p);
		if (line && (!p->braces || statement_begins(&p->token)))
			break;
	}
	p->braces = 0;
}

static void statement_parse(struct parser *p)
{
	struct token first = p->token;
	unsigned int i;

	if (first.kind == TOKEN_LINE)
		return parser_next(p);
	if (!statement_begins(&first)) {
		parser_fail(p, "direct, tcp, deny, define or include");
		return resume(p);
	}
	parser_next(p);
	if (token_is(&first, "define"))
		parser_define(p);
	else if (token_is(&first, "include"))
		include_parse(p);
	for (i = VERDICT_DIRECT; i <= VERDICT_DENY; i++)
		if (token_is(&first, verdict_name(i)))
			rule_parse(p, i, &first);
	if (!p->failed && !at_end(p))
		parser_fail(p, "the end of the line");
	if (p->failed)
		resume(p);
}

static bool file_open(struct parser *p, const char *path,
		      const struct token *from)
{
	char *text = NULL;
	size_t len = 0;
	int err;

	err = p->world->read(p->world->data, path, &text, &len);
	if (!err) {
		err = policy_add_file(p->policy, path, text, len);
		if (err)
			free(text);
	}
	if (err)
		complain(p->complaints, false, from ? file_name(p) : path,
			 from ? from->line : 0, from ? from->column : 0,
			 "%s%s%s", from ? path : "", from ? ": " : "",
			 strerror(-err));
	return !err;
}

static void file_parse(struct parser *p, const char *path,
		       const struct token *from)
{
	struct parser outer = *p;
	const struct file *file;

	if (!file_open(p, path, from))
		return;
	p->file = p->policy->files - 1;
	p->depth++;
	p->braces = 0;
	file = &p->policy->file[p->file];
	p->scanner = (struct scanner){ .at = file->text,
				       .end = file->text + file->len };
	p->token = (struct token){ .text = file->text };
	parser_next(p);
	while (p->token.kind != TOKEN_END)
		statement_parse(p);
	/* What belongs to all files. */
	outer.definitions = p->definitions;
	outer.items = p->items;
	outer.ranges = p->ranges;
	*p = outer;
}

int policy_parse(struct policy *policy, const char *path,
		 const struct world *world, struct complaints *complaints)
{
	struct parser parser = { .policy = policy, .complaints = complaints,
				 .world = world };

	file_parse(&parser, path, NULL);
	definitions_free(parser.definitions);
	free(parser.items.v);
	ranges_free(&parser.ranges);
	return complaints->errors ? -EINVAL : 0;
}
