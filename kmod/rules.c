// SPDX-License-Identifier: GPL-2.0
/*
 * A set of rules, and the first of them that matches.
 *
 * Each rule is found by the one of its conditions that the fewest others share:
 * that is in the index of its field.  What an index yields is compared in full.
 */
#include "compat.h"

#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "facts.h"
#include "index.h"
#include "rules.h"
#include "span.h"

#define SDR_GFP_RULES	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)

/**
 * struct cond - a condition
 * @field:	what it looks at
 * @start:	its first span in the set's
 * @n:		how many; ascending and apart
 */
struct cond {
	u8 field;
	u32 start;
	u32 n;
};

/**
 * struct rule - a rule in a set
 * @pub:	what others see of it
 * @start:	its first condition in the set's
 * @n:		how many
 * @by:		of them, the one that finds it
 * @hits:	how often it has decided
 * @rated:	second (high half) and connections in it (low half)
 */
struct rule {
	struct sdr_rule pub;
	u32 start;
	u8 n;
	u8 by;
	atomic64_t hits;
	atomic64_t rated;
};

/* An array that grows. */
struct grown {
	void *at;
	u32 n;
	u32 room;
};

/**
 * struct sdr_rules - a set of rules
 * @ref:	references
 * @head:	what it is to be, with references
 * @n:		rules that there are
 * @rule:	the rules
 * @conds:	struct cond
 * @spans:	struct sdr_span
 * @plain:	rules without conditions, by their index
 * @index:	by field
 */
struct sdr_rules {
	refcount_t ref;
	struct sdr_rules_head head;
	u32 n;
	struct rule *rule;
	struct grown conds;
	struct grown spans;
	struct grown plain;
	struct sdr_index index[__SDIRECT_FIELD_MAX];
};

/* --- making one --- */

static int grow(struct grown *g, u32 more, size_t size)
{
	u32 room = max(g->room * 2, g->n + more + 16);
	void *at;

	if (g->n + more <= g->room)
		return 0;
	at = kvmalloc_array(room, size, SDR_GFP_RULES);
	if (!at)
		return -ENOMEM;
	if (g->n)
		memcpy(at, g->at, g->n * size);
	kvfree(g->at);
	g->at = at;
	g->room = room;
	return 0;
}

static void free_indexes(struct sdr_rules *rules)
{
	int i;

	for (i = 0; i < __SDIRECT_FIELD_MAX; i++)
		kvfree(rules->index[i].node);
}

struct sdr_rules *sdr_rules_alloc(const struct sdr_rules_head *head)
{
	struct sdr_rules *rules = kzalloc(sizeof(*rules), GFP_KERNEL_ACCOUNT);

	if (!rules)
		return NULL;
	refcount_set(&rules->ref, 1);
	rules->head = *head;
	get_user_ns(head->ns);
	if (head->pids)
		get_pid_ns(head->pids);
	rules->rule = kvcalloc(max(head->count, 1u), sizeof(*rules->rule),
			       SDR_GFP_RULES);
	if (!rules->rule) {
		sdr_rules_put(rules);
		return NULL;
	}
	return rules;
}

struct sdr_rules *sdr_rules_get(struct sdr_rules *rules)
{
	refcount_inc(&rules->ref);
	return rules;
}

void sdr_rules_put(struct sdr_rules *rules)
{
	if (!rules || !refcount_dec_and_test(&rules->ref))
		return;
	free_indexes(rules);
	kvfree(rules->rule);
	kvfree(rules->conds.at);
	kvfree(rules->spans.at);
	kvfree(rules->plain.at);
	put_user_ns(rules->head.ns);
	if (rules->head.pids)
		put_pid_ns(rules->head.pids);
	kfree(rules);
}

static struct sdr_span *spans_of(const struct sdr_rules *rules,
				 const struct cond *cond)
{
	return (struct sdr_span *)rules->spans.at + cond->start;
}

