// SPDX-License-Identifier: GPL-2.0
/* Options: most are TCP's own, a few need TCP, a few are ours. */
#include "compat.h"

#include <linux/cred.h>
#include <linux/in6.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>

#include "lease.h"
#include "pair.h"
#include "sock.h"
#include "sockopt.h"
#include "stream.h"

/**
 * struct sdr_opt - an option that is refused
 * @level:	of setsockopt()
 * @name:	of the option
 * @error:	what programs know from kernels without the feature
 */
struct sdr_opt {
	int level;
	int name;
	int error;
};

static const struct sdr_opt sdr_opts[] = {
	/* It forges the numbers by which ends recognise each other. */
	{ SOL_TCP, TCP_REPAIR,		-EPERM },
	/*
	 * These put other operations into the struct socket: ours, with what
	 * they must undo at the end, would never be called again, and the TLS
	 * module would take them for TCP's.
	 */
	{ SOL_TCP, TCP_ULP,		-ENOENT },
	{ SOL_IPV6, IPV6_ADDRFORM,	-ENOPROTOOPT },
};

int sdr_sockopt_refused(int level, int optname)
{
	const struct sdr_opt *opt = sdr_opts;

	for (; opt < sdr_opts + ARRAY_SIZE(sdr_opts); opt++)
		if (opt->level == level && opt->name == optname)
			return opt->error;
	return 0;
}

bool sdr_sockopt_rx_needs_tcp(const struct sock *sk)
{
	return rcu_access_pointer(sk->sk_filter) ||
	       sock_flag(sk, SOCK_RCVTSTAMP) ||
	       READ_ONCE(sk->sk_tsflags) || tcp_sk(sk)->recvmsg_inq;
}

/* Is each segment signed, or its way watched, or does the SYN carry data? */
static bool tx_needs_tcp(const struct sock *sk)
{
	return READ_ONCE(sk->sk_tsflags) || sdr_tcp_is_signed(sk) ||
	       tcp_sk(sk)->fastopen_connect;
}

static void obey_tx(struct sdr_sock *ss)
{
	struct sock *sk = ss->sk;

	lock_sock(sk);
	if (!sdr_sock_plain(ss))
		sdr_sock_stay_tcp(ss, SDIRECT_REASON_OPTION);
	release_sock(sk);
}

void sdr_sockopt_obey(struct sdr_sock *ss)
{
	if (unlikely(!READ_ONCE(ss->stay_tcp) && tx_needs_tcp(ss->sk)))
		obey_tx(ss);
	if (unlikely(sdr_sockopt_rx_needs_tcp(ss->sk) &&
		     sdr_stream_rx_by_tcp(ss)))
		/* User space would read the rest without telling. */
		sdr_lease_revoke(ss);
}

/* As much of it as the caller has room for. */
static int give(const void *what, size_t size, char __user *optval,
		int __user *optlen)
{
	int len;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min_t(int, len, size);
	if (copy_to_user(optval, what, len) || put_user(len, optlen))
		return -EFAULT;
	return 0;
}

static int get_info(const struct sock *sk, char __user *optval,
		    int __user *optlen)
{
	struct sdirect_info info = {
		.abi_version	= SDIRECT_ABI_VERSION,
		.reason		= SDIRECT_REASON_MEMORY,
	};
	const struct sdr_sock *ss = sdr_sk(sk);

	if (ss)
		sdr_sock_info(ss, &info);
	return give(&info, sizeof(info), optval, optlen);
}

/* Who the peer is, as SO_PEERCRED tells it of a Unix socket's. */
static int get_peer_cred(const struct sock *sk, char __user *optval,
			 int __user *optlen)
{
	const struct sdr_sock *ss = sdr_sk(sk);
	struct sdr_pair *pair = ss ? sdr_sock_pair(ss) : NULL;
	struct user_namespace *ns = current_user_ns();
	const struct sdr_owner *peer;
	struct ucred cred;

	if (inet_sk_state_load(sk) == TCP_CLOSE ||
	    inet_sk_state_load(sk) == TCP_LISTEN)
		return -ENOTCONN;
	/* After a disconnect, the pair is that of the connection before. */
	if (!pair || sdr_sock_plain(ss) || sdr_pair_barred(pair))
		return -ENODATA;
	peer = &pair->end[!ss->side].owner;
	/* On another host, where users are others. */
	if (!peer->cred)
		return -ENODATA;
	memset(&cred, 0, sizeof(cred));
	cred.pid = pid_vnr(peer->pid);
	cred.uid = from_kuid_munged(ns, peer->cred->euid);
	cred.gid = from_kgid_munged(ns, peer->cred->egid);
	return give(&cred, sizeof(cred), optval, optlen);
}

