/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* A member of a served set: what the kernel is told of it.  See set.h. */
#ifndef SDI_MEMBER_H
#define SDI_MEMBER_H

#include "set.h"

/* Those without another word want the set's lock. */

/* The member that a token means, if it still is in the set; else NULL. */
struct sdi_entry *sdi_member_of(const struct sdi_set *s, uint64_t data);

/* From now on its rings are looked at, if they can be. */
void sdi_member_promote(struct sdi_entry *e);

/*
 * The kernel serves it again, as if it always had; it is forgotten if the
 * program or the kernel no longer has it.
 */
void sdi_member_demote(struct sdi_entry *e);

/* The kernel has it as the program has added it, and it is forgotten. */
void sdi_member_hand_over(struct sdi_entry *e);
/* The same for the end of the set: its place in there is not looked at. */
void sdi_member_give_back(struct sdi_entry *e);
/*
 * Without the lock: the same, as far as the kernel goes.  Who has the lock will
 * do it again.
 */
void sdi_member_abandon(struct sdi_entry *e);
/* Without the lock: that is what the program has now made of it. */
void sdi_member_rewrite(struct sdi_entry *e, int op,
			const struct epoll_event *ev);

/*
 * The kernel says of one that is not cold what the rings do not tell; that is to
 * be reported.  It is cold from now on.  Return: 0 if nobody wants to know.
 */
int sdi_member_ended(struct sdi_entry *e);

/* Tells the kernel what it needs to know while somebody sleeps. */
void sdi_member_sync(struct sdi_entry *e);

/* Nothing has come for long.  Return: 0 if something has come just now. */
int sdi_member_quieten(struct sdi_entry *e);
void sdi_member_activate(struct sdi_entry *e);

/* Must its sender ring for what comes? */
int sdi_member_listens(const struct sdi_entry *e);

/* epoll_ctl() on a member that is not cold; -errno. */
int sdi_member_change(struct sdi_entry *e, int op,
		      const struct epoll_event *ev);

#endif /* SDI_MEMBER_H */
