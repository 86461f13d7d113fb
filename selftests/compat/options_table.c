// SPDX-License-Identifier: GPL-2.0-only
/* All options that Linux 6.1 has for TCP, and some that it has not. */
#include <linux/filter.h>
#include <linux/net_tstamp.h>

/* The C library's headers and the kernel's have these twice. */
#include "options.h"

#ifndef TCP_TX_DELAY
#define TCP_TX_DELAY	37
#endif

/* The C library does not name these. */
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO		11
#define IPV6_FLOWLABEL_MGR	32
#define IPV6_FLOWINFO_SEND	33
#define IPV6_USE_MIN_MTU	63
#endif

#define VALUE(name, ...)	{ name, __VA_ARGS__ }
#define OBJECT(object)		{ #object, &(object), sizeof(object) }

static const struct linger linger_off;
static const struct linger linger_now = { .l_onoff = 1 };
static const struct linger linger_some = { .l_onoff = 1, .l_linger = 3 };
static const struct linger linger_negative = { .l_onoff = 1, .l_linger = -1 };
static const struct opt_value linger[] = {
	OBJECT(linger_off), OBJECT(linger_now), OBJECT(linger_some),
	OBJECT(linger_negative), { }
};

static const struct timeval time_none;
static const struct timeval time_some = { 1, 250000 };
static const struct timeval time_negative = { -1, 0 };
static const struct timeval time_wrong = { 0, 1000000 };
static const struct timeval time_wrong_too = { 0, -1 };
static const struct opt_value timeval[] = {
	OBJECT(time_some), OBJECT(time_negative), OBJECT(time_wrong),
	OBJECT(time_wrong_too), OBJECT(time_none), { }
};

static const struct opt_value device[] = {
	VALUE("\"lo\"", "lo", 3),
	VALUE("\"nosuchdevice\"", "nosuchdevice", 13), VALUE("\"\"", "", 1),
	VALUE("\"a name much too long\"", "a name much too long", 21),
	{ }
};

static struct sock_filter filter_all[] = {
	{ BPF_RET | BPF_K, 0, 0, 0xffffffff },
};

static struct sock_filter filter_bad[] = { { 0xffff, 0, 0, 0 } };
static const struct sock_fprog passes_all = { 1, filter_all };
static const struct sock_fprog passes_none = { 1, filter_bad };
static const struct sock_fprog no_program = { 0, NULL };
static const struct opt_value filter[] = {
	OBJECT(passes_all), OBJECT(passes_none), OBJECT(no_program), { }
};

static const struct so_timestamping stamp_all = {
	.flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
		 SOF_TIMESTAMPING_OPT_ID,
};

static const struct so_timestamping stamp_none;
static const struct opt_value stamping[] = {
	OBJECT(stamp_all), OBJECT(stamp_none), { }
};

static const struct sock_txtime txtime_tai = { .clockid = 11 };
static const struct sock_txtime txtime_bad = { .clockid = 1, .flags = 0xff };
static const struct opt_value txtime[] = {
	OBJECT(txtime_tai), OBJECT(txtime_bad), { }
};

static const struct opt_value congestion[] = {
	VALUE("\"reno\"", "reno", 5), VALUE("\"cubic\"", "cubic", 6),
	VALUE("\"nosuchthing\"", "nosuchthing", 12), VALUE("\"\"", "", 1), { }
};

static const struct opt_value upper[] = {
	VALUE("\"tls\"", "tls", 4),
	VALUE("\"nosuchthing\"", "nosuchthing", 12), VALUE("\"\"", "", 1), { }
};

static const struct tcp_md5sig unsigned_peer = {
	.tcpm_addr.ss_family = AF_INET,
};

static const struct tcp_md5sig signed_nowhere = {
	.tcpm_addr.ss_family = AF_UNIX, .tcpm_keylen = 3, .tcpm_key = "key",
};

