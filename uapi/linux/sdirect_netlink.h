/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The generic netlink interface of AF_SDIRECT, through which tools look at
 * the module: family SDIRECT_GENL_NAME, version SDIRECT_GENL_VERSION.
 *
 * Everything is about the network namespace of the netlink socket alone.  To
 * look needs no privilege: what is told about a connection is what ss(8) tells
 * of a TCP connection.  To change something needs CAP_NET_ADMIN in the user
 * namespace that owns the network namespace.  Numbers are in host byte order but for ports
 * and addresses.  Later versions may add attributes anywhere; skip those that
 * you do not know.  Unknown attributes in a request are an error, EINVAL.
 *
 * SDIRECT_CMD_CONN_GET
 * --------------------
 * Dump only (NLM_F_REQUEST | NLM_F_DUMP).  Request:
 *
 *    SDIRECT_A_CONN_FLAGS	u32, optional: SDIRECT_CONN_F_*
 *
 * Reply: one message for each socket, so two for a connection that has both
 * ends in this namespace, with
 *
 *    SDIRECT_A_CONN_FAMILY	u16, AF_INET or AF_INET6
 *    SDIRECT_A_CONN_STATE	u8, the TCP state (TCP_ESTABLISHED ...)
 *    SDIRECT_A_CONN_LOCAL_ADDR	struct in_addr or struct in6_addr
 *    SDIRECT_A_CONN_REMOTE_ADDR	the same
 *    SDIRECT_A_CONN_LOCAL_PORT	u16, network byte order
 *    SDIRECT_A_CONN_REMOTE_PORT	the same
 *    SDIRECT_A_CONN_IFINDEX	u32, the interface that the socket is bound to;
 *				only there if it is bound to one
 *    SDIRECT_A_CONN_INODE	u64, as in /proc/PID/fd: socket:[INODE]
 *    SDIRECT_A_CONN_UID		u32, the socket's owner as the caller's user
 *				namespace knows it
 *    SDIRECT_A_CONN_NETNS_COOKIE	u64, as from getsockopt(SO_NETNS_COOKIE)
 *    SDIRECT_A_CONN_TX_CARRIER	u8, enum sdirect_carrier
 *    SDIRECT_A_CONN_RX_CARRIER	u8, enum sdirect_carrier
 *    SDIRECT_A_CONN_REASON	u16, enum sdirect_reason
 *    SDIRECT_A_CONN_TX_BYTES	u64, sent so far
 *    SDIRECT_A_CONN_RX_BYTES	u64, read so far
 *    SDIRECT_A_CONN_TX_RING_BYTES	u64, of these, through rings
 *    SDIRECT_A_CONN_RX_RING_BYTES	u64, of these, through rings
 *    SDIRECT_A_CONN_TX_RING_SIZE	u32, bytes; 0: no ring now
 *    SDIRECT_A_CONN_RX_RING_SIZE	u32, bytes; 0: no ring now
 *    SDIRECT_A_CONN_LEASED	u8, 1 while a program works on the rings itself
 *    SDIRECT_A_CONN_COUNTER	nest, one for each counter of its own that is
 *				not 0, as SDIRECT_A_STAT_COUNTER below; what
 *				happens to a connection once is counted for its
 *				namespace alone; what user space
 *				does by itself is counted at its next system
 *				call on the socket
 *
 *    SDIRECT_A_CONN_DEMOTED	u8, 1 while an administrator wants it to be TCP
 *    SDIRECT_A_CONN_VERDICT	u8, enum sdirect_verdict; missing: not judged
 *    SDIRECT_A_CONN_RULE	u32, the number of the rule of this namespace that
 *				gave it; missing: none did
 *    SDIRECT_A_CONN_SOURCE	u8, enum sdirect_policy_source
 *
 * The numbers of one socket fit each other only roughly.  A dump that does not
 * fit into one buffer is not a picture of one moment: sockets that come or go
 * meanwhile may or may not be in it, and now and then hide another one.
 *
 * SDIRECT_CMD_CONN_SET
 * --------------------
 * Do only (NLM_F_REQUEST | NLM_F_ACK).  Request, both needed:
 *
 *    SDIRECT_A_CONN_INODE	u64, of one end's socket
 *    SDIRECT_A_CONN_DEMOTED	u8, 1: the connection is to be TCP until further
 *				notice, in both directions; 0: no longer
 *
 * Errors: EPERM; ENOENT there is no such socket here; EINVAL an attribute is
 * missing; ERANGE a value.
 *
 * A direction changes with the next bytes that are sent on it.  A program's
 * own wish (SDIRECT_IOC_DEMOTE) stands beside this one.
 *
 * Policy
 * ------
 * One program for each network namespace, the helper, pushes rules and answers
 * what they leave open.  All commands below need CAP_NET_ADMIN in the user
 * namespace that owns the network namespace; BEGIN, ADD, COMMIT and ANSWER are
 * the helper's alone.  Rules stay in force when the helper is gone; questions
 * are then answered by the sysctl net.sdirect.default_policy.
 *
 * A connection is judged by the rules of the namespaces of both ends, and by
 * those of the initial one if they have SDIRECT_POLICY_F_ALL_NETNS.  In each
 * the first rule that matches decides; of these the strictest wins: deny, tcp,
 * direct.
 *
 * SDIRECT_CMD_POLICY_REGISTER: do, no attributes.  The sender is the helper
 * until it closes its netlink socket.  EBUSY: there is another one.
 *
 * SDIRECT_CMD_POLICY_BEGIN: do.  SDIRECT_A_POLICY_GENERATION, not 0 and not the
 * present one; SDIRECT_A_POLICY_RULES, how many will come;
 * SDIRECT_A_POLICY_FLAGS, optional; SDIRECT_A_POLICY_FIELDS, optional: a mask of
 * 1 << enum sdirect_policy_field, of what questions tell, all there is if it is
 * missing.  A path takes the time of a hundred numbers.  E2BIG: too many.
 *
 * SDIRECT_CMD_POLICY_ADD: do.  SDIRECT_A_POLICY_GENERATION;
 * SDIRECT_A_POLICY_RULE, any number, in the order in which they are tried:
 *
 *    SDIRECT_A_RULE_NUMBER	u32, the name of the rule in what is told of it
 *    SDIRECT_A_RULE_VERDICT	u8, enum sdirect_verdict
 *    SDIRECT_A_RULE_RING_MAX	u32, optional: bytes of a ring at most
 *    SDIRECT_A_RULE_RATE	u32, optional: connections that it may make
 *				direct in a second; others stay on TCP
 *    SDIRECT_A_RULE_SAME	u32, optional: SDIRECT_SAME_*, all of which must
 *				hold
 *    SDIRECT_A_RULE_COND	nest, any number, one for each field; all must
 *				hold:
 *       SDIRECT_A_COND_FIELD	u8, enum sdirect_policy_field
 *       SDIRECT_A_COND_RANGES	struct sdirect_policy_range[], ascending and
 *				apart; for fields that are numbers
 *       SDIRECT_A_COND_NETS	struct sdirect_policy_net[]; for addresses
 *
 * A condition on what is not known never holds.  Not known are a uid or gid
 * that the helper's user namespace does not map, and cgroup, namespace, program
 * and label of an end whose network namespace is owned by neither that user
 * namespace nor one below it.
 *
 * SDIRECT_CMD_POLICY_COMMIT: do.  SDIRECT_A_POLICY_GENERATION.  The rules since
 * BEGIN replace those before, at once; living connections are judged again.
 *
 * SDIRECT_CMD_POLICY_QUESTION: sent to the helper, when a rule with verdict
 * SDIRECT_VERDICT_ASK decides.  SDIRECT_A_POLICY_ID, _GENERATION, _NUMBER (of
 * that rule), _CARRIER, _DEVICE (this host's device, where the carrier has one
 * that is known), _SAME (a mask of SDIRECT_SAME_*, as rules of the module
 * see it), _FROM, _TO; the two ends are nests of SDIRECT_A_END_*,
 * of which those are missing that are not known, or that BEGIN has not asked
 * for.  Questions that come soon after each other are in one datagram, each a
 * message of its own.
 *
 * SDIRECT_CMD_POLICY_ANSWER: do.  SDIRECT_A_POLICY_ID, _GENERATION; optional:
 * _VERDICT (missing: no rule decides, so the default policy does), _NUMBER, _TTL,
 * _FIELDS, _RING_MAX, _RATE.  With _FIELDS, a mask of
 * 1 << enum sdirect_policy_field, the answer is kept for _TTL seconds and given
 * to all that have the same values there.  ENOENT: nobody waits for it (any
 * more); ESTALE: it is about older rules.  Who has waited for
 * SDIRECT_POLICY_PATIENCE seconds gets the default policy, and so does everybody
 * while there is no helper; who cannot be asked about because too many wait, or
 * the helper does not read, stays on TCP.  In the latter case the helper's
 * recv() says ENOBUFS once; it goes on, as nothing that it must know is lost.
 *
 * SDIRECT_CMD_POLICY_GET: do.  Reply: SDIRECT_A_POLICY_GENERATION (0: there are
 * no rules), _RULES, _FLAGS, _HELPER (its port, 0: none), _DEFAULT, _PENDING,
 * _CACHED, _COUNTER (nests as in SDIRECT_CMD_STAT_GET).
 *
 * SDIRECT_CMD_POLICY_RULE_GET: dump.  Reply: one message for each rule, in
 * order, with SDIRECT_A_RULE_INDEX, _NUMBER, _VERDICT, _HITS and
 * _GENERATION.
 *
 * SDIRECT_CMD_POLICY_DECISION: sent to the multicast group
 * SDIRECT_GENL_GROUP_DECISIONS, in the namespaces that have judged, with
 * SDIRECT_A_POLICY_VERDICT, _SOURCE, _NUMBER (if a rule decided), _GENERATION,
 * _CHANGED (1: a living connection was judged again), _CARRIER, _DEVICE, _FROM,
 * _TO.
 * Denials are sent to SDIRECT_GENL_GROUP_DENIALS as well: who wants no more than
 * these costs the other connections nothing.
 *
 * SDIRECT_CMD_STAT_GET
 * --------------------
 * Do only (NLM_F_REQUEST), no attributes.  Reply: one message with
 *
 *    SDIRECT_A_STAT_VERSION	string, version of the module
 *    SDIRECT_A_STAT_ABI_VERSION	u32, its SDIRECT_ABI_VERSION
 *    SDIRECT_A_STAT_COUNTER	nest, one for each counter:
 *       SDIRECT_A_COUNTER_NAME	string
 *       SDIRECT_A_COUNTER_VALUE	u64, since the namespace exists
 *
 * Counters are known by their names; which there are may change.
 */
