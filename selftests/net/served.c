// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epoll servers with many members, which the shim serves from their rings, with
 * few system calls at either end.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define MEMBERS		50
#define SIZE		32
#define MESSAGES	400	/* of each member */

NET_FIXTURE(served);
NET_VARIANTS_COLD(served);

/* --- counting --- */

/**
 * struct counter - how many system calls a process makes
 * @calls:	stops at system calls, two for each
 * @ready:	the tracer is there, or has failed if negative
 *
 * A tracer counts.  The kernel's tracepoint would do, but to switch it on and off
 * it rewrites code under the feet of the other CPU, in which emulators get stuck.
 */
struct counter {
	long calls;
	int ready;
};

static void follow(pid_t whom, struct counter *c)
{
	int status, sig;

	while (waitpid(whom, &status, __WALL) == whom && WIFSTOPPED(status)) {
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80))
			__atomic_add_fetch(&c->calls, 1, __ATOMIC_RELAXED);
		/* Stops of the tracer's making are no signals. */
		if (sig == (SIGTRAP | 0x80) || status >> 16)
			sig = 0;
		if (ptrace(PTRACE_SYSCALL, whom, 0, sig))
			break;
	}
	_exit(0);
}

static void trace(pid_t whom, struct counter *c)
{
	/* Nothing stays open because of us. */
	int err = close_range(STDERR_FILENO + 1, ~0u, 0) ||
		  ptrace(PTRACE_SEIZE, whom, 0, PTRACE_O_TRACESYSGOOD) ||
		  ptrace(PTRACE_INTERRUPT, whom, 0, 0);

	__atomic_store_n(&c->ready, err ? -1 : 1, __ATOMIC_RELEASE);
	if (err)
		_exit(1);
	follow(whom, c);
}

/*
 * Counts this process's calls from now on; NULL if they are not to be judged, or
 * cannot be counted.  Forks, so that no set may be there yet.
 */
static struct counter *counter_open(void)
{
	struct counter *c;
	pid_t self = getpid(), tracer;

	if (!getenv("SDIRECT_SHIM"))
		return NULL;
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return NULL;
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	tracer = net_fork();
	if (!tracer)
		trace(self, c);
	while (tracer > 0 && !__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE))
		sched_yield();
	return c->ready > 0 ? c : NULL;
}

static long counted(const struct counter *c)
{
	return c ? __atomic_load_n(&c->calls, __ATOMIC_RELAXED) / 2 : -1;
}

/* --- many connections, in sets --- */

struct side {
	int fd[MEMBERS];
	int ep;
	const struct counter *counter;
	long messages;
	long warm;		/* of these, before @from was taken */
	long from;
};

static int side_add(struct side *s, int i, int fd, uint32_t form)
{
	struct epoll_event ev = { .events = EPOLLIN | form, .data.u32 = i };

	s->fd[i] = fd;
	return net_nonblock(fd) || epoll_ctl(s->ep, EPOLL_CTL_ADD, fd, &ev);
}

/* Counts once the connections are on rings. */
static void side_count(struct side *s)
{
	if (++s->messages != MEMBERS * MESSAGES / 4)
		return;
	s->warm = s->messages;
	s->from = counted(s->counter);
}

/* A message that has come; 0: there is none. */
static int side_read(struct side *s, int i, char *buf)
{
	ssize_t n = recv(s->fd[i], buf, SIZE, 0);

	/* The end is told by an event. */
	if (!n || (n < 0 && errno == EAGAIN))
		return 0;
	if (n != SIZE)
		return -1;
	side_count(s);
	return 1;
}

/* Echoes on all members until one is closed: -1 if something is wrong. */
static int side_echo(struct side *s, uint32_t form)
{
	struct epoll_event ev[MEMBERS];
	char buf[SIZE];
	int i, k, n;

	for (;;) {
		n = epoll_wait(s->ep, ev, MEMBERS, NET_LIMIT_MS);
		if (n <= 0)
			return -1;
		for (i = 0; i < n; i++) {
			const int at = ev[i].data.u32;

			if (ev[i].events & EPOLLRDHUP)
				return 0;
			do {
				k = side_read(s, at, buf);
				if (k < 0 || (k && send(s->fd[at], buf, SIZE, 0) !=
						      SIZE))
					return -1;
			} while (k && form & EPOLLET);
		}
	}
}

static int ask(struct side *s, int i, long round)
{
	char buf[SIZE];

	net_fill(buf, SIZE, i + 1, (uint64_t)round * SIZE);
	return send(s->fd[i], buf, SIZE, MSG_NOSIGNAL) == SIZE ? 0 : -1;
}

/* One message of each member on its way, all the time. */
static int side_ask(struct side *s, uint32_t form)
{
	long round[MEMBERS] = { 0 }, left = MEMBERS * MESSAGES;
	struct epoll_event ev[MEMBERS];
	char buf[SIZE];
	int i, k, n;

	for (i = 0; i < MEMBERS; i++)
		if (ask(s, i, 0))
			return -1;
	while (left) {
		n = epoll_wait(s->ep, ev, MEMBERS, NET_LIMIT_MS);
		if (n <= 0)
			return -1;
		for (i = 0; i < n; i++) {
			const int at = ev[i].data.u32;

			do {
				k = side_read(s, at, buf);
				if (k <= 0)
					break;
				left--;
				if (net_check(buf, SIZE, at + 1,
					      round[at]++ * SIZE) >= 0 ||
				    (round[at] < MESSAGES &&
				     ask(s, at, round[at])))
					return -1;
			} while (form & EPOLLET);
			if (k < 0)
				return -1;
		}
	}
	return 0;
}

