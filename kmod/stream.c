// SPDX-License-Identifier: GPL-2.0
/*
 * A stream is a chain of carriers.
 *
 * The sender seals the range it is in at byte P and appends the next, which
 * begins at P; the receiver reads up to P and moves on.  Nobody waits for
 * anybody.  Carriers never sleep; the loops in this file are the only ones
 * that do, on the socket's own wait queue.
 */
#include "compat.h"

#include <linux/log2.h>
#include <linux/memcontrol.h>
#include <linux/sdirect_ring.h>
#include <net/tcp.h>

#include "lease.h"
#include "rendezvous.h"
#include "ring.h"
#include "stream.h"
#include "wake.h"

/* Connections that carry less than this never pay for a ring. */
#define SDR_SEAL_CALLS	4
#define SDR_SEAL_BYTES	(64u << 10)
/* From here on a stream that is never quiet is sealed in full flight. */
#define SDR_SEAL_BUSY	(256u << 10)
#define SDR_RING_FIRST	(64u << 10)

/* Where a stream is before its ends have met. */
static struct sdr_seg sdr_seg_alone = {
	.carrier	= &sdr_carrier_tcp,
	.end		= SDIRECT_POS_OPEN,
};

void sdr_stream_init(struct sdr_flow *flow, struct sock *sk)
{
	flow->sk = sk;
	flow->seg = &sdr_seg_alone;
}

static bool on_tcp(const struct sdr_flow *flow)
{
	return flow->seg->carrier == &sdr_carrier_tcp;
}

/* Once the ends have met, the flow goes on in the chain that they share. */
static void flow_join(struct sdr_sock *ss, struct sdr_flow *flow, bool is_tx)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);

	if (likely(flow->pair == pair))
		return;
	flow->side = ss->side;
	flow->pos = 0;
	flow->tcp_seq = (is_tx ? ss->key.mine : ss->key.theirs) + 1;
	WRITE_ONCE(flow->seg, pair->first[is_tx ? ss->side : !ss->side]);
	flow->pair = pair;
}

static bool peer_gone(const struct sdr_sock *ss)
{
	return !READ_ONCE(ss->tx.pair->end[!ss->side].ss);
}

static bool tx_ended(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ||
	       (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN) ||
	       !((1 << inet_sk_state_load(sk)) &
		 (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT));
}

static bool rx_ended(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ||
	       (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) ||
	       inet_sk_state_load(sk) == TCP_CLOSE;
}

/* --- the sender's side of the chain --- */

/* Seal the range that is being sent and append one on @carrier. */
static int append(struct sdr_sock *ss, const struct sdr_carrier *carrier,
		  struct sdr_ring *ring)
{
	struct sdr_flow *tx = &ss->tx;
	struct sdr_pair *pair = tx->pair;
	struct sdr_seg *old = tx->seg, *seg;

	sock_owned_by_me(ss->sk);
	seg = sdr_seg_alloc(carrier, tx->pos, ring);
	if (!seg)
		return -ENOMEM;
	if (ring)
		SDIRECT_STORE_RELEASE(&sdr_pair_ctl(pair, ss->side)->tx_tail,
				      tx->pos);
	tx->tcp_seq = tcp_sk(ss->sk)->write_seq;
	WRITE_ONCE(tx->seg, seg);
	spin_lock(&pair->lock);
	old->next = seg;
	if (pair->kern && pair->first[ss->side] == old)
		WRITE_ONCE(sdr_pair_kern(pair, !ss->side)->rx_limit, tx->pos);
	/* Pairs with the loads of ->end: who sees it sees ->next and TCP's P
	 * bytes.  The receiver may free @old from here on.
	 */
	smp_store_release(&old->end, tx->pos);
	spin_unlock(&pair->lock);

	sdr_lease_stale_tx(ss);
	sdr_wake_end(pair, !ss->side);
	return 0;
}

/* The peer's memory cgroup: the receiver pays.  Give back with _put(). */
static struct mem_cgroup *peer_memcg(const struct sdr_sock *peer)
{
	struct mem_cgroup *memcg = NULL;

#ifdef CONFIG_MEMCG
	memcg = peer->sk->sk_memcg;
	if (memcg && !css_tryget(&memcg->css))
		memcg = NULL;
#endif
	return memcg;
}

/* Has the receiver asked for what only packets have? */
static bool needs_its_tcp(const struct sock *sk)
{
	return rcu_access_pointer(sk->sk_filter) ||
	       sock_flag(sk, SOCK_RCVTSTAMP) ||
	       READ_ONCE(sk->sk_tsflags) || tcp_sk(sk)->recvmsg_inq;
}

