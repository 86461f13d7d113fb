// SPDX-License-Identifier: GPL-2.0
/*
 * The socket family: a TCP socket under wrapper operations.
 *
 * There is no companion socket.  create() makes a TCP socket and puts its
 * struct sock into the user's struct socket; what is not on the data path goes
 * straight to TCP's own operations.
 */
#include "compat.h"

#include <asm/ioctls.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sockios.h>
#include <linux/splice.h>
#include <net/inet_common.h>
#include <net/tcp.h>

#include "af_sdirect.h"
#include "demote.h"
#include "lease.h"
#include "region.h"
#include "rendezvous.h"
#include "sockopt.h"
#include "stall.h"
#include "stream.h"
#include "wake.h"

/* Index: 0 for IPv4, 1 for IPv6. */
static const struct proto_ops *sdr_tcp_ops[2] __ro_after_init;
static struct proto_ops sdr_ops[2] __ro_after_init;

/* TCP's own operations for a socket of ours. */
static const struct proto_ops *tcp_ops(const struct socket *sock)
{
	return sdr_tcp_ops[sock->ops - sdr_ops];
}

/* The socket's state if it takes part in anything but plain TCP. */
static struct sdr_sock *direct_sk(const struct socket *sock)
{
	struct sdr_sock *ss = sdr_sk(sock->sk);

	return ss && likely(!sdr_sock_plain(ss)) ? ss : NULL;
}

/* --- life --- */

/*
 * Closing with bytes unread resets the connection; TCP sees to that for bytes
 * of its own, for those on a ring it must be told.  At once: the peer that
 * learns that this end is gone must find the reset.
 */
static void end_stream(struct sdr_sock *ss, bool closing)
{
	struct sock *sk = ss->sk;
	bool unread;

	mutex_lock(&ss->rx_lock);
	lock_sock(sk);
	sdr_lease_revoke(ss);
	sdr_stream_to_tcp(ss, SDIRECT_REASON_SHUTDOWN);
	sdr_stream_sync_rx(ss);
	unread = closing && sdr_stream_ring_unread(ss);
	release_sock(sk);
	mutex_unlock(&ss->rx_lock);
	if (unread)
		tcp_abort(sk, ECONNRESET);
}

static int sdr_release(struct socket *sock)
{
	struct sdr_sock *ss = sock->sk ? sdr_sock_of(sock->sk) : NULL;
	const struct proto_ops *ops = tcp_ops(sock);

	if (ss) {
		struct sdr_pair *pair = sdr_sock_pair(ss);

		/* Most connections end before they have a ring. */
		if (!sdr_sock_plain(ss) && pair && sdr_pair_has_pages(pair))
			end_stream(ss, true);
		sdr_sock_destroy(ss);
	}
	return ops->release(sock);
}

/* All under one lock, as that is most of what this adds to TCP's work. */
static int connect_direct(struct sdr_sock *ss, struct socket *sock,
			  struct sdr_sockaddr *addr, int len, int flags)
{
	int err;

	lock_sock(ss->sk);
	if (sock->state == SS_UNCONNECTED) {
		sdr_sock_take_over(ss);
		sdr_key_preset(ss->sk, &ss->secret);
		ss->active = true;
	}
	/* What connect() is of both families; see wrap(). */
	err = __inet_stream_connect(sock, addr, len, flags, 0);
	if (!err)
		sdr_rendezvous_try(ss);
	release_sock(ss->sk);
	return err;
}

static int sdr_connect(struct socket *sock, struct sdr_sockaddr *addr, int len,
		       int flags)
{
	struct sdr_sock *ss = direct_sk(sock);
	int err;

	if (!ss || len < (int)sizeof(addr->sa_family))
		return tcp_ops(sock)->connect(sock, addr, len, flags);
	if (addr->sa_family == AF_UNSPEC) {
		if (sdr_sock_pair(ss))
			end_stream(ss, false);
		sdr_sock_leave(ss);
		return tcp_ops(sock)->connect(sock, addr, len, flags);
	}
	err = connect_direct(ss, sock, addr, len, flags);
	/* TCP has told of a reset, and would connect anew: that is no pair. */
	if (err && sock->state == SS_UNCONNECTED && sdr_sock_pair(ss)) {
		end_stream(ss, false);
		sdr_sock_leave(ss);
	}
	return err;
}

