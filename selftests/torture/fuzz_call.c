// SPDX-License-Identifier: GPL-2.0-only
/* One call of the fuzzer: how it is drawn, made, and what it works on. */
#include "fuzz.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Behind a buffer: more than any call reads into one that is too short. */
#define GUARD		(64 << 20)

static __thread sigjmp_buf landing;
static __thread volatile bool may_land;

/* --- choices --- */

static uint64_t draw(struct fuzzer *z, unsigned int bytes)
{
	uint64_t value = 0;

	if (z->at + bytes > FUZZ_ARGS)
		return rng_next(&z->beyond);
	memcpy(&value, z->call->arg + z->at, bytes);
	z->at += bytes;
	return value;
}

uint32_t fuzz_below(struct fuzzer *z, uint32_t n)
{
	return n ? draw(z, n <= 1 << 8 ? 1 : n <= 1 << 16 ? 2 : 4) % n : 0;
}

bool fuzz_one_in(struct fuzzer *z, uint32_t n)
{
	return !fuzz_below(z, n);
}

uint64_t fuzz_any(struct fuzzer *z)
{
	return draw(z, 8);
}

int fuzz_fd(struct fuzzer *z)
{
	unsigned int i, at = fuzz_below(z, FUZZ_FDS);

	if (!fuzz_one_in(z, 32))
		for (i = 0; i < FUZZ_FDS && z->f->fds[at] < 0; i++)
			at = (at + 1) % FUZZ_FDS;
	return z->f->fds[at];
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
	static const uintptr_t wild[] = { 0, 8, -1ul, -4096ul, 0x7ffffffff000,
					  0xffff888000000000 };
	unsigned int place;

	if (fuzz_one_in(z, 16))
		return (void *)wild[fuzz_below(z, 6)];
	/* Rings as buffers of calls on the rings. */
	if (fuzz_one_in(z, 8)) {
		place = fuzz_below(z, FUZZ_MAPS);
		if (z->f->length[place])
			return z->f->arena + (size_t)place * FUZZ_PLACE +
			       fuzz_below(z, z->f->length[place]);
	}
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

/* --- calls --- */

#define SHARES	20

static const struct {
	const struct fuzz_op *ops;
	unsigned int share;
} tables[] = {
	{ fuzz_socket_ops, 5 }, { fuzz_data_ops, 9 }, { fuzz_map_ops, 5 },
	{ fuzz_system_ops, SHARES - 19 }, { fuzz_test_ops, 0 },
};

static const struct fuzz_op *choose(struct rng *rng)
{
	const struct fuzz_op *table, *op;
	uint32_t sum = 0, at = rng_below(rng, SHARES);
	unsigned int i;

	for (i = 0; at >= tables[i].share; i++)
		at -= tables[i].share;
	table = tables[i].ops;
	for (op = table; op->run; op++)
		sum += op->weight;
	at = rng_below(rng, sum);
	for (op = table; at >= op->weight; op++)
		at -= op->weight;
	return op;
}

void fuzz_call_draw(struct rng *rng, struct fuzz_call *call)
{
	unsigned int i;

	call->op = choose(rng);
	for (i = 0; i < FUZZ_ARGS; i++)
		call->arg[i] = rng_next(rng);
}

const struct fuzz_op *fuzz_op_find(const char *name)
{
	const struct fuzz_op *op;
	unsigned int i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (op = tables[i].ops; op->run; op++)
			if (!strcmp(op->name, name))
				return op;
	return NULL;
}

void fuzz_call_make(struct fuzzer *z, const struct fuzz_call *call)
{
	uint64_t half[FUZZ_ARGS / 8];

	memcpy(half, call->arg, sizeof(half));
	z->beyond.state = half[0] ^ half[1] << 1;
	z->call = call;
	z->at = 0;
	may_land = true;
	if (!sigsetjmp(landing, 1))
		call->op->run(z);
	may_land = false;
}

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

void fuzz_catch_signals(void)
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

/* --- what they work on --- */

static void limit(int what, rlim_t most)
{
	const struct rlimit lim = { most, most };

	TORTURE_CHECK(!setrlimit(what, &lim));
}

/* Something to begin with: a pair in use, a cold one, and their listeners. */
void fuzz_begin(struct fuzz *f, const struct net_family *nf)
{
	struct round r = { .nf = nf };
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
	for (i = 0; i < 2; i++) {
		if (!i)
			torture_pair(&r, &p);
		else
			torture_cold_pair(&r, &p);
		net_nonblock(p.listener);
		f->fds[n++] = p.client;
		f->fds[n++] = p.server;
		f->fds[n++] = p.listener;
		f->addr = p.addr;
	}
}

void fuzz_buffer_get(struct fuzzer *z)
{
	z->buf = mmap(NULL, FUZZ_BUFFER + GUARD, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TORTURE_CHECK(z->buf != MAP_FAILED);
	TORTURE_CHECK(!mprotect(z->buf, FUZZ_BUFFER, PROT_READ | PROT_WRITE));
	memset(z->buf, 0x5a, FUZZ_BUFFER);
}

void fuzz_buffer_put(struct fuzzer *z)
{
	munmap(z->buf, FUZZ_BUFFER + GUARD);
}
