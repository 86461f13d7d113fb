// SPDX-License-Identifier: GPL-2.0-only
/* Threads, and processes, that send and receive on one socket at once. */
#include "sharing.h"

#define THREADS	4

/**
 * struct writer - one of those that send at once
 * @fd:		to send to
 * @mark:	the byte that all of its messages are made of
 * @len:	of each
 * @count:	how many
 * @vector:	in several parts
 * @start:	all begin together
 */
struct writer {
	int fd;
	char mark;
	size_t len;
	int count;
	bool vector;
	pthread_barrier_t *start;
};

static ssize_t send_once(const struct writer *w, char *buf)
{
	struct iovec iov[3] = {
		{ buf, w->len / 3 }, { buf, w->len / 5 },
		{ buf, w->len - w->len / 3 - w->len / 5 },
	};

	return w->vector ? writev(w->fd, iov, 3) : write(w->fd, buf, w->len);
}

static void *write_many(void *arg)
{
	const struct writer *w = arg;
	char *buf = malloc(w->len);
	int i;

	COMPAT_MUST(buf);
	memset(buf, w->mark, w->len);
	for (i = 0; i < w->count; i++) {
		if (w->start)
			pthread_barrier_wait(w->start);
		COMPAT_MUST(send_once(w, buf) == (ssize_t)w->len);
		/* Nobody begins again before all has been read. */
		if (w->start)
			pthread_barrier_wait(w->start);
	}
	free(buf);
	return NULL;
}

/* Messages that are not of one byte all through. */
static int count_broken(const char *buf, size_t len, int count)
{
	int broken = 0, i;
	size_t j;

	for (i = 0; i < count; i++, buf += len) {
		for (j = 1; j < len && buf[j] == *buf; j++)
			;
		broken += j < len;
	}
	return broken;
}

/*
 * TCP keeps a write whole while it need not wait for room: so each time all
 * write at once, and less than its buffer takes.
 */
static void write_at_once(struct compat *c, size_t len, bool vector)
{
	struct writer w[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t start;
	char *buf = malloc(THREADS * len);
	int i, round, broken = 0;

	pthread_barrier_init(&start, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++) {
		w[i] = (struct writer){ c->cl, 'a' + i, len, 30, vector,
					&start };
		COMPAT_MUST(!pthread_create(&threads[i], NULL, write_many,
					    &w[i]));
	}
	for (round = 0; round < 30; round++) {
		pthread_barrier_wait(&start);
		COMPAT_MUST(net_recv_all(c->sv, buf, THREADS * len) ==
			    (ssize_t)(THREADS * len));
		broken += count_broken(buf, len, THREADS);
		pthread_barrier_wait(&start);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	rec_say("%d writes at once of %zu bytes: %d broken", THREADS, len,
		broken);
	free(buf);
}

static const size_t lengths[] = { 1, 100, 1000, 4096, 10000, 16384, 40000 };

void writes_whole(struct compat *c)
{
	size_t i;

	for (i = 0; i < SHARE_COUNT(lengths); i++)
		write_at_once(c, lengths[i], false);
}

void vectors_whole(struct compat *c)
{
	size_t i;

	for (i = 1; i < SHARE_COUNT(lengths); i++)
		write_at_once(c, lengths[i], true);
}

struct reader {
	int fd;
	long counts[256];
};

static void *read_many(void *arg)
{
	struct reader *r = arg;
	unsigned char buf[37];
	ssize_t n, i;

	while ((n = recv(r->fd, buf, sizeof(buf), 0)) > 0)
		for (i = 0; i < n; i++)
			r->counts[buf[i]]++;
	COMPAT_MUST(!n);
	return NULL;
}

/* Each byte comes to one of the readers, and only once. */
void readers_many(struct compat *c)
{
	static struct reader r[THREADS];
	pthread_t threads[THREADS];
	unsigned char all[256];
	long sum, wrong = 0;
	int i, j;

	for (i = 0; i < 256; i++)
		all[i] = i;
	for (i = 0; i < THREADS; i++) {
		r[i].fd = c->sv;
		COMPAT_MUST(!pthread_create(&threads[i], NULL, read_many,
					    &r[i]));
	}
	for (i = 0; i < 400; i++)
		compat_send(c->cl, all, sizeof(all));
	REC(shutdown(c->cl, SHUT_WR));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (j = 0; j < 256; j++) {
		for (sum = 0, i = 0; i < THREADS; i++)
			sum += r[i].counts[j];
		wrong += sum != 400;
	}
	rec_say("%ld bytes came too often or not", wrong);
}

static pthread_t begin(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	COMPAT_MUST(!pthread_create(&thread, NULL, run, arg));
	return thread;
}

/* One thread for each direction of each end. */
void both_ways_at_once(struct compat *c)
{
	const uint64_t bytes = net_bytes(4);
	struct net_flow f[4] = {
		{ c->cl, 1, bytes, 9000, 0, 0 }, { c->sv, 1, bytes, 7000, 0, 0 },
		{ c->sv, 2, bytes, 3000, 0, 0 }, { c->cl, 2, bytes, 5000, 0, 0 },
	};
	pthread_t threads[4];
	void *bad;
	int i;

	for (i = 0; i < 4; i++)
		threads[i] = begin(i & 1 ? net_flow_recv : net_flow_send,
				   &f[i]);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &bad);
		rec_say("thread %d: %s", i, bad ? strerrorname_np(f[i].err) :
						  "all of it");
	}
}

/* Small writes of many, without waiting for each other, and many readers. */
void many_of_each(struct compat *c)
{
	static struct reader r[THREADS];
	pthread_t readers[THREADS], writers[THREADS];
	struct writer w[THREADS];
	long sum;
	int i, j;

	for (i = 0; i < THREADS; i++) {
		r[i].fd = c->sv;
		readers[i] = begin(read_many, &r[i]);
		w[i] = (struct writer){ c->cl, 'a' + i, 50 + i, 500, i & 1,
					NULL };
		writers[i] = begin(write_many, &w[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(writers[i], NULL);
	REC(shutdown(c->cl, SHUT_WR));
	for (i = 0; i < THREADS; i++)
		pthread_join(readers[i], NULL);
	for (i = 0; i < THREADS; i++) {
		for (sum = 0, j = 0; j < THREADS; j++)
			sum += r[j].counts['a' + i];
		rec_say("%c: %ld", 'a' + i, sum);
	}
}

/* Processes that write to one log: records stay whole. */
void forked_writers(struct compat *c)
{
	enum { LEN = 80, COUNT = 100 };
	static char buf[THREADS * COUNT * LEN];
	pid_t pids[THREADS];
	int i, counts[THREADS] = { };

	for (i = 0; i < THREADS; i++) {
		pids[i] = net_fork();
		if (!pids[i]) {
			struct writer w = { c->cl, 'a' + i, LEN, COUNT, false,
					    NULL };

			write_many(&w);
			_exit(0);
		}
	}
	COMPAT_MUST(net_recv_all(c->sv, buf, sizeof(buf)) == sizeof(buf));
	rec_say("%d records broken", count_broken(buf, LEN, THREADS * COUNT));
	for (i = 0; i < THREADS * COUNT; i++)
		counts[buf[i * LEN] - 'a']++;
	for (i = 0; i < THREADS; i++) {
		share_wait("writer", pids[i]);
		rec_say("%c: %d", 'a' + i, counts[i]);
	}
}
