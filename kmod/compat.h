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

#endif /* _SDR_COMPAT_H */
