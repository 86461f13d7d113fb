// SPDX-License-Identifier: GPL-2.0-only
/* sdirect-bench: one measurement on one transport; tools/bench/run drives it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define SIZE_MOST	(1u << 24)

struct command {
	const char *name;
	void (*run)(const struct options *o);
	int listens;	/* is for transports with sockets that can */
	const char *what;
};

static const struct command commands[] = {
	{ "rtt", command_rtt, 0, "round trips" },
	{ "stream", command_stream, 0, "messages one way" },
	{ "server", command_server, 1, "clients of an epoll server" },
	{ "connect", command_connect, 1, "connections, one after the other" },
	{ "memory", command_memory, 1, "of many connections" },
	{ "threads", command_threads, 1, "CLIENTS threads send on one socket" },
	{ "lease", command_lease, 1, "another way of using a socket, and back" },
	{ "fork", command_fork, 1, "of a process with sockets in use" },
	{ "through", command_through, 0, "count messages by one process" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static const struct option words[] = {
	{ "transport", required_argument, NULL, 't' },
	{ "sizes", required_argument, NULL, 's' },
	{ "seconds", required_argument, NULL, 'd' },
	{ "idle", no_argument, NULL, 'i' },
	{ "one-cpu", no_argument, NULL, 'o' },
	{ "clients", required_argument, NULL, 'c' },
	{ "active", required_argument, NULL, 'a' },
	{ "edge", no_argument, NULL, 'e' },
	{ "count", required_argument, NULL, 'm' },
	{ "limit", required_argument, NULL, 'l' },
	{ "list", no_argument, NULL, 'L' },
	{ 0 }
};

static __attribute__((noreturn)) void say_usage(void)
{
	fputs("Usage: sdirect-bench COMMAND --transport NAME [--sizes N,...]\n"
	      "       [--seconds S] [--idle] [--one-cpu] [--clients N]\n"
	      "       [--active N] [--edge] [--count N] [--limit S]\n"
	      "       [--list]\n",
	      stderr);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "  %-12s%s\n", commands[i].name,
			commands[i].what);
	exit(2);
}

static int number(const char *text, int most)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < 1 || value > most)
		say_usage();
	return (int)value;
}

static void parse_sizes(struct options *o, char *text)
{
	char *word;

	for (o->sizes = 0; (word = strsep(&text, ",")); o->sizes++) {
		size_t size = strtoul(word, NULL, 10);

		if (size < 8 || size > SIZE_MOST || size & (size - 1) ||
		    o->sizes == SIZES_MOST)
			say_usage();
		o->size[o->sizes] = size;
	}
}

static void parse_option(struct options *o, int c)
{
	switch (c) {
	case 't':
		o->transport = transport_find(optarg);
		break;
	case 's':
		parse_sizes(o, optarg);
		break;
	case 'd':
		o->ns = (uint64_t)(strtod(optarg, NULL) * 1e9);
		break;
	case 'i':
		o->idle = 1;
		break;
	case 'o':
		o->cpu[1] = 0;
		break;
	case 'c':
		o->clients = number(optarg, 100000);
		break;
	case 'a':
		o->active = number(optarg, 100000);
		break;
	case 'e':
		o->edge = 1;
		break;
	case 'm':
		o->count = number(optarg, 1000000);
		break;
	case 'l':
		alarm((unsigned int)number(optarg, 3600));
		break;
	case 'L':
		transport_list();
		exit(0);
	default:
		say_usage();
	}
}

int main(int argc, char **argv)
{
	struct options o = {
		.size = { 8 }, .sizes = 1, .ns = 100000000, .cpu = { 0, 1 },
		.clients = 1, .active = 1, .count = 1,
	};
	int c;

	alarm(120);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt_long(argc, argv, "", words, NULL)) != -1)
		parse_option(&o, c);
	if (!o.transport || !o.ns || optind != argc - 1 ||
	    o.active > o.clients)
		say_usage();
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[optind], commands[i].name))
			continue;
		errno = 0;
		if (commands[i].listens && !o.transport->family)
			bench_die("%s does not listen", o.transport->name);
		commands[i].run(&o);
		if (fflush(stdout) || ferror(stdout))
			bench_die("standard output");
		return 0;
	}
	say_usage();
}