static int sdr_accept(struct socket *sock, struct socket *newsock,
		      SDR_ACCEPT_PARAMS)
{
	int err = tcp_ops(sock)->accept(sock, newsock, SDR_ACCEPT_ARGS);
	struct sdr_sock *ss;

	if (err)
		return err;
	sdr_sock_create(newsock->sk, false);
	ss = sdr_sk(newsock->sk);
	if (!ss)
		return 0;
	lock_sock(ss->sk);
	sdr_sock_take_over(ss);
	sdr_rendezvous_try(ss);
	release_sock(ss->sk);
	return 0;
}

static int sdr_shutdown(struct socket *sock, int how)
{
	struct sdr_sock *ss = direct_sk(sock);
	int err;

	/* The FIN goes by TCP, behind the last byte on a ring. */
	if (ss && sdr_sock_pair(ss) && (how == SHUT_WR || how == SHUT_RDWR)) {
		lock_sock(ss->sk);
		sdr_stream_to_tcp(ss, SDIRECT_REASON_SHUTDOWN);
		ss->stay_tcp = true;
		release_sock(ss->sk);
	}
	err = tcp_ops(sock)->shutdown(sock, how);
	/* Whoever sends on gets a reset, which is TCP's to send. */
	if (ss && READ_ONCE(ss->sk->sk_shutdown) == SHUTDOWN_MASK)
		sdr_stream_rx_by_tcp(ss);
	return err;
}

/* --- data --- */

static int count_plain(const struct socket *sock, int n, enum sdr_stat calls,
		       enum sdr_stat bytes)
{
	struct sdr_sock *ss = sdr_sk(sock->sk);

	if (ss && n > 0) {
		sdr_tally_inc(&ss->tally, calls);
		sdr_tally_add(&ss->tally, bytes, n);
	}
	return n;
}

static int plain_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	return count_plain(sock, tcp_ops(sock)->sendmsg(sock, msg, len),
			   SDR_STAT_TCP_TX_MSGS, SDR_STAT_TCP_TX);
}

static int plain_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
			 int flags)
{
	return count_plain(sock, tcp_ops(sock)->recvmsg(sock, msg, len, flags),
			   SDR_STAT_TCP_RX_MSGS, SDR_STAT_TCP_RX);
}

/* A call that goes on with one that has moved bytes must not be made again. */
static ssize_t not_again(ssize_t ret, unsigned int flags)
{
	return ret == -ERESTARTSYS && flags & SDIRECT_MSG_CONTINUED ? -EINTR :
								      ret;
}

static ssize_t do_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sdr_sock *ss = direct_sk(sock);
	struct sock *sk = sock->sk;
	ssize_t ret;

	if (!ss)
		return plain_sendmsg(sock, msg, len);
	sdr_sockopt_obey(ss);
	lock_sock(sk);
	/* A SYN that carries data: there is nobody to meet yet, or an error. */
	if (unlikely(msg->msg_flags & MSG_FASTOPEN)) {
		if (sdr_rendezvous_leave(ss))
			WRITE_ONCE(ss->reason, SDIRECT_REASON_OPTION);
		release_sock(sk);
		return plain_sendmsg(sock, msg, len);
	}
	sdr_rendezvous_try(ss);
	ret = sdr_stream_send(ss, msg, len);
	release_sock(sk);
	sdr_stream_acknowledge(ss);
	return sdr_sock_abort_if_failed(ss, ret);
}

static int sdr_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	return not_again(do_sendmsg(sock, msg, len), msg->msg_flags);
}

