// SPDX-License-Identifier: GPL-2.0
/* An empty TCP segment now and then under a busy ring; see keep.h. */
#include "compat.h"

#include <linux/module.h>
#include <net/tcp.h>

#include "keep.h"
#include "pair.h"
#include "sock.h"
#include "upkeep.h"

static unsigned int keep_alive = 30;
module_param(keep_alive, uint, 0644);
MODULE_PARM_DESC(keep_alive,
		 "seconds between empty TCP segments under a busy ring, 1 to 3600 (30)");

static unsigned long next_look(void)
{
	unsigned int seconds = clamp(READ_ONCE(keep_alive), 1u, 3600u);

	/* Whole seconds: connections share a wake-up of the processor. */
	return round_jiffies_up(jiffies + seconds * HZ);
}

/* Compared only: what a program writes there may be anything. */
static u64 moved_by_ring(const struct sdr_sock *ss)
{
	const struct sdirect_ctl_page *ctl = sdr_pair_ctl(ss->pair, ss->side);

	return READ_ONCE(ctl->tx_tail) + READ_ONCE(ctl->rx_head);
}

static void look(struct timer_list *timer)
{
	struct sdr_keep *keep = timer_container_of(keep, timer, timer);
	struct sdr_sock *ss = container_of(keep, struct sdr_upkeep, keep)->ss;
	struct sock *sk = ss->sk;
	unsigned long next = next_look();
	u64 moved = moved_by_ring(ss);

	if (inet_sk_state_load(sk) == TCP_CLOSE)
		return;
	bh_lock_sock(sk);
	if (sock_owned_by_user(sk)) {
		next = jiffies + HZ / 10;
	} else if (moved != keep->moved) {
		keep->moved = moved;
		sdr_tcp_ack(sk);
		sdr_tally_inc(&ss->tally, SDR_STAT_KEEPS);
	}
	bh_unlock_sock(sk);
	mod_timer(timer, next);
}

void sdr_keep_init(struct sdr_keep *keep)
{
	timer_setup(&keep->timer, look, 0);
}

void sdr_keep_begin(struct sdr_sock *ss)
{
	struct sdr_keep *keep = &ss->upkeep->keep;

	sock_owned_by_me(ss->sk);
	if (keep->used)
		return;
	keep->used = true;
	keep->moved = moved_by_ring(ss);
	mod_timer(&keep->timer, next_look());
}

void sdr_keep_stop(struct sdr_keep *keep)
{
	if (keep->used)
		timer_delete_sync(&keep->timer);
}
