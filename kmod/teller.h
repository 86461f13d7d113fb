/* SPDX-License-Identifier: GPL-2.0 */
/* Whom the policy tells: netlink, where there is any. */
#ifndef _SDR_TELLER_H
#define _SDR_TELLER_H

#include <linux/types.h>

struct net;
struct sdr_candidate;
struct sdr_question;
struct sdr_rules;
struct sdr_vote;

/**
 * struct sdr_decision - a connection was judged
 * @cand:	the connection
 * @verdict:	of all votes together
 * @vote:	of the namespace that is told
 * @rules:	its rules, or NULL
 * @changed:	the connection had been judged before
 */
struct sdr_decision {
	const struct sdr_candidate *cand;
	u8 verdict;
	const struct sdr_vote *vote;
	const struct sdr_rules *rules;
	bool changed;
};

/**
 * struct sdr_teller - how others are told
 * @ask:	sends a question to the helper at @port, which has made the
 *		rules itself or not (@own); 0 if it is queued there,
 *		-ECONNREFUSED: nobody is there
 * @heard:	does anybody in the namespace want to know of decisions?
 * @decided:	tells them
 *
 * All in process context, may sleep.
 */
struct sdr_teller {
	int (*ask)(struct net *net, u32 port,
		   const struct sdr_question *question, bool own);
	bool (*heard)(struct net *net);
	void (*decided)(struct net *net, const struct sdr_decision *decision);
};

/* Set while there are no sockets yet; NULL: nobody is told. */
extern const struct sdr_teller *sdr_teller;

#endif /* _SDR_TELLER_H */
