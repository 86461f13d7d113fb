// SPDX-License-Identifier: GPL-2.0-only
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sdirect.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
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

/* A socket stays in the network in which it was made. */
static int socket_in(const char *variable, int family)
{
	const char *path = getenv(variable);
	int fd;

	if (path)
		go_to(path);
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		bench_die("socket of family %d", family);
	return fd;
}

int net_listen(int family, int backlog)
{
	const char *address = getenv("BENCH_ADDRESS");
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket_in("BENCH_SERVER_NET", family);

	if (inet_pton(AF_INET, address ? address : "127.0.0.1",
		      &a.sin_addr) != 1)
		bench_die("BENCH_ADDRESS");
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, backlog))
		bench_die("listen");
	return fd;
}

int net_connect(int family, int listener)
{
	int fd = socket_in("BENCH_CLIENT_NET", family);
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(listener, (struct sockaddr *)&a, &len) ||
	    connect(fd, (struct sockaddr *)&a, len))
		bench_die("connect");
	return fd;
}

int net_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		bench_die("accept");
	return fd;
}

void net_no_delay(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		bench_die("TCP_NODELAY");
}

int net_info(int fd, struct sdirect_info *info)
{
	socklen_t len = sizeof(*info);

	return !getsockopt(fd, SOL_SDIRECT, SDIRECT_INFO, info, &len);
}
