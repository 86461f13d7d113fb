// SPDX-License-Identifier: GPL-2.0-only
/* What poll(), select() and the counters say in every state. */
#include <linux/sockios.h>
#include <poll.h>
#include <sys/select.h>

#include "ready.h"

#define ALL	(POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | \
		 POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLMSG)

static void poll_ends(struct compat *c)
{
	REC_POLL(c->cl, ALL);
	if (c->sv >= 0)
		REC_POLL(c->sv, ALL);
}

/* A look must change nothing: nor must reading the error, but for the error. */
void poll_in_states(struct compat *c)
{
	const struct life_state *s;

	for (s = life_states; s->name; s++) {
		life_open(c, s);
		poll_ends(c);
		poll_ends(c);
		life_error("error", c->cl);
		if (c->sv >= 0)
			life_error("error of the other", c->sv);
		poll_ends(c);
		rec_say("  read %ld", life_drain(c->cl));
		poll_ends(c);
		life_close(c);
	}
}

/* Only what is asked for, and what always is said. */
void poll_masks(struct compat *c)
{
	static const short masks[] = {
		0, POLLIN, POLLPRI, POLLOUT, POLLRDHUP, POLLRDNORM, POLLRDBAND,
		POLLWRNORM, POLLWRBAND, POLLMSG, POLLERR, POLLHUP, POLLNVAL,
		POLLIN | POLLRDHUP, POLLOUT | POLLWRNORM, 0x4000,
	};
	const struct life_state *s;
	size_t i;

	for (s = life_states; s->name; s++) {
		life_open(c, s);
		for (i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
			const short events = masks[i];

			rec_poll("asked", events);
			REC_POLL(c->cl, events);
		}
		life_close(c);
	}
}

static void select_one(int fd)
{
	struct timeval now = { 0, 0 };
	fd_set in, out, except;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(fd, &in);
	FD_SET(fd, &out);
	FD_SET(fd, &except);
	REC(select(fd + 1, &in, &out, &except, &now));
	rec_say("  in %d out %d except %d", FD_ISSET(fd, &in),
		FD_ISSET(fd, &out), FD_ISSET(fd, &except));
}

void select_in_states(struct compat *c)
{
	const struct life_state *s;

	for (s = life_states; s->name; s++) {
		life_open(c, s);
		select_one(c->cl);
		if (c->sv >= 0)
			select_one(c->sv);
		life_close(c);
	}
}

static void counters(int fd)
{
	int n = -1;

	REC(ioctl(fd, FIONREAD, &n));
	rec_say("  FIONREAD %d", n);
	n = -1;
	REC(ioctl(fd, SIOCATMARK, &n));
	rec_say("  SIOCATMARK %d", n);
	n = -1;
	/* What has been sent may be acknowledged later: see count_unsent. */
	REC(ioctl(fd, SIOCOUTQNSD, &n));
	rec_say("  SIOCOUTQNSD %s", n > 0 ? "some" : n ? "untouched" : "none");
}

void count_in_states(struct compat *c)
{
	const struct life_state *s;

	for (s = life_states; s->name; s++) {
		if (!strncmp(s->name, "full", 4))
			continue;
		life_open(c, s);
		counters(c->cl);
		if (c->sv >= 0)
			counters(c->sv);
		life_close(c);
	}
}

/* Readiness before, while and after the stream moves to rings. */
void rings_come(struct compat *c)
{
	static char out[3000], in[3000];
	int i;

	life_settle();
	for (i = 0; i < 40; i++) {
		const size_t len = 1 + i * 70;

		rec_say("-- %d", i);
		poll_ends(c);
		REC(send(c->cl, out, len, 0));
		life_settle();
		poll_ends(c);
		if (i % 3 == 0)
			REC(recv(c->sv, in, len / 2, 0));
		poll_ends(c);
		if (i % 5 != 4) {
			rec_say("read %ld", life_drain(c->sv));
			REC(send(c->sv, out, i + 1, 0));
			life_settle();
			poll_ends(c);
			rec_say("read %ld", life_drain(c->cl));
		}
		poll_ends(c);
	}
}

/* Full, and then read until there is room: POLLOUT comes in the end. */
void room_again(struct compat *c)
{
	int round;

	for (round = 0; round < 3; round++) {
		life_fill(c->cl, c->sv);
		poll_ends(c);
		rec_say("read %s", life_drain(c->sv) > 65536 ? "much" : "few");
		REC_POLL_WAIT(c->cl, POLLOUT);
		life_settle();
		do {
			life_settle();
		} while (life_drain(c->sv));
		compat_acknowledged(c->cl);
		poll_ends(c);
	}
}

/* Each step of an end, from both sides, in both orders. */
void peer_gone_in_steps(struct compat *c)
{
	int order;

	for (order = 0; order < 2; order++) {
		int *const first = order ? &c->sv : &c->cl;
		int *const second = order ? &c->cl : &c->sv;

		rec_say("-- %s first", order ? "server" : "client");
		life_pair(c);
		REC(send(*first, "last words", 10, 0));
		REC(shutdown(*first, SHUT_WR));
		life_settle();
		poll_ends(c);
		rec_say("read %ld", life_drain(*second));
		poll_ends(c);
		REC(send(*second, "answer", 6, 0));
		life_settle();
		poll_ends(c);
		REC(shutdown(*second, SHUT_WR));
		life_settle();
		poll_ends(c);
		rec_say("read %ld", life_drain(*first));
		poll_ends(c);
		life_close(c);
	}
}
