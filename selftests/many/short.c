// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that carry a few requests each, one after the other, and how long
 * that takes: prints seconds, as JSON.
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../net/lib.h"

enum { MESSAGE = 64 };

struct ask {
	struct net_family nf;
	unsigned int count;
	unsigned int requests;
	bool one_cpu;
};

static double since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - begin->tv_sec +
	       (now.tv_nsec - begin->tv_nsec) / 1e9;
}

static __attribute__((noreturn)) void fail(const char *what, unsigned int at)
{
	fprintf(stderr, "short: %s, connection %u: %s\n", what, at,
		strerror(errno));
	exit(1);
}

/* Answers each message with itself, until the client closes. */
static void serve(const struct ask *ask, int listener)
{
	unsigned int i;

	for (i = 0; i < ask->count; i++) {
		char buf[MESSAGE];
		int fd = accept(listener, NULL, NULL);
		ssize_t n;

		if (fd < 0)
			fail("accept", i);
		while ((n = net_recv_all(fd, buf, sizeof(buf))) > 0)
			if (net_send_all(fd, buf, n) < 0)
				fail("answer", i);
		if (n < 0)
			fail("request", i);
		net_close(&fd);
	}
}

static void use(const struct ask *ask, const union net_addr *addr,
		unsigned int i)
{
	unsigned int sent[MESSAGE / sizeof(unsigned int)] = { i };
	unsigned int got[MESSAGE / sizeof(unsigned int)], n;
	int fd = net_connect(&ask->nf, addr);

	if (fd < 0)
		fail("connect", i);
	for (n = 0; n < ask->requests; n++) {
		sent[1] = n;
		if (net_send_all(fd, sent, sizeof(sent)) < 0 ||
		    net_recv_all(fd, got, sizeof(got)) != sizeof(got))
			fail("exchange", i);
		errno = EBADMSG;
		if (memcmp(sent, got, sizeof(sent)))
			fail("answer", i);
	}
	net_close(&fd);
}

/* One CPU for both ends: then the time is what all of it costs together. */
static void place(const struct ask *ask)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (ask->one_cpu && sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity", 0);
}

static int run(const struct ask *ask)
{
	union net_addr addr;
	int listener = net_listen(&ask->nf, 64, &addr);
	struct timespec begin;
	unsigned int i;
	pid_t server;

	if (listener < 0)
		fail("listen", 0);
	place(ask);
	server = net_fork();
	if (!server) {
		serve(ask, listener);
		_exit(0);
	}
	use(ask, &addr, 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 1; i < ask->count; i++)
		use(ask, &addr, i);
	printf("{\"connections\": %u, \"seconds\": %.6f}\n", ask->count - 1,
	       since(&begin));
	return net_wait(server);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "requests", required_argument, NULL, 'r' },
		{ "direct", no_argument, NULL, 'd' },
		{ "one-cpu", no_argument, NULL, '1' },
		{ }
	};
	struct ask ask = {
		.nf = { .family = AF_INET, .ip = AF_INET },
		.count = 1000,
		.requests = 1,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			ask.count = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			ask.requests = strtoul(optarg, NULL, 0);
			break;
		case 'd':
			ask.nf.family = AF_SDIRECT;
			break;
		case '1':
			ask.one_cpu = true;
			break;
		default:
			return 2;
		}
	}
	return run(&ask);
}
