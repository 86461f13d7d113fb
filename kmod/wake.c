// SPDX-License-Identifier: GPL-2.0
/* Waking whoever waits on a socket's own wait queue. */
#include "compat.h"

#include <net/sock.h>

#include "far.h"
#include "pair.h"
#include "region.h"
#include "sock.h"
#include "wake.h"

void sdr_wake_sock(struct sock *sk)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	/* The barrier in there pairs with that of whoever queues himself. */
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_sync_poll(&wq->wait, 0);
	sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
	rcu_read_unlock();
}

/* Do several wait, besides the one that watches the socket's state for us? */
bool sdr_wake_shared(const struct sock *sk)
{
	const struct sdr_sock *ss = sdr_sk(sk);
	const struct sdr_region *region = ss ? READ_ONCE(ss->region) : NULL;
	const wait_queue_entry_t *watch = region ? &region->watch : NULL;
	wait_queue_entry_t *entry;
	wait_queue_head_t *queue;
	unsigned long flags;
	int n = 0;

	rcu_read_lock();
	queue = &rcu_dereference(sk->sk_wq)->wait;
	spin_lock_irqsave(&queue->lock, flags);
	list_for_each_entry(entry, &queue->head, entry) {
		n += entry != watch;
		if (n > 1)
			break;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	rcu_read_unlock();
	return n > 1;
}

void sdr_wake_sharers(struct sock *sk)
{
	if (sdr_wake_shared(sk))
		sdr_wake_sock(sk);
}

void sdr_wake_sigio(struct sdr_pair *pair, int side)
{
	struct sdr_sock *ss;

	spin_lock_bh(&pair->lock);
	ss = pair->end[side].ss;
	if (ss && sock_flag(ss->sk, SOCK_FASYNC))
		sk_wake_async(ss->sk, SOCK_WAKE_WAITD, POLL_IN);
	spin_unlock_bh(&pair->lock);
}

bool sdr_wake_end(struct sdr_pair *pair, int side)
{
	struct sdr_sock *ss;

	if (sdr_far_is(pair, side)) {
		pair->far->ops->kick(pair->far);
		return true;
	}
	spin_lock_bh(&pair->lock);
	ss = pair->end[side].ss;
	/* Before the wake-up: who looks because of it must find it. */
	WRITE_ONCE(pair->end[side].rung, true);
	if (ss)
		sdr_wake_sock(ss->sk);
	spin_unlock_bh(&pair->lock);
	return ss;
}
