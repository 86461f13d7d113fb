/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * Epoll sets that are served from the rings of their sockets.
 *
 * The set stays what it is, a set in the kernel; each of its members is in one
 * of three zones.
 *
 *	cold	as the program has added it: the kernel serves it
 *	active	looked at with each epoll_wait(); armed only before it sleeps
 *	quiet	nothing came for a while: armed, and not looked at
 *
 * An active or quiet member is edge-triggered in the kernel, and its data is a
 * token: what the kernel then says of it is that somebody should look, or that
 * its end has come, which makes it cold again.  Changes to it are told to the
 * kernel before the next sleep, most of them never.
 *
 * One thread at a time waits for a set that is served.  As soon as others could
 * (a second thread, a child, a second number, a set around it, poll()), the
 * kernel gets all of the set back, for good.  The same where the lock is not to
 * be had, because a signal handler has interrupted its holder, or jumped away.
 *
 * A child that such a handler makes finds nothing here, in the middle of what it
 * goes on with: neither a member, nor the set of one.
 */
#ifndef SDI_SET_H
#define SDI_SET_H

#include <stdint.h>
#include <sys/epoll.h>

#include "owner.h"
#include "self.h"
#include "spin.h"

struct sdi_entry;

#define SDI_SET_MOST	2048	/* members that can be other than cold */
#define SDI_ROUNDS	16	/* answers before the kernel is asked again */
#define SDI_SERIALS	(1u << 12)

/* What the rings say; all else comes from the kernel. */
#define SDI_SOFT_IN	(EPOLLIN | EPOLLRDNORM)
#define SDI_SOFT_OUT	(EPOLLOUT | EPOLLWRNORM)
#define SDI_SOFT	(SDI_SOFT_IN | SDI_SOFT_OUT)

enum sdi_zone {
	SDI_ACTIVE,
	SDI_QUIET,
	SDI_COLD,
	SDI_ZONES,
};

/**
 * struct sdi_member - a descriptor's place in the first set that has it
 * @set:	the set; NULL if there is none
 * @fd:		the descriptor
 * @place:	in @set->all
 * @asked:	the events that the program has asked for
 * @told:	what the kernel has been told with a token, 0: nothing; of a cold
 *		one, it still has the token, and serves it all the same
 * @data:	the program's
 * @edge:	end of the stream at the last report, for EPOLLET
 * @serial:	tells what was in the set under this number from what is
 * @idle:	looks without result
 * @there:	the program has it in the set
 * @fresh:	added or changed since the last report: EPOLLET reports anew
 * @ended:	the kernel has told of it what the rings do not: it stays cold
 *		until the program changes it
 * @left:	set by anyone: the descriptor goes out of our sight; it is not
 *		looked at any more, and forgotten
 *
 * All but @left are protected by @set->owner; @told is read by those who have
 * set @left before: either they see it, or its writer sees @left.
 */
struct sdi_member {
	struct sdi_set *set;
	int fd;
	uint32_t place;
	uint32_t asked;
	uint32_t told;
	uint64_t data;
	uint64_t edge;
	uint32_t serial;
	uint16_t idle;
	uint8_t there;
	uint8_t fresh;
	uint8_t ended;
	uint8_t left;
};

/**
 * struct sdi_set - an epoll set
 * @owner:	protects all but what anyone may set; never held over a wait
 * @used:	it is somebody's
 * @fd:		its descriptor
 * @generation:	how often it was somebody else's
 * @served:	0: the kernel has it, for good
 * @give_up:	set by anyone: who gets the lock hands it over
 * @broken:	its owner has gone in the middle: it is nobody's any more
 * @inside:	a thread is in epoll_wait()
 * @asleep:	it sleeps: what changes must be told to the kernel at once
 * @news:	set by anyone: a cold member has got its rings
 * @stale:	set by anyone: an entry is to be cleaned up
 * @dropped:	set by anyone: its descriptor has gone, and so does the set
 * @unsynced:	the kernel has to be told something before a sleep
 * @rounds:	answers without asking the kernel
 * @after:	the kernel is asked after the rings this time, not before
 * @tick:	time of the last look at the clock, in ticks
 * @cursor:	where the next look begins, so that all have their turn
 * @retry:	the same for cold members
 * @sleep:	the number of the last sleep; begins anywhere
 * @spin:	for who is inside
 * @end:	where the zones end in @all
 * @moving:	the member that was moved last: for a moment it is not in @all
 * @all:	the members, zone by zone
 */
struct sdi_set {
	struct sdi_owner owner;
	uint32_t used;
	int fd;
	uint32_t generation;
	uint32_t served;
	uint32_t give_up;
	uint32_t broken;
	uint32_t inside;
	uint32_t asleep;
	uint32_t news;
	uint32_t stale;
	uint32_t dropped;
	uint32_t unsynced;
	uint32_t rounds;
	uint32_t after;
	uint64_t tick;
	uint32_t cursor;
	uint32_t retry;
	uint64_t sleep;
	struct sdi_spin spin;
	uint32_t end[SDI_ZONES];
	struct sdi_entry *moving;
	struct sdi_entry *all[SDI_SET_MOST];
};

/* A new set has appeared. */
void sdi_set_note(int fd);
/* Is there any that we serve? */
int sdi_set_any(void);
/* The set behind a descriptor, if we know it; NULL: it is all the kernel's. */
struct sdi_set *sdi_set_find(int fd);
/* Others may wait for it from now on: the kernel serves it, for good. */
void sdi_set_give_up(int fd);
/* A process that has our descriptors begins. */
void sdi_set_before_fork(void);
/* The descriptor goes away. */
void sdi_set_drop(int fd);
/*
 * A member's descriptor goes away, or out of our sight: before that, its set
 * gets it back as the program has added it.
 */
void sdi_set_release(struct sdi_entry *e);

/**
 * sdi_set_lock - get the lock of a set, and hand it over if that is to be done
 * @s:	the set; it may be another's by now
 *
 * Return: 0 if the lock is not to be had; then the kernel has the whole set as
 * the program wants it, and whatever the caller wants of it, it can do there.
 */
int sdi_set_lock(struct sdi_set *s);
void sdi_set_unlock(struct sdi_set *s);
/* The same, but 0 means only that the lock is not to be had now. */
int sdi_set_try(struct sdi_set *s, int patient);

/* The rest wants the lock. */

/* All goes back to the kernel. */
void sdi_set_hand_over(struct sdi_set *s);

/* No data of a program is like this. */
static inline int sdi_is_token(uint64_t data)
{
	return (uint32_t)(data >> 32) == sdi_process->secret;
}

/* A member enters as a cold one.  Return: 0 if there is no place. */
int sdi_set_enter(struct sdi_set *s, struct sdi_entry *e, int fd);
void sdi_set_forget(struct sdi_entry *e);
enum sdi_zone sdi_set_zone(const struct sdi_entry *e);
void sdi_set_move(struct sdi_entry *e, enum sdi_zone to);

#endif /* SDI_SET_H */
