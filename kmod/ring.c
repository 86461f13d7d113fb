// SPDX-License-Identifier: GPL-2.0
/* The memory of a ring, and copying between it and a message. */
#include "compat.h"

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sdirect_ring.h>
#include <linux/slab.h>

#include "payer.h"
#include "ring.h"

static void ring_free(struct sdr_ring *ring)
{
	u32 i, n = ring->size >> PAGE_SHIFT;

	for (i = 0; i < n; i++)
		if (ring->pages[i])
			__free_page(ring->pages[i]);
	sdr_quota_uncharge(ring->quota, n);
	kfree(ring);
}

struct sdr_ring *sdr_ring_alloc(u32 size, const struct sdr_payer *payer)
{
	u32 i, n = size >> PAGE_SHIFT;
	struct sdr_ring *ring;

	if (sdr_quota_charge(payer->quota, n))
		return NULL;
	ring = kzalloc(struct_size(ring, pages, n),
		       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!ring) {
		sdr_quota_uncharge(payer->quota, n);
		return NULL;
	}
	refcount_set(&ring->ref, 1);
	ring->size = size;
	ring->quota = payer->quota;
	for (i = 0; i < n; i++) {
		ring->pages[i] = sdr_payer_page(payer);
		if (!ring->pages[i]) {
			ring_free(ring);
			return NULL;
		}
	}
	return ring;
}

void sdr_ring_put(struct sdr_ring *ring)
{
	if (ring && refcount_dec_and_test(&ring->ref))
		ring_free(ring);
}
EXPORT_SYMBOL_NS_GPL(sdr_ring_put, SDR_SYMBOLS);

void *sdr_ring_at(const struct sdr_ring *ring, u64 pos, size_t *len)
{
	u32 off = sdirect_ring_offset(ring->size, pos);
	u32 in_page = offset_in_page(off);

	*len = min_t(size_t, *len, PAGE_SIZE - in_page);
	return page_address(ring->pages[off >> PAGE_SHIFT]) + in_page;
}
EXPORT_SYMBOL_NS_GPL(sdr_ring_at, SDR_SYMBOLS);

size_t sdr_ring_write(struct sdr_ring *ring, u64 pos, size_t len,
		      struct iov_iter *from)
{
	size_t done = 0;

	while (done < len) {
		size_t want = len - done, got;
		void *to = sdr_ring_at(ring, pos + done, &want);

		got = copy_from_iter(to, want, from);
		done += got;
		if (got < want) {
			iov_iter_revert(from, done);
			return 0;
		}
	}
	return done;
}

size_t sdr_ring_read(struct sdr_ring *ring, u64 pos, size_t len,
		     struct iov_iter *to)
{
	size_t done = 0;

	/*
	 * Copy even where the iterator could take the page: the peer can still
	 * write to it.
	 */
	while (done < len) {
		size_t want = len - done, got;
		void *from = sdr_ring_at(ring, pos + done, &want);

		got = copy_to_iter(from, want, to);
		done += got;
		if (got < want) {
			iov_iter_revert(to, done);
			return 0;
		}
	}
	return done;
}
