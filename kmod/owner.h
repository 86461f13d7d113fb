/* SPDX-License-Identifier: GPL-2.0 */
/* Who opened an end of a connection. */
#ifndef _SDR_OWNER_H
#define _SDR_OWNER_H

#include <linux/cred.h>
#include <linux/pid.h>

/**
 * struct sdr_owner - who connected or accepted, as of then
 * @cred:	with these rights
 * @pid:	as this process
 *
 * Holds a reference of each.
 */
struct sdr_owner {
	const struct cred *cred;
	struct pid *pid;
};

/* sdr_owner_current() - the caller.  Context: process. */
struct sdr_owner sdr_owner_current(void);

/*
 * Is it the caller, with the same rights?  Without locks: while another caller
 * takes over it may be either.  Context: process.
 */
bool sdr_owner_is_current(const struct sdr_owner *owner);

/* sdr_owner_get() - the same once more.  Context: any. */
struct sdr_owner sdr_owner_get(const struct sdr_owner *owner);

/* sdr_owner_put() - gives the references back.  Context: any. */
void sdr_owner_put(struct sdr_owner *owner);

#endif /* _SDR_OWNER_H */
