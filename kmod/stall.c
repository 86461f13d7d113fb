// SPDX-License-Identifier: GPL-2.0
/* TCP_USER_TIMEOUT for a sender whose ring stays full. */
#include "compat.h"

#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "pair.h"
#include "sock.h"
#include "stall.h"
#include "stream.h"

static u64 head_of_peer(const struct sdr_sock *ss)
{
	return READ_ONCE(sdr_pair_ctl(ss->tx.pair, !ss->side)->rx_head);
}

/* May be looked at with a ring only. */
static bool is_full(const struct sdr_sock *ss)
{
	const struct sdr_flow *tx = &ss->tx;

	return !tx->seg->carrier->poll_tx(tx, tx->seg, false);
}

static void note(struct sdr_sock *ss, u32 timeout)
{
	ss->stall.head = head_of_peer(ss);
	schedule_delayed_work(&ss->stall.work, msecs_to_jiffies(timeout));
}

static void run_out(struct work_struct *work)
{
	struct sdr_sock *ss = container_of(work, struct sdr_sock,
					   stall.work.work);
	struct sock *sk = ss->sk;
	bool over = false;
	u32 timeout;

	lock_sock(sk);
	timeout = READ_ONCE(inet_csk(sk)->icsk_user_timeout);
	if (timeout && !sdr_flow_on_tcp(&ss->tx) && is_full(ss)) {
		over = head_of_peer(ss) == ss->stall.head;
		/* It reads, if slowly. */
		if (!over)
			note(ss, timeout);
	}
	release_sock(sk);
	if (over)
		tcp_abort(sk, ETIMEDOUT);
}

void sdr_stall_init(struct sdr_stall *stall)
{
	INIT_DELAYED_WORK(&stall->work, run_out);
}

void sdr_stall_note(struct sdr_sock *ss)
{
	u32 timeout = READ_ONCE(inet_csk(ss->sk)->icsk_user_timeout);

	sock_owned_by_me(ss->sk);
	if (likely(!timeout) || sdr_flow_on_tcp(&ss->tx) ||
	    delayed_work_pending(&ss->stall.work))
		return;
	note(ss, timeout);
}

void sdr_stall_stop(struct sdr_sock *ss)
{
	cancel_delayed_work_sync(&ss->stall.work);
}
