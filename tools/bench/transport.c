// SPDX-License-Identifier: GPL-2.0-only
/* The table of transports: what carries the bytes, one row each. */
#include <fcntl.h>
#include <linux/sdirect.h>
#include <linux/sdirect_ring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loops.h"
#include "memkern.h"
#include "net.h"
#include "sdirect.h"

/* Of the bytes; each connection begins on TCP, and a ring that grows ends. */
#define RING_SHARE	0.9
#define RING_BYTES	(1u << 20)

/* ---- descriptors ---- */

static void need(ssize_t n)
{
	if (n <= 0)
		bench_die(n ? "transfer" : "end of stream");
}

static inline void file_send(struct end *e, const uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= (size_t)n, buf += n) {
		n = write(e->fd, buf, len);
		need(n);
	}
}

static inline void file_recv(struct end *e, uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= (size_t)n, buf += n) {
		n = read(e->in, buf, len);
		need(n);
	}
}

static inline void sock_send(struct end *e, const uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= (size_t)n, buf += n) {
		n = send(e->fd, buf, len, MSG_NOSIGNAL);
		need(n);
	}
}

static inline void sock_recv(struct end *e, uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= (size_t)n, buf += n) {
		n = recv(e->fd, buf, len, 0);
		need(n);
	}
}

static inline void lib_send(struct end *e, const uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= (size_t)n, buf += n) {
		n = sdirect_send(e->fd, buf, len, MSG_NOSIGNAL);
		need(n);
	}
}

static inline void lib_recv(struct end *e, uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= (size_t)n, buf += n) {
		n = sdirect_recv(e->fd, buf, len, 0);
		need(n);
	}
}

LOOPS(file, file_send, file_recv)
LOOPS(sock, sock_send, sock_recv)
LOOPS(lib, lib_send, lib_recv)

static void pipe_before(int fds[4])
{
	if (pipe(fds) || pipe(fds + 2))
		bench_die("pipe");
}

/* The client writes to the first and reads from the second. */
static void pipe_open(struct end *e, const int fds[4], int server)
{
	e->fd = fds[server ? 3 : 1];
	e->in = fds[server ? 0 : 2];
	close(fds[server ? 1 : 0]);
	close(fds[server ? 2 : 3]);
}

static void unix_before(int fds[4])
{
	fds[0] = net_listen(AF_UNIX, 1);
}

static void tcp_before(int fds[4])
{
	fds[0] = net_listen(AF_INET, 1);
}

static void direct_before(int fds[4])
{
	fds[0] = net_listen(AF_SDIRECT, 1);
}

static void net_open(struct end *e, const int fds[4], int server, int family)
{
	e->fd = server ? net_accept(fds[0], 0) : net_connect(family, fds[0]);
	close(fds[0]);
}

static void unix_open(struct end *e, const int fds[4], int server)
{
	net_open(e, fds, server, AF_UNIX);
}

static void tcp_open(struct end *e, const int fds[4], int server)
{
	net_open(e, fds, server, AF_INET);
}

static void direct_open(struct end *e, const int fds[4], int server)
{
	net_open(e, fds, server, AF_SDIRECT);
}

static void native_open(struct end *e, const int fds[4], int server)
{
	net_open(e, fds, server, AF_SDIRECT);
	/* Too early for a ring, but now the library counts its calls. */
	sdirect_attach(e->fd);
}

/* ---- does it go the way that the name promises? ---- */

static int is_plain(struct end *e)
{
	struct sdirect_info info;

	errno = 0;
	if (net_info(e->fd, &info))
		bench_die("plain TCP was asked for, and this is not");
	return 1;
}

static int on_rings(struct end *e, uint32_t leased)
{
	struct sdirect_info info;

	if (!net_info(e->fd, &info))
		bench_die("not a socket of sdirect");
	e->all_bytes = info.tx_bytes + info.rx_bytes;
	e->ring_bytes = info.tx_ring_bytes + info.rx_ring_bytes;
	return info.tx_carrier == SDIRECT_CARRIER_LOCAL &&
	       info.rx_carrier == SDIRECT_CARRIER_LOCAL &&
	       info.leased == leased;
}

static int by_calls(struct end *e)
{
	return on_rings(e, 0);
}

static int by_maps(struct end *e)
{
	return on_rings(e, 1);
}

static void kept_rings(const struct end *e)
{
	struct sdirect_info info;
	uint64_t all, ring;

	if (!net_info(e->fd, &info))
		bench_die("not a socket of sdirect");
	all = info.tx_bytes + info.rx_bytes - e->all_bytes;
	ring = info.tx_ring_bytes + info.rx_ring_bytes - e->ring_bytes;
	errno = 0;
	if (!ring || (double)ring < RING_SHARE * (double)all)
		bench_die("%llu of %llu bytes by rings, reason %u",
			  (unsigned long long)ring, (unsigned long long)all,
			  info.reason);
}

