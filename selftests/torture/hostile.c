// SPDX-License-Identifier: GPL-2.0-only
/*
 * An end that lies.  It maps its pages and writes into all that it may write,
 * without pause, while the honest other end works in every way there is, while
 * reports are asked for, and while another connection is checked byte by byte.
 *
 * Every byte that the liar can write has its top bit set, and fresh rings are
 * zero: a byte of any other kind was read from where nothing should be read.
 */
#include "torture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "way.h"

#define TOP_BITS	0x8080808080808080ull
#define STORES		200

/* --- what is written --- */

static uint64_t near_truth(struct rng *r, const struct direct *d, bool tx)
{
	const uint64_t size = tx ? d->at.tx_size : d->at.rx_size;
	const uint64_t base = tx ? d->at.tx_base : d->at.rx_base;
	const uint64_t peer = tx ? SDIRECT_LOAD(&d->peer->rx_head) :
				   SDIRECT_LOAD(&d->peer->tx_tail);
	const uint64_t from[] = { base, peer, base + size, peer + size,
				  SDIRECT_LOAD(&d->me->rx_limit),
				  tx ? d->tail : d->head };
	const int64_t by[] = { 0, 1, -1, 2, size, -size, size / 2, size + 1,
			       1 - (int64_t)size, 4096, -4096,
			       rng_below(r, size + 1) };

	return from[rng_below(r, 6)] + by[rng_below(r, 12)];
}

static uint64_t any_position(struct rng *r, const struct direct *d, bool tx)
{
	static const uint64_t far[] = { 0, 1, ~0ull, ~0ull - 1, 1ull << 63,
					1ull << 32, 1ull << 31, 1ull << 22 };

	switch (rng_below(r, 4)) {
	case 0:
		return far[rng_below(r, 8)];
	case 1:
		return rng_next(r);
	default:
		return near_truth(r, d, tx);
	}
}

/* Thread ids: our own, the peer's, others', none. */
static uint32_t any_tid(struct rng *r)
{
	const uint32_t ids[] = { 0, 1, 2, net_tid(), getppid(), ~0u,
				 getpid() + rng_below(r, 8), rng_next(r) };

	return ids[rng_below(r, 8)];
}

static void lie_once(struct rng *r, struct direct *d)
{
	__u32 *marks[] = { &d->ctl->tx_inside, &d->ctl->rx_inside,
			      &d->ctl->tx_call, &d->ctl->rx_call };
	__u64 *ops[] = { &d->ctl->tx_ops, &d->ctl->rx_ops };
	uint32_t at;

	switch (rng_below(r, 8)) {
	case 0:
	case 1:
		SDIRECT_STORE_RELEASE(&d->ctl->tx_tail,
				      any_position(r, d, true));
		break;
	case 2:
		SDIRECT_STORE_RELEASE(&d->ctl->rx_head,
				      any_position(r, d, false));
		break;
	case 3:
		__atomic_store_n(marks[rng_below(r, 4)], any_tid(r),
				 __ATOMIC_RELAXED);
		break;
	case 4:
		*ops[rng_below(r, 2)] = rng_next(r);
		break;
	case 5:
		/* The true position again: a short lie may go unnoticed. */
		SDIRECT_STORE_RELEASE(&d->ctl->tx_tail, d->tail);
		SDIRECT_STORE_RELEASE(&d->ctl->rx_head, d->head);
		break;
	case 6:
		at = rng_below(r, 4096 / 8);
		((uint64_t *)d->ctl)[at] = rng_next(r);
		break;
	default:
		if (d->at.tx_size)
			*(uint64_t *)(d->tx + rng_below(r, 2 * d->at.tx_size - 8)) =
				rng_next(r) | TOP_BITS;
	}
}

/* Goes forward as an honest end would, if it can. */
static void truth_once(struct rng *r, struct way *w)
{
	char buf[500];

	memset(buf, 0x80 | rng_below(r, 128), sizeof(buf));
	way_send(w, buf, 1 + rng_below(r, sizeof(buf)), MSG_DONTWAIT);
	way_recv(w, buf, sizeof(buf), MSG_DONTWAIT);
}

