// SPDX-License-Identifier: GPL-2.0-only
/* How a peer moves bytes, and counts and sums them up; see peer.c. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "peer.h"

#define CHUNK_MAX	65536u
/* More than it takes for a stream to be looked at. */
#define QUIET_BYTES	1000

/* FNV-1a */
#define SUM_PRIME	0x100000001b3ull

static void sum_up(struct peer_flow *f, const unsigned char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		f->sum = (f->sum ^ buf[i]) * SUM_PRIME;
	f->pos += len;
}

/*
 * Small messages first, so that the stream changes its carrier between some of
 * them; large ones last, so that a ring grows below them.
 */
static size_t next_size(const struct peer_flow *f)
{
	const uint64_t left = f->ask->bytes - f->pos;
	const size_t most = f->pos < f->ask->bytes / 128 ? 100 :
			    f->pos < f->ask->bytes / 4 ? 4096 : CHUNK_MAX;
	const size_t n = 1 + (f->pos * 2654435761u >> 7) % most;

	return n < left ? n : left;
}

void peer_prepare(struct peer_flow *f, unsigned char *buf, size_t len)
{
	const uint64_t wrong = f->ask->corrupt - f->pos;

	net_fill(buf, len, f->seed, f->pos);
	sum_up(f, buf, len);
	if (wrong < len)
		buf[wrong] ^= 1;
}

void *peer_send(void *flow)
{
	struct peer_flow *f = flow;
	const size_t left = f->ask->bytes - f->pos;
	unsigned char *buf = malloc(f->ask->whole ? left : CHUNK_MAX);

	while (f->pos < f->ask->bytes) {
		const size_t n = f->ask->whole ? left : next_size(f);

		peer_prepare(f, buf, n);
		if (net_send_all(f->fd, buf, n) < 0)
			peer_fail("send", f->pos);
		if (f->ask->quiet && f->pos < QUIET_BYTES &&
		    !net_until(!net_queued(f->fd, TIOCOUTQ)))
			peer_fail("quiet", f->pos);
	}
	free(buf);
	return NULL;
}

/* Some bytes, which must be the right ones; 0 at the end of the stream. */
static ssize_t take(struct peer_flow *f, unsigned char *buf, size_t len)
{
	ssize_t n, wrong;

	do {
		n = recv(f->fd, buf, len, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		peer_fail("recv", f->pos);
	wrong = net_check(buf, n, f->seed, f->pos);
	errno = EBADMSG;
	if (wrong >= 0)
		peer_fail("wrong byte", f->pos + wrong);
	sum_up(f, buf, n);
	return n;
}

void *peer_recv(void *flow)
{
	struct peer_flow *f = flow;
	unsigned char *buf = malloc(CHUNK_MAX);

	while (f->pos < f->ask->bytes) {
		errno = ENODATA;
		if (!take(f, buf, next_size(f)))
			peer_fail("recv", f->pos);
	}
	free(buf);
	return NULL;
}

void peer_fill(struct peer_flow *f)
{
	unsigned char buf[4096];
	ssize_t n;

	do {
		net_fill(buf, sizeof(buf), f->seed, f->pos);
		n = send(f->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			sum_up(f, buf, n);
	} while (n > 0);
	if (errno != EAGAIN)
		peer_fail("fill", f->pos);
}

void peer_rest(struct peer_flow *f)
{
	unsigned char *buf = malloc(CHUNK_MAX);

	while (take(f, buf, CHUNK_MAX) > 0)
		;
	free(buf);
}

struct way {
	int from;
	int to;
};

static void *relay_way(void *way)
{
	const struct way *w = way;
	char *buf = malloc(CHUNK_MAX);
	uint64_t pos = 0;
	ssize_t n;

	while ((n = recv(w->from, buf, CHUNK_MAX, 0)) > 0 ||
	       (n < 0 && errno == EINTR)) {
		if (n > 0 && net_send_all(w->to, buf, n) < 0)
			peer_fail("relay: send", pos);
		pos += n > 0 ? n : 0;
	}
	if (n < 0)
		peer_fail("relay: recv", pos);
	/* The other may have closed already. */
	shutdown(w->to, SHUT_WR);
	free(buf);
	return NULL;
}

void peer_relay(int a, int b)
{
	struct way there = { a, b }, back = { b, a };
	pthread_t t;

	if (pthread_create(&t, NULL, relay_way, &there))
		peer_fail("thread", 0);
	relay_way(&back);
	pthread_join(t, NULL);
}