static const struct cond *conds_of(const struct sdr_rules *rules,
				   const struct rule *rule)
{
	return (struct cond *)rules->conds.at + rule->start;
}

#define ADDR_FIELDS	(BIT(SDIRECT_FIELD_FROM_ADDR) |			\
			 BIT(SDIRECT_FIELD_FROM_PEER_ADDR) |		\
			 BIT(SDIRECT_FIELD_TO_ADDR) |			\
			 BIT(SDIRECT_FIELD_TO_PEER_ADDR))

static int check_cond(const struct sdr_rules *rules,
		      const struct sdr_cond_desc *desc, const char **why)
{
	bool nets;

	if (desc->field >= __SDIRECT_FIELD_MAX ||
	    !(BIT(desc->field) & SDIRECT_FIELDS_RULE)) {
		*why = "rules cannot look at this field";
		return -EINVAL;
	}
	nets = BIT(desc->field) & ADDR_FIELDS;
	if (!desc->nets == nets || !desc->ranges == !nets) {
		*why = nets ? "networks expected" : "ranges expected";
		return -EINVAL;
	}
	if (!desc->n || desc->n > SDIRECT_POLICY_SET_MAX) {
		*why = "a condition has too few or too many values";
		return -EINVAL;
	}
	if (rules->spans.n + desc->n > SDIRECT_POLICY_ENTRIES_MAX) {
		*why = "too many values";
		return -E2BIG;
	}
	return 0;
}

static int add_cond(struct sdr_rules *rules, const struct sdr_cond_desc *desc,
		    const char **why)
{
	struct cond *cond;
	int n = check_cond(rules, desc, why);

	if (n)
		return n;
	if (grow(&rules->conds, 1, sizeof(struct cond)) ||
	    grow(&rules->spans, desc->n, sizeof(struct sdr_span)))
		return -ENOMEM;
	cond = (struct cond *)rules->conds.at + rules->conds.n;
	cond->field = desc->field;
	cond->start = rules->spans.n;
	n = desc->nets ? sdr_span_nets(spans_of(rules, cond), desc->nets,
				       desc->n, why) :
			 sdr_span_ranges(spans_of(rules, cond), desc->ranges,
					 desc->n, why);
	if (n < 0)
		return n;
	cond->n = n;
	rules->spans.n += n;
	rules->conds.n++;
	return 0;
}

int sdr_rules_add(struct sdr_rules *rules, const struct sdr_rule *desc,
		  const struct sdr_cond_desc *conds, u32 n, const char **why)
{
	u32 i, seen = 0;
	struct rule *rule;
	int err;

	if (rules->n == rules->head.count) {
		*why = "more rules than announced";
		return -EINVAL;
	}
	if (!desc->verdict || desc->verdict >= __SDIRECT_VERDICT_MAX ||
	    desc->same & ~SDIRECT_SAME_MASK) {
		*why = "unknown verdict or flag";
		return -EINVAL;
	}
	rule = &rules->rule[rules->n];
	rule->pub = *desc;
	rule->start = rules->conds.n;
	for (i = 0; i < n; i++) {
		err = add_cond(rules, &conds[i], why);
		if (err)
			return err;
		if (seen & BIT(conds[i].field)) {
			*why = "two conditions on the same field";
			return -EINVAL;
		}
		seen |= BIT(conds[i].field);
	}
	rule->n = n;
	rules->n++;
	return 0;
}

/* --- the indexes --- */

#define SDR_COUNT_BITS	16

/* How often spans and fields occur in conditions. */
struct census {
	u32 of_field[__SDIRECT_FIELD_MAX];
	u32 of_span[1 << SDR_COUNT_BITS];
};

/* A word more: all its bits reach those that are kept in the end. */
static u64 mix(u64 sum, u64 word)
{
	sum = (sum ^ word) * GOLDEN_RATIO_64;
	return sum ^ sum >> 32;
}

