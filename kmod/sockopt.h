/* SPDX-License-Identifier: GPL-2.0 */
/* Options: most are TCP's own, a few need TCP, one is ours. */
#ifndef _SDR_SOCKOPT_H
#define _SDR_SOCKOPT_H

#include <linux/net.h>
#include <linux/sockptr.h>

/**
 * sdr_sockopt_prepare - may this option be set, and what must be done before?
 * @sock:	the socket
 * @level:	as for setsockopt(2)
 * @optname:	the same
 *
 * Context: may sleep.  Return: 0 go on with TCP's own, or the error.
 */
int sdr_sockopt_prepare(struct socket *sock, int level, int optname);

/**
 * sdr_sockopt_get - answer an option of our own
 * @sock:	the socket
 * @level:	as for getsockopt(2)
 * @optname:	the same
 * @optval:	the same
 * @optlen:	the same
 *
 * Return: 0, an error, or -ENOIOCTLCMD: ask TCP.
 */
int sdr_sockopt_get(struct socket *sock, int level, int optname,
		    char __user *optval, int __user *optlen);

#endif /* _SDR_SOCKOPT_H */
