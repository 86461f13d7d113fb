/* SPDX-License-Identifier: GPL-2.0 */
/* A kernel thread that looks for what programs send, so that they need not ring. */
#ifndef _SDR_RDMA_POLL_H
#define _SDR_RDMA_POLL_H

#include <linux/list.h>
#include <linux/types.h>

struct sdr_rdma_conn;
struct sdr_rdma_link;
struct workqueue_struct;

/* sdr_rdma_poll - busy links have such a thread (a sysctl); 0: none has */
extern int sdr_rdma_poll;
/*
 * Where they run; of them no more than half as many as there are processors.  The
 * connections of a link that finds none free ring as before.
 */
extern struct workqueue_struct *sdr_rdma_poll_wq;

/**
 * struct sdr_rdma_polled - a connection that is looked at
 * @node:	in the link's list, under its lock, then in the thread's own
 * @on:		it is in one of them; under the connection's lock
 * @seen:	... in the thread's, so that it need not ring; likewise
 * @sent:	how far it had sent
 * @until:	jiffies when it is left alone if it has sent nothing
 */
struct sdr_rdma_polled {
	struct list_head node;
	bool on;
	bool seen;
	u64 sent;
	unsigned long until;
};

/* sdr_rdma_poll_begin() - a connection sends; under its lock, any context. */
void sdr_rdma_poll_begin(struct sdr_rdma_conn *conn);

void sdr_rdma_poll_init(struct sdr_rdma_link *link);

#endif /* _SDR_RDMA_POLL_H */
