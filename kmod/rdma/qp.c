// SPDX-License-Identifier: GPL-2.0
/* A queue pair between two hosts, and all that it needs. */
#include "compat.h"

#include <linux/dma-mapping.h>
#include <linux/inetdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <net/addrconf.h>
#include <rdma/ib_addr.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

#include "rdma/net.h"
#include "rdma/qp.h"
#include "rdma/wr.h"

#define RESOLVE_MS	1000
/* 4.096 us * 2^16 for each of 7 attempts: a dead peer shows within 2 s. */
#define ACK_TIMEOUT	16
#define RETRIES		6	/* 7 never gives up on soft RoCE */
#define RNR_FOREVER	7
/* What a processor copies faster than a device fetches it. */
#define INLINE_MAX	128
#define INLINE_SOME	64
/* Completions that one look handles. */
#define LOOK_MAX	16

static void fail(struct sdr_rdma_qp *qp)
{
	qp->user->failed(qp->owner);
}

/* Software that plays a device is slower than TCP: only for who asks for it. */
static bool device_ok(const struct sdr_rdma_qp *qp)
{
	switch (qp->id->device->ops.driver_id) {
	case RDMA_DRIVER_RXE:
	case RDMA_DRIVER_SIW:
		return READ_ONCE(qp->user->net(qp->owner)->soft);
	default:
		return true;
	}
}

static int make_qp(struct sdr_rdma_qp *qp)
{
	/* Not every device takes bytes along. */
	static const u32 inlines[] = { INLINE_MAX, INLINE_SOME, 0 };
	struct ib_device *dev = qp->id->device;
	struct ib_qp_init_attr attr = {
		.qp_context		= qp,
		.cap.max_send_wr	= (qp->iwarp ? 2 : 1) * SDR_RDMA_SENDS + 2,
		.cap.max_recv_wr	= SDR_RDMA_RECVS + 1,
		.cap.max_send_sge	= min_t(u32, SDR_RDMA_SGES,
						dev->attrs.max_send_sge),
		.cap.max_recv_sge	= 1,
		.sq_sig_type		= IB_SIGNAL_REQ_WR,
		.qp_type		= IB_QPT_RC,
	};
	int i, err;

	qp->sges = attr.cap.max_send_sge;
	qp->pd = ib_alloc_pd(dev, 0);
	if (IS_ERR(qp->pd)) {
		err = PTR_ERR(qp->pd);
		qp->pd = NULL;
		return err;
	}
	/* Twice: soft RoCE loses what does not fit. */
	qp->cq = ib_alloc_cq(dev, qp, 2 * (SDR_RDMA_SENDS + SDR_RDMA_RECVS + 3),
			     0, IB_POLL_SOFTIRQ);
	if (IS_ERR(qp->cq)) {
		err = PTR_ERR(qp->cq);
		qp->cq = NULL;
		return err;
	}
	attr.send_cq = qp->cq;
	attr.recv_cq = qp->cq;
	for (i = 0, err = -EINVAL; err && i < ARRAY_SIZE(inlines); i++) {
		attr.cap.max_inline_data = inlines[i];
		err = rdma_create_qp(qp->id, qp->pd, &attr);
		qp->inline_max = inlines[i];
	}
	if (err)
		return err;
	return sdr_rdma_wr_start(qp);
}

static int resources(struct sdr_rdma_qp *qp)
{
	if (!device_ok(qp))
		return -EOPNOTSUPP;
	qp->iwarp = rdma_protocol_iwarp(qp->id->device, qp->id->port_num);
	return make_qp(qp);
}

static struct rdma_conn_param conn_param(const struct sdr_rdma_qp *qp)
{
	return (struct rdma_conn_param) {
		.private_data		= &qp->call,
		.private_data_len	= sizeof(qp->call),
		.retry_count		= RETRIES,
		.rnr_retry_count	= RNR_FOREVER,
	};
}

static int route_resolved(struct sdr_rdma_qp *qp)
{
	struct rdma_conn_param param = conn_param(qp);
	int err = resources(qp);

	return err ?: rdma_connect_locked(qp->id, &param);
}

