/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Who we are: process, thread, number of CPUs. */
#ifndef SDI_SELF_H
#define SDI_SELF_H

#include <stdint.h>

#include "place.h"
#include "spin.h"

struct sdi_entry;
struct sdi_set;

#define SDI_SETS	32	/* epoll sets that can be served from rings */

/**
 * struct sdi_process - lives in a page that a forked child finds empty
 * @pid:	of this process; 0 in a child until it first needs it
 * @forks:	that may have left a child who shares our descriptors
 * @served:	how many sets we serve
 * @secret:	upper half of the tokens that stand for data in sets
 * @sets:	those that ever were; see set.c
 */
struct sdi_process {
	uint32_t pid;
	uint32_t forks;
	uint32_t served;
	uint32_t secret;
	struct sdi_set *sets[SDI_SETS];
};

#define SDI_HELD_MOST	16	/* descriptors that poll() looks at in user space */

/**
 * struct sdi_held - whose views a call of this thread looks at
 * @frame:	of that call, 0 if there is none
 * @count:	how many
 * @entry:	which
 */
struct sdi_held {
	uintptr_t frame;
	uint32_t count;
	struct sdi_entry *entry[SDI_HELD_MOST];
};

/**
 * struct sdi_thread - what a thread remembers of itself
 * @tid:	its id
 * @mark:	the process that this was true in, as in sdi_mark_of(); else no
 *		entry has it
 * @poll_spin:	what poll() has learned
 * @held:	by poll()
 * @rung_holder:	whom the last doorbell for an epoll set has woken
 * @rung_sleep:	from which of its sleeps
 */
struct sdi_thread {
	uint32_t tid;
	uint32_t mark;
	struct sdi_spin poll_spin;
	struct sdi_held held;
	uint64_t rung_holder;
	uint64_t rung_sleep;
};

extern struct sdi_process *sdi_process SDI_HIDDEN;
extern long sdi_page_size;
extern int sdi_may_spin;
extern __thread struct sdi_thread sdi_thread
	__attribute__((tls_model("initial-exec"))) SDI_HIDDEN;

/* Set once from a constructor; a second call does nothing. */
void sdi_self_init(void);

/* Of the shim: the copy of the library that is a part of it has this. */
extern SDI_HIDDEN const char sdi_shim __attribute__((weak));

/*
 * True in another copy of the library than the shim's, where there is one: a lease
 * has one holder in a process, so this one does without rings.  It is called by
 * programs that have it linked in, or look up its functions by its handle.
 */
int sdi_self_yields(void);

/* A private page range that a forked child finds empty; NULL on failure. */
void *sdi_wiped_pages(unsigned long len);

uint32_t sdi_self_learn(void);

/* True unless we are a vfork child, that is, a guest in a parent's memory. */
int sdi_self_is_owner(void);

/* What a process is known by in entries that it has made; see entry.h. */
#define SDI_MARK	2u
#define SDI_NO_MARK	~0u

static inline uint32_t sdi_mark_of(uint32_t pid)
{
	return pid << 2 | SDI_MARK;
}

/* 0 while that is not known, as after a fork. */
static inline uint32_t sdi_self_known(void)
{
	uint32_t pid = __atomic_load_n(&sdi_process->pid, __ATOMIC_RELAXED);

	return __builtin_expect(sdi_thread.mark == sdi_mark_of(pid), 1) ?
	       sdi_thread.tid : 0;
}

static inline uint32_t sdi_self(void)
{
	uint32_t tid = sdi_self_known();

	return __builtin_expect(tid != 0, 1) ? tid : sdi_self_learn();
}

#endif /* SDI_SELF_H */