static u32 *span_count(struct census *census, u8 field,
		       const struct sdr_span *span)
{
	u64 sum = field;

	sum = mix(sum, span->first.hi);
	sum = mix(sum, span->first.lo);
	sum = mix(sum, span->last.hi);
	return &census->of_span[hash_64(mix(sum, span->last.lo),
					SDR_COUNT_BITS)];
}

/* Of how many bits are the values of a field? */
static int field_bits(u8 field, const struct sdr_span *span)
{
	switch (field & 7) {
	case SDIRECT_FIELD_FROM_ADDR:
	case SDIRECT_FIELD_FROM_PEER_ADDR:
		/* IPv4 is a corner of IPv6. */
		return span->first.hi || span->first.lo >> 32 != 0xffff ? 128 :
									  32;
	case SDIRECT_FIELD_FROM_PORT:
	case SDIRECT_FIELD_FROM_PEER_PORT:
		return 16;
	default:
		return 32;
	}
}

static int span_bits(const struct sdr_span *span)
{
	if (span->first.hi != span->last.hi)
		return 64 + fls64(span->first.hi ^ span->last.hi);
	return fls64(span->first.lo ^ span->last.lo);
}

/*
 * With how many other rules a connection would meet this one here: with those
 * that have the same span, or if many cover a part of the field, their share.
 */
static u32 crowd(struct census *census, const struct sdr_rules *rules,
		 const struct cond *cond)
{
	const struct sdr_span *span = spans_of(rules, cond);
	u32 i, most = 0, share;
	int narrower;

	for (i = 0; i < cond->n; i++) {
		narrower = field_bits(cond->field, &span[i]) -
			   span_bits(&span[i]);
		share = census->of_field[cond->field] >>
			clamp(narrower, 0, 31);
		most = max3(most, share,
			    *span_count(census, cond->field, &span[i]));
	}
	return most + cond->n / 8;
}

static void take_census(struct census *census, const struct sdr_rules *rules)
{
	const struct cond *cond = rules->conds.at;
	u32 i, j;

	for (i = 0; i < rules->conds.n; i++) {
		census->of_field[cond[i].field] += cond[i].n;
		for (j = 0; j < cond[i].n; j++)
			++*span_count(census, cond[i].field,
				      &spans_of(rules, &cond[i])[j]);
		cond_resched();
	}
}

/* Chooses what each rule is found by, and counts what will be in the indexes. */
static int choose(struct sdr_rules *rules, struct census *census)
{
	u32 i, j, least, n;

	for (i = 0; i < rules->n; i++) {
		struct rule *rule = &rules->rule[i];
		const struct cond *cond = conds_of(rules, rule);

		cond_resched();
		if (!rule->n) {
			if (grow(&rules->plain, 1, sizeof(u32)))
				return -ENOMEM;
			((u32 *)rules->plain.at)[rules->plain.n++] = i;
			continue;
		}
		for (j = 0, least = U32_MAX; j < rule->n; j++) {
			n = crowd(census, rules, &cond[j]);
			if (n < least) {
				least = n;
				rule->by = j;
			}
		}
		cond += rule->by;
		rules->index[cond->field].n += cond->n;
	}
	return 0;
}

static int fill(struct sdr_rules *rules)
{
	u32 i, j;

	for (i = 0; i < __SDIRECT_FIELD_MAX; i++) {
		struct sdr_index *index = &rules->index[i];

		if (!index->n)
			continue;
		index->node = kvmalloc_array(index->n, sizeof(*index->node),
					     SDR_GFP_RULES);
		if (!index->node)
			return -ENOMEM;
		index->n = 0;
	}
	for (i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rule[i];
		const struct cond *cond = conds_of(rules, rule) + rule->by;
		struct sdr_index *index;

		cond_resched();
		if (!rule->n)
			continue;
		index = &rules->index[cond->field];
		for (j = 0; j < cond->n; j++)
			index->node[index->n++] = (struct sdr_node) {
				.span = spans_of(rules, cond)[j],
				.rule = i,
			};
	}
	return 0;
}

