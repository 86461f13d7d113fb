// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that others start: under the shim or not, with other libraries
 * before it or after it, with sockets that it inherits or opens itself.  What it
 * prints is part of what the test writes down.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sdirect.h>

#define CHUNK	700
#define ROUNDS	300

static int fail(const char *what)
{
	printf("child: %s: %s\n", what, strerror(errno));
	return 1;
}

static int send_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= n, buf += n) {
		n = send(fd, buf, len, MSG_NOSIGNAL);
		if (n <= 0)
			return -1;
	}
	return 0;
}

/* Sends back all it reads until end of stream. */
static int echo(int fd)
{
	char buf[4096];
	long sum = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (send_all(fd, buf, n))
			return fail("echo");
		sum += n;
	}
	if (n)
		return fail("read");
	printf("child: echoed %ld bytes\n", sum);
	return 0;
}

static int has_used_rings(int fd)
{
	struct sdirect_info info = { 0 };
	socklen_t len = sizeof(info);

	return !getsockopt(fd, SOL_SDIRECT, SDIRECT_INFO, &info, &len) &&
	       info.tx_ring_bytes && info.rx_ring_bytes;
}

/* Bytes both ways between two sockets of this process, looked at. */
static int converse(int client, int server, int must_be_direct)
{
	char *out = malloc(CHUNK), *in = malloc(CHUNK);
	int i, bad = 0, way;

	for (i = 0; i < 2 * ROUNDS && !bad; i++) {
		const size_t len = 1 + i % CHUNK;

		way = i & 1;
		memset(out, i, len);
		memset(in, ~i, len);
		bad = send_all(way ? server : client, out, len) ||
		      recv(way ? client : server, in, len, MSG_WAITALL) !=
		      (ssize_t)len || memcmp(in, out, len);
	}
	free(out);
	free(in);
	if (bad)
		return fail("conversation");
	if (must_be_direct && !has_used_rings(client))
		return fail("no rings were used");
	printf("child: conversation of %d messages\n", i);
	return 0;
}

static int open_listener(int family, int protocol, struct sockaddr_in6 *addr,
			 socklen_t *len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	const int fd = socket(family, SOCK_STREAM, protocol);

	memset(addr, 0, sizeof(*addr));
	*len = sizeof(*addr);
	if (family == AF_INET6 || protocol == IPPROTO_IPV6) {
		addr->sin6_family = AF_INET6;
		addr->sin6_addr = in6addr_loopback;
	} else {
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*len = sizeof(*in);
	}
	if (fd < 0 || bind(fd, (void *)addr, *len) || listen(fd, 4) ||
	    getsockname(fd, (void *)addr, len))
		return -1;
	return fd;
}

/* "direct" or "tcp", "4" or "6" */
static int talk(char **words)
{
	const int direct = !strcmp(words[0], "direct"), v6 = *words[1] == '6';
	const int family = direct ? AF_SDIRECT : v6 ? AF_INET6 : AF_INET;
	const int protocol = direct && v6 ? IPPROTO_IPV6 : 0, one = 1;
	struct sockaddr_in6 addr;
	socklen_t len;
	int listener = open_listener(family, protocol, &addr, &len);
	int client, server;

	client = socket(family, SOCK_STREAM, protocol);
	if (client < 0 || connect(client, (void *)&addr, len))
		return fail("connect");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		return fail("accept");
	setsockopt(client, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(server, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
	return converse(client, server, direct || (getenv("SDIRECT_SHIM") &&
						   !getauxval(AT_SECURE)));
}

/* A descriptor that comes through a Unix socket. */
static int receive(int via)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(via, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return fail("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return echo(fd);
}

/* As daemons do, before anything else. */
static int sweep(char **words)
{
	int fd;

	if (!strcmp(words[0], "one by one"))
		for (fd = 3; fd < 1100; fd++)
			close(fd);
	else if (!strcmp(words[0], "close_range"))
		close_range(3, ~0u, 0);
	else
		closefrom(3);
	return talk(words + 1);
}

/* What the loader has made of a set-user-id program. */
static int report(char **words)
{
	const char *preload = getenv("LD_PRELOAD");

	printf("child: secure %lu, uid %d, euid %d, LD_PRELOAD %s\n",
	       getauxval(AT_SECURE), getuid() != 0, geteuid() != 0,
	       preload ? "set" : "not set");
	return echo(atoi(words[0]));
}

static int is_open(int fd)
{
	printf("child: %s\n", fcntl(fd, F_GETFD) < 0 ? strerror(errno) :
						       "open");
	return 0;
}

int main(int argc, char **argv)
{
	int status = 2;

	if (argc == 4 && !strcmp(argv[1], "talk"))
		status = talk(argv + 2);
	else if (argc == 5 && !strcmp(argv[1], "sweep"))
		status = sweep(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "echo"))
		status = echo(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "receive"))
		status = receive(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "is-open"))
		status = is_open(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "secure"))
		status = report(argv + 2);
	else
		printf("child: what?\n");
	fflush(stdout);
	return status;
}
