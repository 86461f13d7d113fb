/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module says of a connection: its questions and its decisions. */
#ifndef SDIRECTD_QUERY_H
#define SDIRECTD_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "policy.h"

/**
 * struct query - a connection as a message has it; its strings are in there
 * @id:		of a question
 * @generation:	of the rules
 * @number:	of the rule, 0: none
 * @verdict:	of a decision, enum sdirect_verdict
 * @source:	of a decision, enum sdirect_policy_source
 * @changed:	the connection was judged before
 * @candidate:	the connection
 * @device:	this host's, that would carry it; NULL: none that is known
 * @pid:	the processes, 0: not known
 * @exe_dev:	where the files of the programs are
 * @exe_ino:	the inodes of these there
 */
struct query {
	uint64_t id;
	uint32_t generation;
	uint32_t number;
	uint8_t verdict;
	uint8_t source;
	bool changed;
	struct candidate candidate;
	const char *device;
	uint32_t pid[SIDES];
	uint64_t exe_dev[SIDES];
	uint64_t exe_ino[SIDES];
};

/* query_parse() - 0, or -EBADMSG if it makes no sense. */
int query_parse(const struct nlmsghdr *nlh, struct query *query);

/* query_verify() forgets programs that are not the file that they look like. */
void query_verify(struct query *query);

#endif /* SDIRECTD_QUERY_H */
