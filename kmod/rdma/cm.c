// SPDX-License-Identifier: GPL-2.0
/* Requests of other hosts for queue pairs; see cm.h. */
#include "compat.h"

#include <net/net_namespace.h>
#include <rdma/ib_cm.h>
#include <rdma/rdma_cm.h>

#include "rdma/addr.h"
#include "rdma/cm.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/qp.h"

/* Another host asks for a queue pair; an error has @id destroyed. */
static int requested(struct rdma_cm_id *id, const struct rdma_cm_event *event)
{
	/* The listener's, whose id holds it. */
	struct sdr_rdma_net *rn = sdr_rdma_net(id->route.addr.dev_addr.net);
	struct sdr_rdma_request request;
	int err;

	err = sdr_rdma_qp_requested(event, &request) ?:
	      sdr_rdma_link_accept(rn, id, &request);
	if (err)
		rdma_reject(id, NULL, 0, IB_CM_REJ_CONSUMER_DEFINED);
	return err;
}

static int cm_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
		return requested(id, event);
	/* The listener itself has no queue pair. */
	return id->context ? sdr_rdma_qp_event(id, event) : 0;
}

static struct rdma_cm_id *listen_at(struct net *net, int family)
{
	struct sockaddr_storage at;
	struct rdma_cm_id *id;
	int err;

	sdr_rdma_addr_any(&at, family, sdr_rdma_cm_port());
	id = rdma_create_id(net, cm_event, NULL, RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(id))
		return id;
	/* iWARP has a socket for each, and names no IPv4 address by IPv6. */
	err = (family == AF_INET6 ? rdma_set_afonly(id, 1) : 0) ?:
	      rdma_bind_addr(id, (struct sockaddr *)&at) ?: rdma_listen(id, 64);
	if (!err)
		return id;
	rdma_destroy_id(id);
	return ERR_PTR(err);
}

/* There may be no IPv6. */
static int listen_at_both(struct sdr_rdma_cm *cm, struct net *net)
{
	struct rdma_cm_id *four = listen_at(net, AF_INET), *six;

	if (IS_ERR(four))
		return PTR_ERR(four);
	six = listen_at(net, AF_INET6);
	cm->ids[0] = four;
	if (!IS_ERR(six))
		cm->ids[1] = six;
	else if (PTR_ERR(six) == -EADDRINUSE)
		sdr_rdma_cm_unlisten(cm);
	else
		return 0;
	return PTR_ERR_OR_ZERO(six);
}

int sdr_rdma_cm_listen(struct sdr_rdma_cm *cm, struct net *net)
{
	int err;

	/* An id takes a reference, which must not be the first again. */
	if (!maybe_get_net(net))
		return -ENONET;
	err = listen_at_both(cm, net);
	put_net(net);
	return err;
}

void sdr_rdma_cm_unlisten(struct sdr_rdma_cm *cm)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(cm->ids); i++) {
		if (cm->ids[i])
			rdma_destroy_id(cm->ids[i]);
		cm->ids[i] = NULL;
	}
}
