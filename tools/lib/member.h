/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* A member of a served set: what the kernel is told of it.  See set.h. */
#ifndef SDI_MEMBER_H
#define SDI_MEMBER_H

#include "set.h"

/* All want the set's lock. */

/* The member that a token means, if it still is in the set; else NULL. */
struct sdi_entry *sdi_member_of(const struct sdi_set *s, uint64_t data);

/* From now on its rings are looked at, if they can be. */
void sdi_member_promote(struct sdi_entry *e);

/*
 * The kernel serves it again, as if it always had; it is forgotten if the
 * program or the kernel no longer has it.
 */
void sdi_member_demote(struct sdi_entry *e);

/* The same for the end of the set; all is as the program has added it. */
void sdi_member_hand_over(struct sdi_entry *e);

/*
 * The kernel says of one that is not cold what the rings do not tell; that is to
 * be reported.  It is cold from now on.  Return: 0 if nobody wants to know.
 */
int sdi_member_ended(struct sdi_entry *e);

/* Out of the zones that are served; the kernel is not told. */
void sdi_member_leave(struct sdi_entry *e);

/* Tells the kernel what it needs to know while somebody sleeps. */
void sdi_member_sync(struct sdi_entry *e);

/* The same, and it looks again: somebody sleeps. */
void sdi_member_wake(struct sdi_entry *e);

/* Nothing has come for long.  Return: 0 if something has come just now. */
int sdi_member_quieten(struct sdi_entry *e);
void sdi_member_activate(struct sdi_entry *e);

/* epoll_ctl() on a member that is not cold; -errno. */
int sdi_member_change(struct sdi_entry *e, int op,
		      const struct epoll_event *ev);

#endif /* SDI_MEMBER_H */
