/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the fuzzer share: a few descriptors, mappings, garbage. */
#ifndef TORTURE_FUZZ_H
#define TORTURE_FUZZ_H

#include "torture.h"

enum { FUZZ_FDS = 24, FUZZ_MAPS = 12, FUZZ_BUFFER = 1 << 16 };

/* Each mapping has its place, so that garbage hits no memory of ours. */
enum { FUZZ_PLACE = 16 << 20 };

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

/* One thread. */
struct fuzzer {
	struct rng rng;
	struct fuzz *f;
	char *buf;		/* FUZZ_BUFFER bytes of its own */
};

struct fuzz_op {
	void (*run)(struct fuzzer *z);
	unsigned int weight;
};

uint32_t fuzz_below(struct fuzzer *z, uint32_t n);
bool fuzz_one_in(struct fuzzer *z, uint32_t n);
int fuzz_fd(struct fuzzer *z);
/* Puts a descriptor into the table, closing what was there. */
void fuzz_keep(struct fuzzer *z, int fd);
/* Now and then an address where nothing is. */
void *fuzz_pointer(struct fuzzer *z);
size_t fuzz_length(struct fuzzer *z);

extern const struct fuzz_op fuzz_socket_ops[];
extern const struct fuzz_op fuzz_data_ops[];
extern const struct fuzz_op fuzz_map_ops[];

#endif /* TORTURE_FUZZ_H */
