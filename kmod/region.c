// SPDX-License-Identifier: GPL-2.0
/*
 * What user space maps of a socket.
 *
 * A page is put into a page table under region->lock, after a look at who holds
 * the lease.  So once a lease has been taken away under that lock, one zap
 * leaves no real page behind, and later faults find the dummy page.
 */
#include "compat.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "payer.h"
#include "region.h"
#include "ring.h"
#include "wake.h"

/*
 * mmap offsets: the epoch tells the views of one socket apart, one bit the
 * read-only view from the other.  A view is at most two pages and two rings.
 */
#define SDR_VIEW_RO	BIT_ULL(27)
#define SDR_VIEW_SHIFT	28

#define SDR_FAULT_AROUND 16	/* pages per fault */

/**
 * struct sdr_view - one mapping
 * @ref:	the VMAs that it has been split into
 * @node:	in the region's view_list
 * @region:	whose
 * @ring:	shown behind the first pages, or NULL
 * @read_only:	which of the two views
 * @pgoff:	page offset of its first page
 */
struct sdr_view {
	refcount_t ref;
	struct list_head node;
	struct sdr_region *region;
	struct sdr_ring *ring;
	bool read_only;
	pgoff_t pgoff;
};

static int sdr_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, 0x53444952) ? 0 : -ENOMEM;
}

/*
 * Mounted while there is a region: a file's last fput() drops the module by the
 * file's operations first and the mount last, which then must still find it.
 */
static struct file_system_type sdr_fs_type = {
	.name			= "sdirect",
	.owner			= THIS_MODULE,
	.init_fs_context	= sdr_fs_init,
	.kill_sb		= kill_anon_super,
};

static struct vfsmount *sdr_mnt;
static int sdr_mnt_users;

static void region_put(struct sdr_region *region)
{
	if (!refcount_dec_and_test(&region->ref))
		return;
	sdr_ring_put(region->grant.tx);
	sdr_ring_put(region->grant.rx);
	if (region->mm)
		mmdrop(region->mm);
	if (region->unsettled)
		mmdrop(region->unsettled);
	sdr_pair_put(region->pair);
	__free_page(region->dummy);
	sdr_quota_uncharge(region->quota, 1);
	simple_release_fs(&sdr_mnt, &sdr_mnt_users);
	kfree(region);
}

u64 sdr_region_offset(u32 epoch, bool read_only)
{
	return (u64)epoch << SDR_VIEW_SHIFT | (read_only ? SDR_VIEW_RO : 0);
}

u64 sdr_region_length(const struct sdr_ring *ring, bool read_only)
{
	return (read_only ? 2 : 1) * PAGE_SIZE + (ring ? 2ull * ring->size : 0);
}

/* --- mappings --- */

static void view_open(struct vm_area_struct *vma)
{
	struct sdr_view *view = vma->vm_private_data;

	refcount_inc(&view->ref);
}

static const struct sdirect_ctl_page *own_ctl(const struct sdr_region *region)
{
	return sdr_pair_ctl(region->pair, region->side);
}

static void view_close(struct vm_area_struct *vma)
{
	struct sdr_view *view = vma->vm_private_data;

	if (!refcount_dec_and_test(&view->ref))
		return;
	/*
	 * A holder that died may have owed the peer a doorbell; one that lives
	 * no longer arms for its own end.
	 */
	if (atomic_dec_and_test(&view->region->views)) {
		sdr_wake_end(view->region->pair, !view->region->side);
		if (READ_ONCE(own_ctl(view->region)->rx_served))
			sdr_wake_end(view->region->pair, view->region->side);
	}
	mutex_lock(&view->region->lock);
	list_del(&view->node);
	mutex_unlock(&view->region->lock);
	sdr_ring_put(view->ring);
	region_put(view->region);
	kfree(view);
}

/* The page of a view that @index names, as the present state allows. */
static struct page *view_page(struct sdr_view *view, struct mm_struct *mm,
			      unsigned long index)
{
	struct sdr_region *region = view->region;
	struct sdr_pair *pair = region->pair;
	unsigned long n = view->read_only ? 2 : 1;

	lockdep_assert_held(&region->lock);
	/* All may look at the kernel's page: there they see that it is over. */
	if (view->read_only && index == 0)
		return pair->kern;
	if (region->mm != mm)
		return region->dummy;
	if (index < n)
		return pair->end[region->side ^ view->read_only].ctl;
	if (!view->ring)
		return region->dummy;
	n = (index - n) & ((view->ring->size >> PAGE_SHIFT) - 1);
	return view->ring->pages[n];
}

/* Map the page at @addr; 0 also if another thread's fault was faster. */
static int view_insert(struct vm_area_struct *vma, unsigned long addr)
{
	struct sdr_view *view = vma->vm_private_data;
	struct page *page;
	int err;

	page = view_page(view, vma->vm_mm,
			 linear_page_index(vma, addr) - view->pgoff);
	if (!page)
		return -EFAULT;
	err = vm_insert_page(vma, addr, page);
	return err == -EBUSY ? 0 : err;
}

static vm_fault_t view_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct sdr_view *view = vma->vm_private_data;
	unsigned long addr = vmf->address & PAGE_MASK, next;
	int err, i;

	mutex_lock(&view->region->lock);
	err = view_insert(vma, addr);
	/* A ring is used from its first byte to its last: map what follows. */
	for (i = 1; !err && i < SDR_FAULT_AROUND; i++) {
		next = addr + i * PAGE_SIZE;
		if (next >= vma->vm_end || view_insert(vma, next))
			break;
	}
	mutex_unlock(&view->region->lock);
	return err ? vmf_error(err) : VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct view_vm_ops = {
	.open	= view_open,
	.close	= view_close,
	.fault	= view_fault,
};

