// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes die: at any moment here and in death_share.c, at chosen ones in
 * death_stop.c and death_step.c.  The other end must learn of it as TCP would
 * tell it, after every byte that was sent.
 */
#include "death.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define TELL_LIMIT_MS	20000

/* --- messages --- */

void message_make(struct message *m, uint32_t who, uint32_t number)
{
	unsigned int i;

	m->who = who;
	m->number = number;
	for (i = 0; i < 14; i++)
		m->check[i] = (who * 31 + number) * 2654435761u + i;
}

void message_send(struct way *w, uint32_t who, uint32_t number)
{
	struct message m;
	size_t done = 0;
	ssize_t n;

	message_make(&m, who, number);
	while (done < sizeof(m)) {
		n = way_send(w, (char *)&m + done, sizeof(m) - done, 0);
		TORTURE_CHECK(n > 0);
		done += n;
	}
}

bool message_recv(struct way *w, struct message *m)
{
	struct message want;
	size_t done = 0;
	ssize_t n;

	while (done < sizeof(*m)) {
		n = way_recv(w, (char *)m + done, sizeof(*m) - done, 0);
		TORTURE_CHECK(n >= 0);
		if (!n)
			break;
		done += n;
	}
	if (!done)
		return false;
	TORTURE_CHECK(done == sizeof(*m));
	message_make(&want, m->who, m->number);
	errno = EBADMSG;
	TORTURE_CHECK(!memcmp(m, &want, sizeof(*m)));
	return true;
}

/* --- what an end is told --- */

static void tell_poll(struct round *r, int fd)
{
	struct pollfd pfd = { .fd = fd,
			      .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI };
	int n = poll(&pfd, 1, 0);

	fprintf(r->out, " poll %d:%#x", n, pfd.revents);
}

static void tell(struct round *r, const char *what, ssize_t n)
{
	fprintf(r->out, " %s %s", what, n < 0 ? strerrorname_np(errno) :
					n ? "ok" : "0");
}

/* On a busy machine what TCP sends takes a moment, also to itself. */
static void wait_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	TORTURE_CHECK(poll(&pfd, 1, TELL_LIMIT_MS) == 1);
}

