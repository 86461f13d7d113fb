// SPDX-License-Identifier: GPL-2.0-only
/* Rounds, their limits and their replay lines; see torture.h. */
#include "torture.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stuck.h"

#define ROUND_LIMIT_MS	30000
#define LOOP_MS		300
#define PROGRESS_MS	5000
#define LONG_MS		15000
#define SAID_MAX	4096

static struct {
	const char *program;
	const char *only;
	const char *family;
	uint64_t seed;
	unsigned int seconds;
	unsigned int rounds;
} opts = { .seconds = 4 };

/* Shared with the rounds: what they have killed, but for runs of the oracle. */
static uint64_t *killed;
static bool counting;

static const struct net_family tcp = { .family = AF_INET, .ip = AF_INET };
static const struct net_family direct[2] = {
	{ .family = AF_SDIRECT, .ip = AF_INET, .direct = true },
	{ .family = AF_SDIRECT, .ip = AF_INET6, .direct = true,
	  .protocol = IPPROTO_IPV6 },
};

uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return n ? rng_next(r) % n : 0;
}

void rng_delay(struct rng *r, unsigned int us)
{
	struct timespec ts = { .tv_nsec = rng_below(r, us * 1000 + 1) };
	volatile unsigned int spin = rng_below(r, 4000);

	switch (rng_below(r, 3)) {
	case 0:
		break;
	case 1:
		while (spin)
			spin--;
		break;
	default:
		nanosleep(&ts, NULL);
	}
}

static unsigned int env_number(const char *name, unsigned int otherwise)
{
	const char *env = getenv(name);
	int value = env ? atoi(env) : 0;

	return value > 0 ? (unsigned int)value : otherwise;
}

static uint64_t round_limit(void)
{
	return ROUND_LIMIT_MS * env_number("SDIRECT_TIME", 1);
}

const char *torture_build(void)
{
	const char *env = getenv("SDIRECT_BUILD");

	return env ? env : "build";
}

/* Ends all that a round has left; -1 if something cannot be ended. */
static int sweep(pid_t group)
{
	const uint64_t end = net_now_ms() + round_limit();
	pid_t pid;

	kill(-group, SIGKILL);
	while (net_now_ms() < end) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return 0;
		if (!pid)
			rng_delay(&(struct rng){ 1 }, 200);
		/* What was forked while the signal went round. */
		kill(-group, SIGKILL);
	}
	return -1;
}

static void run_child(const struct torture_case *c, const struct net_family *nf,
		      uint64_t seed, int out)
{
	struct round r = { .rng.state = seed, .nf = nf,
			   .end = net_now_ms() + LOOP_MS };

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The sweep belongs to the parent alone. */
	signal(SIGPIPE, SIG_IGN);
	counting = nf != &tcp || opts.family;
	r.out = fdopen(out, "w");
	c->run(&r);
	fflush(NULL);
	_exit(0);
}

/* False at the time limit; says so when a round takes long. */
static bool wait_end(const struct torture_case *c, int fd)
{
	const uint64_t begin = net_now_ms(), end = begin + round_limit();
	struct pollfd done = { .fd = fd, .events = POLLIN };
	uint64_t now;

	for (now = begin; now < end; now = net_now_ms()) {
		if (poll(&done, 1, end - now < LONG_MS ? end - now :
				   LONG_MS) > 0)
			return true;
		printf("# %s: %s has been running for %llu s\n", opts.program,
		       c->name, (unsigned long long)
		       (net_now_ms() - begin) / 1000);
	}
	return false;
}

/* What the case says goes to @said; NULL when all went well, else why not. */
static const char *run_one(const struct torture_case *c,
			   const struct net_family *nf, uint64_t seed,
			   char *said)
{
	const char *bad = NULL;
	int out[2], status, fd;
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	if (pipe(out))
		return "no pipe";
	pid = fork();
	if (!pid)
		run_child(c, nf, seed, out[1]);
	close(out[1]);
	setpgid(pid, pid);
	fd = pidfd_open(pid, 0);
	if (!wait_end(c, fd)) {
		stuck_show(pid);
		kill(pid, SIGKILL);
		bad = "it hangs";
	}
	close(fd);
	/* Also of one that hangs: SIGKILL must end it. */
	if (bad && sweep(pid))
		return "a process cannot be killed";
	if (!bad && waitpid(pid, &status, 0) != pid)
		bad = "no status";
	if (!bad && (!WIFEXITED(status) || WEXITSTATUS(status)))
		bad = WIFEXITED(status) ? "it failed" : "it was killed";
	if (sweep(pid)) {
		stuck_show(pid);
		bad = "a process cannot be killed";
	}
	n = read(out[0], said, SAID_MAX - 1);
	said[n > 0 ? n : 0] = 0;
	close(out[0]);
	return bad;
}

