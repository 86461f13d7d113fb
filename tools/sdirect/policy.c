// SPDX-License-Identifier: GPL-2.0-only
/* sdirect policy */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/sdirect_netlink.h>

#include "../sdirectd/control.h"
#include "../sdirectd/daemon.h"
#include "../sdirectd/verify.h"
#include "command.h"
#include "genl.h"
#include "json.h"
#include "rules.h"
#include "table.h"
#include "text.h"

static void print_json(const struct rules *rules)
{
	struct json json = { .out = stdout };
	const struct rule_row *r;
	size_t i;

	json_open(&json, NULL, '[');
	for (i = 0; i < rules->n; i++) {
		r = &rules->v[i];
		json_open(&json, NULL, '{');
		json_uint(&json, "rule", r->number);
		json_string(&json, "verdict", r->verdict);
		json_bool(&json, "active", r->active);
		json_uint(&json, "hits", r->hits);
		if (r->where)
			json_string(&json, "where", r->where);
		if (r->text)
			json_string(&json, "text", r->text);
		json_close(&json, '}');
	}
	json_close(&json, ']');
}

#define COLUMNS	5

static int add_row(struct table *table, struct rule_row *r)
{
	char number[16], hits[24];
	const char *row[COLUMNS] = {
		number, hits, r->active ? "yes" : "no",
		r->where ? text_printable(r->where) : "?",
		r->text ? text_printable(r->text) : r->verdict,
	};
	size_t i;
	int err = 0;

	snprintf(number, sizeof(number), "%" PRIu32, r->number);
	snprintf(hits, sizeof(hits), "%" PRIu64, r->hits);
	for (i = 0; i < COLUMNS && !err; i++)
		err = table_add(table, row[i]);
	return err;
}

static int print_text(const struct rules *rules)
{
	static const char * const headings[COLUMNS] = {
		"RULE", "HITS", "NOW", "WHERE", "TEXT",
	};
	struct table table = { .columns = COLUMNS, .align = "rrlll" };
	size_t i;
	int err = 0;

	for (i = 0; i < COLUMNS && !err; i++)
		err = table_add(&table, headings[i]);
	for (i = 0; i < rules->n && !err; i++)
		err = add_row(&table, &rules->v[i]);
	if (!err)
		table_print(&table, stdout);
	table_free(&table);
	return err;
}

/* Without sdirectd there is still what the module has of it. */
static int show_read(struct rules *rules)
{
	struct genl genl;
	bool good = false;
	int err = 0;
	FILE *in;

	in = control_ask(CONTROL_PATH, "show", &good);
	if (in && good)
		err = rules_read(rules, in);
	else
		fputs("sdirect: sdirectd does not answer: the module's numbers alone\n",
		      stderr);
	if (in)
		fclose(in);
	if (!err)
		err = genl_open(&genl);
	if (err)
		return err;
	err = genl_dump(&genl, SDIRECT_CMD_POLICY_RULE_GET, 0, 0, rules_reply,
			rules);
	genl_close(&genl);
	return err;
}

static int show(const struct options *opt)
{
	struct rules rules = { 0 };
	int err;

	err = show_read(&rules);
	if (!err && opt->json)
		print_json(&rules);
	else if (!err)
		err = print_text(&rules);
	rules_free(&rules);
	return err ? genl_complain(err) : EXIT_OK;
}

static int reload(const struct options *opt)
{
	bool good = false;
	int c;
	FILE *in;

	(void)opt;
	in = control_ask(CONTROL_PATH, "reload", &good);
	if (!in) {
		perror("sdirect: sdirectd does not answer");
		return EXIT_ERROR;
	}
	while ((c = getc(in)) != EOF)
		putc(c, good ? stdout : stderr);
	fclose(in);
	return good ? EXIT_OK : EXIT_ERROR;
}

static const char *file_or(const char *word)
{
	return word ? word : POLICY_FILE;
}

static int check(const struct options *opt)
{
	return policy_check(file_or(opt->more[0])) ? EXIT_OK : EXIT_ERROR;
}

static int explain(const struct options *opt)
{
	return policy_explain(file_or(opt->more[2]), opt->more[0],
			      opt->more[1], opt->all, stdout) ?
	       EXIT_OK : EXIT_ERROR;
}

static const struct {
	const char *name;
	int least, most;
	int (*run)(const struct options *opt);
} actions[] = {
	{ "show", 0, 0, show },
	{ "reload", 0, 0, reload },
	{ "check", 0, 1, check },
	{ "explain", 2, 3, explain },
};

int cmd_policy(const struct options *opt)
{
	size_t i;
	int n;

	for (n = 0; opt->more[n]; n++)
		;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (opt->topic && !strcmp(opt->topic, actions[i].name) &&
		    n >= actions[i].least && n <= actions[i].most)
			return actions[i].run(opt);
	fputs("sdirect: policy what? (try: sdirect help policy)\n", stderr);
	return EXIT_USAGE;
}
