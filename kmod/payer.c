// SPDX-License-Identifier: GPL-2.0
/* Who pays for shared pages: a memory cgroup and a user. */
#include "compat.h"

#include <linux/hash.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/rculist.h>
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
/*
 * And of what a memory cgroup may have.  Rings are the first to be refused
 * memory, but what they have nobody else can get: who is short of it then is
 * killed, and would not have been with TCP.
 */
#define SDR_QUOTA_GROUP	8
#define SDR_QUOTA_BITS	6
/*
 * Pages of the machine, or of a group, for each end that a user may have in it,
 * and of the machine for each in a namespace.
 */
#define SDR_ENDS_USER	32
#define SDR_ENDS_NET	16

/* A user's, or, with @group and then @above, a user's in a limited cgroup. */
struct sdr_quota {
	struct hlist_node node;
	struct rcu_head rcu;
	refcount_t ref;
	kuid_t uid;
	struct mem_cgroup *group;
	struct sdr_quota *above;
	atomic_long_t pages;
	atomic_t ends;
};

/*
 * Most connections end without a peer, one after the other: the user who came
 * last to a bucket is @kept there, so that the next one finds the account made.
 * Not that of a group, which would not go away.
 */
struct quota_bucket {
	struct hlist_head head;
	struct sdr_quota *kept;
};

/* Protects changes of quotas, a leaf; who looks does so under RCU. */
static DEFINE_SPINLOCK(quota_lock);
static struct quota_bucket quotas[1 << SDR_QUOTA_BITS];
static atomic_long_t quota_all;
static long quota_max_user __ro_after_init;
static long quota_max_all __ro_after_init;
static int ends_max_user __ro_after_init;
static int ends_max_net __ro_after_init;

static struct quota_bucket *quota_bucket(kuid_t uid)
{
	return &quotas[hash_32(__kuid_val(uid), SDR_QUOTA_BITS)];
}

static struct sdr_quota *quota_lookup(kuid_t uid, struct mem_cgroup *group)
{
	struct sdr_quota *quota;

	rcu_read_lock();
	hlist_for_each_entry_rcu(quota, &quota_bucket(uid)->head, node)
		if (uid_eq(quota->uid, uid) && quota->group == group &&
		    refcount_inc_not_zero(&quota->ref))
			break;
	rcu_read_unlock();
	return quota;
}

static struct mem_cgroup *group_again(struct mem_cgroup *group)
{
#ifdef CONFIG_MEMCG
	css_get(&group->css);
#endif
	return group;
}

static struct sdr_quota *quota_alloc(kuid_t uid, struct mem_cgroup *group)
{
	struct sdr_quota *quota = kzalloc(sizeof(*quota), GFP_KERNEL_ACCOUNT);

	if (!quota)
		return NULL;
	quota->uid = uid;
	refcount_set(&quota->ref, 1);
	if (group) {
		quota->above = sdr_quota_find(uid);
		if (!quota->above) {
			kfree(quota);
			return NULL;
		}
		quota->group = group_again(group);
	}
	return quota;
}

static void quota_free(struct sdr_quota *quota)
{
	mem_cgroup_put(quota->group);
	sdr_quota_put(quota->above);
	kfree_rcu(quota, rcu);
}

/* Return: who was kept until now, for the caller to give back. */
static struct sdr_quota *quota_add(struct sdr_quota *quota)
{
	struct quota_bucket *bucket = quota_bucket(quota->uid);
	struct sdr_quota *kept = NULL;

	lockdep_assert_held(&quota_lock);
	hlist_add_head_rcu(&quota->node, &bucket->head);
	if (!quota->group) {
		kept = bucket->kept;
		bucket->kept = sdr_quota_get(quota);
	}
	return kept;
}

/* @group: somebody holds it, or NULL. */
static struct sdr_quota *quota_find(kuid_t uid, struct mem_cgroup *group)
{
	struct sdr_quota *quota = quota_lookup(uid, group), *fresh, *kept = NULL;