#ifndef _UAPI_LINUX_SDIRECT_NETLINK_H
#define _UAPI_LINUX_SDIRECT_NETLINK_H

#include <linux/types.h>

#define SDIRECT_GENL_NAME	"sdirect"
#define SDIRECT_GENL_VERSION	1
#define SDIRECT_GENL_GROUP_DECISIONS	"decisions"
#define SDIRECT_GENL_GROUP_DENIALS	"denials"

enum sdirect_cmd {
	SDIRECT_CMD_CONN_GET = 1,
	SDIRECT_CMD_STAT_GET,
	SDIRECT_CMD_CONN_SET,
	SDIRECT_CMD_POLICY_REGISTER,
	SDIRECT_CMD_POLICY_BEGIN,
	SDIRECT_CMD_POLICY_ADD,
	SDIRECT_CMD_POLICY_COMMIT,
	SDIRECT_CMD_POLICY_QUESTION,
	SDIRECT_CMD_POLICY_ANSWER,
	SDIRECT_CMD_POLICY_GET,
	SDIRECT_CMD_POLICY_RULE_GET,
	SDIRECT_CMD_POLICY_DECISION,

	__SDIRECT_CMD_MAX,
	SDIRECT_CMD_MAX = __SDIRECT_CMD_MAX - 1
};