/* What the holder may map at this offset; NULL with an error if nothing. */
static struct sdr_view *view_find(struct sdr_region *region,
				  const struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	bool read_only = offset & SDR_VIEW_RO;
	const struct sdr_grant *grant = &region->grant;
	struct sdr_ring *ring = read_only ? grant->rx : grant->tx;
	u32 epoch = read_only ? grant->rx_epoch : grant->tx_epoch;
	struct sdr_view *view;

	lockdep_assert_held(&region->lock);
	if (region->mm != vma->vm_mm)
		return ERR_PTR(-EPERM);
	if (offset != sdr_region_offset(epoch, read_only) ||
	    vma->vm_end - vma->vm_start != sdr_region_length(ring, read_only) ||
	    !(vma->vm_flags & VM_SHARED))
		return ERR_PTR(-EINVAL);
	if (vma->vm_flags & (VM_EXEC | (read_only ? VM_WRITE : 0)))
		return ERR_PTR(-EACCES);

	view = kzalloc(sizeof(*view), GFP_KERNEL_ACCOUNT);
	if (!view)
		return ERR_PTR(-ENOMEM);
	refcount_set(&view->ref, 1);
	refcount_inc(&region->ref);
	view->region = region;
	view->ring = ring ? sdr_ring_get(ring) : NULL;
	view->read_only = read_only;
	view->pgoff = vma->vm_pgoff;
	list_add(&view->node, &region->view_list);
	return view;
}

int sdr_region_mmap(struct sdr_region *region, struct vm_area_struct *vma)
{
	struct sdr_view *view;

	mutex_lock(&region->lock);
	view = view_find(region, vma);
	mutex_unlock(&region->lock);
	if (IS_ERR(view))
		return PTR_ERR(view);

	/* vm_insert_page() needs MIXEDMAP; a child gets no copy of it. */
	sdr_vm_flags_mod(vma, VM_MIXEDMAP | VM_DONTCOPY | VM_DONTEXPAND |
			 VM_DONTDUMP,
			 VM_MAYEXEC | (view->read_only ? VM_MAYWRITE : 0));
	atomic_inc(&region->views);
	vma->vm_private_data = view;
	vma->vm_ops = &view_vm_ops;
	vma_set_file(vma, region->file);
	return 0;
}

void sdr_region_drop_rings(struct sdr_region *region)
{
	struct sdr_view *view;

	lockdep_assert_held(&region->lock);
	list_for_each_entry(view, &region->view_list, node) {
		sdr_ring_put(view->ring);
		view->ring = NULL;
	}
}

void sdr_region_zap(struct sdr_region *region)
{
	unmap_mapping_range(region->file->f_mapping, 0, 0, 1);
}

/* --- the file that mappings belong to --- */

static int region_file_release(struct inode *inode, struct file *file)
{
	region_put(file->private_data);
	return 0;
}

static const struct file_operations region_fops = {
	.owner		= THIS_MODULE,
	.release	= region_file_release,
	.llseek		= noop_llseek,
};

static struct file *region_file(struct sdr_region *region)
{
	/* An inode, and so a mapping, of its own: zaps hit nobody else. */
	struct inode *inode = alloc_anon_inode(sdr_mnt->mnt_sb);
	struct file *file;

	if (IS_ERR(inode))
		return ERR_CAST(inode);
	/* fput() drops a reference that alloc_file_pseudo() does not take. */
	__module_get(THIS_MODULE);
	file = alloc_file_pseudo(inode, sdr_mnt, "[sdirect]", O_RDWR,
				 &region_fops);
	if (IS_ERR(file)) {
		iput(inode);
		module_put(THIS_MODULE);
		return file;
	}
	refcount_inc(&region->ref);
	file->private_data = region;
	return file;
}

static struct sdr_region *region_alloc(struct sdr_quota *quota)
{
	const struct sdr_payer payer = { .quota = quota };
	struct sdr_region *region;
	int err = -ENOMEM;

	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return ERR_PTR(err);
	if (sdr_quota_charge(quota, 1))
		goto err_region;
	region->quota = quota;
	region->dummy = sdr_payer_page(&payer);
	if (!region->dummy)
		goto err_charge;
	err = simple_pin_fs(&sdr_fs_type, &sdr_mnt, &sdr_mnt_users);
	if (err)
		goto err_dummy;
	return region;

err_dummy:
	__free_page(region->dummy);
err_charge:
	sdr_quota_uncharge(quota, 1);
err_region:
	kfree(region);
	return ERR_PTR(err);
}

struct sdr_region *sdr_region_create(struct sdr_pair *pair, int side,
				     struct sdr_quota *quota)
{
	struct sdr_region *region = region_alloc(quota);
	struct file *file;

	if (IS_ERR(region))
		return region;
	refcount_set(&region->ref, 1);
	INIT_LIST_HEAD(&region->view_list);
	mutex_init(&region->gate);
	mutex_init(&region->lock);
	region->pair = sdr_pair_get(pair);
	region->side = side;
	file = region_file(region);
	if (IS_ERR(file)) {
		region_put(region);
		return ERR_CAST(file);
	}
	region->file = file;
	return region;
}

void sdr_region_release(struct sdr_region *region)
{
	fput(region->file);
	region_put(region);
}
