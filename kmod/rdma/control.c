// SPDX-License-Identifier: GPL-2.0
/* The control connection between two hosts. */
#include "compat.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "rdma/addr.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"

#define PATIENCE	3	/* seconds */

ushort sdr_rdma_port = 4793;

/* A host that says nothing is gone after 4 seconds. */
static void set_up(struct socket *sock)
{
	struct sock *sk = sock->sk;

	sock_set_sndtimeo(sk, PATIENCE);
	tcp_sock_set_nodelay(sk);
	tcp_sock_set_user_timeout(sk, 1000 * PATIENCE);
	sock_set_keepalive(sk);
	tcp_sock_set_keepidle(sk, 1);
	tcp_sock_set_keepintvl(sk, 1);
	tcp_sock_set_keepcnt(sk, PATIENCE);
}

int sdr_rdma_control_send(struct socket *sock, const struct sdr_rdma_msg *msg)
{
	struct msghdr hdr = { .msg_flags = MSG_NOSIGNAL };
	u8 buf[SDR_RDMA_MSG_SIZE];
	struct kvec vec = { .iov_base = buf, .iov_len = sizeof(buf) };
	int n;

	sdr_rdma_msg_pack(msg, buf);
	n = kernel_sendmsg(sock, &hdr, &vec, 1, sizeof(buf));
	return n == sizeof(buf) ? 0 : n < 0 ? n : -EPIPE;
}

int sdr_rdma_control_receive(struct socket *sock, struct sdr_rdma_msg *msg)
{
	u8 buf[SDR_RDMA_MSG_SIZE];
	struct kvec vec = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr hdr = { };
	int n;

	n = kernel_recvmsg(sock, &hdr, &vec, 1, sizeof(buf), MSG_WAITALL);
	if (n != sizeof(buf))
		return n < 0 ? n : -ECONNRESET;
	return sdr_rdma_msg_parse(msg, buf);
}

void sdr_rdma_control_drop(struct socket *sock)
{
	sock_no_linger(sock->sk);
	sock_release(sock);
}

int sdr_rdma_control_socket(struct net *net, const struct in6_addr *peer,
			    struct socket **sock)
{
	int family = ipv6_addr_v4mapped(peer) ? AF_INET : AF_INET6;

	return sock_create_kern(net, family, SOCK_STREAM, IPPROTO_TCP, sock);
}

int sdr_rdma_control_connect(struct socket *sock, const struct in6_addr *local,
			     const struct in6_addr *peer)
{
	struct sockaddr_storage from, to;
	int len = sdr_rdma_addr_to(&from, local, 0), err;

	set_up(sock);
	err = kernel_bind(sock, (struct sdr_sockaddr *)&from, len);
	if (err)
		return err;
	len = sdr_rdma_addr_to(&to, peer, sdr_rdma_port);
	return kernel_connect(sock, (struct sdr_sockaddr *)&to, len, 0);
}

int sdr_rdma_control_answer(struct socket *sock,
			    const struct sdr_rdma_hello *mine)
{
	const struct sdr_rdma_msg msg = {
		.type	= SDR_RDMA_HELLO,
		.gen	= SDR_RDMA_VERSION,
		.arg	= SDR_RDMA_MAGIC,
		.size	= mine->known ? SDR_RDMA_HELLO_KNOWN : 0,
		.pos	= mine->cookie,
		.mine	= mine->qps,
	};

	return sdr_rdma_control_send(sock, &msg);
}

static int hear_hello(struct socket *sock, struct sdr_rdma_hello *theirs)
{
	struct sdr_rdma_msg msg;
	int err;

	sock->sk->sk_rcvtimeo = PATIENCE * HZ;
	err = sdr_rdma_control_receive(sock, &msg);
	sock->sk->sk_rcvtimeo = MAX_SCHEDULE_TIMEOUT;
	if (!err && (msg.type != SDR_RDMA_HELLO || msg.arg != SDR_RDMA_MAGIC ||
		     msg.gen != SDR_RDMA_VERSION))
		err = -EPROTO;
	if (err)
		return err;
	*theirs = (struct sdr_rdma_hello) {
		.cookie	= msg.pos,
		.known	= msg.size == SDR_RDMA_HELLO_KNOWN,
		.qps	= sdr_rdma_lanes_said(msg.mine),
	};
	return 0;
}

int sdr_rdma_control_call(struct socket *sock, const struct sdr_rdma_hello *mine,
			  struct sdr_rdma_hello *theirs)
{
	return sdr_rdma_control_answer(sock, mine) ?: hear_hello(sock, theirs);
}

int sdr_rdma_control_hear(struct socket *sock, struct sdr_rdma_hello *theirs)
{
	set_up(sock);
	return hear_hello(sock, theirs);
}

/* --- the listener --- */

static void set_ready(struct sock *sk, struct sdr_rdma_net *rn,
		      void (*ready)(struct sock *sk))
{
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = rn;
	sk->sk_data_ready = ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* Somebody has called; or one that has called, and is still to be accepted. */
static void ready(struct sock *sk)
{
	struct sdr_rdma_net *rn;

	read_lock_bh(&sk->sk_callback_lock);
	rn = sk->sk_user_data;
	if (rn)
		queue_work(rn->wq, &rn->accept);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void accept_all(struct work_struct *work)
{
	struct sdr_rdma_net *rn = container_of(work, struct sdr_rdma_net,
					       accept);
	struct socket *sock;

	while (!kernel_accept(rn->listener, &sock, O_NONBLOCK)) {
		set_ready(sock->sk, NULL, rn->ready);
		sdr_rdma_link_answer(rn, sock);
		cond_resched();
	}
}

void sdr_rdma_control_init(struct sdr_rdma_net *rn)
{
	INIT_WORK(&rn->accept, accept_all);
}

static int listen_at(struct sdr_rdma_net *rn, int family)
{
	struct sockaddr_storage at;
	int len = sdr_rdma_addr_any(&at, family, sdr_rdma_port), err;
	struct socket *sock;

	err = sock_create_kern(rn->net, family, SOCK_STREAM, IPPROTO_TCP,
			       &sock);
	if (err)
		return err;
	sock_set_reuseaddr(sock->sk);
	rn->ready = sock->sk->sk_data_ready;
	set_ready(sock->sk, rn, ready);
	rn->listener = sock;
	err = kernel_bind(sock, (struct sdr_sockaddr *)&at, len) ?:
	      kernel_listen(sock, 64);
	if (err)
		sdr_rdma_control_unlisten(rn);
	return err;
}

int sdr_rdma_control_listen(struct sdr_rdma_net *rn)
{
	/* Of IPv6 it hears both, but for where there is none. */
	int err = listen_at(rn, AF_INET6);

	if (err && err != -EADDRINUSE)
		err = listen_at(rn, AF_INET);
	return err;
}

void sdr_rdma_control_unlisten(struct sdr_rdma_net *rn)
{
	set_ready(rn->listener->sk, NULL, rn->ready);
	/* Ends those that are still to be accepted, who have ready() as well. */
	kernel_sock_shutdown(rn->listener, SHUT_RDWR);
	cancel_work_sync(&rn->accept);
	sock_release(rn->listener);
	rn->listener = NULL;
}
