// SPDX-License-Identifier: GPL-2.0-only
/* sdirect - look at the AF_SDIRECT sockets of this network namespace */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <linux/sdirect.h>

#include "command.h"

const struct command commands[] = {
	{ "list", "jab", NULL, 0, "show the connections and what carries them",
	  cmd_list },
	{ "stat", "j", NULL, 0, "show the counters of this network namespace",
	  cmd_stat },
	{ "demote", "", "END|all", 0, "have connections go by TCP",
	  cmd_demote },
	{ "promote", "", "END|all", 0, "let them take a direct path again",
	  cmd_promote },
	{ "policy", "ja", "show | reload | check [FILE] | explain FROM TO [FILE]",
	  3, "show the rules, change them, say which one would decide",
	  cmd_policy },
	{ "monitor", "j", NULL, 0, "show decisions as they are made",
	  cmd_monitor },
	{ "rdma", "j", "list | pair [HOST LOCAL REMOTE | HOST off]", 3,
	  "show the links to other hosts, choose where they go", cmd_rdma },
	{ "help", "", "[COMMAND]", 0, "explain a command, or all of them",
	  cmd_help },
	{ "version", "", NULL, 0, "show the versions of this tool and the module",
	  cmd_version },
	{ NULL, NULL, NULL, 0, NULL, NULL }
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "all", no_argument, NULL, 'a' },
	{ "bytes", no_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

const struct command *command_find(const char *name)
{
	const struct command *cmd;

	for (cmd = commands; cmd->name; cmd++)
		if (!strcmp(cmd->name, name))
			return cmd;
	return NULL;
}

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, "sdirect: %s%s%s (try: sdirect --help)\n", what,
		word ? ": " : "", word ? word : "");
	return EXIT_USAGE;
}

/* As it was typed: @index is that of a long option, or -1. */
static int wrong_option(const struct command *cmd, int letter, int index)
{
	const char word[] = { '-', letter, '\0' };

	fprintf(stderr, "sdirect: %s has no option %s%s (try: sdirect help %s)\n",
		cmd->name, index < 0 ? "" : "--",
		index < 0 ? word : long_options[index].name, cmd->name);
	return EXIT_USAGE;
}

static void set_option(struct options *opt, int letter)
{
	switch (letter) {
	case 'j':
		opt->json = true;
		break;
	case 'a':
		opt->all = true;
		break;
	case 'b':
		opt->bytes = true;
		break;
	}
}

static int print_version(void)
{
	printf("sdirect %s\n", SDIRECT_VERSION);
	return EXIT_OK;
}

/* Runs a command; @argv[0] is its name. */
static int command_run(const struct command *cmd, int argc, char **argv)
{
	struct options topic = { .topic = cmd->name };
	struct options opt = { 0 };
	int letter, index = -1;

	/* getopt_long() begins its complaints with this word. */
	argv[0] = (char *)"sdirect";
	optind = 0;
	while ((letter = getopt_long(argc, argv, "jabhV", long_options,
				     &index)) != -1) {
		if (letter == '?')
			return EXIT_USAGE;
		if (letter == 'h')
			return cmd_help(&topic);
		if (letter == 'V')
			return print_version();
		if (!strchr(cmd->options, letter))
			return wrong_option(cmd, letter, index);
		set_option(&opt, letter);
		index = -1;
	}
	if (cmd->topic && optind < argc)
		opt.topic = argv[optind++];
	/* What comes last is the NULL behind all arguments. */
	opt.more = argv + optind;
	if (optind + cmd->more < argc)
		return usage_error("unexpected argument",
				   argv[optind + cmd->more]);
	return cmd->run(&opt);
}

/* Options before the command: --help and --version. */
static int main_option(const char *word)
{
	const struct options none = { 0 };

	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return cmd_help(&none);
	if (!strcmp(word, "--version") || !strcmp(word, "-V"))
		return print_version();
	return usage_error("unknown option", word);
}

/* A full disk or a closed pipe must not look like success. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		perror("sdirect: cannot write the output");
		return EXIT_ERROR;
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2)
		return usage_error("no command given", NULL);
	if (argv[1][0] == '-') {
		if (argc > 2)
			return usage_error("unexpected argument", argv[2]);
		return finish(main_option(argv[1]));
	}
	cmd = command_find(argv[1]);
	if (!cmd)
		return usage_error("unknown command", argv[1]);
	return finish(command_run(cmd, argc - 1, argv + 1));
}