static void mode_call(struct rng *r, int fd)
{
	struct sdirect_settle s;
	struct sdirect_attach at;
	char buf[300];
	int n;

	memset(buf, 0xff, sizeof(buf));
	switch (rng_below(r, 8)) {
	case 0:
		send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 1:
		recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		break;
	case 2:
		ioctl(fd, SDIRECT_IOC_SETTLE, &s);
		break;
	case 3:
		direct_attach(fd, &at);
		break;
	case 4:
		ioctl(fd, FIONREAD, &n);
		break;
	default:
		ioctl(fd, SDIRECT_IOC_DOORBELL);
	}
}

/* --- the liar --- */

/* Begins as an honest program, or nothing would ever get to a ring. */
static void warm_up(int fd)
{
	char buf[100];
	int i;

	memset(buf, 0xff, sizeof(buf));
	for (i = 0; i < 60; i++) {
		send(fd, buf, sizeof(buf), MSG_NOSIGNAL);
		recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	}
}

struct liar {
	struct rng rng;
	struct way *w;
	uint64_t end;
};

static void *lie_beside(void *arg)
{
	struct liar *l = arg;

	while (net_now_ms() < l->end && l->w->open)
		mode_call(&l->rng, l->w->fd);
	return NULL;
}

static void lie_on(struct round *r, int fd)
{
	struct liar l = { .rng.state = rng_next(&r->rng), .end = r->end };
	struct way w;
	pthread_t t;
	int i, n;

	warm_up(fd);
	way_init(&w, fd, WAY_HAND);
	l.w = &w;
	for (i = 0; i < 50 && !w.open && net_now_ms() < r->end; i++) {
		truth_once(&r->rng, &w);
		rng_delay(&r->rng, 500);
	}
	if (!w.open)
		return;
	/* Not closed under the other thread's feet: it only calls. */
	TORTURE_CHECK(!pthread_create(&t, NULL, lie_beside, &l));
	for (i = 0; i < 20 && net_now_ms() < r->end; i++) {
		for (n = rng_below(&r->rng, STORES); n; n--)
			lie_once(&r->rng, &w.d);
		if (!rng_below(&r->rng, 3))
			ioctl(fd, SDIRECT_IOC_DOORBELL);
		if (!rng_below(&r->rng, 6))
			ioctl(fd, rng_below(&r->rng, 2) ? SDIRECT_IOC_DEMOTE :
							  SDIRECT_IOC_PROMOTE);
		rng_delay(&r->rng, 300);
	}
	l.end = 0;
	TORTURE_CHECK(!pthread_join(t, NULL));
	way_close(&w);
}

static void be_liar(struct round *r, const union net_addr *addr)
{
	int fd;

	while (net_now_ms() < r->end) {
		fd = net_connect(r->nf, addr);
		TORTURE_CHECK(fd >= 0);
		lie_on(r, fd);
		close(fd);
	}
	_exit(0);
}

/* --- the honest end --- */

static void check_bytes(const char *buf, ssize_t n)
{
	ssize_t i;

	for (i = 0; i < n; i++)
		TORTURE_CHECK(!buf[i] || buf[i] & 0x80);
}

static void look(struct rng *r, int fd, int ep)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };
	struct sdirect_info info;
	struct epoll_event ev;
	int n;

	switch (rng_below(r, 6)) {
	case 0:
		poll(&pfd, 1, rng_below(r, 3));
		break;
	case 1:
		epoll_wait(ep, &ev, 1, rng_below(r, 3));
		break;
	case 2:
		TORTURE_CHECK(ioctl(fd, FIONREAD, &n) || n >= 0);
		break;
	case 3:
		TORTURE_CHECK(ioctl(fd, SIOCOUTQ, &n) || n >= 0);
		break;
	case 4:
		ioctl(fd, SIOCATMARK, &n);
		break;
	default:
		TORTURE_CHECK(!net_info(fd, &info));
	}
}

