// SPDX-License-Identifier: GPL-2.0-only
/* Writing down what calls do; see compat.h. */
#include <limits.h>
#include <poll.h>
#include <stdarg.h>

#include "compat.h"

#define SHOWN	16	/* bytes that are written in full */

void rec_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static const char *error_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "unknown error";
}

void rec_result(const char *what, long ret, int err)
{
	if (ret == -1)
		rec_say("%s = -1 %s", what, error_name(err));
	else
		/* A call that succeeds leaves errno alone. */
		rec_say("%s = %ld%s%s", what, ret, err ? " errno " : "",
			err ? error_name(err) : "");
}

void rec_fd(const char *what, long ret, int err)
{
	if (ret < 0)
		rec_result(what, ret, err);
	else
		rec_say("%s = a descriptor", what);
}

void rec_in(const char *what, long ret, int err, long low, long high)
{
	if (ret >= low && ret <= high)
		rec_say("%s = as many as may be", what);
	else
		rec_result(what, ret, err);
}

void rec_bytes(const char *what, const void *buf, long len)
{
	const unsigned char *at = buf;
	uint32_t sum = 2166136261u;	/* FNV-1a */
	long i;

	if (len <= 0)
		return;
	printf("  %s: ", what);
	for (i = 0; i < len; i++) {
		if (i < SHOWN)
			printf(at[i] > ' ' && at[i] < 0x7f ? "%c" : "\\%02x",
			       at[i]);
		sum = (sum ^ at[i]) * 16777619u;
	}
	printf("%s (%ld bytes, %08x)\n", len > SHOWN ? "..." : "", len, sum);
}

struct rec_bit {
	uint32_t bit;
	const char *name;
};

/* poll's and epoll's bits are the same. */
static const struct rec_bit bits[] = {
	{ EPOLLIN, "IN" }, { EPOLLPRI, "PRI" }, { EPOLLOUT, "OUT" },
	{ EPOLLERR, "ERR" }, { EPOLLHUP, "HUP" }, { POLLNVAL, "NVAL" },
	{ EPOLLRDNORM, "RDNORM" }, { EPOLLRDBAND, "RDBAND" },
	{ EPOLLWRNORM, "WRNORM" }, { EPOLLWRBAND, "WRBAND" },
	{ EPOLLRDHUP, "RDHUP" },
};

void rec_epoll(const char *what, uint32_t events)
{
	size_t i;

	printf("  %s:", what);
	for (i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		if (events & bits[i].bit)
			printf(" %s", bits[i].name);
	puts(events ? "" : " nothing");
}

void rec_poll(const char *what, short revents)
{
	rec_epoll(what, (uint16_t)revents);
}

void compat_back(struct compat *c)
{
	char buf[64];

	REC(write(c->sv, "back", 4));
	compat_arrived(c->cl, 4);
	REC_RECV(read(c->cl, buf, sizeof(buf)), buf);
}

void compat_nod(struct compat *c)
{
	char buf[1];

	compat_send(c->sv, "x", 1);
	REC(read(c->cl, buf, 1));
}
