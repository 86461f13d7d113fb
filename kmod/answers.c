// SPDX-License-Identifier: GPL-2.0
/*
 * Answers of the helper, kept for connections that look the same.
 *
 * What an answer depends on differs from answer to answer, so a look-up tries
 * all masks of fields in use, which are few.  Values are compared by 128 bits
 * of a keyed hash, which nobody can aim at.
 */
#include "compat.h"

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sdirect_netlink.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "answers.h"
#include "facts.h"

#define SDR_ANSWER_MASKS	8
#define SDR_ANSWER_SETS		512
#define SDR_ANSWER_WAYS		4

/* Of these fields, what a value means depends on the user namespace. */
static const u32 sdr_answer_ids[2] = {
	BIT(SDIRECT_FIELD_FROM_UID) | BIT(SDIRECT_FIELD_FROM_GID),
	BIT(SDIRECT_FIELD_TO_UID) | BIT(SDIRECT_FIELD_TO_GID),
};

/* What comes and goes too quickly to be remembered. */
#define PIDS		(BIT(SDIRECT_FIELD_FROM_PID) | BIT(SDIRECT_FIELD_TO_PID))

struct name {
	u64 half[2];
};

struct slot {
	struct name name;
	u64 until;		/* jiffies; 0: empty */
	struct sdr_answer answer;
};

struct sdr_answers {
	siphash_key_t key[2];
	u32 mask[SDR_ANSWER_MASKS];
	u32 masks;
	struct slot slot[SDR_ANSWER_SETS][SDR_ANSWER_WAYS];
};

struct sdr_answers *sdr_answers_alloc(void)
{
	struct sdr_answers *answers = kvzalloc(sizeof(*answers),
					       GFP_KERNEL_ACCOUNT);

	if (answers)
		get_random_bytes(answers->key, sizeof(answers->key));
	return answers;
}

void sdr_answers_free(struct sdr_answers *answers)
{
	kvfree(answers);
}

/* What is hashed: nothing in it may be left to chance. */
struct essence {
	u32 rule;
	u32 mask;
	u32 known;
	u32 userns[2];
	u32 zero;
	struct sdr_val val[__SDIRECT_FIELD_MAX];
};

static struct name name_of(const struct sdr_answers *answers,
			   const struct sdr_facts *facts, u32 rule, u32 mask)
{
	struct essence e = {
		.rule = rule, .mask = mask, .known = facts->known & mask,
	};
	struct name name;
	int i, n = 0;

	for (i = 0; i < 2; i++)
		if (mask & sdr_answer_ids[i])
			e.userns[i] = facts->userns[i];
	for (i = 0; i < __SDIRECT_FIELD_MAX; i++)
		if (e.known & BIT(i))
			e.val[n++] = facts->val[i];
	for (i = 0; i < 2; i++)
		name.half[i] = siphash(&e, offsetof(struct essence, val[n]),
				       &answers->key[i]);
	return name;
}

static const struct slot *set_of(const struct sdr_answers *answers,
				 const struct name *name)
{
	return answers->slot[name->half[0] % SDR_ANSWER_SETS];
}

static bool fresh(const struct slot *slot)
{
	return time_before64(get_jiffies_64(), slot->until);
}

const struct sdr_answer *sdr_answers_find(const struct sdr_answers *answers,
					  const struct sdr_facts *facts,
					  u32 rule)
{
	const struct slot *set;
	struct name name;
	u32 i, way;

	for (i = 0; answers && i < answers->masks; i++) {
		name = name_of(answers, facts, rule, answers->mask[i]);
		set = set_of(answers, &name);
		for (way = 0; way < SDR_ANSWER_WAYS; way++)
			if (fresh(&set[way]) &&
			    set[way].name.half[0] == name.half[0] &&
			    set[way].name.half[1] == name.half[1])
				return &set[way].answer;
	}
	return NULL;
}

static bool know_mask(struct sdr_answers *answers, u32 mask)
{
	u32 i;

	for (i = 0; i < answers->masks; i++)
		if (answers->mask[i] == mask)
			return true;
	if (answers->masks == SDR_ANSWER_MASKS)
		return false;
	answers->mask[answers->masks++] = mask;
	return true;
}

void sdr_answers_put(struct sdr_answers *answers,
		     const struct sdr_facts *facts, u32 rule, u32 fields,
		     const struct sdr_answer *answer, u32 ttl)
{
	struct slot *set, *to;
	struct name name;
	u32 way;

	if (fields & PIDS || !know_mask(answers, fields))
		return;
	name = name_of(answers, facts, rule, fields);
	set = answers->slot[name.half[0] % SDR_ANSWER_SETS];
	/* Its own place, or that of the one that ends first. */
	for (way = 0, to = set; way < SDR_ANSWER_WAYS; way++) {
		if (!memcmp(&set[way].name, &name, sizeof(name))) {
			to = &set[way];
			break;
		}
		if (set[way].until < to->until)
			to = &set[way];
	}
	to->name = name;
	to->until = get_jiffies_64() + (u64)ttl * HZ;
	to->answer = *answer;
}

u32 sdr_answers_count(const struct sdr_answers *answers)
{
	const struct slot *slot;
	u32 n = 0;

	if (!answers)
		return 0;
	for (slot = answers->slot[0];
	     slot < answers->slot[SDR_ANSWER_SETS]; slot++)
		n += slot->until && fresh(slot);
	return n;
}
