// SPDX-License-Identifier: GPL-2.0-only
/*
 * A number is given up in each way that there is, and used again at once for
 * something else: what is written to it, and read from it, is only that.
 */
#include <linux/close_range.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sharing.h"

#define ABOVE	500	/* a number with none above it */

/* --- ways of giving up --- */

static int by_call(int fd)
{
	return syscall(SYS_close, fd);
}

static int by_range(int fd)
{
	return close_range(fd, fd, 0);
}

static int by_range_unshared(int fd)
{
	return close_range(fd, fd, CLOSE_RANGE_UNSHARE);
}

static int by_range_call(int fd)
{
	return syscall(SYS_close_range, fd, fd, 0);
}

static int by_stream(int fd)
{
	return fclose(fdopen(fd, "r+"));
}

/* What nobody can see: right only while nobody else has the socket. */
static int by_instruction(int fd)
{
	long ret;

	asm volatile("syscall" : "=a" (ret) : "0" (SYS_close), "D" (fd) :
		     "rcx", "r11", "memory");
	return ret;
}

struct way {
	const char *name;
	int (*close)(int fd);
	bool alone;	/* a limit that is documented */
};

static const struct way ways[] = {
	{ "close", close, false },
	{ "SYS_close", by_call, false },
	{ "close_range", by_range, false },
	{ "close_range, unshared", by_range_unshared, false },
	{ "SYS_close_range", by_range_call, false },
	{ "fclose", by_stream, false },
	{ "an instruction", by_instruction, true },
};

/* --- what the number is next --- */

/* @far is where what is written to the returned number can be read. */
static int next_file(struct compat *c, int *far)
{
	char path[] = "/tmp/sdirect-reuse-XXXXXX";
	const int fd = mkstemp(path);

	(void)c;
	*far = open(path, O_RDWR | O_CLOEXEC);
	unlink(path);
	return fd;
}

static int next_pipe(struct compat *c, int *far)
{
	int fds[2];

	(void)c;
	if (pipe(fds))
		return -1;
	*far = fds[1];
	return fds[0];
}

static int next_pair(struct compat *c, int *far)
{
	int fds[2];

	(void)c;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return -1;
	*far = fds[1];
	return fds[0];
}

static int next_connection(struct compat *c, int *far)
{
	const int fd = net_connect(c->nf, &c->p.addr);

	*far = accept(c->p.listener, NULL, NULL);
	return fd;
}

static int next_tcp(struct compat *c, int *far)
{
	const struct net_family *nf = compat_family(false, false);
	union net_addr addr;
	int listener, fd = net_socket(nf, 0);

	(void)c;
	listener = net_listen(nf, 4, &addr);
	COMPAT_MUST(!connect(fd, &addr.sa, net_addr_len(nf)));
	*far = accept(listener, NULL, NULL);
	net_close(&listener);
	return fd;
}

struct next {
	const char *name;
	int (*open)(struct compat *c, int *far);
	bool one_way;	/* can only be read */
};

static const struct next nexts[] = {
	{ "a file", next_file, false },
	{ "a pipe", next_pipe, true },
	{ "a Unix socket", next_pair, false },
	{ "another connection", next_connection, false },
	{ "a TCP connection", next_tcp, false },
};

/* Sixteen times: more than the shim needs to think that it knows it. */
static void use_number(int fd, int far, bool one_way)
{
	char buf[32];
	int i;

	for (i = 0; i < 16; i++) {
		if (!one_way) {
			REC(write(fd, "into the new one", 16));
			REC_RECV(read(far, buf, 16), buf);
		}
		REC(write(far, "out of it", 9));
		REC_RECV(read(fd, buf, 9), buf);
	}
}

/* The old connection: at its end, or open and quiet. */
static void look_at_old(int sv, bool held)
{
	char buf[8];

	if (!held)
		compat_until(sv, POLLIN);
	REC(recv(sv, buf, sizeof(buf), MSG_DONTWAIT));
}

