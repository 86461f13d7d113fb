// SPDX-License-Identifier: GPL-2.0-only
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sdirect.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

static void go_to(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		bench_die("%s", path);
	close(fd);
}

static const char *here = "";	/* the network that we are in */

/* A socket stays in the network in which it was made. */
static int socket_in(const char *variable, int family)
{
	const char *path = getenv(variable);
	int fd;

	if (path && strcmp(path, here)) {
		go_to(path);
		here = path;
	}
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		bench_die("socket of family %d", family);
	return fd;
}

static void bind_inet(int fd)
{
	const char *address = getenv("BENCH_ADDRESS");
	struct sockaddr_in a = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, address ? address : "127.0.0.1",
		      &a.sin_addr) != 1)
		bench_die("BENCH_ADDRESS");
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)))
		bench_die("bind");
}

/* A name that the kernel chooses. */
static void bind_unix(int fd)
{
	struct sockaddr a = { .sa_family = AF_UNIX };

	if (bind(fd, &a, sizeof(a.sa_family)))
		bench_die("bind");
}

void net_delay(int fd, int may)
{
	int no = !may;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no, sizeof(no)))
		bench_die("TCP_NODELAY");
}

int net_listen(int family, int backlog)
{
	int fd = socket_in("BENCH_SERVER_NET", family);

	if (family == AF_UNIX)
		bind_unix(fd);
	else
		bind_inet(fd);
	if (listen(fd, backlog))
		bench_die("listen");
	return fd;
}

int net_connect(int family, int listener)
{
	int fd = socket_in("BENCH_CLIENT_NET", family);
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	if (getsockname(listener, (struct sockaddr *)&a, &len) ||
	    connect(fd, (struct sockaddr *)&a, len))
		bench_die("connect");
	if (family != AF_UNIX)
		net_delay(fd, 0);
	return fd;
}

int net_accept(int listener, int flags)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | flags);

	if (fd < 0)
		bench_die("accept");
	return fd;
}

int net_info(int fd, struct sdirect_info *info)
{
	socklen_t len = sizeof(*info);

	return !getsockopt(fd, SOL_SDIRECT, SDIRECT_INFO, info, &len);
}

void net_ask(int fd, uint64_t number)
{
	if (send(fd, &number, sizeof(number), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(number))
		bench_die("send");
}

void net_answered(int fd, uint64_t number)
{
	uint64_t got = 0;

	if (recv(fd, &got, sizeof(got), MSG_WAITALL) != (ssize_t)sizeof(got))
		bench_die("recv");
	errno = 0;
	if (got != number)
		bench_die("message %llu has wrong bytes",
			  (unsigned long long)number);
}

void net_exchange(int fd, uint64_t number)
{
	net_ask(fd, number);
	net_answered(fd, number);
}
