// SPDX-License-Identifier: GPL-2.0-only
/*
 * failnth - runs a program again and again, and has the Nth allocation that it
 * makes in the network fail
 *
 * What is counted are the allocations, and the copies from and to the program,
 * in the system calls of calls.c, over all tasks of the program; the kernel
 * must have FAULT_INJECTION, and say by debugfs what can fail.
 *
 * For each N one line is printed,
 *
 *	@ nth=N used=N tasks=N end=passed|failed|hung|signal:N [crash=N]
 *	  [hit=CALL,RESULT,INDEX,TASK]...
 *
 * and behind it, where it did not pass, what the program has printed, each line
 * after "| ", and where its tasks were, if it hung, after "# ".  With --count
 * nothing fails and each call that has something to fail is listed,
 *
 *	= CALL TASK COUNT
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "failnth.h"

static const char usage[] =
	"usage: failnth [--count | --nth LIST] [--limit S] [--silence S]\n"
	"               -- PROGRAM [ARGUMENT...]\n"
	"Runs PROGRAM for each N of LIST, with its Nth allocation in the network\n"
	"failing, and says what became of it.\n"
	"  --nth LIST    such as 1,4-6,9-: up from 9 until nothing fails any more\n"
	"                (default: 1-)\n"
	"  --count       nothing fails: list the calls that allocate\n"
	"  --limit S     seconds for one run (default 120)\n"
	"  --silence S   seconds without a system call (default 15): it hangs\n"
	"  --cpu N       run everything there, which is faster\n"
	"  --all         print what PROGRAM prints even when it passes\n"
	"Exit status: 0 if each was run, whatever came of it; 1 if one could not\n"
	"be; 2 for wrong usage.\n";

static struct {
	const char *list;
	unsigned int limit;
	unsigned int silence;
	int cpu;
	bool count;
	bool all;
} opts = { .list = "1-", .limit = 120, .silence = 15, .cpu = -1 };

void report_call(const struct call *c, unsigned int task, unsigned int used)
{
	printf("= %s %u %u\n", c->name, task, used);
}

/* At most some lines of a file of a task. */
static void show(pid_t pid, const char *name)
{
	char path[64], line[256];
	int lines = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	f = fopen(path, "r");
	if (!f)
		return;
	while (lines++ < 12 && fgets(line, sizeof(line), f))
		printf("# %d: %s: %s%s", pid, name, line,
		       strchr(line, '\n') ? "" : "\n");
	fclose(f);
}

void report_task(pid_t pid)
{
	show(pid, "syscall");
	show(pid, "stack");
}

static void print_output(int fd)
{
	char line[512];
	FILE *f = fdopen(fd, "r");

	if (!f) {
		close(fd);
		return;
	}
	rewind(f);
	while (fgets(line, sizeof(line), f))
		printf("| %s%s", line, strchr(line, '\n') ? "" : "\n");
	fclose(f);
}

static void print_run(const struct run *r)
{
	unsigned int i;

	printf("@ nth=%u used=%u tasks=%u end=", r->nth, r->used, r->tasks);
	if (r->hung)
		printf("hung");
	else if (r->signal)
		printf("signal:%d", r->signal);
	else
		printf(r->status ? "failed" : "passed");
	if (r->crash)
		printf(" crash=%d", r->crash);
	for (i = 0; i < r->n_hits; i++) {
		const struct hit *h = &r->hits[i];

		printf(" hit=%s,", h->call->name);
		if (h->died)
			printf("died");
		else
			printf("%lld", (long long)h->ret);
		printf(",%u,%u", h->index, h->task);
	}
	printf("\n");
}

/* 1 if something failed, 0 if nothing did, -1 if the program did not run. */
static int run(char **argv, unsigned int nth)
{
	struct run r = { .nth = nth, .limit = opts.limit, .argv = argv,
			 .silence = opts.silence };

	r.out = memfd_create("output", MFD_CLOEXEC);
	if (r.out < 0 || trace_run(&r)) {
		fprintf(stderr, "failnth: %s: %s\n", argv[0], strerror(errno));
		return -1;
	}
	if (!r.signal && (r.status == 126 || r.status == 127)) {
		fprintf(stderr, "failnth: %s cannot be started\n", argv[0]);
		return -1;
	}
	print_run(&r);
	if (opts.all || r.hung || r.signal || r.status)
		print_output(r.out);
	else
		close(r.out);
	fflush(stdout);
	return !!r.n_hits;
}

/* Through one item of the list, A, A-B or A-; 0 or an exit status. */
static int run_item(char **argv, const char **at)
{
	unsigned long first, last, n;
	char *end;
	int ret;

	first = last = strtoul(*at, &end, 10);
	if (end == *at || !first)
		return 2;
	if (*end == '-') {
		*at = end + 1;
		last = strtoul(*at, &end, 10);
		if (end == *at)
			last = 1000000;
	}
	*at = end;
	for (n = first; n <= last; n++) {
		ret = run(argv, n);
		if (ret <= 0)
			return -ret;
	}
	return 0;
}

static int run_list(char **argv)
{
	const char *at = opts.list;
	int ret;

	if (opts.count)
		return run(argv, 0) < 0;
	do {
		ret = run_item(argv, &at);
		if (ret || !*at)
			return ret;
	} while (*at++ == ',');
	return 2;
}

static int parse(int argc, char **argv)
{
	static const struct option table[] = {
		{ "nth", required_argument, NULL, 'n' },
		{ "cpu", required_argument, NULL, 'p' },
		{ "count", no_argument, NULL, 'c' },
		{ "limit", required_argument, NULL, 'l' },
		{ "silence", required_argument, NULL, 's' },
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "+h", table, NULL)) != -1) {
		switch (opt) {
		case 'n':
			opts.list = optarg;
			break;
		case 'c':
			opts.count = true;
			break;
		case 'l':
			opts.limit = atoi(optarg);
			break;
		case 's':
			opts.silence = atoi(optarg);
			break;
		case 'p':
			opts.cpu = atoi(optarg);
			break;
		case 'a':
			opts.all = true;
			break;
		case 'h':
			return 0;
		default:
			return 2;
		}
	}
	return optind < argc && opts.limit && opts.silence ? -1 : 2;
}

static int pin(void)
{
	cpu_set_t set;

	if (opts.cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(opts.cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	int ret = parse(argc, argv);

	if (ret < 0)
		ret = pin() ? 2 : run_list(argv + optind);
	else if (!ret)
		fputs(usage, stdout);
	if (ret == 2)
		fputs(usage, stderr);
	return ret;
}
