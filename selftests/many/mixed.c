// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server, a client that measures, or a forwarder between them, each a program
 * of its own, so that only some of them are run under the shim.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../net/lib.h"

enum { MESSAGE = 64, CHUNK = 65536 };
#define ECHO 'e'
#define SINK 's'

static const struct net_family tcp = { .family = AF_INET, .ip = AF_INET };

static __attribute__((noreturn)) void fail(const char *what)
{
	fprintf(stderr, "mixed: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static int listen_and_tell(void)
{
	union net_addr addr;
	int fd = net_listen(&tcp, 64, &addr);

	if (fd < 0)
		fail("listen");
	printf("%u\n", ntohs(addr.in.sin_port));
	fflush(stdout);
	return fd;
}

static int connect_to(const char *port)
{
	union net_addr addr;
	const int one = 1;
	int fd;

	net_loopback(&tcp, &addr);
	addr.in.sin_port = htons(atoi(port));
	fd = net_connect(&tcp, &addr);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
				 sizeof(one)))
		fail("connect");
	return fd;
}

/* --- the server: does what the first byte of a connection asks for --- */

static void sink(int fd)
{
	static char buf[CHUNK];
	uint64_t sum = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		sum += n;
	if (n < 0 || net_send_all(fd, &sum, sizeof(sum)) < 0)
		fail("sink");
}

static void serve_one(int fd)
{
	char buf[MESSAGE], what;
	ssize_t n;

	if (net_recv_all(fd, &what, 1) != 1)
		fail("first byte");
	if (what == SINK) {
		sink(fd);
	} else {
		while ((n = net_recv_all(fd, buf, sizeof(buf))) > 0)
			if (net_send_all(fd, buf, n) < 0)
				fail("echo");
	}
	close(fd);
}

static int serve(void)
{
	const int one = 1;
	int listener = listen_and_tell(), fd;

	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
					 sizeof(one)))
			fail("accept");
		serve_one(fd);
	}
}

/* --- the forwarder --- */

/* Some bytes from @from to @to; 0 at the end, which is passed on. */
static int pass(int from, int to)
{
	static char buf[CHUNK];
	ssize_t n = recv(from, buf, sizeof(buf), 0);

	if (n < 0 || (n && net_send_all(to, buf, n) < 0))
		fail("forward");
	if (!n)
		shutdown(to, SHUT_WR);
	return n > 0;
}

static void between(int client, int server)
{
	struct pollfd end[2] = {
		{ .fd = client, .events = POLLIN },
		{ .fd = server, .events = POLLIN },
	};

	while (end[0].fd >= 0 || end[1].fd >= 0) {
		if (poll(end, 2, -1) < 0)
			fail("poll");
		if (end[0].revents && !pass(client, server))
			end[0].fd = -1;
		if (end[1].revents && !pass(server, client))
			end[1].fd = -1;
	}
	close(client);
	close(server);
}

static int forward(const char *port)
{
	const int one = 1;
	int listener = listen_and_tell(), fd;

	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
					 sizeof(one)))
			fail("accept");
		between(fd, connect_to(port));
	}
}

/* --- the client: prints how many per second --- */

static void exchange(int fd, unsigned int number)
{
	char sent[MESSAGE], got[MESSAGE];

	net_fill(sent, sizeof(sent), number, 0);
	if (net_send_all(fd, sent, sizeof(sent)) < 0 ||
	    net_recv_all(fd, got, sizeof(got)) != sizeof(got))
		fail("exchange");
	errno = EBADMSG;
	if (memcmp(sent, got, sizeof(got)))
		fail("answer");
}

static int open_for(const char *port, char what)
{
	int fd = connect_to(port);

	if (net_send_all(fd, &what, 1) < 0)
		fail("first byte");
	return fd;
}

static void latency(const char *port, unsigned int count)
{
	int fd = open_for(port, ECHO);
	unsigned int i;

	for (i = 0; i < count; i++)
		exchange(fd, i);
	close(fd);
}

static void connections(const char *port, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		int fd = open_for(port, ECHO);

		exchange(fd, i);
		close(fd);
	}
}

/* @count times 64 KiB */
static void stream(const char *port, unsigned int count)
{
	static char buf[CHUNK];
	int fd = open_for(port, SINK);
	uint64_t sum;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (net_send_all(fd, buf, sizeof(buf)) < 0)
			fail("bytes one way");
	if (shutdown(fd, SHUT_WR) ||
	    net_recv_all(fd, &sum, sizeof(sum)) != sizeof(sum))
		fail("the sum of the bytes");
	errno = EBADMSG;
	if (sum != (uint64_t)count * CHUNK)
		fail("wrong sum");
	close(fd);
}

static const struct {
	const char *name;
	void (*run)(const char *port, unsigned int count);
} tasks[] = {
	{ "latency", latency },
	{ "stream", stream },
	{ "connections", connections },
};

static int measure(const char *what, const char *port, unsigned int count)
{
	double begin;
	size_t i;

	for (i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
		if (strcmp(tasks[i].name, what))
			continue;
		/* Also so many connections that the shim sees what they are. */
		tasks[i].run(port, count / 2 + 1);
		begin = now();
		tasks[i].run(port, count);
		return printf("%.3f\n", count / (now() - begin)) < 0;
	}
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	if (argc == 3 && !strcmp(argv[1], "forward"))
		return forward(argv[2]);
	if (argc == 4)
		return measure(argv[1], argv[2], atoi(argv[3]));
	fputs("mixed: serve | forward PORT | latency|stream|connections PORT COUNT\n",
	      stderr);
	return 2;
}
