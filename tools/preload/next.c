// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/* Finding the functions behind ours, and switching the shim on or off. */
#include "next.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/raw.h"
#include "../lib/self.h"
#include "../lib/sys.h"

static long with_errno(long ret)
{
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = (int)-ret;
	return -1;
}

#define UNPAREN(...)	__VA_ARGS__
#define EARLY(result, name, parameters, arguments, number) \
	static result early_##name parameters \
	{ \
		return (result)with_errno(sdi_raw(number, UNPAREN arguments)); \
	}

NEXT_FUNCTIONS(EARLY)

static int early_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return (int)with_errno(sdi_raw(SYS_fcntl, fd, cmd, arg));
}

static int early_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	long arg;

	va_start(ap, request);
	arg = va_arg(ap, long);
	va_end(ap);
	return (int)with_errno(sdi_raw(SYS_ioctl, fd, request, arg));
}

static long early_syscall(long number, ...)
{
	long arg[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	return with_errno(sdi_raw6(number, arg[0], arg[1], arg[2], arg[3],
				   arg[4], arg[5]));
}

static int early_pthread_cancel(pthread_t thread)
{
	(void)thread;
	return ESRCH;
}

#define EARLY_MEMBER(result, name, parameters, arguments, number) \
	.name = early_##name,

struct next next = {
	NEXT_FUNCTIONS(EARLY_MEMBER)
	.odd = {
		.fcntl		= early_fcntl,
		.ioctl		= early_ioctl,
		.syscall	= early_syscall,
		.pthread_cancel	= early_pthread_cancel,
	},
};

/* Other copies of the library look for the one, ours knows itself by the other. */
HOOK const char sdirect_shim = 1;
const char sdi_shim = 1;

int shim_active = 1;
int shim_serves = 1;

static void find(void *slot, const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function)
		memcpy(slot, &function, sizeof(function));
}

#define FIND(result, name, parameters, arguments, number) \
	find(&next.name, #name);

static void find_all(void)
{
	NEXT_FUNCTIONS(FIND)
	find(&next.odd.fcntl, "fcntl");
	find(&next.odd.ioctl, "ioctl");
	find(&next.odd.syscall, "syscall");
	find(&next.odd.fdopen, "fdopen");
	find(&next.odd.daemon, "daemon");
	find(&next.odd.closefrom, "closefrom");
	find(&next.odd.pthread_cancel, "pthread_cancel");
	find(&next.odd._Fork, "_Fork");
	find(&next.odd.clone, "clone");
}

static ssize_t lib_send(int fd, const void *buf, size_t len, int flags)
{
	return next.sendto(fd, buf, len, flags, NULL, 0);
}

static ssize_t lib_recv(int fd, void *buf, size_t len, int flags)
{
	return next.recvfrom(fd, buf, len, flags, NULL, NULL);
}

/* The older call where it can say the same: not everybody has the newer. */
static int lib_epoll_wait(int ep, struct epoll_event *ev, int max,
			  const struct timespec *timeout, const sigset_t *mask)
{
	int64_t ms = timeout ? (int64_t)timeout->tv_sec * 1000 +
			       timeout->tv_nsec / 1000000 : -1;

	if (timeout && (timeout->tv_sec > INT_MAX / 1000 || ms > INT_MAX ||
			timeout->tv_nsec % 1000000))
		return next.epoll_pwait2(ep, ev, max, timeout, mask);
	return mask ? next.epoll_pwait(ep, ev, max, (int)ms, mask) :
		      next.epoll_wait(ep, ev, max, (int)ms);
}

static int is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value && strcmp(value, "0");
}

static int is_off(const char *name)
{
	const char *value = getenv(name);

	return value && !strcmp(value, "0");
}

static void say_hello(void)
{
	static const char on[] = "libsdirect-preload: active\n";
	static const char off[] = "libsdirect-preload: switched off\n";
	const char *text = shim_active ? on : off;

	sdi_raw(SYS_write, STDERR_FILENO, text, strlen(text));
}

__attribute__((constructor)) static void start(void)
{
	find_all();
	shim_active = !is_set("SDIRECT_DISABLE");
	shim_serves = shim_active && !is_off("SDIRECT_EPOLL");
	/* So that threads can be cancelled where they could be before. */
	sdi_sys.send = lib_send;
	sdi_sys.recv = lib_recv;
	sdi_sys.sendmsg = next.sendmsg;
	sdi_sys.recvmsg = next.recvmsg;
	sdi_sys.epoll_wait = lib_epoll_wait;
	if (is_set("SDIRECT_DEBUG"))
		say_hello();
}
