// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "family.h"

#include <errno.h>
#include <linux/sdirect.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "entry.h"
#include "raw.h"

/*
 * A kernel without the family tries to load a module each time that it is
 * asked, which takes as long as many connections.  So each refusal doubles the
 * number of sockets until the next question.
 */
#define SKIP_LEAST	64u
#define SKIP_MOST	1024u

/**
 * struct absence - what was learned about one address family
 * @skip:	sockets not to ask for
 * @refusals:	what @skip began with
 */
struct absence {
	unsigned int skip;
	unsigned int refusals;
};

static struct absence absence[2];	/* IPv4, IPv6 */

static int may_ask(struct absence *a)
{
	unsigned int left = __atomic_load_n(&a->skip, __ATOMIC_RELAXED);

	if (!left)
		return 1;
	__atomic_store_n(&a->skip, left - 1, __ATOMIC_RELAXED);
	return 0;
}

static void learn_absent(struct absence *a)
{
	unsigned int n = __atomic_load_n(&a->refusals, __ATOMIC_RELAXED);

	n = n ? n * 2 : SKIP_LEAST;
	if (n > SKIP_MOST)
		n = SKIP_MOST;
	__atomic_store_n(&a->refusals, n, __ATOMIC_RELAXED);
	__atomic_store_n(&a->skip, n, __ATOMIC_RELAXED);
}

int sdi_socket(int family, int type, int protocol)
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
