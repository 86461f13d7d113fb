// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "entry.h"

#include <stddef.h>
#include <sys/mman.h>

#include "attach.h"
#include "raw.h"

/* After this many long waits for a lock a descriptor is given up. */
#define STUCK_MOST	8
#define CHUNK_BYTES	(SDI_CHUNK_FDS * sizeof(struct sdi_entry))

uint8_t sdi_known[SDI_FD_MAX] SDI_LAST;

struct sdi_entry *sdi_chunks[SDI_CHUNKS];

static unsigned int known_end;		/* no known descriptor from here on */

struct sdi_entry *sdi_entry_place(int fd)
{
	struct sdi_entry **slot, *chunk, *old = NULL;

	if ((unsigned int)fd >= SDI_FD_MAX)
		return NULL;
	slot = &sdi_chunks[fd / SDI_CHUNK_FDS];
	if (!__atomic_load_n(slot, __ATOMIC_ACQUIRE)) {
		chunk = sdi_wiped_pages(CHUNK_BYTES);
		if (!chunk)
			return NULL;
		if (!__atomic_compare_exchange_n(slot, &old, chunk, 0,
						 __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE))
			sdi_raw(SYS_munmap, chunk, CHUNK_BYTES);
	}
	return sdi_entry_find(fd);
}

static void set_known(int fd, uint8_t what)
{
	unsigned int end = __atomic_load_n(&known_end, __ATOMIC_RELAXED);

	while (end <= (unsigned int)fd &&
	       !__atomic_compare_exchange_n(&known_end, &end, fd + 1, 0,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	__atomic_store_n(&sdi_known[fd], what, __ATOMIC_RELAXED);
}

SDI_HOT void sdi_fd_note(int fd)
{
	if ((unsigned int)fd >= SDI_FD_MAX)
		return;
	/* The number may have been closed behind our back. */
	sdi_fd_drop(fd);
	set_known(fd, SDI_CANDIDATE);
}

void sdi_fd_note_set(int fd)
{
	set_known(fd, SDI_SET_FD);
}

SDI_HOT void sdi_fd_note_tried(int fd)
{
	unsigned int known = sdi_fd_known(fd);

	/* Not where the family is missing: nothing was tried. */
	if (known & SDI_CANDIDATE)
		set_known(fd, (uint8_t)(known | SDI_TRIED));
}

SDI_HOT void sdi_fd_note_spared(int fd)
{
	sdi_fd_drop(fd);
	if ((unsigned int)fd < SDI_FD_MAX)
		set_known(fd, SDI_SPARED);
}

SDI_HOT int sdi_fd_is_spared(int fd)
{
	return (sdi_fd_known(fd) & SDI_SPARED) != 0;
}

static unsigned int lose(int fd, unsigned int what)
{
	return __atomic_fetch_and(&sdi_known[fd], (uint8_t)~what,
				  __ATOMIC_RELAXED);
}

int sdi_fd_end_try(int fd)
{
	return sdi_fd_known(fd) & SDI_TRIED && lose(fd, SDI_TRIED) & SDI_TRIED;
}

void sdi_fd_give_up(int fd)
{
	lose(fd, SDI_CANDIDATE);
}

void sdi_fd_note_nonblock(int fd, int on)
{
	struct sdi_entry *e = sdi_entry_find(fd);

	if (e)
		sdi_entry_set_nonblock(e, on);
}

static void make_stale(struct sdi_entry *e)
{
	uint32_t state = __atomic_load_n(&e->state, __ATOMIC_RELAXED);

	while (state == SDI_MAKING || (state & SDI_STATE_MASK) == SDI_MADE)
		if (__atomic_compare_exchange_n(&e->state, &state, SDI_STALE, 0,
						__ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			break;
	sdi_entry_reap(e);
}

/* Has nothing ever become of it, and no epoll set to do with it? */
static int is_bare(const struct sdi_entry *e)
{
	return __atomic_load_n(&e->state, __ATOMIC_RELAXED) == SDI_FREE &&
	       !__atomic_load_n(&e->set, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&e->member.set, __ATOMIC_RELAXED);
}

static void forget_hints(struct sdi_entry *e)
{
	__atomic_store_n(&e->slow, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&e->wait, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&e->stuck, 0, __ATOMIC_RELAXED);
}

SDI_HOT void sdi_fd_drop(int fd)
{
	struct sdi_entry *e = sdi_entry_find(fd);

	/* A guest in its parent's memory closes it in a table of its own. */
	if (e && __atomic_load_n(&e->set, __ATOMIC_RELAXED) &&
	    !sdi_self_is_owner())
		return;
	if (sdi_fd_known(fd))
		__atomic_store_n(&sdi_known[fd], 0, __ATOMIC_RELAXED);
	if (!e)
		return;
	forget_hints(e);
	/* Most are closed before they have been mapped. */
	if (is_bare(e))
		return;
	sdi_set_drop(fd);
	sdi_set_release(e);
	make_stale(e);
}

static int *error_of(struct sdi_entry *e, uint32_t kept)
{
	return kept == SDI_TX_KEPT ? &e->tx_error : &e->rx_error;
}

static void mark_kept(struct sdi_entry *e, uint32_t kept, uint32_t on)
{
	uint32_t state = __atomic_load_n(&e->state, __ATOMIC_RELAXED);

	while ((state & SDI_STATE_MASK) == SDI_MADE)
		if (__atomic_compare_exchange_n(&e->state, &state,
						(state & ~kept) | on, 0,
						__ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			break;
}

void sdi_entry_keep_error(struct sdi_entry *e, uint32_t kept, int err)
{
	*error_of(e, kept) = err;
	mark_kept(e, kept, kept);
}

int sdi_entry_take_error(struct sdi_entry *e, uint32_t kept)
{
	int err = *error_of(e, kept);

	if (err) {
		*error_of(e, kept) = 0;
		mark_kept(e, kept, 0);
	}
	return err;
}

void sdi_entry_stuck(struct sdi_entry *e, int fd)
{
	if (__atomic_add_fetch(&e->stuck, 1, __ATOMIC_RELAXED) >= STUCK_MOST)
		sdi_fd_drop(fd);
}

void sdi_fd_drop_range(unsigned int first, unsigned int last)
{
	unsigned int end = __atomic_load_n(&known_end, __ATOMIC_RELAXED);

	for (unsigned int fd = first; fd <= last && fd < end; fd++)
		if (sdi_known[fd])
			sdi_fd_drop((int)fd);
}
