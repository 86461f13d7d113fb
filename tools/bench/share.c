// SPDX-License-Identifier: GPL-2.0-only
/* One socket and several threads or processes: what sharing costs. */
#include <errno.h>
#include <linux/sdirect.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/raw.h"
#include "command.h"
#include "echo.h"
#include "net.h"

#define THREADS_MOST	64
#define WARM		200	/* round trips before the first that counts */
#define WARM_EACH	48	/* the same, where there are many connections */
#define TIMES		15	/* how often the lease is taken away */
#define REGAIN_MOST	100000	/* round trips until it must be back */
#define FORKS		32
#define FORK_SOCKETS	32

/* ---- threads that send ---- */

/**
 * struct many - senders and the receiver of one socket
 * @fd:		what all of them send on
 * @until:	when they stop
 * @count:	messages of each
 */
struct many {
	int fd;
	uint64_t until;
	uint64_t count[THREADS_MOST];
};

struct sender {
	struct many *all;
	int mine;
	pthread_t thread;
};

/* A message of 8 bytes is never torn: number of the thread, and its own. */
static void *send_many(void *arg)
{
	struct sender *s = arg;
	uint64_t n = 0, word;

	do {
		for (int i = 0; i < 64; i++) {
			word = (uint64_t)s->mine << 56 | ++n;
			if (send(s->all->fd, &word, sizeof(word),
				 MSG_NOSIGNAL) != (ssize_t)sizeof(word))
				bench_die("send");
		}
	} while (bench_now() < s->all->until);
	s->all->count[s->mine] = n;
	return NULL;
}

/* Until the end of the stream; each thread's numbers must be in order. */
static void receive_many(int fd)
{
	uint64_t next[THREADS_MOST] = { 0 }, word;
	ssize_t n;

	errno = 0;
	while ((n = recv(fd, &word, sizeof(word), MSG_WAITALL)) > 0)
		if (n != (ssize_t)sizeof(word) || word >> 56 >= THREADS_MOST ||
		    (word & ~(0xffull << 56)) != ++next[word >> 56])
			bench_die("a message is torn, lost or out of order");
	if (n)
		bench_die("recv");
	_exit(0);
}

static pid_t receiver(int listener, int cpu)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		bench_die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bench_pin(cpu);
	fd = net_accept(listener, 0);
	for (uint64_t i = 0, word; i < WARM; i++)
		if (recv(fd, &word, sizeof(word), MSG_WAITALL) <= 0 ||
		    send(fd, &word, sizeof(word), MSG_NOSIGNAL) <= 0)
			bench_die("warming up");
	receive_many(fd);
	_exit(1);
}

void command_threads(const struct options *o)
{
	struct sender s[THREADS_MOST];
	struct many all = { 0 };
	uint64_t begin, took, sum = 0;
	int listener;
	pid_t child;

	if (o->clients > THREADS_MOST)
		bench_die("too many threads");
	listener = net_listen(o->transport->family, 1);
	child = receiver(listener, o->cpu[1]);
	all.fd = net_connect(o->transport->family, listener);
	for (uint64_t i = 0; i < WARM; i++)
		net_exchange(all.fd, i);
	begin = bench_now();
	all.until = begin + o->ns;
	for (int i = 0; i < o->clients; i++) {
		s[i] = (struct sender) { .all = &all, .mine = i };
		if (pthread_create(&s[i].thread, NULL, send_many, &s[i]))
			bench_die("thread");
	}
	for (int i = 0; i < o->clients; i++) {
		pthread_join(s[i].thread, NULL);
		sum += all.count[i];
	}
	shutdown(all.fd, SHUT_WR);
	echo_end(child);
	took = bench_now() - begin;
	bench_report(8, "messages", (double)sum * 1e9 / (double)took, "1/s");
}

/* ---- the lease ---- */

static int is_leased(int fd)
{
	struct sdirect_info info;

	return net_info(fd, &info) && info.leased;
}

/* Return: the round trips that it took. */
static int warm_up(int fd, int least, int leased)
{
	int n = 0;

	for (; n < least || (leased && !is_leased(fd)); n++) {
		errno = 0;
		if (n > REGAIN_MOST)
			bench_die("no lease");
		net_exchange(fd, (uint64_t)n);
	}
	return n;
}

/* A system call that the library does not know of. */
static uint32_t foreign_exchange(int fd)
{
	uint64_t number = ~0ull, begin = bench_now();

	if (sdi_raw(SYS_sendto, fd, &number, sizeof(number), 0, 0, 0) !=
	    (long)sizeof(number))
		bench_die("sendto");
	if (recv(fd, &number, sizeof(number), MSG_WAITALL) !=
	    (ssize_t)sizeof(number) || number != ~0ull)
		bench_die("recv");
	return (uint32_t)(bench_now() - begin);
}

static uint32_t median(uint32_t *value)
{
	bench_sort(value, TIMES);
	return value[TIMES / 2];
}

/* On a fresh connection each: who loses a lease often, has to wait for more. */
void command_lease(const struct options *o)
{
	int listener, fd, keep, leased = !!o->transport->kept;
	uint32_t revoke[TIMES], again[TIMES];
	pid_t server;

	server = echo_start(o->transport->family, 0, o->cpu[1], &listener);
	bench_pin(o->cpu[0]);
	keep = net_connect(o->transport->family, listener);
	net_exchange(keep, 0);
	for (int i = 0; i < TIMES; i++) {
		fd = net_connect(o->transport->family, listener);
		warm_up(fd, WARM_EACH, leased);
		revoke[i] = foreign_exchange(fd);
		again[i] = (uint32_t)warm_up(fd, 0, leased);
		close(fd);
	}
	bench_report(8, "revoke", bench_us(median(revoke)), "us");
	if (leased)
		bench_report(8, "regain", median(again), "round trips");
	close(keep);
	echo_end(server);
}

/* ---- fork ---- */

static uint32_t fork_once(void)
{
	uint64_t begin = bench_now();
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork");
	if (!pid)
		_exit(0);
	echo_end(pid);
	return (uint32_t)(bench_now() - begin);
}

/* A process with many sockets in use forks; a child uses one of them. */
void command_fork(const struct options *o)
{
	int fd[FORK_SOCKETS], listener, leased = !!o->transport->kept;
	uint32_t took[FORKS];
	uint64_t begin;
	pid_t server, child;

	bench_more_files();
	server = echo_start(o->transport->family, 0, o->cpu[1], &listener);
	bench_pin(o->cpu[0]);
	for (int i = 0; i < FORK_SOCKETS; i++) {
		fd[i] = net_connect(o->transport->family, listener);
		warm_up(fd[i], WARM_EACH, leased);
	}
	for (int i = 0; i < FORKS; i++)
		took[i] = fork_once();
	bench_sort(took, FORKS);
	bench_report(8, "fork", bench_us(took[FORKS / 2]), "us");
	child = fork();
	if (!child) {
		begin = bench_now();
		warm_up(fd[0], WARM_EACH, 0);
		bench_report(8, "child-rtt",
			     (double)(bench_now() - begin) / WARM_EACH / 1e3,
			     "us");
		_exit(0);
	}
	echo_end(child);
	for (int i = 0; i < FORK_SOCKETS; i++)
		close(fd[i]);
	echo_end(server);
}
