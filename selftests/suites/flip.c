// SPDX-License-Identifier: GPL-2.0-only
/* A fault to plant: preloaded, it changes a bit of what is sent. */
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>

#define SHORTEST	4	/* of what is changed */
#define LONGEST		65536

typedef ssize_t send_fn(int fd, const void *buf, size_t len, int flags);

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	send_fn *next = (send_fn *)dlsym(RTLD_NEXT, "send");
	char copy[LONGEST];

	if (len < SHORTEST || len > sizeof(copy))
		return next(fd, buf, len, flags);
	memcpy(copy, buf, len);
	copy[0] ^= 1;
	return next(fd, copy, len, flags);
}
