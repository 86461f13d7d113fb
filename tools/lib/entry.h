/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * What the library knows about a descriptor.
 *
 * Two things are kept apart.  sdi_known[] says which descriptors may be worth
 * attaching; a forked child inherits it.  A struct sdi_entry is what became
 * of that in this address space; a forked child finds all of them empty,
 * because the mappings are not inherited either.
 *
 *	FREE ----> MAKING ----> MADE		by a thread with both locks
 *	  ^           |           |
 *	  |           v           |
 *	  +-------- STALE <-------+		by anyone, with no lock
 *
 * An entry becomes STALE when its descriptor is closed or handed to something
 * we cannot follow.  It is cleaned up (STALE -> FREE, or MAKING for the next) by
 * whoever finds both locks free, and nobody who looks at it, so that no page goes
 * away under a thread that works on it.
 */
#ifndef SDI_ENTRY_H
#define SDI_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "lock.h"
#include "place.h"
#include "self.h"
#include "set.h"
#include "spin.h"
#include "view.h"

#define SDI_FD_MAX	(1 << 20)

/* In sdi_known[]: a stream socket; try to attach */
#define SDI_CANDIDATE	1u
/* An epoll set. */
#define SDI_SET_FD	2u
/* Opened by the program itself, to connect as far as we know; not mapped yet. */
#define SDI_TRIED	4u
/* Such a one of plain TCP's, with which nothing has been done yet. */
#define SDI_SPARED	8u

enum sdi_state {
	SDI_FREE	= 0,
	SDI_MAKING	= 1,
	SDI_MADE	= SDI_MARK,	/* and by which process */
	SDI_STALE	= 3,
};

#define SDI_STATE_MASK	3u
/* Beside MADE: an error is kept, so that no quick call passes it by. */
#define SDI_TX_KEPT	(1u << 30)
#define SDI_RX_KEPT	(1u << 31)

/**
 * struct sdi_entry - one descriptor in this address space
 * @state:	enum sdi_state; if MADE, as in sdi_mark_of(), and SDI_*_KEPT
 * @nonblock:	0: it has no O_NONBLOCK, as far as we know; else the number of
 *		forks, plus 1, when we knew that it has
 * @slow:	data calls since the last try to attach
 * @wait:	data calls before the next
 * @stuck:	how often a lock was not to be had though its holder works
 * @unleased:	the loss of a lease has been noticed
 * @reserved:	bytes given out by sdirect_reserve(), plus 1
 * @reserved_at:	where they begin
 * @peeked:	bytes given out by sdirect_peek(), plus 1
 * @tx_error:	errno of a call that had sent something, for the next one
 * @rx_error:	the same of a call that had received something
 * @lookers:	who looks at @view with none of the locks; see sdi_entry_hold()
 * @tx_full:	a send has found no room, and an epoll set not yet that there is
 * @set:	if it is an epoll set: what we know of it
 * @member:	if an epoll set has it: what we know of that
 * @moved:	positions (sent plus read) when the lease was given
 * @view:	the mapped pages
 * @tx_map:	what to unmap
 * @rx_map:	the same
 * @tx_length:	of @tx_map
 * @rx_length:	of @rx_map
 * @tx_lock:	for the send direction
 * @rx_lock:	for the receive direction
 * @tx_spin:	protected by @tx_lock
 * @rx_spin:	protected by @rx_lock
 * @tx_moved:	by a quick call of which something is left to do
 * @rx_moved:	the same
 *
 * @view.tx and what begins with @tx are protected by @tx_lock, so is @reserved;
 * @view.rx, what begins with @rx and @peeked by @rx_lock; @member by the lock of
 * its set; the rest by both; @slow, @wait and @tx_full are hints that may be lost.
 */
struct sdi_entry {
	uint32_t state __attribute__((aligned(SDIRECT_LINE)));
	uint32_t nonblock;
	uint32_t slow;
	uint32_t wait;
	uint32_t stuck;
	uint32_t unleased;
	uint32_t lookers;
	uint32_t tx_full;
	uint64_t moved;
	struct sdirect_view view;
	void *tx_map;
	void *rx_map;
	uint64_t tx_length;
	uint64_t rx_length;
	uint32_t tx_lock __attribute__((aligned(SDIRECT_LINE)));
	struct sdi_spin tx_spin;
	int tx_error;
	struct sdi_moved tx_moved;
	uint64_t reserved;
	uint64_t reserved_at;
	uint32_t rx_lock __attribute__((aligned(SDIRECT_LINE)));
	struct sdi_spin rx_spin;
	int rx_error;
	struct sdi_moved rx_moved;
	uint64_t peeked;
	struct sdi_set *set;
	struct sdi_member member;
};

extern uint8_t sdi_known[SDI_FD_MAX] SDI_HIDDEN;

/* Where entries are, so many descriptors each. */
#define SDI_CHUNK_FDS	256u
#define SDI_CHUNKS	(SDI_FD_MAX / SDI_CHUNK_FDS)

