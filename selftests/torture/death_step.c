// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that uses the library is stopped after a chosen number of
 * instructions of sdirect_send(), sdirect_recv() or sdirect_attach(), so that
 * every place in them is reached.  Then another process that shares the socket
 * calls, for which it must not have to wait, and the stopped one dies, goes on
 * or stays stopped.
 */
#include "death.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sdirect.h>
#include <unistd.h>

enum { HOLDER = 1, SHARER = 2, PEER = 3 };
enum { MESSAGES = 6, STEPS = 400, ATTACH_STEPS = 1000, BREAKPOINT = 0xcc };

/* Of the one that was stopped, while another calls. */
enum fate { GOES_ON, DIES_FIRST, DIES_LATER, STAYS_STOPPED, FATES };

#ifdef __x86_64__
static bool stopped_by(pid_t pid, int sig)
{
	int status;

	TORTURE_CHECK(waitpid(pid, &status, 0) == pid);
	return WIFSTOPPED(status) && WSTOPSIG(status) == sig;
}

/* Lets @pid run until it calls the function at @at. */
static void run_to(pid_t pid, uintptr_t at)
{
	struct user_regs_struct regs;
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, at, NULL);
	TORTURE_CHECK(!errno);
	TORTURE_CHECK(!ptrace(PTRACE_POKETEXT, pid, at,
			      (word & ~0xffl) | BREAKPOINT));
	TORTURE_CHECK(!ptrace(PTRACE_CONT, pid, 0, 0));
	TORTURE_CHECK(stopped_by(pid, SIGTRAP));
	TORTURE_CHECK(!ptrace(PTRACE_POKETEXT, pid, at, word));
	TORTURE_CHECK(!ptrace(PTRACE_GETREGS, pid, 0, &regs));
	TORTURE_CHECK(regs.rip == at + 1);
	regs.rip = at;
	TORTURE_CHECK(!ptrace(PTRACE_SETREGS, pid, 0, &regs));
}

/* Stops @pid, which has stopped itself, @steps instructions into @at. */
static void stop_in(pid_t pid, uintptr_t at, uint32_t steps)
{
	TORTURE_CHECK(stopped_by(pid, SIGSTOP));
	run_to(pid, at);
	while (steps--) {
		TORTURE_CHECK(!ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
		TORTURE_CHECK(stopped_by(pid, SIGTRAP));
	}
}

static void let_go(pid_t pid)
{
	TORTURE_CHECK(!ptrace(PTRACE_DETACH, pid, 0, 0));
	TORTURE_CHECK(!net_wait(pid));
}

static void be_traced(struct net_pair *p, struct way *w, bool attached)
{
	net_close(&p->server);
	way_init(w, p->client, WAY_LIBRARY);
	if (attached)
		way_attach(w);
	TORTURE_CHECK(!ptrace(PTRACE_TRACEME, 0, 0, 0));
	raise(SIGSTOP);
}

static void traced_sender(struct net_pair *p, bool attached)
{
	struct way w;
	int i;

	be_traced(p, &w, attached);
	way_attach(&w);
	for (i = 0; i < MESSAGES; i++)
		message_send(&w, HOLDER, i);
	_exit(0);
}

/* Each sender's messages are in order; returns how many the holder's are. */
static uint32_t count_messages(int fd, uint32_t of_sharer)
{
	uint32_t next[3] = {};
	struct message m;
	struct way w;

	way_init(&w, fd, WAY_CALL);
	while (message_recv(&w, &m)) {
		TORTURE_CHECK(m.who == HOLDER || m.who == SHARER);
		TORTURE_CHECK(m.number == next[m.who]++);
	}
	TORTURE_CHECK(next[SHARER] == of_sharer);
	return next[HOLDER];
}

/* What the sharer and the stopped one do; what the stopped one may have sent. */
static void sharer_calls(struct net_pair *p, pid_t pid, enum fate fate)
{
	uint32_t most = MESSAGES;
	struct message m;
	struct way w, back;

	if (fate == DIES_FIRST)
		torture_kill(pid);
	way_init(&w, p->client, WAY_CALL);
	way_init(&back, p->server, WAY_CALL);
	message_send(&w, SHARER, 0);
	message_send(&back, PEER, 0);
	TORTURE_CHECK(message_recv(&w, &m) && m.who == PEER);
	message_send(&w, SHARER, 1);
	if (fate == DIES_LATER)
		torture_kill(pid);
	if (fate == GOES_ON)
		let_go(pid);
	else
		most = 2;
	if (fate == STAYS_STOPPED)
		TORTURE_CHECK(!shutdown(p->client, SHUT_WR));
	net_close(&p->client);
	TORTURE_CHECK(count_messages(p->server, 2) <= most);
	if (fate == STAYS_STOPPED)
		torture_kill(pid);
}

/* The sender is stopped in @function, somewhere in its first @most steps. */
static void step_in(struct round *r, uintptr_t function, uint32_t most,
		    bool attached)
{
	const uint32_t steps = rng_below(&r->rng, most);
	const enum fate fate = rng_below(&r->rng, FATES);
	struct net_pair p;
	pid_t pid;

	death_pair(r, &p);
	pid = net_fork();
	if (!pid)
		traced_sender(&p, attached);
	stop_in(pid, function, steps);
	sharer_calls(&p, pid, fate);
}

void death_step_send(struct round *r)
{
	step_in(r, (uintptr_t)sdirect_send, STEPS, true);
}

void death_step_attach(struct round *r)
{
	step_in(r, (uintptr_t)sdirect_attach, ATTACH_STEPS, false);
}

static void traced_reader(struct net_pair *p, uint32_t *got)
{
	struct message m;
	struct way w;
	int i;

	be_traced(p, &w, true);
	for (i = 0; i < MESSAGES; i++) {
		TORTURE_CHECK(message_recv(&w, &m));
		got[m.number]++;
	}
	_exit(0);
}

void death_step_recv(struct round *r)
{
	const uint32_t steps = rng_below(&r->rng, STEPS);
	const enum fate fate = rng_below(&r->rng, FATES);
	uint32_t *got = torture_shared(4096), i, first;
	struct way one, two;
	struct net_pair p;
	struct message m;
	pid_t pid;

	death_pair(r, &p);
	pid = net_fork();
	if (!pid)
		traced_reader(&p, got);
	way_init(&one, p.server, WAY_CALL);
	way_init(&two, p.client, WAY_CALL);
	for (i = 0; i < MESSAGES + 2; i++)
		message_send(&one, PEER, i);
	stop_in(pid, (uintptr_t)sdirect_recv, steps);
	if (fate == DIES_FIRST)
		torture_kill(pid);
	TORTURE_CHECK(message_recv(&two, &m));
	first = m.number;
	got[first]++;
	/* The holder has had no more than what it was stopped in and behind. */
	TORTURE_CHECK(first <= 2);
	if (fate == DIES_LATER)
		torture_kill(pid);
	if (fate == GOES_ON)
		let_go(pid);
	net_close(&p.server);
	while (message_recv(&two, &m))
		got[m.number]++;
	if (fate == STAYS_STOPPED)
		torture_kill(pid);
	for (i = fate == GOES_ON ? 0 : first; i < MESSAGES + 2; i++)
		TORTURE_CHECK(got[i] == 1);
}
#else
/* Other processors have other breakpoints; death_stop.c does for them. */
void death_step_send(struct round *r)
{
	(void)r;
}

void death_step_recv(struct round *r)
{
	(void)r;
}

void death_step_attach(struct round *r)
{
	(void)r;
}
#endif
