// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls, legal and not, on a few sockets that threads and processes
 * share.  What the calls return does not matter: the kernel must live, its log
 * must be clean, and the processes must end when they are told to.
 *
 * One process and one thread (--only alone) do the same again for the same
 * seed, but for what depends on time.
 */
#include "fuzz.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define NUDGE_US	4000
#define THREADS_MAX	4
#define PATIENCE_MS	5000
/* Behind a buffer: more than any call reads into one that is too short. */
#define GUARD		(64 << 20)

static __thread sigjmp_buf landing;
static __thread volatile bool may_land;

uint32_t fuzz_below(struct fuzzer *z, uint32_t n)
{
	return rng_below(&z->rng, n);
}

bool fuzz_one_in(struct fuzzer *z, uint32_t n)
{
	return !rng_below(&z->rng, n);
}

int fuzz_fd(struct fuzzer *z)
{
	return z->f->fds[fuzz_below(z, FUZZ_FDS)];
}

void fuzz_keep(struct fuzzer *z, int fd)
{
	int *slot = &z->f->fds[fuzz_below(z, FUZZ_FDS)];

	if (fd < 0)
		return;
	fd = __atomic_exchange_n(slot, fd, __ATOMIC_SEQ_CST);
	if (fd > 2)
		close(fd);
}

void *fuzz_pointer(struct fuzzer *z)
{
	static char *const wild[] = { NULL, (char *)8, (char *)-1, (char *)-4096,
				      (char *)0x7ffffffff000,
				      (char *)0xffff888000000000 };
	const unsigned int place = fuzz_below(z, FUZZ_MAPS);

	if (fuzz_one_in(z, 16))
		return wild[fuzz_below(z, 6)];
	/* Rings as buffers of calls on the rings. */
	if (fuzz_one_in(z, 8) && z->f->length[place])
		return z->f->arena + (size_t)place * FUZZ_PLACE +
		       fuzz_below(z, z->f->length[place]);
	return z->buf + fuzz_below(z, 64);
}

size_t fuzz_length(struct fuzzer *z)
{
	static const size_t special[] = { 0, 1, 4095, 4096, 4097, 16384, 65536,
					  1 << 20, ~0ul, 1ul << 31, 1ul << 63 };

	if (fuzz_one_in(z, 12))
		return special[fuzz_below(z, 11)];
	return fuzz_below(z, fuzz_one_in(z, 4) ? FUZZ_BUFFER - 64 : 300);
}

/* --- threads --- */

/* A view may be gone, or never have been writable. */
static void on_fault(int sig)
{
	if (!may_land)
		_exit(128 + sig);
	siglongjmp(landing, sig);
}

static void on_nudge(int sig)
{
	(void)sig;
}

static void catch_signals(void)
{
	struct sigaction fault = { .sa_handler = on_fault,
				   .sa_flags = SA_NODEFER };
	struct sigaction nudge = { .sa_handler = on_nudge };

	TORTURE_CHECK(!sigaction(SIGSEGV, &fault, NULL));
	TORTURE_CHECK(!sigaction(SIGBUS, &fault, NULL));
	TORTURE_CHECK(!sigaction(SIGUSR1, &nudge, NULL));
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

static const struct fuzz_op *const tables[] = {
	fuzz_socket_ops, fuzz_data_ops, fuzz_map_ops,
};

static const struct fuzz_op *choose(struct fuzzer *z)
{
	static const unsigned int share[] = { 3, 5, 2 };
	const struct fuzz_op *table, *op;
	uint32_t sum = 0, at = fuzz_below(z, 10);
	unsigned int i;

	for (i = 0; at >= share[i]; i++)
		at -= share[i];
	table = tables[i];
	for (op = table; op->run; op++)
		sum += op->weight;
	at = fuzz_below(z, sum);
	for (op = table; at >= op->weight; op++)
		at -= op->weight;
	return op;
}

struct thread {
	struct fuzzer z;
	pthread_t id;
	uint64_t end;
	bool over;
};

static void *fuzz_thread(void *arg)
{
	struct thread *t = arg;
	struct fuzzer *z = &t->z;

	z->buf = mmap(NULL, FUZZ_BUFFER + GUARD, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TORTURE_CHECK(z->buf != MAP_FAILED);
	TORTURE_CHECK(!mprotect(z->buf, FUZZ_BUFFER, PROT_READ | PROT_WRITE));
	memset(z->buf, 0x5a, FUZZ_BUFFER);
	while (net_now_ms() < t->end) {
		const struct fuzz_op *op = choose(z);

		may_land = true;
		if (!sigsetjmp(landing, 1))
			op->run(z);
		may_land = false;
	}
	munmap(z->buf, FUZZ_BUFFER + GUARD);
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

static void fuzz_process(struct round *r, struct fuzz *f, unsigned int threads)
{
	struct thread t[THREADS_MAX] = {};
	unsigned int i;

	catch_signals();
	for (i = 0; i < threads; i++) {
		t[i].z.f = f;
		t[i].z.rng.state = rng_next(&r->rng);
		t[i].end = r->end;
		TORTURE_CHECK(!pthread_create(&t[i].id, NULL, fuzz_thread,
					      &t[i]));
	}
	nudge(t, threads);
	for (i = 0; i < threads; i++)
		TORTURE_CHECK(!pthread_join(t[i].id, NULL));
}

/* --- rounds --- */

static void limit(int what, rlim_t most)
{
	const struct rlimit lim = { most, most };

	TORTURE_CHECK(!setrlimit(what, &lim));
}

/* Something to begin with: two pairs in use, one cold, a listener. */
static void prepare(struct round *r, struct fuzz *f)
{
	struct net_pair p;
	unsigned int i, n = 0;

	limit(RLIMIT_NOFILE, 300);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_AS, 1ul << 30);
	limit(RLIMIT_FSIZE, 1 << 20);
	memset(f->fds, 0xff, sizeof(f->fds));
	f->arena = mmap(NULL, (size_t)FUZZ_MAPS * FUZZ_PLACE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TORTURE_CHECK(f->arena != MAP_FAILED);
	for (i = 0; i < 3; i++) {
		if (i < 2)
			torture_pair(r, &p);
		else
			torture_cold_pair(r, &p);
		net_nonblock(p.listener);
		f->fds[n++] = p.client;
		f->fds[n++] = p.server;
		f->fds[n++] = p.listener;
		f->addr = p.addr;
	}
}

static void fuzz_round(struct round *r, unsigned int processes,
		       unsigned int threads)
{
	static struct fuzz f;
	unsigned int i;
	int status;
	pid_t pid[4];

	prepare(r, &f);
	for (i = 0; i < processes; i++) {
		rng_next(&r->rng);
		pid[i] = net_fork();
		if (!pid[i]) {
			fuzz_process(r, &f, threads);
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
	fuzz_round(r, 1, 1);
}

static void threads(struct round *r)
{
	fuzz_round(r, 1, 4);
}

static void processes(struct round *r)
{
	fuzz_round(r, 3, 1);
}

static void crowd(struct round *r)
{
	fuzz_round(r, 2, 3);
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
	return torture_main(argc, argv, cases);
}