/* With iWARP who was called must not speak before who has called does. */
static void established(struct sdr_rdma_qp *qp)
{
	/* That, not this, says that it is made, and may well come first. */
	if (qp->iwarp && qp->called)
		return;
	if (qp->iwarp)
		sdr_rdma_qp_flush(qp);
	qp->user->made(qp->owner);
}

int sdr_rdma_qp_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct sdr_rdma_qp *qp = id->context;
	int err = 0;

	if (qp->deaf)
		return 0;
	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		err = rdma_set_ack_timeout(id, ACK_TIMEOUT) ?:
		      rdma_resolve_route(id, RESOLVE_MS);
		break;
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		err = route_resolved(qp);
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		established(qp);
		break;
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		break;
	default:
		err = -ENOTCONN;
	}
	if (err)
		fail(qp);
	return 0;
}

static struct sdr_rdma_qp *qp_alloc(const struct sdr_rdma_user *user,
				    void *owner)
{
	struct sdr_rdma_qp *qp = kzalloc(sizeof(*qp), GFP_KERNEL);

	if (!qp)
		return NULL;
	qp->user = user;
	qp->owner = owner;
	qp->counts = user->counts(owner);
	spin_lock_init(&qp->lock);
	spin_lock_init(&qp->release);
	return qp;
}

static struct rdma_cm_id *make_id(struct net *net, struct sdr_rdma_qp *qp)
{
	struct rdma_cm_id *id;

	/* The id takes a reference, which must not be the first again. */
	if (!maybe_get_net(net))
		return ERR_PTR(-ENONET);
	id = rdma_create_id(net, sdr_rdma_qp_event, qp, RDMA_PS_TCP, IB_QPT_RC);
	put_net(net);
	return id;
}

struct sdr_rdma_qp *sdr_rdma_qp_connect(const struct sdr_rdma_user *user,
					void *owner, struct sockaddr *from,
					struct sockaddr *to,
					const struct sdr_rdma_request *request)
{
	struct sdr_rdma_qp *qp = qp_alloc(user, owner);
	struct rdma_cm_id *id;

	if (!qp)
		return ERR_PTR(-ENOMEM);
	qp->call = (struct sdr_rdma_call) {
		.cookie	= cpu_to_be64(request->cookie),
		.lane	= cpu_to_be32(request->lane),
		.lanes	= cpu_to_be32(request->lanes),
	};
	id = make_id(user->net(owner)->net, qp);
	if (IS_ERR(id)) {
		kfree(qp);
		return ERR_CAST(id);
	}
	qp->id = id;
	/* To destroy it is for who holds no lock that a request needs. */
	if (rdma_resolve_addr(id, from, to, RESOLVE_MS))
		fail(qp);
	return qp;
}

int sdr_rdma_qp_requested(const struct rdma_cm_event *event,
			  struct sdr_rdma_request *request)
{
	const struct rdma_conn_param *param = &event->param.conn;
	struct sdr_rdma_call call;

	if (param->private_data_len < sizeof(call))
		return -EPROTO;
	memcpy(&call, param->private_data, sizeof(call));
	request->cookie = be64_to_cpu(call.cookie);
	request->lane = be32_to_cpu(call.lane);
	request->lanes = be32_to_cpu(call.lanes);
	return 0;
}

struct sdr_rdma_qp *sdr_rdma_qp_accept(const struct sdr_rdma_user *user,
				       void *owner, struct rdma_cm_id *id)
{
	struct sdr_rdma_qp *qp = qp_alloc(user, owner);
	struct rdma_conn_param param;
	int err;

	if (!qp)
		return ERR_PTR(-ENOMEM);
	qp->id = id;
	err = resources(qp);
	qp->called = true;
	qp->mute = qp->iwarp;
	if (!err)
		err = rdma_set_ack_timeout(id, ACK_TIMEOUT);
	id->context = qp;
	param = conn_param(qp);
	if (!err)
		err = rdma_accept(id, &param);
	if (!err)
		return qp;
	/* The caller's again, who has it destroyed. */
	qp->id = NULL;
	if (id->qp) {
		WRITE_ONCE(qp->draining, true);
		ib_drain_qp(id->qp);
		rdma_destroy_qp(id);
	}
	sdr_rdma_qp_free(qp);
	return ERR_PTR(err);
}