/* System calls for a thousand messages, or -1. */
static long side_calls(const struct side *s)
{
	if (!s->counter || s->messages <= s->warm)
		return -1;
	return 1000 * (counted(s->counter) - s->from) /
	       (s->messages - s->warm);
}

/* The other end's process: reports its count, or -2 for a failure. */
static void serve(struct side *s, uint32_t form, int tell)
{
	long calls = side_echo(s, form) ? -2 : side_calls(s);

	_exit(write(tell, &calls, sizeof(calls)) != sizeof(calls));
}

/**
 * struct served - many connections, and the process that serves one end of each
 * @all:	the connections; only the clients' ends are open here
 * @pid:	the server
 * @tell:	the pipe on which it reports the calls it has made
 */
struct served {
	struct net_pair all[MEMBERS];
	pid_t pid;
	int tell[2];
};

static int server_run(struct served *sv, uint32_t form)
{
	struct side s = { .counter = counter_open() };
	int i;

	s.ep = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; i < MEMBERS; i++) {
		net_close(&sv->all[i].client);
		if (side_add(&s, i, sv->all[i].server, form | EPOLLRDHUP))
			return 1;
	}
	serve(&s, form, sv->tell[1]);
	return 1;
}

static int served_begin(struct served *sv, const struct net_family *nf,
			const struct net_pair *p, uint32_t form)
{
	int i;

	for (i = 0; i < MEMBERS; i++)
		if (net_pair_join(nf, p, &sv->all[i]))
			return -1;
	if (pipe(sv->tell))
		return -1;
	sv->pid = net_fork();
	if (!sv->pid)
		_exit(server_run(sv, form));
	for (i = 0; i < MEMBERS; i++)
		net_close(&sv->all[i].server);
	return sv->pid > 0 ? 0 : -1;
}

/* Closes the connections; what the server has counted, or less than -1. */
static long served_end(struct served *sv)
{
	long calls;
	int i;

	for (i = 0; i < MEMBERS; i++)
		net_close(&sv->all[i].client);
	if (read(sv->tell[0], &calls, sizeof(calls)) != sizeof(calls))
		calls = -2;
	if (net_wait(sv->pid))
		calls = -3;
	close(sv->tell[0]);
	close(sv->tell[1]);
	return calls;
}

/* System calls for a thousand messages. */
static void few_calls(struct __test_metadata *_metadata, const char *who,
		      long calls)
{
	TH_LOG("%s: %ld system calls for 1000 messages", who, calls);
	if (!getenv("SDIRECT_SHIM"))
		return;
	EXPECT_LE(0, calls);
	EXPECT_GT(200, calls);
}

static void fifty_clients(struct __test_metadata *_metadata,
			  const struct net_family *nf,
			  const struct net_pair *p, uint32_t form)
{
	struct side s = { 0 };
	struct served sv;
	long calls;
	int i;

	ASSERT_EQ(0, served_begin(&sv, nf, p, form));
	/* Made behind the fork, so that the child does not share it. */
	s.counter = counter_open();
	s.ep = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; i < MEMBERS; i++)
		ASSERT_EQ(0, side_add(&s, i, sv.all[i].client, form));
	ASSERT_EQ(0, side_ask(&s, form));
	few_calls(_metadata, "client", side_calls(&s));
	if (net_direct(nf))
		EXPECT_EQ(0, net_used_rings(nf, s.fd[0]));
	calls = served_end(&sv);
	EXPECT_LT(-2, calls);
	few_calls(_metadata, "server", calls);
	close(s.ep);
}

TEST_F(served, fifty_clients_level)
{
	fifty_clients(_metadata, &variant->nf, &self->p, 0);
}

TEST_F(served, fifty_clients_edge)
{
	fifty_clients(_metadata, &variant->nf, &self->p, EPOLLET);
}

/* --- one at a time: the server sleeps before each --- */

static int ask_any(struct net_pair *all, unsigned int rounds)
{
	unsigned int i, at = 1;
	char buf[SIZE];

	for (i = 0; i < rounds; i++) {
		at = at * 1103515245 + 12345;
		net_fill(buf, SIZE, 1, i);
		if (net_send_all(all[at / 65536 % MEMBERS].client, buf, SIZE) !=
			SIZE ||
		    net_recv_all(all[at / 65536 % MEMBERS].client, buf, SIZE) !=
			SIZE || net_check(buf, SIZE, 1, i) >= 0)
			return -1;
	}
	return 0;
}

static void any_wakes(struct __test_metadata *_metadata,
		      const struct net_family *nf, const struct net_pair *p,
		      uint32_t form)
{
	struct served sv;

	ASSERT_EQ(0, served_begin(&sv, nf, p, form));
	EXPECT_EQ(0, ask_any(sv.all, net_rounds(3000)));
	EXPECT_LT(-2, served_end(&sv));
}

TEST_F(served, any_wakes_level)
{
	any_wakes(_metadata, &variant->nf, &self->p, 0);
}

TEST_F(served, any_wakes_edge)
{
	any_wakes(_metadata, &variant->nf, &self->p, EPOLLET);
}

NET_MAIN
