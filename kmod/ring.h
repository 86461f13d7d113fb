/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of a ring, and copying between it and a message. */
#ifndef _SDR_RING_H
#define _SDR_RING_H

#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/uio.h>

struct page;
struct sdr_payer;
struct sdr_quota;

/**
 * struct sdr_ring - the pages of one ring
 * @ref:	references: the segment of the stream, each mapping
 * @size:	bytes, a power of two, at least a page
 * @quota:	who is charged for the pages
 * @rcu:	frees the ring after lockless readers of the chain are gone
 * @pages:	the pages, zeroed before anyone saw them
 *
 * Pages mapped by user space outlive the ring through their own count, so a
 * page is never given away while anybody can still see it.
 */
struct sdr_ring {
	refcount_t ref;
	u32 size;
	struct sdr_quota *quota;
	struct rcu_head rcu;
	struct page *pages[];
};

/**
 * sdr_ring_alloc - allocate the memory of a ring
 * @size:	bytes, a power of two, at least PAGE_SIZE
 * @payer:	who pays
 *
 * Context: may sleep.
 * Return: a ring with one reference, or NULL; never triggers the OOM killer.
 */
struct sdr_ring *sdr_ring_alloc(u32 size, const struct sdr_payer *payer);

/* sdr_ring_put() drops a reference; any context. */
void sdr_ring_put(struct sdr_ring *ring);

static inline struct sdr_ring *sdr_ring_get(struct sdr_ring *ring)
{
	refcount_inc(&ring->ref);
	return ring;
}

/**
 * sdr_ring_at - the kernel's address of a position
 * @ring:	the ring
 * @pos:	stream position
 * @len:	(in) bytes wanted, (out) how many of them follow there
 */
void *sdr_ring_at(const struct sdr_ring *ring, u64 pos, size_t *len);

/**
 * sdr_ring_write - copy from a message into the ring
 * @ring:	the ring
 * @pos:	stream position of the first byte
 * @len:	bytes, not more than the ring has room for
 * @from:	the message's iterator
 *
 * Context: may fault.
 * Return: @len, or 0 if the message's memory is bad: as with TCP, a call that
 * meets such memory has then moved nothing.
 */
size_t sdr_ring_write(struct sdr_ring *ring, u64 pos, size_t len,
		      struct iov_iter *from);

/**
 * sdr_ring_read - copy from the ring into a message; as sdr_ring_write()
 * @ring:	the ring
 * @pos:	stream position of the first byte
 * @len:	bytes, not more than the ring holds
 * @to:	the message's iterator
 */
size_t sdr_ring_read(struct sdr_ring *ring, u64 pos, size_t len,
		     struct iov_iter *to);

#endif /* _SDR_RING_H */
