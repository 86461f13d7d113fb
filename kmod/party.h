/* SPDX-License-Identifier: GPL-2.0 */
/* The ends of a connection as the policy sees them. */
#ifndef _SDR_PARTY_H
#define _SDR_PARTY_H

#include <linux/in6.h>
#include <linux/types.h>

#include "owner.h"

struct net;
struct sock;
struct user_namespace;

/**
 * struct sdr_party - an end of a connection, as of connect or accept
 *
 * Of one on another host only the addresses are known: @net is NULL, and so is
 * all in @owner.
 *
 * @addr:	its own address; IPv4 as ::ffff:a.b.c.d
 * @peer_addr:	the other's, as it sees that
 * @port:	its own port
 * @peer_port:	the other's, as it sees that
 * @family:	AF_INET or AF_INET6
 * @net:	its network namespace
 * @owner:	who opened it
 *
 * Of @net it holds a reference; those of @owner are somebody else's, or its own
 * in a copy that sdr_candidate_copy() has made.
 */
struct sdr_party {
	struct in6_addr addr;
	struct in6_addr peer_addr;
	u16 port;
	u16 peer_port;
	u16 family;
	struct net *net;
	struct sdr_owner owner;
};

/**
 * struct sdr_candidate - a connection to be judged
 * @end:	who has connected, who has accepted
 * @carrier:	enum sdirect_carrier, what would carry it
 * @device:	the device of that, the pair's; NULL: none
 */
struct sdr_candidate {
	struct sdr_party end[2];
	u8 carrier;
	const char *device;
};

/* The addresses of a connected socket; IPv4 as ::ffff:a.b.c.d. */
void sdr_party_addrs(const struct sock *sk, struct in6_addr *own,
		     struct in6_addr *peer);

/**
 * sdr_party_of - describe an end
 * @party:	(out) with a reference of the namespace
 * @sk:		its TCP socket, connected
 * @owner:	who opened it; outlives @party
 *
 * Context: any; the socket must not go away meanwhile.
 */
void sdr_party_of(struct sdr_party *party, const struct sock *sk,
		  const struct sdr_owner *owner);

/* sdr_party_beyond() describes the other end, on another host, of @near. */
void sdr_party_beyond(struct sdr_party *party, const struct sdr_party *near);

/* Is this end on another host? */
static inline bool sdr_party_far(const struct sdr_party *party)
{
	return !party->net;
}

/* sdr_candidate_copy() takes references of its own.  Context: any. */
void sdr_candidate_copy(struct sdr_candidate *to,
			const struct sdr_candidate *from);

/* sdr_candidate_forget() is for one whose owners are somebody else's. */
void sdr_candidate_forget(const struct sdr_candidate *cand);
/* sdr_candidate_put() gives all references of a copy back.  Context: any. */
void sdr_candidate_put(struct sdr_candidate *cand);

/* May @ns, or who rules over it, know whose this end is? */
bool sdr_party_visible(const struct sdr_party *party,
		       const struct user_namespace *ns);

#endif /* _SDR_PARTY_H */
