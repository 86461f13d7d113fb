// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* What an operation on a ring leaves to be done by system call. */
#include <stddef.h>
#include <sys/ioctl.h>

#include "io.h"
#include "spin.h"
#include "sys.h"

static int ring(const struct sdi_entry *e, int fd)
{
	uint64_t begin;
	int err;

	/* Who does not look need not know how long to. */
	if (!sdi_may_spin || !sdi_spin_times_bells(&e->rx_spin))
		return sdi_sys.ioctl(fd, SDIRECT_IOC_DOORBELL, NULL);
	begin = sdi_spin_now();
	err = sdi_sys.ioctl(fd, SDIRECT_IOC_DOORBELL, NULL);
	sdi_spin_rang(sdi_spin_now() - begin);
	return err;
}

/*
 * The other end, if it sleeps for a set, has armed many rings for one sleep;
 * the first doorbell of ours ends that, and it looks at all of them.
 */
void sdi_ring_bell(const struct sdi_entry *e, int fd,
		   const struct sdi_moved *m)
{
	const struct sdirect_view *v = &e->view;
	uint64_t holder, sleep;

	if (!(m->todo & SDI_NUDGE)) {
		if (m->todo & SDI_BELL)
			ring(e, fd);
		return;
	}
	holder = SDIRECT_LOAD(&v->other->rx_holder);
	sleep = SDIRECT_LOAD(&v->peer->rx_sleep);
	if (!(m->todo & SDI_BELL) && sleep && sdi_thread.rung_sleep == sleep &&
	    sdi_thread.rung_holder == holder)
		return;
	if (ring(e, fd))
		return;
	sdi_thread.rung_holder = holder;
	sdi_thread.rung_sleep = sleep;
}

static size_t landed(const struct sdi_moved *m, uint64_t final)
{
	if (final <= m->start)
		return 0;
	return final - m->start < m->count ? final - m->start : m->count;
}

/* Where SETTLE fails the socket is gone, and nobody will miss the bytes. */
size_t sdi_settle_tx(int fd, const struct sdi_moved *m)
{
	struct sdirect_settle s;

	if (!(m->todo & SDI_SETTLE) || !m->count ||
	    sdi_sys.ioctl(fd, SDIRECT_IOC_SETTLE, &s))
		return m->count;
	return landed(m, s.tx_final);
}

size_t sdi_settle_rx(int fd, const struct sdi_moved *m)
{
	struct sdirect_settle s;

	if (!(m->todo & SDI_SETTLE) || !m->count ||
	    sdi_sys.ioctl(fd, SDIRECT_IOC_SETTLE, &s))
		return m->count;
	return landed(m, s.rx_final);
}