/*
 * Bytes still under way to the peer; or -1 if the counts disagree, -2 if it is
 * gone, -3 if it wants TCP.
 */
static s64 in_flight(struct sdr_sock *ss, struct mem_cgroup **memcg)
{
	struct sdr_pair *pair = ss->tx.pair;
	const struct sdr_sock *peer;
	s64 n = -2;

	spin_lock(&pair->lock);
	peer = pair->end[!ss->side].ss;
	if (peer) {
		n = needs_its_tcp(peer->sk) ? -3 :
			sdr_rendezvous_counts(ss, peer);
		*memcg = peer_memcg(peer);
	}
	spin_unlock(&pair->lock);
	return n;
}

/* What TCP would have let a program write before the peer reads. */
static u32 ring_limit(const struct sock *sk)
{
	u32 limit = sk->sk_userlocks & SOCK_SNDBUF_LOCK ?
		READ_ONCE(sk->sk_sndbuf) :
		READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_wmem[2]);

	limit = clamp_t(u32, limit, SDR_RING_FIRST, SDIRECT_RING_MAX);
	return roundup_pow_of_two(limit);
}

static int start_ring(struct sdr_sock *ss, u32 size, struct mem_cgroup *memcg)
{
	struct sdr_ring *ring;
	int err;

	if (sdr_pair_pages(ss->tx.pair, memcg))
		return -ENOMEM;
	ring = sdr_ring_alloc(size, memcg);
	if (!ring)
		return -ENOMEM;
	err = append(ss, &sdr_carrier_local, ring);
	if (err)
		sdr_ring_put(ring);
	return err;
}

static void remain_tcp(struct sdr_sock *ss, enum sdirect_reason reason,
		       enum sdr_stat stat)
{
	ss->stay_tcp = true;
	WRITE_ONCE(ss->reason, reason);
	sdr_stats_inc(sock_net(ss->sk), stat);
}

bool sdr_stream_seal_now(struct sdr_sock *ss)
{
	struct mem_cgroup *memcg = NULL;
	struct sdr_flow *tx = &ss->tx;
	s64 n;

	sock_owned_by_me(ss->sk);
	flow_join(ss, tx, true);
	if (!on_tcp(tx))
		return true;
	if (!tx->pair || ss->stay_tcp || tx_ended(ss->sk))
		return false;
	tx->seg->carrier->sync_tx(tx);
	n = in_flight(ss, &memcg);
	if (n == -1) {
		remain_tcp(ss, SDIRECT_REASON_COUNTS, SDR_STAT_NO_COUNTS);
	} else if (n == -3) {
		remain_tcp(ss, SDIRECT_REASON_OPTION, SDR_STAT_NO_OPTION);
	} else if (n == 0 || (n > 0 && tx->pos >= SDR_SEAL_BUSY)) {
		if (start_ring(ss, SDR_RING_FIRST, memcg))
			remain_tcp(ss, SDIRECT_REASON_MEMORY,
				   SDR_STAT_NO_MEMORY);
		else
			sdr_stats_inc(sock_net(ss->sk), SDR_STAT_SEALS);
	}
	mem_cgroup_put(memcg);
	if (on_tcp(tx))
		return false;
	WRITE_ONCE(ss->reason, SDIRECT_REASON_NONE);
	return true;
}

static bool seal_due(const struct sdr_sock *ss)
{
	const struct sdr_flow *tx = &ss->tx;

	return tx->pair && on_tcp(tx) && !ss->stay_tcp &&
	       (tx->calls >= SDR_SEAL_CALLS || tx->pos >= SDR_SEAL_BYTES);
}

static bool can_grow(const struct sdr_sock *ss, const struct sdr_seg *seg)
{
	return seg->ring->size < ring_limit(ss->sk);
}

/* A full ring grows; where there is no memory the stream goes on by TCP. */
static bool grow(struct sdr_sock *ss)
{
	struct mem_cgroup *memcg = NULL;
	struct sdr_flow *tx = &ss->tx;
	u32 size;

	if (on_tcp(tx) || !can_grow(ss, tx->seg))
		return false;
	size = min(tx->seg->ring->size * 4, ring_limit(ss->sk));
	if (in_flight(ss, &memcg) == -2)
		return false;
	if (!start_ring(ss, size, memcg)) {
		sdr_stats_inc(sock_net(ss->sk), SDR_STAT_GROWS);
	} else {
		ss->stay_tcp = true;
		sdr_stream_to_tcp(ss, SDIRECT_REASON_MEMORY);
	}
	mem_cgroup_put(memcg);
	return true;
}

