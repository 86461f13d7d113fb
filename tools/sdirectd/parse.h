/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the rule language. */
#ifndef SDIRECTD_PARSE_H
#define SDIRECTD_PARSE_H

#include "complaint.h"
#include "policy.h"
#include "world.h"

/**
 * policy_parse - read a file and what it includes
 * @policy:	from policy_init(); of use only if there are no errors
 * @path:	the file
 * @world:	has files and names
 * @complaints:	(out) everything that is wrong
 *
 * Return: 0, or -EINVAL if there are errors.
 */
int policy_parse(struct policy *policy, const char *path,
		 const struct world *world, struct complaints *complaints);

/**
 * end_parse - read what is known of an end
 * @text:	conditions of an end as in a rule, each with one value, and
 *		ADDRESS:PORT for both
 * @world:	has names
 * @end:	(out) what they say; its strings stay with end_free()
 * @complaints:	(out) what is wrong, with the columns of @text
 *
 * Return: 0 or -EINVAL.
 */
int end_parse(const char *text, const struct world *world, struct end *end,
	      struct complaints *complaints);
void end_free(struct end *end);

#endif /* SDIRECTD_PARSE_H */