void sdr_rdma_qp_hold(struct sdr_rdma_qp *qp)
{
	atomic_inc(&qp->holders);
}

void sdr_rdma_qp_unhold(struct sdr_rdma_qp *qp)
{
	/* Who drains may free it from here on: this is no more than an address. */
	if (atomic_dec_and_test(&qp->holders))
		wake_up_var(&qp->holders);
}

bool sdr_rdma_qp_ends(const struct sdr_rdma_qp *qp)
{
	return READ_ONCE(qp->draining);
}

void sdr_rdma_qp_look(struct sdr_rdma_qp *qp)
{
	if (atomic_read(&qp->looked_at) || atomic_xchg(&qp->looked_at, 1))
		return;
	local_bh_disable();
	ib_process_cq_direct(qp->cq, LOOK_MAX);
	local_bh_enable();
	atomic_set_release(&qp->looked_at, 0);
}

void sdr_rdma_qp_stop(struct sdr_rdma_qp *qp)
{
	rdma_lock_handler(qp->id);
	qp->deaf = true;
	rdma_unlock_handler(qp->id);
}

void sdr_rdma_qp_drain(struct sdr_rdma_qp *qp)
{
	if (!qp->id->qp)
		return;
	WRITE_ONCE(qp->draining, true);
	/* Then what is told by interrupts alone is told in order. */
	wait_var_event(&qp->holders, !atomic_read(&qp->holders));
	rdma_disconnect(qp->id);
	ib_drain_qp(qp->id->qp);
	sdr_rdma_wr_drained(qp);
	rdma_destroy_qp(qp->id);
}

void sdr_rdma_qp_free(struct sdr_rdma_qp *qp)
{
	/* Its completions may still be called until the queue is gone. */
	if (qp->cq)
		ib_free_cq(qp->cq);
	sdr_rdma_wr_stop(qp);
	if (qp->pd)
		ib_dealloc_pd(qp->pd);
	if (qp->id)
		rdma_destroy_id(qp->id);
	kfree(qp);
}

u64 sdr_rdma_qp_map(struct sdr_rdma_qp *qp, struct page *page)
{
	struct ib_device *dev = qp->id->device;
	u64 dma = ib_dma_map_page(dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE);

	if (ib_dma_mapping_error(dev, dma))
		return 0;
	/* The program writes its ring at any time: no bouncing. */
	if (!ib_uses_virt_dma(dev) && dma_need_sync(dev->dma_device, dma)) {
		sdr_rdma_qp_unmap(qp, dma);
		return 0;
	}
	return dma;
}

void sdr_rdma_qp_unmap(struct sdr_rdma_qp *qp, u64 dma)
{
	ib_dma_unmap_page(qp->id->device, dma, PAGE_SIZE, DMA_TO_DEVICE);
}

const char *sdr_rdma_qp_device(const struct sdr_rdma_qp *qp)
{
	return qp->id->device ? dev_name(&qp->id->device->dev) : "-";
}

void sdr_rdma_qp_device_at(struct net *net, const struct in6_addr *addr,
			   char *name, size_t size)
{
	struct ib_device *dev = NULL;
	struct net_device *ndev;

	rcu_read_lock();
	ndev = ipv6_addr_v4mapped(addr) ?
	       __ip_dev_find(net, addr->s6_addr32[3], false) :
	       ipv6_dev_find(net, addr, NULL);
	if (ndev)
		dev = ib_device_get_by_netdev(rdma_vlan_dev_real_dev(ndev) ?: ndev,
					      RDMA_DRIVER_UNKNOWN);
	rcu_read_unlock();
	strscpy(name, dev ? dev_name(&dev->dev) : "", size);
	if (dev)
		ib_device_put(dev);
}
