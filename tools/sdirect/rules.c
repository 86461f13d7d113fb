// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "names.h"
#include "rules.h"

static struct rule_row *row_new(struct rules *rules)
{
	size_t room = rules->room ? rules->room * 2 : 64;
	struct rule_row *v;

	if (rules->n == rules->room) {
		v = reallocarray(rules->v, room, sizeof(*v));
		if (!v)
			return NULL;
		rules->v = v;
		rules->room = room;
	}
	v = &rules->v[rules->n++];
	memset(v, 0, sizeof(*v));
	return v;
}

/* Number, whether it holds now, verdict, place and text, with tabs between. */
static int row_read(struct rule_row *row, char *line)
{
	const char *word[5];
	size_t i;

	for (i = 0; i < 5; i++) {
		word[i] = strsep(&line, i < 4 ? "\t" : "\n");
		if (!word[i])
			return -EBADMSG;
	}
	row->number = strtoul(word[0], NULL, 10);
	row->active = *word[1] == '1';
	row->verdict = strdup(word[2]);
	row->where = strdup(word[3]);
	row->text = strdup(word[4]);
	return row->verdict && row->where && row->text ? 0 : -ENOMEM;
}

int rules_read(struct rules *rules, FILE *in)
{
	struct rule_row *row;
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (getline(&line, &room, in) < 0)
		err = -EBADMSG;
	while (!err && getline(&line, &room, in) > 0) {
		row = row_new(rules);
		err = row ? row_read(row, line) : -ENOMEM;
	}
	free(line);
	return err;
}

static int row_compare(const void *key, const void *row)
{
	uint32_t number = *(const uint32_t *)key;
	uint32_t other = ((const struct rule_row *)row)->number;

	return (number > other) - (number < other);
}

static struct rule_row *row_find(const struct rules *rules, uint32_t number)
{
	return rules->n ? bsearch(&number, rules->v, rules->n,
				  sizeof(*rules->v), row_compare) : NULL;
}

/* One that only the module has: sdirectd is not there to say more. */
static struct rule_row *row_bare(struct rules *rules, uint32_t number,
				 unsigned int verdict)
{
	struct rule_row *row = row_new(rules);

	if (!row)
		return NULL;
	row->number = number;
	row->active = true;
	row->verdict = strdup(name_of_verdict(verdict)->name);
	return row->verdict ? row : NULL;
}

int rules_reply(const struct nlmsghdr *nlh, void *data)
{
	uint32_t number = 0, verdict = 0;
	struct rules *rules = data;
	const struct nlattr *attr;
	struct rule_row *row;
	uint64_t hits = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_NUMBER &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			number = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_VERDICT &&
		    mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
			verdict = mnl_attr_get_u8(attr);
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_HITS &&
		    mnl_attr_validate(attr, MNL_TYPE_U64) >= 0)
			hits = mnl_attr_get_u64(attr);
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_GENERATION &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			rules->generation = mnl_attr_get_u32(attr);
	}
	row = row_find(rules, number);
	if (!row)
		row = row_bare(rules, number, verdict);
	if (!row) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	row->known = true;
	row->hits += hits;
	return MNL_CB_OK;
}

void rules_free(struct rules *rules)
{
	while (rules->n) {
		rules->n--;
		free(rules->v[rules->n].verdict);
		free(rules->v[rules->n].where);
		free(rules->v[rules->n].text);
	}
	free(rules->v);
	memset(rules, 0, sizeof(*rules));
}
