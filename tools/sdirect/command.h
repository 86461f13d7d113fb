/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands: one row of the table in main.c and one file each. */
#ifndef SDIRECT_COMMAND_H
#define SDIRECT_COMMAND_H

#include <stdbool.h>

/* Exit statuses; they are documented in sdirect(8). */
enum {
	EXIT_OK		= 0,
	EXIT_ERROR	= 1,	/* no module, or something else went wrong */
	EXIT_USAGE	= 2,	/* the command line makes no sense */
};

/**
 * struct options - what the command line asked for
 * @json:	write JSON
 * @all:	tell of sockets without a connection too
 * @bytes:	write byte counts in full
 * @topic:	the word after the command, or NULL
 * @more:	the words after that, up to a NULL
 */
struct options {
	bool json;
	bool all;
	bool bytes;
	const char *topic;
	char **more;
};

/**
 * struct command - a subcommand
 * @name:	as typed
 * @options:	letters of the options that it takes
 * @topic:	what may follow it, or NULL
 * @more:	how many words may follow that
 * @help:	what it does
 * @run:	does it; returns an exit status
 */
struct command {
	const char *name;
	const char *options;
	const char *topic;
	int more;
	const char *help;
	int (*run)(const struct options *opt);
};

extern const struct command commands[];		/* ends with a NULL name */

const struct command *command_find(const char *name);

int cmd_list(const struct options *opt);
int cmd_stat(const struct options *opt);
int cmd_demote(const struct options *opt);
int cmd_promote(const struct options *opt);
int cmd_policy(const struct options *opt);
int cmd_monitor(const struct options *opt);
int cmd_rdma(const struct options *opt);
int cmd_help(const struct options *opt);
int cmd_version(const struct options *opt);

#endif /* SDIRECT_COMMAND_H */
