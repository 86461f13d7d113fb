// SPDX-License-Identifier: GPL-2.0-only
/* Waiting, and what else tests do without writing it down; see compat.h. */
#include <linux/sockios.h>
#include <poll.h>

#include "compat.h"

#define WAIT_MS		10000	/* for one event that must come */

int compat_stretch(int limit)
{
	const char *env = getenv("SDIRECT_TIME");
	int factor = env ? atoi(env) : 1;

	return limit * (factor > 0 ? factor : 1);
}

void compat_broken(const char *what)
{
	rec_say("! %s (%s)", what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

short compat_poll(int fd, short events, int wait)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	COMPAT_MUST(poll(&pfd, 1, wait ? compat_stretch(WAIT_MS) : 0) >= 0);
	return pfd.revents;
}

void compat_until(int fd, short events)
{
	COMPAT_MUST(compat_poll(fd, events, -1));
}

/* What follows is about to become true: look again, but not for ever. */
static void until(int fd, unsigned long cmd, bool (*good)(int now, int want),
		  int want)
{
	const uint64_t end = net_now_ms() + compat_stretch(WAIT_MS);
	int now = 0;

	for (;;) {
		COMPAT_MUST(!ioctl(fd, cmd, &now));
		if (good(now, want))
			return;
		COMPAT_MUST(net_now_ms() < end);
		poll(NULL, 0, 1);
	}
}

static bool equal(int now, int want)
{
	return now == want;
}

static bool at_least(int now, int want)
{
	return now >= want;
}

void compat_left(int fd)
{
	until(fd, SIOCOUTQNSD, equal, 0);
}

/* What TCP has sent is in the other socket when that has said so. */
void compat_sent(int fd)
{
	const uint64_t end = net_now_ms() + compat_stretch(WAIT_MS);
	struct tcp_info info;
	socklen_t len;

	compat_left(fd);
	for (;;) {
		len = sizeof(info);
		COMPAT_MUST(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info,
					&len));
		if (!info.tcpi_unacked)
			return;
		COMPAT_MUST(net_now_ms() < end);
		poll(NULL, 0, 1);
	}
}

void compat_acknowledged(int fd)
{
	until(fd, SIOCOUTQ, equal, 0);
}

void compat_arrived(int fd, int bytes)
{
	until(fd, SIOCINQ, at_least, bytes);
}

void compat_send(int fd, const void *buf, size_t len)
{
	COMPAT_MUST(net_send_all(fd, buf, len) == (ssize_t)len);
}

void compat_pair(struct compat *c, struct net_pair *p)
{
	COMPAT_MUST(!net_pair_open(c->nf, p));
	if (c->nf->hot)
		COMPAT_MUST(!net_warm(c->nf, p));
}

void compat_close(struct compat *c, int *fd)
{
	if (fd == &c->cl)
		c->p.client = -1;
	else
		c->p.server = -1;
	REC(close(*fd));
	*fd = -1;
}
