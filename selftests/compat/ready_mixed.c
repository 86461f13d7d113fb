// SPDX-License-Identifier: GPL-2.0-only
/* Sockets together with pipes, timers, signals, events and files. */
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "ready.h"

enum {
	PIPE_IN, PIPE_OUT, TIMER, SIGNALS, EVENT, SOCKET, PEER, LISTENER, PLAIN,
	KINDS
};

static const char *const kinds[KINDS] = {
	"pipe, reading end", "pipe, writing end", "timerfd", "signalfd",
	"eventfd", "socket", "its peer", "listener", "plain file",
};

static void mix(struct compat *c, struct pollfd *set)
{
	sigset_t usr;
	int ends[2], i;

	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	COMPAT_MUST(!pthread_sigmask(SIG_BLOCK, &usr, NULL));
	COMPAT_MUST(!pipe(ends));
	set[PIPE_IN].fd = ends[0];
	set[PIPE_OUT].fd = ends[1];
	set[TIMER].fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	set[SIGNALS].fd = signalfd(-1, &usr, SFD_NONBLOCK);
	set[EVENT].fd = eventfd(0, EFD_NONBLOCK);
	set[SOCKET].fd = c->cl;
	set[PEER].fd = c->sv;
	set[LISTENER].fd = c->p.listener;
	set[PLAIN].fd = open("/dev/null", O_RDWR);
	for (i = 0; i < KINDS; i++) {
		COMPAT_MUST(set[i].fd >= 0);
		set[i].events = POLLIN | POLLRDHUP;
	}
}

static void look(struct pollfd *set, int wait)
{
	int i;

	REC(poll(set, KINDS, wait ? compat_stretch(10000) : 0));
	for (i = 0; i < KINDS; i++)
		if (set[i].revents)
			rec_poll(kinds[i], set[i].revents);
}

static void set_timer(int fd, long ns)
{
	const struct itimerspec when = { .it_value.tv_nsec = ns };

	REC(timerfd_settime(fd, 0, &when, NULL));
}

void mixed_set(struct compat *c)
{
	struct pollfd set[KINDS];
	char info[sizeof(struct signalfd_siginfo)];
	uint64_t one = 1;
	int i;

	mix(c, set);
	look(set, 0);
	set[PLAIN].fd = -1;
	look(set, 0);
	for (i = 0; i < 12; i++) {
		compat_send(c->sv, "x", 1);
		compat_arrived(c->cl, 1);
		look(set, 1);
		REC(write(set[EVENT].fd, &one, 8));
		REC(write(set[PIPE_OUT].fd, "y", 1));
		REC(raise(SIGUSR1));
		look(set, 1);
		compat_send(c->cl, "z", 1);
		compat_arrived(c->sv, 1);
		look(set, 1);
		rec_say("read %ld", life_drain(c->cl) + life_drain(c->sv));
		look(set, 1);
		REC(read(set[EVENT].fd, &one, 8));
		REC(read(set[PIPE_IN].fd, &one, 8));
		one = 1;
		REC(read(set[SIGNALS].fd, info, sizeof(info)));
		look(set, 0);
	}
	set_timer(set[TIMER].fd, 1000000);
	look(set, 1);
	compat_send(c->sv, "x", 1);
	REC(shutdown(c->sv, SHUT_WR));
	compat_until(c->cl, POLLRDHUP);
	look(set, 1);
}

void mixed_select(struct compat *c)
{
	struct pollfd set[KINDS];
	fd_set in, out;
	int i, max = 0, round;

	mix(c, set);
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	for (round = 0; round < 3; round++) {
		FD_ZERO(&in);
		FD_ZERO(&out);
		for (i = 0; i < KINDS; i++) {
			FD_SET(set[i].fd, &in);
			FD_SET(set[i].fd, &out);
			max = set[i].fd > max ? set[i].fd : max;
		}
		REC(select(max + 1, &in, &out, NULL, NULL));
		for (i = 0; i < KINDS; i++)
			rec_say("%s: %d %d", kinds[i], FD_ISSET(set[i].fd, &in),
				FD_ISSET(set[i].fd, &out));
		if (round == 0)
			REC(write(set[PIPE_OUT].fd, "y", 1));
		else
			rec_say("read %ld", life_drain(c->cl));
	}
}

static long poll_set(struct life_call *call)
{
	return poll(call->arg, KINDS, -1);
}

/* Each of them alone ends the wait. */
void mixed_woken(struct compat *c)
{
	struct pollfd set[KINDS];
	struct life_call call = { "poll of all", poll_set, .arg = set };
	const uint64_t one = 1;
	int i;

	mix(c, set);
	set[PLAIN].fd = -1;
	for (i = 0; i < 6; i++) {
		life_begin(&call);
		switch (i) {
		case 0:
			REC(send(c->sv, "x", 1, 0));
			break;
		case 1:
			REC(write(set[PIPE_OUT].fd, "y", 1));
			break;
		case 2:
			REC(write(set[EVENT].fd, &one, 8));
			break;
		case 3:
			REC(send(c->cl, "z", 1, 0));
			break;
		case 4:
			set_timer(set[TIMER].fd, 1000000);
			break;
		case 5:
			REC(net_connect(c->nf, &c->p.addr) >= 0);
			break;
		}
		life_end(&call);
		look(set, 0);
		rec_say("read %ld", life_drain(c->cl) + life_drain(c->sv));
		/* Of what is ready now only the sockets stay in the set. */
		set[i == 1 ? PIPE_IN : i == 2 ? EVENT : i == 4 ? TIMER :
		    PLAIN].fd = -1;
	}
}

#define MANY	40

/* Many connections in one set, and a few of them ready. */
void many_sockets(struct compat *c)
{
	struct net_pair pairs[MANY];
	struct pollfd set[MANY];
	char buf[16];
	int i, round;

	for (i = 0; i < MANY; i++) {
		compat_pair(c, &pairs[i]);
		set[i] = (struct pollfd){ pairs[i].client, POLLIN, 0 };
	}
	for (round = 1; round < 14; round++) {
		for (i = 0; i < MANY; i += round) {
			compat_send(pairs[i].server, "x", 1);
			compat_arrived(pairs[i].client, 1);
		}
		REC(poll(set, MANY, -1));
		for (i = 0; i < MANY; i++)
			if (set[i].revents)
				rec_say("%d: %x, %zd", i, set[i].revents,
					recv(set[i].fd, buf, sizeof(buf), 0));
		REC(poll(set, MANY, 0));
	}
}
