// SPDX-License-Identifier: GPL-2.0-only
/* Signals that end a call, their masks, and signals about readiness. */
#include <poll.h>
#include <signal.h>
#include <sys/select.h>

#include "ready.h"

static void blocked_say(void)
{
	sigset_t now;

	REC(pthread_sigmask(SIG_BLOCK, NULL, &now));
	rec_say("  blocked: USR1 %d USR2 %d, handled %d",
		sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2),
		net_signals);
}

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	COMPAT_MUST(!pthread_sigmask(SIG_BLOCK, &set, NULL));
}

static void interrupt(struct life_call *call)
{
	life_interrupt(call);
	life_end(call);
	rec_say("  handled %d", net_signals);
}

void poll_interrupted(struct compat *c)
{
	struct life_call call = { "poll", life_poll, .fd = c->cl,
				  .len = POLLIN };
	int i;

	COMPAT_MUST(!net_count_signal(SIGUSR1));
	for (i = 0; i < 4; i++)
		interrupt(&call);
	life_begin(&call);
	compat_send(c->sv, "x", 1);
	life_end(&call);
	rec_poll("after that", call.ret);
}

/* 1000 s are never waited for: what is left is written, by select() only. */
static long wait_select(struct life_call *call)
{
	struct timeval tv = { 1000, 0 };
	fd_set in;
	int ret;

	FD_ZERO(&in);
	FD_SET(call->fd, &in);
	ret = select(call->fd + 1, &in, NULL, NULL, &tv);
	call->len = 10 * (tv.tv_sec < 1000) + !!FD_ISSET(call->fd, &in);
	return ret;
}

static long wait_pselect(struct life_call *call)
{
	struct timespec ts = { 1000, 0 };
	fd_set in;
	int ret;

	FD_ZERO(&in);
	FD_SET(call->fd, &in);
	ret = pselect(call->fd + 1, &in, NULL, NULL, &ts, NULL);
	call->len = 10 * (ts.tv_sec < 1000) + !!FD_ISSET(call->fd, &in);
	return ret;
}

void select_interrupted(struct compat *c)
{
	struct life_call call = { "select", wait_select, .fd = c->cl };

	COMPAT_MUST(!net_count_signal(SIGUSR1));
	interrupt(&call);
	rec_say("time and set: %02zu", call.len);
	call.what = "pselect";
	call.run = wait_pselect;
	interrupt(&call);
	rec_say("time and set: %02zu", call.len);
}

/* These calls are interrupted even by handlers that restart others. */
void restart_is_ignored(struct compat *c)
{
	struct life_call call = { "poll", life_poll, .fd = c->cl,
				  .len = POLLIN };

	life_handle(true);
	interrupt(&call);
	call.run = wait_select;
	call.what = "select";
	interrupt(&call);
	/* A signal that is ignored interrupts nothing. */
	COMPAT_MUST(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	call.run = life_poll;
	call.what = "poll";
	call.len = POLLIN;
	life_begin(&call);
	REC(pthread_kill(call.thread, SIGUSR1));
	life_look(&call);
	compat_send(c->sv, "x", 1);
	life_end(&call);
}

/* Blocked outside the call, not inside. */
void ppoll_mask(struct compat *c)
{
	struct pollfd pfd = { c->cl, POLLIN, 0 };
	struct timespec now = { 0, 0 };
	sigset_t none;

	sigemptyset(&none);
	COMPAT_MUST(!net_count_signal(SIGUSR1));
	block(SIGUSR1);
	REC(raise(SIGUSR1));
	REC(poll(&pfd, 1, 0));
	blocked_say();
	REC(ppoll(&pfd, 1, NULL, &none));
	blocked_say();
	/* Something is ready as well: then that is what is said. */
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	REC(raise(SIGUSR1));
	REC(ppoll(&pfd, 1, NULL, &none));
	blocked_say();
	REC(ppoll(&pfd, 1, &now, &none));
	blocked_say();
	/* Nothing ready, and no time. */
	rec_say("read %ld", life_drain(c->cl));
	REC(ppoll(&pfd, 1, &now, &none));
	blocked_say();
}

void pselect_mask(struct compat *c)
{
	struct timespec now = { 0, 0 };
	sigset_t none;
	fd_set in;

	FD_ZERO(&in);
	FD_SET(c->cl, &in);
	sigemptyset(&none);
	COMPAT_MUST(!net_count_signal(SIGUSR1));
	block(SIGUSR1);
	REC(raise(SIGUSR1));
	REC(select(c->cl + 1, &in, NULL, NULL, &(struct timeval){ 0, 0 }));
	blocked_say();
	FD_SET(c->cl, &in);
	REC(pselect(c->cl + 1, &in, NULL, NULL, NULL, &none));
	blocked_say();
	rec_say("set: %d", FD_ISSET(c->cl, &in));
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	REC(raise(SIGUSR1));
	REC(pselect(c->cl + 1, &in, NULL, NULL, NULL, &none));
	blocked_say();
	rec_say("read %ld", life_drain(c->cl));
	REC(pselect(c->cl + 1, &in, NULL, NULL, &now, &none));
	blocked_say();
}

static long masked_poll(struct life_call *call)
{
	struct pollfd pfd = { call->fd, POLLIN, 0 };

	return ppoll(&pfd, 1, NULL, call->arg);
}

/* The mask of the call holds while it waits: only what it lets through. */
void mask_is_back(struct compat *c)
{
	struct life_call call = { "ppoll", masked_poll, .fd = c->cl };
	sigset_t mask;

	call.arg = &mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	COMPAT_MUST(!net_count_signal(SIGUSR1));
	COMPAT_MUST(!net_count_signal(SIGUSR2));
	block(SIGUSR1);
	life_begin(&call);
	REC(pthread_kill(call.thread, SIGUSR2));
	life_look(&call);
	rec_say("  handled %d", net_signals);
	REC(pthread_kill(call.thread, SIGUSR1));
	life_end(&call);
	rec_say("  handled %d", net_signals);
	blocked_say();
	life_begin(&call);
	compat_send(c->sv, "x", 1);
	life_end(&call);
}

/* --- SIGIO --- */

/* Which came, since the last time: they are blocked and taken one by one. */
static void io_say(const char *what, int sig)
{
	const struct timespec now = { 0, 0 };
	siginfo_t info;
	sigset_t set;
	int n;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGURG);
	rec_say("-- %s", what);
	for (n = 0; n < 64; n++) {
		const int got = sigtimedwait(&set, &info, &now);

		if (got < 0)
			break;
		rec_say("  %s code %d%s", got == sig && sig != SIGIO ?
			"own signal" : strsignal(got), info.si_code,
			info.si_fd ? " with a descriptor" : "");
		if (info.si_code >= POLL_IN && info.si_code <= POLL_HUP)
			rec_poll("band", info.si_band);
	}
}

