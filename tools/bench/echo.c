// SPDX-License-Identifier: GPL-2.0-only
#include "echo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"
#include "util.h"

#define EVENTS	64
#define BACKLOG	4096

/**
 * struct echo - the server
 * @epoll:	where it waits
 * @listener:	never blocks
 * @events:	of each connection
 * @open:	connections
 */
struct echo {
	int epoll;
	int listener;
	unsigned int events;
	int open;
};

static void watch_fd(const struct echo *s, int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev))
		bench_die("epoll_ctl");
}

static void take_all(struct echo *s)
{
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		watch_fd(s, fd, s->events);
		s->open++;
	}
	if (errno != EAGAIN)
		bench_die("accept");
}

/* Return: 0 when there is nothing more to read now. */
static int echo_once(struct echo *s, int fd)
{
	static char buf[1 << 16];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n < 0) {
		if (errno != EAGAIN)
			bench_die("recv");
		return 0;
	}
	if (!n) {
		close(fd);
		s->open--;
		return 0;
	}
	/* One message at a time is under way, and there is room for that. */
	if (send(fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
		bench_die("send");
	return 1;
}

static void serve(struct echo *s)
{
	struct epoll_event ev[EVENTS];
	int edge = s->events & EPOLLET, n;

	do {
		n = epoll_wait(s->epoll, ev, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			bench_die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (ev[i].data.fd == s->listener)
				take_all(s);
			else
				while (echo_once(s, ev[i].data.fd) && edge)
					;
		}
	} while (s->open);
}

pid_t echo_start(int family, int edge, int cpu, int *listener)
{
	struct echo s = { .events = EPOLLIN | (edge ? EPOLLET : 0u) };
	pid_t pid;

	*listener = net_listen(family, BACKLOG);
	pid = fork();
	if (pid < 0)
		bench_die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bench_pin(cpu);
	s.listener = *listener;
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s.epoll < 0 || fcntl(s.listener, F_SETFL, O_NONBLOCK))
		bench_die("epoll");
	watch_fd(&s, s.listener, EPOLLIN);
	serve(&s);
	_exit(0);
}

void echo_end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status) {
		errno = 0;
		bench_die("the server failed");
	}
}
