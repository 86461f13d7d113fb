// SPDX-License-Identifier: GPL-2.0-only
/* The tests of a group, one after the other; see compat.h. */
#include <getopt.h>

#include "compat.h"

static bool chosen(const struct compat_test *test, char **names, bool slow)
{
	if (!*names)
		return slow || !(test->flags & COMPAT_SLOW);
	while (*names && strcmp(*names, test->name))
		names++;
	return *names;
}

static const char usage[] =
	"Usage: %s [--direct] [--ipv6] [--warm] [--all] [--list] [TEST...]\n"
	"Writes down what socket calls do, to be compared.\n\n"
	"  --direct   AF_SDIRECT sockets, not AF_INET ones\n"
	"  --ipv6     IPv6 addresses\n"
	"  --warm     exchange messages first, so that rings are in use\n"
	"  --all      the slow tests too\n"
	"  --list     name the tests\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "direct", no_argument, NULL, 'd' },
		{ "ipv6", no_argument, NULL, '6' },
		{ "warm", no_argument, NULL, 'w' },
		{ "all", no_argument, NULL, 'a' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	bool direct = false, ipv6 = false, warm = false;
	bool list = false, slow = false;
	const struct compat_test *test;
	struct net_family nf;
	int opt;

	/* What was written counts even if one of them hangs. */
	setlinebuf(stdout);
	while ((opt = getopt_long(argc, argv, "d6walh", options, NULL)) != -1) {
		direct |= opt == 'd';
		ipv6 |= opt == '6';
		warm |= opt == 'w';
		slow |= opt == 'a';
		list |= opt == 'l';
		if (opt == '?' || opt == 'h') {
			fprintf(opt == 'h' ? stdout : stderr, usage, argv[0]);
			return opt == 'h' ? 0 : 2;
		}
	}
	nf = *compat_family(direct, ipv6);
	nf.hot = warm;
	for (test = compat_tests; test->name; test++) {
		if (!chosen(test, argv + optind, slow))
			continue;
		if (list)
			puts(test->name);
		else
			compat_run(test, &nf);
	}
	return 0;
}
