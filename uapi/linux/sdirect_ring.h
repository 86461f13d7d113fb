/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The ring algorithm, compiled unchanged by the kernel, the library and the
 * tests.  See sdirect.h for the layout.
 *
 * One producer, one consumer, a plain byte ring.  The producer owns the tail,
 * the consumer the head; both only grow.
 *
 *	producer			consumer
 *
 *	LOAD.acquire head	(D)	LOAD.acquire tail	(B)
 *	STORE bytes			LOAD bytes
 *	STORE.release tail	(A)	STORE.release head	(C)
 *
 * A pairs with B: a consumer that sees the tail sees the bytes before it.
 * C pairs with D: a producer that sees the head overwrites only bytes that
 * have been read.
 *
 * Sleeping: whoever finds nothing to do (a consumer with no byte, a producer
 * with no room) lets the kernel arm his want word, looks once more, and sleeps.
 *
 *	publisher			sleeper
 *
 *	STORE position			STORE want
 *	full fence		(E)	full fence		(F)
 *	LOAD want			LOAD position
 *
 * E pairs with F: either the sleeper sees the new position and does not sleep,
 * or the publisher sees the want and rings the doorbell.
 *
 * A consumer that serves an epoll set by itself has a want word of its own
 * (rx_want in its control page), which it arms before it sleeps and takes back
 * when it is awake; the same fences pair.
 */
#ifndef _UAPI_LINUX_SDIRECT_RING_H
#define _UAPI_LINUX_SDIRECT_RING_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/atomic.h>
#define SDIRECT_LOAD(p)			READ_ONCE(*(p))
#define SDIRECT_LOAD_ACQUIRE(p)		smp_load_acquire(p)
#define SDIRECT_STORE_RELEASE(p, v)	smp_store_release(p, v)
#define SDIRECT_FENCE()			smp_mb()
#define SDIRECT_CAS(p, old, new)	try_cmpxchg(p, old, new)
#else
#define SDIRECT_LOAD(p)			__atomic_load_n(p, __ATOMIC_RELAXED)
#define SDIRECT_LOAD_ACQUIRE(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define SDIRECT_STORE_RELEASE(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define SDIRECT_CAS(p, old, new) \
	__atomic_compare_exchange_n(p, old, new, 0, __ATOMIC_SEQ_CST, \
				    __ATOMIC_RELAXED)
#ifdef __SANITIZE_THREAD__
/* The thread sanitizer knows no fences; a read-modify-write is one to it. */
#define SDIRECT_FENCE() \
	do { \
		static int sdirect_fence_word; \
		__atomic_fetch_add(&sdirect_fence_word, 0, __ATOMIC_SEQ_CST); \
	} while (0)
#else
#define SDIRECT_FENCE()			__atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
#endif /* __KERNEL__ */

#define SDIRECT_RING_MIN	4096u		/* bytes */
#define SDIRECT_RING_MAX	(1u << 22)	/* bytes */

/* What sdirect_ring_room() and sdirect_ring_avail() say of a lying peer. */
#define SDIRECT_RING_BAD	(-1)

/**
 * sdirect_ring_room - bytes that the producer may write
 * @size:	of the ring, a power of two
 * @base:	stream position at which the ring begins
 * @tail:	the producer's own position, at least @base
 * @head:	the consumer's position, as read from its page
 *
 * Return: 0 to @size, or SDIRECT_RING_BAD if @head cannot be true.
 */
static inline __s64 sdirect_ring_room(__u32 size, __u64 base, __u64 tail,
				      __u64 head)
{
	__u64 used;

	if (head > tail)
		return SDIRECT_RING_BAD;
	/* The consumer may still be draining what came before this ring. */
	used = tail - (head > base ? head : base);
	if (used > size)
		return SDIRECT_RING_BAD;
	return (__s64)(size - used);
}