/* SDIRECT_A_CONN_FLAGS */
enum sdirect_conn_flags {
	/* tell of sockets that listen or are not connected, too */
	SDIRECT_CONN_F_ALL	= 1 << 0,
};

#define SDIRECT_CONN_F_MASK	SDIRECT_CONN_F_ALL

enum sdirect_conn_attr {
	SDIRECT_A_CONN_FLAGS = 1,
	SDIRECT_A_CONN_PAD,
	SDIRECT_A_CONN_FAMILY,
	SDIRECT_A_CONN_STATE,
	SDIRECT_A_CONN_LOCAL_ADDR,
	SDIRECT_A_CONN_REMOTE_ADDR,
	SDIRECT_A_CONN_LOCAL_PORT,
	SDIRECT_A_CONN_REMOTE_PORT,
	SDIRECT_A_CONN_IFINDEX,
	SDIRECT_A_CONN_INODE,
	SDIRECT_A_CONN_UID,
	SDIRECT_A_CONN_NETNS_COOKIE,
	SDIRECT_A_CONN_TX_CARRIER,
	SDIRECT_A_CONN_RX_CARRIER,
	SDIRECT_A_CONN_REASON,
	SDIRECT_A_CONN_TX_BYTES,
	SDIRECT_A_CONN_RX_BYTES,
	SDIRECT_A_CONN_TX_RING_BYTES,
	SDIRECT_A_CONN_RX_RING_BYTES,
	SDIRECT_A_CONN_TX_RING_SIZE,
	SDIRECT_A_CONN_RX_RING_SIZE,
	SDIRECT_A_CONN_LEASED,
	SDIRECT_A_CONN_COUNTER,
	SDIRECT_A_CONN_DEMOTED,
	SDIRECT_A_CONN_VERDICT,
	SDIRECT_A_CONN_RULE,
	SDIRECT_A_CONN_SOURCE,

