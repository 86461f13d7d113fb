/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
#ifndef POLL_H
#define POLL_H

#include <poll.h>
#include <sys/select.h>

/* Sets among these descriptors are waited for: the kernel's to serve. */
void shim_give_up_polled(struct pollfd *fds, nfds_t n);
void shim_give_up_selected(int n, const fd_set *in, const fd_set *out,
			   const fd_set *except);

#endif /* POLL_H */
