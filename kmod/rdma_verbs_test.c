// SPDX-License-Identifier: GPL-2.0
/* A device that is played; see rdma_verbs_test.h. */
#include "compat.h"

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "rdma_verbs_test.h"

#define SGES	16

/* A request as it was posted, a send or a receive. */
struct work {
	struct list_head node;
	struct ib_cqe *cqe;
	struct verbs_send send;
	int n;
	struct ib_sge sges[SGES];
	u8 bytes[256];
	struct ib_wc wc;
};

struct queue {
	struct ib_qp ib;
	struct ib_cq *cq;
	struct list_head sends;
	struct list_head recvs;
	struct list_head late;
	bool dead;
};

static DEFINE_SPINLOCK(lock);	/* protects what follows, and its lists */
static struct queue *queue;
static DEFINE_MUTEX(telling);	/* of completions; the end of the queue */

/* --- completions --- */

static void tell(struct queue *q, struct work *work)
{
	local_bh_disable();
	work->cqe->done(q->cq, &work->wc);
	local_bh_enable();
	kfree(work);
}

static struct work *take(struct list_head *list, bool last)
{
	struct work *work = NULL;

	spin_lock_bh(&lock);
	if (!list_empty(list)) {
		work = last ? list_last_entry(list, struct work, node) :
			      list_first_entry(list, struct work, node);
		list_del(&work->node);
	}
	spin_unlock_bh(&lock);
	return work;
}

static void end(struct queue *q, struct work *work, enum ib_wc_status status)
{
	work->wc.wr_cqe = work->cqe;
	work->wc.status = status;
	work->wc.qp = &q->ib;
}

static void flush(struct queue *q, struct list_head *list)
{
	struct work *work;

	lockdep_assert_held(&telling);
	while ((work = take(list, false))) {
		end(q, work, IB_WC_WR_FLUSH_ERR);
		tell(q, work);
	}
}

static void tell_late(struct queue *q, bool backwards)
{
	struct work *work;

	lockdep_assert_held(&telling);
	while ((work = take(&q->late, backwards)))
		tell(q, work);
}

void ib_drain_qp(struct ib_qp *qp)
{
	struct queue *q = container_of(qp, struct queue, ib);

	mutex_lock(&telling);
	WRITE_ONCE(q->dead, true);
	tell_late(q, false);
	flush(q, &q->sends);
	flush(q, &q->recvs);
	mutex_unlock(&telling);
}

/* To the state of an error: the same, for who does not wait for the end. */
int ib_modify_qp(struct ib_qp *qp, struct ib_qp_attr *attr, int mask)
{
	ib_drain_qp(qp);
	return 0;
}

int ib_process_cq_direct(struct ib_cq *cq, int budget)
{
	struct work *work;
	int n = 0;

	/* In softirq, as it were: no mutex.  The queue is held meanwhile. */
	while (n < budget && queue && (work = take(&queue->late, false))) {
		tell(queue, work);
		n++;
	}
	return n;
}

static int post(struct list_head *list, struct work *work)
{
	spin_lock_bh(&lock);
	list_add_tail(&work->node, list);
	spin_unlock_bh(&lock);
	return 0;
}

/* At once: whoever registers waits for it. */
static void register_now(struct queue *q, const struct ib_send_wr *wr)
{
	bool ok = !verbs_fails(VERBS_REG) && !READ_ONCE(q->dead);
	struct ib_wc wc = {
		.wr_cqe	= wr->wr_cqe,
		.qp	= &q->ib,
		.status	= ok ? IB_WC_SUCCESS : IB_WC_WR_FLUSH_ERR,
	};

	if (ok)
		verbs_mr_validate(reg_wr(wr)->mr);
	local_bh_disable();
	wr->wr_cqe->done(q->cq, &wc);
	local_bh_enable();
}

/* Behind what is not over, and never is. */
static int register_never(struct queue *q, const struct ib_send_wr *wr)
{
	struct work *work = kzalloc(sizeof(*work), GFP_ATOMIC);

	if (!work)
		return -ENOMEM;
	work->cqe = wr->wr_cqe;
	return post(&q->sends, work);
}

static void take_bytes(struct work *work)
{
	size_t done = 0;
	int i;

	for (i = 0; i < work->n; i++) {
		memcpy(work->bytes + done, (void *)work->sges[i].addr,
		       work->sges[i].length);
		done += work->sges[i].length;
	}
}

