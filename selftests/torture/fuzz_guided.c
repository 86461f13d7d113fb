// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tapes by hand: random ones, of which those that reach something new in the
 * module are kept and changed further; or those of files, once more.
 */
#include "fuzz_guided.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz_cover.h"
#include "fuzz_pool.h"
#include "fuzz_run.h"
#include "fuzz_shrink.h"

#define TELL_MS		15000

static const struct option table[] = {
	{ "kcov", no_argument, NULL, 'k' },
	{ "corpus", required_argument, NULL, 'c' },
	{ "replay", no_argument, NULL, 'r' },
	{ "check", no_argument, NULL, 'v' },
	{ "shrink", required_argument, NULL, 'x' },
	{ "times", required_argument, NULL, 'n' },
	{ "seed", required_argument, NULL, 's' },
	{ "seconds", required_argument, NULL, 't' },
	{ "tcp", no_argument, NULL, 'T' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static const char usage[] =
"usage: fuzz [--seed N] [--seconds N] [--rounds N] [--only CASE]\n"
"       fuzz --kcov --corpus DIR [--seed N] [--seconds N] [PATH...]\n"
"       fuzz --replay [--kcov] [--times N] [--tcp] PATH...\n"
"       fuzz --shrink OUT --kcov [--seconds N] PATH...\n"
"       fuzz --check PATH...\n"
"\n"
"A PATH is a tape, which is a file of calls, or a directory of *.tape files.\n"
"\n"
"Without --kcov or --replay: rounds of random calls by several threads and\n"
"processes at once; cases: alone, threads, processes, crowd.\n"
"--kcov --corpus runs random tapes, each in a process of its own, keeps in DIR\n"
"those that reach new places of the module, and goes on from them, from those\n"
"that DIR has, and from the PATHs.\n"
"--replay runs tapes; --tcp: on plain TCP; --kcov: says what they reach.\n"
"--shrink writes few and short tapes to OUT that reach what the PATHs do.\n"
"--check only reads them.\n"
"\n"
"exit status: 0 all well, 1 something was found, 2 it could not be done\n";

static struct {
	char mode;
	bool kcov, tcp;
	const char *dir;
	unsigned int times, seconds;
	struct rng rng;
} opts = { .times = 1, .seconds = 60 };

static const struct net_family tcp = { .family = AF_INET, .ip = AF_INET };
static const struct net_family direct = {
	.family = AF_SDIRECT, .ip = AF_INET, .direct = true
};

static struct pool pool;
static struct cover_set all;
static struct fuzz_tape before;
static unsigned int runs;
static uint64_t told;

static void tell(uint64_t end)
{
	const uint64_t now = net_now_ms();

	if (now - told < TELL_MS)
		return;
	told = now;
	printf("# fuzz: %u sequences, %u tapes, %u places reached, %llu s left\n",
	       runs, pool.n, cover_count(&all),
	       (unsigned long long)(now < end ? (end - now) / 1000 : 0));
}

static int report(const char *bad, const char *path)
{
	printf("# FAILED fuzz: %s: %s\n# replay: fuzz --replay %s\n", path, bad,
	       path);
	return 1;
}

/* --- files, once more --- */

static int replay(const struct runner *r)
{
	struct cover_set reached;
	unsigned int i, k;

	for (i = 0; i < pool.n; i++) {
		const struct pool_entry *e = pool.entries[i];

		printf("# fuzz: %u of %u: %s\n", i + 1, pool.n, e->path);
		for (k = 0; k < opts.times; k++) {
			const char *bad = run_tape(r, &e->tape);

			if (bad)
				return report(bad, e->path);
			runs++;
			tell(0);
		}
		if (!r->traced)
			continue;
		cover_take(&reached);
		cover_add(&all, &reached);
	}
	printf("# fuzz: %u sequences, all well\n", runs);
	if (r->traced)
		printf("# fuzz: %u places reached\n", cover_count(&all));
	return 0;
}

/* --- new ones --- */

/* What is found may come from the one before, a little late. */
static int found(const struct fuzz_tape *t, const char *bad)
{
	char name[40], path[4096];

	snprintf(name, sizeof(name), "bug-%016llx",
		 (unsigned long long)tape_hash(t));
	pool_save(opts.dir, name, t);
	snprintf(path, sizeof(path), "%s/%s.tape", opts.dir, name);
	strcat(name, "-before");
	if (before.n)
		pool_save(opts.dir, name, &before);
	return report(bad, path);
}

/* Runs a tape and keeps it, if it is worth it. */
static int try(const struct runner *r, const struct fuzz_tape *t,
	       const char *path)
{
	struct cover_set reached;
	const char *bad;
	char name[40];

	pool_last(opts.dir, t);
	bad = run_tape(r, t);
	if (bad)
		return found(t, bad);
	before = *t;
	runs++;
	cover_take(&reached);
	if (!cover_beyond(&reached, &all))
		return 0;
	cover_add(&all, &reached);
	snprintf(name, sizeof(name), "%016llx",
		 (unsigned long long)tape_hash(t));
	pool_add(&pool, t, name);
	return path ? 0 : pool_save(opts.dir, name, t) ? 2 : 0;
}

/* Mostly of the later ones: they go on from the earlier. */
static const struct fuzz_tape *pick(void)
{
	unsigned int a = rng_below(&opts.rng, pool.n);
	unsigned int b = rng_below(&opts.rng, pool.n);

	return &pool.entries[a > b ? a : b]->tape;
}

static int explore(const struct runner *r, struct pool *given)
{
	const uint64_t end = net_now_ms() + opts.seconds * 1000ull;
	unsigned int i;
	int err = 0;

	for (i = 0; i < given->n && !err; i++) {
		err = try(r, &given->entries[i]->tape, given->entries[i]->path);
		tell(end);
	}
	while (!err && net_now_ms() < end) {
		struct fuzz_tape t;

		if (pool.n < 4 || !rng_below(&opts.rng, 8)) {
			tape_random(&t, &opts.rng);
		} else {
			t = *pick();
			tape_mutate(&t, pick(), &opts.rng);
		}
		err = try(r, &t, NULL);
		tell(end);
	}
	pool_last(opts.dir, NULL);
	cover_report(&all, opts.dir);
	if (!err)
		printf("# fuzz: %u sequences, %u tapes, %u places reached, all well\n",
		       runs, pool.n, cover_count(&all));
	return err;
}

/* --- the command line --- */

bool guided_wanted(int argc, char **argv)
{
	static const char *const words[] = { "--kcov", "--corpus", "--replay",
					     "--check", "--shrink", "--help" };
	unsigned int k;
	int i;

	for (i = 1; i < argc; i++)
		for (k = 0; k < sizeof(words) / sizeof(*words); k++)
			if (!strcmp(argv[i], words[k]))
				return true;
	return false;
}

static void take_option(int opt)
{
	switch (opt) {
	case 'k':
		opts.kcov = true;
		break;
	case 'c':
	case 'x':
		opts.dir = optarg;
		opts.mode = opt;
		break;
	case 'n':
		opts.times = atoi(optarg);
		break;
	case 's':
		opts.rng.state = strtoull(optarg, NULL, 0);
		break;
	case 't':
		opts.seconds = atoi(optarg);
		break;
	case 'T':
		opts.tcp = true;
		break;
	default:
		opts.mode = opt;
	}
}

static int parse(int argc, char **argv)
{
	int opt;

	opts.rng.state = time(NULL);
	while ((opt = getopt_long(argc, argv, "", table, NULL)) != -1)
		take_option(opt);
	if (opts.mode == 'h') {
		fputs(usage, stdout);
		exit(0);
	}
	if (!opts.mode || opts.mode == '?' ||
	    (optind == argc && opts.mode != 'c') ||
	    (!opts.kcov && (opts.mode == 'c' || opts.mode == 'x'))) {
		fputs(usage, stderr);
		return -1;
	}
	return 0;
}

int guided_main(int argc, char **argv)
{
	struct runner r = { .nf = &direct };
	static struct pool given;
	int err = 0;

	if (parse(argc, argv))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (; optind < argc && !err; optind++)
		err = pool_load(opts.mode == 'r' ? &pool : &given, argv[optind]);
	if (!err && opts.mode == 'c')
		err = pool_load(&given, opts.dir);
	r.nf = opts.tcp ? &tcp : &direct;
	r.traced = opts.kcov;
	if (err || (r.traced && cover_open()))
		return 2;
	run_prepare();
	told = net_now_ms();
	switch (opts.mode) {
	case 'r':
		return replay(&r);
	case 'c':
		printf("# fuzz --seed %llu: %u s\n",
		       (unsigned long long)opts.rng.state, opts.seconds);
		return explore(&r, &given);
	case 'x':
		return shrink(&r, &given, opts.dir, opts.seconds);
	default:
		printf("# fuzz: %u tapes\n", given.n);
		return 0;
	}
}
