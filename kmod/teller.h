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

#define SDR_ASKING	32

/**
 * struct sdr_asking - questions that are to be asked
 * @net:	whose helper is asked
 * @port:	where it is
 * @own:	it has made the rules itself
 * @n:		how many
 * @question:	the questions, in order
 */
struct sdr_asking {
	struct net *net;
	u32 port;
	bool own;
	u32 n;
	struct sdr_question *question[SDR_ASKING];
};

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
 * @ask:	sends questions, the first ones at least: (out) @n of them are
 *		what the result is about; 0 if they are queued there,
 *		-ECONNREFUSED: nobody is there
 * @heard:	does anybody in the namespace want to know of this verdict?
 * @decided:	tells them
 *
 * All in process context, may sleep.
 */
struct sdr_teller {
	int (*ask)(struct sdr_asking *asking);
	bool (*heard)(struct net *net, u8 verdict);
	void (*decided)(struct net *net, const struct sdr_decision *decision);
};

/* Set while there are no sockets yet; NULL: nobody is told. */
extern const struct sdr_teller *sdr_teller;

#endif /* _SDR_TELLER_H */
