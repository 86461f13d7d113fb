/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon: reads the policy, tells the module, answers it. */
#ifndef SDIRECTD_DAEMON_H
#define SDIRECTD_DAEMON_H

#include <stdbool.h>

#define POLICY_FILE	"/etc/sdirect/policy.conf"
#define CONTROL_PATH	"/run/sdirectd/control"

/**
 * struct daemon_options - what the command line asked for
 * @path:	the policy
 * @control:	where sdirect policy finds the daemon
 * @user:	to run as, or NULL
 * @all_netns:	judge the connections of all network namespaces
 */
struct daemon_options {
	const char *path;
	const char *control;
	const char *user;
	bool all_netns;
};

/* daemon_run() runs until SIGTERM.  Return: 0, or -errno after a complaint. */
int daemon_run(const struct daemon_options *opt);

#endif /* SDIRECTD_DAEMON_H */
