// SPDX-License-Identifier: GPL-2.0-only
/* Another library that is preloaded, and takes the same calls. */
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long calls;

static void *behind(const char *name)
{
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	return dlsym(RTLD_NEXT, name);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	ssize_t (*next)(int fd, const void *buf, size_t len, int flags);

	*(void **)&next = behind("send");
	return next(fd, buf, len, flags);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t (*next)(int fd, void *buf, size_t len, int flags);

	*(void **)&next = behind("recv");
	return next(fd, buf, len, flags);
}

int socket(int family, int type, int protocol)
{
	int (*next)(int family, int type, int protocol);

	*(void **)&next = behind("socket");
	return next(family, type, protocol);
}

int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	int (*next)(int fd, struct sockaddr *addr, socklen_t *len);

	*(void **)&next = behind("accept");
	return next(fd, addr, len);
}

int close(int fd)
{
	int (*next)(int fd);

	*(void **)&next = behind("close");
	return next(fd);
}

__attribute__((destructor)) static void end(void)
{
	static const char text[] = "other: was there\n";

	syscall(SYS_write, STDOUT_FILENO, text, strlen(text));
}
