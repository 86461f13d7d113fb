// SPDX-License-Identifier: GPL-2.0
/* What the two ends of a connection share. */
#include "compat.h"

#include <linux/slab.h>

#include "carrier.h"
#include "pair.h"
#include "ring.h"

struct sdr_seg *sdr_seg_alloc(const struct sdr_carrier *carrier, u64 start,
			      struct sdr_ring *ring)
{
	struct sdr_seg *seg = kzalloc(sizeof(*seg), GFP_KERNEL_ACCOUNT);

	if (!seg)
		return NULL;
	seg->carrier = carrier;
	seg->ring = ring;
	seg->start = start;
	seg->end = SDIRECT_POS_OPEN;
	return seg;
}

static void seg_free_rcu(struct rcu_head *rcu)
{
	struct sdr_seg *seg = container_of(rcu, struct sdr_seg, rcu);

	sdr_ring_put(seg->ring);
	kfree(seg);
}

void sdr_seg_free(struct sdr_seg *seg)
{
	call_rcu(&seg->rcu, seg_free_rcu);
}

struct sdr_pair *sdr_pair_alloc(void)
{
	struct sdr_pair *pair = kzalloc(sizeof(*pair), GFP_KERNEL_ACCOUNT);
	int i;

	if (!pair)
		return NULL;
	refcount_set(&pair->ref, 1);
	spin_lock_init(&pair->lock);
	for (i = 0; i < 2; i++) {
		pair->first[i] = sdr_seg_alloc(&sdr_carrier_tcp, 0, NULL);
		if (!pair->first[i]) {
			sdr_pair_put(pair);
			return NULL;
		}
	}
	return pair;
}

static void pair_free_rcu(struct rcu_head *rcu)
{
	struct sdr_pair *pair = container_of(rcu, struct sdr_pair, rcu);
	int i;

	for (i = 0; i < 2; i++) {
		struct sdr_seg *seg = pair->first[i], *next;

		for (; seg; seg = next) {
			next = seg->next;
			sdr_ring_put(seg->ring);
			kfree(seg);
		}
		if (pair->end[i].ctl)
			__free_page(pair->end[i].ctl);
	}
	if (pair->kern)
		__free_page(pair->kern);
	kfree(pair);
}

void sdr_pair_put(struct sdr_pair *pair)
{
	if (pair && refcount_dec_and_test(&pair->ref))
		call_rcu(&pair->rcu, pair_free_rcu);
}

static void kern_page_init(struct page *page)
{
	struct sdirect_kern_page *kern = page_address(page);
	int i;

	kern->abi_version = SDIRECT_ABI_VERSION;
	for (i = 0; i < 2; i++)
		kern->end[i].rx_limit = SDIRECT_POS_OPEN;
}

int sdr_pair_pages(struct sdr_pair *pair, struct mem_cgroup *memcg)
{
	struct page *page[3];
	int i;

	BUILD_BUG_ON(sizeof(struct sdirect_kern_page) > PAGE_SIZE);
	BUILD_BUG_ON(sizeof(struct sdirect_ctl_page) > PAGE_SIZE);

	if (sdr_pair_has_pages(pair))
		return 0;
	for (i = 0; i < 3; i++)
		page[i] = sdr_page_alloc(memcg);
	if (page[0] && page[1] && page[2]) {
		kern_page_init(page[2]);
		spin_lock(&pair->lock);
		if (!pair->kern) {
			swap(pair->end[0].ctl, page[0]);
			swap(pair->end[1].ctl, page[1]);
			/* Pairs with sdr_pair_has_pages(). */
			smp_store_release(&pair->kern, page[2]);
			page[2] = NULL;
		}
		spin_unlock(&pair->lock);
	}
	for (i = 0; i < 3; i++)
		if (page[i])
			__free_page(page[i]);
	return sdr_pair_has_pages(pair) ? 0 : -ENOMEM;
}