	__SDIRECT_A_CONN_MAX,
	SDIRECT_A_CONN_MAX = __SDIRECT_A_CONN_MAX - 1
};

enum sdirect_stat_attr {
	SDIRECT_A_STAT_VERSION = 1,
	SDIRECT_A_STAT_ABI_VERSION,
	SDIRECT_A_STAT_COUNTER,

	__SDIRECT_A_STAT_MAX,
	SDIRECT_A_STAT_MAX = __SDIRECT_A_STAT_MAX - 1
};

enum sdirect_counter_attr {
	SDIRECT_A_COUNTER_PAD = 1,
	SDIRECT_A_COUNTER_NAME,
	SDIRECT_A_COUNTER_VALUE,

	__SDIRECT_A_COUNTER_MAX,
	SDIRECT_A_COUNTER_MAX = __SDIRECT_A_COUNTER_MAX - 1
};

/* --- policy --- */

#define SDIRECT_POLICY_RULES_MAX	131072	/* of one namespace */
#define SDIRECT_POLICY_ENTRIES_MAX	1000000	/* of all their conditions */
#define SDIRECT_POLICY_SET_MAX		2048	/* of one condition */
#define SDIRECT_POLICY_QUESTIONS_MAX	1024	/* waiting in one namespace */
#define SDIRECT_POLICY_QUESTIONS_NS	512	/* ... of all in another user namespace */
#define SDIRECT_POLICY_QUESTIONS_USER	128	/* ... of one user */
#define SDIRECT_POLICY_PATIENCE		5	/* seconds for an answer */
#define SDIRECT_POLICY_TTL		60	/* seconds, unless said otherwise */
#define SDIRECT_POLICY_TTL_MAX		86400

/* What may become of a connection; of two the greater one wins. */
enum sdirect_verdict {
	SDIRECT_VERDICT_DIRECT	= 1,	/* a direct path */
	SDIRECT_VERDICT_TCP	= 2,	/* TCP, where firewalls see it */
	SDIRECT_VERDICT_DENY	= 3,	/* none: both ends are reset */
	SDIRECT_VERDICT_ASK	= 4,	/* the helper knows; TCP meanwhile */
	__SDIRECT_VERDICT_MAX
};

/* Who gave a verdict. */
enum sdirect_policy_source {
	SDIRECT_SOURCE_DEFAULT	= 0,	/* net.sdirect.default_policy */
	SDIRECT_SOURCE_RULE	= 1,	/* a rule */
	SDIRECT_SOURCE_ANSWER	= 2,	/* the helper, asked for a rule */
	SDIRECT_SOURCE_LIMIT	= 3,	/* the rate of a rule was exceeded */
	__SDIRECT_SOURCE_MAX
};

/* net.sdirect.default_policy */
enum sdirect_policy_default {
	SDIRECT_DEFAULT_SAME_USER = 0,	/* the same user: direct; others: tcp */
	SDIRECT_DEFAULT_DIRECT	= 1,
	SDIRECT_DEFAULT_TCP	= 2,
	__SDIRECT_DEFAULT_MAX
};

