// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of several processes that share an end is killed, or stopped for good, at
 * a random moment, while all of them send, or all of them read: the others lose
 * nothing and wait for nothing.
 */
#include "death.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { SHARERS_MAX = 4, EACH = 100, MORE = 100, TOTAL = 20000, AHEAD = 64 };

struct sharers {
	struct net_pair p;
	unsigned int count;
	pid_t pid[SHARERS_MAX];
	int ready[2];
	uint32_t *seen;			/* by the reader, of each sender's */
	struct executioner end;		/* of the first of them */
	pthread_t thread;
};

/*
 * Who is to be ended sends until then, and never so far ahead of the reader
 * that it waits for room: TCP then has sent a part of a message.
 */
static void send_own(struct way *w, uint32_t who, const uint32_t *seen)
{
	uint32_t i;

	for (i = 0; !who || i < EACH; i++) {
		while (!who &&
		       i - __atomic_load_n(seen, __ATOMIC_RELAXED) >= AHEAD)
			sched_yield();
		message_send(w, who, i);
	}
	_exit(0);
}

static void read_own(struct way *w, uint32_t *got)
{
	struct message m;

	while (message_recv(w, &m))
		__atomic_fetch_add(&got[m.number], 1, __ATOMIC_RELAXED);
	_exit(0);
}

static void sharer(struct sharers *s, uint32_t who, enum way_kind kind,
		   uint32_t *got)
{
	struct way w;

	net_close(&s->p.server);
	way_init(&w, s->p.client, kind);
	TORTURE_CHECK(write(s->ready[1], "r", 1) == 1);
	if (got)
		read_own(&w, got);
	send_own(&w, who, &s->seen[who]);
}

/* @got: they read, and count there; else they send. */
static void sharers_start(struct round *r, struct sharers *s, uint32_t *got)
{
	enum way_kind kind;
	uint32_t i;
	char byte;

	death_pair(r, &s->p);
	s->count = 2 + rng_below(&r->rng, SHARERS_MAX - 1);
	TORTURE_CHECK(!pipe(s->ready));
	s->end.sig = rng_below(&r->rng, 3) ? SIGKILL : SIGSTOP;
	s->end.rng.state = rng_next(&r->rng);
	for (i = 0; i < s->count; i++) {
		kind = rng_below(&r->rng, WAY_KINDS);
		s->pid[i] = net_fork();
		if (!s->pid[i])
			sharer(s, i, kind, got);
	}
	/* What has the other end as well must not be stopped. */
	for (i = 0; i < s->count; i++)
		TORTURE_CHECK(read(s->ready[0], &byte, 1) == 1);
	s->end.pid = s->pid[0];
	TORTURE_CHECK(!pthread_create(&s->thread, NULL, death_execute,
				      &s->end));
}

/* The others end by themselves, also while that one is stopped. */
static void sharers_end(struct sharers *s)
{
	uint32_t i;

	for (i = 1; i < s->count; i++)
		TORTURE_CHECK(!net_wait(s->pid[i]));
	TORTURE_CHECK(!pthread_join(s->thread, NULL));
	torture_kill(s->pid[0]);
}

void death_sharing_senders(struct round *r)
{
	uint32_t done = 1;
	struct sharers s = {
		.seen = torture_shared(SHARERS_MAX * sizeof(*s.seen)),
	};
	struct message m;
	struct way w;

	sharers_start(r, &s, NULL);
	way_init(&w, s.p.server, rng_below(&r->rng, WAY_KINDS));
	while (done < s.count) {
		TORTURE_CHECK(message_recv(&w, &m));
		TORTURE_CHECK(m.who < s.count);
		TORTURE_CHECK(m.number == s.seen[m.who]);
		__atomic_store_n(&s.seen[m.who], m.number + 1, __ATOMIC_RELAXED);
		done += m.who && m.number + 1 == EACH;
	}
	sharers_end(&s);
	net_close(&s.p.client);
	while (message_recv(&w, &m))
		TORTURE_CHECK(!m.who && m.number == s.seen[0]++);
}

void death_sharing_readers(struct round *r)
{
	uint32_t *got = torture_shared(TOTAL * sizeof(*got)), lost = 0;
	uint32_t i, sent, more = MORE;
	struct sharers s = {};
	struct way w;

	sharers_start(r, &s, got);
	net_close(&s.p.client);
	way_init(&w, s.p.server, rng_below(&r->rng, WAY_KINDS));
	for (sent = 0; sent < TOTAL && more; sent++) {
		message_send(&w, 0, sent);
		more -= __atomic_load_n(&s.end.done, __ATOMIC_ACQUIRE);
	}
	way_close(&w);
	net_close(&s.p.server);
	sharers_end(&s);
	for (i = 0; i < sent; i++) {
		TORTURE_CHECK(got[i] <= 1);
		lost += !got[i];
	}
	/* What that one had taken and not yet counted. */
	TORTURE_CHECK(lost <= 1);
}
