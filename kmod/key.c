// SPDX-License-Identifier: GPL-2.0
/* The key of a connection: its two initial sequence numbers. */
#include "compat.h"

#include <linux/random.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "key.h"

void sdr_key_preset(struct sock *sk, u32 *secret)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u32 isn;

	sock_owned_by_me(sk);
	/* tcp_v4_connect() and tcp_v6_connect() keep a number that is not 0. */
	do {
		isn = get_random_u32();
	} while (!isn);
	/* Also where a connect that failed has left a number: it was seen. */
	if (sk->sk_state == TCP_CLOSE && !tp->repair) {
		WRITE_ONCE(tp->write_seq, isn);
		*secret = isn;
	}
}

void sdr_key_read(struct sock *sk, bool active, struct sdr_key *key)
{
	struct tcp_sock *tp = tcp_sk(sk);

	sock_owned_by_me(sk);
	/*
	 * bytes_acked counts the SYN of a connection that was opened here; a
	 * child is born with its own already acknowledged.
	 */
	key->mine = tp->snd_una - (u32)tp->bytes_acked - !active;
	key->theirs = tp->rcv_nxt - (u32)tp->bytes_received - 1;
}

u32 sdr_key_received(const struct sock *sk, const struct sdr_key *key)
{
	return READ_ONCE(tcp_sk(sk)->rcv_nxt) - (key->theirs + 1);
}

u32 sdr_key_written(const struct sock *sk, const struct sdr_key *key)
{
	return READ_ONCE(tcp_sk(sk)->write_seq) - (key->mine + 1);
}

u32 sdr_key_acked(const struct sock *sk, const struct sdr_key *key)
{
	return READ_ONCE(tcp_sk(sk)->snd_una) - (key->mine + 1);
}

/* Could @to have last heard the clock of @from? */
static bool clock_heard(const struct sock *from, const struct sock *to)
{
	u32 now = sdr_tcp_clock(from) + tcp_sk(from)->tsoffset;
	u32 heard = READ_ONCE(tcp_sk(to)->rx_opt.ts_recent);
	u64 day = 24 * 3600ull * sdr_tcp_clock_hz(from);

	/* A connection may have been silent for so long. */
	return now - heard <= min_t(u64, day, S32_MAX);
}

bool sdr_key_clocks_agree(const struct sock *a, const struct sock *b)
{
	bool used = tcp_sk(a)->rx_opt.tstamp_ok;

	if (used != tcp_sk(b)->rx_opt.tstamp_ok)
		return false;
	return !used || (clock_heard(a, b) && clock_heard(b, a));
}

/* Does @b know @a by the address that it has? */
static bool known_by(const struct sock *a, const struct sock *b)
{
	if (inet_sk(a)->inet_sport != inet_sk(b)->inet_dport)
		return false;
#if IS_ENABLED(CONFIG_IPV6)
	if (a->sk_family == AF_INET6 && b->sk_family == AF_INET6)
		return ipv6_addr_equal(&a->sk_v6_rcv_saddr, &b->sk_v6_daddr);
	if ((a->sk_family == AF_INET6 &&
	     !ipv6_addr_v4mapped(&a->sk_v6_rcv_saddr)) ||
	    (b->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&b->sk_v6_daddr)))
		return false;
#endif
	return inet_sk(a)->inet_rcv_saddr == inet_sk(b)->inet_daddr;
}

bool sdr_key_no_nat(const struct sock *a, const struct sock *b)
{
	return known_by(a, b) && known_by(b, a);
}