static ssize_t do_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
			  int flags)
{
	struct sdr_sock *ss = direct_sk(sock);

	if (!ss || flags & (MSG_OOB | MSG_ERRQUEUE))
		return plain_recvmsg(sock, msg, len, flags);
	sdr_sockopt_obey(ss);
	/* An end that has only received must look for its peer, too. */
	sdr_rendezvous_look(ss);
	if (sdr_sock_plain(ss))
		return plain_recvmsg(sock, msg, len, flags);
	return sdr_sock_abort_if_failed(ss,
					sdr_stream_recv(ss, msg, len, flags));
}

static int sdr_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		       int flags)
{
	return not_again(do_recvmsg(sock, msg, len, flags), flags);
}

/*
 * Is it an epoll set that looks again, whose library may arm before it sleeps?
 * All others queue themselves with the first look, or are not edge-triggered.
 */
static bool looks_again(const poll_table *wait)
{
	return sdr_poll_only_looks(wait) &&
	       poll_requested_events(wait) & EPOLLET;
}

static __poll_t sdr_poll(struct file *file, struct socket *sock,
			 poll_table *wait)
{
	struct sdr_sock *ss = direct_sk(sock);
	__poll_t mask = tcp_ops(sock)->poll(file, sock, wait);
	struct sdr_pair *pair = ss ? sdr_sock_pair(ss) : NULL;
	bool again;

	if (!pair || !sdr_pair_has_more(pair))
		return mask;
	again = looks_again(wait);
	mask = sdr_stream_poll(ss, mask, poll_requested_events(wait),
			       again && sdr_lease_served(ss));
	if (again && sdr_lease_rung(ss))
		mask |= EPOLLIN | EPOLLRDNORM;
	/* The end that was seen gone sent its reset before, by TCP. */
	if (sdr_stream_left(pair, ss->side))
		mask |= tcp_ops(sock)->poll(file, sock, NULL);
	return mask;
}

#ifdef SDR_HAVE_SENDPAGE
static ssize_t sdr_sendpage(struct socket *sock, struct page *page, int offset,
			    size_t size, int flags)
{
	if (!direct_sk(sock))
		return tcp_ops(sock)->sendpage(sock, page, offset, size, flags);
	/* Copied: the page stays the program's, a ring is its peer's. */
	return sock_no_sendpage(sock, page, offset, size, flags);
}
#endif

static ssize_t sdr_splice_read(struct socket *sock, loff_t *ppos,
			       struct pipe_inode_info *pipe, size_t len,
			       unsigned int flags)
{
	if (!direct_sk(sock))
		return tcp_ops(sock)->splice_read(sock, ppos, pipe, len, flags);
	return sdr_splice_copy(sock->file, ppos, pipe, len, flags);
}

static int sdr_mmap(struct file *file, struct socket *sock,
		    struct vm_area_struct *vma)
{
	struct sdr_sock *ss = sdr_sk(sock->sk);
	struct sdr_region *region;

	/* What a ring is never found at is for TCP_ZEROCOPY_RECEIVE. */
	if ((u64)vma->vm_pgoff << PAGE_SHIFT < SDR_REGION_FIRST)
		return tcp_ops(sock)->mmap(file, sock, vma);
	/* Under mmap_lock: no socket lock here, see sock.h. */
	region = ss ? smp_load_acquire(&ss->region) : NULL; /* region_get() */
	return region ? sdr_region_mmap(region, vma) : -EPERM;
}

/* --- ioctl --- */

static int ioctl_attach(struct sdr_sock *ss, void __user *arg)
{
	struct sdirect_attach at;
	int err;

	if (copy_from_user(&at, arg, sizeof(at)))
		return -EFAULT;
	mutex_lock(&ss->rx_lock);
	lock_sock(ss->sk);
	err = sdr_lease_attach(ss, &at);
	release_sock(ss->sk);
	mutex_unlock(&ss->rx_lock);
	sdr_stream_acknowledge(ss);
	if (err)
		return err;
	return copy_to_user(arg, &at, sizeof(at)) ? -EFAULT : 0;
}

