// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that works the rings by hand stops itself inside an operation.
 * Then somebody else calls, and the stopped one is killed, or goes on.
 *
 * On TCP it stops before the call where the position has not moved, after it
 * where it has, so both tell the same story.
 */
#include "death.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum fate {
	KILLED_ALONE,		/* nobody else has the end */
	KILLED_SHARED,		/* another goes on with it */
	CALL_THEN_KILLED,	/* another calls first */
	CALL_THEN_GOES_ON,
	STAYS_STOPPED,		/* others do all there is to do */
	FATES
};

enum { HOLDER = 1, SHARER = 2, PEER = 3 };

static enum way_stop any_stop(struct round *r)
{
	return 1 + rng_below(&r->rng, STOP_POINTS - 1);
}

static enum way_kind by_hand(const struct round *r)
{
	return net_direct(r->nf) ? WAY_HAND : WAY_CALL;
}

/* Sends one message, stops in the second, sends a third. */
static void stopping_sender(struct round *r, struct net_pair *p,
			    enum way_stop stop)
{
	struct way w;

	net_close(&p->server);
	way_init(&w, p->client, by_hand(r));
	way_attach(&w);
	message_send(&w, HOLDER, 0);
	w.stop = stop;
	message_send(&w, HOLDER, 1);
	message_send(&w, HOLDER, 2);
	_exit(0);
}

static void tell_messages(struct round *r, int fd)
{
	struct message m;
	struct way w;

	way_init(&w, fd, WAY_CALL);
	while (message_recv(&w, &m))
		fprintf(r->out, " %u/%u", m.who, m.number);
}

void death_stopped_sender(struct round *r)
{
	enum fate fate = rng_below(&r->rng, FATES);
	enum way_stop stop = any_stop(r);
	struct net_pair p;
	struct way w;
	pid_t pid;

	death_pair(r, &p);
	pid = net_fork();
	if (!pid)
		stopping_sender(r, &p, stop);
	if (fate == KILLED_ALONE)
		net_close(&p.client);
	way_init(&w, p.client, WAY_CALL);
	TORTURE_CHECK(torture_wait_stopped(pid));
	if (fate == KILLED_ALONE || fate == KILLED_SHARED)
		torture_kill(pid);
	if (fate != KILLED_ALONE)
		message_send(&w, SHARER, 0);
	if (fate == CALL_THEN_KILLED)
		torture_kill(pid);
	if (fate == CALL_THEN_GOES_ON) {
		kill(pid, SIGCONT);
		TORTURE_CHECK(!net_wait(pid));
	}
	/* Who is stopped has the socket as well. */
	if (fate == STAYS_STOPPED)
		TORTURE_CHECK(!shutdown(p.client, SHUT_WR));
	net_close(&p.client);
	fprintf(r->out, "stop %d fate %d:", stop, fate);
	tell_messages(r, p.server);
	if (fate == STAYS_STOPPED)
		torture_kill(pid);
	death_tell(r, p.server);
}

/* Reads one message, stops in the second, reads another. */
static void stopping_reader(struct round *r, struct net_pair *p,
			    enum way_stop stop, uint32_t *got)
{
	struct message m;
	struct way w;
	int i;

	net_close(&p->server);
	way_init(&w, p->client, by_hand(r));
	way_attach(&w);
	for (i = 0; i < 3; i++) {
		w.stop = i == 1 ? stop : STOP_NEVER;
		TORTURE_CHECK(message_recv(&w, &m));
		got[i] = m.number;
	}
	_exit(0);
}

void death_stopped_reader(struct round *r)
{
	enum fate fate = 1 + rng_below(&r->rng, FATES - 1);
	uint32_t *got = torture_shared(4096);
	enum way_stop stop = any_stop(r);
	struct way one, two;
	struct net_pair p;
	struct message m;
	pid_t pid;
	int i;

	death_pair(r, &p);
	pid = net_fork();
	if (!pid)
		stopping_reader(r, &p, stop, got);
	way_init(&one, p.server, WAY_CALL);
	way_init(&two, p.client, WAY_CALL);
	for (i = 1; i <= 4; i++)
		message_send(&one, PEER, i);
	TORTURE_CHECK(torture_wait_stopped(pid));
	if (fate == KILLED_SHARED)
		torture_kill(pid);
	TORTURE_CHECK(message_recv(&two, &m));
	fprintf(r->out, "stop %d fate %d: %u", stop, fate, m.number);
	if (fate == CALL_THEN_KILLED)
		torture_kill(pid);
	if (fate == CALL_THEN_GOES_ON) {
		kill(pid, SIGCONT);
		TORTURE_CHECK(!net_wait(pid));
		fprintf(r->out, " %u %u %u", got[0], got[1], got[2]);
	}
	net_close(&p.server);
	tell_messages(r, p.client);
	if (fate == STAYS_STOPPED)
		torture_kill(pid);
	death_tell(r, p.client);
}

/*
 * A holder that never leaves, and stores into its ring and its position all the
 * time: after a bounded wait its stores must go nowhere.
 */
