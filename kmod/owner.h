/* SPDX-License-Identifier: GPL-2.0 */
/* Who opened an end of a connection. */
#ifndef _SDR_OWNER_H
#define _SDR_OWNER_H

#include <linux/cred.h>
#include <linux/pid.h>

struct cgroup;

/**
 * struct sdr_exe - which file a process ran
 * @dev:	the device of its file system
 * @generation:	of the inode, whose number may be used again
 * @ino:	its inode, 0 if not known
 */
struct sdr_exe {
	dev_t dev;
	u32 generation;
	u64 ino;
};

/**
 * struct sdr_owner - who connected or accepted, as of then
 * @cred:	with these rights
 * @pid:	as this process
 * @cgroup:	in this cgroup, of version 2; NULL if there is none
 * @exe:	running this; a process that runs another has other rights
 *
 * Holds a reference of each but @exe.
 */
struct sdr_owner {
	const struct cred *cred;
	struct pid *pid;
	struct cgroup *cgroup;
	struct sdr_exe exe;
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

/* The id of the owner's cgroup, 0 if there is none. */
u64 sdr_owner_cgroup_id(const struct sdr_owner *owner);

/* What a file is known by; @file may be NULL. */
struct sdr_exe sdr_exe_of(const struct file *file);

/* Are these two known, and the same? */
bool sdr_exe_same(const struct sdr_exe *a, const struct sdr_exe *b);

#endif /* _SDR_OWNER_H */
