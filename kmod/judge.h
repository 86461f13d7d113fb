/* SPDX-License-Identifier: GPL-2.0 */
/* What follows for a pair from what the policies say. */
#ifndef _SDR_JUDGE_H
#define _SDR_JUDGE_H

#include <linux/init.h>
#include <linux/types.h>

struct net;
struct sdr_net;
struct sdr_pair;
struct sdr_policy;
struct sdr_sock;
struct sdr_vote;

/**
 * sdr_judge_pair - may this connection go direct?
 * @pair:	the pair
 * @by:		whose rules have changed: others have voted; NULL: all vote
 *
 * Until it may, it is TCP.  What cannot be decided here and now is asked, and
 * nobody waits for the answer.  Context: may sleep.
 */
void sdr_judge_pair(struct sdr_pair *pair, const struct sdr_policy *by);

/**
 * sdr_judge_vote - a vote that was missing has come
 * @pair:	the pair
 * @epoch:	the judgement that it belongs to; an older one is over
 * @seat:	whose it is
 * @vote:	the vote
 *
 * Context: may sleep.
 */
void sdr_judge_vote(struct sdr_pair *pair, u32 epoch, int seat,
		    const struct sdr_vote *vote);

/* sdr_judge_seat() - the vote of the namespace that end @ss is in. */
int sdr_judge_seat(const struct sdr_sock *ss);

/**
 * sdr_judge_all - judge living connections again, in the background
 * @net:	those with an end in this namespace
 * @global:	or all there are
 *
 * Context: may sleep.
 */
void sdr_judge_all(struct net *net, bool global);

void sdr_judge_net_init(struct sdr_net *sn);
void sdr_judge_net_exit(struct sdr_net *sn);

int __init sdr_judge_init(void);
void sdr_judge_exit(void);

#endif /* _SDR_JUDGE_H */
