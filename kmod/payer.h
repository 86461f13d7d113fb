/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who pays for shared pages: a memory cgroup and a user.
 *
 * Pages of a ring are in nobody's resident set until they are mapped, so what
 * bounds them where no cgroup does is a share of the machine's memory for each
 * user, and one for all; where a cgroup does, a share of what that may have.
 * Over it a connection simply stays on TCP.
 */
#ifndef _SDR_PAYER_H
#define _SDR_PAYER_H

#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct mem_cgroup;
struct page;
struct sock;

/* What one user has. */
struct sdr_quota;

/**
 * struct sdr_payer - who pays for an allocation
 * @memcg:	the cgroup, or NULL for the caller's
 * @quota:	the user
 */
struct sdr_payer {
	struct mem_cgroup *memcg;
	struct sdr_quota *quota;
};

/**
 * sdr_quota_find - the quota of a user
 * @uid:	the user
 *
 * Return: a reference, or NULL without memory.  Context: may sleep.
 */
struct sdr_quota *sdr_quota_find(kuid_t uid);
struct sdr_quota *sdr_quota_get(struct sdr_quota *quota);
void sdr_quota_put(struct sdr_quota *quota);

/**
 * sdr_quota_charge - take pages from a user's share
 * @quota:	the user's
 * @pages:	how many
 *
 * Takes a reference too.  Return: 0 or -ENOMEM.  Context: any.
 */
int sdr_quota_charge(struct sdr_quota *quota, unsigned long pages);
/* Gives back what sdr_quota_charge() took, and its reference. */
void sdr_quota_uncharge(struct sdr_quota *quota, unsigned long pages);

/**
 * sdr_quota_admit - may one more end of a connection look for its peer?
 * @quota:	its owner's, in the cgroup that pays for the socket
 * @others:	ends of its network namespace that do, counted here too
 *
 * Whoever opens more than their share stays on TCP; others do not feel it.
 * Context: any.  Return: true if so: sdr_quota_dismiss() is owed.
 */
bool sdr_quota_admit(struct sdr_quota *quota, atomic_t *others);
void sdr_quota_dismiss(struct sdr_quota *quota, atomic_t *others);

/*
 * sdr_payer_of() makes the memory cgroup of a socket pay; sdr_payer_add_user()
 * comes next, when it may sleep.  Give both back with _put().
 */
struct sdr_payer sdr_payer_of(const struct sock *sk);
void sdr_payer_put(struct sdr_payer *payer);

/**
 * sdr_payer_add_user - have a user pay, in the cgroup that pays
 * @payer:	without a user yet
 * @uid:	the user
 *
 * Without memory for it nothing can be charged.  Context: may sleep.
 */
void sdr_payer_add_user(struct sdr_payer *payer, kuid_t uid);

/* One zeroed page that the kernel can address, at its cgroup's cost. */
struct page *sdr_payer_page(const struct sdr_payer *payer);

void __init sdr_payer_init(void);
/* Gives back what is kept for later. */
void sdr_payer_exit(void);

#endif /* _SDR_PAYER_H */
