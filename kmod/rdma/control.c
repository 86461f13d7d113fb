// SPDX-License-Identifier: GPL-2.0
/* The control connection between two hosts. */
#include "compat.h"

#include <linux/in.h>
#include <linux/net.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "rdma/control.h"
#include "rdma/link.h"

#define PATIENCE	3	/* seconds */

ushort sdr_rdma_port = 4793;

static struct socket *listener;
static bool ending;

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

int sdr_rdma_control_connect(struct socket *sock, __be32 local, __be32 peer)
{
	struct sockaddr_in from = {
		.sin_family = AF_INET, .sin_addr.s_addr = local,
	};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = peer,
		.sin_port = htons(sdr_rdma_port),
	};
	int err;

	set_up(sock);
	err = kernel_bind(sock, (struct sockaddr *)&from, sizeof(from));
	return err ?: kernel_connect(sock, (struct sockaddr *)&to, sizeof(to),
				     0);
}

static int hear_hello(struct socket *sock, struct sdr_rdma_msg *msg)
{
	int err = sdr_rdma_control_receive(sock, msg);

	if (!err && (msg->type != SDR_RDMA_HELLO ||
		     msg->arg != SDR_RDMA_MAGIC ||
		     msg->gen != SDR_RDMA_VERSION))
		err = -EPROTO;
	return err;
}

int sdr_rdma_control_hello(struct socket *sock, bool active, u64 *cookie)
{
	struct sdr_rdma_msg mine = {
		.type	= SDR_RDMA_HELLO,
		.gen	= SDR_RDMA_VERSION,
		.arg	= SDR_RDMA_MAGIC,
		.pos	= *cookie,
	};
	struct sdr_rdma_msg theirs;
	int err = 0;

	set_up(sock);
	sock->sk->sk_rcvtimeo = PATIENCE * HZ;
	if (active)
		err = sdr_rdma_control_send(sock, &mine);
	if (!err)
		err = hear_hello(sock, &theirs);
	if (!err && !active) {
		err = sdr_rdma_control_send(sock, &mine);
		*cookie = theirs.pos;
	}
	sock->sk->sk_rcvtimeo = MAX_SCHEDULE_TIMEOUT;
	return err;
}

/* --- the listener --- */

static void accept_all(struct work_struct *work)
{
	struct socket *sock;

	while (!READ_ONCE(ending) && !kernel_accept(listener, &sock, 0))
		sdr_rdma_link_answer(sock);
}

static DECLARE_WORK(accept_work, accept_all);

int sdr_rdma_control_listen(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(sdr_rdma_port),
	};
	int err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			       &listener);
	if (err)
		return err;
	sock_set_reuseaddr(listener->sk);
	err = kernel_bind(listener, (struct sockaddr *)&at, sizeof(at)) ?:
	      kernel_listen(listener, 64);
	if (err) {
		sock_release(listener);
		return err;
	}
	queue_work(sdr_rdma_wq, &accept_work);
	return 0;
}

void sdr_rdma_control_unlisten(void)
{
	WRITE_ONCE(ending, true);
	kernel_sock_shutdown(listener, SHUT_RDWR);
	flush_work(&accept_work);
	sock_release(listener);
}
