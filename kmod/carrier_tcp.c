// SPDX-License-Identifier: GPL-2.0
/* The TCP connection itself as a carrier: raw bytes of the stream, no framing. */
#include "compat.h"

#include <net/tcp.h>

#include "carrier.h"

static int tcp_sync_tx(struct sdr_flow *tx)
{
	u32 seq = tcp_sk(tx->sk)->write_seq;

	tx->pos += seq - tx->tcp_seq;
	tx->tcp_seq = seq;
	return 0;
}

static int tcp_sync_rx(struct sdr_flow *rx)
{
	const struct tcp_sock *tp = tcp_sk(rx->sk);
	u32 seq = READ_ONCE(tp->copied_seq);

	/* A FIN has a sequence number, but no place in the stream. */
	if (seq != rx->tcp_seq && sock_flag(rx->sk, SOCK_DONE) &&
	    seq == READ_ONCE(tp->rcv_nxt))
		seq--;
	rx->pos += seq - rx->tcp_seq;
	rx->tcp_seq = seq;
	return 0;
}

static ssize_t tcp_send(struct sdr_flow *tx, struct msghdr *msg, size_t len)
{
	size_t more = msg_data_left(msg) - len;
	unsigned int flags = msg->msg_flags;
	int ret;

	/*
	 * A sender asleep in there would go on past a seal that another thread
	 * has set meanwhile.
	 */
	msg->msg_flags = flags | MSG_DONTWAIT;
	/* It goes by what the message has, not by the length. */
	iov_iter_truncate(&msg->msg_iter, len);
	ret = tcp_sendmsg_locked(tx->sk, msg, len);
	iov_iter_reexpand(&msg->msg_iter, msg_data_left(msg) + more);
	msg->msg_flags = flags;
	tcp_sync_tx(tx);
	if (ret > 0)
		sdr_tally_add(tx->tally, SDR_STAT_TCP_TX, ret);
	return ret;
}

static ssize_t tcp_recv(struct sdr_flow *rx, struct msghdr *msg, size_t len,
			int flags)
{
	int ret;

	ret = sdr_tcp_recvmsg(rx->sk, msg, len, flags | MSG_DONTWAIT);
	tcp_sync_rx(rx);
	if (ret > 0 && !(flags & MSG_PEEK))
		sdr_tally_add(rx->tally, SDR_STAT_TCP_RX, ret);
	return ret;
}

static ssize_t peek_queue(struct sock *sk, u32 seq, struct msghdr *msg,
			  size_t len, bool copy)
{
	struct sk_buff *skb;
	ssize_t done = 0;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		u32 at = seq + done - TCP_SKB_CB(skb)->seq;
		size_t n;

		if (at >= skb->len)
			continue;
		n = min_t(size_t, len - done, skb->len - at);
		if (copy && skb_copy_datagram_msg(skb, at, msg, n))
			return done ?: -EFAULT;
		done += n;
		if (done == len)
			break;
	}
	return done;
}

ssize_t sdr_carrier_tcp_peek(const struct sdr_flow *rx, u32 skip,
			     struct msghdr *msg, size_t len, int flags)
{
	struct sock *sk = rx->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	ssize_t n = 0;
	u32 seq;

	lock_sock(sk);
	seq = tp->copied_seq + skip;
	/* A read that has bytes ends before the urgent one. */
	if (tp->urg_data && !before(tp->urg_seq, seq))
		len = min_t(size_t, len, tp->urg_seq - seq);
	if (len)
		n = peek_queue(sk, seq, msg, len, !(flags & MSG_TRUNC));
	release_sock(sk);
	return n;
}

static bool tcp_poll_tx(const struct sdr_flow *tx, const struct sdr_seg *seg,
			bool arm)
{
	struct sock *sk = tx->sk;

	if (sk->sk_state == TCP_SYN_SENT || sk->sk_state == TCP_SYN_RECV)
		return false;
	if (!arm || sk_stream_is_writeable(sk))
		return sk_stream_is_writeable(sk);
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/* Pairs with the one in tcp_check_space(). */
	smp_mb__after_atomic();
	return sk_stream_is_writeable(sk);
}

static s64 tcp_poll_rx(const struct sdr_flow *rx, const struct sdr_seg *seg,
		       enum sdr_arm arm)
{
	const struct tcp_sock *tp = tcp_sk(rx->sk);
	s32 inq;

	if ((1 << rx->sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return 0;
	inq = READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq);
	if (inq > 0 && sock_flag(rx->sk, SOCK_DONE))
		inq--;
	return max(inq, 0);
}

const struct sdr_carrier sdr_carrier_tcp = {
	.id		= SDIRECT_CARRIER_TCP,
	.name		= "tcp",
	.tx_calls	= SDR_STAT_TCP_TX_MSGS,
	.rx_calls	= SDR_STAT_TCP_RX_MSGS,
	.sync_tx	= tcp_sync_tx,
	.sync_rx	= tcp_sync_rx,
	.send		= tcp_send,
	.recv		= tcp_recv,
	.poll_tx	= tcp_poll_tx,
	.poll_rx	= tcp_poll_rx,
};
