// SPDX-License-Identifier: GPL-2.0
/* A device that is played: its connections, and memory; see rdma_verbs_test.h. */
#include "compat.h"

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma_verbs_test.h"

struct region {
	struct ib_mr ib;
	struct list_head node;
	struct scatterlist *sgl;
	int n;
	bool valid;
};

struct sdr_rdma_net verbs_net = { .net = &init_net };
struct ib_device verbs_device;
static struct ib_port_data ports[2];

static DEFINE_SPINLOCK(lock);	/* protects what follows */
static struct rdma_cm_id *last_id;
static bool asked;
static enum verbs_call failing;
static LIST_HEAD(regions);
static u32 next_key;
static int left;
static DEFINE_MUTEX(handling);	/* RDMA CM tells, or an id is destroyed */

bool verbs_fails(enum verbs_call call)
{
	return READ_ONCE(failing) == call;
}

void verbs_count(int n)
{
	spin_lock_bh(&lock);
	left += n;
	spin_unlock_bh(&lock);
}

struct sdr_rdma_net *verbs_net_of(void *owner)
{
	return &verbs_net;
}

/* --- regions --- */

struct ib_mr *ib_alloc_mr(struct ib_pd *pd, enum ib_mr_type type, u32 max)
{
	struct region *region = verbs_fails(VERBS_MR) ? NULL :
				kzalloc(sizeof(*region), GFP_KERNEL);

	if (!region)
		return ERR_PTR(-ENOMEM);
	region->ib.device = pd->device;
	spin_lock_bh(&lock);
	region->ib.rkey = ++next_key;
	list_add(&region->node, &regions);
	left++;
	spin_unlock_bh(&lock);
	return &region->ib;
}

int ib_dereg_mr_user(struct ib_mr *mr, struct ib_udata *udata)
{
	struct region *region = container_of(mr, struct region, ib);

	spin_lock_bh(&lock);
	list_del(&region->node);
	left--;
	spin_unlock_bh(&lock);
	kfree(region);
	return 0;
}

int ib_dma_virt_map_sg(struct ib_device *dev, struct scatterlist *sgl, int n)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, n, i) {
		sg_dma_address(sg) = (uintptr_t)sg_virt(sg);
		sg_dma_len(sg) = sg->length;
	}
	return n;
}

int ib_map_mr_sg(struct ib_mr *mr, struct scatterlist *sgl, int n,
		 unsigned int *offset, unsigned int page_size)
{
	struct region *region = container_of(mr, struct region, ib);

	if (verbs_fails(VERBS_MAP))
		return n - 1;
	region->sgl = sgl;
	region->n = n;
	mr->iova = sg_dma_address(sgl);
	mr->length = (u64)n * page_size;
	return n;
}

void verbs_mr_validate(struct ib_mr *mr)
{
	struct region *region = container_of(mr, struct region, ib);

	spin_lock_bh(&lock);
	region->valid = true;
	spin_unlock_bh(&lock);
}

static int write_region(const struct region *region, u64 at, const u8 *from,
			size_t len)
{
	struct scatterlist *sg;
	int i;

	if (at + len > region->ib.length)
		return -EACCES;
	for_each_sg(region->sgl, sg, region->n, i) {
		size_t n;

		if (at >= sg->length) {
			at -= sg->length;
			continue;
		}
		n = min_t(size_t, len, sg->length - at);
		memcpy(sg_virt(sg) + at, from, n);
		at = 0;
		from += n;
		len -= n;
		if (!len)
			break;
	}
	return 0;
}

int verbs_write(u32 rkey, u64 raddr, const void *from, size_t len)
{
	struct region *region;
	int err = -EACCES;

	if (!verbs_qp_works())
		return err;
	spin_lock_bh(&lock);
	list_for_each_entry(region, &regions, node)
		if (region->ib.rkey == rkey && region->valid &&
		    raddr >= region->ib.iova)
			err = write_region(region, raddr - region->ib.iova,
					   from, len);
	spin_unlock_bh(&lock);
	return err;
}

/* --- the connection manager --- */

static struct rdma_cm_id *make_id(rdma_cm_event_handler handler, void *context)
{
	struct rdma_cm_id *id = kzalloc(sizeof(*id), GFP_KERNEL);

	if (!id)
		return ERR_PTR(-ENOMEM);
	id->event_handler = handler;
	id->context = context;
	id->port_num = 1;
	spin_lock_bh(&lock);
	last_id = id;
	asked = false;
	left++;
	spin_unlock_bh(&lock);
	return id;
}

