// SPDX-License-Identifier: GPL-2.0-only
/* All sequences of up to three steps of either end, and how they end. */
#include "life.h"

enum { SHUT_READ, SHUT_WRITE, SHUT_BOTH, SEND, RECV, POLL, CLOSE, KINDS };

static const char *const names[KINDS] = {
	"shut rd", "shut wr", "shut both", "send", "recv", "poll", "close",
};

#define STEPS	(2 * KINDS)	/* the client's, then the server's */

static int *end_of(struct compat *c, int step)
{
	return step < KINDS ? &c->cl : &c->sv;
}

static void say(int step, long ret)
{
	char what[32];

	snprintf(what, sizeof(what), "%s %s", step < KINDS ? "cl" : "sv",
		 names[step % KINDS]);
	rec_result(what, ret, errno);
}

static void one(struct compat *c, int step)
{
	int *const fd = end_of(c, step);
	char buf[64];
	long ret = 0;

	errno = 0;
	switch (step % KINDS) {
	case SHUT_READ:
	case SHUT_WRITE:
	case SHUT_BOTH:
		ret = shutdown(*fd, step % KINDS);
		break;
	case SEND:
		ret = send(*fd, "abc", 3, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case RECV:
		ret = recv(*fd, buf, sizeof(buf), MSG_DONTWAIT);
		break;
	case POLL:
		ret = compat_poll(*fd, LIFE_EVENTS, 0);
		break;
	case CLOSE:
		ret = net_close(fd);
		break;
	}
	say(step, ret);
	life_settle();
}

/* What each end that is left sees afterwards. */
static void rest(struct compat *c)
{
	static const int last[] = { POLL, RECV, SEND, POLL, RECV, SEND, RECV };
	size_t i;
	int end;

	for (end = 0; end < STEPS; end += KINDS) {
		for (i = 0; i < sizeof(last) / sizeof(*last); i++)
			if (*end_of(c, end) >= 0)
				one(c, end + last[i]);
	}
	if (c->cl >= 0)
		life_error("cl error", c->cl);
	if (c->sv >= 0)
		life_error("sv error", c->sv);
}

/* Not of an end that has been closed: its steps say EBADF. */
static bool possible(const int *steps, int count)
{
	int i, j;

	for (i = 0; i < count; i++)
		for (j = i + 1; j < count; j++)
			if (steps[i] % KINDS == CLOSE &&
			    steps[i] / KINDS == steps[j] / KINDS)
				return false;
	return true;
}

static void sequence(struct compat *c, const int *steps, int count)
{
	int i;

	if (!possible(steps, count))
		return;
	rec_say("--");
	life_pair(c);
	life_settle();
	for (i = 0; i < count; i++)
		one(c, steps[i]);
	rest(c);
	life_close(c);
}

void sequences(struct compat *c)
{
	int steps[2];

	for (steps[0] = 0; steps[0] < STEPS; steps[0]++) {
		sequence(c, steps, 1);
		for (steps[1] = 0; steps[1] < STEPS; steps[1]++)
			sequence(c, steps, 2);
	}
}

static void after(struct compat *c, int first)
{
	int steps[3] = { first };

	for (steps[1] = 0; steps[1] < STEPS; steps[1]++)
		for (steps[2] = 0; steps[2] < STEPS; steps[2]++)
			sequence(c, steps, 3);
}

#define AFTER(name, step) \
	void after_##name(struct compat *c) \
	{ \
		after(c, step); \
	}

AFTER(cl_shut_rd, SHUT_READ)
AFTER(cl_shut_wr, SHUT_WRITE)
AFTER(cl_shut_both, SHUT_BOTH)
AFTER(cl_send, SEND)
AFTER(cl_recv, RECV)
AFTER(cl_poll, POLL)
AFTER(cl_close, CLOSE)
AFTER(sv_shut_rd, KINDS + SHUT_READ)
AFTER(sv_shut_wr, KINDS + SHUT_WRITE)
AFTER(sv_shut_both, KINDS + SHUT_BOTH)
AFTER(sv_send, KINDS + SEND)
AFTER(sv_recv, KINDS + RECV)
AFTER(sv_poll, KINDS + POLL)
AFTER(sv_close, KINDS + CLOSE)
