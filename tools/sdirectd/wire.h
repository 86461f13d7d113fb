/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules as the module is told of them. */
#ifndef SDIRECTD_WIRE_H
#define SDIRECTD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "policy.h"

/*
 * The module knows numbers, not strings.  A rule that asks for a string, or for
 * more values than the module takes, is told without these conditions, and with
 * the verdict that sdirectd is to be asked when the others hold.
 */

#define WIRE_ROOM	32768	/* bytes of a message */

/**
 * wire_entries - how many entries does a rule have there?
 * @rule:	the rule
 * @set_max:	a set of more than so many is left out
 *
 * Return: ranges and networks of all its conditions.
 */
size_t wire_entries(const struct rule *rule, size_t set_max);

/**
 * wire_rule - put a rule into a message
 * @nlh:	the message
 * @rule:	the rule
 * @number:	what it is called
 * @set_max:	a set of more than so many is left out
 *
 * Return: false if there is no room for it in WIRE_ROOM bytes; there always is
 * in an empty message.
 */
bool wire_rule(struct nlmsghdr *nlh, const struct rule *rule, uint32_t number,
	       size_t set_max);

/* wire_asks() - is sdirectd asked for this rule? */
bool wire_asks(const struct rule *rule, size_t set_max);

/* wire_fields() - what a rule looks at, bits 1 << enum sdirect_policy_field. */
uint32_t wire_fields(const struct rule *rule);

/* wire_possible() - is there anything that the rule can match? */
bool wire_possible(const struct rule *rule);

#endif /* SDIRECTD_WIRE_H */
