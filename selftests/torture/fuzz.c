// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls, legal and not, on a few sockets that threads and processes
 * share.  What the calls return does not matter: the kernel must live, its log
 * must be clean, and the processes must end when they are told to.
 *
 * One process and one thread (--only alone) make the same calls again for the
 * same seed; what these do may depend on time.  fuzz --help says what else
 * there is: tapes.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fuzz_guided.h"

#define NUDGE_US	4000
#define THREADS_MAX	4
#define PATIENCE_MS	5000
#define CALLS_ALONE	150

/* @calls: how many it makes; 0: as many as it can until @end. */
struct thread {
	struct fuzzer z;
	struct rng rng;
	pthread_t id;
	uint64_t end;
	unsigned int calls;
	bool over;
};

static void *fuzz_thread(void *arg)
{
	struct thread *t = arg;
	struct fuzz_call call;
	unsigned int i;

	fuzz_buffer_get(&t->z);
	for (i = 0; t->calls ? i < t->calls : net_now_ms() < t->end; i++) {
		fuzz_call_draw(&t->rng, &call);
		fuzz_call_make(&t->z, &call);
	}
	fuzz_buffer_put(&t->z);
	__atomic_store_n(&t->over, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/* A call that sleeps is interrupted, so that the thread goes on. */
static void nudge(struct thread *t, unsigned int n)
{
	const struct timespec pause = { .tv_nsec = NUDGE_US * 1000 };
	unsigned int i, left;

	do {
		nanosleep(&pause, NULL);
		left = 0;
		for (i = 0; i < n; i++) {
			if (__atomic_load_n(&t[i].over, __ATOMIC_SEQ_CST))
				continue;
			pthread_kill(t[i].id, SIGUSR1);
			left++;
		}
	} while (left && net_now_ms() < t->end + PATIENCE_MS);
	/* One that its own garbage keeps busy; the kernel must end it. */
	if (left)
		_exit(128);
}

static void fuzz_process(struct round *r, struct fuzz *f, unsigned int threads,
			 unsigned int calls)
{
	struct thread t[THREADS_MAX] = {};
	unsigned int i;

	fuzz_catch_signals();
	for (i = 0; i < threads; i++) {
		t[i].z.f = f;
		t[i].rng.state = rng_next(&r->rng);
		t[i].end = r->end;
		t[i].calls = calls;
		TORTURE_CHECK(!pthread_create(&t[i].id, NULL, fuzz_thread,
					      &t[i]));
	}
	nudge(t, threads);
	for (i = 0; i < threads; i++)
		TORTURE_CHECK(!pthread_join(t[i].id, NULL));
}

/* --- rounds --- */

static void fuzz_round(struct round *r, unsigned int processes,
		       unsigned int threads, unsigned int calls)
{
	static struct fuzz f;
	unsigned int i;
	int status;
	pid_t pid[4];

	fuzz_begin(&f, r->nf);
	for (i = 0; i < processes; i++) {
		rng_next(&r->rng);
		pid[i] = net_fork();
		if (!pid[i]) {
			fuzz_process(r, &f, threads, calls);
			_exit(0);
		}
	}
	for (i = 0; i < FUZZ_FDS; i++)
		if (f.fds[i] > 2)
			close(f.fds[i]);
	for (i = 0; i < processes; i++) {
		status = net_wait(pid[i]);
		/* Garbage may hit the program itself, never the kernel. */
		TORTURE_CHECK(!status || status >= 128);
	}
}

static void alone(struct round *r)
{
	fuzz_round(r, 1, 1, CALLS_ALONE);
}

static void threads(struct round *r)
{
	fuzz_round(r, 1, 4, 0);
}

static void processes(struct round *r)
{
	fuzz_round(r, 3, 1, 0);
}

static void crowd(struct round *r)
{
	fuzz_round(r, 2, 3, 0);
}

static const struct torture_case cases[] = {
	{ .name = "alone", .run = alone },
	{ .name = "threads", .run = threads },
	{ .name = "processes", .run = processes },
	{ .name = "crowd", .run = crowd },
	{}
};

int main(int argc, char **argv)
{
	if (guided_wanted(argc, argv))
		return guided_main(argc, argv);
	return torture_main(argc, argv, cases);
}
