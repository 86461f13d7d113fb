// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "value.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits, as many as there are; false: none, or too large a number. */
static bool take_number(const char **at, uint64_t max, uint64_t *value)
{
	uint64_t n = 0, few = max / 10;
	bool fits = is_digit(**at);
	unsigned int digit;

	for (; is_digit(**at); ++*at) {
		digit = **at - '0';
		fits &= n <= few && n * 10 <= max - digit && digit <= max;
		n = n * 10 + digit;
	}
	*value = n;
	return fits;
}

bool value_number(const char *text, uint64_t max, uint64_t *value)
{
	return take_number(&text, max, value) && !*text;
}

bool value_size(const char *text, uint64_t max, uint64_t *value)
{
	static const char units[] = "KMG";
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;
	unsigned int shift = unit ? 10 * (unit - units + 1) : 0;
	char copy[24];

	if (!unit)
		return value_number(text, max, value);
	if (len > sizeof(copy))
		return false;
	memcpy(copy, text, len - 1);
	copy[len - 1] = '\0';
	if (!value_number(copy, max >> shift, value))
		return false;
	*value <<= shift;
	return true;
}

/* Cuts a word in two; false if there is no such character. */
static bool cut(const char *word, char at, char *left, const char **right)
{
	const char *found = strchr(word, at);

	if (!found)
		return false;
	memcpy(left, word, found - word);
	left[found - word] = '\0';
	*right = found + 1;
	return true;
}

/* @bits: how many of an address there are. */
static bool address(const char *text, wide_t *addr,
		    unsigned int *bits)
{
	struct in6_addr six;
	struct in_addr four;
	unsigned int i;

	if (inet_pton(AF_INET, text, &four) == 1) {
		*addr = VALUE_MAPPED_FIRST | ntohl(four.s_addr);
		*bits = 32;
		return true;
	}
	if (inet_pton(AF_INET6, text, &six) != 1)
		return false;
	for (*addr = 0, i = 0; i < sizeof(six.s6_addr); i++)
		*addr = *addr << 8 | six.s6_addr[i];
	*bits = 128;
	return true;
}

static const char *parse_prefix(const char *left, const char *right,
				struct value *value)
{
	wide_t rest;
	unsigned int bits;
	uint64_t len;

	if (!address(left, &value->first, &bits))
		return "not an address";
	if (!value_number(right, bits, &len))
		return bits == 32 ? "the length of the prefix is not 0 to 32" :
		       "the length of the prefix is not 0 to 128";
	rest = len == bits ? 0 : WIDE_MAX >> (128 - bits + len);
	if (value->first & rest)
		return "the address has bits behind the length of its prefix";
	value->last = value->first | rest;
	return NULL;
}

static const char *parse_addr(const char *word, struct value *value)
{
	char left[VALUE_MAX];
	unsigned int a, b;
	const char *right;

	if (cut(word, '/', left, &right))
		return parse_prefix(left, right, value);
	if (cut(word, '-', left, &right)) {
		if (!address(left, &value->first, &a) ||
		    !address(right, &value->last, &b))
			return "not a range of addresses";
		if (a != b)
			return "a range from IPv4 to IPv6 or back";
		return value->first > value->last ?
		       "the range ends before it begins" : NULL;
	}
	if (!address(word, &value->first, &a))
		return "not an address";
	value->last = value->first;
	return NULL;
}

/* A number or two with '-' in between.  @is: it is one, right or wrong. */
static const char *parse_numbers(const char *word, uint64_t max, bool *is,
				 struct value *value)
{
	const char *at = word;
	uint64_t a, b;
	bool fits;

	*is = is_digit(*word);
	if (!*is)
		return NULL;
	fits = take_number(&at, max, &a);
	b = a;
	if (*at == '-') {
		at++;
		fits &= take_number(&at, max, &b);
	}
	*is = !*at || !at[strspn(at, "0123456789-")];
	if (!fits || *at)
		return "the number is too large, or not one";
	value->first = a;
	value->last = b;
	return a > b ? "the range ends before it begins" : NULL;
}

static const char *parse_port(const char *word, struct value *value)
{
	const char *why;
	bool is;

	why = parse_numbers(word, UINT16_MAX, &is, value);
	if (is && (!why || value->first > value->last))
		return why;
	return "not a port or a range of ports, 0 to 65535";
}

/* The highest number means that there is no such user. */
static const char *parse_id(const char *word, const struct world *world,
			    int (*find)(void *data, const char *name,
					uint32_t *id),
			    const char *unknown, struct value *value)
{
	const char *why;
	uint32_t id;
	bool is;

	why = parse_numbers(word, UINT32_MAX - 1, &is, value);
	if (is)
		return why;
	if (find(world->data, word, &id))
		return unknown;
	value->first = id;
	value->last = id;
	return NULL;
}

static const char *parse_netns(const char *word, const struct world *world,
			       struct value *value)
{
	uint64_t inode = 0;
	const char *why;
	bool is;

	why = parse_numbers(word, UINT64_MAX, &is, value);
	if (is)
		return why;
	if (*word != '/' && strchr(word, '/'))
		return "neither a name nor a path that begins with '/'";
	if (!*word || !strcmp(word, ".") || !strcmp(word, ".."))
		return "not a name";
	value->none = world->netns(world->data, word, &inode);
	value->first = inode;
	value->last = inode;
	return NULL;
}

const char *value_parse(enum field field, const char *word,
			const struct world *world, struct value *value)
{
	memset(value, 0, sizeof(*value));
	switch (field) {
	case FIELD_ADDR:
	case FIELD_PEER_ADDR:
		return parse_addr(word, value);
	case FIELD_PORT:
	case FIELD_PEER_PORT:
		return parse_port(word, value);
	case FIELD_USER:
		return parse_id(word, world, world->user,
				"there is no user of this name", value);
	case FIELD_GROUP:
		return parse_id(word, world, world->group,
				"there is no group of this name", value);
	case FIELD_NETNS:
		return parse_netns(word, world, value);
	default:
		return "not a number";
	}
}

const char *value_pattern(enum field field, const char *pattern)
{
	unsigned int stars = 0;
	const char *at;

	if (!*pattern)
		return "nothing between the quotes";
	for (at = pattern; (at = strchr(at, '*')); at++)
		stars++;
	if (stars > VALUE_STARS)
		return "more than 16 stars";
	if (field != FIELD_CGROUP)
		return NULL;
	if (*pattern != '/')
		return "the path of a cgroup begins with '/'";
	return strstr(pattern, "//") ? "an empty name in the path" : NULL;
}
