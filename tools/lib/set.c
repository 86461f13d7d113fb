// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "set.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/random.h>

#include "attach.h"
#include "entry.h"
#include "member.h"
#include "raw.h"

/* What nobody else in this process has, or can guess. */
static uint32_t random_word(const void *else_this)
{
	uint32_t word = (uint32_t)(uintptr_t)else_this;

	sdi_raw(SYS_getrandom, &word, sizeof(word), GRND_NONBLOCK);
	return word;
}

/* The upper half of our tokens: not that of a small number or a negative one. */
static void choose_secret(void)
{
	uint32_t word = random_word(sdi_process), none = 0;

	if (!word || word == ~0u)
		word = 0x5d15d15d;
	__atomic_compare_exchange_n(&sdi_process->secret, &none, word, 0,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* A new one in an empty place, or NULL. */
static struct sdi_set *make(struct sdi_set **place)
{
	struct sdi_set *none = NULL, *s = sdi_wiped_pages(sizeof(*s));

	if (!s)
		return NULL;
	if (__atomic_compare_exchange_n(place, &none, s, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return s;
	sdi_raw(SYS_munmap, s, sizeof(*s));
	return none;
}

/* One that nobody uses, locked; NULL if there are too many. */
static struct sdi_set *take(void)
{
	struct sdi_set *s;

	for (int i = 0; i < SDI_SETS; i++) {
		s = __atomic_load_n(&sdi_process->sets[i], __ATOMIC_ACQUIRE);
		if (!s)
			s = make(&sdi_process->sets[i]);
		if (!s)
			return NULL;
		if (__atomic_load_n(&s->used, __ATOMIC_RELAXED) ||
		    sdi_owner_lock(&s->owner, 0) != SDI_OWNED)
			continue;
		if (!s->used && !s->broken)
			return s;
		sdi_owner_unlock(&s->owner);
	}
	return NULL;
}

void sdi_set_note(int fd)
{
	struct sdi_entry *e = sdi_process ? sdi_entry_place(fd) : NULL;
	struct sdi_set *s;

	if (!e || !sdi_self_is_owner())
		return;
	/* The number may have been closed behind our back. */
	sdi_fd_drop(fd);
	s = take();
	if (!s)
		return;
	__atomic_store_n(&s->used, 1, __ATOMIC_RELAXED);
	s->fd = fd;
	choose_secret();
	s->sleep = (uint64_t)random_word(s) << 32;
	s->served = 1;
	__atomic_add_fetch(&sdi_process->served, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&s->give_up, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->news, 0, __ATOMIC_RELAXED);
	s->inside = 0;
	s->asleep = 0;
	s->rounds = 0;
	sdi_spin_init(&s->spin);
	sdi_owner_unlock(&s->owner);
	__atomic_store_n(&e->set, s, __ATOMIC_RELEASE);
	sdi_fd_note_set(fd);
}

SDI_HOT int sdi_set_any(void)
{
	return sdi_process &&
	       __atomic_load_n(&sdi_process->served, __ATOMIC_RELAXED);
}

struct sdi_set *sdi_set_find(int fd)
{
	struct sdi_entry *e = sdi_entry_find(fd);

	return e ? __atomic_load_n(&e->set, __ATOMIC_ACQUIRE) : NULL;
}

/* ---- the lock ---- */

int sdi_set_try(struct sdi_set *s, int patient)
{
	enum sdi_owned got = sdi_owner_lock(&s->owner, patient);

	if (got == SDI_OWNED_ANEW) {
		s->broken = 1;
		s->inside = 0;
		s->asleep = 0;
		sdi_set_hand_over(s);
		return 1;
	}
	return got == SDI_OWNED;
}

/*
 * Whoever has the lock may not come back.  What he tells the kernel after us he
 * takes back himself when he sees that it was given up.
 */
static void abandon(struct sdi_set *s)
{
	struct sdi_entry *e;

	if (__atomic_exchange_n(&s->give_up, 1, __ATOMIC_SEQ_CST) || !s->served)
		return;
	for (int i = 0; i < SDI_SET_MOST; i++) {
		e = __atomic_load_n(&s->all[i], __ATOMIC_RELAXED);
		if (e && e->member.set == s)
			sdi_member_abandon(e);
	}
	e = __atomic_load_n(&s->moving, __ATOMIC_RELAXED);
	if (e && e->member.set == s)
		sdi_member_abandon(e);
}

static int is_given_up(const struct sdi_set *s)
{
	return __atomic_load_n(&s->give_up, __ATOMIC_RELAXED) && s->served;
}

int sdi_set_lock(struct sdi_set *s)
{
	/* Who has given it up need not wait for who does not come back. */
	int patient = !__atomic_load_n(&s->give_up, __ATOMIC_RELAXED);

	if (!sdi_set_try(s, patient)) {
		abandon(s);
		return 0;
	}
	if (is_given_up(s))
		sdi_set_hand_over(s);
	return 1;
}

/* Entries that were dropped by a signal handler, on top of who had the lock. */
static void clean_up(struct sdi_set *s)
{
	struct sdi_entry *e;

	for (uint32_t i = s->end[SDI_COLD]; i--;) {
		e = s->all[i];
		if (!e || !__atomic_load_n(&e->member.left, __ATOMIC_RELAXED))
			continue;
		sdi_member_hand_over(e);
		sdi_entry_reap(e);
	}
}

static void finish_drop(struct sdi_set *s)
{
	sdi_set_hand_over(s);
	s->fd = -1;
	s->generation++;
	__atomic_store_n(&s->dropped, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->used, 0, __ATOMIC_RELAXED);
}

void sdi_set_unlock(struct sdi_set *s)
{
	if (__atomic_load_n(&s->stale, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(&s->stale, 0, __ATOMIC_RELAXED))
		clean_up(s);
	/* By one who has interrupted us. */
	if (is_given_up(s))
		sdi_set_hand_over(s);
	if (__atomic_load_n(&s->dropped, __ATOMIC_RELAXED))
		finish_drop(s);
	sdi_owner_unlock(&s->owner);
}

/* ---- back to the kernel ---- */

/* What the last owner has left half done is put right, too. */
void sdi_set_hand_over(struct sdi_set *s)
{
	struct sdi_entry *e;

	__atomic_store_n(&s->give_up, 1, __ATOMIC_RELAXED);
	if (!s->served)
		return;
	s->served = 0;
	__atomic_sub_fetch(&sdi_process->served, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < SDI_SET_MOST; i++) {
		e = s->all[i];
		if (!e)
			continue;
		if (e->member.set == s)
			sdi_member_give_back(e);
		s->all[i] = NULL;
	}
	e = s->moving;
	if (e && e->member.set == s)
		sdi_member_give_back(e);
	s->moving = NULL;
	for (int i = 0; i < SDI_ZONES; i++)
		s->end[i] = 0;
}

static void give_up(struct sdi_set *s, int fd)
{
	/* A guest in its parent's memory has a descriptor table of its own. */
	if (!sdi_self_is_owner() || !sdi_set_lock(s))
		return;
	/* Its memory may serve another by now. */
	if (s->fd == fd)
		sdi_set_hand_over(s);
	sdi_set_unlock(s);
}

void sdi_set_give_up(int fd)
{
	struct sdi_set *s = sdi_set_find(fd);

	if (s && !__atomic_load_n(&s->give_up, __ATOMIC_RELAXED))
		give_up(s, fd);
}

void sdi_set_drop(int fd)
{
	struct sdi_entry *e = sdi_entry_find(fd);
	struct sdi_set *s = sdi_set_find(fd);

	if (!s || !sdi_self_is_owner())
		return;
	if (sdi_set_lock(s)) {
		if (s->fd == fd && e->set == s)
			finish_drop(s);
		sdi_set_unlock(s);
	} else {
		/* The kernel has it; the number may soon mean another. */
		__atomic_store_n(&s->fd, -1, __ATOMIC_RELAXED);
		__atomic_store_n(&s->dropped, 1, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&e->set, NULL, __ATOMIC_RELEASE);
}

void sdi_set_release(struct sdi_entry *e)
{
	struct sdi_set *s = __atomic_load_n(&e->member.set, __ATOMIC_RELAXED);

	if (!s)
		return;
	__atomic_store_n(&e->member.left, 1, __ATOMIC_SEQ_CST);	/* I */
	/* What the kernel has never been told of is forgotten later. */
	if (!__atomic_load_n(&e->member.told, __ATOMIC_SEQ_CST) ||
	    !sdi_self_is_owner() || !sdi_set_lock(s))
		return;
	if (e->member.set == s)
		sdi_member_hand_over(e);
	sdi_set_unlock(s);
}

/* ---- zones ---- */

static void put_at(struct sdi_set *s, struct sdi_entry *e, uint32_t place)
{
	__atomic_store_n(&s->all[place], e, __ATOMIC_RELAXED);
	e->member.place = place;
}

/* Whoever interrupts this finds all of them, in @all or in @moving. */
static void swap(struct sdi_set *s, uint32_t a, uint32_t b)
{
	struct sdi_entry *e = s->all[a];

	__atomic_store_n(&s->moving, e, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	put_at(s, s->all[b], a);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	put_at(s, e, b);
}

enum sdi_zone sdi_set_zone(const struct sdi_entry *e)
{
	const struct sdi_set *s = e->member.set;
	enum sdi_zone zone = SDI_ACTIVE;

	while (e->member.place >= s->end[zone])
		zone++;
	return zone;
}

void sdi_set_move(struct sdi_entry *e, enum sdi_zone to)
{
	struct sdi_set *s = e->member.set;
	enum sdi_zone at;

	if (!s)
		return;
	at = sdi_set_zone(e);
	for (; at < to; at++)
		swap(s, e->member.place, --s->end[at]);
	for (; at > to; at--)
		swap(s, e->member.place, s->end[at - 1]++);
}

int sdi_set_enter(struct sdi_set *s, struct sdi_entry *e, int fd)
{
	uint32_t serial = e->member.serial;

	if (s->end[SDI_COLD] == SDI_SET_MOST)
		return 0;
	e->member = (struct sdi_member) { .fd = fd, .serial = serial + 1 };
	/* Whoever replaces its pages sees this, or we see that: J, in attach.c */
	__atomic_store_n(&e->member.set, s, __ATOMIC_SEQ_CST);
	put_at(s, e, s->end[SDI_COLD]++);
	return 1;
}

void sdi_set_forget(struct sdi_entry *e)
{
	struct sdi_set *s = e->member.set;

	if (!s)
		return;
	sdi_set_move(e, SDI_COLD);
	swap(s, e->member.place, --s->end[SDI_COLD]);
	__atomic_store_n(&s->all[e->member.place], NULL, __ATOMIC_RELAXED);
	s->moving = NULL;
	__atomic_store_n(&e->member.set, NULL, __ATOMIC_RELEASE);
}

/* ---- fork ---- */

/* The child could wait for them too. */
void sdi_set_before_fork(void)
{
	struct sdi_set *s;

	if (!sdi_process)
		return;
	__atomic_add_fetch(&sdi_process->forks, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < SDI_SETS; i++) {
		s = __atomic_load_n(&sdi_process->sets[i], __ATOMIC_ACQUIRE);
		if (s && __atomic_load_n(&s->used, __ATOMIC_RELAXED))
			give_up(s, s->fd);
	}
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(sdi_set_before_fork, NULL, NULL);
}