void death_tell(struct round *r, int fd)
{
	socklen_t len = sizeof(int);
	char byte = 0;
	int err;

	wait_for(fd, POLLRDHUP);
	tell_poll(r, fd);
	tell(r, "recv", recv(fd, &byte, 1, MSG_DONTWAIT));
	tell_poll(r, fd);
	tell(r, "send", send(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL));
	/* Nobody is there: the answer is a reset. */
	wait_for(fd, 0);
	tell_poll(r, fd);
	tell(r, "send", send(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL));
	TORTURE_CHECK(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	fprintf(r->out, " so_error %d", err);
	tell(r, "recv", recv(fd, &byte, 1, MSG_DONTWAIT));
	tell(r, "shutdown", shutdown(fd, SHUT_RDWR));
	tell_poll(r, fd);
}

static void turn_round(struct net_pair *p)
{
	const int fd = p->client;

	p->client = p->server;
	p->server = fd;
}

void death_pair(struct round *r, struct net_pair *p)
{
	torture_pair(r, p);
	if (rng_below(&r->rng, 2))
		turn_round(p);
}

static enum way_kind any_way(struct round *r)
{
	return rng_below(&r->rng, WAY_KINDS);
}

/* --- death at rest --- */

static void send_all(struct way *w, unsigned int seed, uint64_t from, size_t len)
{
	char buf[4096];
	size_t done, n;
	ssize_t got;

	for (done = 0; done < len; done += got) {
		n = len - done < sizeof(buf) ? len - done : sizeof(buf);
		net_fill(buf, n, seed, from + done);
		got = way_send(w, buf, n, 0);
		TORTURE_CHECK(got > 0);
	}
}

/* A child that holds one end, does its part, says so and waits to be killed. */
struct victim {
	pid_t pid;
	int ready;	/* where it says so */
};

__attribute__((noreturn))
static void be_victim(struct net_pair *p, enum way_kind kind, size_t sends,
		      size_t reads, int ready)
{
	char buf[4096];
	struct way w;
	ssize_t n;

	net_close(&p->server);
	net_close(&p->listener);
	way_init(&w, p->client, kind);
	send_all(&w, 1, 0, sends);
	for (; reads; reads -= n) {
		n = way_recv(&w, buf, reads < sizeof(buf) ? reads : sizeof(buf),
			     0);
		TORTURE_CHECK(n > 0);
	}
	TORTURE_CHECK(write(ready, "r", 1) == 1);
	for (;;)
		pause();
}

static struct victim victim(struct net_pair *p, enum way_kind kind,
			    size_t sends, size_t reads)
{
	struct victim v;
	int ready[2];

	TORTURE_CHECK(!pipe(ready));
	v.ready = ready[0];
	v.pid = net_fork();
	if (!v.pid)
		be_victim(p, kind, sends, reads, ready[1]);
	return v;
}

static void until_ready(const struct victim *v)
{
	char byte;

	TORTURE_CHECK(read(v->ready, &byte, 1) == 1);
}

static void read_sent(int fd, size_t len)
{
	char buf[4096];
	size_t got;
	ssize_t n;

	for (got = 0; got < len; got += n) {
		n = recv(fd, buf, len - got < sizeof(buf) ? len - got :
			 sizeof(buf), 0);
		TORTURE_CHECK(n > 0);
		errno = EBADMSG;
		TORTURE_CHECK(net_check(buf, n, 1, got) < 0);
	}
}

/* Dies with nothing unread, or with something; before or after we read. */
static void at_rest(struct round *r)
{
	const size_t out = rng_below(&r->rng, 9000), in = 1 + rng_below(&r->rng, 9000);
	const size_t unread = rng_below(&r->rng, 2) ? 1 + rng_below(&r->rng, in) : 0;
	const bool early = rng_below(&r->rng, 2);
	enum way_kind kind = any_way(r);
	struct net_pair p;
	struct victim v;
	struct way w;

	death_pair(r, &p);
	v = victim(&p, kind, out, in - unread);
	net_close(&p.client);
	way_init(&w, p.server, any_way(r));
	send_all(&w, 2, 0, in);
	until_ready(&v);
	if (early)
		read_sent(p.server, out);
	torture_kill(v.pid);
	if (!early)
		read_sent(p.server, out);
	death_tell(r, p.server);
}

/* Somebody sleeps in a call on the other end when the peer dies. */
enum sleeper { IN_RECV, IN_POLL, IN_EPOLL, IN_EPOLL_EDGE, IN_SEND, SLEEPERS };

static void sleep_in_epoll(struct round *r, int fd, unsigned int flags)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | flags };
	int ep = epoll_create1(0);

	TORTURE_CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	TORTURE_CHECK(epoll_wait(ep, &ev, 1, -1) == 1);
	fprintf(r->out, "epoll %#x", ev.events);
	close(ep);
}

static void sleep_in(struct round *r, enum sleeper how, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLRDHUP };
	static char buf[1 << 16];
	ssize_t n;

	switch (how) {
	case IN_RECV:
		tell(r, "woken", recv(fd, buf, 1, 0));
		break;
	case IN_POLL:
		TORTURE_CHECK(poll(&pfd, 1, -1) == 1);
		fprintf(r->out, "woken %#x", pfd.revents);
		break;
	case IN_SEND:
		while ((n = send(fd, buf, sizeof(buf), MSG_NOSIGNAL)) > 0)
			;
		tell(r, "woken", n);
		break;
	default:
		sleep_in_epoll(r, fd, how == IN_EPOLL_EDGE ? EPOLLET : 0);
	}
}

static void asleep(struct round *r)
{
	enum sleeper how = rng_below(&r->rng, SLEEPERS);
	enum way_kind kind = any_way(r);
	pid_t killer, me = getpid();
	struct net_pair p;
	struct victim v;

	death_pair(r, &p);
	v = victim(&p, kind, 0, 0);
	net_close(&p.client);
	until_ready(&v);
	killer = net_fork();
	if (!killer) {
		net_close(&p.server);
		TORTURE_CHECK(!net_wait_sleeping(me));
		kill(v.pid, SIGKILL);
		_exit(0);
	}
	fprintf(r->out, "%d:", how);
	sleep_in(r, how, p.server);
	torture_reap(v.pid);
	torture_reap(killer);
	death_tell(r, p.server);
}

/* One of several that share an end dies; the connection lives on. */
static void one_of_several(struct round *r)
{
	enum way_kind kind = any_way(r), mine = any_way(r);
	struct net_pair p;
	struct victim v;
	struct way w;

	death_pair(r, &p);
	v = victim(&p, kind, 5000, 0);
	until_ready(&v);
	torture_kill(v.pid);
	way_init(&w, p.client, mine);
	send_all(&w, 1, 5000, 5000);
	read_sent(p.server, 10000);
	TORTURE_CHECK(!net_pingpong(&p, 100, 20));
	way_close(&w);
	net_close(&p.client);
	death_tell(r, p.server);
}