int sdr_stream_to_tcp(struct sdr_sock *ss, enum sdirect_reason reason)
{
	struct sdr_flow *tx = &ss->tx;
	int err;

	sock_owned_by_me(ss->sk);
	flow_join(ss, tx, true);
	if (on_tcp(tx))
		return 0;
	sdr_lease_revoke(ss);
	err = tx->seg->carrier->sync_tx(tx);
	if (err) {
		WRITE_ONCE(ss->failed, true);
		return err;
	}
	err = append(ss, &sdr_carrier_tcp, NULL);
	if (err)
		return err;
	WRITE_ONCE(ss->reason, reason);
	sdr_stats_inc(sock_net(ss->sk), SDR_STAT_DEMOTES);
	return 0;
}

/* Why must this message go by TCP?  SDIRECT_REASON_NONE: it need not. */
static enum sdirect_reason needs_tcp(const struct msghdr *msg)
{
	if (msg->msg_flags & MSG_OOB)
		return SDIRECT_REASON_OOB;
	if (msg->msg_flags & MSG_ZEROCOPY || msg->msg_controllen)
		return SDIRECT_REASON_OPTION;
	return SDIRECT_REASON_NONE;
}

static void account_tx(struct sdr_sock *ss, const struct sdr_carrier *carrier,
		       ssize_t n)
{
	struct net *net = sock_net(ss->sk);

	if (carrier != &sdr_carrier_tcp) {
		sdr_stats_inc(net, SDR_STAT_RING_TX_MSGS);
		return;
	}
	sdr_stats_inc(net, SDR_STAT_TCP_TX_MSGS);
	sdr_stats_add(net, SDR_STAT_TCP_TX, n);
}

/* One attempt, on one carrier. */
static ssize_t send_pass(struct sdr_sock *ss, struct msghdr *msg, bool first)
{
	enum sdirect_reason reason = needs_tcp(msg);
	const struct sdr_carrier *carrier;
	struct sdr_flow *tx = &ss->tx;
	ssize_t n;

	sdr_lease_enter_tx(ss);
	flow_join(ss, tx, true);
	n = tx->seg->carrier->sync_tx(tx);
	if (n)
		return n;
	/* What was sent counts; the error, and its signal, come next time. */
	if (!first && tx_ended(ss->sk))
		return -EPIPE;
	if (reason && tx->pair) {
		sdr_sock_stay_tcp(ss, reason);
		if (!on_tcp(tx))
			return -ENOMEM;
	} else if (seal_due(ss)) {
		sdr_stream_seal_now(ss);
	}
	if (!on_tcp(tx) && (peer_gone(ss) || tx_ended(ss->sk))) {
		n = sdr_stream_to_tcp(ss, SDIRECT_REASON_PEER_GONE);
		if (n)
			return n;
	}
	carrier = tx->seg->carrier;
	n = carrier->send(tx, msg, msg_data_left(msg));
	if (n == -EAGAIN && grow(ss)) {
		carrier = tx->seg->carrier;
		n = carrier->send(tx, msg, msg_data_left(msg));
	}
	if (n > 0)
		account_tx(ss, carrier, n);
	return n;
}

/* Sleep until more may be sent; @idle counts wake-ups that led to nothing. */
static int wait_tx(struct sdr_sock *ss, long *timeo, int idle)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sdr_flow *tx = &ss->tx;
	struct sock *sk = ss->sk;
	bool ready;

	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	add_wait_queue(sk_sleep(sk), &wait);
	ready = READ_ONCE(sk->sk_err) ||
		(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN) ||
		(!on_tcp(tx) && peer_gone(ss)) ||
		tx->seg->carrier->poll_tx(tx, tx->seg, true);
	release_sock(sk);
	if (!ready) {
		sdr_stats_inc(sock_net(sk), SDR_STAT_SLEEPS);
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
	} else if (idle > 1) {
		/* TCP says yes and takes nothing: it is short of memory. */
		wait_woken(&wait, TASK_INTERRUPTIBLE, min_t(long, *timeo, HZ / 50 + 1));
	}
	lock_sock(sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	return 0;
}