/* Holds all that is open, until the pipe is closed. */
static pid_t hold(int *pipe_end)
{
	int fds[2];
	char byte;
	pid_t pid;

	COMPAT_MUST(!pipe2(fds, O_CLOEXEC));
	pid = net_fork();
	if (!pid) {
		close(fds[1]);
		read(fds[0], &byte, 1);
		_exit(0);
	}
	close(fds[0]);
	*pipe_end = fcntl(fds[1], F_DUPFD_CLOEXEC, 900);
	close(fds[1]);
	return pid;
}

static void reuse(struct compat *c, const struct way *way,
		  const struct next *next, bool held)
{
	struct share_talk t;
	int number, fd, far, end = -1;
	pid_t holder = 0;

	rec_say("-- %s, then %s", way->name, next->name);
	t = share_open(c);
	number = t.cl;
	if (held) {
		holder = hold(&end);
		share_exchange(&t, "while another process has it");
	}
	REC(way->close(number));
	fd = next->open(c, &far);
	/* The lowest that is free. */
	COMPAT_MUST(fd == number && far >= 0);
	use_number(fd, far, next->one_way);
	look_at_old(t.sv, held);
	close(fd);
	close(far);
	t.cl = -1;
	share_close(&t);
	if (held) {
		close(end);
		share_wait("the holder", holder);
	}
}

void reused(struct compat *c)
{
	size_t i, j;

	for (i = 0; i < SHARE_COUNT(ways); i++)
		for (j = 0; j < SHARE_COUNT(nexts); j++)
			reuse(c, &ways[i], &nexts[j], false);
}

void reused_held(struct compat *c)
{
	size_t i, j;

	for (i = 0; i < SHARE_COUNT(ways); i++)
		for (j = 0; !ways[i].alone && j < SHARE_COUNT(nexts); j++)
			reuse(c, &ways[i], &nexts[j], true);
}

static int over_by_dup3(int fd, int to)
{
	return dup3(fd, to, O_CLOEXEC);
}

static int over_by_dup2_call(int fd, int to)
{
	return syscall(SYS_dup2, fd, to);
}

static int over_by_dup3_call(int fd, int to)
{
	return syscall(SYS_dup3, fd, to, 0);
}

/* The new file takes the number's place, which is never free. */
void reused_by_dup(struct compat *c)
{
	static int (*const over[])(int, int) = {
		dup2, over_by_dup3, over_by_dup2_call, over_by_dup3_call
	};
	size_t i, j;
	int held, end, fd, far;
	pid_t holder;

	for (i = 0; i < 2 * SHARE_COUNT(over); i++) {
		for (j = 0; j < SHARE_COUNT(nexts); j++) {
			struct share_talk t = share_open(c);

			held = i & 1;
			holder = held ? hold(&end) : 0;
			if (held)
				share_exchange(&t, "held");
			fd = nexts[j].open(c, &far);
			rec_say("-- %zu, then %s", i, nexts[j].name);
			COMPAT_MUST(over[i / 2](fd, t.cl) == t.cl);
			close(fd);
			use_number(t.cl, far, nexts[j].one_way);
			look_at_old(t.sv, held);
			close(far);
			share_close(&t);
			if (held) {
				close(end);
				share_wait("the holder", holder);
			}
		}
	}
}

static void by_closefrom(int first)
{
	closefrom(first);
}

static void by_range_above(int first)
{
	close_range(first, ~0u, 0);
}

/* All that is above a number: first the connection, then the new file. */
static void reuse_above(struct compat *c, void (*close_all)(int first))
{
	struct share_talk t = share_open(c);
	char buf[16];
	int fds[2];

	COMPAT_MUST(dup2(t.cl, ABOVE) == ABOVE);
	close(t.cl);
	t.cl = ABOVE;
	share_exchange(&t, "above");
	close_all(ABOVE);
	REC(fcntl(ABOVE, F_GETFD));
	COMPAT_MUST(!pipe(fds));
	REC(fcntl(fds[1], F_DUPFD, ABOVE));
	REC(write(ABOVE, "into the pipe", 13));
	REC_RECV(read(fds[0], buf, 13), buf);
	REC(recv(t.sv, buf, sizeof(buf), 0));
	close_all(ABOVE);
	t.cl = -1;
	share_close(&t);
}

