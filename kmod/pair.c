// SPDX-License-Identifier: GPL-2.0
/* What the two ends of a connection share. */
#include "compat.h"

#include <linux/module.h>
#include <linux/slab.h>

#include "carrier.h"
#include "far.h"
#include "pair.h"
#include "payer.h"
#include "ring.h"

#define SDR_PAIR_PAGES	3	/* two control pages and the kernel's */
/* Of ranges before a new ring: the receiver pays for those that it leaves. */
#define SDR_CHAIN_MAX	8

/* Of its own: the next larger one of kmalloc() would waste a third. */
static struct kmem_cache *sdr_pair_cache __ro_after_init;

static void seg_init(struct sdr_seg *seg, const struct sdr_carrier *carrier,
		     u64 start, struct sdr_ring *ring)
{
	seg->carrier = carrier;
	seg->ring = ring;
	seg->start = start;
	seg->end = SDIRECT_POS_OPEN;
}

struct sdr_seg *sdr_seg_alloc(const struct sdr_carrier *carrier, u64 start,
			      struct sdr_ring *ring)
{
	struct sdr_seg *seg = kzalloc(sizeof(*seg), GFP_KERNEL_ACCOUNT);

	if (seg)
		seg_init(seg, carrier, start, ring);
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
	struct sdr_pair *pair = kmem_cache_zalloc(sdr_pair_cache, GFP_KERNEL);
	int i;

	if (!pair)
		return NULL;
	refcount_set(&pair->ref, 1);
	spin_lock_init(&pair->lock);
	for (i = 0; i < 2; i++) {
		seg_init(&pair->origin[i], &sdr_carrier_tcp, 0, NULL);
		pair->first[i] = &pair->origin[i];
	}
	return pair;
}

static bool is_origin(const struct sdr_pair *pair, const struct sdr_seg *seg)
{
	return seg == &pair->origin[0] || seg == &pair->origin[1];
}

void sdr_pair_drop_seg(struct sdr_pair *pair, struct sdr_seg *seg)
{
	if (!is_origin(pair, seg))
		sdr_seg_free(seg);
}

static void pair_free(struct sdr_pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct sdr_seg *seg = pair->first[i], *next;

		for (; seg; seg = next) {
			next = seg->next;
			sdr_ring_put(seg->ring);
			if (!is_origin(pair, seg))
				kfree(seg);
		}
		if (pair->end[i].ctl)
			__free_page(pair->end[i].ctl);
		sdr_owner_put(&pair->end[i].owner);
	}
	if (pair->kern) {
		__free_page(pair->kern);
		sdr_quota_uncharge(pair->quota, SDR_PAIR_PAGES);
	}
	if (pair->far) {
		struct module *owner = pair->far->ops->owner;

		pair->far->ops->put(pair->far);
		module_put(owner);
	}
	kmem_cache_free(sdr_pair_cache, pair);
}

static void pair_free_rcu(struct rcu_head *rcu)
{
	pair_free(container_of(rcu, struct sdr_pair, rcu));
}

bool sdr_pair_unread_long(const struct sdr_pair *pair, int side)
{
	const struct sdr_seg *seg = pair->first[side];
	int n;

	lockdep_assert_held(&pair->lock);
	for (n = 0; seg && seg->end != SDIRECT_POS_OPEN; n++)
		seg = seg->next;
	return n >= SDR_CHAIN_MAX;
}

void sdr_pair_close(struct sdr_pair *pair)
{
	struct sdr_seg *first[2] = { NULL, NULL }, *next;
	int i;

	spin_lock_bh(&pair->lock);
	if (++pair->closed == 2)
		for (i = 0; i < 2; i++)
			swap(first[i], pair->first[i]);
	spin_unlock_bh(&pair->lock);
	for (i = 0; i < 2; i++)
		for (; first[i]; first[i] = next) {
			next = first[i]->next;
			sdr_pair_drop_seg(pair, first[i]);
		}
}

void sdr_pair_put(struct sdr_pair *pair)
{
	if (!pair || !refcount_dec_and_test(&pair->ref))
		return;
	/* Nobody looks at one without a reference, his own or his socket's. */
	if (likely(!pair->far))
		pair_free(pair);
	else
		call_rcu(&pair->rcu, pair_free_rcu);
}
EXPORT_SYMBOL_NS_GPL(sdr_pair_put, SDR_SYMBOLS);

static void kern_page_init(struct page *page)
{
	struct sdirect_kern_page *kern = page_address(page);
	int i;

	kern->abi_version = SDIRECT_ABI_VERSION;
	for (i = 0; i < 2; i++) {
		kern->end[i].rx_limit = SDIRECT_POS_OPEN;
		/* Not 0: a view's offset is none that TCP's mmap() is for. */
		kern->end[i].tx_epoch = 1;
		kern->end[i].rx_epoch = 1;
	}
}

static void pages_install(struct sdr_pair *pair, struct page **page,
			  const struct sdr_payer *payer)
{
	spin_lock_bh(&pair->lock);
	if (!pair->kern) {
		swap(pair->end[0].ctl, page[0]);
		swap(pair->end[1].ctl, page[1]);
		pair->quota = payer->quota;
		/* Pairs with sdr_pair_has_pages(). */
		smp_store_release(&pair->kern, page[2]);
		page[2] = NULL;
	}
	spin_unlock_bh(&pair->lock);
}

int sdr_pair_pages(struct sdr_pair *pair, const struct sdr_payer *payer)
{
	struct page *page[SDR_PAIR_PAGES];
	bool spare = true;
	int i;

	BUILD_BUG_ON(sizeof(struct sdirect_kern_page) > PAGE_SIZE);
	BUILD_BUG_ON(sizeof(struct sdirect_ctl_page) > PAGE_SIZE);

	if (sdr_pair_has_pages(pair))
		return 0;
	if (sdr_quota_charge(payer->quota, SDR_PAIR_PAGES))
		return -ENOMEM;
	for (i = 0; i < SDR_PAIR_PAGES; i++)
		page[i] = sdr_payer_page(payer);
	if (page[0] && page[1] && page[2]) {
		kern_page_init(page[2]);
		pages_install(pair, page, payer);
		spare = page[2];
	}
	for (i = 0; i < SDR_PAIR_PAGES; i++)
		if (page[i])
			__free_page(page[i]);
	/* The other end was faster, or there was not enough. */
	if (spare)
		sdr_quota_uncharge(payer->quota, SDR_PAIR_PAGES);
	return sdr_pair_has_pages(pair) ? 0 : -ENOMEM;
}

int __init sdr_pair_init(void)
{
	sdr_pair_cache = KMEM_CACHE(sdr_pair, SLAB_ACCOUNT);
	return sdr_pair_cache ? 0 : -ENOMEM;
}

void sdr_pair_exit(void)
{
	kmem_cache_destroy(sdr_pair_cache);
}
