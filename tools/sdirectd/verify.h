/* SPDX-License-Identifier: GPL-2.0-only */
/* Looking at a policy without putting it in force. */
#ifndef SDIRECTD_VERIFY_H
#define SDIRECTD_VERIFY_H

#include <stdbool.h>
#include <stdio.h>

/* policy_check() - says on stderr what is wrong with a file: false if so. */
bool policy_check(const char *path);

/**
 * policy_explain - say which rule decides, and why not another one
 * @path:	the policy
 * @from:	what is known of the end that connects, see end_parse()
 * @to:		the same of the other
 * @all:	tell of all rules before it, else of the last few
 * @out:	where to
 *
 * Return: false after a complaint on stderr.
 */
bool policy_explain(const char *path, const char *from, const char *to,
		    bool all, FILE *out);

#endif /* SDIRECTD_VERIFY_H */