/* ---- the library over memory ---- */

static void ring_before(int fds[4])
{
	const char *size = getenv("BENCH_RING");

	memkern_make(fds, size ? strtoul(size, NULL, 0) : 256u << 10);
}

/* As long as the module makes one under load. */
static void grown_before(int fds[4])
{
	memkern_make(fds, SDIRECT_RING_MAX);
}

static void ring_open(struct end *e, const int fds[4], int server)
{
	e->fd = fds[server];
	memkern_attach(e->fd);
}

static void kept_memory(const struct end *e)
{
	errno = 0;
	if (!memkern_fast_calls(e->fd))
		bench_die("nothing has gone by the library");
}

/* ---- shared memory without sdirect ---- */

static struct queue *queues;
static struct line *lines;

static void queue_before(int fds[4])
{
	(void)fds;
	queues = bench_shared(2 * sizeof(*queues));
	queues[0].want = ~0ull >> 1;
	queues[1].want = ~0ull >> 1;
}

static void queue_open(struct end *e, const int fds[4], int server)
{
	(void)fds;
	e->tx.q = &queues[server];
	e->rx.q = &queues[!server];
}

static inline void bare_send(struct end *e, const uint8_t *buf, size_t len)
{
	queue_send(&e->tx, buf, len, 0);
}

static inline void wary_send(struct end *e, const uint8_t *buf, size_t len)
{
	queue_send(&e->tx, buf, len, 1);
}

static inline void bare_recv(struct end *e, uint8_t *buf, size_t len)
{
	queue_recv(&e->rx, buf, len);
}

LOOPS(bare, bare_send, bare_recv)
LOOPS(wary, wary_send, bare_recv)

static void line_before(int fds[4])
{
	(void)fds;
	lines = bench_shared(2 * sizeof(*lines));
}

static void line_open(struct end *e, const int fds[4], int server)
{
	(void)fds;
	e->line_tx.line = &lines[server];
	e->line_rx.line = &lines[!server];
}

static inline void one_line_send(struct end *e, const uint8_t *buf, size_t len)
{
	(void)len;
	line_send(&e->line_tx, buf);
}

static inline void one_line_recv(struct end *e, uint8_t *buf, size_t len)
{
	(void)len;
	line_recv(&e->line_rx, buf);
}

LOOPS(line, one_line_send, one_line_recv)

/* One core copies, and looks at what it has copied. */
static void copy_source(struct end *e, struct work *w)
{
	struct watch watch = watch_start(w);
	uint64_t number, mark = 0;

	(void)e;
	for (number = 1; !mark; number++) {
		if (watch_over(&watch, number))
			mark = STOP;
		stamp(w, number, mark);
		queue_copy(w->in, w->out, w->size);
		expect(w, w->in, number);
	}
	w->end = bench_now();
	w->count = number - 1;
}

static const struct transport table[] = {
	{ "pipe", 0, 0, pipe_before, pipe_open, LOOPS_OF(file) },
	{ "unix", 0, AF_UNIX, unix_before, unix_open, LOOPS_OF(sock) },
	{ "tcp", 0, AF_INET, tcp_before, tcp_open, .ready = is_plain,
	  LOOPS_OF(sock) },
	{ "shim", 0, AF_INET, tcp_before, tcp_open, .ready = by_maps,
	  .kept = kept_rings, LOOPS_OF(sock) },
	{ "calls", 0, AF_SDIRECT, direct_before, direct_open, .ready = by_calls,
	  .kept = kept_rings, LOOPS_OF(sock) },
	{ "native", 0, AF_SDIRECT, direct_before, native_open, .ready = by_maps,
	  .kept = kept_rings, LOOPS_OF(lib) },
	{ "ring", END_SPINS, 0, ring_before, ring_open, .kept = kept_memory,
	  LOOPS_OF(lib) },
	{ "ring-grown", END_SPINS, 0, grown_before, ring_open,
	  .kept = kept_memory, LOOPS_OF(lib) },
	{ "ring-shim", END_SPINS, 0, ring_before, ring_open,
	  .kept = kept_memory, LOOPS_OF(sock) },
	{ "queue", END_SPINS, 0, queue_before, queue_open, LOOPS_OF(bare) },
	{ "queue-wake", END_SPINS, 0, queue_before, queue_open,
	  LOOPS_OF(wary) },
	{ "line", END_SPINS | END_TINY, 0, line_before, line_open,
	  LOOPS_OF(line) },
	{ "memcpy", END_ALONE, .source = copy_source },
};

const struct transport *transport_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

void transport_list(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		puts(table[i].name);
}