/* --- death at any moment --- */

struct counts {
	uint64_t begun;		/* bytes given to the call that is under way */
	uint64_t sent;
};

static void chatter(struct round *r, int fd, enum way_kind kind,
		    struct counts *counts, bool reads)
{
	static char buf[20000];
	struct way w;
	size_t len;
	ssize_t n;

	way_init(&w, fd, kind);
	for (;;) {
		len = 1 + rng_below(&r->rng, rng_below(&r->rng, 8) ? 500 :
				    sizeof(buf));
		net_fill(buf, len, 1, counts->sent);
		__atomic_store_n(&counts->begun, counts->sent + len,
				 __ATOMIC_SEQ_CST);
		n = way_send(&w, buf, len, 0);
		TORTURE_CHECK(n > 0);
		__atomic_store_n(&counts->sent, counts->sent + n,
				 __ATOMIC_SEQ_CST);
		if (reads)
			way_recv(&w, buf, sizeof(buf), MSG_DONTWAIT);
	}
}

void *death_execute(void *executioner)
{
	struct executioner *e = executioner;

	rng_delay(&e->rng, 30000);
	kill(e->pid, e->sig);
	__atomic_store_n(&e->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* An error is told once, to whichever call comes first. */
static void answer(struct way *w, const char *buf, size_t len, bool *reset)
{
	if (way_send(w, buf, len, MSG_DONTWAIT) < 0 && errno == ECONNRESET)
		*reset = true;
}

static uint64_t read_on(struct round *r, struct way *w, bool talk, bool *reset)
{
	static char buf[30000];
	uint64_t got = 0;
	ssize_t n;

	*reset = false;
	while ((n = way_recv(w, buf, 1 + rng_below(&r->rng, sizeof(buf)),
			     0)) > 0) {
		errno = EBADMSG;
		TORTURE_CHECK(net_check(buf, n, 1, got) < 0);
		got += n;
		if (talk)
			answer(w, buf, n / 2, reset);
	}
	TORTURE_CHECK(!n || errno == ECONNRESET || (talk && errno == EPIPE));
	if (n < 0 && errno == ECONNRESET)
		*reset = true;
	/* The library keeps an error that came after some bytes. */
	if (talk)
		answer(w, buf, 1, reset);
	return got;
}

static void any_moment(struct round *r)
{
	struct counts *counts = torture_shared(sizeof(*counts));
	enum way_kind kind = any_way(r), mine = any_way(r);
	const bool talk = rng_below(&r->rng, 2);
	struct executioner e = { .sig = SIGKILL };
	struct net_pair p;
	struct way w;
	uint64_t got;
	bool reset;
	pthread_t t;

	if (rng_below(&r->rng, 4))
		torture_pair(r, &p);
	else
		torture_cold_pair(r, &p);
	if (rng_below(&r->rng, 2))
		turn_round(&p);
	e.rng.state = rng_next(&r->rng);
	e.pid = net_fork();
	if (!e.pid) {
		net_close(&p.server);
		chatter(r, p.client, kind, counts, talk);
	}
	net_close(&p.client);
	TORTURE_CHECK(!pthread_create(&t, NULL, death_execute, &e));
	way_init(&w, p.server, mine);
	got = read_on(r, &w, talk, &reset);
	TORTURE_CHECK(!pthread_join(t, NULL));
	torture_reap(e.pid);
	TORTURE_CHECK(got <= counts->begun);
	/* A reset discards what TCP has not moved yet; an end does not. */
	TORTURE_CHECK(reset || got >= counts->sent);
	TORTURE_CHECK(!reset || talk);
}

static const struct torture_case cases[] = {
	{ "at_rest", at_rest, .compare = true },
	{ .name = "any_moment", .run = any_moment },
	{ "stopped_sender", death_stopped_sender, .compare = true },
	{ "step_send", death_step_send, .direct = true },
	{ .name = "sharing_senders", .run = death_sharing_senders },
	{ "asleep", asleep, .compare = true },
	{ "stopped_reader", death_stopped_reader, .compare = true },
	{ "step_recv", death_step_recv, .direct = true },
	{ "step_attach", death_step_attach, .direct = true },
	{ .name = "sharing_readers", .run = death_sharing_readers },
	{ "one_of_several", one_of_several, .compare = true },
	{ "spinning_sender", death_spinning_sender, .direct = true },
	{ "owed_doorbell", death_owed_doorbell, .direct = true },
	{}
};

int main(int argc, char **argv)
{
	return torture_main(argc, argv, cases);
}
