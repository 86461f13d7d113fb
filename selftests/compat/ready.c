// SPDX-License-Identifier: GPL-2.0-only
/* What poll() and select() say, and what they refuse. */
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "ready.h"

static void poll_nothing(struct compat *c)
{
	struct pollfd *volatile bad = (void *)8;
	struct pollfd pfd[3] = { { -1, POLLIN, 0x7f }, { -c->cl, POLLOUT, 1 },
				 { -1000000, -1, -1 } };

	REC(poll(NULL, 0, 0));
	REC(poll(pfd, 0, 0));
	REC(poll(pfd, 3, 0));
	rec_say("%x %x %x", pfd[0].revents, pfd[1].revents, pfd[2].revents);
	REC(poll(NULL, 1, 0));
	REC(poll(bad, 1, 0));
	REC(poll(NULL, 0, 1));
}

static void poll_too_many(struct compat *c)
{
	static struct pollfd pfd[64];
	volatile nfds_t all = -1;
	struct rlimit limit;
	int i;

	for (i = 0; i < 64; i++)
		pfd[i] = (struct pollfd){ c->cl, POLLOUT, 0 };
	COMPAT_MUST(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 32;
	COMPAT_MUST(!setrlimit(RLIMIT_NOFILE, &limit));
	REC(poll(pfd, 32, 0));
	REC(poll(pfd, 33, 0));
	REC(poll(pfd, all, 0));
}

static void poll_closed(struct compat *c)
{
	const int dead = c->cl;
	struct pollfd pfd[2] = { { dead, POLLIN | POLLOUT, 0 },
				 { c->sv, POLLIN | POLLOUT, 0 } };

	compat_close(c, &c->cl);
	compat_until(c->sv, POLLRDHUP);
	REC(poll(pfd, 2, 0));
	rec_poll("closed", pfd[0].revents);
	rec_poll("its peer", pfd[1].revents);
	pfd[0].events = 0;
	REC(poll(pfd, 1, -1));
	rec_poll("closed, nothing asked", pfd[0].revents);
	pfd[0].fd = 1 << 20;
	REC(poll(pfd, 1, 0));
	rec_poll("never there", pfd[0].revents);
}

static void poll_twice(struct compat *c)
{
	struct pollfd pfd[4] = { { c->cl, POLLIN, 0 }, { c->cl, POLLOUT, 0 },
				 { c->cl, 0, 0 }, { c->cl, -1, 0 } };
	int i;

	REC(poll(pfd, 4, 0));
	for (i = 0; i < 4; i++)
		rec_poll("before", pfd[i].revents);
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	REC(poll(pfd, 4, -1));
	for (i = 0; i < 4; i++)
		rec_poll("after", pfd[i].revents);
}

/* A descriptor made by dup() is the same socket. */
static void poll_dup(struct compat *c)
{
	struct pollfd pfd[2] = { { c->cl, POLLIN, 0 }, { -1, POLLIN, 0 } };
	char buf[8];

	pfd[1].fd = REC_FD(dup(c->cl));
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	REC(poll(pfd, 2, 0));
	REC_RECV(read(pfd[1].fd, buf, sizeof(buf)), buf);
	REC(poll(pfd, 2, 0));
	compat_close(c, &c->cl);
	compat_send(c->sv, "y", 1);
	compat_arrived(pfd[1].fd, 1);
	REC(poll(pfd, 2, 0));
	rec_poll("closed", pfd[0].revents);
	rec_poll("dup", pfd[1].revents);
	REC_RECV(read(pfd[1].fd, buf, sizeof(buf)), buf);
}

static void select_bad(struct compat *c)
{
	struct timeval now = { 0, 0 }, bad = { 0, -1 }, past = { -1, 0 };
	struct timespec tbad = { 0, 1000000000 };
	fd_set in;

	FD_ZERO(&in);
	FD_SET(c->cl, &in);
	REC(select(-1, &in, NULL, NULL, &now));
	REC(select(c->cl + 1, &in, NULL, NULL, &bad));
	REC(select(c->cl + 1, &in, NULL, NULL, &past));
	REC(pselect(c->cl + 1, &in, NULL, NULL, &tbad, NULL));
	REC(select(c->cl + 1, (void *)8, NULL, NULL, &now));
	REC(select(0, NULL, NULL, NULL, &now));
	/* One more than is looked at. */
	compat_send(c->sv, "x", 1);
	compat_arrived(c->cl, 1);
	REC(select(c->cl, &in, NULL, NULL, &now));
	FD_ZERO(&in);
	FD_SET(c->cl, &in);
	REC(select(FD_SETSIZE, &in, NULL, NULL, &now));
	rec_say("set: %d", FD_ISSET(c->cl, &in));
	REC(close(c->sv));
	FD_ZERO(&in);
	FD_SET(c->sv, &in);
	REC(select(c->sv + 1, &in, NULL, NULL, &now));
	rec_say("set: %d", FD_ISSET(c->sv, &in));
}

/* The system calls have more arguments than libc's functions. */
static void by_system_call(struct compat *c)
{
	struct pollfd pfd = { c->cl, POLLIN | POLLOUT, 0 };
	struct timespec now = { 0, 0 };
	sigset_t none;

	sigemptyset(&none);
	REC(syscall(SYS_poll, &pfd, 1, 0));
	REC(syscall(SYS_ppoll, &pfd, 1, &now, NULL, 8));
	REC(syscall(SYS_ppoll, &pfd, 1, &now, &none, 8));
	REC(syscall(SYS_ppoll, &pfd, 1, &now, &none, 16));
	REC(syscall(SYS_ppoll, &pfd, 1, (void *)8, NULL, 8));
	REC(ppoll(&pfd, 1, &(struct timespec){ 0, -1 }, NULL));
	REC(ppoll(&pfd, 1, &(struct timespec){ -1, 0 }, NULL));
}

const struct compat_test compat_tests[] = {
	COMPAT(poll_nothing),
	COMPAT(poll_too_many),
	COMPAT(poll_closed),
	COMPAT(poll_twice),
	COMPAT(poll_dup),
	COMPAT(select_bad),
	COMPAT(by_system_call),

	COMPAT_WITH(poll_in_states, COMPAT_ALONE),
	COMPAT_WITH(poll_masks, COMPAT_ALONE),
	COMPAT_WITH(select_in_states, COMPAT_ALONE),
	COMPAT_WITH(count_in_states, COMPAT_ALONE),
	COMPAT(rings_come),
	COMPAT(room_again),
	COMPAT_WITH(peer_gone_in_steps, COMPAT_ALONE),

	COMPAT(poll_woken),
	COMPAT(select_woken),
	COMPAT(poll_not_woken),
	COMPAT(poll_timeouts),
	COMPAT(select_timeouts),
	COMPAT(own_shutdown_wakes),
	COMPAT(two_waiters),
	COMPAT(closed_while_waiting),
	COMPAT(replaced_while_waiting),
	COMPAT(added_while_waiting),

	COMPAT(poll_interrupted),
	COMPAT(select_interrupted),
	COMPAT(restart_is_ignored),
	COMPAT(ppoll_mask),
	COMPAT(pselect_mask),
	COMPAT(mask_is_back),
	COMPAT(sigio),
	COMPAT(sigio_details),
	COMPAT(sigio_owner),
	COMPAT_WITH(sigio_listener, COMPAT_ALONE),

	COMPAT(count_unread),
	COMPAT(count_bad),
	COMPAT(count_unsent),
	COMPAT(low_water),
	COMPAT(low_water_values),
	COMPAT(low_water_blocks),
	COMPAT(low_water_end),
	COMPAT(send_low_water),

	COMPAT(mixed_set),
	COMPAT(mixed_select),
	COMPAT(mixed_woken),
	COMPAT(many_sockets),
	{ }
};
