// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "polled.h"

#include "entry.h"
#include "io.h"
#include "look.h"

/* Fewer than any limit of descriptors, beyond which the kernel refuses. */
#define MOST	16

struct polled {
	const struct pollfd *fds;
	nfds_t n;
	short revents[MOST];
};

/* Not 0: something is ready, or only the kernel knows, which is negative. */
static int look(void *arg)
{
	struct polled *p = arg;
	struct sdi_entry *e;
	uint32_t bits;
	int ready = 0;

	for (nfds_t i = 0; i < p->n; i++) {
		p->revents[i] = 0;
		if (p->fds[i].fd < 0)
			continue;
		e = sdi_entry_find(p->fds[i].fd);
		bits = e ? sdi_look_now(e, (uint16_t)p->fds[i].events) :
			   SDI_LOOK_LEAVE;
		if (bits == SDI_LOOK_LEAVE)
			return -1;
		p->revents[i] = (short)bits;
		ready += !!bits;
	}
	return ready;
}

int sdi_poll(struct pollfd *fds, nfds_t n, int may_wait)
{
	struct polled p = { .fds = fds, .n = n };
	int ready;

	if (!sdi_process || !n || n > MOST || sdi_never_mapped(fds))
		return 0;
	sdi_views_hold();
	ready = look(&p);
	if (!ready && may_wait && sdi_may_spin &&
	    sdi_spin_until(&sdi_thread.poll_spin, look, &p))
		ready = look(&p);
	sdi_views_release();
	if (ready <= 0)
		return 0;
	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = p.revents[i];
	return ready;
}
