/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of failnth share; failnth.c says what it does. */
#ifndef FAILNTH_H
#define FAILNTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_HITS	8

/**
 * struct call - a system call in which allocations are made to fail
 * @nr:		its number
 * @name:	as in the manual
 * @fd:		which argument is a descriptor that decides; -1: none
 */
struct call {
	long nr;
	const char *name;
	int fd;
};

extern const struct call calls[];
extern const unsigned int n_calls;

const struct call *call_find(long nr);
/* Has all of them stop this program, and those that it starts. */
int call_filter(void);
/* Only what may lead into the network: not the pipes of the tests. */
bool call_wanted(const struct call *c, pid_t pid, const uint64_t *args);

/* A system call that had allocations; of a hit, one of them failed. */
struct hit {
	const struct call *call;
	unsigned int task;	/* in the order of their birth, from 1 */
	unsigned int index;	/* which of its allocations failed, from 1 */
	int64_t ret;
	bool died;		/* the task ended in it */
};

/**
 * struct run - one execution of the program
 * @nth:	which allocation fails; 0: none, all are counted
 * @limit:	seconds for it all
 * @silence:	seconds without a system call after which it hangs
 * @out:	where the program writes
 * @argv:	what to run
 * @used:	allocations that were counted
 * @tasks:	that there have been
 * @hits:	the calls that met the fault
 * @n_hits:	how many
 * @hung:	it was ended by us
 * @signal:	of the program, if one ended it
 * @status:	its exit status
 * @crash:	a signal that says that a task is broken
 */
struct run {
	unsigned int nth;
	unsigned int limit;
	unsigned int silence;
	int out;
	char **argv;

	unsigned int used;
	unsigned int tasks;
	struct hit hits[MAX_HITS];
	unsigned int n_hits;
	bool hung;
	int signal;
	int status;
	int crash;
};

/* Says what was counted; with nth of 0 for each call. */
void report_call(const struct call *c, unsigned int task, unsigned int used);
/* Says where the tasks of a program that hangs are. */
void report_task(pid_t pid);

/* 0, or -1 and errno if the program could not be run. */
int trace_run(struct run *r);

#endif /* FAILNTH_H */