void reused_above(struct compat *c)
{
	int i;

	for (i = 0; i < 3; i++) {
		reuse_above(c, by_closefrom);
		reuse_above(c, by_range_above);
	}
}

/* freopen() keeps the number, and closes what it was. */
void reused_by_stdio(struct compat *c)
{
	char path[] = "/tmp/sdirect-reuse-XXXXXX", buf[64];
	int i, fd, file = mkstemp(path);

	COMPAT_MUST(file >= 0);
	for (i = 0; i < 3; i++) {
		struct share_talk t = share_open(c);
		FILE *f = fdopen(t.cl, "r+");

		COMPAT_MUST(f);
		REC(fprintf(f, "by the stream\n"));
		REC(fflush(f));
		REC_RECV(recv(t.sv, buf, 14, MSG_WAITALL), buf);
		f = freopen(path, "w+", f);
		COMPAT_MUST(f);
		fd = fileno(f);
		REC(fd == t.cl);
		REC(fprintf(f, "to the file %d\n", i));
		REC(fflush(f));
		REC(write(fd, "and more", 8));
		REC_RECV(pread(file, buf, sizeof(buf), 0), buf);
		REC(recv(t.sv, buf, sizeof(buf), 0));
		REC(fclose(f));
		t.cl = -1;
		share_close(&t);
	}
	unlink(path);
}

/* Its first three numbers are /dev/null from then on, or stay. */
static void run_daemon(struct compat *c, int noclose)
{
	struct share_talk t = share_open(c);
	pid_t pid = net_fork();
	char buf[32];

	if (!pid) {
		/* Alone with the socket, so that it can be used directly. */
		dup2(t.cl, 1);
		close(t.cl);
		t.cl = 1;
		share_message(1, t.sv, &t.up, 1000);
		if (daemon(1, noclose))
			_exit(1);
		if (write(1, "from the daemon", 15) != 15)
			_exit(1);
		_exit(0);
	}
	net_close(&t.cl);
	share_wait("what became a daemon", pid);
	REC(recv(t.sv, buf, 15, MSG_WAITALL));
	share_close(&t);
}

void reused_by_daemon(struct compat *c)
{
	int i;

	for (i = 0; i < 6; i++)
		run_daemon(c, i & 1);
}

struct unshared {
	struct compat *c;
	struct share_talk t;
	int step[2], back[2];
};

/* A thread with a table of its own, where the number is another file. */
static void *own_table(void *arg)
{
	struct unshared *u = arg;
	char buf[32];
	int fd, far = -1, i;

	COMPAT_MUST(!unshare(CLONE_FILES));
	REC(close(u->t.cl));
	fd = next_pair(u->c, &far);
	COMPAT_MUST(fd == u->t.cl);
	for (i = 0; i < 12; i++) {
		COMPAT_MUST(read(u->step[0], buf, 1) == 1);
		REC(write(fd, "the thread's own", 16));
		REC_RECV(recv(far, buf, 16, MSG_DONTWAIT), buf);
		COMPAT_MUST(write(u->back[1], "b", 1) == 1);
	}
	return NULL;
}

/* The number means two files at the same time, one to each thread. */
void reused_unshared(struct compat *c)
{
	struct unshared u = { .c = c };
	char buf[40];
	pthread_t thread;
	int i;

	COMPAT_MUST(!pipe(u.step) && !pipe(u.back));
	u.t = share_open(c);
	COMPAT_MUST(!pthread_create(&thread, NULL, own_table, &u));
	for (i = 0; i < 12; i++) {
		COMPAT_MUST(write(u.step[1], "s", 1) == 1 &&
			    read(u.back[0], buf, 1) == 1);
		REC(write(u.t.cl, "the connection's", 16));
		compat_arrived(u.t.sv, 16);
		REC_RECV(recv(u.t.sv, buf, 16, MSG_DONTWAIT), buf);
		REC(write(u.t.sv, "and back", 8));
		compat_arrived(u.t.cl, 8);
		REC_RECV(recv(u.t.cl, buf, 8, MSG_DONTWAIT), buf);
	}
	pthread_join(thread, NULL);
}
