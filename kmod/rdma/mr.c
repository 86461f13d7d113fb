// SPDX-License-Identifier: GPL-2.0
/* Memory that another host may write. */
#include "compat.h"

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "ring.h"
#include "rdma/wr.h"

/* As long as an idle queue pair may say nothing. */
#define REG_TIME	(3 * HZ)

struct sdr_rdma_mr {
	struct ib_mr *mr;
	struct sg_table sgt;
	int mapped;
	struct ib_cqe cqe;
	struct completion done;
	bool ok;
};

static void reg_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct sdr_rdma_mr *mr = container_of(wc->wr_cqe, struct sdr_rdma_mr,
					      cqe);

	mr->ok = wc->status == IB_WC_SUCCESS;
	complete(&mr->done);
}

/* The one request beside those of wr.c; room for it is in the queue. */
static int reg(struct sdr_rdma_qp *qp, struct sdr_rdma_mr *mr)
{
	struct ib_reg_wr wr = {
		.wr.opcode	= IB_WR_REG_MR,
		.wr.send_flags	= IB_SEND_SIGNALED,
		.wr.wr_cqe	= &mr->cqe,
		.mr		= mr->mr,
		.key		= mr->mr->rkey,
		.access		= IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE,
	};
	struct ib_qp_attr dead = { .qp_state = IB_QPS_ERR };
	int err;

	init_completion(&mr->done);
	mr->cqe.done = reg_done;
	err = ib_post_send(qp->id->qp, &wr.wr, NULL);
	if (err)
		return err;
	/* Behind writes for which the other host has no receives: until they end. */
	if (!wait_for_completion_timeout(&mr->done, REG_TIME)) {
		ib_modify_qp(qp->id->qp, &dead, IB_QP_STATE);
		wait_for_completion(&mr->done);
	}
	return mr->ok ? 0 : -EIO;
}

static int map(struct sdr_rdma_qp *qp, struct sdr_rdma_mr *mr)
{
	struct ib_device *dev = qp->id->device;
	int n;

	mr->mapped = ib_dma_map_sg(dev, mr->sgt.sgl, mr->sgt.orig_nents,
				   DMA_FROM_DEVICE);
	if (mr->mapped <= 0)
		return -EIO;
	if (!ib_uses_virt_dma(dev) &&
	    dma_need_sync(dev->dma_device, sg_dma_address(mr->sgt.sgl)))
		return -EIO;
	n = ib_map_mr_sg(mr->mr, mr->sgt.sgl, mr->mapped, NULL, PAGE_SIZE);
	return n == mr->mapped ? reg(qp, mr) : -EIO;
}

struct sdr_rdma_mr *sdr_rdma_mr_create(struct sdr_rdma_qp *qp,
				       const struct sdr_ring *ring)
{
	u32 i, n = ring->size >> PAGE_SHIFT;
	struct scatterlist *sg;
	struct sdr_rdma_mr *mr;
	int err = -ENOMEM;

	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	if (sg_alloc_table(&mr->sgt, n, GFP_KERNEL))
		goto err_mr;
	for_each_sg(mr->sgt.sgl, sg, n, i)
		sg_set_page(sg, ring->pages[i], PAGE_SIZE, 0);
	mr->mr = ib_alloc_mr(qp->pd, IB_MR_TYPE_MEM_REG, n);
	if (IS_ERR(mr->mr)) {
		err = PTR_ERR(mr->mr);
		goto err_table;
	}
	err = map(qp, mr);
	if (!err)
		return mr;
	sdr_rdma_mr_free(mr);
	return ERR_PTR(err);

err_table:
	sg_free_table(&mr->sgt);
err_mr:
	kfree(mr);
	return ERR_PTR(err);
}

void sdr_rdma_mr_free(struct sdr_rdma_mr *mr)
{
	struct ib_device *dev = mr->mr->device;

	ib_dereg_mr(mr->mr);
	if (mr->mapped > 0)
		ib_dma_unmap_sg(dev, mr->sgt.sgl, mr->sgt.orig_nents,
				DMA_FROM_DEVICE);
	sg_free_table(&mr->sgt);
	kfree(mr);
}

u32 sdr_rdma_mr_key(const struct sdr_rdma_mr *mr)
{
	return mr->mr->rkey;
}

u64 sdr_rdma_mr_addr(const struct sdr_rdma_mr *mr)
{
	return mr->mr->iova;
}