static int ioctl_settle(struct sdr_sock *ss, void __user *arg)
{
	struct sdirect_settle settle;
	int err = sdr_lease_settle(ss, &settle);

	if (err)
		return err;
	return copy_to_user(arg, &settle, sizeof(settle)) ? -EFAULT : 0;
}

static int ioctl_doorbell(struct sdr_sock *ss, void __user *arg)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);

	if (!pair)
		return -ENOTCONN;
	sdr_tally_inc(&ss->tally, SDR_STAT_DOORBELLS);
	/* Who has rung for nobody still owes it to others of the same holder. */
	return sdr_wake_end(pair, !ss->side) ? 0 : -ENOTCONN;
}

/* This direction at once; the peer's with what it sends next. */
static int ioctl_demote(struct sdr_sock *ss, void __user *arg)
{
	int err;

	sdr_demote(ss, SDR_DEMOTER_PROGRAM, true);
	lock_sock(ss->sk);
	err = sdr_stream_to_tcp(ss, SDIRECT_REASON_DEMOTED);
	release_sock(ss->sk);
	return sdr_sock_abort_if_failed(ss, err);
}

static int ioctl_promote(struct sdr_sock *ss, void __user *arg)
{
	sdr_demote(ss, SDR_DEMOTER_PROGRAM, false);
	return 0;
}

static int put_count(u64 n, void __user *arg)
{
	return put_user((int)min_t(u64, n, INT_MAX), (int __user *)arg);
}

static int ioctl_inq(struct sdr_sock *ss, void __user *arg)
{
	return put_count(sdr_stream_inq(ss), arg);
}

static int ioctl_atmark(struct sdr_sock *ss, void __user *arg)
{
	/* The mark is TCP's, and behind all that is on a ring. */
	if (sdr_stream_ring_unread(ss))
		return put_count(0, arg);
	return sdr_sk_ioctl(ss->sk, SIOCATMARK, arg);
}

/**
 * struct sdr_ioctl - an ioctl that is not simply TCP's
 * @cmd:	its number
 * @paired:	without a pair it is TCP's
 * @fn:		what it does
 */
struct sdr_ioctl {
	unsigned int cmd;
	bool paired;
	int (*fn)(struct sdr_sock *ss, void __user *arg);
};

/* What is called most comes first. */
static const struct sdr_ioctl sdr_ioctls[] = {
	{ SDIRECT_IOC_DOORBELL,	false,	ioctl_doorbell },
	{ SDIRECT_IOC_ATTACH,	false,	ioctl_attach },
	{ SDIRECT_IOC_SETTLE,	false,	ioctl_settle },
	{ SDIRECT_IOC_DEMOTE,	false,	ioctl_demote },
	{ SDIRECT_IOC_PROMOTE,	false,	ioctl_promote },
	{ SIOCINQ,		true,	ioctl_inq },
	{ SIOCATMARK,		true,	ioctl_atmark },
};

static int sdr_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct sdr_sock *ss = sdr_sk(sock->sk);
	const struct sdr_ioctl *ioc = sdr_ioctls;

	for (; ss && ioc < sdr_ioctls + ARRAY_SIZE(sdr_ioctls); ioc++)
		if (ioc->cmd == cmd &&
		    (!ioc->paired || (!sdr_sock_plain(ss) && sdr_sock_pair(ss))))
			return ioc->fn(ss, (void __user *)arg);
	return tcp_ops(sock)->ioctl(sock, cmd, arg);
}

#ifdef CONFIG_COMPAT
static int sdr_compat_ioctl(struct socket *sock, unsigned int cmd,
			    unsigned long arg)
{
	/* Our own structures are the same for 32-bit programs. */
	if (_IOC_TYPE(cmd) == SDIRECT_IOC_MAGIC)
		return sdr_ioctl(sock, cmd, (unsigned long)compat_ptr(arg));
	return tcp_ops(sock)->compat_ioctl(sock, cmd, arg);
}
#endif

/* --- options --- */

