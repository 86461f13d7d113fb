// SPDX-License-Identifier: GPL-2.0-only
/* sdirect help */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct {
	char letter;
	const char *name;
	const char *help;
} option_help[] = {
	{ 'j', "-j, --json", "write JSON" },
	{ 'a', "-a, --all", "everything: list: sockets that listen or are not\n"
	  "                   connected; policy explain: every rule before" },
	{ 'b', "-b, --bytes", "write byte counts in full" },
};

static void help_options(const struct command *cmd)
{
	size_t i;

	for (i = 0; i < sizeof(option_help) / sizeof(option_help[0]); i++)
		if (strchr(cmd->options, option_help[i].letter))
			printf("      %-12s %s\n", option_help[i].name,
			       option_help[i].help);
}

static void help_command(const struct command *cmd)
{
	printf("%s%s%s%s\n      %s\n", cmd->name,
	       cmd->options[0] ? " [OPTION...]" : "", cmd->topic ? " " : "",
	       cmd->topic ? cmd->topic : "", cmd->help);
	help_options(cmd);
}

int cmd_help(const struct options *opt)
{
	const struct command *cmd;

	if (opt->topic) {
		cmd = command_find(opt->topic);
		if (!cmd) {
			fprintf(stderr, "sdirect: unknown command: %s\n",
				opt->topic);
			return EXIT_USAGE;
		}
		fputs("usage: sdirect ", stdout);
		help_command(cmd);
		return EXIT_OK;
	}

	puts("usage: sdirect COMMAND [OPTION...]\n"
	     "       sdirect --help | --version\n\n"
	     "Look at the AF_SDIRECT sockets of this network namespace, and change how\n"
	     "their bytes go.\n");
	for (cmd = commands; cmd->name; cmd++) {
		fputs("  ", stdout);
		help_command(cmd);
	}
	puts("\nExit status: 0 done, 1 no module or another error, 2 usage.\n"
	     "See also sdirect(8).");
	return EXIT_OK;
}