static const char *run_round(const struct torture_case *c, uint64_t seed,
			     char *said, char *want)
{
	const struct net_family *nf = &direct[seed & 1];
	const char *bad = NULL;

	if (opts.family)
		nf = !strcmp(opts.family, "tcp") ? &tcp :
			&direct[!strcmp(opts.family, "sdirect6")];
	want[0] = said[0] = 0;
	if (c->direct && nf == &tcp)
		return NULL;
	if (c->compare && nf != &tcp)
		bad = run_one(c, &tcp, seed, want) ? "it failed on TCP" : NULL;
	if (bad)
		return bad;
	bad = run_one(c, nf, seed, said);
	if (!bad && c->compare && nf != &tcp && strcmp(said, want))
		return "TCP says something else";
	return bad;
}

static int report(const struct torture_case *c, uint64_t seed, const char *bad,
		  const char *said, const char *want)
{
	printf("# FAILED %s: %s: %s\n", opts.program, c->name, bad);
	if (c->compare)
		printf("# tcp:     %s\n# sdirect: %s\n", want, said);
	printf("# replay: %s --seed %llu --rounds 1 --only %s%s%s\n",
	       opts.program, (unsigned long long)seed, c->name,
	       opts.family ? " --family " : "",
	       opts.family ? opts.family : "");
	fflush(stdout);
	return 1;
}

static const struct torture_case *choose(const struct torture_case *cases,
					 unsigned int i)
{
	const struct torture_case *c;
	unsigned int n = 0;

	for (c = cases; c->name; c++) {
		if (opts.only && !strcmp(opts.only, c->name))
			return c;
		n++;
	}
	return opts.only ? NULL : cases + i % n;
}

static int parse(int argc, char **argv)
{
	static const struct option table[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "rounds", required_argument, NULL, 'n' },
		{ "only", required_argument, NULL, 'o' },
		{ "family", required_argument, NULL, 'f' },
		{}
	};
	int opt;

	opts.program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 :
		       argv[0];
	opts.seed = (uint64_t)time(NULL) * 1000;
	opts.seconds = env_number("SDIRECT_SECONDS", opts.seconds);
	while ((opt = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (opt) {
		case 's':
			opts.seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			opts.seconds = atoi(optarg);
			break;
		case 'n':
			opts.rounds = atoi(optarg);
			break;
		case 'o':
			opts.only = optarg;
			break;
		case 'f':
			opts.family = optarg;
			break;
		default:
			fprintf(stderr, "usage: %s [--seed N] [--seconds N] "
				"[--rounds N] [--only CASE] "
				"[--family tcp|sdirect|sdirect6]\n",
				opts.program);
			return -1;
		}
	}
	return 0;
}

static void tell_progress(unsigned int rounds, uint64_t left)
{
	printf("# %s: %u rounds, %llu killed, %llu s left\n", opts.program,
	       rounds, (unsigned long long)*killed,
	       (unsigned long long)left / 1000);
}

int torture_main(int argc, char **argv, const struct torture_case *cases)
{
	static char said[SAID_MAX], want[SAID_MAX];
	const struct torture_case *c;
	uint64_t end, told, now;
	const char *bad;
	unsigned int i;

	if (parse(argc, argv) || !choose(cases, 0))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	killed = torture_shared(sizeof(*killed));
	printf("# %s --seed %llu: %u s\n", opts.program,
	       (unsigned long long)opts.seed, opts.seconds);
	told = net_now_ms();
	end = told + opts.seconds * 1000ull;
	for (i = 0; opts.rounds ? i < opts.rounds : net_now_ms() < end; i++) {
		c = choose(cases, i);
		bad = run_round(c, opts.seed + i, said, want);
		if (bad)
			return report(c, opts.seed + i, bad, said, want);
		now = net_now_ms();
		if (now - told >= PROGRESS_MS) {
			tell_progress(i + 1, now < end ? end - now : 0);
			told = now;
		}
	}
	printf("# %s: %u rounds, %llu killed, all well\n", opts.program, i,
	       (unsigned long long)*killed);
	return 0;
}

/* --- for the cases --- */

void *torture_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	TORTURE_CHECK(p != MAP_FAILED);
	return p;
}

void torture_reap(pid_t pid)
{
	int status = net_wait(pid);

	TORTURE_CHECK(!status || status == 256 + SIGKILL);
	if (counting && status)
		__atomic_fetch_add(killed, 1, __ATOMIC_RELAXED);
}

void torture_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	torture_reap(pid);
}

bool torture_wait_stopped(pid_t pid)
{
	int status;

	TORTURE_CHECK(waitpid(pid, &status, WUNTRACED) == pid);
	return WIFSTOPPED(status);
}

void torture_cold_pair(struct round *r, struct net_pair *p)
{
	TORTURE_CHECK(!net_pair_open(r->nf, p));
}

void torture_pair(struct round *r, struct net_pair *p)
{
	torture_cold_pair(r, p);
	TORTURE_CHECK(!net_warm(r->nf, p));
}