static void io_begin(int fd)
{
	life_settle();
	block(SIGIO);
	block(SIGURG);
	block(SIGRTMIN);
	REC(fcntl(fd, F_SETOWN, getpid()));
	REC(fcntl(fd, F_GETOWN) == getpid());
	REC(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

void sigio(struct compat *c)
{
	int i;

	io_begin(c->cl);
	io_say("nothing yet", SIGIO);
	for (i = 0; i < 10; i++) {
		REC(send(c->sv, "x", 1, 0));
		life_settle();
		io_say("data", SIGIO);
		rec_say("read %ld", life_drain(c->cl));
		/* Or TCP may hold the next one back: too many are under way. */
		life_quiet(c);
		io_say("read", SIGIO);
	}
	REC(send(c->sv, "!", 1, MSG_OOB));
	life_settle();
	io_say("urgent", SIGIO);
	REC(shutdown(c->sv, SHUT_WR));
	life_settle();
	io_say("end", SIGIO);
	REC(shutdown(c->cl, SHUT_WR));
	life_settle();
	io_say("own end", SIGIO);
}

/* With F_SETSIG each event is queued with its details. */
void sigio_details(struct compat *c)
{
	char buf[8];
	int i;

	io_begin(c->cl);
	REC(fcntl(c->cl, F_SETSIG, SIGRTMIN));
	REC(fcntl(c->cl, F_GETSIG) == SIGRTMIN);
	for (i = 0; i < 10; i++) {
		REC(send(c->sv, "xyz", 3, 0));
		life_settle();
		io_say("data", SIGRTMIN);
		REC(recv(c->cl, buf, 1 + i % 3, 0));
		/* Or TCP may hold the next one back: too many are under way. */
		life_quiet(c);
		io_say("read", SIGRTMIN);
	}
	rec_say("read %ld", life_drain(c->cl));
	REC(fcntl(c->cl, F_SETFL, 0));
	REC(send(c->sv, "x", 1, 0));
	life_settle();
	io_say("switched off", SIGRTMIN);
	REC(fcntl(c->cl, F_SETFL, O_ASYNC));
	life_abort_on_close(c->sv);
	compat_close(c, &c->sv);
	life_settle();
	io_say("reset", SIGRTMIN);
	REC(fcntl(c->cl, F_SETSIG, 65));
	REC(fcntl(c->cl, F_SETSIG, -1));
}

void sigio_owner(struct compat *c)
{
	struct f_owner_ex who = { F_OWNER_TID, 0 };

	io_begin(c->cl);
	who.pid = net_tid();
	REC(fcntl(c->cl, F_SETOWN_EX, &who));
	who.pid = who.type = 0;
	REC(fcntl(c->cl, F_GETOWN_EX, &who));
	rec_say("  type %d, %s", who.type, who.pid == net_tid() ? "me" : "no");
	REC(send(c->sv, "x", 1, 0));
	life_settle();
	io_say("to a thread", SIGIO);
	REC(fcntl(c->cl, F_SETOWN, -getpgrp()));
	REC(fcntl(c->cl, F_GETOWN) == -getpgrp());
	REC(fcntl(c->cl, F_SETOWN, 0));
	REC(fcntl(c->cl, F_GETOWN));
	REC(send(c->sv, "x", 1, 0));
	life_settle();
	io_say("to nobody", SIGIO);
	REC(fcntl(c->cl, F_SETOWN, 1 << 30));
	REC(ioctl(c->cl, FIOSETOWN, &(int){ getpid() }));
	REC(fcntl(c->cl, F_GETOWN) == getpid());
	REC(ioctl(c->cl, SIOCGPGRP, &who.pid));
	rec_say("  %s", who.pid == getpid() ? "me" : "another");
	REC(ioctl(c->cl, FIOASYNC, &(int){ 0 }));
	REC(send(c->sv, "x", 1, 0));
	life_settle();
	io_say("switched off", SIGIO);
}

/* A listener tells of connections; what it accepts has no owner. */
void sigio_listener(struct compat *c)
{
	union net_addr addr;
	int lis, fd;

	life_settle();
	lis = REC_FD(net_listen(c->nf, 8, &addr));
	io_begin(lis);
	io_say("nothing yet", SIGIO);
	c->cl = REC_FD(net_connect(c->nf, &addr));
	life_settle();
	io_say("connected", SIGIO);
	fd = REC_FD(accept(lis, NULL, NULL));
	io_say("accepted", SIGIO);
	REC(fcntl(fd, F_GETOWN));
	REC(fcntl(fd, F_GETFL));
	REC(send(c->cl, "x", 1, 0));
	life_settle();
	io_say("data", SIGIO);
}
