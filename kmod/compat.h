/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that asks what kernel this is.  Features are probed by what
 * the headers define, not by version numbers, wherever that is possible.
 */
#ifndef _SDR_COMPAT_H
#define _SDR_COMPAT_H

#include <linux/kconfig.h>
#include <linux/version.h>

/* Stream positions are 64-bit words that several CPUs read and write whole. */
#ifndef CONFIG_64BIT
#error "sdirect needs a 64-bit kernel"
#endif

/* A ring is mapped twice in a row, which aliases where caches are virtual. */
#include <asm/shmparam.h>
#include <linux/mm.h>
#if defined(CONFIG_MIPS) || defined(CONFIG_SPARC) || defined(CONFIG_PARISC)
#error "sdirect needs a data cache without aliases (SHMLBA == PAGE_SIZE)"
#endif

/*
 * Newer kernels have vm_flags_set() and friends and make vm_flags read-only
 * (since 6.3, bc292ab00f6c).
 */
static inline void sdr_vm_flags_mod(struct vm_area_struct *vma,
				    unsigned long set, unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/*
 * How often a socket was disconnected; kernels that do not count that (before
 * 6.6 and its stable relatives) do not end calls which wait, either.
 */
#include <net/sock.h>
static inline int sdr_sk_disconnects(const struct sock *sk)
{
#ifdef SDR_HAVE_SK_DISCONNECTS
	return READ_ONCE(sk->sk_disconnects);
#else
	return 0;
#endif
}

/*
 * The program that a process runs, with a reference, or NULL; get_mm_exe_file()
 * is not for modules.  Newer get_file_rcu() (since 6.7, 0ede61d8589c) looks
 * again by itself.
 */
#include <linux/fs.h>
static inline struct file *sdr_mm_exe(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	file = get_file_rcu(&mm->exe_file);
#else
	file = rcu_dereference(mm->exe_file);
	if (file && !get_file_rcu(file))
		file = NULL;
#endif
	rcu_read_unlock();
	return file;
}

/*
 * A multicast group for administrators of the namespace.  Where the flag is
 * missing the group would be for everybody: no such kernel is supported (6.1.67
 * and 6.7 have it, 44ec98ea5ea9).
 */
#include <net/genetlink.h>
#ifndef GENL_MCAST_CAP_NET_ADMIN
#error "sdirect needs multicast groups of generic netlink with privileges"
#endif

#endif /* _SDR_COMPAT_H */
