// SPDX-License-Identifier: GPL-2.0
/* Connections that are to be TCP for a while; see demote.h. */
#include "compat.h"

#include "demote.h"
#include "pair.h"
#include "stream.h"
#include "wake.h"

/* Nobody on this host sends for an end that is on another one. */
static bool ended(const struct sdr_end *end)
{
	return !end->ss || sdr_stream_tx_ended(end->ss->sk);
}

void sdr_demote_tell(struct sdr_pair *pair, int side)
{
	u32 *closed = &sdr_pair_kern(pair, side)->tx_closed;

	lockdep_assert_held(&pair->lock);
	if (sdr_stream_unread(pair, side) || ended(&pair->end[side])) {
		WRITE_ONCE(*closed, 1);
		return;
	}
	WRITE_ONCE(*closed, 0);
	/*
	 * Pairs with skwq_has_sleeper() before lease.c's watch(): what that
	 * has stored before us is seen here, by its cause.
	 */
	smp_mb();
	if (ended(&pair->end[side]))
		WRITE_ONCE(*closed, 1);
}

static void tell_users(struct sdr_pair *pair)
{
	int i;

	for (i = 0; pair->kern && i < 2; i++)
		sdr_demote_tell(pair, i);
}

/* What the end @ss wants, at both ends. */
static void mark(const struct sdr_sock *ss, struct sdr_pair *pair)
{
	u8 on = 0, mine = 0;
	int i;

	lockdep_assert_held(&pair->lock);
	for (i = 0; i < __SDR_DEMOTER_MAX; i++) {
		mine |= SDR_BY_TCP_DEMOTED(ss->side, i);
		if (READ_ONCE(ss->demoted[i]))
			on |= SDR_BY_TCP_DEMOTED(ss->side, i);
	}
	for (i = 0; i < 2; i++)
		WRITE_ONCE(pair->end[i].by_tcp,
			   (pair->end[i].by_tcp & ~mine) | on);
	tell_users(pair);
}

bool sdr_demote_policy(struct sdr_pair *pair, bool on)
{
	int i;

	lockdep_assert_held(&pair->lock);
	if (sdr_pair_barred(pair) == on)
		return false;
	for (i = 0; i < 2; i++)
		WRITE_ONCE(pair->end[i].by_tcp,
			   pair->end[i].by_tcp ^ SDR_BY_TCP_POLICY);
	tell_users(pair);
	return true;
}

struct sdr_pair *sdr_demote_mark(struct sdr_sock *ss, enum sdr_demoter who,
				 bool on)
{
	struct sdr_pair *pair;

	WRITE_ONCE(ss->demoted[who], on);
	/* Pairs with sdr_demote_joined(): one of us sees the other. */
	smp_mb();
	pair = sdr_sock_pair(ss);
	if (!pair || sdr_sock_plain(ss))
		return NULL;
	spin_lock_bh(&pair->lock);
	mark(ss, pair);
	spin_unlock_bh(&pair->lock);
	return sdr_pair_get(pair);
}

void sdr_demote_wake(struct sdr_pair *pair)
{
	if (!pair)
		return;
	sdr_wake_end(pair, 0);
	sdr_wake_end(pair, 1);
	sdr_pair_put(pair);
}

void sdr_demote_joined(struct sdr_pair *pair)
{
	/* Pairs with sdr_demote_mark(). */
	smp_mb();
	mark(pair->end[0].ss, pair);
	if (pair->end[1].ss)
		mark(pair->end[1].ss, pair);
}
