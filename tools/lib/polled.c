// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "polled.h"

#include <signal.h>
#include <stddef.h>

#include "attach.h"
#include "entry.h"
#include "io.h"
#include "look.h"
#include "raw.h"

/* What a thread looks at has its place in there, until it looks away. */
#define HELD	(&sdi_thread.held)

/* A handler's frames are further below those of what it has interrupted. */
#define SIGNAL_FRAME	1000
/* Of one stack, as far as that can be told. */
#define STACK_MOST	(1u << 20)

static int on_other_stack(void)
{
	stack_t now = { 0 };

	return !sdi_raw(SYS_sigaltstack, NULL, &now) &&
	       now.ss_flags & SS_ONSTACK;
}

/* Has a function of this thread been left by a jump?  Stacks grow down. */
static int is_gone(uintptr_t frame, uintptr_t mine)
{
	return mine + SIGNAL_FRAME > frame && mine < frame + STACK_MOST &&
	       !on_other_stack();
}

/* False if one of them is not ours to look at. */
static int hold(const struct pollfd *fds, nfds_t n, uintptr_t frame)
{
	struct sdi_entry *e;

	HELD->frame = frame;
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].fd < 0)
			continue;
		e = sdi_entry_find(fds[i].fd);
		/* Or it would be held for nothing, each time. */
		if (!e || !sdi_entry_made(e))
			return 0;
		sdi_entry_hold(e);
		HELD->entry[HELD->count++] = e;
	}
	return 1;
}

static void let_go(void)
{
	struct sdi_entry *e;

	while (HELD->count) {
		/* In this order: a jump in between costs one's pages, at worst. */
		e = HELD->entry[--HELD->count];
		sdi_entry_let_go(e);
		/* Dropped meanwhile. */
		sdi_entry_reap(e);
	}
	HELD->frame = 0;
}

void sdi_polled_clean_up(void)
{
	uintptr_t mine = (uintptr_t)__builtin_frame_address(0);

	if (HELD->frame && is_gone(HELD->frame, mine))
		let_go();
}

struct polled {
	const struct pollfd *fds;
	nfds_t n;
	short revents[SDI_HELD_MOST];
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

static int look_for_a_moment(struct polled *p, int may_wait)
{
	int ready = look(p);

	if (!ready && may_wait && sdi_may_spin &&
	    sdi_spin_until(&sdi_thread.poll_spin, look, p))
		ready = look(p);
	return ready;
}

int sdi_poll_held(struct pollfd *fds, nfds_t n, int may_wait)
{
	struct polled p = { .fds = fds, .n = n };
	int ready = 0;

	if (!sdi_process)
		return 0;
	if (HELD->frame)
		sdi_polled_clean_up();
	/* A signal handler in the middle of such a call. */
	if (HELD->frame)
		return 0;
	if (hold(fds, n, (uintptr_t)__builtin_frame_address(0)))
		ready = look_for_a_moment(&p, may_wait);
	let_go();
	for (nfds_t i = 0; ready > 0 && i < n; i++)
		fds[i].revents = p.revents[i];
	return ready > 0 ? ready : 0;
}
