/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
#ifndef SDI_POLLED_H
#define SDI_POLLED_H

#include <poll.h>

#include "entry.h"
#include "io.h"

/* The rest of sdi_poll(): all of them may be on rings. */
int sdi_poll_held(struct pollfd *fds, nfds_t n, int may_wait);

/**
 * sdi_poll - poll(2) as far as the rings tell
 * @fds:	the descriptors
 * @n:		how many
 * @may_wait:	look for a moment, if nothing is ready
 *
 * Return: how many are ready, as poll() does; 0: ask the kernel, because one of
 * them is not on rings, or nothing is ready.
 */
static inline int sdi_poll(struct pollfd *fds, nfds_t n, int may_wait)
{
	const struct sdi_entry *e;

	/* Fewer than any limit of descriptors, which the kernel refuses. */
	if (!n || n > SDI_HELD_MOST || sdi_never_mapped(fds))
		return 0;
	/* Mostly there are none that are, and this is all that it costs. */
	e = sdi_entry_find(fds->fd);
	if (fds->fd >= 0 && (!e || !sdi_entry_made(e)) &&
	    !sdi_thread.held.frame)
		return 0;
	return sdi_poll_held(fds, n, may_wait);
}

/* What a call of this thread holds that was left by a jump is let go. */
void sdi_polled_clean_up(void);

#endif /* SDI_POLLED_H */
