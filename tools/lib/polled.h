/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
#ifndef SDI_POLLED_H
#define SDI_POLLED_H

#include <poll.h>


/**
 * sdi_poll - poll(2) as far as the rings tell
 * @fds:	the descriptors
 * @n:		how many
 * @may_wait:	look for a moment, if nothing is ready
 *
 * Return: how many are ready, as poll() does; 0: ask the kernel, because one of
 * them is not on rings, or nothing is ready.
 */
int sdi_poll(struct pollfd *fds, nfds_t n, int may_wait);

/* What a call of this thread holds that was left by a jump is let go. */
void sdi_polled_clean_up(void);

#endif /* SDI_POLLED_H */