/**
 * struct sdr_own_opt - an option of ours, to be read
 * @name:	of the option
 * @get:	reads it
 */
struct sdr_own_opt {
	int name;
	int (*get)(const struct sock *sk, char __user *optval,
		   int __user *optlen);
};

static const struct sdr_own_opt sdr_own_opts[] = {
	{ SDIRECT_INFO,		get_info },
	{ SDIRECT_PEERCRED,	get_peer_cred },
};

static int get_own(const struct sock *sk, int optname, char __user *optval,
		   int __user *optlen)
{
	const struct sdr_own_opt *opt = sdr_own_opts;

	for (; opt < sdr_own_opts + ARRAY_SIZE(sdr_own_opts); opt++)
		if (opt->name == optname)
			return opt->get(sk, optval, optlen);
	return -ENOPROTOOPT;
}

/* What TCP_ZEROCOPY_RECEIVE may be asked for besides bytes: their times. */
#define SDR_ZC_MSG_FLAGS	2

/* Nothing to map: the bytes are on a ring, for a plain recv(). */
static int nothing_to_map(u64 bytes, char __user *optval, int __user *optlen)
{
	struct tcp_zerocopy_receive zc = { };
	int len, n;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < (int)offsetofend(struct tcp_zerocopy_receive, length))
		return -EINVAL;
	if (len > (int)sizeof(zc)) {
		n = check_zeroed_user(optval + sizeof(zc), len - sizeof(zc));
		if (n < 1)
			return n ?: -EINVAL;
		len = sizeof(zc);
	}
	if (copy_from_user(&zc, optval, len))
		return -EFAULT;
	if (!PAGE_ALIGNED(zc.address) || zc.reserved ||
	    zc.msg_flags & ~SDR_ZC_MSG_FLAGS)
		return -EINVAL;
	zc.length = 0;
	zc.recv_skip_hint = min_t(u64, bytes, INT_MAX);
	zc.inq = zc.recv_skip_hint;
	zc.err = 0;
	zc.copybuf_len = 0;
	return copy_to_user(optval, &zc, len) || put_user(len, optlen) ?
		-EFAULT : 0;
}

/* It takes bytes out of TCP, so it must be TCP's turn in the chain. */
static int zerocopy_receive(struct socket *sock, char __user *optval,
			    int __user *optlen, sdr_getsockopt_fn tcp_get)
{
	struct sdr_sock *ss = sdr_sk(sock->sk);
	int err;

	sdr_stream_rx_by_tcp(ss);
	mutex_lock(&ss->rx_lock);
	if (sdr_stream_rx_on_last(ss))
		err = tcp_get(sock, SOL_TCP, TCP_ZEROCOPY_RECEIVE, optval,
			      optlen);
	else
		err = nothing_to_map(sdr_stream_inq(ss), optval, optlen);
	sdr_stream_sync_rx(ss);
	mutex_unlock(&ss->rx_lock);
	return err;
}

int sdr_sockopt_get(struct socket *sock, int level, int optname,
		    char __user *optval, int __user *optlen,
		    sdr_getsockopt_fn tcp_get)
{
	const struct sdr_sock *ss = sdr_sk(sock->sk);

	if (level == SOL_SDIRECT)
		return get_own(sock->sk, optname, optval, optlen);
	if (level == SOL_TCP && optname == TCP_ZEROCOPY_RECEIVE && ss &&
	    !sdr_sock_plain(ss) && sdr_sock_pair(ss))
		return zerocopy_receive(sock, optval, optlen, tcp_get);
	return tcp_get(sock, level, optname, optval, optlen);
}
