// SPDX-License-Identifier: GPL-2.0-only
/* errno after success; and very many descriptors. */
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "shim.h"

#define MANY	100000

/* A call that succeeds leaves errno as it was, whatever that is. */
#define KEEP(call) do { \
	long __ret; \
	errno = EDOM; \
	__ret = (long)(call); \
	rec_say("%s %s, errno %s", #call, __ret < 0 ? "fails" : "succeeds", \
		strerrorname_np(errno)); \
} while (0)

static void data_calls(struct compat *c)
{
	char text[] = "iov";
	struct iovec iov = { text, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char buf[64];

	KEEP(write(c->cl, "abcdefgh", 8));
	KEEP(send(c->cl, "abcdefgh", 8, 0));
	KEEP(writev(c->cl, &iov, 1));
	KEEP(sendmsg(c->cl, &msg, 0));
	compat_arrived(c->sv, 24);
	KEEP(recv(c->sv, buf, 4, MSG_PEEK));
	KEEP(read(c->sv, buf, 8));
	KEEP(recv(c->sv, buf, 8, MSG_WAITALL));
	KEEP(readv(c->sv, &iov, 1));
	KEEP(recvmsg(c->sv, &msg, 0));
	KEEP(recv(c->sv, buf, 1, MSG_DONTWAIT));
	KEEP(send(c->sv, "ij", 2, MSG_DONTWAIT));
	KEEP(poll(&(struct pollfd){ c->cl, POLLIN, 0 }, 1, -1));
	KEEP(recv(c->cl, buf, 64, 0));
}

static void other_calls(struct compat *c)
{
	int value = 1, fd;

	KEEP(fcntl(c->cl, F_GETFL));
	KEEP(fcntl(c->cl, F_SETFL, O_NONBLOCK));
	KEEP(fcntl(c->cl, F_SETFL, 0));
	KEEP(ioctl(c->cl, FIONREAD, &value));
	KEEP(setsockopt(c->cl, SOL_SOCKET, SO_KEEPALIVE, &value,
			sizeof(value)));
	KEEP(fd = dup(c->cl));
	KEEP(dup2(c->cl, fd));
	KEEP(dup3(c->sv, fd, 0));
	KEEP(close(fd));
	KEEP(fd = net_socket(c->nf, 0));
	KEEP(close_range(fd, fd, 0));
	KEEP(fd = net_connect(c->nf, &c->p.addr));
	KEEP(close(accept4(c->p.listener, NULL, NULL, 0)));
	KEEP(syscall(SYS_close, fd));
	KEEP(syscall(SYS_getpid));
}

void errno_kept(struct compat *c)
{
	int i;

	for (i = 0; i < 24; i++) {
		data_calls(c);
		if (i % 6 == 5)
			other_calls(c);
	}
}

/* More than any table of fixed size, and more than select() knows. */
void many_descriptors(struct compat *c)
{
	const struct rlimit limit = { MANY + 100, MANY + 100 };
	struct share_talk high[3], low;
	char byte;
	int fd, i;

	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		rec_say("not allowed so many");
		return;
	}
	low = share_open(c);
	fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < MANY)
		fd = dup(fd);
	COMPAT_MUST(fd == MANY);
	for (i = 0; i < 3; i++)
		high[i] = share_open(c);
	for (i = 0; i < 9; i++)
		share_exchange(&high[i % 3], "above them all");
	REC(high[0].cl > MANY);
	share_exchange(&low, "below");
	/* To a low number, and back to the top. */
	REC(dup2(high[0].cl, 5000) == 5000);
	net_close(&high[0].cl);
	high[0].cl = 5000;
	share_exchange(&high[0], "in the middle");
	REC(close_range(1000, ~0u, 0));
	REC(recv(low.sv, &byte, 1, MSG_DONTWAIT));
	share_exchange(&low, "alone");
	low = share_open(c);
	share_exchange(&low, "a new one");
}