ssize_t sdr_stream_send(struct sdr_sock *ss, struct msghdr *msg, size_t len)
{
	long timeo = sock_sndtimeo(ss->sk, msg->msg_flags & MSG_DONTWAIT);
	ssize_t done = 0, n;
	int idle = 0, err;

	do {
		n = send_pass(ss, msg, !done);
		if (n > 0) {
			done += n;
			idle = 0;
			continue;
		}
		if (n != -EAGAIN || !timeo)
			break;
		err = wait_tx(ss, &timeo, idle++);
		if (err) {
			n = err;
			break;
		}
	} while (msg_data_left(msg));

	if (n == -EPROTO) {
		WRITE_ONCE(ss->failed, true);
		return -ECONNRESET;
	}
	if (done)
		ss->tx.calls++;
	return done ?: n;
}

/* --- the receiver's side of the chain --- */

/* Step over a seal.  -EPROTO: TCP has brought more than the sender sent. */
static int advance(struct sdr_sock *ss)
{
	struct sdr_flow *rx = &ss->rx;
	struct sdr_pair *pair = rx->pair;
	struct sdr_seg *old = rx->seg, *next = old->next;

	if (on_tcp(rx) && sdr_carrier_tcp.poll_rx(rx, old, false)) {
		/* They must belong to a later range; its seal came first. */
		smp_rmb();
		if (smp_load_acquire(&next->end) == SDIRECT_POS_OPEN) {
			sdr_stats_inc(sock_net(ss->sk), SDR_STAT_NO_COUNTS);
			return -EPROTO;
		}
	}
	spin_lock(&pair->lock);
	pair->first[!ss->side] = next;
	if (next->ring) {
		WRITE_ONCE(sdr_pair_ctl(pair, ss->side)->rx_head, rx->pos);
		WRITE_ONCE(sdr_pair_kern(pair, ss->side)->rx_limit,
			   READ_ONCE(next->end));
	}
	spin_unlock(&pair->lock);
	WRITE_ONCE(rx->seg, next);
	sdr_seg_free(old);
	sdr_lease_stale_rx(ss);
	return 0;
}

static void account_rx(struct sdr_sock *ss, const struct sdr_carrier *carrier,
		       ssize_t n)
{
	struct net *net = sock_net(ss->sk);

	if (carrier != &sdr_carrier_tcp) {
		sdr_stats_inc(net, SDR_STAT_RING_RX_MSGS);
		return;
	}
	sdr_stats_inc(net, SDR_STAT_TCP_RX_MSGS);
	sdr_stats_add(net, SDR_STAT_TCP_RX, n);
}

static int rx_enter(struct sdr_sock *ss)
{
	lockdep_assert_held(&ss->rx_lock);
	sdr_lease_enter_rx(ss);
	flow_join(ss, &ss->rx, false);
	return ss->rx.seg->carrier->sync_rx(&ss->rx);
}

/*
 * Nothing on the ring.  If TCP has ended, what it says goes; but look at the
 * ring once more first: what the peer wrote, it wrote before it ended.
 */
static ssize_t recv_at_end(struct sdr_sock *ss, struct sdr_flow *rx,
			   struct msghdr *msg, size_t len, int flags)
{
	const struct sdr_seg *seg = rx->seg;

	if (on_tcp(rx) || !rx_ended(ss->sk))
		return -EAGAIN;
	smp_rmb();	/* pairs with the peer's TCP sending its FIN or RST */
	if (seg->carrier->poll_rx(rx, seg, false) ||
	    smp_load_acquire(&seg->end) == rx->pos)
		return -ERESTART;
	return sdr_carrier_tcp.recv(rx, msg, len, flags);
}

/* Step over a seal; a peek does so only in its own copy of the flow. */
static int step(struct sdr_sock *ss, struct sdr_flow *rx)
{
	if (rx == &ss->rx)
		return advance(ss);
	rx->seg = rx->seg->next;
	return 0;
}

/* Everything that is there now, up to @len bytes, on however many carriers. */
static ssize_t recv_chain(struct sdr_sock *ss, struct sdr_flow *rx,
			  struct msghdr *msg, size_t len, int flags)
{
	ssize_t done = 0, n;

