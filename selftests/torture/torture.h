/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the torture programs share: seeded numbers, rounds with a time limit,
 * and a line that says how to see a failure again.
 *
 * A program is a table of cases.  Each round runs one of them, in a process
 * group of its own that is gone when the round is over.  A round depends on
 * nothing but its seed, the order in which processes happen to run, and the
 * kernel.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdio.h>

#include "../net/lib.h"

struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);	/* 0 to n - 1 */
/* A short random time, as busy work or as sleep. */
void rng_delay(struct rng *r, unsigned int us);

/* @out: what a case that compares says; must be the same on TCP. */
struct round {
	struct rng rng;
	const struct net_family *nf;
	FILE *out;
	uint64_t end;		/* net_now_ms() at which loops stop */
};

/**
 * struct torture_case - one row of a program
 * @name:	for --only
 * @run:	one round; fails by TORTURE_CHECK()
 * @compare:	run on TCP too, with the same seed: it must say the same
 * @direct:	nothing of it is to be had on TCP
 */
struct torture_case {
	const char *name;
	void (*run)(struct round *r);
	bool compare;
	bool direct;
};

#define TORTURE_CHECK(cond)	CHILD_CHECK(cond)

/* Runs the rounds that the command line asks for; an exit status. */
int torture_main(int argc, char **argv, const struct torture_case *cases);

/* SDIRECT_BUILD, where the other programs are. */
const char *torture_build(void);

/* Memory that children share with their parent, zeroed; never fails. */
void *torture_shared(size_t size);
/* Ends a child that may have died of SIGKILL and nothing else. */
void torture_reap(pid_t pid);
void torture_kill(pid_t pid);
/* Waits until a child stops; false if it ended. */
bool torture_wait_stopped(pid_t pid);
/* Connected, in use, and on rings where there are any. */
void torture_pair(struct round *r, struct net_pair *p);
/* The same without traffic first. */
void torture_cold_pair(struct round *r, struct net_pair *p);

#endif /* TORTURE_H */
