// SPDX-License-Identifier: GPL-2.0
/* Options: most are TCP's own, a few need TCP, one is ours. */
#include "compat.h"

#include <linux/in6.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>

#include "sock.h"
#include "sockopt.h"

/**
 * struct sdr_opt - an option that a ring cannot honour
 * @level:	of setsockopt()
 * @name:	of the option
 * @error:	refuse with this, or 0
 *
 * Without an error the socket stays on TCP, or goes back to it.
 */
struct sdr_opt {
	int level;
	int name;
	int error;
};

static const struct sdr_opt sdr_opts[] = {
	/* It forges the numbers by which ends recognise each other. */
	{ SOL_TCP, TCP_REPAIR,		.error = -EPERM },
	/*
	 * These put other operations into the struct socket: ours, with what
	 * they must undo at the end, would never be called again, and the TLS
	 * module would take them for TCP's.  Programs know these errors from
	 * kernels without the feature.
	 */
	{ SOL_TCP, TCP_ULP,		.error = -ENOENT },
	{ SOL_IPV6, IPV6_ADDRFORM,	.error = -ENOPROTOOPT },
	{ SOL_TCP, TCP_MD5SIG },
	{ SOL_TCP, TCP_MD5SIG_EXT },
	{ SOL_TCP, TCP_INQ },
	/* The SYN carries data, before there is anybody to meet. */
	{ SOL_TCP, TCP_FASTOPEN_CONNECT },
};

int sdr_sockopt_prepare(struct socket *sock, int level, int optname)
{
	struct sdr_sock *ss = sdr_sk(sock->sk);
	const struct sdr_opt *opt = sdr_opts;
	const struct sdr_opt *end = opt + ARRAY_SIZE(sdr_opts);

	while (opt < end && (opt->level != level || opt->name != optname))
		opt++;
	if (opt == end)
		return 0;
	if (opt->error)
		return opt->error;
	if (!ss || sdr_sock_plain(ss))
		return 0;
	lock_sock(ss->sk);
	sdr_sock_stay_tcp(ss, SDIRECT_REASON_OPTION);
	release_sock(ss->sk);
	return 0;
}

static int get_info(const struct sock *sk, char __user *optval,
		    int __user *optlen)
{
	const struct sdr_sock *ss = sdr_sk(sk);
	struct sdirect_info info;
	int len;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min_t(int, len, sizeof(info));
	if (ss) {
		sdr_sock_info(ss, &info);
	} else {
		memset(&info, 0, sizeof(info));
		info.abi_version = SDIRECT_ABI_VERSION;
		info.reason = SDIRECT_REASON_MEMORY;
	}
	if (copy_to_user(optval, &info, len) || put_user(len, optlen))
		return -EFAULT;
	return 0;
}

int sdr_sockopt_get(struct socket *sock, int level, int optname,
		    char __user *optval, int __user *optlen)
{
	const struct sdr_sock *ss = sdr_sk(sock->sk);

	if (level == SOL_SDIRECT)
		return optname == SDIRECT_INFO ?
			get_info(sock->sk, optval, optlen) : -ENOPROTOOPT;
	/* It would take bytes out of TCP past the reader of the chain. */
	if (level == SOL_TCP && optname == TCP_ZEROCOPY_RECEIVE && ss &&
	    !sdr_sock_plain(ss))
		return -EOPNOTSUPP;
	return -ENOIOCTLCMD;
}