/* What rules look at; of the end that has connected, and of the other. */
enum sdirect_policy_field {
	SDIRECT_FIELD_FROM_ADDR		= 0,	/* its own address */
	SDIRECT_FIELD_FROM_PORT		= 1,
	SDIRECT_FIELD_FROM_PEER_ADDR	= 2,	/* the other's, as it sees that */
	SDIRECT_FIELD_FROM_PEER_PORT	= 3,
	SDIRECT_FIELD_FROM_UID		= 4,	/* effective */
	SDIRECT_FIELD_FROM_GID		= 5,	/* effective */
	SDIRECT_FIELD_FROM_CGROUP	= 6,	/* its id, of cgroup v2 */
	SDIRECT_FIELD_FROM_NETNS	= 7,	/* inode of the network namespace */
	SDIRECT_FIELD_FROM_EXE		= 8,	/* from here on: answers only */
	SDIRECT_FIELD_FROM_LABEL	= 9,
	SDIRECT_FIELD_FROM_PID		= 10,
	SDIRECT_FIELD_CARRIER		= 15,	/* enum sdirect_carrier */
	SDIRECT_FIELD_TO_ADDR		= 16,
	SDIRECT_FIELD_TO_PORT		= 17,
	SDIRECT_FIELD_TO_PEER_ADDR	= 18,
	SDIRECT_FIELD_TO_PEER_PORT	= 19,
	SDIRECT_FIELD_TO_UID		= 20,
	SDIRECT_FIELD_TO_GID		= 21,
	SDIRECT_FIELD_TO_CGROUP		= 22,
	SDIRECT_FIELD_TO_NETNS		= 23,
	SDIRECT_FIELD_TO_EXE		= 24,
	SDIRECT_FIELD_TO_LABEL		= 25,
	SDIRECT_FIELD_TO_PID		= 26,
	__SDIRECT_FIELD_MAX
};

/* 1 << enum sdirect_policy_field: those of rules, and those of answers. */
#define SDIRECT_FIELDS_RULE	0x00ff80ffU
#define SDIRECT_FIELDS_ANSWER	0x07ff87ffU

/* SDIRECT_A_POLICY_FLAGS */
enum sdirect_policy_flags {
	/* the rules judge connections of all other namespaces, too */
	SDIRECT_POLICY_F_ALL_NETNS	= 1 << 0,
};

#define SDIRECT_POLICY_F_MASK	SDIRECT_POLICY_F_ALL_NETNS

/* SDIRECT_A_RULE_SAME: what both ends must have in common. */
enum sdirect_same {
	SDIRECT_SAME_USER	= 1 << 0,	/* effective, and its user namespace */
	SDIRECT_SAME_GROUP	= 1 << 1,	/* likewise */
	SDIRECT_SAME_NETNS	= 1 << 2,
	SDIRECT_SAME_CGROUP	= 1 << 3,
};

#define SDIRECT_SAME_MASK	0xfU

/* A range of numbers, both ends included; host byte order. */
struct sdirect_policy_range {
	__u64	first;
	__u64	last;
};

/* A network; IPv4 as ::ffff:0:0/96.  Bits behind @len are 0. */
struct sdirect_policy_net {
	__u8	addr[16];
	__u32	len;
	__u32	zero;
};

enum sdirect_policy_attr {
	SDIRECT_A_POLICY_PAD = 1,
	SDIRECT_A_POLICY_GENERATION,	/* u32 */
	SDIRECT_A_POLICY_RULES,		/* u32 */
	SDIRECT_A_POLICY_FLAGS,		/* u32, SDIRECT_POLICY_F_* */
	SDIRECT_A_POLICY_RULE,		/* nest, SDIRECT_A_RULE_* */
	SDIRECT_A_POLICY_ID,		/* u64 */
	SDIRECT_A_POLICY_NUMBER,	/* u32 */
	SDIRECT_A_POLICY_VERDICT,	/* u8, enum sdirect_verdict */
	SDIRECT_A_POLICY_SOURCE,	/* u8, enum sdirect_policy_source */
	SDIRECT_A_POLICY_TTL,		/* u32, seconds */
	SDIRECT_A_POLICY_FIELDS,	/* u32, 1 << enum sdirect_policy_field */
	SDIRECT_A_POLICY_RING_MAX,	/* u32, bytes; 0: no limit */
	SDIRECT_A_POLICY_RATE,		/* u32, in a second; 0: no limit */
	SDIRECT_A_POLICY_CARRIER,	/* u8, enum sdirect_carrier */
	SDIRECT_A_POLICY_FROM,		/* nest, SDIRECT_A_END_* */
	SDIRECT_A_POLICY_TO,		/* nest, SDIRECT_A_END_* */
	SDIRECT_A_POLICY_CHANGED,	/* u8 */
	SDIRECT_A_POLICY_HELPER,	/* u32, netlink port */
	SDIRECT_A_POLICY_DEFAULT,	/* u8, enum sdirect_policy_default */
	SDIRECT_A_POLICY_PENDING,	/* u32 */
	SDIRECT_A_POLICY_CACHED,	/* u32 */
	SDIRECT_A_POLICY_COUNTER,	/* nest, SDIRECT_A_COUNTER_* */
	SDIRECT_A_POLICY_SAME,		/* u32, SDIRECT_SAME_* */
	SDIRECT_A_POLICY_DEVICE,	/* string, of the carrier */

