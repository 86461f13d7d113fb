/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the fuzzer share: a few descriptors, mappings, garbage,
 * and calls that are written down before they are made.
 */
#ifndef TORTURE_FUZZ_H
#define TORTURE_FUZZ_H

#include "torture.h"

enum { FUZZ_FDS = 24, FUZZ_MAPS = 12, FUZZ_BUFFER = 1 << 16 };

/* Each mapping has its place, so that garbage hits no memory of ours. */
enum { FUZZ_PLACE = 16 << 20 };

/* Choices that are written down with a call; few calls make more. */
enum { FUZZ_ARGS = 16 };

/**
 * struct fuzz - what one process of the fuzzer works on
 * @fds:	sockets, pipes, files; any thread may replace or close any
 * @arena:	FUZZ_MAPS places for mappings
 * @length:	of what was last mapped at each
 * @addr:	of a socket that listened once
 * @at:		what ATTACH said last
 *
 * Unlocked on purpose: threads that use a descriptor as another closes it are
 * a part of the test.
 */
struct fuzz {
	int fds[FUZZ_FDS];
	char *arena;
	size_t length[FUZZ_MAPS];
	union net_addr addr;
	struct sdirect_attach at;
};

struct fuzzer;

/* @weight: how often it is made, compared with others of its table. */
struct fuzz_op {
	const char *name;
	void (*run)(struct fuzzer *z);
	unsigned int weight;
};

#define FUZZ_OP(op, share)	{ #op, do_##op, share }

/* One call, as a tape has it: all that it does follows from this. */
struct fuzz_call {
	const struct fuzz_op *op;
	uint8_t arg[FUZZ_ARGS];
};

/**
 * struct fuzzer - one thread
 * @f:		what it works on
 * @buf:	FUZZ_BUFFER bytes of its own, and no memory behind
 * @call:	the one that is made now
 * @at:		how many of its arguments have been used
 * @beyond:	the choices after them
 */
struct fuzzer {
	struct fuzz *f;
	char *buf;
	const struct fuzz_call *call;
	unsigned int at;
	struct rng beyond;
};

/*
 * Choices of the call that is made now.  Each has a line of its own where it is
 * used: the order in which C evaluates arguments is not defined.
 */
uint32_t fuzz_below(struct fuzzer *z, uint32_t n);
bool fuzz_one_in(struct fuzzer *z, uint32_t n);
uint64_t fuzz_any(struct fuzzer *z);
/* Mostly one that is open, or was. */
int fuzz_fd(struct fuzzer *z);
/* Now and then an address where nothing is. */
void *fuzz_pointer(struct fuzzer *z);
size_t fuzz_length(struct fuzzer *z);

/* Puts a descriptor into the table, closing what was there. */
void fuzz_keep(struct fuzzer *z, int fd);

extern const struct fuzz_op fuzz_socket_ops[];
extern const struct fuzz_op fuzz_data_ops[];
extern const struct fuzz_op fuzz_map_ops[];
extern const struct fuzz_op fuzz_system_ops[];
extern const struct fuzz_op fuzz_test_ops[];	/* never chosen, only named */

/* Any call, by the weights. */
void fuzz_call_draw(struct rng *rng, struct fuzz_call *call);
const struct fuzz_op *fuzz_op_find(const char *name);
/* Makes it; a fault on the way is a way to end. */
void fuzz_call_make(struct fuzzer *z, const struct fuzz_call *call);

/* Of a process: what its threads work on, and its limits. */
void fuzz_begin(struct fuzz *f, const struct net_family *nf);
void fuzz_catch_signals(void);
/* Of a thread. */
void fuzz_buffer_get(struct fuzzer *z);
void fuzz_buffer_put(struct fuzzer *z);

#endif /* TORTURE_FUZZ_H */
