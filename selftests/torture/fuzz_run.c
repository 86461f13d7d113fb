// SPDX-License-Identifier: GPL-2.0-only
/* One tape from start to end, and what must be true then; see fuzz_run.h. */
#include "fuzz_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz_cover.h"
#include "stuck.h"

#define TICK_MS		8
#define LIMIT_MS	10000	/* of one call, however often it is nudged */

static uint32_t *made;		/* calls so far, told by the child */
static int klog = -1;

static uint64_t limit_ms(void)
{
	const char *env = getenv("SDIRECT_TIME");
	const int times = env ? atoi(env) : 1;

	return LIMIT_MS * (uint64_t)(times > 0 ? times : 1);
}

/* --- the child --- */

static void play(const struct runner *r, const struct fuzz_tape *t)
{
	static struct fuzz f;
	struct fuzzer z = { .f = &f };
	unsigned int i;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fuzz_catch_signals();
	if (r->traced)
		cover_start();
	fuzz_begin(&f, r->nf);
	fuzz_buffer_get(&z);
	for (i = 0; i < t->n; i++) {
		__atomic_store_n(made, i + 1, __ATOMIC_SEQ_CST);
		fuzz_call_make(&z, &t->call[i]);
	}
	/* Not left to the exit, of which KCOV sees nothing. */
	__atomic_store_n(made, i + 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < FUZZ_FDS; i++)
		if (f.fds[i] > 2)
			close(f.fds[i]);
	munmap(f.arena, (size_t)FUZZ_MAPS * FUZZ_PLACE);
	_exit(0);
}

/* --- its parent --- */

/* A call that sleeps is interrupted; NULL, or that one cannot be. */
static const char *watch(pid_t pid, const struct fuzz_tape *t)
{
	struct pollfd done = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	uint64_t since = net_now_ms();
	const char *bad = NULL;
	uint32_t last = 0, now;

	while (poll(&done, 1, TICK_MS) <= 0 && !bad) {
		now = __atomic_load_n(made, __ATOMIC_SEQ_CST);
		if (now != last) {
			last = now;
			since = net_now_ms();
		} else if (net_now_ms() - since > limit_ms()) {
			printf("# call %u: %s\n", now,
			       now && now <= t->n ? t->call[now - 1].op->name :
			       "beginning or end");
			stuck_show(pid);
			bad = "it hangs";
		} else if (now) {
			kill(pid, SIGUSR1);
		}
	}
	close(done.fd);
	return bad;
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Ends what is left.  Its children have none, so once is enough. */
static const char *sweep(pid_t group, int *status)
{
	struct sigaction late = { .sa_handler = on_alarm };
	pid_t pid;

	sigaction(SIGALRM, &late, NULL);
	alarm(limit_ms() / 1000);
	pid = waitpid(group, status, 0);
	kill(-group, SIGKILL);
	while (pid > 0)
		pid = waitpid(-1, NULL, 0);
	alarm(0);
	if (pid < 0 && errno == ECHILD)
		return NULL;
	stuck_show(group);
	return "a process cannot be killed";
}

/* --- the kernel's log --- */

static bool is_bad(const char *text)
{
	static const char *const words[] = {
		"BUG: ", "WARNING: ", "UBSAN: ", "Oops", "ODEBUG: ",
		"general protection fault", "refcount_t: ", "INFO: possible",
		"suspicious RCU", "corruption", "detected stall",
		"blocked for more than", "Kernel panic",
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* Prints what is new from the first bad line on. */
static bool log_is_bad(void)
{
	char line[8192], *text;
	bool bad = false;
	ssize_t n;

	while (klog >= 0) {
		n = read(klog, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)	/* some were overwritten */
			continue;
		if (n <= 0)
			break;
		line[n] = 0;
		text = strchr(line, ';');
		bad = bad || is_bad(line);
		if (bad)
			printf("# log: %s", text ? text + 1 : line);
	}
	return bad;
}

void run_prepare(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	made = torture_shared(sizeof(*made));
	klog = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (klog >= 0)
		lseek(klog, 0, SEEK_END);
}

const char *run_tape(const struct runner *r, const struct fuzz_tape *t)
{
	const char *bad, *also;
	int status = 0;
	pid_t pid;

	fflush(NULL);
	*made = 0;
	pid = fork();
	if (pid < 0)
		return "no process";
	if (!pid)
		play(r, t);
	setpgid(pid, pid);
	bad = watch(pid, t);
	if (bad)
		kill(pid, SIGKILL);
	also = sweep(pid, &status);
	if (also || bad)
		return also ? also : bad;
	if (log_is_bad())
		return "the kernel's log";
	/* Garbage may hit the program itself, never the kernel. */
	if (WIFEXITED(status) && WEXITSTATUS(status) &&
	    WEXITSTATUS(status) < 128)
		return "it failed";
	return NULL;
}

/* --- what it must find: for the tests of the fuzzer itself --- */

static void do_test_hang(struct fuzzer *z)
{
	(void)z;
	for (;;)
		pause();
}

static void do_test_fail(struct fuzzer *z)
{
	(void)z;
	errno = 0;
	TORTURE_CHECK(errno);
}

static void do_test_log(struct fuzzer *z)
{
	static const char text[] = "BUG: none, a test of the fuzzer\n";
	const int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	(void)z;
	(void)!write(fd, text, sizeof(text) - 1);
	close(fd);
}

const struct fuzz_op fuzz_test_ops[] = {
	FUZZ_OP(test_hang, 0), FUZZ_OP(test_fail, 0), FUZZ_OP(test_log, 0), {}
};
