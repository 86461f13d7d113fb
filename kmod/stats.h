/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters per network namespace and per socket: one row in the lists below is
 * one counter.
 */
#ifndef _SDR_STATS_H
#define _SDR_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <net/net_namespace.h>

/* Of a namespace alone: a socket counts them once, and its reason says so. */
#define SDR_NET_STATS(X)						\
	X(SOCKETS,	"sockets",	"sockets created or accepted")	\
	X(PAIRS,	"pairs",	"connections paired")		\
	X(NO_PEER,	"tcp_no_peer",	"connections left on TCP: no peer here") \
	X(NO_POLICY,	"tcp_policy",	"connections left on TCP: not allowed") \
	X(NO_KEY,	"tcp_key",	"connections left on TCP: key unusable") \
	X(NO_COUNTS,	"tcp_counts",	"connections left on TCP: counts disagree") \
	X(NO_MEMORY,	"tcp_memory",	"connections left on TCP: no memory") \
	X(NO_OPTION,	"tcp_option",	"connections left on TCP: an option or flag") \
	X(FAILED,	"failed",	"connections reset for what a program wrote")

/* Of each socket, too. */
#define SDR_SOCK_STATS(X)						\
	X(SEALS,	"switches_to_ring", "streams switched to a ring") \
	X(GROWS,	"ring_grows",	"rings replaced by larger ones") \
	X(DEMOTES,	"switches_to_tcp", "streams switched back to TCP") \
	X(TCP_TX,	"tcp_tx_bytes",	"bytes sent by TCP")		\
	X(TCP_RX,	"tcp_rx_bytes",	"bytes read from TCP")		\
	X(TCP_TX_MSGS,	"tcp_tx_calls",	"send calls served by TCP")	\
	X(TCP_RX_MSGS,	"tcp_rx_calls",	"receive calls served by TCP")	\
	X(RING_TX,	"ring_tx_bytes", "bytes sent through rings")	\
	X(RING_RX,	"ring_rx_bytes", "bytes read from rings")	\
	X(RING_TX_MSGS,	"ring_tx_calls", "send system calls served by rings") \
	X(RING_RX_MSGS,	"ring_rx_calls", "receive system calls served by rings") \
	X(USER_TX_MSGS,	"user_tx_calls", "sends made without a system call") \
	X(USER_RX_MSGS,	"user_rx_calls", "receives made without a system call") \
	X(DOORBELLS,	"doorbells",	"wake-ups asked for from user space") \
	X(SLEEPS,	"sleeps",	"calls that had to sleep")	\
	X(KEEPS,	"keep_alives",	"empty TCP segments under busy rings") \
	X(LEASES,	"leases",	"leases granted")		\
	X(REVOKES,	"revokes",	"leases taken away")		\
	X(REVOKE_FORCED, "revokes_forced", "of these, from a thread that did not leave")

#define SDR_STATS(X) SDR_NET_STATS(X) SDR_SOCK_STATS(X)

enum sdr_stat {
#define X(id, name, help) SDR_STAT_##id,
	SDR_NET_STATS(X)
	__SDR_STAT_SOCK,
	__SDR_STAT_BEFORE_SOCK = __SDR_STAT_SOCK - 1,
	SDR_SOCK_STATS(X)
#undef X
	__SDR_STAT_MAX
};

struct sdr_stats {
	u64 v[__SDR_STAT_MAX];
};

/**
 * struct sdr_tally - the counters of one socket
 * @all:	the counters of its namespace, which count it too
 * @v:		by enum sdr_stat, from __SDR_STAT_SOCK on
 */
struct sdr_tally {
	struct sdr_stats __percpu *all;
	atomic64_t v[__SDR_STAT_MAX - __SDR_STAT_SOCK];
};

/**
 * sdr_tally_add - count something for a namespace and its socket; any context
 * @tally:	the socket's counters
 * @id:	which
 * @n:	how many
 */
void sdr_tally_add(struct sdr_tally *tally, enum sdr_stat id, u64 n);

static inline void sdr_tally_inc(struct sdr_tally *tally, enum sdr_stat id)
{
	sdr_tally_add(tally, id, 1);
}

/* What a socket has counted; @id is one of its own. */
static inline u64 sdr_tally_read(const struct sdr_tally *tally,
				 enum sdr_stat id)
{
	return atomic64_read(&tally->v[id - __SDR_STAT_SOCK]);
}

/**
 * sdr_stats_sum - add up all CPUs' counters of a namespace
 * @net:	the namespace
 * @out:	receives the sums
 */
void sdr_stats_sum(struct net *net, struct sdr_stats *out);

/* The counters' names, in the order of enum sdr_stat. */
extern const char * const sdr_stats_names[__SDR_STAT_MAX];

#endif /* _SDR_STATS_H */
