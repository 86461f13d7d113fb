// SPDX-License-Identifier: GPL-2.0-only
/* The system calls that lead into the module, and into TCP. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "failnth.h"

#if defined(__x86_64__)
#define NATIVE	AUDIT_ARCH_X86_64
#else
#error "say which calls are this machine's own"
#endif

#define CALL(name, fd)	{ SYS_##name, #name, fd }

const struct call calls[] = {
	/* For sockets only: those of TCP, but for a few. */
	CALL(socket, -1), CALL(bind, -1), CALL(listen, -1), CALL(connect, -1),
	CALL(accept, -1), CALL(accept4, -1), CALL(shutdown, -1),
	CALL(getsockname, -1), CALL(getpeername, -1),
	CALL(getsockopt, -1), CALL(setsockopt, -1),
	CALL(sendto, -1), CALL(sendmsg, -1), CALL(sendmmsg, -1),
	CALL(recvfrom, -1), CALL(recvmsg, -1), CALL(recvmmsg, -1),
	CALL(read, 0), CALL(readv, 0), CALL(write, 0), CALL(writev, 0),
	/* Either end may be the socket; the other is a pipe or a file. */
	CALL(sendfile, -1), CALL(splice, -1),
	CALL(poll, -1), CALL(ppoll, -1), CALL(select, -1), CALL(pselect6, -1),
	CALL(epoll_ctl, -1), CALL(epoll_wait, -1), CALL(epoll_pwait, -1),
	CALL(epoll_pwait2, -1),
	CALL(close, 0), CALL(ioctl, 0), CALL(fcntl, 0), CALL(dup, 0),
	CALL(dup2, 1), CALL(dup3, 1), CALL(mmap, 4), CALL(munmap, -1),
	CALL(mremap, -1), CALL(mprotect, -1), CALL(madvise, -1),
};

const unsigned int n_calls = sizeof(calls) / sizeof(calls[0]);

const struct call *call_find(long nr)
{
	unsigned int i;

	for (i = 0; i < n_calls; i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

int call_filter(void)
{
	struct sock_filter code[2 * n_calls + 5], *at = code;
	struct sock_fprog prog = { .filter = code };
	unsigned int i;

	/* The calls of 32-bit programs have other numbers: not counted. */
	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					offsetof(struct seccomp_data, arch));
	*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					     NATIVE, 1, 0);
	*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					     SECCOMP_RET_ALLOW);
	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     offsetof(struct seccomp_data, nr));
	for (i = 0; i < n_calls; i++) {
		*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						     calls[i].nr, 0, 1);
		*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						     SECCOMP_RET_TRACE);
	}
	*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					     SECCOMP_RET_ALLOW);
	prog.len = at - code;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* A socket of TCP, of any family, or what shows its memory. */
static bool leads_to_tcp(pid_t pid, int fd)
{
	char path[64], name[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = getxattr(path, "system.sockprotoname", name, sizeof(name) - 1);
	if (n >= 3)
		return !strncmp(name, "TCP", 3);
	n = readlink(path, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = 0;
	return strstr(name, "[sdirect]");
}

static bool maps_rings(pid_t pid)
{
	char path[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, "[sdirect]") || strstr(line, "socket:");
	if (f)
		fclose(f);
	return found;
}

bool call_wanted(const struct call *c, pid_t pid, const uint64_t *args)
{
	switch (c->nr) {
	case SYS_munmap:
	case SYS_mremap:
	case SYS_mprotect:
	case SYS_madvise:
		return maps_rings(pid);
	case SYS_sendfile:
		return leads_to_tcp(pid, args[0]) || leads_to_tcp(pid, args[1]);
	case SYS_splice:
		return leads_to_tcp(pid, args[0]) || leads_to_tcp(pid, args[2]);
	default:
		return c->fd < 0 || leads_to_tcp(pid, args[c->fd]);
	}
}