	for (;;) {
		u64 end = smp_load_acquire(&rx->seg->end);	/* append() */

		if (rx->pos == end) {
			n = step(ss, rx);
			if (n)
				break;
			continue;
		}
		n = rx->seg->carrier->recv(rx, msg,
					   min_t(u64, len - done, end - rx->pos),
					   flags);
		if (n > 0) {
			done += n;
			if (flags & MSG_PEEK)
				rx->pos += n;
			account_rx(ss, rx->seg->carrier, n);
			if (rx->pos != end || done == len)
				break;
			continue;
		}
		if (n != -EAGAIN)
			break;
		if (smp_load_acquire(&rx->seg->end) == rx->pos)
			continue;
		if (done)
			break;
		n = recv_at_end(ss, rx, msg, len, flags);
		if (n != -ERESTART)
			break;
	}
	return done ?: n;
}

static ssize_t recv_pass(struct sdr_sock *ss, struct msghdr *msg, size_t len,
			 int flags)
{
	struct sdr_flow peek;
	ssize_t n = rx_enter(ss);

	if (n)
		return n;
	if (!(flags & MSG_PEEK))
		return recv_chain(ss, &ss->rx, msg, len, flags);
	peek = ss->rx;
	return recv_chain(ss, &peek, msg, len, flags);
}

/* Is there anything for a receiver to do?  If not, a wake-up is armed. */
static bool rx_ready(struct sdr_sock *ss)
{
	struct sock *sk = ss->sk;
	__poll_t mask = 0;

	if (rx_ended(sk))
		return true;
	if (sdr_carrier_tcp.poll_rx(&ss->rx, NULL, false))
		mask = EPOLLIN;
	return sdr_stream_poll(ss, mask, EPOLLIN) & EPOLLIN;
}

static int wait_rx(struct sdr_sock *ss, long *timeo, int idle)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = ss->sk;

	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	if (!rx_ready(ss)) {
		sdr_stats_inc(sock_net(sk), SDR_STAT_SLEEPS);
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
	} else if (idle > 1) {
		wait_woken(&wait, TASK_INTERRUPTIBLE, min_t(long, *timeo, HZ / 50 + 1));
	}
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	return 0;
}

/* First things first: an end that has only received must look for its peer. */
static void look_for_peer(struct sdr_sock *ss)
{
	if (likely(!sdr_rendezvous_due(ss)))
		return;
	lock_sock(ss->sk);
	sdr_rendezvous_try(ss);
	release_sock(ss->sk);
}

ssize_t sdr_stream_recv(struct sdr_sock *ss, struct msghdr *msg, size_t len,
			int flags)
{
	long timeo = sock_rcvtimeo(ss->sk, flags & MSG_DONTWAIT);
	size_t target = sock_rcvlowat(ss->sk, flags & MSG_WAITALL, len);
	ssize_t done = 0, n;
	int idle = 0, err;

	msg->msg_namelen = 0;
	look_for_peer(ss);
	for (;;) {
		if (flags & MSG_PEEK && done) {
			/* A peek begins anew, at the first byte. */
			iov_iter_revert(&msg->msg_iter, done);
			done = 0;
		}
		mutex_lock(&ss->rx_lock);
		n = recv_pass(ss, msg, len - done, flags);
		mutex_unlock(&ss->rx_lock);
		if (n > 0) {
			done += n;
			idle = 0;
		}
		if (done >= target || !n || (n < 0 && n != -EAGAIN) || !timeo)
			break;
		err = wait_rx(ss, &timeo, idle++);
		if (err) {
			n = err;
			break;
		}
	}
	if (n == -EPROTO) {
		WRITE_ONCE(ss->failed, true);
		n = -ECONNRESET;
	}
	if (done)
		ss->rx.calls++;
	return done ?: n;
}

void sdr_stream_sync_rx(struct sdr_sock *ss)
{
	if (rx_enter(ss))
		WRITE_ONCE(ss->failed, true);
}

/* --- looking without taking --- */

/* Where a reader's chain starts: the flow's, or the pair's if not joined. */
static const struct sdr_seg *rx_chain(const struct sdr_sock *ss,
				      const struct sdr_pair *pair)
{
	const struct sdr_seg *seg = READ_ONCE(ss->rx.seg);

	return seg == &sdr_seg_alone ? READ_ONCE(pair->first[!ss->side]) : seg;
}

/* A copy of a flow that has joined, for the poll hooks; they want no more. */
static struct sdr_flow look(const struct sdr_sock *ss, struct sdr_pair *pair)
{
	struct sdr_flow flow = {
		.sk = ss->sk, .pair = pair, .side = ss->side,
	};

	return flow;
}