static void never_leaves(struct net_pair *p, int ready)
{
	struct direct *d;
	struct way w;

	net_close(&p->server);
	way_init(&w, p->client, WAY_HAND);
	way_attach(&w);
	message_send(&w, HOLDER, 0);
	d = &w.d;
	d->tail = SDIRECT_LOAD(&d->ctl->tx_tail);
	__atomic_store_n(&d->ctl->tx_inside, net_tid(), __ATOMIC_RELAXED);
	TORTURE_CHECK(write(ready, "r", 1) == 1);
	for (;;) {
		memset(d->tx + sdirect_ring_offset(d->at.tx_size, d->tail), 'Z',
		       2 * sizeof(struct message));
		SDIRECT_STORE_RELEASE(&d->ctl->tx_tail, d->tail);
	}
}

void death_spinning_sender(struct round *r)
{
	struct net_pair p;
	struct message m;
	struct way w, in;
	int ready[2], i;
	char byte;
	pid_t pid;

	death_pair(r, &p);
	TORTURE_CHECK(!pipe(ready));
	pid = net_fork();
	if (!pid)
		never_leaves(&p, ready[1]);
	TORTURE_CHECK(read(ready[0], &byte, 1) == 1);
	way_init(&w, p.client, WAY_CALL);
	way_init(&in, p.server, WAY_CALL);
	TORTURE_CHECK(message_recv(&in, &m) && m.who == HOLDER);
	for (i = 0; i < 20; i++) {
		message_send(&w, SHARER, i);
		rng_delay(&r->rng, 200);
		TORTURE_CHECK(message_recv(&in, &m));
		TORTURE_CHECK(m.who == SHARER && m.number == (uint32_t)i);
	}
	torture_kill(pid);
	net_close(&p.client);
	TORTURE_CHECK(!message_recv(&in, &m));
}

/*
 * A reader that has made room dies before it rings: the sender that sleeps for
 * the room must still wake.
 */
enum { FLOOD = 1 << 20, CHUNK = 1000 };

static void flood(int fd, uint64_t *sent)
{
	char buf[CHUNK];
	uint64_t pos;

	for (pos = 0; pos < FLOOD; pos += CHUNK) {
		net_fill(buf, CHUNK, 1, pos);
		TORTURE_CHECK(net_send_all(fd, buf, CHUNK) == CHUNK);
		__atomic_store_n(sent, pos + CHUNK, __ATOMIC_SEQ_CST);
	}
	_exit(0);
}

static void one_large_read(struct round *r, int fd, uint64_t *took)
{
	static char buf[FLOOD];
	struct way w;

	way_init(&w, fd, by_hand(r));
	way_attach(&w);
	w.stop = STOP_PUBLISHED;
	/* All but a little of what a ring can hold. */
	*took = w.d.at.rx_size / 8 * 7;
	TORTURE_CHECK(way_recv(&w, buf, *took, 0) == (ssize_t)*took);
	_exit(0);
}

/* The sender sleeps, and all that is unread is in its ring; what was not. */
static uint64_t wait_until_full(struct round *r, int fd, pid_t sender)
{
	struct sdirect_info info;
	char buf[CHUNK];
	uint64_t pos;
	int n;

	TORTURE_CHECK(!net_info(fd, &info));
	while (!ioctl(fd, FIONREAD, &n) && (uint32_t)n < info.rx_ring_size)
		rng_delay(&r->rng, 100);
	TORTURE_CHECK(!net_wait_sleeping(sender));
	for (pos = 0;; pos += CHUNK) {
		TORTURE_CHECK(!net_info(fd, &info));
		TORTURE_CHECK(!ioctl(fd, FIONREAD, &n));
		if ((uint32_t)n <= info.rx_ring_size)
			return pos;
		TORTURE_CHECK(recv(fd, buf, CHUNK, MSG_WAITALL) == CHUNK);
		TORTURE_CHECK(net_check(buf, CHUNK, 1, pos) < 0);
	}
}

void death_owed_doorbell(struct round *r)
{
	uint64_t *sent = torture_shared(4096), *took = sent + 1, before;
	struct net_pair p;
	pid_t sender, reader;
	char buf[CHUNK];
	uint64_t pos;
	ssize_t n;

	death_pair(r, &p);
	/* Or the ring grows and grows. */
	sender = net_fork();
	if (!sender) {
		const int small = 8192;

		setsockopt(p.server, SOL_SOCKET, SO_SNDBUF, &small,
			   sizeof(small));
		net_close(&p.client);
		flood(p.server, sent);
	}
	net_close(&p.server);
	pos = wait_until_full(r, p.client, sender);
	before = __atomic_load_n(sent, __ATOMIC_SEQ_CST);
	reader = net_fork();
	if (!reader)
		one_large_read(r, p.client, took);
	TORTURE_CHECK(torture_wait_stopped(reader));
	torture_kill(reader);
	while (__atomic_load_n(sent, __ATOMIC_SEQ_CST) == before)
		rng_delay(&r->rng, 100);
	for (pos += *took; pos < FLOOD; pos += n) {
		n = recv(p.client, buf, sizeof(buf), 0);
		if (n <= 0)
			break;
		TORTURE_CHECK(net_check(buf, n, 1, pos) < 0);
	}
	TORTURE_CHECK(!net_wait(sender));
	TORTURE_CHECK(pos >= FLOOD);
}
