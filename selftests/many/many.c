// SPDX-License-Identifier: GPL-2.0-only
/*
 * Very many connections between pairs of processes: opened, some of them used,
 * all of them used once, closed.  Says a line of JSON behind each step and waits
 * for one on standard input before the next, so that others can look.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../net/lib.h"

/*
 * A client waits for the answers of so many connections before it goes on with
 * others: all clients together have fewer segments on their way than the 1000
 * (net.core.netdev_max_backlog) that loopback keeps for a CPU.  What is beyond
 * is lost, and thousands of connections that time out together lose again, each
 * time for twice as long, until TCP gives up: silently where it was closed.
 */
enum { MESSAGE = 100, EVENTS = 64, GROUP = 32 };

struct ask {
	struct net_family nf;
	unsigned int pairs;		/* of processes */
	unsigned int connections;	/* of each pair */
	unsigned int active;		/* of these, how many are used */
	unsigned int rounds;		/* messages each way on each of them */
	bool lock;			/* what is mapped stays in memory */
};

/* What all clients say of their connections; shared by the processes. */
struct account {
	unsigned int open;
	unsigned int local;	/* that send by ring */
	unsigned int leased;	/* without a system call */
};

enum step { OPEN, USED, ALL, CLOSED, STEPS };
static const char *const steps[STEPS] = { "open", "used", "all", "closed" };

/* Between the parent and the clients; each has a way of its own to be told. */
static int done_pipe[2], (*go_pipe)[2];
static pid_t *child;		/* of each pair the server, then the client */
static struct account *account;

static __attribute__((noreturn)) void fail(const char *what, unsigned int at)
{
	printf("{\"event\": \"error\", \"what\": \"%s %u: %s\"}\n", what, at,
	       strerror(errno));
	fflush(stdout);
	_exit(1);
}

static unsigned int all(const struct ask *ask)
{
	return ask->pairs * ask->connections;
}

/* Children do not inherit it. */
static void stay_in_memory(const struct ask *ask)
{
	if (ask->lock && mlockall(MCL_CURRENT | MCL_FUTURE))
		fail("mlockall", 0);
}

/* --- the server: an echo, as servers are --- */

static void echo(int poll_fd, int fd, unsigned int *open)
{
	char buf[MESSAGE];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0)
		fail("server: recv", fd);
	if (n) {
		if (net_send_all(fd, buf, n) < 0)
			fail("server: send", fd);
		return;
	}
	if (epoll_ctl(poll_fd, EPOLL_CTL_DEL, fd, NULL))
		fail("server: epoll_ctl", fd);
	close(fd);
	--*open;
}

static void admit(int poll_fd, int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		fail("server: accept", 0);
	event.data.fd = fd;
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event))
		fail("server: epoll_ctl", fd);
}

static void serve(const struct ask *ask, int listener)
{
	struct epoll_event event = { .events = EPOLLIN }, events[EVENTS];
	unsigned int open = ask->connections, admitted = 0;
	int poll_fd = epoll_create1(0), i, n;

	stay_in_memory(ask);
	event.data.fd = listener;
	if (poll_fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event))
		fail("server: epoll", 0);
	while (open) {
		n = epoll_wait(poll_fd, events, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			fail("server: epoll_wait", 0);
		for (i = 0; i < n; i++) {
			if (events[i].data.fd != listener)
				echo(poll_fd, events[i].data.fd, &open);
			else if (admitted++ < ask->connections)
				admit(poll_fd, listener);
		}
	}
}

/* --- the client --- */

static void say_and_wait(unsigned int pair)
{
	char c = 0;

	if (write(done_pipe[1], &c, 1) != 1 ||
	    read(go_pipe[pair][0], &c, 1) != 1)
		fail("client: pipe", pair);
}

static void fill(char *buf, unsigned int i, unsigned int round)
{
	net_fill(buf, MESSAGE, i, round * MESSAGE);
}

/* A message on each from @first to below @end, and then its answer. */
static void use_group(const int *fd, unsigned int first, unsigned int end,
		      unsigned int round)
{
	char buf[MESSAGE], got[MESSAGE];
	unsigned int i;

	for (i = first; i < end; i++) {
		fill(buf, i, round);
		if (net_send_all(fd[i], buf, MESSAGE) < 0)
			fail("client: send", i);
	}
	for (i = first; i < end; i++) {
		fill(buf, i, round);
		errno = ENODATA;
		if (net_recv_all(fd[i], got, MESSAGE) != MESSAGE)
			fail("client: recv", i);
		errno = EBADMSG;
		if (memcmp(buf, got, MESSAGE))
			fail("client: wrong bytes", i);
	}
}

static unsigned int group_end(unsigned int first, unsigned int count)
{
	return first + GROUP < count ? first + GROUP : count;
}

/* The same on the first @count. */
static void use(const int *fd, unsigned int count, unsigned int round)
{
	unsigned int i;

	for (i = 0; i < count; i += GROUP)
		use_group(fd, i, group_end(i, count), round);
}

/* The end of the stream, and then the server's. */
static void end_group(const int *fd, unsigned int first, unsigned int end)
{
	unsigned int i;
	char c;

	for (i = first; i < end; i++)
		if (shutdown(fd[i], SHUT_WR))
			fail("client: shutdown", i);
	for (i = first; i < end; i++) {
		errno = EBADMSG;
		if (recv(fd[i], &c, 1, 0))
			fail("client: end", i);
		close(fd[i]);
	}
}

