// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <netinet/tcp.h>

#include <linux/sdirect.h>
#include <linux/sdirect_netlink.h>

#include "names.h"

static const struct name carriers[] = {
	[SDIRECT_CARRIER_TCP]	= { "tcp", "the TCP connection" },
	[SDIRECT_CARRIER_LOCAL]	= { "local", "a ring in shared memory" },
	[SDIRECT_CARRIER_RDMA]	= { "rdma", "a ring written by RDMA" },
};

static const struct name reasons[] = {
	[SDIRECT_REASON_NONE]	= { "none", "" },
	[SDIRECT_REASON_IDLE]	= { "idle", "not connected" },
	[SDIRECT_REASON_WAITING] = { "waiting", "no peer has shown up yet" },
	[SDIRECT_REASON_COLD]	= { "cold", "too little traffic so far" },
	[SDIRECT_REASON_NO_PEER] = { "no-peer", "the peer is not here" },
	[SDIRECT_REASON_POLICY]	= { "policy", "these two may not go direct" },
	[SDIRECT_REASON_KEY]	= { "key", "the key is unusable" },
	[SDIRECT_REASON_COUNTS]	= { "counts", "byte counts disagree" },
	[SDIRECT_REASON_MEMORY]	= { "memory", "no memory for a ring" },
	[SDIRECT_REASON_OOB]	= { "oob", "urgent data" },
	[SDIRECT_REASON_OPTION]	= { "option", "an option or flag needs TCP" },
	[SDIRECT_REASON_SHUTDOWN] = { "shutdown", "end of stream" },
	[SDIRECT_REASON_PEER_GONE] = { "peer-gone", "the peer has closed" },
	[SDIRECT_REASON_DEMOTED] = { "demoted", "was asked to be TCP" },
};

static const struct name verdicts[] = {
	[SDIRECT_VERDICT_DIRECT] = { "direct", NULL },
	[SDIRECT_VERDICT_TCP]	= { "tcp", NULL },
	[SDIRECT_VERDICT_DENY]	= { "deny", NULL },
	[SDIRECT_VERDICT_ASK]	= { "ask", NULL },
};

static const struct name sources[] = {
	[SDIRECT_SOURCE_DEFAULT] = { "default", "net.sdirect.default_policy" },
	[SDIRECT_SOURCE_RULE]	= { "rule", "a rule" },
	[SDIRECT_SOURCE_ANSWER]	= { "answer", "sdirectd was asked" },
	[SDIRECT_SOURCE_LIMIT]	= { "limit", "the rate was exceeded" },
};

/* As ss(8) calls them. */
static const struct name states[] = {
	[TCP_ESTABLISHED]	= { "ESTAB", NULL },
	[TCP_SYN_SENT]		= { "SYN-SENT", NULL },
	[TCP_SYN_RECV]		= { "SYN-RECV", NULL },
	[TCP_FIN_WAIT1]		= { "FIN-WAIT-1", NULL },
	[TCP_FIN_WAIT2]		= { "FIN-WAIT-2", NULL },
	[TCP_TIME_WAIT]		= { "TIME-WAIT", NULL },
	[TCP_CLOSE]		= { "UNCONN", NULL },
	[TCP_CLOSE_WAIT]	= { "CLOSE-WAIT", NULL },
	[TCP_LAST_ACK]		= { "LAST-ACK", NULL },
	[TCP_LISTEN]		= { "LISTEN", NULL },
	[TCP_CLOSING]		= { "CLOSING", NULL },
};

#define COUNT(table)	(sizeof(table) / sizeof((table)[0]))

_Static_assert(COUNT(carriers) == __SDIRECT_CARRIER_MAX, "a name is missing");
_Static_assert(COUNT(verdicts) == __SDIRECT_VERDICT_MAX, "a name is missing");
_Static_assert(COUNT(sources) == __SDIRECT_SOURCE_MAX, "a name is missing");
_Static_assert(COUNT(reasons) == __SDIRECT_REASON_MAX, "a name is missing");

static const struct name *lookup(const struct name *table, unsigned int count,
				 unsigned int number)
{
	static const struct name unknown = { "unknown", "unknown" };

	if (number >= count || !table[number].name)
		return &unknown;
	return &table[number];
}

const struct name *name_of_carrier(unsigned int carrier)
{
	return lookup(carriers, COUNT(carriers), carrier);
}

const struct name *name_of_reason(unsigned int reason)
{
	return lookup(reasons, COUNT(reasons), reason);
}

const struct name *name_of_state(unsigned int state)
{
	return lookup(states, COUNT(states), state);
}

const struct name *name_of_verdict(unsigned int verdict)
{
	return lookup(verdicts, COUNT(verdicts), verdict);
}

const struct name *name_of_source(unsigned int source)
{
	return lookup(sources, COUNT(sources), source);
}
