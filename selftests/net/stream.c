// SPDX-License-Identifier: GPL-2.0-only
/* The byte stream that checks itself, and how it is moved; see lib.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib.h"

/* A prime: no ring size or buffer size lines up with the period. */
#define PERIOD	65521u
#define SEEDS	8u

static unsigned char pattern[SEEDS][PERIOD];
static pthread_once_t pattern_once = PTHREAD_ONCE_INIT;

static void pattern_make(void)
{
	uint32_t x = 0x2545f491;
	unsigned int s, i;

	for (s = 0; s < SEEDS; s++) {
		for (i = 0; i < PERIOD; i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			pattern[s][i] = x >> 11;
		}
	}
}

void net_fill(void *buf, size_t len, unsigned int seed, uint64_t pos)
{
	unsigned char *to = buf;

	pthread_once(&pattern_once, pattern_make);
	while (len) {
		size_t at = pos % PERIOD;
		size_t n = len < PERIOD - at ? len : PERIOD - at;

		memcpy(to, pattern[seed % SEEDS] + at, n);
		to += n;
		pos += n;
		len -= n;
	}
}

ssize_t net_check(const void *buf, size_t len, unsigned int seed, uint64_t pos)
{
	const unsigned char *from = buf, *want;
	size_t done = 0, i, n;

	pthread_once(&pattern_once, pattern_make);
	while (done < len) {
		size_t at = (pos + done) % PERIOD;

		n = len - done < PERIOD - at ? len - done : PERIOD - at;
		want = pattern[seed % SEEDS] + at;
		if (memcmp(from + done, want, n)) {
			for (i = 0; from[done + i] == want[i]; i++)
				;
			return done + i;
		}
		done += n;
	}
	return -1;
}

ssize_t net_send_all(int fd, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = send(fd, (const char *)buf + done, len - done,
			 MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += n;
	}
	return done;
}

ssize_t net_recv_all(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = recv(fd, (char *)buf + done, len - done, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		done += n;
	}
	return done;
}

int net_say(int fd, uint64_t *pos, size_t len)
{
	char buf[4096];
	size_t n;

	for (; len; len -= n, *pos += n) {
		n = len < sizeof(buf) ? len : sizeof(buf);
		net_fill(buf, n, 1, *pos);
		if (net_send_all(fd, buf, n) != (ssize_t)n)
			return -1;
	}
	return 0;
}

int net_hear(int fd, uint64_t *pos, size_t len)
{
	char buf[4096];
	size_t n;

	for (; len; len -= n, *pos += n) {
		n = len < sizeof(buf) ? len : sizeof(buf);
		if (net_recv_all(fd, buf, n) != (ssize_t)n)
			return -1;
		errno = EBADMSG;
		if (net_check(buf, n, 1, *pos) >= 0)
			return -1;
	}
	return 0;
}

/* Sizes from 1 to chunk, most of them odd, the same in every run. */
static size_t next_size(const struct net_flow *f, uint64_t left)
{
	size_t n = 1 + (f->pos * 2654435761u >> 7) % f->chunk;

	return n < left ? n : left;
}

static void *flow_end(struct net_flow *f, char *buf, int err)
{
	free(buf);
	f->err = err;
	return err ? f : NULL;
}

void *net_flow_send(void *flow)
{
	struct net_flow *f = flow;
	const uint64_t end = f->pos + f->bytes;
	char *buf = malloc(f->chunk);

	while (f->pos < end) {
		size_t n = next_size(f, end - f->pos);

		net_fill(buf, n, f->seed, f->pos);
		if (net_send_all(f->fd, buf, n) < 0)
			return flow_end(f, buf, errno);
		f->pos += n;
	}
	return flow_end(f, buf, 0);
}

void *net_flow_recv(void *flow)
{
	struct net_flow *f = flow;
	const uint64_t end = f->pos + f->bytes;
	char *buf = malloc(f->chunk);
	ssize_t n;

	while (f->pos < end) {
		n = recv(f->fd, buf, next_size(f, end - f->pos), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return flow_end(f, buf, n ? errno : ENODATA);
		if (net_check(buf, n, f->seed, f->pos) >= 0)
			return flow_end(f, buf, EBADMSG);
		f->pos += n;
	}
	return flow_end(f, buf, 0);
}

static int one_way(int from, int to, size_t len, unsigned int seed, char *buf)
{
	net_fill(buf, len, seed, seed);
	if (net_send_all(from, buf, len) != (ssize_t)len)
		return -1;
	memset(buf, 0, len);
	if (net_recv_all(to, buf, len) != (ssize_t)len)
		return -1;
	if (net_check(buf, len, seed, seed) < 0)
		return 0;
	errno = EBADMSG;
	return -1;
}

int net_pingpong(const struct net_pair *p, size_t len, int rounds)
{
	char *buf = malloc(len);
	int i, ret = 0;

	for (i = 0; i < rounds && !ret; i++)
		ret = one_way(p->client, p->server, len, 2 * i, buf) ||
		      one_way(p->server, p->client, len, 2 * i + 1, buf);
	free(buf);
	return ret ? -1 : 0;
}

int net_echo(int fd)
{
	static char buf[65536];
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n;
		if (net_send_all(fd, buf, n) < 0)
			return -1;
	}
}
