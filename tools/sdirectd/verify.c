// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <linux/sdirect.h>

#include "engine.h"
#include "match.h"
#include "parse.h"
#include "print.h"
#include "verify.h"

#define FEW	10	/* rules before the one that decides */

static bool load(struct policy *policy, const char *path)
{
	struct complaints complaints = { 0 };
	bool good;

	if (policy_init(policy)) {
		fputs("out of memory\n", stderr);
		return false;
	}
	good = !policy_parse(policy, path, &world_system, &complaints);
	complaints_print(&complaints, stderr);
	complaints_free(&complaints);
	world_forget();
	if (!good)
		policy_free(policy);
	return good;
}

bool policy_check(const char *path)
{
	struct policy policy;

	if (!load(&policy, path))
		return false;
	printf("%s: %zu rule%s\n", path, policy.n, policy.n == 1 ? "" : "s");
	policy_free(&policy);
	return true;
}

static void print_value(const struct end *end, enum field field, FILE *out)
{
	char buf[PRINT_END];

	if (!(end->known & 1 << field))
		fputs("not known", out);
	else if (field_patterns(field) >= 0)
		fprintf(out, "\"%s\"", field_string(end, field));
	else if (field == FIELD_ADDR || field == FIELD_PEER_ADDR)
		fputs(print_addr(buf, field_value(end, field)), out);
	else
		fprintf(out, "%" PRIu64, (uint64_t)field_value(end, field));
}

static void print_rule(const struct policy *policy, uint32_t i, FILE *out)
{
	const struct rule *rule = &policy->rule[i];
	size_t at;

	fprintf(out, "rule %" PRIu32 ", %s:%" PRIu32 ": ", i + 1,
		policy->file[rule->file].name, rule->line);
	for (at = 0; at < rule->len; at++)
		putc((unsigned char)rule->text[at] < ' ' ? ' ' : rule->text[at],
		     out);
	putc('\n', out);
}

static void print_why_not(const struct candidate *c, struct mismatch no,
			  FILE *out)
{
	fputs("    no: ", out);
	if (no.kind == MISMATCH_FIELD) {
		fprintf(out, "%s %s is ", side_name(no.side),
			field_name(no.field));
		print_value(&c->end[no.side], no.field, out);
	} else if (no.kind == MISMATCH_CARRIER) {
		fputs("another carrier", out);
	} else {
		fputs("the ends do not have that in common, or it is not known",
		      out);
	}
	putc('\n', out);
}

static void print_earlier(const struct policy *policy,
			  const struct engine *engine,
			  const struct candidate *c, const struct found *found,
			  size_t begin, size_t end, FILE *out)
{
	size_t i;

	if (begin)
		fprintf(out, "%zu rules before these do not match either (--all shows them)\n",
			begin);
	for (i = begin; i < end; i++) {
		print_rule(policy, i, out);
		if (engine_active(engine, i))
			print_why_not(c, rule_match(&policy->rule[i], c, found),
				      out);
		else
			fputs("    no: not at this time\n", out);
	}
}

static bool explain(struct policy *policy, const struct candidate *c, bool all,
		    FILE *out)
{
	struct engine *engine = engine_build(policy, time(NULL));
	struct found found = { 0 };
	int64_t rule = -1;
	size_t end;

	if (engine && !found_init(&found, policy) &&
	    !found_fill(&found, policy, c))
		rule = engine_decide(engine, c, 0);
	if (rule >= 0) {
		end = rule == RULE_NONE ? policy->n : (size_t)rule;
		print_earlier(policy, engine, c, &found,
			      all || end < FEW ? 0 : end - FEW, end, out);
		if (rule == RULE_NONE) {
			fputs("no rule matches: net.sdirect.default_policy decides\n",
			      out);
		} else {
			print_rule(policy, rule, out);
			fprintf(out, "    decides: %s\n",
				verdict_name(policy->rule[rule].verdict));
		}
	}
	if (rule < 0)
		fputs("cannot tell: too many patterns fit in part, or there is no memory\n",
		      stderr);
	found_free(&found);
	engine_free(engine);
	return rule >= 0;
}

bool policy_explain(const char *path, const char *from, const char *to,
		    bool all, FILE *out)
{
	struct candidate c = { .carrier = SDIRECT_CARRIER_LOCAL };
	struct complaints complaints = { 0 };
	struct policy policy;
	bool good;

	good = !end_parse(from, &world_system, &c.end[SIDE_FROM], &complaints);
	good &= !end_parse(to, &world_system, &c.end[SIDE_TO], &complaints);
	complaints_print(&complaints, stderr);
	complaints_free(&complaints);
	if (good)
		good = load(&policy, path);
	if (good) {
		good = explain(&policy, &c, all, out);
		policy_free(&policy);
	}
	end_free(&c.end[SIDE_FROM]);
	end_free(&c.end[SIDE_TO]);
	return good;
}