/* Not the other end: what comes from there stays as it is. */
static const struct tcp_md5sig signed_other = {
	.tcpm_addr.ss_family = AF_INET, .tcpm_addr.__ss_padding = "\1\0\7\0\0\7",
	.tcpm_keylen = 3, .tcpm_key = "key",
};

static const struct opt_value signature[] = {
	OBJECT(unsigned_peer), OBJECT(signed_nowhere), OBJECT(signed_other),
	{ }
};

static const struct opt_value key[] = {
	VALUE("\"fifteen letters\"", "fifteen letters", 16),
	{ }
};

static const struct opt_value ip_options[] = {
	VALUE("three times nothing", "\1\1\1", 4),
	VALUE("record route", "\7\7\4\0\0\0\0", 8),
	VALUE("rubbish", "\7\377\0\0", 4), VALUE("none", "", 0), { }
};

static const struct ip_mreqn group_lo = {
	.imr_multiaddr.s_addr = 0x010000e0, .imr_ifindex = 1,
};

static const struct ip_mreqn group_none = {
	.imr_multiaddr.s_addr = 0x0100007f, .imr_ifindex = 1,
};

static const struct opt_value group[] = {
	OBJECT(group_lo), OBJECT(group_none), { }
};

static const struct ipv6_mreq group6_lo = {
	.ipv6mr_multiaddr.s6_addr = { 0xff, 2, [15] = 0x77 },
	.ipv6mr_interface = 1,
};

static const struct opt_value group6[] = { OBJECT(group6_lo), { } };

static const struct in6_pktinfo from_lo = { .ipi6_ifindex = 1 };
static const struct in6_pktinfo from_nowhere = { .ipi6_ifindex = 9999 };
static const struct opt_value pktinfo6[] = {
	OBJECT(from_lo), OBJECT(from_nowhere), { }
};

/* A header with nothing in it but padding. */
static const struct opt_value padding[] = {
	VALUE("padding", "\0\0\1\4\0\0\0", 8), VALUE("none", "", 0),
	VALUE("rubbish", "\377\377\377\377\377\377\377", 8), { }
};

const struct opt_expected opt_expected[] = {
	{ SOL_SOCKET, SO_PEERSEC, true, ENOPROTOOPT,
	  "security modules go by the family that was asked for" },
	{ SOL_TCP, TCP_REPAIR, false, EPERM,
	  "would let a program choose the key of a connection" },
	{ SOL_TCP, TCP_ULP, false, ENOENT,
	  "puts other operations into the socket; libraries then do without" },
	{ SOL_IPV6, IPV6_ADDRFORM, false, ENOPROTOOPT,
	  "puts other operations into the socket" },
	{ }
};

