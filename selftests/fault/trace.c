// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a program and has the Nth of its allocations fail.
 *
 * The kernel counts for one task at a time, in /proc/PID/task/TID/fail-nth,
 * and in everything that the task does.  Here the count goes from task to task:
 * what is left of it is written when a system call begins and read when it
 * ends.  Tasks that are in system calls at once may take the same numbers; more
 * than one of them may then be hit, and all of them are told of.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "failnth.h"

#define MAX_TASKS	256
#define COUNT_ALL	1000000000u
#define OPTIONS \
	(PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	 PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESECCOMP | \
	 PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)
/* When all is known, nothing but the end is waited for. */
#define OPTIONS_AFTER	(OPTIONS | PTRACE_O_SUSPEND_SECCOMP)

/**
 * struct task - a thread of the program
 * @number:	in the order of their birth
 * @nth_fd:	its fail-nth, -1 before the first use
 * @call:	the system call that it is in, if that is counted
 * @armed:	what was written to fail-nth when that began; 0: nothing
 */
struct task {
	pid_t pid;
	unsigned int number;
	int nth_fd;
	const struct call *call;
	unsigned int armed;
};

static struct task tasks[MAX_TASKS];
static unsigned int n_tasks;
static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

static struct task *task_get(struct run *r, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < n_tasks; i++)
		if (tasks[i].pid == pid)
			return &tasks[i];
	if (n_tasks == MAX_TASKS)
		return NULL;
	tasks[n_tasks] = (struct task){ .pid = pid, .nth_fd = -1,
					.number = ++r->tasks };
	return &tasks[n_tasks++];
}

static void task_gone(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < n_tasks; i++) {
		if (tasks[i].pid != pid)
			continue;
		if (tasks[i].nth_fd >= 0)
			close(tasks[i].nth_fd);
		tasks[i] = tasks[--n_tasks];
		return;
	}
}

static unsigned int nth_read(const struct task *t)
{
	char text[16] = "";

	if (pread(t->nth_fd, text, sizeof(text) - 1, 0) <= 0)
		return t->armed;
	return strtoul(text, NULL, 10);
}

static void nth_write(struct task *t, unsigned int nth)
{
	char path[64], text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (t->nth_fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth",
			 t->pid, t->pid);
		t->nth_fd = open(path, O_RDWR | O_CLOEXEC);
	}
	t->armed = pwrite(t->nth_fd, text, len, 0) == len ? nth : 0;
}

/* What the calls that are under way have used up so far. */
static unsigned int under_way(void)
{
	unsigned int i, sum = 0;

	for (i = 0; i < n_tasks; i++)
		if (tasks[i].armed)
			sum += tasks[i].armed - nth_read(&tasks[i]);
	return sum;
}

static void disarm_all(void)
{
	unsigned int i;

	/* One that has been hit meanwhile says so at the end of its call. */
	for (i = 0; i < n_tasks; i++)
		if (tasks[i].armed && nth_read(&tasks[i]))
			nth_write(&tasks[i], 0);
}

static void call_begins(struct run *r, struct task *t)
{
	struct __ptrace_syscall_info info;
	unsigned int used;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return;
	t->call = call_find(info.seccomp.nr);
	if (t->call && !r->n_hits && !call_wanted(t->call, t->pid, info.seccomp.args))
		t->call = NULL;
	if (r->n_hits)
		ptrace(PTRACE_SETOPTIONS, t->pid, NULL, OPTIONS_AFTER);
	if (!t->call || r->n_hits)
		return;
	used = r->used + under_way();
	if (!r->nth)
		nth_write(t, COUNT_ALL);
	else if (used < r->nth)
		nth_write(t, r->nth - used);
}

static void hit(struct run *r, const struct task *t, int64_t ret, bool died)
{
	if (r->n_hits == MAX_HITS)
		return;
	r->hits[r->n_hits++] = (struct hit){
		.call = t->call, .task = t->number, .index = t->armed,
		.ret = ret, .died = died,
	};
}

