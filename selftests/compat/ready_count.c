// SPDX-License-Identifier: GPL-2.0-only
/* How many bytes: FIONREAD, SIOCOUTQ, and the low-water marks. */
#include <limits.h>
#include <linux/sockios.h>

#include "ready.h"

static void say_unread(int fd)
{
	int n = -1;

	REC(ioctl(fd, FIONREAD, &n));
	rec_say("  %d", n);
}

void count_unread(struct compat *c)
{
	char buf[4000];
	int i;

	life_settle();
	say_unread(c->sv);
	for (i = 0; i < 30; i++) {
		compat_send(c->cl, buf, 100 + i);
		life_settle();
		say_unread(c->sv);
		if (i % 4 == 3) {
			REC(recv(c->sv, buf, 77 * i, MSG_PEEK));
			say_unread(c->sv);
			REC(recv(c->sv, buf, 77 * i, 0));
			say_unread(c->sv);
		}
		compat_send(c->sv, buf, 5);
		REC(recv(c->cl, buf, 5, 0));
	}
	compat_send(c->cl, "z", 1);
	REC(shutdown(c->cl, SHUT_WR));
	life_settle();
	say_unread(c->sv);
	rec_say("read %ld", life_drain(c->sv));
	say_unread(c->sv);
}

void count_bad(struct compat *c)
{
	int n = -1;

	REC(ioctl(c->cl, FIONREAD, NULL));
	REC(ioctl(c->cl, FIONREAD, (void *)8));
	REC(ioctl(c->cl, SIOCOUTQ, NULL));
	REC(ioctl(c->cl, SIOCOUTQNSD, NULL));
	REC(ioctl(c->cl, SIOCATMARK, NULL));
	compat_acknowledged(c->cl);
	REC(ioctl(c->cl, TIOCOUTQ, &n));
	rec_say("  %d", n);
	REC(ioctl(c->p.listener, FIONREAD, &n));
	REC(ioctl(c->p.listener, SIOCOUTQ, &n));
	REC(ioctl(c->p.listener, SIOCATMARK, &n));
	REC(ioctl(c->cl, 0xdead, &n));
	REC(ioctl(-1, FIONREAD, &n));
	/* Set by ioctl(), seen by fcntl(). */
	n = 1;
	REC(ioctl(c->cl, FIONBIO, &n));
	REC(fcntl(c->cl, F_GETFL));
	REC(recv(c->cl, &n, 1, 0));
	REC(ioctl(c->cl, FIONBIO, NULL));
	REC(ioctl(c->cl, FIOASYNC, NULL));
}

static void say_unsent(int fd)
{
	int outq = -1, unsent = -1;

	COMPAT_MUST(!ioctl(fd, SIOCOUTQ, &outq) &&
		    !ioctl(fd, SIOCOUTQNSD, &unsent));
	rec_say("  %s, %s", outq > 0 ? "some" : "none",
		unsent > 0 ? "some unsent" : "none unsent");
}

void count_unsent(struct compat *c)
{
	char buf[100];
	int i;

	life_settle();
	for (i = 0; i < 12; i++) {
		compat_send(c->cl, buf, sizeof(buf));
		compat_acknowledged(c->cl);
		say_unsent(c->cl);
		compat_send(c->sv, buf, sizeof(buf));
		compat_acknowledged(c->sv);
		say_unsent(c->sv);
		rec_say("read %ld", life_drain(c->cl) + life_drain(c->sv));
	}
	life_fill(c->cl, c->sv);
	say_unsent(c->cl);
	do {
		life_settle();
	} while (life_drain(c->sv));
	compat_acknowledged(c->cl);
	say_unsent(c->cl);
}

static void set_low_water(int fd, int mark)
{
	int now = -1;
	socklen_t len = sizeof(now);

	REC(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)));
	REC(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &now, &len));
	rec_say("  %d", now);
}

