// SPDX-License-Identifier: GPL-2.0-only
/* One test in a process of its own, on the sockets that were asked for. */
#include <signal.h>
#include <sys/wait.h>

#include "compat.h"

#define LIMIT_S		20	/* for one test; SDIRECT_TIME stretches it */

static const struct net_family families[] = {
	{ AF_INET, 0, AF_INET, false, false },
	{ AF_INET6, 0, AF_INET6, false, false },
	{ AF_SDIRECT, 0, AF_INET, true, false },
	{ AF_SDIRECT, IPPROTO_IPV6, AF_INET6, true, false },
};

const struct net_family *compat_family(bool direct, bool ipv6)
{
	return &families[2 * direct + ipv6];
}

static void run_here(const struct compat_test *test, const struct net_family *nf)
{
	struct compat c = { .nf = nf, .p = { -1, -1, -1 }, .cl = -1, .sv = -1 };

	alarm(compat_stretch(LIMIT_S));
	if (!(test->flags & COMPAT_ALONE)) {
		compat_pair(&c, &c.p);
		c.cl = c.p.client;
		c.sv = c.p.server;
	}
	test->run(&c);
}

void compat_run(const struct compat_test *test, const struct net_family *nf)
{
	pid_t pid;
	int status;

	rec_say("= %s", test->name);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* Whatever the test starts ends with it. */
		setpgid(0, 0);
		run_here(test, nf);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	kill(-pid, SIGKILL);
	if (WIFSIGNALED(status))
		rec_say("! ended by signal %d%s", WTERMSIG(status),
			WTERMSIG(status) == SIGALRM ? ", the time limit" : "");
	else if (status)
		rec_say("! exit status %d", WEXITSTATUS(status));
	fflush(stdout);
}
