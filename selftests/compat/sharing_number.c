// SPDX-License-Identifier: GPL-2.0-only
/* Two numbers for one socket, in one process; and calls made by number. */
#include <sys/syscall.h>

#include "sharing.h"

/* Either number of either end, by turns: the bytes keep their order. */
static void use_both(struct share_talk *t, int cl, int sv)
{
	const int from[] = { t->cl, cl }, to[] = { t->sv, sv };
	int i;

	for (i = 0; i < 40; i++) {
		share_message(from[i & 1], to[i >> 1 & 1], &t->up, 1 + i * 31);
		share_message(to[i >> 2 & 1], from[i >> 1 & 1], &t->down,
			      1 + i * 17);
	}
	rec_say("both numbers of both ends used");
}

static int dup_by_fcntl(int fd)
{
	return fcntl(fd, F_DUPFD, 700);
}

static int dup_cloexec(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 700);
}

static int dup_three(int fd)
{
	return dup3(fd, 720 + fd, O_CLOEXEC);
}

static int dup_two(int fd)
{
	return dup2(fd, 740 + fd);
}

static int dup_called(int fd)
{
	return syscall(SYS_dup, fd);
}

static int dup_two_called(int fd)
{
	return syscall(SYS_dup2, fd, 760 + fd);
}

static int dup_three_called(int fd)
{
	return syscall(SYS_dup3, fd, 780 + fd, 0);
}

static int fcntl_called(int fd)
{
	return syscall(SYS_fcntl, fd, F_DUPFD, 800);
}

static const struct {
	const char *name;
	int (*make)(int fd);
} doubles[] = {
	{ "dup", dup }, { "dup2", dup_two }, { "dup3", dup_three },
	{ "F_DUPFD", dup_by_fcntl }, { "F_DUPFD_CLOEXEC", dup_cloexec },
	{ "SYS_dup", dup_called }, { "SYS_dup2", dup_two_called },
	{ "SYS_dup3", dup_three_called }, { "SYS_fcntl", fcntl_called },
};

/* The first number is closed, or the second: the other one goes on. */
void dup_both(struct compat *c)
{
	size_t i;
	char byte;
	int first;

	for (i = 0; i < 2 * SHARE_COUNT(doubles); i++) {
		struct share_talk t = share_open(c);
		const int cl = REC_FD(doubles[i / 2].make(t.cl));
		const int sv = REC_FD(doubles[i / 2].make(t.sv));

		rec_say("%s", doubles[i / 2].name);
		COMPAT_MUST(cl >= 0 && sv >= 0);
		REC(fcntl(cl, F_GETFD));
		use_both(&t, cl, sv);
		first = i & 1;
		REC(close(first ? t.cl : cl));
		REC(close(first ? t.sv : sv));
		if (first) {
			t.cl = cl;
			t.sv = sv;
		}
		share_exchange(&t, "one number less");
		REC(close(t.cl));
		REC(recv(t.sv, &byte, 1, 0));
		t.cl = -1;
		share_close(&t);
	}
}

/* One connection's number becomes another's. */
void dup_over(struct compat *c)
{
	struct share_talk a = share_open(c), b = share_open(c);
	char buf[8];

	REC(dup2(a.cl, b.cl) == b.cl);
	/* Its other end sees the end; what goes there goes to the first. */
	REC(recv(b.sv, buf, sizeof(buf), 0));
	REC(write(b.cl, "abc", 3));
	REC_RECV(recv(a.sv, buf, 3, MSG_WAITALL), buf);
	REC(write(a.cl, "def", 3));
	REC_RECV(recv(a.sv, buf, 3, MSG_WAITALL), buf);
	REC(write(a.sv, "ghi", 3));
	REC_RECV(recv(b.cl, buf, 3, MSG_WAITALL), buf);
	REC(close(a.cl));
	REC(write(b.cl, "jkl", 3));
	REC_RECV(recv(a.sv, buf, 3, MSG_WAITALL), buf);
	REC(close(b.cl));
	REC(recv(a.sv, buf, sizeof(buf), 0));
}

void dup_errors(struct compat *c)
{
	struct share_talk t = { c->cl, c->sv, 0, 0 };

	REC(dup(-1));
	REC(dup(9999));
	REC(dup2(-1, c->cl));
	REC(dup2(9999, c->cl));
	REC(dup2(c->cl, -1));
	REC(dup3(c->cl, c->cl, 0));
	REC(dup3(c->cl, 600, 0x1234));
	REC(dup2(c->cl, 1 << 30));
	REC(fcntl(c->cl, F_DUPFD, -1));
	REC(fcntl(c->cl, F_DUPFD, 1 << 30));
	REC(dup2(c->cl, c->cl) == c->cl);
	REC(close(-1));
	REC(close(9999));
	REC(close_range(10, 9, 0));
	REC(close_range(9000, 9001, 1 << 20));
	REC(syscall(-1));
	REC(syscall(SYS_close, 9999));
	share_exchange(&t, "after all errors");
}

/* Libc's syscall(), with each number that the shim takes part in. */
void dup_by_number(struct compat *c)
{
	struct share_talk t = share_open(c);
	const int keep = dup(t.cl);
	char byte;

	REC(syscall(SYS_fcntl, t.cl, F_SETFL, O_NONBLOCK));
	REC(fcntl(keep, F_GETFL));
	REC(recv(t.cl, &byte, 1, 0));
	REC(fcntl(keep, F_SETFL, 0));
	share_exchange(&t, "blocking again");
	REC(syscall(SYS_close, t.cl));
	t.cl = keep;
	share_exchange(&t, "by the other number");
	REC(syscall(SYS_close_range, keep, keep, 0));
	REC(recv(t.sv, &byte, 1, 0));
	REC(fcntl(keep, F_GETFD));
}

/* The same bytes by call and by number, in turns. */
void by_syscall(struct compat *c)
{
	char text[] = "abcd";
	struct iovec iov[2] = { { text, 2 }, { text + 2, 2 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	char buf[64];
	int i;

	for (i = 0; i < 30; i++) {
		REC(syscall(SYS_write, c->cl, "1234", 4));
		REC(write(c->cl, "5678", 4));
		REC(syscall(SYS_sendto, c->cl, "9", 1, 0, NULL, 0));
		REC(send(c->cl, "0", 1, 0));
		REC(syscall(SYS_writev, c->cl, iov, 2));
		REC(syscall(SYS_sendmsg, c->cl, &msg, 0));
		compat_arrived(c->sv, 18);
		REC_RECV(syscall(SYS_read, c->sv, buf, 3), buf);
		REC_RECV(read(c->sv, buf, 3), buf);
		REC_RECV(syscall(SYS_recvfrom, c->sv, buf, 5, 0, NULL, NULL),
			 buf);
		REC_RECV(recv(c->sv, buf, 64, 0), buf);
		REC(write(c->sv, "back", 4));
		compat_arrived(c->cl, 4);
		REC_RECV(syscall(SYS_read, c->cl, buf, 64), buf);
	}
}

/* Each end once more by each way, all alive at once. */
void two_of_each(struct compat *c)
{
	struct share_talk t = share_open(c);
	int cl[SHARE_COUNT(doubles)];
	size_t i;

	for (i = 0; i < SHARE_COUNT(doubles); i++) {
		cl[i] = REC_FD(doubles[i].make(t.cl));
		share_message(cl[i], t.sv, &t.up, 100);
		share_exchange(&t, doubles[i].name);
	}
	for (i = 0; i < SHARE_COUNT(doubles); i++) {
		REC(close(cl[i]));
		share_exchange(&t, doubles[i].name);
	}
	share_close(&t);
}
