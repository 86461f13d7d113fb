// SPDX-License-Identifier: GPL-2.0
/* Who pays for shared pages: a memory cgroup and a user. */
#include "compat.h"

#include <linux/hash.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/sock.h>

#include "payer.h"

/*
 * A connection that gets no ring is a little slower, a machine that reclaims
 * for one is slow: give up early.
 */
#define SDR_GFP	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)

/* Shares of the machine's memory: one user's, and that of all together. */
#define SDR_QUOTA_USER	16
#define SDR_QUOTA_ALL	8
#define SDR_QUOTA_BITS	6

struct sdr_quota {
	struct hlist_node node;
	refcount_t ref;
	kuid_t uid;
	atomic_long_t pages;
};

static DEFINE_SPINLOCK(quota_lock);	/* protects quotas, a leaf */
static struct hlist_head quotas[1 << SDR_QUOTA_BITS];
static atomic_long_t quota_all;
static long quota_max_user __ro_after_init;
static long quota_max_all __ro_after_init;

static struct hlist_head *quota_bucket(kuid_t uid)
{
	return &quotas[hash_32(__kuid_val(uid), SDR_QUOTA_BITS)];
}

static struct sdr_quota *quota_lookup(kuid_t uid)
{
	struct sdr_quota *quota;

	lockdep_assert_held(&quota_lock);
	hlist_for_each_entry(quota, quota_bucket(uid), node)
		if (uid_eq(quota->uid, uid) &&
		    refcount_inc_not_zero(&quota->ref))
			return quota;
	return NULL;
}

struct sdr_quota *sdr_quota_find(kuid_t uid)
{
	struct sdr_quota *quota, *fresh;

	spin_lock_bh(&quota_lock);
	quota = quota_lookup(uid);
	spin_unlock_bh(&quota_lock);
	if (quota)
		return quota;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return NULL;
	fresh->uid = uid;
	refcount_set(&fresh->ref, 1);
	spin_lock_bh(&quota_lock);
	quota = quota_lookup(uid);
	if (!quota)
		hlist_add_head(&fresh->node, quota_bucket(uid));
	spin_unlock_bh(&quota_lock);
	if (!quota)
		return fresh;
	kfree(fresh);
	return quota;
}

struct sdr_quota *sdr_quota_get(struct sdr_quota *quota)
{
	if (quota)
		refcount_inc(&quota->ref);
	return quota;
}

void sdr_quota_put(struct sdr_quota *quota)
{
	if (!quota || !refcount_dec_and_test(&quota->ref))
		return;
	/* Rings are freed in softirq too. */
	spin_lock_bh(&quota_lock);
	hlist_del(&quota->node);
	spin_unlock_bh(&quota_lock);
	kfree(quota);
}

int sdr_quota_charge(struct sdr_quota *quota, unsigned long pages)
{
	long user, all;

	if (!quota)
		return -ENOMEM;
	user = atomic_long_add_return(pages, &quota->pages);
	all = atomic_long_add_return(pages, &quota_all);
	sdr_quota_get(quota);
	if (user <= quota_max_user && all <= quota_max_all)
		return 0;
	sdr_quota_uncharge(quota, pages);
	return -ENOMEM;
}

void sdr_quota_uncharge(struct sdr_quota *quota, unsigned long pages)
{
	atomic_long_sub(pages, &quota->pages);
	atomic_long_sub(pages, &quota_all);
	sdr_quota_put(quota);
}

struct sdr_payer sdr_payer_of(const struct sock *sk)
{
	struct sdr_payer payer = { };

#ifdef CONFIG_MEMCG
	payer.memcg = sk->sk_memcg;
	if (payer.memcg && !css_tryget(&payer.memcg->css))
		payer.memcg = NULL;
#endif
	return payer;
}

void sdr_payer_put(struct sdr_payer *payer)
{
	mem_cgroup_put(payer->memcg);
	sdr_quota_put(payer->quota);
	memset(payer, 0, sizeof(*payer));
}

struct page *sdr_payer_page(const struct sdr_payer *payer)
{
	struct mem_cgroup *old = set_active_memcg(payer->memcg);
	struct page *page = alloc_page(SDR_GFP);

	set_active_memcg(old);
	return page;
}

void __init sdr_payer_init(void)
{
	quota_max_user = totalram_pages() / SDR_QUOTA_USER;
	quota_max_all = totalram_pages() / SDR_QUOTA_ALL;
}
