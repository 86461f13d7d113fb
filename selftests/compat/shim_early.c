// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that are opened, and used, before main(). */
#include "shim.h"

static struct share_talk before = { -1, -1, 0, 0 };
static struct share_talk constructed = { -1, -1, 0, 0 };

/* The options are not yet parsed. */
static bool given(char **argv, const char *option)
{
	while (*argv && strcmp(*argv, option))
		argv++;
	return *argv;
}

static void begin(struct share_talk *t, char **argv)
{
	const struct net_family *nf;
	struct net_pair p;
	int i;

	nf = compat_family(given(argv, "--direct"), given(argv, "--ipv6"));
	if (net_pair_open(nf, &p))
		return;
	net_close(&p.listener);
	/* Out of the way: other tests use the lowest numbers again. */
	t->cl = fcntl(p.client, F_DUPFD_CLOEXEC, 800);
	t->sv = fcntl(p.server, F_DUPFD_CLOEXEC, 800);
	net_close(&p.client);
	net_close(&p.server);
	for (i = 0; i < 10; i++) {
		share_message(t->cl, t->sv, &t->up, 100 + i);
		share_message(t->sv, t->cl, &t->down, 200 + i);
	}
}

static void before_all(int argc, char **argv, char **env)
{
	(void)argc;
	(void)env;
	begin(&before, argv);
}

/* Before the constructors of all libraries, those preloaded too. */
__attribute__((section(".preinit_array"), used))
static void (*const at_first)(int, char **, char **) = before_all;

__attribute__((constructor(101)))
static void construct(int argc, char **argv, char **env)
{
	(void)argc;
	(void)env;
	begin(&constructed, argv);
}

static void go_on(struct share_talk *t)
{
	char byte;
	int i;

	COMPAT_MUST(t->cl >= 0 && t->sv >= 0);
	for (i = 0; i < 5; i++)
		share_exchange(t, "in the test");
	REC(shutdown(t->cl, SHUT_WR));
	REC(recv(t->sv, &byte, 1, 0));
	/* The process that runs the tests has them, too. */
	REC(shutdown(t->sv, SHUT_WR));
	REC(recv(t->cl, &byte, 1, 0));
	REC(close(t->sv));
	REC(close(t->cl));
}

void before_constructors(struct compat *c)
{
	(void)c;
	go_on(&before);
}

void in_constructor(struct compat *c)
{
	(void)c;
	go_on(&constructed);
}