static void look(const int *fd, unsigned int count)
{
	struct sdirect_info info;
	unsigned int i;

	for (i = 0; i < count; i++) {
		__atomic_fetch_add(&account->open, 1, __ATOMIC_RELAXED);
		if (net_info(fd[i], &info))
			continue;	/* plain TCP */
		if (info.tx_carrier == SDIRECT_CARRIER_LOCAL)
			__atomic_fetch_add(&account->local, 1,
					   __ATOMIC_RELAXED);
		if (info.leased)
			__atomic_fetch_add(&account->leased, 1,
					   __ATOMIC_RELAXED);
	}
}

static void run_client(const struct ask *ask, const union net_addr *addr,
		       unsigned int pair)
{
	int *fd = calloc(ask->connections, sizeof(*fd));
	unsigned int i;

	stay_in_memory(ask);
	for (i = 0; i < ask->connections; i++) {
		fd[i] = net_connect(&ask->nf, addr);
		if (fd[i] < 0)
			fail("client: connect", i);
	}
	say_and_wait(pair);
	for (i = 0; i < ask->rounds; i++)
		use(fd, ask->active, i);
	look(fd, ask->connections);
	say_and_wait(pair);
	use(fd, ask->connections, ask->rounds);
	say_and_wait(pair);
	for (i = 0; i < ask->connections; i += GROUP)
		end_group(fd, i, group_end(i, ask->connections));
	say_and_wait(pair);
	free(fd);
}

/* --- the parent --- */

static void start(const struct ask *ask, unsigned int pair)
{
	pid_t *server = &child[2 * pair], *client = server + 1;
	union net_addr addr;
	int listener = net_listen(&ask->nf, 1024, &addr);

	if (listener < 0)
		fail("listen", 0);
	*server = net_fork();
	if (!*server) {
		serve(ask, listener);
		_exit(0);
	}
	close(listener);
	*client = net_fork();
	if (!*client) {
		run_client(ask, &addr, pair);
		_exit(0);
	}
}

static void check_children(const struct ask *ask)
{
	unsigned int i;

	for (i = 0; i < 2 * ask->pairs; i++) {
		siginfo_t info = { };

		if (waitid(P_PID, child[i], &info,
			   WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
			continue;
		errno = ECHILD;
		if (info.si_code != CLD_EXITED || info.si_status)
			fail("a child has died of", info.si_status);
	}
}

/* Waits for a client's word; a child that dies instead is noticed. */
static void hear(const struct ask *ask)
{
	struct pollfd poll_fd = { .fd = done_pipe[0], .events = POLLIN };
	char c;

	while (poll(&poll_fd, 1, 500) <= 0)
		check_children(ask);
	if (read(done_pipe[0], &c, 1) != 1)
		fail("clients have ended", 0);
}

/* All clients have come so far; whoever waits on the other side may look. */
static void hold(const struct ask *ask, enum step step)
{
	char word[16];
	unsigned int i;

	for (i = 0; i < ask->pairs; i++)
		hear(ask);
	printf("{\"event\": \"%s\", \"connections\": %u, \"seen\": %u, ",
	       steps[step], all(ask), account->open);
	printf("\"local\": %u, \"leased\": %u}\n", account->local,
	       account->leased);
	fflush(stdout);
	if (!fgets(word, sizeof(word), stdin))
		fail("standard input", 0);
	for (i = 0; i < ask->pairs; i++)
		if (write(go_pipe[i][1], "", 1) != 1)
			fail("pipe", i);
}

static int run(const struct ask *ask)
{
	unsigned int i;
	int bad = 0;

	child = calloc(2 * ask->pairs, sizeof(*child));
	account = mmap(NULL, sizeof(*account), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	go_pipe = calloc(ask->pairs, sizeof(*go_pipe));
	if (!child || !go_pipe || account == MAP_FAILED || pipe(done_pipe))
		fail("start", 0);
	for (i = 0; i < ask->pairs; i++)
		if (pipe(go_pipe[i]))
			fail("pipe", i);
	for (i = 0; i < ask->pairs; i++)
		start(ask, i);
	/* Without the last writer a lost client shows as an end. */
	close(done_pipe[1]);
	for (i = 0; i < STEPS; i++)
		hold(ask, i);
	for (i = 0; i < 2 * ask->pairs; i++)
		bad |= net_wait(child[i]);
	free(child);
	return bad;
}

static int parse(int argc, char **argv, struct ask *ask)
{
	static const struct option options[] = {
		{ "pairs", required_argument, NULL, 'p' },
		{ "connections", required_argument, NULL, 'c' },
		{ "active", required_argument, NULL, 'a' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "direct", no_argument, NULL, 'd' },
		{ "lock", no_argument, NULL, 'l' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const unsigned int n = optarg ? strtoul(optarg, NULL, 0) : 0;

		switch (c) {
		case 'p':
			ask->pairs = n;
			break;
		case 'c':
			ask->connections = n;
			break;
		case 'a':
			ask->active = n;
			break;
		case 'r':
			ask->rounds = n;
			break;
		case 'd':
			ask->nf.family = AF_SDIRECT;
			break;
		case 'l':
			ask->lock = true;
			break;
		default:
			return -1;
		}
	}
	return ask->active > ask->connections ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct ask ask = {
		.nf = { .family = AF_INET, .ip = AF_INET },
		.pairs = 2,
		.connections = 100,
		.active = 10,
		.rounds = 20,
	};

	if (parse(argc, argv, &ask))
		return 2;
	signal(SIGPIPE, SIG_IGN);
	return run(&ask);
}
