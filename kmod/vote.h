/* SPDX-License-Identifier: GPL-2.0 */
/* What one namespace's policy says about a connection. */
#ifndef _SDR_VOTE_H
#define _SDR_VOTE_H

#include <linux/types.h>

/**
 * struct sdr_vote - a verdict and where it comes from
 * @verdict:	enum sdirect_verdict; 0: nobody has voted
 * @source:	enum sdirect_policy_source
 * @number:	the rule's, unless @source is the default
 * @ring_max:	bytes of a ring, 0: no limit
 */
struct sdr_vote {
	u8 verdict;
	u8 source;
	u32 number;
	u32 ring_max;
};

#endif /* _SDR_VOTE_H */
