// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls by other names: as _FORTIFY_SOURCE makes them, as the C library
 * itself calls them, and by number.
 */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2

#include <sys/syscall.h>
#include <sys/wait.h>

#include "data.h"

/* A length that the compiler does not know makes it call the checking one. */
static volatile size_t five = 5, some = 60, too_many = 70;

void fortified(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 10; i++) {
		REC(write(c->cl, "hello", five));
		compat_arrived(c->sv, 5);
		REC_RECV(recv(c->sv, buf, some, MSG_PEEK), buf);
		REC_RECV(read(c->sv, buf, some), buf);
		REC(write(c->sv, "hello", five));
		compat_arrived(c->cl, 5);
		REC_RECV(recv(c->cl, buf, some, 0), buf);
		REC(write(c->cl, "hello", five));
		compat_arrived(c->sv, 5);
		REC_RECV(recvfrom(c->sv, buf, some, 0, NULL, NULL), buf);
	}
	REC(recv(c->sv, buf, some, MSG_DONTWAIT));
	REC(recvfrom(c->sv, buf, some, MSG_DONTWAIT, NULL, NULL));
	REC(read(c->sv, buf, five - 5));
	REC(shutdown(c->cl, SHUT_WR));
	REC(read(c->sv, buf, some));
	REC(recv(c->sv, buf, some, 0));
}

void fortified_poll(struct compat *c)
{
	struct pollfd pfd[2] = { { c->cl, POLLIN, 0 }, { c->sv, POLLIN, 0 } };
	const struct timespec now = { 0 };
	volatile nfds_t count = 2;

	REC(poll(pfd, count, 0));
	REC(write(c->cl, "hello", 5));
	REC(poll(pfd, count, -1));
	REC(pfd[0].revents);
	REC(pfd[1].revents);
	REC(ppoll(pfd, count, &now, NULL));
	REC(pfd[1].revents);
}

static void overflow_read(int fd)
{
	char buf[64];

	(void)!read(fd, buf, too_many);
}

static void overflow_recv(int fd)
{
	char buf[64];

	(void)!recv(fd, buf, too_many, 0);
}

static void overflow_recvfrom(int fd)
{
	char buf[64];

	(void)!recvfrom(fd, buf, too_many, 0, NULL, NULL);
}

static void overflow_poll(int fd)
{
	struct pollfd pfd[2] = { { fd, POLLIN, 0 }, { fd, POLLIN, 0 } };
	volatile nfds_t count = 3;

	(void)!poll(pfd, count, 0);
}

/* How a program ends that would have written past its buffer. */
void fortified_overflow(struct compat *c)
{
	static void (*const overflow[])(int fd) = {
		overflow_read, overflow_recv, overflow_recvfrom, overflow_poll
	};
	size_t i;

	for (i = 0; i < sizeof(overflow) / sizeof(*overflow); i++) {
		int status;
		pid_t pid;

		compat_send(c->cl, "hello", 5);
		compat_arrived(c->sv, 5 * (i + 1));
		pid = net_fork();
		COMPAT_MUST(pid >= 0);
		if (!pid) {
			overflow[i](c->sv);
			_exit(0);
		}
		COMPAT_MUST(waitpid(pid, &status, 0) == pid);
		REC(WIFSIGNALED(status) ? WTERMSIG(status) : -2);
	}
}

void other_names(struct compat *c)
{
	struct pollfd pfd = { c->sv, POLLIN, 0 };
	char buf[64];
	int i, fd;

	for (i = 0; i < 10; i++) {
		REC(__write(c->cl, "hello", 5));
		compat_arrived(c->sv, 5);
		REC(__poll(&pfd, 1, 0));
		REC_RECV(__read(c->sv, buf, sizeof(buf)), buf);
		REC(__send(c->sv, "world", 5, 0));
		compat_arrived(c->cl, 5);
		REC_RECV(__read(c->cl, buf, sizeof(buf)), buf);
	}
	REC(__fcntl(c->sv, F_SETFL, O_RDWR | O_NONBLOCK));
	REC(__read(c->sv, buf, sizeof(buf)));
	fd = REC_FD(__fcntl(c->sv, F_DUPFD_CLOEXEC, 100));
	REC(__write(fd, "again", 5));
	compat_arrived(c->cl, 5);
	REC_RECV(__read(c->cl, buf, sizeof(buf)), buf);
	REC(__dup2(fd, c->sv) == c->sv);
	REC(__close(fd));
	REC(__write(fd, "again", 5));
	REC(__write(c->sv, "again", 5));
	compat_arrived(c->cl, 5);
	REC_RECV(__read(c->cl, buf, sizeof(buf)), buf);
}

/* A program that goes past the C library, mixed with what does not. */
void by_number(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 10; i++) {
		REC(write(c->cl, "one", 3));
		REC(syscall(SYS_write, c->cl, "two", 3));
		REC(syscall(SYS_sendto, c->cl, "three", 5, 0, NULL, 0));
		REC(send(c->cl, "four", 4, 0));
		compat_arrived(c->sv, 15);
		REC_RECV(syscall(SYS_recvfrom, c->sv, buf, 4, MSG_PEEK, NULL,
				 NULL), buf);
		REC_RECV(read(c->sv, buf, 4), buf);
		REC_RECV(syscall(SYS_read, c->sv, buf, 4), buf);
		REC_RECV(recv(c->sv, buf, 4, 0), buf);
		REC_RECV(syscall(SYS_recvfrom, c->sv, buf, sizeof(buf), 0, NULL,
				 NULL), buf);
		REC(syscall(SYS_read, c->sv, buf, 0));
		REC(write(c->sv, "back", 4));
		compat_arrived(c->cl, 4);
		REC_RECV(syscall(SYS_read, c->cl, buf, sizeof(buf)), buf);
	}
}