struct rdma_cm_id *__rdma_create_kernel_id(struct net *net,
					   rdma_cm_event_handler handler,
					   void *context,
					   enum rdma_ucm_port_space ps,
					   enum ib_qp_type type,
					   const char *caller)
{
	return verbs_fails(VERBS_CREATE_ID) ? ERR_PTR(-ENOMEM) :
					make_id(handler, context);
}

void rdma_destroy_id(struct rdma_cm_id *id)
{
	mutex_lock(&handling);
	spin_lock_bh(&lock);
	if (last_id == id) {
		last_id = NULL;
		asked = false;
	}
	left--;
	spin_unlock_bh(&lock);
	mutex_unlock(&handling);
	kfree(id);
}

void rdma_lock_handler(struct rdma_cm_id *id)
{
	mutex_lock(&handling);
}

void rdma_unlock_handler(struct rdma_cm_id *id)
{
	mutex_unlock(&handling);
}

int rdma_resolve_addr(struct rdma_cm_id *id, struct sockaddr *from,
		      const struct sockaddr *to, unsigned long ms)
{
	if (verbs_fails(VERBS_ADDR))
		return -ENODEV;
	WRITE_ONCE(asked, true);
	return 0;
}

int rdma_resolve_route(struct rdma_cm_id *id, unsigned long ms)
{
	return verbs_fails(VERBS_ROUTE) ? -EINVAL : 0;
}

int rdma_set_ack_timeout(struct rdma_cm_id *id, u8 timeout)
{
	return 0;
}

int rdma_connect_locked(struct rdma_cm_id *id, struct rdma_conn_param *param)
{
	lockdep_assert_held(&handling);
	return verbs_fails(VERBS_CONNECT) ? -EINVAL : 0;
}

int rdma_accept(struct rdma_cm_id *id, struct rdma_conn_param *param)
{
	lockdep_assert_held(&handling);
	return verbs_fails(VERBS_CONNECT) ? -EINVAL : 0;
}

int rdma_disconnect(struct rdma_cm_id *id)
{
	return 0;
}

int rdma_set_afonly(struct rdma_cm_id *id, int afonly)
{
	return 0;
}

int rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *addr)
{
	return 0;
}

int rdma_listen(struct rdma_cm_id *id, int backlog)
{
	return 0;
}

int rdma_reject(struct rdma_cm_id *id, const void *data, u8 len, u8 reason)
{
	return 0;
}

bool verbs_asked(void)
{
	return READ_ONCE(asked);
}

int verbs_event(enum rdma_cm_event_type type)
{
	struct rdma_cm_event event = { .event = type };
	struct rdma_cm_id *id;
	int err = -ENOENT;

	mutex_lock(&handling);
	spin_lock_bh(&lock);
	id = last_id;
	spin_unlock_bh(&lock);
	if (id) {
		if (type == RDMA_CM_EVENT_ADDR_RESOLVED)
			id->device = &verbs_device;
		err = id->event_handler(id, &event);
	}
	mutex_unlock(&handling);
	return err;
}

int verbs_request_in(struct sdr_rdma_net *rn,
		     const struct sockaddr_storage *from, u64 cookie, u32 lanes)
{
	const struct sdr_rdma_request request = {
		.cookie = cookie, .lanes = lanes,
	};
	struct rdma_cm_id *id = make_id(sdr_rdma_qp_event, NULL);
	int err;

	if (IS_ERR(id))
		return PTR_ERR(id);
	id->device = &verbs_device;
	id->route.addr.dst_addr = *from;
	mutex_lock(&handling);
	err = sdr_rdma_link_accept(rn, id, &request);
	mutex_unlock(&handling);
	if (err)
		rdma_destroy_id(id);
	return err;
}

int verbs_request(const struct sockaddr_storage *from, u64 cookie, u32 lanes)
{
	return verbs_request_in(&verbs_net, from, cookie, lanes);
}

/* --- the device --- */

const char *__attribute_const__ ib_wc_status_msg(enum ib_wc_status status)
{
	return "played";
}

struct ib_device *ib_device_get_by_netdev(struct net_device *ndev,
					  enum rdma_driver_id driver)
{
	return &verbs_device;
}

void ib_device_put(struct ib_device *dev)
{
}

void verbs_fail(enum verbs_call call)
{
	WRITE_ONCE(failing, call);
}

void verbs_iwarp(bool is)
{
	ports[1].immutable.core_cap_flags = is ? RDMA_CORE_CAP_PROT_IWARP : 0;
}

int verbs_left(void)
{
	return READ_ONCE(left);
}

bool verbs_begin(void)
{
	bool clean = !left;

	verbs_device.dev.init_name = "played";
	verbs_device.port_data = ports;
	verbs_iwarp(false);
	verbs_qp_init(&verbs_device);
	failing = VERBS_NONE;
	last_id = NULL;
	asked = false;
	left = 0;
	return clean;
}