/**
 * sdirect_ring_avail - bytes that the consumer may read
 * @size:	of the ring, a power of two
 * @head:	the consumer's own position
 * @tail:	the producer's position, as read from its page
 * @limit:	where the ring ends, SDIRECT_POS_OPEN while that is not known;
 *		read after @tail
 *
 * Return: 0 to @size, or SDIRECT_RING_BAD if @tail cannot be true.
 */
static inline __s64 sdirect_ring_avail(__u32 size, __u64 head, __u64 tail,
				       __u64 limit)
{
	__u64 end = tail < limit ? tail : limit;

	if (end < head || end - head > size)
		return SDIRECT_RING_BAD;
	return (__s64)(end - head);
}

/**
 * sdirect_ring_offset - where a position lives in the ring
 * @size:	of the ring, a power of two
 * @pos:	the stream position
 */
static inline __u32 sdirect_ring_offset(__u32 size, __u64 pos)
{
	return (__u32)(pos & (size - 1));
}

/**
 * sdirect_need_event - must the sleeper be woken?
 * @want:	the sleeper waits for the position to pass this
 * @now:	the position just published
 * @before:	the position published before
 *
 * True exactly when @before <= @want < @now, so a want word fires once and
 * need not be taken back.
 */
static inline int sdirect_need_event(__u64 want, __u64 now, __u64 before)
{
	return want - before < now - before;
}

/**
 * sdirect_ring_publish - store a tail or a head and see who waits for it
 * @word:	tx_tail or rx_head of the publisher's page
 * @want:	rx_want or tx_want of the other end
 * @before:	the position published before
 * @now:	the new position
 *
 * Return: true if the doorbell must be rung.
 */
static inline int sdirect_ring_publish(__u64 *word, const __u64 *want,
				       __u64 before, __u64 now)
{
	SDIRECT_STORE_RELEASE(word, now);	/* A or C */
	SDIRECT_FENCE();			/* E, pairs with F */
	return sdirect_need_event(SDIRECT_LOAD(want), now, before);
}

/* What sdirect_ring_publish_tail() says; both can be true. */
#define SDIRECT_RING_BELL	1	/* the kernel has armed */
#define SDIRECT_RING_NUDGE	2	/* the other end's library has */

/**
 * sdirect_ring_publish_tail - the same for a tail, which two words wait for
 * @tail:	tx_tail of the publisher's page
 * @want:	rx_want of the other end, as the kernel has it
 * @own:	rx_want of the other end's control page
 * @before:	the position published before
 * @now:	the new position
 *
 * Return: SDIRECT_RING_*; not 0 if the doorbell must be rung.
 */
static inline int sdirect_ring_publish_tail(__u64 *tail, const __u64 *want,
					    const __u64 *own, __u64 before,
					    __u64 now)
{
	int bell = 0;

	if (sdirect_ring_publish(tail, want, before, now))
		bell = SDIRECT_RING_BELL;
	if (sdirect_need_event(SDIRECT_LOAD(own), now, before))
		bell |= SDIRECT_RING_NUDGE;
	return bell;
}

/**
 * sdirect_ring_arm - ask to be woken when a position passes @pos
 * @want:	rx_want or tx_want of the sleeper
 * @pos:	the position that the sleeper has seen
 *
 * The word only grows: one of several sleepers that saw an older position must
 * not take back what another has asked for.  The caller looks at the position
 * again before it sleeps.
 *
 * Return: true if the word has grown.  A caller that has seen bytes (room) and
 * does not take all of them must then wake the other sleepers of the same end:
 * a publisher on its way to the word finds the new one, and does not ring for
 * whoever asked for the old one.
 */
static inline int sdirect_ring_arm(__u64 *want, __u64 pos)
{
	__u64 old = SDIRECT_LOAD(want);
	int grown = 0;

	while (old < pos && !grown)
		grown = SDIRECT_CAS(want, &old, pos);
	SDIRECT_FENCE();			/* F, pairs with E */
	return grown;
}

#endif /* _UAPI_LINUX_SDIRECT_RING_H */