static int sdr_setsockopt(struct socket *sock, int level, int optname,
			  sockptr_t optval, unsigned int optlen)
{
	struct sdr_sock *ss = direct_sk(sock);
	int err = sdr_sockopt_refused(level, optname);

	if (!err)
		err = tcp_ops(sock)->setsockopt(sock, level, optname, optval,
						optlen);
	if (!err && ss)
		sdr_sockopt_obey(ss);
	if (!err && ss && level == SOL_TCP && optname == TCP_USER_TIMEOUT)
		sdr_stall_again(ss);
	return err;
}

static int sdr_getsockopt(struct socket *sock, int level, int optname,
			  char __user *optval, int __user *optlen)
{
	return sdr_sockopt_get(sock, level, optname, optval, optlen,
			       tcp_ops(sock)->getsockopt);
}

/* --- the family --- */

static int sdr_create(struct net *net, struct socket *sock, int protocol,
		      int kern)
{
	struct socket *tmp;
	struct sock *sk;
	int v6, err;

	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol && protocol != IPPROTO_TCP && protocol != IPPROTO_IPV6)
		return -EPROTONOSUPPORT;
	v6 = protocol == IPPROTO_IPV6;
	if (!sdr_tcp_ops[v6])
		return -EAFNOSUPPORT;
	/* With the caller's "kern": LSM and cgroup hooks see a user's socket. */
	err = __sock_create(net, v6 ? AF_INET6 : AF_INET, SOCK_STREAM,
			    IPPROTO_TCP, &tmp, kern);
	if (err)
		return err;

	sk = tmp->sk;
	tmp->sk = NULL;
	sock->flags |= tmp->flags & BIT(SOCK_SUPPORT_ZC);
	sock->ops = &sdr_ops[v6];
	sock_graft(sk, sock);
	sock_release(tmp);
	sdr_sock_create(sk, false);
	return 0;
}

static const struct net_proto_family sdr_family = {
	.family	= PF_SDIRECT,
	.create	= sdr_create,
	.owner	= THIS_MODULE,
};

static int __init wrap(int v6, int family)
{
	struct proto_ops *ops = &sdr_ops[v6];
	struct socket *tmp;
	int err;

	/* inet6_stream_ops is not exported: see what a socket has. */
	err = sock_create_kern(&init_net, family, SOCK_STREAM, IPPROTO_TCP,
			       &tmp);
	if (err)
		return err;
	sdr_tcp_ops[v6] = tmp->ops;
	*ops = *tmp->ops;
	sock_release(tmp);
	if (ops->connect != inet_stream_connect)
		return -EPROTONOSUPPORT;

	ops->owner = THIS_MODULE;
	ops->release = sdr_release;
	ops->connect = sdr_connect;
	ops->accept = sdr_accept;
	ops->shutdown = sdr_shutdown;
	ops->sendmsg = sdr_sendmsg;
	ops->recvmsg = sdr_recvmsg;
	ops->poll = sdr_poll;
#ifdef SDR_HAVE_SENDPAGE
	ops->sendpage = sdr_sendpage;
	ops->sendpage_locked = NULL;
#endif
	ops->splice_read = sdr_splice_read;
	ops->mmap = sdr_mmap;
	ops->ioctl = sdr_ioctl;
#ifdef CONFIG_COMPAT
	ops->compat_ioctl = sdr_compat_ioctl;
#endif
	ops->setsockopt = sdr_setsockopt;
	ops->getsockopt = sdr_getsockopt;
	/* Doors for the kernel's own users that lead past the chain. */
	ops->read_sock = NULL;
	sdr_ops_one_getsockopt(ops);
	ops->read_skb = NULL;
	ops->sendmsg_locked = NULL;
	ops->peek_len = NULL;
	return 0;
}

int __init sdr_family_init(void)
{
	int err = wrap(0, AF_INET);

	if (err)
		return err;
	/* A machine without IPv6 has no IPv6 sockets, that is all. */
	err = wrap(1, AF_INET6);
	if (err && err != -EAFNOSUPPORT)
		return err;
	return sock_register(&sdr_family);
}

void sdr_family_exit(void)
{
	sock_unregister(PF_SDIRECT);
}