static u64 rx_bytes(struct sdr_sock *ss, bool arm_always)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	struct sdr_flow rx = look(ss, pair);
	const struct sdr_seg *seg;
	u64 sum = 0;

	if (!pair)
		return sdr_carrier_tcp.poll_rx(&rx, NULL, false);
	rcu_read_lock();
	for (seg = rx_chain(ss, pair); ; seg = seg->next) {
		sum += seg->carrier->poll_rx(&rx, seg, arm_always);
		if (smp_load_acquire(&seg->end) == SDIRECT_POS_OPEN)
			break;
	}
	rcu_read_unlock();
	return sum;
}

static bool tx_writable(struct sdr_sock *ss, struct sdr_pair *pair,
			const struct sdr_seg *seg)
{
	struct sdr_flow tx = look(ss, pair);

	return can_grow(ss, seg) || seg->carrier->poll_tx(&tx, seg, true) ||
	       !READ_ONCE(pair->end[!ss->side].ss);
}

__poll_t sdr_stream_poll(struct sdr_sock *ss, __poll_t mask, __poll_t events)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	const __poll_t out = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	const struct sdr_seg *seg;

	if (!pair)
		return mask;
	/* An edge-triggered waiter must hear of what comes after what is. */
	if (rx_bytes(ss, !!(events & EPOLLET)) >=
	    sock_rcvlowat(ss->sk, 0, INT_MAX))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!(events & out) || READ_ONCE(ss->sk->sk_shutdown) & SEND_SHUTDOWN)
		return mask;
	rcu_read_lock();
	seg = READ_ONCE(ss->tx.seg);
	if (seg->ring) {
		mask &= ~out;
		if (tx_writable(ss, pair, seg))
			mask |= EPOLLOUT | EPOLLWRNORM;
	}
	rcu_read_unlock();
	return mask;
}

u64 sdr_stream_inq(struct sdr_sock *ss)
{
	return rx_bytes(ss, false);
}

u64 sdr_stream_outq(struct sdr_sock *ss)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	const struct tcp_sock *tp = tcp_sk(ss->sk);
	u64 n = READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_una);
	u64 tail, head;

	if (!pair || !sdr_pair_has_pages(pair))
		return n;
	tail = READ_ONCE(sdr_pair_ctl(pair, ss->side)->tx_tail);
	head = READ_ONCE(sdr_pair_ctl(pair, !ss->side)->rx_head);
	head = max(head, READ_ONCE(ss->tx.seg)->start);
	return n + (tail > head ? tail - head : 0);
}

bool sdr_stream_ring_unread(struct sdr_sock *ss)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	struct sdr_flow rx = look(ss, pair);
	const struct sdr_seg *seg;
	bool unread = false;

	if (!pair)
		return false;
	rcu_read_lock();
	for (seg = rx_chain(ss, pair); !unread; seg = seg->next) {
		unread = seg->ring && seg->carrier->poll_rx(&rx, seg, false);
		if (smp_load_acquire(&seg->end) == SDIRECT_POS_OPEN)
			break;
	}
	rcu_read_unlock();
	return unread;
}

void sdr_stream_unsynced(const struct sdr_sock *ss, u64 *tx, u64 *rx)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	u64 pos;

	if (!pair || !sdr_pair_has_pages(pair))
		return;
	rcu_read_lock();
	pos = READ_ONCE(sdr_pair_ctl(pair, ss->side)->tx_tail);
	if (READ_ONCE(ss->tx.seg)->ring && pos > READ_ONCE(ss->tx.pos))
		*tx += pos - READ_ONCE(ss->tx.pos);
	pos = READ_ONCE(sdr_pair_ctl(pair, ss->side)->rx_head);
	if (READ_ONCE(ss->rx.seg)->ring && pos > READ_ONCE(ss->rx.pos))
		*rx += pos - READ_ONCE(ss->rx.pos);
	rcu_read_unlock();
}

struct sdr_ring *sdr_stream_ring_tx(struct sdr_sock *ss, u64 *base)
{
	sock_owned_by_me(ss->sk);
	*base = ss->tx.seg->start;
	return ss->tx.seg->ring;
}

struct sdr_ring *sdr_stream_ring_rx(struct sdr_sock *ss, u64 *base)
{
	struct sdr_flow *rx = &ss->rx;

	lockdep_assert_held(&ss->rx_lock);
	flow_join(ss, rx, false);
	if (rx->seg->carrier->sync_rx(rx))
		return NULL;
	while (smp_load_acquire(&rx->seg->end) == rx->pos)
		if (advance(ss))
			return NULL;
	*base = rx->seg->start;
	return rx->seg->ring;
}
