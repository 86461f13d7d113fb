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

/* Older kernels have it under asm/ (until 6.12, 5f60d5f6bbc1). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/*
 * Handlers of a sysctl may not change its table (since 6.11, 78eb4ea25cd5), and
 * a table has a size instead of an end (since 6.6, 95d4977876f8): here it has
 * both, @n entries and the end.
 */
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define SDR_CTL_CONST	const
#else
#define SDR_CTL_CONST
#endif

static inline struct ctl_table_header *
sdr_net_sysctl(struct net *net, const char *path, struct ctl_table *table,
	       size_t n)
{
#ifdef register_net_sysctl
	return register_net_sysctl_sz(net, path, table, n);
#else
	return register_net_sysctl(net, path, table);
#endif
}

/*
 * What @sk puts into its timestamps, without its offset: milliseconds, or with
 * a route that says so microseconds (since 6.7, 614e8316aa4c).
 */
#include <net/tcp.h>
static inline u32 sdr_tcp_clock(const struct sock *sk)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return tcp_clock_ts(tcp_sk(sk)->tcp_usec_ts);
#else
	return tcp_time_stamp_raw();
#endif
}

static inline u32 sdr_tcp_clock_hz(const struct sock *sk)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return tcp_sk(sk)->tcp_usec_ts ? USEC_PER_SEC : MSEC_PER_SEC;
#else
	return MSEC_PER_SEC;
#endif
}

/* The ioctls of TCP that give a number (since 6.5, e1d001fa5b47). */
static inline int sdr_sk_ioctl(struct sock *sk, unsigned int cmd,
			       void __user *arg)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	return sk_ioctl(sk, cmd, arg);
#else
	return sk->sk_prot->ioctl(sk, cmd, (unsigned long)arg);
#endif
}

/* An address whose length is told apart has a type (since 6.19). */
#ifdef SDR_HAVE_UNSIZED
#define sdr_sockaddr	sockaddr_unsized
#else
#define sdr_sockaddr	sockaddr
#endif

/* Addresses are no longer the affair of TCP's recvmsg (since 7.1). */
static inline int sdr_tcp_recvmsg(struct sock *sk, struct msghdr *msg,
				  size_t len, int flags)
{
#ifdef SDR_HAVE_RECV_ADDR_LEN
	int addr_len;

	return sk->sk_prot->recvmsg(sk, msg, len, flags, &addr_len);
#else
	return sk->sk_prot->recvmsg(sk, msg, len, flags);
#endif
}

/* An empty segment.  Context: the socket's lock is held. */
static inline void sdr_tcp_ack(struct sock *sk)
{
#ifdef SDR_HAVE_ACK_FLAGS
	__tcp_send_ack(sk, tcp_sk(sk)->rcv_nxt, 0);
#else
	__tcp_send_ack(sk, tcp_sk(sk)->rcv_nxt);
#endif
}

/*
 * Ends a connection with ETIMEDOUT, as TCP ends one whose window stays closed:
 * without a reset, where tcp_done() is for modules.  Context: the socket's lock
 * is held, and released; may sleep.
 */
static inline void sdr_tcp_give_up(struct sock *sk)
{
	sock_owned_by_me(sk);
#ifdef SDR_HAVE_TCP_DONE
	local_bh_disable();
	bh_lock_sock(sk);
	if (inet_sk_state_load(sk) != TCP_CLOSE) {
		WRITE_ONCE(sk->sk_err, ETIMEDOUT);
		sk_error_report(sk);
		tcp_done(sk);
	}
	bh_unlock_sock(sk);
	local_bh_enable();
	release_sock(sk);
#else
	/* Takes the lock by itself: what happens in between comes too late. */
	release_sock(sk);
	tcp_abort(sk, ETIMEDOUT);
#endif
}

/* Is each segment signed (by RFC 5925 since 6.7, 4954f17ddefc)? */
static inline bool sdr_tcp_is_signed(const struct sock *sk)
{
#ifdef CONFIG_TCP_AO
	if (rcu_access_pointer(tcp_sk(sk)->ao_info))
		return true;
#endif
#ifdef CONFIG_TCP_MD5SIG
	if (rcu_access_pointer(tcp_sk(sk)->md5sig_info))
		return true;
#endif
	return false;
}

/* An answer to getsockopt() that would be asked for before ours (since 7.2). */
static inline void sdr_ops_one_getsockopt(struct proto_ops *ops)
{
#ifdef SDR_HAVE_GETSOCKOPT_ITER
	ops->getsockopt_iter = NULL;
#endif
}

/* What schedule_delayed_work() takes; renamed in 6.18 (128ea9f6ccfb). */
#include <linux/workqueue.h>
#ifdef SDR_HAVE_PERCPU_WQ
#define sdr_default_wq	system_percpu_wq
#else
#define sdr_default_wq	system_wq
#endif

/* Does who polls only look?  Newer kernels have no name for it (since 6.14). */
#include <linux/poll.h>
static inline bool sdr_poll_only_looks(const poll_table *wait)
{
	return !wait || !wait->_qproc;
}

/* Renamed in 6.16 (41cb08555c41). */
#include <linux/timer.h>
#ifndef timer_container_of
#define timer_container_of	from_timer
#endif

/* The text of a security label (a struct since 6.14, 2d470c778120). */
#include <linux/security.h>
#ifdef SDR_HAVE_LSM_CONTEXT
#define sdr_label	lsm_context
#else
struct sdr_label {
	char *context;
	u32 len;
};
#endif

static inline bool sdr_label_get(struct sdr_label *label, u32 secid)
{
#ifdef SDR_HAVE_LSM_CONTEXT
	return security_secid_to_secctx(secid, label) >= 0;
#else
	return !security_secid_to_secctx(secid, &label->context, &label->len);
#endif
}

static inline void sdr_label_put(struct sdr_label *label)
{
#ifdef SDR_HAVE_LSM_CONTEXT
	security_release_secctx(label);
#else
	security_release_secctx(label->context, label->len);
#endif
}

/* The namespace of symbols is a string (since 6.13, cdd30ebb1b9f). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define SDR_SYMBOLS	"SDIRECT"
#else
#define SDR_SYMBOLS	SDIRECT
#endif

/* What accept() gets is in a struct of its own (since 6.10, 92ef0fd55ac8). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define SDR_ACCEPT_PARAMS	struct proto_accept_arg *arg
#define SDR_ACCEPT_ARGS		arg
#else
#define SDR_ACCEPT_PARAMS	int flags, bool kern
#define SDR_ACCEPT_ARGS		flags, kern
#endif

/*
 * Pages that are spliced into a socket came by an operation of their own, where
 * they now come by sendmsg with MSG_SPLICE_PAGES (since 6.5, dc97391e6610); and
 * what is spliced out of it is copied by another function since.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define sdr_splice_copy	copy_splice_read
#else
#define SDR_HAVE_SENDPAGE
#define sdr_splice_copy	generic_file_splice_read
#endif

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
