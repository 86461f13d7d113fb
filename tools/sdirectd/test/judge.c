// SPDX-License-Identifier: GPL-2.0-only
/*
 * judge POLICY TIME: decides the connections that are read, one a line, and
 * prints the number of the rule that does, from 1, or 0.  Fields are separated
 * by tabs, those not known are empty: addr, port, peer-addr, peer-port, user,
 * group, cgroup, netns, exe, label of the end that connected, the same of the
 * other, and the number of the carrier.
 *
 * judge --walk POLICY TIME does the same without the tree.
 *
 * judge --bench POLICY TIME says how long reading, building and deciding take.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine.h"
#include "../parse.h"
#include "fake.h"
#include "walk.h"

#define COLUMNS	(SIDES * FIELDS + 1)

/* The columns become the conditions of an end, for which there is a parser. */
static int read_end(char **column, struct end *end)
{
	struct complaints complaints = { 0 };
	char text[8192] = "";
	size_t at = 0;
	unsigned int i;
	int err;

	for (i = 0; i < FIELDS; i++)
		if (*column[i])
			at += snprintf(text + at, sizeof(text) - at,
				       "%s \"%s\" ", field_name(i), column[i]);
	err = end_parse(text, &fake_world, end, &complaints);
	complaints_print(&complaints, stderr);
	complaints_free(&complaints);
	return err;
}

static int read_candidate(char *line, struct candidate *c)
{
	char *column[COLUMNS];
	unsigned int i;

	line[strcspn(line, "\n")] = '\0';
	for (i = 0; i < COLUMNS; i++) {
		column[i] = strsep(&line, "\t");
		if (!column[i])
			return -1;
	}
	c->carrier = atoi(column[SIDES * FIELDS]);
	return read_end(column, &c->end[SIDE_FROM]) ||
	       read_end(column + FIELDS, &c->end[SIDE_TO]);
}

static void candidate_free(struct candidate *c)
{
	end_free(&c->end[SIDE_FROM]);
	end_free(&c->end[SIDE_TO]);
}

static int judge(struct policy *policy, struct engine *engine, bool walking)
{
	struct candidate c;
	char *line = NULL;
	size_t room = 0;
	int64_t rule;

	while (getline(&line, &room, stdin) > 0) {
		if (read_candidate(line, &c))
			return 1;
		rule = walking ? walk(policy, engine, &c) :
		       engine_decide(engine, &c, 0);
		candidate_free(&c);
		if (rule < 0)
			return 1;
		printf("%" PRId64 "\n", rule == RULE_NONE ? 0 : rule + 1);
	}
	free(line);
	return 0;
}

static double clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Of this process, whatever else the machine does. */
static double seconds(void)
{
	return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

#define ROUNDS	20

/* The mean is over all cases and rounds, the worst is the best of a case. */
static int bench(struct engine *engine)
{
	static struct candidate cases[10000];
	double start, begin, took, worst = 0, best;
	size_t n = 0, i, room = 0;
	char *line = NULL;
	int round;

	while (n < 10000 && getline(&line, &room, stdin) > 0)
		if (read_candidate(line, &cases[n++]))
			return 1;
	start = seconds();
	for (i = 0; i < n; i++) {
		best = 1;
		for (round = 0; round < ROUNDS; round++) {
			begin = clock_seconds(CLOCK_MONOTONIC);
			if (engine_decide(engine, &cases[i], 0) < 0)
				return 1;
			took = clock_seconds(CLOCK_MONOTONIC) - begin;
			best = took < best ? took : best;
		}
		worst = best > worst ? best : worst;
	}
	took = seconds() - start;
	for (i = 0; i < n; i++)
		candidate_free(&cases[i]);
	printf("decide: %zu cases, mean %.2f us, slowest case %.2f us\n", n,
	       took / n / ROUNDS * 1e6, worst * 1e6);
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	bool benching = argc == 4 && !strcmp(argv[1], "--bench");
	bool walking = argc == 4 && !strcmp(argv[1], "--walk");
	const struct candidate nobody = { 0 };
	struct complaints complaints = { 0 };
	double begin, parsed, built;
	struct engine *engine;
	struct policy policy;
	int ret;

	if (argc != 3 && !benching && !walking)
		return 2;
	begin = seconds();
	if (policy_init(&policy) ||
	    policy_parse(&policy, argv[argc - 2], &fake_world, &complaints)) {
		complaints_print(&complaints, stderr);
		return 1;
	}
	parsed = seconds();
	engine = engine_build(&policy, strtoll(argv[argc - 1], NULL, 10));
	if (!engine)
		return 1;
	/* The first decision makes the tree. */
	if (engine_decide(engine, &nobody, 0) < 0)
		return 1;
	built = seconds();
	if (benching)
		printf("%zu rules: read %.3f s, built %.3f s, tree %zu KB\n",
		       policy.n, parsed - begin, built - parsed,
		       engine_weight(engine) / 1024);
	ret = benching ? bench(engine) : judge(&policy, engine, walking);
	engine_free(engine);
	policy_free(&policy);
	complaints_free(&complaints);
	return ret;
}
