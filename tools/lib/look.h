/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Looking at the rings of the members of a set, and arming them. */
#ifndef SDI_LOOK_H
#define SDI_LOOK_H

#include "set.h"

/* sdi_look(): its rings do not tell; the kernel must. */
#define SDI_LOOK_LEAVE	(~0u)

/* All want the set's lock. */

/**
 * sdi_look - what there is to report of a member
 * @e:		the member; nothing of it changes
 * @end:	(out) the end of the stream that this is true of
 *
 * Return: events, or SDI_LOOK_LEAVE.
 */
uint32_t sdi_look(const struct sdi_entry *e, uint64_t *end);

/* The same for any descriptor, without a set: what is true now of @asked. */
uint32_t sdi_look_now(const struct sdi_entry *e, uint32_t asked);

/* The program is told that there is room: the next to find none says so. */
void sdi_look_took_room(struct sdi_entry *e);

/* sdi_look_usable() - do its rings tell all that the program asks? */
int sdi_look_usable(const struct sdi_entry *e);

/* Unread bytes; of a member that is usable. */
int sdi_look_unread(const struct sdi_entry *e);

/* The end of the stream so far; the same. */
uint64_t sdi_look_end(const struct sdi_entry *e);

/**
 * sdi_look_arm - its sender must ring for what comes from now on
 * @e:		the member
 * @sleep:	the number of a sleep that ends with any doorbell for it, or 0
 *
 * Followed by a full fence (F) and sdi_look_armed().
 */
void sdi_look_arm(struct sdi_entry *e, uint64_t sleep);
void sdi_look_disarm(struct sdi_entry *e);
/* False if something has come meanwhile. */
int sdi_look_armed(const struct sdi_entry *e);

/* Its kernel's looks arm nothing; or do so again. */
void sdi_look_serve(struct sdi_entry *e, int on);

#endif /* SDI_LOOK_H */
