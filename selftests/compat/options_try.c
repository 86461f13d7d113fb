// SPDX-License-Identifier: GPL-2.0-only
/* All that can be done with one option of one socket; see options.h. */
#include <limits.h>

#include "options.h"

#define ROOM	512	/* for the longest value */
#define SHOWN	64	/* of it */

static const struct opt_expected *expected(const struct opt *opt)
{
	const struct opt_expected *e = opt_expected;

	while (e->why && (e->level != opt->level || e->name != opt->name))
		e++;
	return e->why ? e : NULL;
}

static bool is_form(const struct opt_socket *s)
{
	return s->opt->flags & OPT_FORM ||
	       (s->opt->flags & OPT_LIVE && s->live);
}

/* With the value, if there is one. */
static void say(const struct opt_socket *s, const char *what, int ret, int err,
		const unsigned char *value, int len)
{
	char text[2 * SHOWN + 1] = "";
	int i;

	if (ret) {
		rec_result(what, ret, err);
		return;
	}
	if (is_form(s)) {
		rec_say("%s = %d bytes%s", what, len, err ? ", errno" : "");
		return;
	}
	for (i = 0; i < len && i < SHOWN; i++)
		sprintf(text + 2 * i, "%02x", value[i]);
	rec_say("%s = %d bytes %s%s", what, len, text, err ? ", errno" : "");
}

/*
 * A line for a difference that is wanted, equal on all transports, if this one
 * does what the table says.
 */
static bool as_argued(const struct opt_socket *s, const char *what, int ret,
		      bool asking)
{
	const struct opt_expected *e = expected(s->opt);

	if (!e || e->asking != asking ||
	    (net_direct(s->nf) && (ret != -1 || errno != e->error)))
		return false;
	rec_say("argued: %s%s: refused by sdirect (%s): %s", s->opt->what, what,
		strerrorname_np(e->error), e->why);
	return true;
}

/* Asks with @room bytes for the answer; what is behind them must stay. */
static void get_room(const struct opt_socket *s, const char *what, int room)
{
	unsigned char value[ROOM];
	socklen_t len = room;
	int ret, i;

	memset(value, 0x5a, sizeof(value));
	errno = 0;
	ret = getsockopt(s->fd, s->opt->level, s->opt->name, value, &len);
	/* A negative length is refused before anybody is asked. */
	if (room >= 0 && as_argued(s, what + 1, ret, true))
		return;
	say(s, what, ret, errno, value, len);
	if (ret && (int)len != room)
		rec_say("    length is now %d", (int)len);
	for (i = room < 0 ? 0 : room; i < ROOM && value[i] == 0x5a; i++)
		;
	if (i < ROOM)
		rec_say("    written beyond the end: byte %d", i);
}

void opt_get(const struct opt_socket *s, const char *what)
{
	get_room(s, what, ROOM);
}

void opt_set(const struct opt_socket *s, const char *what, const void *value,
	     socklen_t len)
{
	char words[120];
	int ret;

	snprintf(words, sizeof(words), "  set %s", what);
	errno = 0;
	ret = setsockopt(s->fd, s->opt->level, s->opt->name, value, len);
	/* A negative length is refused before anybody is asked. */
	if ((int)len >= 0 && as_argued(s, words + 1, ret, false))
		return;
	if (ret)
		rec_result(words, ret, errno);
	else
		opt_get(s, words);
}

/* The last one is harmless to those that count, or switch something on. */
static void set_numbers(const struct opt_socket *s)
{
	static const int numbers[] = {
		-1, INT_MAX, 70000, 4096, 255, 100, 7, 2, 1, 0
	};
	char text[20];
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		snprintf(text, sizeof(text), "%d", numbers[i]);
		opt_set(s, text, &numbers[i], sizeof(numbers[i]));
	}
}

static void set_values(const struct opt_socket *s)
{
	const struct opt_value *v = s->opt->values;

	for (; v && v->what; v++)
		opt_set(s, v->what, v->at, v->len);
}

static void set_lengths(const struct opt_socket *s)
{
	static const int lengths[] = { 0, 1, 2, 3, 5, 8, 16, 64, 255, -1 };
	static const char zeroes[256];
	char text[40];
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		snprintf(text, sizeof(text), "%d bytes of nothing", lengths[i]);
		opt_set(s, text, zeroes, lengths[i]);
	}
	opt_set(s, "4 bytes at NULL", NULL, 4);
	opt_set(s, "0 bytes at NULL", NULL, 0);
	opt_set(s, "4 bytes at 8", (void *)8, 4);
	opt_set(s, "64 bytes at 8", (void *)8, 64);
}

static void get_lengths(const struct opt_socket *s)
{
	static const int lengths[] = { 0, 1, 2, 3, 4, 5, 8, 12, 16, 64, -1 };
	char text[40];
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		snprintf(text, sizeof(text), "  get %d bytes", lengths[i]);
		get_room(s, text, lengths[i]);
	}
}

static void get_badly(const struct opt_socket *s)
{
	const int level = s->opt->level, name = s->opt->name;
	socklen_t len = 4;
	int value = 0;

	REC(getsockopt(s->fd, level, name, NULL, &len));
	len = 64;
	REC(getsockopt(s->fd, level, name, (void *)8, &len));
	REC(getsockopt(s->fd, level, name, &value, NULL));
	REC(getsockopt(s->fd, level, name, &value, (void *)8));
}

static void exchange(int from, int to)
{
	char byte = 'x';

	REC(send(from, "y", 1, MSG_NOSIGNAL));
	compat_until(to, POLLIN);
	REC_RECV(recv(to, &byte, 1, MSG_DONTWAIT), &byte);
}

void opt_try(const struct opt_socket *s)
{
	rec_say("%s", s->opt->what);
	opt_get(s, "  before");
	set_numbers(s);
	set_values(s);
	set_lengths(s);
	if (!expected(s->opt)) {
		get_lengths(s);
		get_badly(s);
	}
	if (s->peer < 0 || s->opt->flags & OPT_KEPT)
		return;
	exchange(s->fd, s->peer);
	exchange(s->peer, s->fd);
}
