// SPDX-License-Identifier: GPL-2.0-only
/* Round trips and streams, over any transport. */
#include "command.h"

#include <errno.h>

#include "pair.h"

#define SAMPLES		(1u << 16)
#define IDLE_NS		1000000u	/* nothing in flight for that long */

static double quantile(const struct phase *ph, double part)
{
	return bench_us(ph->sample[(size_t)(part * (double)(ph->samples - 1))]);
}

static double mean_of(const struct phase *ph)
{
	double sum = 0;

	for (size_t i = 0; i < ph->samples; i++)
		sum += ph->sample[i];
	return sum / (double)ph->samples / 1e3;
}

static struct pair pair_of(const struct options *o, size_t size)
{
	struct pair p = { .t = o->transport, .size = size };

	p.cpu[0] = o->cpu[0];
	p.cpu[1] = o->cpu[1];
	p.warm_ns = o->ns / 4;
	return p;
}

/*
 * The mean is that of many round trips without a look at the clock in between,
 * the rest is of others that are timed one by one.
 */
static void round_trip(const struct options *o, size_t size)
{
	struct pair p = pair_of(o, size);
	struct phase *ph = p.phase;

	if (!o->idle)
		ph[p.phases++].ns = o->ns;
	ph[p.phases].ns = o->ns;
	ph[p.phases].idle_ns = o->idle ? IDLE_NS : 0;
	ph[p.phases++].samples = SAMPLES;
	pair_run(&p);
	ph = &p.phase[p.phases - 1];
	bench_sort(ph->sample, ph->samples);
	bench_report(size, "mean", o->idle ? mean_of(ph) :
		     (double)ph[-1].took / (double)ph[-1].count / 1e3, "us");
	if (!o->idle)
		bench_report(size, "typical", ph[-1].typical / 1e3, "us");
	bench_report(size, "p50", quantile(ph, 0.5), "us");
	bench_report(size, "p99", quantile(ph, 0.99), "us");
	bench_report(size, "p99.9", quantile(ph, 0.999), "us");
}

static void stream(const struct options *o, size_t size)
{
	struct pair p = pair_of(o, size);
	struct phase *ph = &p.phase[1];
	double bytes;

	/* First so much that rings grow, windows open, and the like. */
	p.phases = 2;
	for (int i = 0; i < p.phases; i++)
		p.phase[i].stream = 1;
	p.phase[0].ns = o->ns / 2;
	ph->ns = o->ns;
	pair_run(&p);
	bench_report(size, "typical", 1e9 / ph->typical, "1/s");
	bytes = (double)ph->count * (double)size;
	bench_report(size, "messages",
		     (double)ph->count * 1e9 / (double)ph->took, "1/s");
	bench_report(size, "bandwidth", bytes / (double)ph->took, "GB/s");
	bench_report(size, "cpu", (double)ph->cpu / bytes, "s/GB");
}

void command_rtt(const struct options *o)
{
	errno = 0;
	if (o->transport->flags & END_ALONE)
		bench_die("%s has no other end", o->transport->name);
	for (int i = 0; i < o->sizes; i++)
		round_trip(o, o->size[i]);
}

void command_stream(const struct options *o)
{
	errno = 0;
	if (o->transport->flags & END_TINY)
		bench_die("%s is no stream", o->transport->name);
	for (int i = 0; i < o->sizes; i++)
		stream(o, o->size[i]);
}

/* For valgrind, which counts; both ends in one process, no time in it. */
void command_through(const struct options *o)
{
	const struct transport *t = o->transport;
	struct end from = { .fd = -1, .in = -1 }, to = from;
	int fds[4] = { -1, -1, -1, -1 };
	struct work w;

	if (!(t->flags & END_SPINS))
		bench_die("only what is in memory has both ends in one process");
	work_init(&w, o->size[0]);
	w.count = (uint64_t)o->count;
	t->before(fds);
	t->open(&from, fds, 0);
	t->open(&to, fds, 1);
	t->through(&from, &to, &w);
	if (t->kept)
		t->kept(&from);
}
