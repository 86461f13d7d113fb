// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two or three threads each do one thing over and over, with short random
 * pauses, so that over many rounds every order of their steps comes up.
 */
#include "torture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "way.h"

#define PAUSE_US	300

/* What the threads of a round share. */
struct race {
	struct round *r;
	struct net_pair p;
	union net_addr addr;
	int listener;
	int fd;			/* of the end that is raced for */
	bool over;
};

struct racer {
	pthread_t id;
	struct rng rng;
	struct race *race;
	void (*step)(struct racer *me);
	uint64_t pos;
	bool once;
};

static bool over(const struct race *race)
{
	return __atomic_load_n(&race->over, __ATOMIC_SEQ_CST) ||
	       net_now_ms() >= race->r->end;
}

static void *racer_run(void *arg)
{
	struct racer *me = arg;

	rng_delay(&me->rng, 3 * PAUSE_US);
	do {
		me->step(me);
		rng_delay(&me->rng, PAUSE_US);
	} while (!me->once && !over(me->race));
	return NULL;
}

static void start(struct race *race, struct racer *me,
		  void (*step)(struct racer *))
{
	memset(me, 0, sizeof(*me));
	me->race = race;
	me->step = step;
	me->rng.state = rng_next(&race->r->rng);
	TORTURE_CHECK(!pthread_create(&me->id, NULL, racer_run, me));
}

static void join(struct racer *me)
{
	TORTURE_CHECK(!pthread_join(me->id, NULL));
}

/* --- connect, accept, close --- */

static void say_hello(int fd)
{
	char byte[100] = {};

	send(fd, byte, sizeof(byte), MSG_DONTWAIT | MSG_NOSIGNAL);
	recv(fd, byte, sizeof(byte), MSG_DONTWAIT);
}

static void connect_step(struct racer *me)
{
	const bool sync = rng_below(&me->rng, 2);
	int fd = net_socket(me->race->r->nf, sync ? 0 : SOCK_NONBLOCK), i;
	const union net_addr *a = &me->race->addr;

	if (fd < 0)
		return;
	if (!connect(fd, &a->sa, net_addr_len(me->race->r->nf)) || !sync) {
		rng_delay(&me->rng, PAUSE_US);
		for (i = rng_below(&me->rng, 30); i; i--)
			say_hello(fd);
	}
	close(fd);
}

static void accept_step(struct racer *me)
{
	int fd = accept4(me->race->listener, NULL, NULL, SOCK_NONBLOCK), i;

	if (fd < 0)
		return;
	for (i = rng_below(&me->rng, 30); i; i--)
		say_hello(fd);
	rng_delay(&me->rng, PAUSE_US);
	close(fd);
}

static void end_listener(struct racer *me)
{
	rng_delay(&me->rng, 100000);
	shutdown(me->race->listener, SHUT_RDWR);
	/* The accepting thread may be using it: the number stays taken. */
	dup3(STDERR_FILENO, me->race->listener, O_CLOEXEC);
	__atomic_store_n(&me->race->over, true, __ATOMIC_SEQ_CST);
}

static void connect_accept_close(struct round *r)
{
	struct racer one, two, three, four;
	struct race race = { .r = r };

	race.listener = net_listen(r->nf, rng_below(&r->rng, 4), &race.addr);
	TORTURE_CHECK(race.listener >= 0 && !net_nonblock(race.listener));
	start(&race, &one, connect_step);
	start(&race, &two, connect_step);
	start(&race, &three, accept_step);
	start(&race, &four, end_listener);
	join(&four);
	join(&three);
	join(&two);
	join(&one);
}

/* --- a stream that changes its path under way --- */

