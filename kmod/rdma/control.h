/* SPDX-License-Identifier: GPL-2.0 */
/* The control connection between two hosts: TCP sockets of the kernel's own. */
#ifndef _SDR_RDMA_CONTROL_H
#define _SDR_RDMA_CONTROL_H

#include "rdma/msg.h"

struct socket;

/* The port of the control connection, and of RDMA CM. */
extern ushort sdr_rdma_port;

/* All may sleep, for 3 seconds at most but for receive; 0 or an error. */
int sdr_rdma_control_connect(struct socket *sock, __be32 local, __be32 peer);

/**
 * sdr_rdma_control_hello - agree on the version
 * @sock:	the connection
 * @active:	this host has called
 * @cookie:	(in) of the one that has called, (out) of the other
 */
int sdr_rdma_control_hello(struct socket *sock, bool active, u64 *cookie);

/* The caller serialises. */
int sdr_rdma_control_send(struct socket *sock, const struct sdr_rdma_msg *msg);

/* Waits for a message for as long as the other host is there. */
int sdr_rdma_control_receive(struct socket *sock, struct sdr_rdma_msg *msg);

/* The listener: each connection goes to sdr_rdma_link_answer(). */
int sdr_rdma_control_listen(void);
void sdr_rdma_control_unlisten(void);

#endif /* _SDR_RDMA_CONTROL_H */