extern struct sdi_entry *sdi_chunks[SDI_CHUNKS] SDI_HIDDEN;

static inline struct sdi_entry *
sdi_entry_in(struct sdi_entry *const *chunks, int fd)
{
	unsigned int at = (unsigned int)fd;
	struct sdi_entry *chunk;

	if (at >= SDI_FD_MAX)
		return NULL;
	chunk = __atomic_load_n(&chunks[at / SDI_CHUNK_FDS], __ATOMIC_ACQUIRE);
	return chunk ? &chunk[at % SDI_CHUNK_FDS] : NULL;
}

/* The entry of a descriptor if its place exists, else NULL. */
static inline struct sdi_entry *sdi_entry_find(int fd)
{
	return sdi_entry_in(sdi_chunks, fd);
}

/* The same, but makes the place; NULL without memory. */
struct sdi_entry *sdi_entry_place(int fd);

static inline int sdi_entry_made(const struct sdi_entry *e)
{
	uint32_t word = __atomic_load_n(&e->state, __ATOMIC_ACQUIRE);

	return (word & SDI_STATE_MASK) == SDI_MADE;
}

/* With the lock of its direction: for the next call, and for that alone. */
void sdi_entry_keep_error(struct sdi_entry *e, uint32_t kept, int err);
/* Return: what was kept, or 0. */
int sdi_entry_take_error(struct sdi_entry *e, uint32_t kept);

/*
 * By this process, with nothing kept, and this thread has an id that is of it as
 * well.
 */
static inline int sdi_entry_made_here(const struct sdi_entry *e)
{
	return __atomic_load_n(&e->state, __ATOMIC_ACQUIRE) == sdi_thread.mark;
}

/* SDI_CANDIDATE and the like, 0 for a descriptor that is of no interest. */
static inline unsigned int sdi_fd_known(int fd)
{
	if ((unsigned int)fd >= SDI_FD_MAX)
		return 0;
	return __atomic_load_n(&sdi_known[fd], __ATOMIC_RELAXED);
}

/*
 * While an entry is held its pages do not go away, whoever drops the descriptor:
 * G pairs with H in attach.c.
 */
static inline void sdi_entry_hold(struct sdi_entry *e)
{
	if (__libc_single_threaded) {
		e->lookers++;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	} else {
		__atomic_add_fetch(&e->lookers, 1, __ATOMIC_SEQ_CST);	/* G */
	}
}

static inline void sdi_entry_let_go(struct sdi_entry *e)
{
	if (__libc_single_threaded) {
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		e->lookers--;
	} else {
		__atomic_sub_fetch(&e->lookers, 1, __ATOMIC_RELEASE);
	}
}

static inline void sdi_entry_set_nonblock(struct sdi_entry *e, int on)
{
	uint32_t forks = __atomic_load_n(&sdi_process->forks, __ATOMIC_RELAXED);

	__atomic_store_n(&e->nonblock, on ? forks + 1 : 0, __ATOMIC_RELAXED);
}

/* It was set, and no child can have taken that back. */
static inline int sdi_entry_is_nonblock(const struct sdi_entry *e)
{
	return __atomic_load_n(&e->nonblock, __ATOMIC_RELAXED) ==
	       __atomic_load_n(&sdi_process->forks, __ATOMIC_RELAXED) + 1;
}

/* A new stream socket has appeared. */
void sdi_fd_note(int fd);
/* A new epoll set. */
void sdi_fd_note_set(int fd);
/* A new socket of the program, a candidate or not. */
void sdi_fd_note_tried(int fd);
/* One that was made TCP's. */
void sdi_fd_note_spared(int fd);
/* Return: is it such a one, and nothing has been done with it yet? */
int sdi_fd_is_spared(int fd);
/* It has been mapped, or listens: it is no try any more.  Return: it was one. */
int sdi_fd_end_try(int fd);
/* Its O_NONBLOCK is now @on. */
void sdi_fd_note_nonblock(int fd, int on);
/* It will never be mapped. */
void sdi_fd_give_up(int fd);
/* It goes away, or out of our sight: system calls from now on. */
void sdi_fd_drop(int fd);
void sdi_fd_drop_range(unsigned int first, unsigned int last);

/* One of its locks was not to be had; gives up a descriptor on which that is
 * the rule.
 */
void sdi_entry_stuck(struct sdi_entry *e, int fd);

/**
 * sdi_entry_lock - lock one direction of a descriptor that is on rings
 * @e:		its entry
 * @lock:	one of its locks
 * @fd:		the descriptor
 * @tid:	of the caller
 *
 * Return: 0 if the caller has to make a plain system call instead.
 */
static inline int sdi_entry_lock(struct sdi_entry *e, uint32_t *lock, int fd,
				 uint32_t tid)
{
	enum sdi_locked got = sdi_lock(lock, tid);

	if (__builtin_expect(got == SDI_LOCK_STUCK, 0))
		sdi_entry_stuck(e, fd);
	return got == SDI_LOCKED;
}

#endif /* SDI_ENTRY_H */