static void send_step(struct racer *me)
{
	char buf[2000];
	size_t len = 1 + rng_below(&me->rng, sizeof(buf));
	ssize_t n;

	net_fill(buf, len, 1, me->pos);
	n = send(me->race->p.client, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		me->pos += n;
	else if (errno != EAGAIN)
		__atomic_store_n(&me->race->over, true, __ATOMIC_SEQ_CST);
}

static void recv_step(struct racer *me)
{
	char buf[3000];
	ssize_t n = recv(me->race->p.server, buf, sizeof(buf), MSG_DONTWAIT);

	if (n <= 0)
		return;
	errno = EBADMSG;
	TORTURE_CHECK(net_check(buf, n, 1, me->pos) < 0);
	me->pos += n;
}

static void shut_step(struct racer *me)
{
	me->once = true;
	rng_delay(&me->rng, 20000);
	shutdown(me->race->p.client, SHUT_WR);
}

static void fork_step(struct racer *me)
{
	/* In a child only this thread goes on. */
	pid_t pid = fork();

	if (!pid) {
		rng_delay(&me->rng, PAUSE_US);
		_exit(0);
	}
	if (pid > 0)
		TORTURE_CHECK(!net_wait(pid));
}

/* All that sends the stream back to TCP, or keeps it there. */
static void option_step(struct racer *me)
{
	const int fd = rng_below(&me->rng, 2) ? me->race->p.client :
						me->race->p.server;
	int one = rng_below(&me->rng, 2);

	me->once = true;
	rng_delay(&me->rng, 20000);
	switch (rng_below(&me->rng, 4)) {
	case 0:
		setsockopt(fd, IPPROTO_TCP, TCP_INQ, &one, sizeof(one));
		break;
	case 1:
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one));
		break;
	case 2:
		setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4);
		break;
	default:
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &one, sizeof(one));
	}
}

static void look_step(struct racer *me)
{
	struct pollfd pfd = { .fd = me->race->p.server,
			      .events = POLLIN | POLLOUT };
	struct sdirect_info info;
	int n;

	poll(&pfd, 1, 0);
	TORTURE_CHECK(!ioctl(me->race->p.server, FIONREAD, &n) && n >= 0);
	if (net_direct(me->race->r->nf))
		TORTURE_CHECK(!net_info(me->race->p.client, &info));
}

/* What was sent comes, whatever happened beside it. */
static void drain(struct race *race, const struct racer *sender,
		  struct racer *reader)
{
	char buf[4000];
	ssize_t n;

	shutdown(race->p.client, SHUT_WR);
	while ((n = recv(race->p.server, buf, sizeof(buf), 0)) > 0) {
		errno = EBADMSG;
		TORTURE_CHECK(net_check(buf, n, 1, reader->pos) < 0);
		reader->pos += n;
	}
	TORTURE_CHECK(!n);
	TORTURE_CHECK(reader->pos == sender->pos);
}

static void stream_against(struct round *r, void (*step)(struct racer *))
{
	struct racer sender, reader, third, fourth;
	struct race race = { .r = r };

	torture_cold_pair(r, &race.p);
	start(&race, &sender, send_step);
	start(&race, &reader, recv_step);
	start(&race, &third, step);
	start(&race, &fourth, look_step);
	join(&sender);
	__atomic_store_n(&race.over, true, __ATOMIC_SEQ_CST);
	join(&third);
	join(&fourth);
	join(&reader);
	drain(&race, &sender, &reader);
}

static void upgrade_shutdown(struct round *r)
{
	stream_against(r, shut_step);
}

static void upgrade_fork(struct round *r)
{
	stream_against(r, fork_step);
}

static void upgrade_option(struct round *r)
{
	stream_against(r, option_step);
}

/* --- attach, revoke, close --- */

static void attach_step(struct racer *me)
{
	struct way w;
	char buf[100];
	int i;

	way_init(&w, me->race->fd, WAY_HAND);
	w.open = !direct_open(w.fd, &w.d);
	if (!w.open) {
		/* One of the two mappings may have been made. */
		way_close(&w);
		return;
	}
	for (i = rng_below(&me->rng, 20); i && w.open; i--) {
		way_send(&w, buf, 1 + rng_below(&me->rng, 99), MSG_DONTWAIT);
		way_recv(&w, buf, sizeof(buf), MSG_DONTWAIT);
	}
	way_close(&w);
}

