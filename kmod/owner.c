// SPDX-License-Identifier: GPL-2.0
/* Who opened an end of a connection. */
#include "compat.h"

#include <linux/cgroup.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>

#include "owner.h"

#ifdef CONFIG_CGROUPS
static struct cgroup *cgroup_current(void)
{
	struct cgroup *cgroup;

	rcu_read_lock();
	cgroup = task_dfl_cgroup(current);
	if (!css_tryget(&cgroup->self))
		cgroup = NULL;
	rcu_read_unlock();
	return cgroup;
}

static bool cgroup_is_current(const struct cgroup *cgroup)
{
	bool same;

	rcu_read_lock();
	same = task_dfl_cgroup(current) == cgroup;
	rcu_read_unlock();
	return same;
}

static struct cgroup *cgroup_again(struct cgroup *cgroup)
{
	if (cgroup)
		cgroup_get(cgroup);
	return cgroup;
}

static void cgroup_done(struct cgroup *cgroup)
{
	if (cgroup)
		cgroup_put(cgroup);
}

u64 sdr_owner_cgroup_id(const struct sdr_owner *owner)
{
	return owner->cgroup ? cgroup_id(owner->cgroup) : 0;
}
#else
static struct cgroup *cgroup_current(void)
{
	return NULL;
}

static bool cgroup_is_current(const struct cgroup *cgroup)
{
	return true;
}

static struct cgroup *cgroup_again(struct cgroup *cgroup)
{
	return NULL;
}

static void cgroup_done(struct cgroup *cgroup)
{
}

u64 sdr_owner_cgroup_id(const struct sdr_owner *owner)
{
	return 0;
}
#endif

struct sdr_exe sdr_exe_of(const struct file *file)
{
	const struct inode *inode;

	if (!file)
		return (struct sdr_exe) { };
	inode = file_inode(file);
	return (struct sdr_exe) {
		.dev		= inode->i_sb->s_dev,
		.generation	= inode->i_generation,
		.ino		= inode->i_ino,
	};
}

bool sdr_exe_same(const struct sdr_exe *a, const struct sdr_exe *b)
{
	return a->ino && a->ino == b->ino && a->dev == b->dev &&
	       a->generation == b->generation;
}

static struct sdr_exe exe_current(void)
{
	struct file *file = current->mm ? sdr_mm_exe(current->mm) : NULL;
	struct sdr_exe exe = sdr_exe_of(file);

	if (file)
		fput(file);
	return exe;
}

struct sdr_owner sdr_owner_current(void)
{
	return (struct sdr_owner) {
		.cred	= get_current_cred(),
		.pid	= get_pid(task_tgid(current)),
		.cgroup	= cgroup_current(),
		.exe	= exe_current(),
	};
}

bool sdr_owner_is_current(const struct sdr_owner *owner)
{
	/* Compared, not followed: a stale one is as good. */
	return data_race(owner->cred) == current_cred() &&
	       /* The same. */
	       data_race(owner->pid) == task_tgid(current) &&
	       /* The same. */
	       cgroup_is_current(data_race(owner->cgroup));
}

struct sdr_owner sdr_owner_get(const struct sdr_owner *owner)
{
	return (struct sdr_owner) {
		.cred	= get_cred(owner->cred),
		.pid	= get_pid(owner->pid),
		.cgroup	= cgroup_again(owner->cgroup),
		.exe	= owner->exe,
	};
}

void sdr_owner_put(struct sdr_owner *owner)
{
	put_cred(owner->cred);
	put_pid(owner->pid);
	cgroup_done(owner->cgroup);
	*owner = (struct sdr_owner) { };
}
