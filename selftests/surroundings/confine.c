// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command under a filter of system calls: the one that containers have
 * by default, or one that forbids a socket family.
 *
 *	confine --container [--no-family N ERRNO] COMMAND...
 *
 * As in Docker's default profile, for a container without capabilities: what
 * concerns the machine or other namespaces is refused with EPERM, clone3() with
 * ENOSYS, so that clone() is used, whose flags can be looked at; calls that are
 * not known are refused.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than that no call is known to the profile. */
#define LAST_KNOWN	450
/* Of clone(): any new namespace. */
#define NEW_NAMESPACES	0x7e020000u
#define ROOM		512

static const int refused[] = {
	/* modules, kernels, the machine */
	SYS_init_module, SYS_finit_module, SYS_delete_module,
	SYS_create_module, SYS_query_module, SYS_get_kernel_syms,
	SYS_kexec_load, SYS_kexec_file_load, SYS_reboot, SYS_iopl, SYS_ioperm,
	SYS_settimeofday, SYS_clock_settime, SYS_acct, SYS_swapon,
	SYS_swapoff, SYS_quotactl, SYS_quotactl_fd, SYS_syslog, SYS_vhangup,
	SYS_sysfs, SYS__sysctl, SYS_nfsservctl, SYS_uselib, SYS_ustat,
	SYS_lookup_dcookie, SYS_afs_syscall, SYS_tuxcall, SYS_security,
	SYS_vserver, SYS_getpmsg, SYS_putpmsg,
	/* mounts and namespaces */
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_unshare, SYS_setns,
	SYS_sethostname, SYS_setdomainname, SYS_fsopen, SYS_fsconfig,
	SYS_fsmount, SYS_fspick, SYS_move_mount, SYS_open_tree,
	SYS_mount_setattr, SYS_open_by_handle_at, SYS_fanotify_init,
	/* other processes, keys, tracing, where memory is */
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_kcmp,
	SYS_pidfd_getfd, SYS_process_madvise, SYS_keyctl, SYS_add_key,
	SYS_request_key, SYS_mbind, SYS_set_mempolicy, SYS_get_mempolicy,
	SYS_set_mempolicy_home_node, SYS_migrate_pages, SYS_move_pages,
	/* and in newer ones, for its bugs */
	SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
};

static struct sock_filter code[ROOM];
static unsigned short len;

static void emit(struct sock_filter insn)
{
	if (len == ROOM)
		abort();
	code[len++] = insn;
}

static void load(size_t offset)
{
	emit((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void answer(unsigned int verdict)
{
	emit((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

static unsigned int error(int number)
{
	return SECCOMP_RET_ERRNO | number;
}

/* The next @skip instructions are for what compares as @op says with @k. */
static void only_if(unsigned short op, unsigned int k, unsigned char skip)
{
	emit((struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, 0, skip));
}

static void refuse_call(int number, unsigned int verdict)
{
	only_if(BPF_JEQ, number, 1);
	answer(verdict);
}

/* A call whose argument of this number compares so; the call's number stays. */
static void refuse_argument(int number, int argument, unsigned short op,
			    unsigned int k, unsigned int verdict)
{
	only_if(BPF_JEQ, number, 4);
	load(offsetof(struct seccomp_data, args[argument]));
	only_if(op, k, 1);
	answer(verdict);
	load(offsetof(struct seccomp_data, nr));
}

static void begin(void)
{
	load(offsetof(struct seccomp_data, arch));
	emit((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					  AUDIT_ARCH_X86_64, 1, 0));
	answer(error(EPERM));
	load(offsetof(struct seccomp_data, nr));
}

static void contain(void)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		refuse_call(refused[i], error(EPERM));
	refuse_call(SYS_clone3, error(ENOSYS));
	refuse_argument(SYS_clone, 0, BPF_JSET, NEW_NAMESPACES, error(EPERM));
	refuse_argument(SYS_socket, 0, BPF_JEQ, AF_VSOCK, error(EPERM));
	only_if(BPF_JGT, LAST_KNOWN, 1);
	answer(error(EPERM));
}

static int install(void)
{
	struct sock_fprog program = { .len = len, .filter = code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	int at = 1;

	begin();
	if (at < argc && !strcmp(argv[at], "--container")) {
		contain();
		at++;
	}
	if (at + 2 < argc && !strcmp(argv[at], "--no-family")) {
		refuse_argument(SYS_socket, 0, BPF_JEQ, atoi(argv[at + 1]),
				error(atoi(argv[at + 2])));
		at += 3;
	}
	answer(SECCOMP_RET_ALLOW);
	if (at >= argc) {
		fputs("confine: no command\n", stderr);
		return 2;
	}
	if (install())
		return perror("confine: seccomp"), 2;
	execvp(argv[at], argv + at);
	return perror(argv[at]), 127;
}