int sdr_rules_finish(struct sdr_rules *rules, const char **why)
{
	struct census *census;
	int i, err;

	if (rules->n != rules->head.count) {
		*why = "fewer rules than announced";
		return -EINVAL;
	}
	census = kvmalloc(sizeof(*census), SDR_GFP_RULES);
	if (!census)
		return -ENOMEM;
	take_census(census, rules);
	err = choose(rules, census);
	kvfree(census);
	if (!err)
		err = fill(rules);
	for (i = 0; !err && i < __SDIRECT_FIELD_MAX; i++) {
		err = sdr_index_build(&rules->index[i]);
		cond_resched();
	}
	return err;
}

/* --- using one --- */

/* Rules that are compared in full for one connection. */
#define SDR_TRIES	8192

/* What is being looked for, and how many rules may still be tried. */
struct query {
	const struct sdr_rules *rules;
	const struct sdr_facts *facts;
	int tries;
};

static bool cond_holds(const struct sdr_rules *rules, const struct cond *cond,
		       const struct sdr_facts *facts)
{
	const struct sdr_span *span = spans_of(rules, cond);
	const struct sdr_val *val = &facts->val[cond->field];
	u32 lo = 0, hi = cond->n, mid;

	if (!(facts->known & BIT(cond->field)))
		return false;
	/* The last span that does not begin behind the value. */
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (sdr_val_less(val, &span[mid].first))
			hi = mid;
		else
			lo = mid;
	}
	return sdr_span_has(&span[lo], val);
}

static bool matches(void *arg, u32 i)
{
	struct query *q = arg;
	const struct rule *rule = &q->rules->rule[i];
	const struct cond *cond = conds_of(q->rules, rule);
	u8 j;

	if (q->tries-- <= 0)
		return false;
	if (rule->pub.same & ~q->facts->same)
		return false;
	for (j = 0; j < rule->n; j++)
		if (j != rule->by && !cond_holds(q->rules, &cond[j], q->facts))
			return false;
	return true;
}

u32 sdr_rules_find(const struct sdr_rules *rules,
		   const struct sdr_facts *facts)
{
	struct query query = { rules, facts, SDR_TRIES };
	const u32 *plain = rules->plain.at;
	u32 best = SDR_RULE_NONE, i;

	for (i = 0; i < rules->plain.n; i++)
		if (matches(&query, plain[i])) {
			best = plain[i];
			break;
		}
	for (i = 0; i < __SDIRECT_FIELD_MAX; i++)
		if (rules->index[i].n && facts->known & BIT(i))
			best = sdr_index_search(&rules->index[i],
						&facts->val[i], best, matches,
						&query);
	return query.tries < 0 ? SDR_RULE_UNKNOWN : best;
}

const struct sdr_rule *sdr_rules_at(const struct sdr_rules *rules, u32 index)
{
	return &rules->rule[index].pub;
}

bool sdr_rules_rate_ok(struct sdr_rules *rules, u32 index, u32 rate)
{
	u64 now = div_u64(get_jiffies_64(), HZ) << 32;
	atomic64_t *rated;
	s64 old, new;

	if (!rate)
		return true;
	rated = &rules->rule[index].rated;
	old = atomic64_read(rated);
	do {
		new = (old & ~(u64)U32_MAX) == now ? old + 1 : now + 1;
		if ((u32)new > rate)
			return false;
	} while (!atomic64_try_cmpxchg(rated, &old, new));
	return true;
}

void sdr_rules_hit(struct sdr_rules *rules, u32 index)
{
	atomic64_inc(&rules->rule[index].hits);
}

u64 sdr_rules_hits(const struct sdr_rules *rules, u32 index)
{
	return atomic64_read(&rules->rule[index].hits);
}

const struct sdr_rules_head *sdr_rules_head(const struct sdr_rules *rules)
{
	return &rules->head;
}