/* Works on its end until it breaks; every call must come back. */
static void serve(struct round *r, int fd)
{
	static char buf[1 << 16];
	int ep = epoll_create1(0), flags, i;
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT |
		(rng_below(&r->rng, 2) ? EPOLLET : 0) };
	struct way w;
	ssize_t n;

	way_init(&w, fd, rng_below(&r->rng, WAY_KINDS));
	TORTURE_CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	for (i = 0; i < 4000 && net_now_ms() < r->end; i++) {
		flags = MSG_DONTWAIT;
		if (!rng_below(&r->rng, 4))
			flags |= MSG_PEEK;
		n = way_recv(&w, buf, 1 + rng_below(&r->rng, sizeof(buf)),
			     flags);
		check_bytes(buf, n);
		if (!n || (n < 0 && errno != EAGAIN))
			break;
		memset(buf, 0x80 | rng_below(&r->rng, 128), 2000);
		way_send(&w, buf, 1 + rng_below(&r->rng, 2000), MSG_DONTWAIT);
		look(&r->rng, fd, ep);
	}
	way_close(&w);
	close(ep);
}

static void be_honest(struct round *r, int listener)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	int fd;

	while (net_now_ms() < r->end) {
		if (poll(&pfd, 1, 100) != 1)
			continue;
		fd = accept(listener, NULL, NULL);
		TORTURE_CHECK(fd >= 0);
		serve(r, fd);
		close(fd);
	}
	_exit(0);
}

/* --- bystanders --- */

static void ask_for_reports(struct round *r)
{
	posix_spawn_file_actions_t fa;
	char path[400];
	char *argv[] = { path, NULL, "--json", NULL };
	pid_t pid;

	snprintf(path, sizeof(path), "%s/sdirect", torture_build());
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	while (net_now_ms() < r->end) {
		argv[1] = rng_below(&r->rng, 2) ? "list" : "stat";
		TORTURE_CHECK(!posix_spawn(&pid, path, &fa, NULL, argv,
					   environ));
		TORTURE_CHECK(!net_wait(pid));
	}
	_exit(0);
}

/* A connection that nobody lies to, checked byte by byte. */
static void exchange(struct round *r, struct net_pair *p)
{
	struct way a, b;
	struct { unsigned int seed; uint64_t pos; } one = { 3, 0 };
	static char buf[3000];
	size_t len, got;
	ssize_t n;

	way_init(&a, p->client, rng_below(&r->rng, WAY_KINDS));
	way_init(&b, p->server, rng_below(&r->rng, WAY_KINDS));
	while (net_now_ms() < r->end) {
		len = 1 + rng_below(&r->rng, sizeof(buf));
		net_fill(buf, len, one.seed, one.pos);
		for (got = 0; got < len; got += n) {
			n = way_send(&a, buf + got, len - got, 0);
			TORTURE_CHECK(n > 0);
		}
		for (got = 0; got < len; got += n) {
			n = way_recv(&b, buf, len - got, 0);
			TORTURE_CHECK(n > 0);
			errno = EBADMSG;
			TORTURE_CHECK(net_check(buf, n, one.seed,
						one.pos + got) < 0);
		}
		one.pos += len;
	}
	TORTURE_CHECK(one.pos);
	_exit(0);
}

static void lies_everywhere(struct round *r)
{
	pid_t pid[4];
	struct net_pair p;
	union net_addr addr;
	unsigned int i;
	int listener;

	torture_pair(r, &p);
	listener = net_listen(r->nf, 64, &addr);
	TORTURE_CHECK(listener >= 0);
	r->end = net_now_ms() + 1000;
	for (i = 0; i < 4; i++) {
		rng_next(&r->rng);
		pid[i] = net_fork();
		if (pid[i])
			continue;
		switch (i) {
		case 0:
			be_liar(r, &addr);
			break;
		case 1:
			be_honest(r, listener);
			break;
		case 2:
			ask_for_reports(r);
			break;
		default:
			exchange(r, &p);
		}
	}
	for (i = 0; i < 4; i++)
		TORTURE_CHECK(!net_wait(pid[i]));
	TORTURE_CHECK(!net_pingpong(&p, 100, 20));
}

/* --- lies that must be found --- */

/* Farther than any ring reaches, or back before what has been read. */
static uint64_t plain_lie(struct rng *r, uint64_t at, uint32_t size)
{
	if (rng_below(r, 4) == 0 && at > 1)
		return at - 1 - rng_below(r, at - 1);
	return at + size + 1 + (1ull << rng_below(r, 62));
}

