/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* The epoll calls on a set that sdi_set_find() knows; see set.h. */
#ifndef SDI_SERVE_H
#define SDI_SERVE_H

#include <signal.h>
#include <time.h>

#include "set.h"

/**
 * struct sdi_wait - the arguments of one epoll_wait()
 * @ep:		the set's descriptor
 * @ev:		where to
 * @max:	how many, above 0
 * @timeout:	a valid time; NULL: for ever
 * @mask:	as epoll_pwait() has it
 */
struct sdi_wait {
	int ep;
	struct epoll_event *ev;
	int max;
	const struct timespec *timeout;
	const sigset_t *mask;
};

/* Both return -errno. */
int sdi_epoll_ctl(struct sdi_set *s, int ep, int op, int fd,
		  struct epoll_event *ev);
int sdi_epoll_wait(struct sdi_set *s, const struct sdi_wait *w);

#endif /* SDI_SERVE_H */
