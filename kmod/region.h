/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What user space maps of a socket, and the lease that lets one address space
 * at a time do so.
 */
#ifndef _SDR_REGION_H
#define _SDR_REGION_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sdirect.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pair.h"

struct file;
struct mm_struct;
struct sdr_sock;
struct vm_area_struct;

/**
 * struct sdr_grant - what the present holder may map
 * @tx:		ring for sending or NULL
 * @rx:		ring for receiving or NULL
 * @tx_epoch:	epoch that its read-write view belongs to
 * @rx_epoch:	epoch that its read-only view belongs to
 */
struct sdr_grant {
	struct sdr_ring *tx;
	struct sdr_ring *rx;
	u32 tx_epoch;
	u32 rx_epoch;
};

/**
 * struct sdr_region - the mappable pages of one socket, and the lease on them
 * @ref:	the socket's, the file's, each view's
 * @gate:	serialises granting and revoking
 * @lock:	protects @mm, @grant, @views' pages against page faults
 * @pair:	whose pages these are
 * @side:	which end
 * @file:	mappings belong to this file, not to the socket's: a mapping must
 *		not keep a closed socket alive
 * @quota:	who is charged for @dummy
 * @dummy:	mapped instead of the real pages once a lease is gone
 * @mm:		the holder, NULL while the lease is free; holds an mmgrab()
 * @grant:	what the holder may map
 * @views:	mappings that exist
 * @view_list:	the same, under @lock
 * @revoked:	how often a lease was taken away
 * @next_grant:	jiffies before which no lease is given out again
 * @settle:	positions at the last revocation; under @gate
 * @unsettled:	the holder of then, if it was inside an operation and has not
 *		asked for @settle yet; under @gate
 * @ss:		the socket, while it is open
 * @withdraw:	takes its lease away when the policy says so
 * @watch:	looks at its state whenever its wait queue is woken
 *
 * The last three are sdr_lease_end()'s to stop, with the socket; mappings may
 * keep the rest for longer.
 */
struct sdr_region {
	refcount_t ref;
	struct mutex gate;
	struct mutex lock;
	struct sdr_pair *pair;
	int side;
	struct file *file;
	struct sdr_quota *quota;
	struct page *dummy;
	struct mm_struct *mm;
	struct sdr_grant grant;
	atomic_t views;
	struct list_head view_list;
	u32 revoked;
	unsigned long next_grant;
	struct sdirect_settle settle;
	struct mm_struct *unsettled;
	struct sdr_sock *ss;
	struct work_struct withdraw;
	wait_queue_entry_t watch;
};

/**
 * sdr_region_create - make the region of one end of a pair
 * @pair:	the pair, with its pages
 * @side:	the end
 * @quota:	who pays
 *
 * Return: a region with one reference, or an ERR_PTR.  Context: may sleep.
 */
struct sdr_region *sdr_region_create(struct sdr_pair *pair, int side,
				     struct sdr_quota *quota);
/* Gives up the socket's reference; the lease must have been revoked. */
void sdr_region_release(struct sdr_region *region);

/**
 * sdr_region_mmap - map a view
 * @region:	the region
 * @vma:	its offset and length must be what ATTACH said
 *
 * Context: under mmap_lock; takes no socket lock.
 * Return: 0, -EINVAL wrong offset, length or flags, -EACCES a writable view of
 * what may only be read, or an executable one, -EPERM no lease.
 */
int sdr_region_mmap(struct sdr_region *region, struct vm_area_struct *vma);

/* No view is at a smaller offset: epochs begin at 1. */
#define SDR_REGION_FIRST	BIT_ULL(28)

/* Where and how much the holder of an epoch maps; see SDIRECT_IOC_ATTACH. */
u64 sdr_region_offset(u32 epoch, bool read_only);
u64 sdr_region_length(const struct sdr_ring *ring, bool read_only);

/* Lets go of the rings that views show, once no holder may see them. */
void sdr_region_drop_rings(struct sdr_region *region);

/* sdr_region_zap() takes all pages of the region out of all page tables. */
void sdr_region_zap(struct sdr_region *region);

#endif /* _SDR_REGION_H */