/* All is read, so whatever the tail says beyond the ring is not true. */
static void lies_are_found(struct round *r)
{
	const bool tail = rng_below(&r->rng, 2);
	static char buf[1 << 16];
	struct net_pair p;
	struct way w;
	ssize_t n;

	torture_pair(r, &p);
	way_init(&w, p.client, WAY_HAND);
	way_attach(&w);
	TORTURE_CHECK(w.d.at.tx_size && w.d.at.rx_size);
	if (tail)
		SDIRECT_STORE_RELEASE(&w.d.ctl->tx_tail,
				      plain_lie(&r->rng, w.d.tail,
						w.d.at.tx_size));
	else
		SDIRECT_STORE_RELEASE(&w.d.ctl->rx_head,
				      w.d.head + 1 + rng_below(&r->rng, ~0u));
	ioctl(p.client, SDIRECT_IOC_DOORBELL);
	if (tail)
		n = recv(p.server, buf, sizeof(buf), MSG_DONTWAIT |
			 (rng_below(&r->rng, 2) ? MSG_PEEK : 0));
	else
		n = send(p.server, buf, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	TORTURE_CHECK(n == -1 && errno == ECONNRESET);
	way_close(&w);
}

/* --- what may not be written --- */

/* Stores at an offset of the read-only view, and must die of it. */
static void forbidden(struct round *r)
{
	uint32_t *offset = torture_shared(4096);
	struct net_pair p;
	struct way w;
	pid_t pid;
	int i;

	for (i = 0; i < 4; i++) {
		torture_pair(r, &p);
		pid = net_fork();
		if (!pid) {
			way_init(&w, p.client, WAY_HAND);
			way_attach(&w);
			*offset = i < 3 ? i * 4096 + rng_below(&r->rng, 4096) :
				rng_below(&r->rng, w.d.at.rx_length);
			if (rng_below(&r->rng, 2) &&
			    !mprotect((void *)w.d.kern, w.d.at.rx_length,
				      PROT_READ | PROT_WRITE))
				_exit(3);
			((volatile char *)w.d.kern)[*offset] = 1;
			_exit(2);
		}
		rng_next(&r->rng);
		TORTURE_CHECK(net_wait(pid) == 256 + SIGSEGV);
		TORTURE_CHECK(!net_pingpong(&p, 100, 20));
		net_pair_close(&p);
	}
}

/* As torture_pair(), but all bytes are such as the liar may send. */
static void pair_of_top_bits(struct round *r, struct net_pair *p)
{
	char buf[100];
	int i;

	torture_cold_pair(r, p);
	for (i = 0; i < 60; i++) {
		memset(buf, 0xff, sizeof(buf));
		TORTURE_CHECK(send(p->client, buf, 100, 0) == 100);
		TORTURE_CHECK(net_recv_all(p->server, buf, 100) == 100);
		TORTURE_CHECK(send(p->server, buf, 100, 0) == 100);
		TORTURE_CHECK(net_recv_all(p->client, buf, 100) == 100);
	}
}

/* The liar is in the kernel with its lies: fork, exec of a call, exit. */
static void lies_and_ends(struct round *r)
{
	struct net_pair p;
	struct way w;
	pid_t pid;
	int n;

	pair_of_top_bits(r, &p);
	pid = net_fork();
	if (!pid) {
		net_close(&p.server);
		way_init(&w, p.client, WAY_HAND);
		way_attach(&w);
		for (n = rng_below(&r->rng, STORES); n; n--)
			lie_once(&r->rng, &w.d);
		switch (rng_below(&r->rng, 4)) {
		case 0:
			shutdown(p.client, SHUT_WR);
			break;
		case 1:
			close(p.client);
			break;
		case 2:
			mode_call(&r->rng, p.client);
			break;
		}
		if (rng_below(&r->rng, 2))
			kill(getpid(), SIGKILL);
		_exit(0);
	}
	net_close(&p.client);
	serve(r, p.server);
	torture_reap(pid);
}

static const struct torture_case cases[] = {
	{ .name = "lies_everywhere", .run = lies_everywhere },
	{ .name = "lies_and_ends", .run = lies_and_ends },
	{ .name = "lies_are_found", .run = lies_are_found, .direct = true },
	{ .name = "forbidden", .run = forbidden, .direct = true },
	{}
};

int main(int argc, char **argv)
{
	return torture_main(argc, argv, cases);
}
