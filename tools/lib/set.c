// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "set.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/random.h>

#include "attach.h"
#include "entry.h"
#include "member.h"
#include "raw.h"

/* Numbers that nobody else in this process has, or can guess. */
static void choose_numbers(struct sdi_set *s)
{
	uint64_t word[2] = { 0x5d15d15d + (uintptr_t)s, (uintptr_t)s };

	sdi_raw(SYS_getrandom, word, sizeof(word), GRND_NONBLOCK);
	s->sleep = word[0];
	/* Not the upper half of a small number or a negative one. */
	s->secret = (uint32_t)word[1] ? (uint32_t)word[1] : 0x5d15d15d;
	if (s->secret == ~0u)
		s->secret--;
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
		    !sdi_trylock(&s->lock, sdi_self()))
			continue;
		if (!s->used)
			return s;
		sdi_unlock(&s->lock);
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
	s->used = 1;
	s->fd = fd;
	choose_numbers(s);
	s->served = 1;
	__atomic_add_fetch(&sdi_process->served, 1, __ATOMIC_RELAXED);
	s->give_up = 0;
	s->news = 0;
	s->rounds = 0;
	sdi_spin_init(&s->spin);
	sdi_unlock(&s->lock);
	__atomic_store_n(&e->set, s, __ATOMIC_RELEASE);
	sdi_fd_note_set(fd);
}

int sdi_set_any(void)
{
	return sdi_process &&
	       __atomic_load_n(&sdi_process->served, __ATOMIC_RELAXED);
}

struct sdi_set *sdi_set_find(int fd)
{
	struct sdi_entry *e = sdi_entry_find(fd);

	return e ? __atomic_load_n(&e->set, __ATOMIC_ACQUIRE) : NULL;
}

int sdi_set_lock(struct sdi_set *s, uint32_t tid)
{
	while (sdi_lock(&s->lock, tid) != SDI_LOCKED)
		if (__atomic_load_n(&s->lock, __ATOMIC_RELAXED) == tid)
			return 0;
	sdi_views_hold();
	return 1;
}

void sdi_set_unlock(struct sdi_set *s)
{
	struct sdi_entry *stale = s->stale;

	s->stale = NULL;
	sdi_views_release();
	sdi_unlock(&s->lock);
	if (stale)
		sdi_entry_reap(stale);
}

void sdi_set_drop(int fd)
{
	struct sdi_set *s = sdi_set_find(fd);

	if (!s)
		return;
	__atomic_store_n(&s->give_up, 1, __ATOMIC_RELAXED);
	/* A guest in its parent's memory has a descriptor table of its own. */
	if (!sdi_self_is_owner() || !sdi_set_lock(s, sdi_self()))
		return;
	/* Its memory may serve another by now. */
	if (s->fd == fd)
		sdi_set_hand_over(s);
	sdi_set_unlock(s);
}

void sdi_set_release(struct sdi_entry *e)
{
	struct sdi_set *s = __atomic_load_n(&e->member.set, __ATOMIC_RELAXED);

	if (!s || !sdi_self_is_owner() || !sdi_set_lock(s, sdi_self()))
		return;
	if (e->member.set == s)
		sdi_member_hand_over(e);
	sdi_set_unlock(s);
}

void sdi_set_hand_over(struct sdi_set *s)
{
	struct sdi_entry *e = sdi_entry_find(s->fd);

	if (!s->served)
		return;
	s->served = 0;
	__atomic_sub_fetch(&sdi_process->served, 1, __ATOMIC_RELAXED);
	while (s->end[SDI_COLD])
		sdi_member_hand_over(s->all[s->end[SDI_COLD] - 1]);
	if (e && e->set == s)
		__atomic_store_n(&e->set, NULL, __ATOMIC_RELEASE);
	if (!s->inside)
		s->used = 0;
}

/* ---- zones ---- */

static void put_at(struct sdi_set *s, struct sdi_entry *e, uint32_t place)
{
	s->all[place] = e;
	e->member.place = place;
}

static void swap(struct sdi_set *s, uint32_t a, uint32_t b)
{
	struct sdi_entry *e = s->all[a];

	put_at(s, s->all[b], a);
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
	enum sdi_zone at = sdi_set_zone(e);

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
	e->member = (struct sdi_member) {
		.fd = fd,
		.serial = serial + 1,
		.set = s,
	};
	put_at(s, e, s->end[SDI_COLD]++);
	return 1;
}

void sdi_set_forget(struct sdi_entry *e)
{
	struct sdi_set *s = e->member.set;

	sdi_set_move(e, SDI_COLD);
	swap(s, e->member.place, --s->end[SDI_COLD]);
	__atomic_store_n(&e->member.set, NULL, __ATOMIC_RELAXED);
}

/* ---- fork ---- */

/* The child could wait for them too. */
static void before_fork(void)
{
	struct sdi_set *s;

	if (!sdi_process)
		return;
	__atomic_add_fetch(&sdi_process->forks, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < SDI_SETS; i++) {
		s = __atomic_load_n(&sdi_process->sets[i], __ATOMIC_ACQUIRE);
		if (s && __atomic_load_n(&s->used, __ATOMIC_RELAXED))
			sdi_set_drop(s->fd);
	}
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(before_fork, NULL, NULL);
}