	if (quota)
		return quota;
	fresh = quota_alloc(uid, group);
	if (!fresh)
		return NULL;
	spin_lock_bh(&quota_lock);
	quota = quota_lookup(uid, group);
	if (!quota)
		kept = quota_add(fresh);
	spin_unlock_bh(&quota_lock);
	sdr_quota_put(kept);
	if (!quota)
		return fresh;
	quota_free(fresh);
	return quota;
}

struct sdr_quota *sdr_quota_find(kuid_t uid)
{
	return quota_find(uid, NULL);
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
	hlist_del_rcu(&quota->node);
	spin_unlock_bh(&quota_lock);
	quota_free(quota);
}

static long quota_limit(const struct sdr_quota *quota)
{
#ifdef CONFIG_MEMCG
	if (quota->group)
		return READ_ONCE(quota->group->memory.max) / SDR_QUOTA_GROUP;
#endif
	return quota_max_user;
}

int sdr_quota_charge(struct sdr_quota *quota, unsigned long pages)
{
	struct sdr_quota *each;
	bool fits;

	if (!quota)
		return -ENOMEM;
	fits = atomic_long_add_return(pages, &quota_all) <= quota_max_all;
	for (each = quota; each; each = each->above)
		fits &= atomic_long_add_return(pages, &each->pages) <=
			quota_limit(each);
	sdr_quota_get(quota);
	if (fits)
		return 0;
	sdr_quota_uncharge(quota, pages);
	return -ENOMEM;
}

void sdr_quota_uncharge(struct sdr_quota *quota, unsigned long pages)
{
	struct sdr_quota *each;

	for (each = quota; each; each = each->above)
		atomic_long_sub(pages, &each->pages);
	atomic_long_sub(pages, &quota_all);
	sdr_quota_put(quota);
}

static int ends_limit(const struct sdr_quota *quota)
{
#ifdef CONFIG_MEMCG
	if (quota->group)
		return min_t(unsigned long, INT_MAX / 2,
			     READ_ONCE(quota->group->memory.max) /
			     SDR_ENDS_USER);
#endif
	return ends_max_user;
}

static void ends_dec(struct sdr_quota *quota)
{
	for (; quota; quota = quota->above)
		atomic_dec(&quota->ends);
}

bool sdr_quota_admit(struct sdr_quota *quota, atomic_t *others)
{
	struct sdr_quota *each;
	bool fits = quota;

	for (each = quota; each; each = each->above)
		fits &= atomic_inc_return(&each->ends) <= ends_limit(each);
	if (fits) {
		if (atomic_inc_return(others) <= ends_max_net)
			return true;
		atomic_dec(others);
	}
	ends_dec(quota);
	return false;
}

void sdr_quota_dismiss(struct sdr_quota *quota, atomic_t *others)
{
	ends_dec(quota);
	atomic_dec(others);
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

/* The closest one that has a limit, which the caller gives back; or NULL. */
static struct mem_cgroup *limited_group(struct mem_cgroup *group)
{
#ifdef CONFIG_MEMCG
	rcu_read_lock();
	if (!group)
		group = mem_cgroup_from_task(current);
	while (group && READ_ONCE(group->memory.max) == PAGE_COUNTER_MAX)
		group = parent_mem_cgroup(group);
	if (group && !css_tryget(&group->css))
		group = NULL;
	rcu_read_unlock();
#endif
	return group;
}

void sdr_payer_add_user(struct sdr_payer *payer, kuid_t uid)
{
	struct mem_cgroup *group = limited_group(payer->memcg);

	payer->quota = quota_find(uid, group);
	mem_cgroup_put(group);
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
	ends_max_user = min_t(unsigned long, INT_MAX / 2,
			      totalram_pages() / SDR_ENDS_USER);
	ends_max_net = min_t(unsigned long, INT_MAX / 2,
			     totalram_pages() / SDR_ENDS_NET);
}

void sdr_payer_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(quotas); i++) {
		sdr_quota_put(quotas[i].kept);
		quotas[i].kept = NULL;
	}
}