static void copy_sges(struct work *work, const struct ib_sge *sges, int n)
{
	int i;

	work->n = n;
	for (i = 0; i < n; i++) {
		work->sges[i] = sges[i];
		work->send.len += sges[i].length;
	}
}

static int post_one(struct queue *q, const struct ib_send_wr *wr)
{
	struct work *work;

	if (wr->opcode == IB_WR_REG_MR && verbs_fails(VERBS_STUCK))
		return register_never(q, wr);
	if (wr->opcode == IB_WR_REG_MR) {
		register_now(q, wr);
		return 0;
	}
	work = kzalloc(sizeof(*work), GFP_ATOMIC);
	if (!work || wr->num_sge > SGES) {
		kfree(work);
		return -ENOMEM;
	}
	work->cqe = wr->wr_cqe;
	work->send.opcode = wr->opcode;
	work->send.signaled = wr->send_flags & IB_SEND_SIGNALED;
	work->send.inlined = wr->send_flags & IB_SEND_INLINE;
	copy_sges(work, wr->sg_list, wr->num_sge);
	if (work->send.inlined)
		take_bytes(work);
	if (wr->opcode == IB_WR_RDMA_WRITE_WITH_IMM)
		work->send.imm = be32_to_cpu(wr->ex.imm_data);
	if (wr->opcode != IB_WR_SEND) {
		work->send.raddr = rdma_wr(wr)->remote_addr;
		work->send.rkey = rdma_wr(wr)->rkey;
	}
	return post(&q->sends, work);
}

static int post_send(struct ib_qp *qp, const struct ib_send_wr *wr,
		     const struct ib_send_wr **bad)
{
	struct queue *q = container_of(qp, struct queue, ib);
	int err = verbs_fails(VERBS_SEND) ? -EINVAL : 0;

	for (; wr && !err; wr = wr->next)
		err = post_one(q, wr);
	return err;
}

static int post_recv(struct ib_qp *qp, const struct ib_recv_wr *wr,
		     const struct ib_recv_wr **bad)
{
	struct queue *q = container_of(qp, struct queue, ib);
	struct work *work = kzalloc(sizeof(*work), GFP_ATOMIC);

	if (!work || verbs_fails(VERBS_RECV)) {
		kfree(work);
		return -ENOMEM;
	}
	work->cqe = wr->wr_cqe;
	copy_sges(work, wr->sg_list, wr->num_sge);
	return post(&q->recvs, work);
}

static int length(struct list_head *(*of)(struct queue *q))
{
	struct list_head *at;
	int n = 0;

	spin_lock_bh(&lock);
	if (queue)
		list_for_each(at, of(queue))
			n++;
	spin_unlock_bh(&lock);
	return n;
}

static struct list_head *sends_of(struct queue *q)
{
	return &q->sends;
}

static struct list_head *recvs_of(struct queue *q)
{
	return &q->recvs;
}

int verbs_posted(void)
{
	return length(sends_of);
}

int verbs_recvs(void)
{
	return length(recvs_of);
}

bool verbs_peek(int nth, struct verbs_send *send)
{
	struct work *work;
	bool found = false;

	spin_lock_bh(&lock);
	if (queue)
		list_for_each_entry(work, &queue->sends, node)
			if (!nth--) {
				*send = work->send;
				found = true;
				break;
			}
	spin_unlock_bh(&lock);
	return found;
}

/* Not before now: the ring must still be there, with the same bytes. */
static void give(const struct work *work, u8 *to, size_t max)
{
	size_t done = 0;
	int i;

	if (work->send.inlined) {
		memcpy(to, work->bytes, min_t(size_t, work->send.len, max));
		return;
	}
	for (i = 0; i < work->n && done + work->sges[i].length <= max; i++) {
		memcpy(to + done, (void *)work->sges[i].addr,
		       work->sges[i].length);
		done += work->sges[i].length;
	}
}

