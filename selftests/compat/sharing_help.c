// SPDX-License-Identifier: GPL-2.0-only
/* What the tests of shared sockets have in common; see sharing.h. */
#include <limits.h>

#include "sharing.h"

#define WORDS	12

void share_message(int from, int to, uint64_t *pos, size_t len)
{
	uint64_t heard = *pos;

	COMPAT_MUST(!net_say(from, pos, len));
	COMPAT_MUST(!net_hear(to, &heard, len));
}

void share_exchange(struct share_talk *t, const char *when)
{
	int i;

	for (i = 0; i < 12; i++) {
		share_message(t->cl, t->sv, &t->up, 1 + i * 100);
		share_message(t->sv, t->cl, &t->down, 1 + i * 90);
	}
	rec_say("%s: exchanged, %llu bytes and %llu", when,
		(unsigned long long)t->up, (unsigned long long)t->down);
}

struct share_talk share_open(struct compat *c)
{
	struct share_talk t = { };
	struct net_pair p;

	if (c->p.listener < 0)
		c->p.listener = net_listen(c->nf, 64, &c->p.addr);
	COMPAT_MUST(c->p.listener >= 0 && !net_pair_join(c->nf, &c->p, &p));
	if (c->nf->hot)
		COMPAT_MUST(!net_warm(c->nf, &p));
	t.cl = c->cl = p.client;
	t.sv = c->sv = p.server;
	share_exchange(&t, "at first");
	return t;
}

void share_close(struct share_talk *t)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(t->sv, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	net_close(&t->sv);
	net_close(&t->cl);
}

const char *share_beside(const char *name)
{
	static char path[PATH_MAX + 100];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

	COMPAT_MUST(len > 0);
	path[len] = '\0';
	strcpy(strrchr(path, '/') + 1, name);
	return path;
}

pid_t share_start_words(char **env, const char *program,
			const char *const *more)
{
	const char *words[WORDS] = { share_beside(program) };
	pid_t pid;
	int i = 0;

	do {
		COMPAT_MUST(++i < WORDS);
		words[i] = *more;
	} while (*more++);
	fflush(stdout);
	errno = posix_spawn(&pid, words[0], NULL, NULL, (char **)words,
			    env ? env : environ);
	COMPAT_MUST(!errno);
	return pid;
}

void share_wait(const char *what, pid_t pid)
{
	const int status = net_wait(pid);

	rec_say("%s: %s %d", what, status < 256 ? "status" : "signal",
		status & 255);
}

char **share_env(const char *preload)
{
	static char *env[200], text[PATH_MAX * 2];
	int i, n = 0;

	for (i = 0; environ[i] && n < 190; i++)
		if (strncmp(environ[i], "LD_PRELOAD=", 11) &&
		    (preload || strncmp(environ[i], "SDIRECT_SHIM=", 13)))
			env[n++] = environ[i];
	if (preload && *preload) {
		snprintf(text, sizeof(text), "LD_PRELOAD=%s", preload);
		env[n++] = text;
	}
	env[n] = NULL;
	return env;
}

const char *share_family(const struct compat *c)
{
	return c->nf->direct ? "direct" : "tcp";
}

const char *share_ip(const struct compat *c)
{
	return c->nf->ip == AF_INET ? "4" : "6";
}

void share_leave(void)
{
	fflush(stdout);
	_exit(0);
}