static void call_ends(struct run *r, struct task *t, bool died)
{
	struct __ptrace_syscall_info info = {};
	unsigned int left, armed = t->armed;

	if (!armed)
		goto out;
	left = nth_read(t);
	r->used += armed - left;
	if (!r->nth && armed != left)
		report_call(t->call, t->number, armed - left);
	if (left) {
		nth_write(t, 0);
	} else {
		ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info);
		hit(r, t, info.exit.rval, died);
		t->armed = 0;
		disarm_all();
	}
out:
	t->call = NULL;
	t->armed = 0;
}

static bool is_broken(pid_t pid, int sig)
{
	siginfo_t info;

	if (sig != SIGSEGV && sig != SIGBUS && sig != SIGILL && sig != SIGFPE)
		return false;
	/* Sent by the kernel, not by a test. */
	return !ptrace(PTRACE_GETSIGINFO, pid, NULL, &info) && info.si_code > 0;
}

static void resume(pid_t pid, int how, int sig)
{
	/* ESRCH: killed meanwhile, as waitpid() will say. */
	ptrace(how, pid, NULL, (void *)(long)sig);
}

static void stopped(struct run *r, pid_t pid, int status)
{
	const int sig = WSTOPSIG(status), event = status >> 16;
	struct task *t = task_get(r, pid);

	if (!t)
		return resume(pid, PTRACE_CONT, 0);
	if (sig == (SIGTRAP | 0x80)) {
		call_ends(r, t, false);
		return resume(pid, PTRACE_CONT, 0);
	}
	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		call_begins(r, t);
		return resume(pid, t->armed ? PTRACE_SYSCALL : PTRACE_CONT, 0);
	case PTRACE_EVENT_EXIT:
		call_ends(r, t, true);
		return resume(pid, PTRACE_CONT, 0);
	case PTRACE_EVENT_STOP:
		/* A group stop lasts until SIGCONT; a new task just begins. */
		return resume(pid, sig == SIGTRAP ? PTRACE_CONT : PTRACE_LISTEN,
			      0);
	case 0:
		if (is_broken(pid, sig))
			r->crash = sig;
		/* A signal does not end the call that it interrupts. */
		return resume(pid, t->armed ? PTRACE_SYSCALL : PTRACE_CONT,
			      sig);
	default:
		return resume(pid, t->armed ? PTRACE_SYSCALL : PTRACE_CONT, 0);
	}
}

static void end_all(struct run *r)
{
	unsigned int i;

	if (!r->hung)
		for (i = 0; i < n_tasks; i++)
			report_task(tasks[i].pid);
	r->hung = true;
	for (i = 0; i < n_tasks; i++)
		kill(tasks[i].pid, SIGKILL);
}

static void child(const struct run *r, int go)
{
	sigset_t none;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	dup2(r->out, STDOUT_FILENO);
	dup2(r->out, STDERR_FILENO);
	if (read(go, &byte, 1) != 1 || call_filter())
		_exit(126);
	execvp(r->argv[0], r->argv);
	_exit(127);
}

static pid_t start(struct run *r)
{
	int go[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		child(r, go[0]);
	close(go[0]);
	if (pid > 0 && (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) ||
			write(go[1], "", 1) != 1)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(go[1]);
	if (pid > 0)
		task_get(r, pid);
	return pid;
}

static void ended(struct run *r, pid_t pid, pid_t leader, int status)
{
	task_gone(pid);
	if (pid != leader)
		return;
	if (WIFSIGNALED(status))
		r->signal = WTERMSIG(status);
	else
		r->status = WEXITSTATUS(status);
}

int trace_run(struct run *r)
{
	const struct sigaction act = { .sa_handler = tick };
	const struct itimerval second = { { 1, 0 }, { 1, 0 } }, never = {};
	sig_atomic_t heard = 0;
	pid_t leader, pid;
	int status;

	n_tasks = 0;
	ticks = 0;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGALRM, &act, NULL);
	leader = start(r);
	if (leader < 0)
		return -1;
	setitimer(ITIMER_REAL, &second, NULL);
	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == ECHILD)
			break;
		if (pid > 0 && !r->hung)
			heard = ticks;
		if (ticks > (int)r->limit ||
		    ticks - heard > (int)r->silence)
			end_all(r);
		if (pid <= 0)
			continue;
		if (WIFSTOPPED(status))
			stopped(r, pid, status);
		else
			ended(r, pid, leader, status);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return 0;
}
