/* SPDX-License-Identifier: GPL-2.0 */
/* The control connection between two hosts: TCP sockets of the kernel's own. */
#ifndef _SDR_RDMA_CONTROL_H
#define _SDR_RDMA_CONTROL_H

#include <linux/in6.h>

#include "rdma/msg.h"

struct net;
struct sdr_rdma_net;
struct socket;

/* The port of the control connection. */
extern ushort sdr_rdma_port;

/* ... and that of RDMA CM, which is TCP's where the device is iWARP. */
static inline u16 sdr_rdma_cm_port(void)
{
	return sdr_rdma_port + 1;
}

/* All may sleep, for 3 seconds at most but for receive; 0 or an error. */
int sdr_rdma_control_socket(struct net *net, const struct in6_addr *peer,
			    struct socket **sock);
int sdr_rdma_control_connect(struct socket *sock, const struct in6_addr *local,
			     const struct in6_addr *peer);

/**
 * struct sdr_rdma_hello - what each host says first
 * @cookie:	tells this link from others; the same when called again
 * @known:	there are connections from before
 * @qps:	how many queue pairs a link may have, 1 to SDR_RDMA_LANES_MAX
 */
struct sdr_rdma_hello {
	u64 cookie;
	bool known;
	u32 qps;
};

/* sdr_rdma_control_call() - agree on the version with a host that was called. */
int sdr_rdma_control_call(struct socket *sock, const struct sdr_rdma_hello *mine,
			  struct sdr_rdma_hello *theirs);

/* The other end: sdr_rdma_control_hear() comes first, then _answer(). */
int sdr_rdma_control_hear(struct socket *sock, struct sdr_rdma_hello *theirs);
int sdr_rdma_control_answer(struct socket *sock,
			    const struct sdr_rdma_hello *mine);

/*
 * sdr_rdma_control_drop - the end of a control connection, whose ever it was
 *
 * A kernel's socket does not hold its namespace, so it has no timers any more when
 * it is closed: an end that is not acknowledged at once would stay for good, with
 * the namespace or without.  So it is a reset.
 */
void sdr_rdma_control_drop(struct socket *sock);

/* The caller serialises. */
int sdr_rdma_control_send(struct socket *sock, const struct sdr_rdma_msg *msg);

/* Waits for a message for as long as the other host is there. */
int sdr_rdma_control_receive(struct socket *sock, struct sdr_rdma_msg *msg);

/* The listener: each connection goes to sdr_rdma_link_answer(). */
void sdr_rdma_control_init(struct sdr_rdma_net *rn);
int sdr_rdma_control_listen(struct sdr_rdma_net *rn);
void sdr_rdma_control_unlisten(struct sdr_rdma_net *rn);

#endif /* _SDR_RDMA_CONTROL_H */
