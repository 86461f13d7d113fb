/* SPDX-License-Identifier: GPL-2.0 */
/* Options: most are TCP's own, a few need TCP, one is ours. */
#ifndef _SDR_SOCKOPT_H
#define _SDR_SOCKOPT_H

#include <linux/net.h>
#include <linux/sockptr.h>

struct sdr_sock;
struct sock;

/* proto_ops->getsockopt */
typedef int (*sdr_getsockopt_fn)(struct socket *sock, int level, int optname,
				 char __user *optval, int __user *optlen);

/* sdr_sockopt_refused() says with which error, or 0. */
int sdr_sockopt_refused(int level, int optname);

/**
 * sdr_sockopt_obey - have what a ring cannot honour go by TCP
 * @ss:	the socket
 *
 * Called when an option was set, and by each call that moves bytes: those of
 * SOL_SOCKET do not come to the family.  Context: may sleep.
 */
void sdr_sockopt_obey(struct sdr_sock *ss);

/* Has the receiver asked for what only packets have?  Context: any. */
bool sdr_sockopt_rx_needs_tcp(const struct sock *sk);

/**
 * sdr_sockopt_get - read an option, of ours or of TCP
 * @sock:	the socket
 * @level:	as for getsockopt(2)
 * @optname:	the same
 * @optval:	the same
 * @optlen:	the same
 * @tcp_get:	TCP's own operation
 *
 * Context: may sleep.  Return: 0 or an error.
 */
int sdr_sockopt_get(struct socket *sock, int level, int optname,
		    char __user *optval, int __user *optlen,
		    sdr_getsockopt_fn tcp_get);

#endif /* _SDR_SOCKOPT_H */