static void revoke_step(struct racer *me)
{
	char buf[100] = {};

	if (rng_below(&me->rng, 2))
		send(me->race->fd, buf, 50, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		recv(me->race->fd, buf, 100, MSG_DONTWAIT);
}

static void answer_step(struct racer *me)
{
	char buf[2000];

	if (recv(me->race->p.server, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		send(me->race->p.server, buf, 60, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Replaces the descriptor by a new connection, under the others' feet. */
static void replace_step(struct racer *me)
{
	struct race *race = me->race;
	struct net_pair p;

	rng_delay(&me->rng, 10000);
	if (net_pair_open(race->r->nf, &p) || net_warm(race->r->nf, &p)) {
		net_pair_close(&p);
		return;
	}
	dup2(p.server, race->p.server);
	dup2(p.client, race->fd);
	net_pair_close(&p);
}

static void switch_step(struct racer *me)
{
	rng_delay(&me->rng, 300);
	ioctl(me->race->fd, rng_below(&me->rng, 2) ? SDIRECT_IOC_DEMOTE :
						     SDIRECT_IOC_PROMOTE);
}

static void attach_revoke_close(struct round *r)
{
	static void (*const third[])(struct racer *me) = {
		attach_step, revoke_step, switch_step,
	};
	struct racer a, b, c, d, e;
	struct race race = { .r = r };

	torture_pair(r, &race.p);
	race.fd = race.p.client;
	start(&race, &a, attach_step);
	start(&race, &b, revoke_step);
	start(&race, &c, answer_step);
	start(&race, &d, replace_step);
	start(&race, &e, third[rng_below(&r->rng, 3)]);
	join(&a);
	join(&b);
	join(&c);
	join(&d);
	join(&e);
	net_pair_close(&race.p);
}

/* --- unload against everything --- */

static void unload_step(struct racer *me)
{
	const char *path = getenv("SDIRECT_MODULE");
	int fd;

	rng_delay(&me->rng, 5000);
	if (!syscall(SYS_delete_module, "sdirect", O_NONBLOCK)) {
		rng_delay(&me->rng, 2000);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		TORTURE_CHECK(fd >= 0);
		TORTURE_CHECK(!syscall(SYS_finit_module, fd, "", 0));
		close(fd);
		return;
	}
	TORTURE_CHECK(errno == EWOULDBLOCK || errno == EBUSY);
}

/* All or nothing: where the family is, a pair works. */
static void use_step(struct racer *me)
{
	const struct net_family *nf = me->race->r->nf;
	struct net_pair p = { .listener = -1, .client = -1, .server = -1 };
	struct way w;

	if (!net_pair_open(nf, &p)) {
		TORTURE_CHECK(!net_pingpong(&p, 100,
					    rng_below(&me->rng, 20)));
		way_init(&w, p.client, rng_below(&me->rng, WAY_KINDS));
		TORTURE_CHECK(way_send(&w, "x", 1, 0) == 1);
		way_close(&w);
	} else {
		TORTURE_CHECK(errno == EAFNOSUPPORT);
	}
	net_pair_close(&p);
}

static void ask_step(struct racer *me)
{
	static const char * const words[] = {
		"list --json", "demote all", "promote all",
	};
	char command[500];
	int status;

	snprintf(command, sizeof(command), "'%s/sdirect' %s >/dev/null 2>&1",
		 torture_build(), words[rng_below(&me->rng, 3)]);
	status = system(command);
	TORTURE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 2);
}

static void unload(struct round *r)
{
	struct racer a, b, c, d;
	struct race race = { .r = r };

	if (!getenv("SDIRECT_MODULE"))
		return;
	start(&race, &a, unload_step);
	start(&race, &b, use_step);
	start(&race, &c, use_step);
	start(&race, &d, ask_step);
	join(&a);
	join(&b);
	join(&c);
	join(&d);
}

static const struct torture_case cases[] = {
	{ .name = "connect_accept_close", .run = connect_accept_close },
	{ .name = "upgrade_shutdown", .run = upgrade_shutdown },
	{ .name = "attach_revoke_close", .run = attach_revoke_close },
	{ .name = "upgrade_fork", .run = upgrade_fork },
	{ .name = "upgrade_option", .run = upgrade_option },
	{ .name = "unload", .run = unload, .direct = true },
	{}
};

int main(int argc, char **argv)
{
	return torture_main(argc, argv, cases);
}
