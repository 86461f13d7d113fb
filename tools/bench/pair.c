// SPDX-License-Identifier: GPL-2.0-only
#include "pair.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

#define TRIES		100	/* to get the connection ready */

enum { CLIENT, SERVER, SIDES };

/**
 * struct told - what the two tell each other
 * @at:		how often each has come to meet the other
 * @ready:	the connection is what it must be, as each sees it
 * @count:	messages that each has seen
 * @begin:	of the client
 * @end:	of whoever ended last
 * @cpu:	time used by each
 * @samples:	of the client
 * @typical:	the same
 */
struct told {
	uint32_t at[SIDES] __attribute__((aligned(BENCH_LINE)));
	uint32_t ready[SIDES];
	uint64_t count[SIDES][PAIR_PHASES];
	uint64_t begin[PAIR_PHASES];
	uint64_t end[PAIR_PHASES];
	uint64_t cpu[SIDES][PAIR_PHASES];
	uint64_t samples[PAIR_PHASES];
	double typical[PAIR_PHASES];
};

/* Nobody may begin before both are here; a lost one is noticed by the alarm. */
static void meet(struct told *told, int who)
{
	uint32_t here = __atomic_add_fetch(&told->at[who], 1, __ATOMIC_SEQ_CST);

	while (__atomic_load_n(&told->at[!who], __ATOMIC_SEQ_CST) < here)
		sched_yield();
}

static uint8_t *buffer(size_t size)
{
	uint8_t *at = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);

	if (!at)
		bench_die("memory");
	return at;
}

void work_init(struct work *w, size_t size)
{
	uint64_t value = 0x9e3779b97f4a7c15ull;
	uint8_t *pattern = buffer(size);

	*w = (struct work) { .size = size };
	w->out = buffer(size);
	w->in = buffer(size);
	for (size_t i = 0; i < size; i += sizeof(value)) {
		value = value * 6364136223846793005ull + 1442695040888963407ull;
		memcpy(pattern + i, &value, sizeof(value));
	}
	memcpy(w->out, pattern, size);
	memset(w->in, 0, size);
	w->pattern = pattern;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double typical(struct work *w)
{
	if (!w->parts)
		return (double)(w->end - w->begin) / (double)w->count;
	qsort(w->part, w->parts, sizeof(w->part[0]), by_value);
	return w->part[w->parts / 2];
}

static work_fn *part_of(const struct transport *t, const struct phase *ph,
			int who)
{
	if (ph->stream)
		return who == SERVER ? t->sink : t->source;
	return who == SERVER ? t->pong : t->ping;
}

static void do_phase(struct pair *p, int i, int who, struct end *e,
		     struct work *w, struct told *told)
{
	struct phase *ph = &p->phase[i];
	uint64_t cpu;

	w->ns = ph->ns;
	w->idle_ns = ph->idle_ns;
	w->sample = who == CLIENT ? ph->sample : NULL;
	w->samples = ph->samples;
	memcpy(w->out, w->pattern, w->size);
	meet(told, who);
	cpu = bench_cpu_ns();
	part_of(p->t, ph, who)(e, w);
	told->cpu[who][i] = bench_cpu_ns() - cpu;
	told->count[who][i] = w->count;
	if (who == CLIENT) {
		told->begin[i] = w->begin;
		told->samples[i] = w->samples;
		told->typical[i] = typical(w);
	}
	if (who == (ph->stream ? SERVER : CLIENT))
		told->end[i] = w->end;
}

/* Small round trips, until the connection is on its way in both directions. */
static void warm_up(const struct pair *p, int who, struct end *e,
		    struct work *w, struct told *told)
{
	work_fn *part = who == SERVER ? p->t->pong : p->t->ping;
	size_t size = w->size;

	w->size = sizeof(uint64_t);
	w->ns = p->warm_ns;
	for (int i = 0; i < TRIES; i++) {
		meet(told, who);
		part(e, w);
		told->ready[who] = !p->t->ready || p->t->ready(e);
		meet(told, who);
		if (told->ready[CLIENT] && told->ready[SERVER]) {
			w->size = size;
			return;
		}
	}
	errno = 0;
	bench_die("the connection does not get as it must be");
}

static void do_all(struct pair *p, int who, const int fds[4],
		   struct told *told)
{
	struct end e = { .fd = -1, .in = -1 };
	struct work w;

	bench_pin(p->cpu[who]);
	work_init(&w, p->size);
	p->t->open(&e, fds, who == SERVER);
	if (p->t->family && p->t->family != AF_UNIX)
		net_delay(e.fd, p->phase[0].stream);
	warm_up(p, who, &e, &w, told);
	for (int i = 0; i < p->phases; i++)
		do_phase(p, i, who, &e, &w, told);
	if (p->t->kept)
		p->t->kept(&e);
	meet(told, who);	/* the other may still look at the connection */
}

static void collect(struct pair *p, const struct told *told)
{
	errno = 0;
	for (int i = 0; i < p->phases; i++) {
		struct phase *ph = &p->phase[i];

		if (told->count[CLIENT][i] != told->count[SERVER][i])
			bench_die("%llu messages were sent, %llu have come",
				  (unsigned long long)told->count[CLIENT][i],
				  (unsigned long long)told->count[SERVER][i]);
		ph->count = told->count[CLIENT][i];
		ph->took = told->end[i] - told->begin[i];
		ph->cpu = told->cpu[CLIENT][i] + told->cpu[SERVER][i];
		ph->samples = told->samples[i];
		ph->typical = told->typical[i];
	}
}

/* A transport that has no other end. */
static void run_alone(struct pair *p)
{
	struct end e = { .fd = -1, .in = -1 };
	struct work w;
	uint64_t cpu;

	bench_pin(p->cpu[CLIENT]);
	work_init(&w, p->size);
	for (int i = 0; i < p->phases; i++) {
		cpu = bench_cpu_ns();
		w.ns = p->phase[i].ns;
		memcpy(w.out, w.pattern, w.size);
		p->t->source(&e, &w);
		p->phase[i].cpu = bench_cpu_ns() - cpu;
		p->phase[i].count = w.count;
		p->phase[i].took = w.end - w.begin;
		p->phase[i].typical = typical(&w);
	}
}

/* The server is not to be waited for when it has failed. */
static void child_ended(int signal)
{
	int status;

	(void)signal;
	if (wait(&status) > 0 && status)
		_exit(1);
}

void pair_run(struct pair *p)
{
	int fds[4] = { -1, -1, -1, -1 };
	struct told *told;
	pid_t child;

	if (p->t->flags & END_ALONE) {
		run_alone(p);
		return;
	}
	told = bench_shared(sizeof(*told));
	for (int i = 0; i < p->phases; i++)
		if (p->phase[i].samples)
			p->phase[i].sample = bench_shared(p->phase[i].samples *
							  sizeof(uint32_t));
	p->t->before(fds);
	signal(SIGCHLD, child_ended);
	child = fork();
	if (child < 0)
		bench_die("fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		do_all(p, SERVER, fds, told);
		_exit(0);
	}
	do_all(p, CLIENT, fds, told);
	collect(p, told);
}