/* Below the mark nothing is readable to poll(); read() takes it all the same. */
void low_water(struct compat *c)
{
	char buf[200];
	int i;

	life_settle();
	set_low_water(c->sv, 100);
	for (i = 0; i < 8; i++) {
		compat_send(c->cl, buf, 60);
		life_settle();
		REC_POLL(c->sv, POLLIN);
		compat_send(c->cl, buf, 39);
		life_settle();
		REC_POLL(c->sv, POLLIN);
		compat_send(c->cl, buf, 1);
		life_settle();
		REC_POLL(c->sv, POLLIN);
		REC(recv(c->sv, buf, 1, 0));
		REC_POLL(c->sv, POLLIN);
		REC(recv(c->sv, buf, 200, MSG_DONTWAIT));
		REC(recv(c->sv, buf, 200, MSG_DONTWAIT));
		/* Or TCP may hold the next one back: too many are under way. */
		life_quiet(c);
	}
	compat_send(c->cl, buf, 60);
	life_settle();
	set_low_water(c->sv, 60);
	REC_POLL(c->sv, POLLIN);
	set_low_water(c->sv, 1);
	REC_POLL(c->sv, POLLIN);
}

void low_water_values(struct compat *c)
{
	static const int marks[] = { 0, 1, -1, 5, 1 << 12, INT_MAX };
	size_t i;
	int now;
	socklen_t len = sizeof(now);

	for (i = 0; i < sizeof(marks) / sizeof(*marks) - 2; i++)
		set_low_water(c->cl, marks[i]);
	/* More than fits: half the buffer, whatever that is. */
	REC(setsockopt(c->cl, SOL_SOCKET, SO_RCVLOWAT, &marks[5], 4));
	REC(setsockopt(c->cl, SOL_SOCKET, SO_RCVLOWAT, &marks[1], 3));
	REC(getsockopt(c->cl, SOL_SOCKET, SO_SNDLOWAT, &now, &len));
	rec_say("  %d", now);
	REC(setsockopt(c->cl, SOL_SOCKET, SO_SNDLOWAT, &marks[3], 4));
	set_low_water(c->p.listener, 7);
}

/* A blocking read waits for the mark, but takes no more than is asked. */
void low_water_blocks(struct compat *c)
{
	struct life_call call = { "recv of 50, mark 10", life_recv, .fd = c->sv,
				  .len = 50 };
	int i;

	life_settle();
	set_low_water(c->sv, 10);
	for (i = 0; i < 6; i++) {
		life_begin(&call);
		compat_send(c->cl, "abcdef", 6);
		life_settle();
		life_look(&call);
		compat_send(c->cl, "ghijkl", 6);
		life_end(&call);
		rec_bytes("got", call.buf, call.ret);
		life_quiet(c);
	}
	/* Asked for less than the mark. */
	call.what = "recv of 4, mark 10";
	call.len = 4;
	life_begin(&call);
	compat_send(c->cl, "abcd", 4);
	life_look(&call);
	compat_send(c->cl, "efghij", 6);
	life_end(&call);
	rec_bytes("got", call.buf, call.ret);
}

/* The end, and an error, are readable whatever the mark. */
void low_water_end(struct compat *c)
{
	struct life_call call = { "poll", life_poll, .fd = c->sv,
				  .len = POLLIN };

	life_settle();
	set_low_water(c->sv, 1000);
	set_low_water(c->cl, 1000);
	compat_send(c->cl, "abc", 3);
	compat_send(c->sv, "abc", 3);
	life_settle();
	life_begin(&call);
	REC(shutdown(c->cl, SHUT_WR));
	life_end(&call);
	rec_poll("woken", call.ret);
	REC(recv(c->sv, call.buf, 8, 0));
	REC(recv(c->sv, call.buf, 8, 0));
	REC_POLL(c->cl, POLLIN);
	life_abort_on_close(c->sv);
	compat_close(c, &c->sv);
	life_settle();
	REC_POLL(c->cl, POLLIN);
	REC(recv(c->cl, call.buf, 8, 0));
	REC(recv(c->cl, call.buf, 8, 0));
}

/* TCP_NOTSENT_LOWAT: when there is "room" for poll(). */
void send_low_water(struct compat *c)
{
	const int mark = 2000;
	int i;

	life_settle();
	REC(setsockopt(c->cl, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &mark, 4));
	for (i = 0; i < 6; i++) {
		compat_send(c->cl, "abc", 3);
		life_settle();
		REC_POLL(c->cl, POLLOUT);
		compat_send(c->sv, "abc", 3);
		rec_say("read %ld", life_drain(c->cl) + life_drain(c->sv));
	}
	life_fill(c->cl, c->sv);
	REC_POLL(c->cl, POLLOUT);
	do {
		life_settle();
	} while (life_drain(c->sv));
	REC_POLL_WAIT(c->cl, POLLOUT);
}
