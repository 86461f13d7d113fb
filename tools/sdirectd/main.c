// SPDX-License-Identifier: GPL-2.0-only
/* sdirectd - decides which connections may go direct */
#include <getopt.h>
#include <stdio.h>

#include <linux/sdirect.h>

#include "daemon.h"
#include "verify.h"

enum {
	EXIT_OK		= 0,
	EXIT_ERROR	= 1,
	EXIT_USAGE	= 2,
};

static const struct option long_options[] = {
	{ "check", no_argument, NULL, 'c' },
	{ "all-netns", no_argument, NULL, 'a' },
	{ "user", required_argument, NULL, 'u' },
	{ "control", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static int help(FILE *out, int status)
{
	fputs("usage: sdirectd [OPTION...] [FILE]\n"
	      "       sdirectd --check [FILE]\n\n"
	      "Tells the sdirect module which connections may go direct, by the rules in\n"
	      "FILE (default: " POLICY_FILE "), and answers its questions.\n\n"
	      "  -c, --check         say what is wrong with the rules, and do no more\n"
	      "  -a, --all-netns     judge the connections of all network namespaces\n"
	      "  -u, --user USER     run as this user, with CAP_NET_ADMIN alone\n"
	      "  -s, --control PATH  the socket for sdirect policy\n"
	      "                      (default: " CONTROL_PATH ")\n\n"
	      "Exit status: 0 done, 1 a mistake in the rules or another error, 2 usage.\n"
	      "See also sdirectd(8), sdirect-policy(5).\n", out);
	return status;
}

/* Sets what was asked for; returns an exit status, or -1 to go on. */
static int read_options(int argc, char **argv, struct daemon_options *opt,
			bool *only_check)
{
	int letter;

	while ((letter = getopt_long(argc, argv, "cau:s:hV", long_options,
				     NULL)) != -1) {
		switch (letter) {
		case 'c':
			*only_check = true;
			break;
		case 'a':
			opt->all_netns = true;
			break;
		case 'u':
			opt->user = optarg;
			break;
		case 's':
			opt->control = optarg;
			break;
		case 'h':
			return help(stdout, EXIT_OK);
		case 'V':
			printf("sdirectd %s\n", SDIRECT_VERSION);
			return EXIT_OK;
		default:
			return help(stderr, EXIT_USAGE);
		}
	}
	if (optind < argc)
		opt->path = argv[optind++];
	return optind < argc ? help(stderr, EXIT_USAGE) : -1;
}

int main(int argc, char **argv)
{
	struct daemon_options opt = { .path = POLICY_FILE,
				      .control = CONTROL_PATH };
	bool only_check = false;
	int status;

	status = read_options(argc, argv, &opt, &only_check);
	if (status >= 0)
		return status;
	return (only_check ? policy_check(opt.path) : !daemon_run(&opt)) ?
	       EXIT_OK : EXIT_ERROR;
}