/* Successes that nobody has asked for are not told. */
static int complete_first(enum ib_wc_status status, void *to, size_t max,
			  bool late)
{
	struct work *work = queue ? take(&queue->sends, false) : NULL;
	int len;

	lockdep_assert_held(&telling);
	if (!work)
		return -ENOENT;
	len = work->send.len;
	if (to && status == IB_WC_SUCCESS)
		give(work, to, max);
	end(queue, work, status);
	if (status == IB_WC_SUCCESS && !work->send.signaled)
		kfree(work);
	else if (late)
		post(&queue->late, work);
	else
		tell(queue, work);
	return len;
}

int verbs_complete(enum ib_wc_status status, void *to, size_t max, bool late)
{
	int len;

	mutex_lock(&telling);
	len = complete_first(status, to, max, late);
	mutex_unlock(&telling);
	return len;
}

void verbs_look_backwards(void)
{
	mutex_lock(&telling);
	if (queue)
		tell_late(queue, true);
	mutex_unlock(&telling);
}

static int arrive(enum ib_wc_status status, const void *from, u32 imm, u32 len)
{
	struct work *work = queue ? take(&queue->recvs, false) : NULL;

	if (!work)
		return -ENOENT;
	end(queue, work, status);
	work->wc.byte_len = len;
	work->wc.opcode = from ? IB_WC_RECV : IB_WC_RECV_RDMA_WITH_IMM;
	work->wc.ex.imm_data = cpu_to_be32(imm);
	if (from)
		memcpy((void *)work->sges[0].addr, from,
		       min(len, work->sges[0].length));
	tell(queue, work);
	return 0;
}

int verbs_arrive(enum ib_wc_status status, const void *from, u32 imm, u32 len)
{
	int err;

	mutex_lock(&telling);
	err = arrive(status, from, imm, len);
	mutex_unlock(&telling);
	return err;
}

/* --- queues --- */

struct ib_pd *__ib_alloc_pd(struct ib_device *dev, unsigned int flags,
			    const char *caller)
{
	struct ib_pd *pd = verbs_fails(VERBS_PD) ? NULL :
					     kzalloc(sizeof(*pd), GFP_KERNEL);

	if (!pd)
		return ERR_PTR(-ENOMEM);
	pd->device = dev;
	verbs_count(1);
	return pd;
}

int ib_dealloc_pd_user(struct ib_pd *pd, struct ib_udata *udata)
{
	kfree(pd);
	verbs_count(-1);
	return 0;
}

struct ib_cq *__ib_alloc_cq(struct ib_device *dev, void *private, int nr_cqe,
			    int comp_vector, enum ib_poll_context poll_ctx,
			    const char *caller)
{
	struct ib_cq *cq = verbs_fails(VERBS_CQ) ? NULL :
					     kzalloc(sizeof(*cq), GFP_KERNEL);

	if (!cq)
		return ERR_PTR(-ENOMEM);
	cq->device = dev;
	verbs_count(1);
	return cq;
}

void ib_free_cq(struct ib_cq *cq)
{
	kfree(cq);
	verbs_count(-1);
}

int rdma_create_qp(struct rdma_cm_id *id, struct ib_pd *pd,
		   struct ib_qp_init_attr *attr)
{
	struct queue *q = verbs_fails(VERBS_QP) ? NULL :
					    kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return -ENOMEM;
	q->ib.device = &verbs_device;
	q->cq = attr->send_cq;
	INIT_LIST_HEAD(&q->sends);
	INIT_LIST_HEAD(&q->recvs);
	INIT_LIST_HEAD(&q->late);
	id->qp = &q->ib;
	spin_lock_bh(&lock);
	queue = q;
	spin_unlock_bh(&lock);
	verbs_count(1);
	return 0;
}

void rdma_destroy_qp(struct rdma_cm_id *id)
{
	struct queue *q = container_of(id->qp, struct queue, ib);

	id->qp = NULL;
	mutex_lock(&telling);
	spin_lock_bh(&lock);
	if (queue == q)
		queue = NULL;
	spin_unlock_bh(&lock);
	mutex_unlock(&telling);
	kfree(q);
	verbs_count(-1);
}

bool verbs_qp_works(void)
{
	bool works;

	spin_lock_bh(&lock);
	works = queue && !READ_ONCE(queue->dead);
	spin_unlock_bh(&lock);
	return works;
}

void verbs_qp_init(struct ib_device *dev)
{
	dev->attrs.max_send_sge = SGES;
	dev->ops.post_send = post_send;
	dev->ops.post_recv = post_recv;
}
