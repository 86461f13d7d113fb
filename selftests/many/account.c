// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each call of a short connection costs, both ends in one process so that
 * nothing sleeps: prints nanoseconds per call, as JSON.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../net/lib.h"

enum { MESSAGE = 64 };

enum step {
	SOCKET,
	CONNECT,
	ACCEPT,
	SEND,
	RECEIVE,
	ANSWER,
	ANSWERED,
	CLOSE,
	END,
	CLOSED,
	STEPS
};

static const char *const names[STEPS] = {
	"socket", "connect", "accept", "send", "receive", "answer", "answered",
	"close", "end", "closed",
};

static uint64_t spent[STEPS], last;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* The call of @step has returned @ret. */
static void count(enum step step, int64_t ret, int64_t wanted)
{
	const uint64_t now = now_ns();

	if (ret < 0 || (wanted >= 0 && ret != wanted)) {
		fprintf(stderr, "account: %s: %s\n", names[step],
			strerror(errno));
		exit(1);
	}
	spent[step] += now - last;
	last = now_ns();
}

static void once(const struct net_family *nf, int listener,
		 const union net_addr *addr)
{
	char buf[MESSAGE] = { };
	int client, server;

	last = now_ns();
	client = net_socket(nf, SOCK_CLOEXEC);
	count(SOCKET, client, -1);
	count(CONNECT, connect(client, &addr->sa, net_addr_len(nf)), 0);
	server = accept(listener, NULL, NULL);
	count(ACCEPT, server, -1);
	count(SEND, send(client, buf, MESSAGE, 0), MESSAGE);
	count(RECEIVE, recv(server, buf, MESSAGE, 0), MESSAGE);
	count(ANSWER, send(server, buf, MESSAGE, 0), MESSAGE);
	count(ANSWERED, recv(client, buf, MESSAGE, 0), MESSAGE);
	count(CLOSE, close(client), 0);
	count(END, recv(server, buf, MESSAGE, 0), 0);
	count(CLOSED, close(server), 0);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "direct", no_argument, NULL, 'd' },
		{ "client", no_argument, NULL, 'C' },
		{ "server", no_argument, NULL, 'S' },
		{ }
	};
	struct net_family client = { .family = AF_INET, .ip = AF_INET };
	struct net_family server = client;
	unsigned int connections = 1000, i;
	union net_addr addr;
	int c, listener;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			connections = strtoul(optarg, NULL, 0);
		else if (!strchr("dCS", c))
			return 2;
		if (c == 'd' || c == 'C')
			client.family = AF_SDIRECT;
		if (c == 'd' || c == 'S')
			server.family = AF_SDIRECT;
	}
	listener = net_listen(&server, 64, &addr);
	if (listener < 0)
		return perror("account: listen"), 1;
	once(&client, listener, &addr);
	memset(spent, 0, sizeof(spent));
	for (i = 0; i < connections; i++)
		once(&client, listener, &addr);
	for (i = 0; i < STEPS; i++)
		printf("%s\"%s\": %.0f", i ? ", " : "{", names[i],
		       (double)spent[i] / connections);
	printf("}\n");
	return 0;
}