	__SDIRECT_A_POLICY_MAX,
	SDIRECT_A_POLICY_MAX = __SDIRECT_A_POLICY_MAX - 1
};

enum sdirect_rule_attr {
	SDIRECT_A_RULE_PAD = 1,
	SDIRECT_A_RULE_NUMBER,		/* u32 */
	SDIRECT_A_RULE_VERDICT,		/* u8, enum sdirect_verdict */
	SDIRECT_A_RULE_RING_MAX,	/* u32 */
	SDIRECT_A_RULE_RATE,		/* u32 */
	SDIRECT_A_RULE_COND,		/* nest, SDIRECT_A_COND_* */
	SDIRECT_A_RULE_INDEX,		/* u32 */
	SDIRECT_A_RULE_HITS,		/* u64 */
	SDIRECT_A_RULE_GENERATION,	/* u32 */
	SDIRECT_A_RULE_SAME,		/* u32, SDIRECT_SAME_* */

	__SDIRECT_A_RULE_MAX,
	SDIRECT_A_RULE_MAX = __SDIRECT_A_RULE_MAX - 1
};

enum sdirect_cond_attr {
	SDIRECT_A_COND_FIELD = 1,	/* u8, enum sdirect_policy_field */
	SDIRECT_A_COND_RANGES,		/* struct sdirect_policy_range[] */
	SDIRECT_A_COND_NETS,		/* struct sdirect_policy_net[] */

	__SDIRECT_A_COND_MAX,
	SDIRECT_A_COND_MAX = __SDIRECT_A_COND_MAX - 1
};

enum sdirect_end_attr {
	SDIRECT_A_END_PAD = 1,
	SDIRECT_A_END_FAMILY,		/* u16, AF_INET or AF_INET6 */
	SDIRECT_A_END_ADDR,		/* struct in_addr or in6_addr */
	SDIRECT_A_END_PORT,		/* u16, network byte order */
	SDIRECT_A_END_PEER_ADDR,	/* the other's, as this end sees it */
	SDIRECT_A_END_PEER_PORT,
	SDIRECT_A_END_UID,		/* u32, as the receiver knows it */
	SDIRECT_A_END_GID,		/* u32, likewise */
	SDIRECT_A_END_PID,		/* u32, likewise */
	SDIRECT_A_END_CGROUP_ID,	/* u64 */
	SDIRECT_A_END_CGROUP_PATH,	/* string, from the root of cgroup v2 */
	SDIRECT_A_END_NETNS,		/* u64, inode */
	SDIRECT_A_END_NETNS_COOKIE,	/* u64 */
	/*
	 * A path, while the program runs, but in the process's own mount
	 * namespace, which is its own to arrange: compare device and inode with
	 * those of the file that is meant.
	 */
	SDIRECT_A_END_EXE,		/* string */
	SDIRECT_A_END_EXE_DEV,		/* u64, as st_dev */
	SDIRECT_A_END_EXE_INO,		/* u64, as st_ino */
	SDIRECT_A_END_LABEL,		/* string */
	SDIRECT_A_END_USERNS,		/* u64, inode */

	__SDIRECT_A_END_MAX,
	SDIRECT_A_END_MAX = __SDIRECT_A_END_MAX - 1
};

#endif /* _UAPI_LINUX_SDIRECT_NETLINK_H */
