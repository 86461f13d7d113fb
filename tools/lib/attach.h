/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Getting, losing and giving back a lease. */
#ifndef SDI_ATTACH_H
#define SDI_ATTACH_H

#include "entry.h"

/* The directions whose lock the caller holds */
#define SDI_HOLDS_TX	0x1
#define SDI_HOLDS_RX	0x2

/**
 * sdi_entry_attach - map the rings of a descriptor, again if need be
 * @e:		its entry
 * @fd:		the descriptor
 * @tid:	of the caller
 * @holds:	SDI_HOLDS_*; the other lock is tried
 *
 * Return: 0, or -errno; -EBUSY if the other lock was taken.
 */
int sdi_entry_attach(struct sdi_entry *e, int fd, uint32_t tid,
		     unsigned int holds);

/**
 * sdi_entry_earn - called before each data call that has no lease
 * @e:		the entry
 * @fd:		its descriptor
 * @tid:	of the caller
 * @holds:	SDI_HOLDS_*
 *
 * Tries to attach once enough calls have come by.
 *
 * Return: 1 if the entry was attached now.
 */
int sdi_entry_earn(struct sdi_entry *e, int fd, uint32_t tid,
		   unsigned int holds);

/* Unmaps a stale entry if nobody works on it. */
void sdi_entry_reap(struct sdi_entry *e);

/**
 * sdi_lookup - the entry of a descriptor that is on rings
 * @fd:		any number
 *
 * Counts a data call on a candidate, and may attach it.
 *
 * Return: NULL if the descriptor has to be served by a plain system call.
 */
struct sdi_entry *sdi_lookup(int fd);

/* The same, when it is not attached. */
struct sdi_entry *sdi_lookup_more(int fd);

/* The same as sdi_lookup(), for callers in the library. */
static inline struct sdi_entry *sdi_lookup_here(int fd)
{
	struct sdi_entry *e = sdi_entry_find(fd);
	uint32_t state = e ? __atomic_load_n(&e->state, __ATOMIC_ACQUIRE) : 0;

	/* One that is being made is waited for at its lock. */
	if ((state & SDI_STATE_MASK) == SDI_MADE || state == SDI_MAKING)
		return e;
	return sdi_lookup_more(fd);
}

#endif /* SDI_ATTACH_H */
