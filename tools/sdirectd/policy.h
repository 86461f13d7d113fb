/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy: ordered rules, of which the first that matches decides. */
#ifndef SDIRECTD_POLICY_H
#define SDIRECTD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "globs.h"
#include "ranges.h"
#include "when.h"

/* What a rule may ask of each end; the numbers are those of the module. */
enum field {
	FIELD_ADDR,
	FIELD_PORT,
	FIELD_PEER_ADDR,
	FIELD_PEER_PORT,
	FIELD_USER,
	FIELD_GROUP,
	FIELD_CGROUP,
	FIELD_NETNS,
	FIELD_EXE,
	FIELD_LABEL,
	FIELDS,
};

/* The ends: who connected, who accepted. */
enum side {
	SIDE_FROM,
	SIDE_TO,
	SIDES,
};

/* What both ends may have to have in common: bits of rule.same, the module's. */
enum {
	SAME_USER	= 1 << 0,
	SAME_GROUP	= 1 << 1,
	SAME_NETNS	= 1 << 2,
	SAME_CGROUP	= 1 << 3,
};

enum verdict {
	VERDICT_NONE,
	VERDICT_DIRECT,
	VERDICT_TCP,
	VERDICT_DENY,
};

/* Kinds of strings, each with its patterns. */
enum pattern_kind {
	PATTERN_CGROUP,
	PATTERN_EXE,
	PATTERN_LABEL,
	PATTERN_KINDS,
};

/**
 * struct set - values of a field; several rules may use one
 * @field:	whose
 * @inverted:	all others are meant; numbers are inverted in @ranges already
 * @ranges:	numbers; addresses as IPv6, those of IPv4 mapped
 * @patterns:	sorted numbers in policy.globs, for fields that are strings
 * @n_patterns:	how many
 * @entries:	ranges, or networks for addresses, that the module is told
 */
struct set {
	enum field field;
	bool inverted;
	struct ranges ranges;
	uint32_t *patterns;
	size_t n_patterns;
	size_t entries;
};

/**
 * struct rule - one rule
 * @set:	what each end must have; NULL: anything
 * @asks:	which of these there are: bits 1 << (side * FIELDS + field)
 * @when:	when it holds; NULL: always
 * @ring_max:	bytes of a ring, 0: no limit
 * @rate:	connections per second that it lets go direct, 0: no limit
 * @carriers:	bits 1 << enum sdirect_carrier; 0: any
 * @same:	SAME_*
 * @verdict:	what is to happen
 * @file:	index in policy.file
 * @line:	where it begins
 * @text:	what was written there, not terminated
 * @len:	its length
 */
struct rule {
	const struct set *set[SIDES][FIELDS];
	uint32_t asks;
	struct when *when;
	uint32_t ring_max;
	uint32_t rate;
	uint8_t carriers;
	uint8_t same;
	uint8_t verdict;
	uint32_t file;
	uint32_t line;
	const char *text;
	size_t len;
};

/**
 * struct file - a file that has been read
 * @name:	how it is called in messages
 * @text:	what is in it
 * @len:	its length
 */
struct file {
	char *name;
	char *text;
	size_t len;
};

/**
 * struct policy - what the files say; policy_init() begins
 * @rule:	the rules, in order; the first has the number 1
 * @n:		how many
 * @room:	how many fit
 * @arena:	has all sets, what is in them, and all times
 * @globs:	patterns, by enum pattern_kind
 * @file:	files, in the order in which they were opened
 * @files:	how many
 * @timed:	a rule has a time
 * @netns:	a rule has a network namespace, whose number may change
 */
struct policy {
	struct rule *rule;
	size_t n;
	size_t room;
	struct arena arena;
	struct globs globs[PATTERN_KINDS];
	struct file *file;
	size_t files;
	bool timed;
	bool netns;
};

/**
 * struct end - what is known of one end of a connection
 * @known:	bits 1 << enum field
 * @addr:	its address, as IPv6
 * @peer_addr:	that of the other end, as this one sees it
 * @netns:	inode of its network namespace
 * @userns:	inode of its user namespace, or 0
 * @user:	effective user, as of connect or accept
 * @group:	effective group
 * @port:	its port
 * @peer_port:	that of the other end
 * @cgroup:	path of its cgroup
 * @exe:	the program's file
 * @exe_named:	this file's name may stand for it, without its path
 * @label:	its security label
 */
struct end {
	uint32_t known;
	wide_t addr;
	wide_t peer_addr;
	uint64_t netns;
	uint64_t userns;
	uint32_t user;
	uint32_t group;
	uint16_t port;
	uint16_t peer_port;
	const char *cgroup;
	const char *exe;
	bool exe_named;
	const char *label;
};

/**
 * struct candidate - a connection to be judged
 * @end:	both ends
 * @carrier:	what could carry it, enum sdirect_carrier
 * @compared:	the module has compared the ends
 * @same:	if so: what they have in common, SAME_*
 */
struct candidate {
	struct end end[SIDES];
	unsigned int carrier;
	bool compared;
	unsigned int same;
};

/* policy_init() begins with no rules.  Return: 0 or -ENOMEM. */
int policy_init(struct policy *policy);
void policy_free(struct policy *policy);

/* policy_add() appends a rule, zero but for its place, or returns NULL. */
struct rule *policy_add(struct policy *policy);

/* policy_add_file() takes @text over, or returns -ENOMEM and does not. */
int policy_add_file(struct policy *policy, const char *name, char *text,
		    size_t len);

/**
 * rule_next - goes through the sets of a rule
 * @rule:	the rule
 * @left:	rule.asks to begin
 * @place:	(out) side * FIELDS + field
 *
 * Return: the next set, or NULL.
 */
static inline const struct set *rule_next(const struct rule *rule,
					  uint32_t *left, unsigned int *place)
{
	if (!*left)
		return NULL;
	*place = __builtin_ctz(*left);
	*left &= *left - 1;
	return rule->set[*place / FIELDS][*place % FIELDS];
}

/* field_name() - as it is written; NULL if there is no such field. */
const char *field_name(unsigned int field);

/* field_find() - the field of this name, or FIELDS. */
enum field field_find(const char *name, size_t len);
const char *verdict_name(unsigned int verdict);
const char *side_name(unsigned int side);

/* field_patterns() - which patterns it has, or -1 if it is a number. */
int field_patterns(enum field field);

/* field_value() is that of a field which is a number. */
wide_t field_value(const struct end *end, enum field field);

/* field_string() is that of a field which is a string. */
const char *field_string(const struct end *end, enum field field);

/* field_max() - the highest number of a field. */
wide_t field_max(enum field field);

#endif /* SDIRECTD_POLICY_H */