#define OPT_WITH(level, name, flags, values) \
	{ level, name, #name, flags, values }
#define OPT(level, name)	{ level, name, #name, 0, NULL }

const struct opt opts[] = {
	OPT(SOL_SOCKET, SO_DEBUG),
	OPT(SOL_SOCKET, SO_REUSEADDR),
	OPT(SOL_SOCKET, SO_TYPE),
	OPT(SOL_SOCKET, SO_ERROR),
	OPT(SOL_SOCKET, SO_DONTROUTE),
	OPT(SOL_SOCKET, SO_BROADCAST),
	OPT_WITH(SOL_SOCKET, SO_SNDBUF, OPT_LIVE, NULL),
	OPT_WITH(SOL_SOCKET, SO_RCVBUF, OPT_LIVE, NULL),
	OPT(SOL_SOCKET, SO_KEEPALIVE),
	OPT(SOL_SOCKET, SO_OOBINLINE),
	OPT(SOL_SOCKET, SO_NO_CHECK),
	OPT(SOL_SOCKET, SO_PRIORITY),
	OPT_WITH(SOL_SOCKET, SO_LINGER, 0, linger),
	OPT(SOL_SOCKET, SO_BSDCOMPAT),
	OPT(SOL_SOCKET, SO_REUSEPORT),
	OPT(SOL_SOCKET, SO_PASSCRED),
	OPT(SOL_SOCKET, SO_PEERCRED),
	OPT(SOL_SOCKET, SO_RCVLOWAT),
	OPT(SOL_SOCKET, SO_SNDLOWAT),
	OPT_WITH(SOL_SOCKET, SO_RCVTIMEO, 0, timeval),
	OPT_WITH(SOL_SOCKET, SO_SNDTIMEO, 0, timeval),
	OPT(SOL_SOCKET, SO_SECURITY_AUTHENTICATION),
	OPT(SOL_SOCKET, SO_SECURITY_ENCRYPTION_TRANSPORT),
	OPT(SOL_SOCKET, SO_SECURITY_ENCRYPTION_NETWORK),
	OPT_WITH(SOL_SOCKET, SO_BINDTODEVICE, 0, device),
	OPT_WITH(SOL_SOCKET, SO_ATTACH_FILTER, 0, filter),
	OPT(SOL_SOCKET, SO_DETACH_FILTER),
	OPT_WITH(SOL_SOCKET, SO_PEERNAME, OPT_FORM, NULL),
	OPT(SOL_SOCKET, SO_TIMESTAMP),
	OPT(SOL_SOCKET, SO_ACCEPTCONN),
	OPT(SOL_SOCKET, SO_PEERSEC),
	OPT_WITH(SOL_SOCKET, SO_SNDBUFFORCE, OPT_LIVE, NULL),
	OPT_WITH(SOL_SOCKET, SO_RCVBUFFORCE, OPT_LIVE, NULL),
	OPT(SOL_SOCKET, SO_PASSSEC),
	OPT(SOL_SOCKET, SO_TIMESTAMPNS),
	OPT(SOL_SOCKET, SO_MARK),
	OPT_WITH(SOL_SOCKET, SO_TIMESTAMPING, 0, stamping),
	OPT(SOL_SOCKET, SO_PROTOCOL),
	OPT(SOL_SOCKET, SO_DOMAIN),
	OPT(SOL_SOCKET, SO_RXQ_OVFL),
	OPT(SOL_SOCKET, SO_WIFI_STATUS),
	OPT(SOL_SOCKET, SO_PEEK_OFF),
	OPT(SOL_SOCKET, SO_NOFCS),
	OPT(SOL_SOCKET, SO_LOCK_FILTER),
	OPT(SOL_SOCKET, SO_SELECT_ERR_QUEUE),
	OPT(SOL_SOCKET, SO_BUSY_POLL),
	OPT(SOL_SOCKET, SO_MAX_PACING_RATE),
	OPT(SOL_SOCKET, SO_BPF_EXTENSIONS),
	OPT_WITH(SOL_SOCKET, SO_INCOMING_CPU, OPT_FORM, NULL),
	OPT(SOL_SOCKET, SO_ATTACH_BPF),
	OPT_WITH(SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, 0, filter),
	OPT(SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF),
	OPT(SOL_SOCKET, SO_CNX_ADVICE),
	OPT_WITH(SOL_SOCKET, SO_MEMINFO, OPT_FORM, NULL),
	OPT_WITH(SOL_SOCKET, SO_INCOMING_NAPI_ID, OPT_FORM, NULL),
	OPT_WITH(SOL_SOCKET, SO_COOKIE, OPT_FORM, NULL),
	OPT(SOL_SOCKET, SO_PEERGROUPS),
	OPT(SOL_SOCKET, SO_ZEROCOPY),
	OPT_WITH(SOL_SOCKET, SO_TXTIME, 0, txtime),
	OPT(SOL_SOCKET, SO_BINDTOIFINDEX),
	OPT(SOL_SOCKET, SO_TIMESTAMP_NEW),
	OPT(SOL_SOCKET, SO_TIMESTAMPNS_NEW),
	OPT_WITH(SOL_SOCKET, SO_TIMESTAMPING_NEW, 0, stamping),
	OPT_WITH(SOL_SOCKET, SO_RCVTIMEO_NEW, 0, timeval),
	OPT_WITH(SOL_SOCKET, SO_SNDTIMEO_NEW, 0, timeval),
	OPT(SOL_SOCKET, SO_DETACH_REUSEPORT_BPF),
	OPT(SOL_SOCKET, SO_PREFER_BUSY_POLL),
	OPT(SOL_SOCKET, SO_BUSY_POLL_BUDGET),
	OPT_WITH(SOL_SOCKET, SO_NETNS_COOKIE, OPT_FORM, NULL),
	OPT(SOL_SOCKET, SO_BUF_LOCK),
	OPT(SOL_SOCKET, SO_RESERVE_MEM),
	OPT(SOL_SOCKET, SO_TXREHASH),
	OPT(SOL_SOCKET, SO_RCVMARK),

	OPT(SOL_TCP, TCP_NODELAY),
	OPT_WITH(SOL_TCP, TCP_MAXSEG, OPT_LIVE, NULL),
	OPT(SOL_TCP, TCP_CORK),
	OPT(SOL_TCP, TCP_KEEPIDLE),
	OPT(SOL_TCP, TCP_KEEPINTVL),
	OPT(SOL_TCP, TCP_KEEPCNT),
	OPT(SOL_TCP, TCP_SYNCNT),
	OPT(SOL_TCP, TCP_LINGER2),
	OPT(SOL_TCP, TCP_DEFER_ACCEPT),
	OPT_WITH(SOL_TCP, TCP_WINDOW_CLAMP, OPT_LIVE, NULL),
	OPT_WITH(SOL_TCP, TCP_INFO, OPT_FORM, NULL),
	OPT_WITH(SOL_TCP, TCP_QUICKACK, OPT_LIVE, NULL),
	OPT_WITH(SOL_TCP, TCP_CONGESTION, 0, congestion),
	OPT_WITH(SOL_TCP, TCP_MD5SIG, 0, signature),
	OPT(SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS),
	OPT(SOL_TCP, TCP_THIN_DUPACK),
	OPT(SOL_TCP, TCP_USER_TIMEOUT),
	OPT_WITH(SOL_TCP, TCP_REPAIR, OPT_KEPT, NULL),
	OPT(SOL_TCP, TCP_REPAIR_QUEUE),
	OPT_WITH(SOL_TCP, TCP_QUEUE_SEQ, OPT_FORM, NULL),
	OPT(SOL_TCP, TCP_REPAIR_OPTIONS),
	OPT(SOL_TCP, TCP_FASTOPEN),
	OPT_WITH(SOL_TCP, TCP_TIMESTAMP, OPT_FORM, NULL),
	OPT(SOL_TCP, TCP_NOTSENT_LOWAT),
	OPT_WITH(SOL_TCP, TCP_CC_INFO, OPT_FORM, NULL),
	OPT(SOL_TCP, TCP_SAVE_SYN),
	OPT(SOL_TCP, TCP_SAVED_SYN),
	OPT(SOL_TCP, TCP_REPAIR_WINDOW),
	OPT(SOL_TCP, TCP_FASTOPEN_CONNECT),
	OPT_WITH(SOL_TCP, TCP_ULP, 0, upper),
	OPT_WITH(SOL_TCP, TCP_FASTOPEN_KEY, OPT_FORM, key),
	OPT(SOL_TCP, TCP_FASTOPEN_NO_COOKIE),
	OPT(SOL_TCP, TCP_ZEROCOPY_RECEIVE),
	OPT(SOL_TCP, TCP_INQ),
	OPT(SOL_TCP, TCP_TX_DELAY),
	OPT_WITH(SOL_TCP, TCP_MD5SIG_EXT, 0, signature),

	OPT(SOL_IP, IP_TOS),
	OPT(SOL_IP, IP_TTL),
	OPT(SOL_IP, IP_HDRINCL),
	OPT_WITH(SOL_IP, IP_OPTIONS, 0, ip_options),
	OPT(SOL_IP, IP_ROUTER_ALERT),
	OPT(SOL_IP, IP_RECVOPTS),
	OPT(SOL_IP, IP_RETOPTS),
	OPT(SOL_IP, IP_PKTINFO),
	OPT(SOL_IP, IP_PKTOPTIONS),
	OPT(SOL_IP, IP_MTU_DISCOVER),
	OPT(SOL_IP, IP_RECVERR),
	OPT(SOL_IP, IP_RECVTTL),
	OPT(SOL_IP, IP_RECVTOS),
	OPT(SOL_IP, IP_MTU),
	OPT(SOL_IP, IP_FREEBIND),
	OPT(SOL_IP, IP_IPSEC_POLICY),
	OPT(SOL_IP, IP_XFRM_POLICY),
	OPT(SOL_IP, IP_PASSSEC),
	OPT(SOL_IP, IP_TRANSPARENT),
	OPT(SOL_IP, IP_ORIGDSTADDR),
	OPT(SOL_IP, IP_MINTTL),
	OPT(SOL_IP, IP_NODEFRAG),
	OPT(SOL_IP, IP_CHECKSUM),
	OPT(SOL_IP, IP_BIND_ADDRESS_NO_PORT),
	OPT(SOL_IP, IP_RECVFRAGSIZE),
	OPT(SOL_IP, IP_RECVERR_RFC4884),
	OPT_WITH(SOL_IP, IP_MULTICAST_IF, 0, group),
	OPT(SOL_IP, IP_MULTICAST_TTL),
	OPT(SOL_IP, IP_MULTICAST_LOOP),
	OPT_WITH(SOL_IP, IP_ADD_MEMBERSHIP, 0, group),
	OPT_WITH(SOL_IP, IP_DROP_MEMBERSHIP, 0, group),
	OPT(SOL_IP, IP_UNBLOCK_SOURCE),
	OPT(SOL_IP, IP_BLOCK_SOURCE),
	OPT(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP),
	OPT(SOL_IP, IP_DROP_SOURCE_MEMBERSHIP),
	OPT(SOL_IP, IP_MSFILTER),
	OPT(SOL_IP, IP_MULTICAST_ALL),
	OPT(SOL_IP, IP_UNICAST_IF),

	OPT(SOL_IP, MCAST_JOIN_GROUP),
	OPT(SOL_IP, MCAST_BLOCK_SOURCE),
	OPT(SOL_IP, MCAST_UNBLOCK_SOURCE),
	OPT(SOL_IP, MCAST_LEAVE_GROUP),
	OPT(SOL_IP, MCAST_JOIN_SOURCE_GROUP),
	OPT(SOL_IP, MCAST_LEAVE_SOURCE_GROUP),
	OPT(SOL_IP, MCAST_MSFILTER),

	OPT_WITH(SOL_IPV6, IPV6_ADDRFORM, OPT_KEPT, NULL),
	OPT(SOL_IPV6, IPV6_2292PKTINFO),
	OPT(SOL_IPV6, IPV6_2292HOPOPTS),
	OPT(SOL_IPV6, IPV6_2292DSTOPTS),
	OPT(SOL_IPV6, IPV6_2292RTHDR),
	OPT(SOL_IPV6, IPV6_2292PKTOPTIONS),
	OPT(SOL_IPV6, IPV6_CHECKSUM),
	OPT(SOL_IPV6, IPV6_2292HOPLIMIT),
	OPT(SOL_IPV6, IPV6_NEXTHOP),
	OPT(SOL_IPV6, IPV6_AUTHHDR),
	OPT(SOL_IPV6, IPV6_FLOWINFO),
	OPT(SOL_IPV6, IPV6_UNICAST_HOPS),
	OPT(SOL_IPV6, IPV6_MULTICAST_IF),
	OPT(SOL_IPV6, IPV6_MULTICAST_HOPS),
	OPT(SOL_IPV6, IPV6_MULTICAST_LOOP),
	OPT_WITH(SOL_IPV6, IPV6_ADD_MEMBERSHIP, 0, group6),
	OPT_WITH(SOL_IPV6, IPV6_DROP_MEMBERSHIP, 0, group6),
	OPT(SOL_IPV6, IPV6_ROUTER_ALERT),
	OPT(SOL_IPV6, IPV6_MTU_DISCOVER),
	OPT(SOL_IPV6, IPV6_MTU),
	OPT(SOL_IPV6, IPV6_RECVERR),
	OPT(SOL_IPV6, IPV6_V6ONLY),
	OPT(SOL_IPV6, IPV6_JOIN_ANYCAST),
	OPT(SOL_IPV6, IPV6_LEAVE_ANYCAST),
	OPT(SOL_IPV6, IPV6_MULTICAST_ALL),
	OPT(SOL_IPV6, IPV6_ROUTER_ALERT_ISOLATE),
	OPT(SOL_IPV6, IPV6_RECVERR_RFC4884),
	OPT_WITH(SOL_IPV6, IPV6_FLOWLABEL_MGR, OPT_FORM, NULL),
	OPT(SOL_IPV6, IPV6_FLOWINFO_SEND),
	OPT(SOL_IPV6, IPV6_IPSEC_POLICY),
	OPT(SOL_IPV6, IPV6_XFRM_POLICY),
	OPT(SOL_IPV6, IPV6_HDRINCL),
	OPT(SOL_IPV6, IPV6_RECVPKTINFO),
	OPT_WITH(SOL_IPV6, IPV6_PKTINFO, 0, pktinfo6),
	OPT(SOL_IPV6, IPV6_RECVHOPLIMIT),
	OPT(SOL_IPV6, IPV6_HOPLIMIT),
	OPT(SOL_IPV6, IPV6_RECVHOPOPTS),
	OPT_WITH(SOL_IPV6, IPV6_HOPOPTS, 0, padding),
	OPT_WITH(SOL_IPV6, IPV6_RTHDRDSTOPTS, 0, padding),
	OPT(SOL_IPV6, IPV6_RECVRTHDR),
	OPT_WITH(SOL_IPV6, IPV6_RTHDR, 0, padding),
	OPT(SOL_IPV6, IPV6_RECVDSTOPTS),
	OPT_WITH(SOL_IPV6, IPV6_DSTOPTS, 0, padding),
	OPT(SOL_IPV6, IPV6_RECVPATHMTU),
	OPT(SOL_IPV6, IPV6_PATHMTU),
	OPT(SOL_IPV6, IPV6_DONTFRAG),
	OPT(SOL_IPV6, IPV6_USE_MIN_MTU),
	OPT(SOL_IPV6, IPV6_RECVTCLASS),
	OPT(SOL_IPV6, IPV6_TCLASS),
	OPT(SOL_IPV6, IPV6_AUTOFLOWLABEL),
	OPT(SOL_IPV6, IPV6_ADDR_PREFERENCES),
	OPT(SOL_IPV6, IPV6_MINHOPCOUNT),
	OPT(SOL_IPV6, IPV6_ORIGDSTADDR),
	OPT(SOL_IPV6, IPV6_TRANSPARENT),
	OPT(SOL_IPV6, IPV6_UNICAST_IF),
	OPT(SOL_IPV6, IPV6_RECVFRAGSIZE),
	OPT(SOL_IPV6, IPV6_FREEBIND),

	OPT(SOL_IPV6, MCAST_JOIN_GROUP),
	OPT(SOL_IPV6, MCAST_BLOCK_SOURCE),
	OPT(SOL_IPV6, MCAST_UNBLOCK_SOURCE),
	OPT(SOL_IPV6, MCAST_LEAVE_GROUP),
	OPT(SOL_IPV6, MCAST_JOIN_SOURCE_GROUP),
	OPT(SOL_IPV6, MCAST_LEAVE_SOURCE_GROUP),
	OPT(SOL_IPV6, MCAST_MSFILTER),
	{ }
};
