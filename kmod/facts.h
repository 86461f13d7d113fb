/* SPDX-License-Identifier: GPL-2.0 */
/* What one namespace's rules may know of a connection to be judged. */
#ifndef _SDR_FACTS_H
#define _SDR_FACTS_H

#include <linux/sdirect_netlink.h>
#include <linux/types.h>

#include "val.h"

struct sdr_candidate;
struct user_namespace;

/**
 * struct sdr_facts - the values of the fields
 * @known:	1 << enum sdirect_policy_field, those that there are
 * @same:	SDIRECT_SAME_*
 * @userns:	inodes of the ends' user namespaces
 * @val:	by enum sdirect_policy_field; 0 if not known
 */
struct sdr_facts {
	u32 known;
	u32 same;
	u32 userns[2];
	struct sdr_val val[__SDIRECT_FIELD_MAX];
};

/* The field of the connecting end, or the same of the accepting end. */
#define SDR_FIELD(side, field)	((side) * SDIRECT_FIELD_TO_ADDR + (field))

/**
 * sdr_facts_of - what rules see of a candidate
 * @facts:	(out)
 * @cand:	the candidate
 * @ns:	the user namespace whose rules these are
 *
 * What does not belong to @ns or one below it is left out: an administrator
 * of a container learns of the other end no more than TCP shows.
 * Context: any.
 */
void sdr_facts_of(struct sdr_facts *facts, const struct sdr_candidate *cand,
		  struct user_namespace *ns);

#endif /* _SDR_FACTS_H */
