/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules in force: what sdirectd says of them, and what the module counts. */
#ifndef SDIRECT_RULES_H
#define SDIRECT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct nlmsghdr;

/**
 * struct rule_row - a rule
 * @number:	from 1
 * @active:	it holds at this time
 * @known:	the module has it
 * @hits:	connections that it has decided, or asked sdirectd about
 * @verdict:	what it says, by name
 * @where:	file and line, or NULL
 * @text:	what is written there, or NULL
 */
struct rule_row {
	uint32_t number;
	bool active;
	bool known;
	uint64_t hits;
	char *verdict;
	char *where;
	char *text;
};

/**
 * struct rules - all of them, by number; zero to begin
 * @v:		they
 * @n:		how many
 * @room:	how many fit
 * @generation:	what the module calls them, 0: it has none
 */
struct rules {
	struct rule_row *v;
	size_t n;
	size_t room;
	uint32_t generation;
};

/* rules_read() takes what sdirectd answers to "show": 0 or -errno. */
int rules_read(struct rules *rules, FILE *in);

/* rules_reply() is an mnl callback for SDIRECT_CMD_POLICY_RULE_GET. */
int rules_reply(const struct nlmsghdr *nlh, void *data);
void rules_free(struct rules *rules);

#endif /* SDIRECT_RULES_H */
