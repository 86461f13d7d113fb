// SPDX-License-Identifier: GPL-2.0
/* TCP_USER_TIMEOUT for a sender whose ring stays full. */
#include "compat.h"

#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "pair.h"
#include "sock.h"
#include "stall.h"
#include "stream.h"
#include "upkeep.h"

/* Changes whenever the peer reads, from a ring or what TCP brought before. */
static u64 read_by_peer(const struct sdr_sock *ss)
{
	struct sdr_pair *pair = ss->tx.pair;
	const struct sdr_sock *peer;
	u64 n;

	n = READ_ONCE(sdr_pair_ctl(pair, !ss->side)->rx_head);
	spin_lock_bh(&pair->lock);
	peer = pair->end[!ss->side].ss;
	if (peer)
		n += READ_ONCE(tcp_sk(peer->sk)->copied_seq);
	spin_unlock_bh(&pair->lock);
	return n;
}

static void restart(struct sdr_sock *ss)
{
	struct sdr_stall *stall = &ss->upkeep->stall;

	WRITE_ONCE(stall->on, true);
	stall->since = jiffies;
	stall->read = read_by_peer(ss);
}

/*
 * How long from now on, in jiffies; 0: nothing to wait for any more; below 0: it
 * has been too long.
 */
static long look(struct sdr_sock *ss)
{
	struct sdr_stall *stall = &ss->upkeep->stall;
	const struct sdr_flow *tx = &ss->tx;
	unsigned long end;
	u32 timeout;

	timeout = READ_ONCE(inet_csk(ss->sk)->icsk_user_timeout);
	if (!timeout || sdr_flow_on_tcp(tx) ||
	    tx->seg->carrier->poll_tx(tx, tx->seg, false))
		return 0;
	/* Somebody polls for room, or it reads, if slowly. */
	if (!stall->on || read_by_peer(ss) != stall->read)
		restart(ss);
	end = stall->since + msecs_to_jiffies(timeout);
	if (time_before(jiffies, end))
		return end - jiffies;
	return -ETIMEDOUT;
}

static void run(struct work_struct *work)
{
	struct sdr_upkeep *upkeep = container_of(work, struct sdr_upkeep,
						 stall.work.work);
	struct sdr_sock *ss = upkeep->ss;
	long left;

	lock_sock(ss->sk);
	left = look(ss);
	if (left < 0)
		return sdr_tcp_give_up(ss->sk);
	if (left)
		schedule_delayed_work(&upkeep->stall.work, left);
	release_sock(ss->sk);
}

void sdr_stall_init(struct sdr_stall *stall)
{
	INIT_DELAYED_WORK(&stall->work, run);
}

void sdr_stall_begin(struct sdr_sock *ss)
{
	u32 timeout = READ_ONCE(inet_csk(ss->sk)->icsk_user_timeout);
	struct sdr_stall *stall;

	sock_owned_by_me(ss->sk);
	if (sdr_flow_on_tcp(&ss->tx))
		return;
	stall = &ss->upkeep->stall;
	if (!stall->on)
		restart(ss);
	if (unlikely(timeout)) {
		WRITE_ONCE(stall->used, true);
		schedule_delayed_work(&stall->work, msecs_to_jiffies(timeout));
	}
}

void sdr_stall_over(struct sdr_sock *ss)
{
	if (ss->upkeep)
		WRITE_ONCE(ss->upkeep->stall.on, false);
}

void sdr_stall_polled(struct sdr_sock *ss)
{
	/* Pairs with sdr_upkeep_make(), as an address does. */
	const struct sdr_upkeep *upkeep = READ_ONCE(ss->upkeep);

	if (unlikely(READ_ONCE(inet_csk(ss->sk)->icsk_user_timeout)) &&
	    upkeep && !READ_ONCE(upkeep->stall.on))
		sdr_stall_again(ss);
}

void sdr_stall_again(struct sdr_sock *ss)
{
	/* The same; whoever makes it later finds the new time. */
	struct sdr_upkeep *upkeep = READ_ONCE(ss->upkeep);

	if (!upkeep)
		return;
	WRITE_ONCE(upkeep->stall.used, true);
	mod_delayed_work(sdr_default_wq, &upkeep->stall.work, 0);
}

void sdr_stall_stop(struct sdr_stall *stall)
{
	if (READ_ONCE(stall->used))
		cancel_delayed_work_sync(&stall->work);
}
