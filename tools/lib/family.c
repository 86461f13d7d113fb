// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "family.h"

#include <errno.h>
#include <linux/sdirect.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "entry.h"
#include "raw.h"
#include "self.h"
#include "storm.h"

/*
 * A kernel without the family tries to load a module each time that it is
 * asked, which takes milliseconds, as long as many connections.  So each refusal
 * doubles the time until the next question.
 */
#define SKIP_LEAST	2u	/* seconds */
#define SKIP_MOST	32u

/**
 * struct absence - what was learned about one address family
 * @until:	second of the monotonic clock before which it is not asked for,
 *		0: it is
 * @skip:	how long that was from the last question on
 */
struct absence {
	uint64_t until;
	unsigned int skip;
};

static struct absence absence[2];	/* IPv4, IPv6 */

/* Milliseconds; to a tick or so. */
static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t seconds(void)
{
	return now_ms() / 1000;
}

static int may_ask(struct absence *a)
{
	uint64_t until = __atomic_load_n(&a->until, __ATOMIC_RELAXED);

	return !until || seconds() >= until;
}

static void learn_absent(struct absence *a)
{
	unsigned int n = __atomic_load_n(&a->skip, __ATOMIC_RELAXED);

	n = n ? n * 2 : SKIP_LEAST;
	if (n > SKIP_MOST)
		n = SKIP_MOST;
	__atomic_store_n(&a->skip, n, __ATOMIC_RELAXED);
	__atomic_store_n(&a->until, seconds() + n, __ATOMIC_RELAXED);
}

SDI_HOT int sdi_socket(int family, int type, int protocol)
{
	struct absence *a = &absence[family == AF_INET6];
	int fd;

	if (may_ask(a)) {
		fd = (int)sdi_raw(SYS_socket, AF_SDIRECT, type,
				  family == AF_INET6 ? IPPROTO_IPV6 : 0);
		if (fd >= 0) {
			sdi_fd_note(fd);
			return fd;
		}
		if (fd == -EAFNOSUPPORT)
			learn_absent(a);
		else if (fd != -EACCES && fd != -EPERM)
			return fd;
	}
	fd = (int)sdi_raw(SYS_socket, family, type, protocol);
	if (fd >= 0)
		sdi_fd_drop(fd);
	return fd;
}

SDI_HOT int sdi_socket_try(int family, int type, int protocol)
{
	int fd;

	if (sdi_storm_is_on(&sdi_storm) &&
	    sdi_storm_spares(&sdi_storm, now_ms())) {
		fd = (int)sdi_raw(SYS_socket, family, type, protocol);
		if (fd >= 0)
			sdi_fd_note_spared(fd);
		return fd;
	}
	fd = sdi_socket(family, type, protocol);
	if (fd >= 0)
		sdi_fd_note_tried(fd);
	return fd;
}

/* A guest in its parent's memory closes it in a table of its own. */
static int is_our_close(void)
{
	return !sdi_process || sdi_self_is_owner();
}

SDI_HOT void sdi_fd_close(int fd)
{
	if (sdi_fd_known(fd) & SDI_TRIED && is_our_close() &&
	    !sdi_storm_take(&sdi_storm, now_ms()))
		sdi_storm_begin(&sdi_storm);
	sdi_fd_drop(fd);
}
