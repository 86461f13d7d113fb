// SPDX-License-Identifier: GPL-2.0
/* The ends of a connection as the policy sees them. */
#include "compat.h"

#include <linux/user_namespace.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "party.h"

void sdr_party_addrs(const struct sock *sk, struct in6_addr *own,
		     struct in6_addr *peer)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		*own = sk->sk_v6_rcv_saddr;
		*peer = sk->sk_v6_daddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, own);
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_daddr, peer);
}

void sdr_party_of(struct sdr_party *party, const struct sock *sk,
		  const struct sdr_owner *owner)
{
	sdr_party_addrs(sk, &party->addr, &party->peer_addr);
	party->port = ntohs(inet_sk(sk)->inet_sport);
	party->peer_port = ntohs(inet_sk(sk)->inet_dport);
	party->family = sk->sk_family;
	party->net = get_net(sock_net(sk));
	party->owner = *owner;
}

void sdr_party_beyond(struct sdr_party *party, const struct sdr_party *near)
{
	*party = (struct sdr_party) {
		.addr		= near->peer_addr,
		.peer_addr	= near->addr,
		.port		= near->peer_port,
		.peer_port	= near->port,
		.family		= near->family,
	};
}

void sdr_candidate_copy(struct sdr_candidate *to,
			const struct sdr_candidate *from)
{
	int i;

	*to = *from;
	for (i = 0; i < 2; i++) {
		if (!sdr_party_far(&to->end[i]))
			get_net(to->end[i].net);
		to->end[i].owner = sdr_owner_get(&from->end[i].owner);
	}
}

void sdr_candidate_forget(const struct sdr_candidate *cand)
{
	int i;

	for (i = 0; i < 2; i++)
		if (!sdr_party_far(&cand->end[i]))
			put_net(cand->end[i].net);
}

void sdr_candidate_put(struct sdr_candidate *cand)
{
	sdr_candidate_forget(cand);
	sdr_owner_put(&cand->end[0].owner);
	sdr_owner_put(&cand->end[1].owner);
}

bool sdr_party_visible(const struct sdr_party *party,
		       const struct user_namespace *ns)
{
	const struct user_namespace *owner;

	if (sdr_party_far(party))
		return false;
	owner = party->net->user_ns;
	while (owner->level > ns->level)
		owner = owner->parent;
	return owner == ns;
}
