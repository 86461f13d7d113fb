// SPDX-License-Identifier: GPL-2.0-only
/* One socket in several sets or under several numbers, and sets in sets. */
#include <poll.h>
#include <sys/eventfd.h>

#include "epoll.h"

static void look_both(int one, const char *first, int other, const char *second)
{
	ep_look(one, first);
	ep_look(other, second);
}

/* The other way; @ep has the client's end. */
static void answer_seen(struct compat *c, int ep, const char *what)
{
	ep_send(c->sv, "world");
	ep_look(ep, what);
	ep_recv(c->cl);
}

/* Level and edge, and both ends in the same one. */
void two_sets(struct compat *c)
{
	const int level = ep_new(), edge = ep_new();
	int i;

	life_settle();
	EP_CTL(level, ADD, c->sv, EPOLLIN, 1);
	EP_CTL(edge, ADD, c->sv, EPOLLIN | EPOLLET, 2);
	EP_CTL(edge, ADD, c->cl, EPOLLIN | EPOLLET, 3);
	for (i = 0; i < 10; i++) {
		ep_send(c->cl, "hello");
		look_both(level, "level", edge, "edge");
		look_both(level, "level", edge, "edge");
		ep_recv(c->sv);
		look_both(level, "level, read", edge, "edge, read");
		answer_seen(c, edge, "answer");
	}
	EP_CTL(level, DEL, c->sv, 0, 0);
	ep_send(c->cl, "only one");
	ep_look(level, "level, gone");
	ep_look(edge, "edge");
}

void nested(struct compat *c)
{
	const int outer = ep_new(), inner = ep_new();
	int i;

	life_settle();
	EP_CTL(inner, ADD, c->sv, EPOLLIN, 1);
	EP_CTL(outer, ADD, inner, EPOLLIN | EPOLLOUT, 2);
	EP_CTL(outer, ADD, c->cl, EPOLLIN, 3);
	ep_look(outer, "nothing");
	for (i = 0; i < 10; i++) {
		ep_send(c->cl, "hello");
		look_both(outer, "outer", inner, "inner");
		ep_look(outer, "outer again");
		ep_recv(c->sv);
		look_both(outer, "outer, read", inner, "inner, read");
		answer_seen(c, outer, "outer, own");
	}
	EP_CTL(inner, DEL, c->sv, 0, 0);
	ep_send(c->cl, "gone");
	ep_look(outer, "outer, inner empty");
	EP_CTL(inner, ADD, c->sv, EPOLLIN, 1);
	ep_look(outer, "outer, added");
	REC(close(inner));
	ep_look(outer, "outer, inner closed");
}

void nested_edge(struct compat *c)
{
	const int outer = ep_new(), inner = ep_new();
	int i;

	life_settle();
	EP_CTL(inner, ADD, c->sv, EPOLLIN | EPOLLET, 1);
	EP_CTL(outer, ADD, inner, EPOLLIN | EPOLLET, 2);
	for (i = 0; i < 10; i++) {
		ep_send(c->cl, "hello");
		ep_look(outer, "outer");
		ep_look(outer, "outer again");
		if (i & 1)
			ep_look(inner, "inner");
		ep_send(c->cl, "more");
		look_both(outer, "outer", inner, "inner");
		ep_look(inner, "inner again");
		ep_recv(c->sv);
		ep_pass(c->sv, c->cl, "answer");
	}
}

static long poll_set(struct life_call *call)
{
	struct pollfd pfd = { call->fd, POLLIN, 0 };

	return poll(&pfd, 1, -1) < 0 ? -1 : pfd.revents;
}

/* A set can be polled as a file can. */
void nested_poll(struct compat *c)
{
	const int ep = ep_new();
	struct life_call call = LIFE_CALL("poll of a set", poll_set, ep);
	int i;

	life_settle();
	EP_CTL(ep, ADD, c->sv, EPOLLIN, 1);
	REC_POLL(ep, POLLIN | POLLOUT);
	for (i = 0; i < 10; i++) {
		life_begin(&call);
		ep_send(c->cl, "hello");
		life_end(&call);
		REC_POLL(ep, POLLIN | POLLOUT);
		ep_recv(c->sv);
		REC_POLL(ep, POLLIN | POLLOUT);
		ep_pass(c->sv, c->cl, "world");
	}
	life_begin(&call);
	REC(shutdown(c->cl, SHUT_WR));
	life_end(&call);
	ep_look(ep, "end");
}

/* Two numbers of one socket are two entries. */
void dup_registered(struct compat *c)
{
	const int ep = ep_new(), twin = dup(c->sv);
	int i;

	life_settle();
	EP_CTL(ep, ADD, c->sv, EPOLLIN | EPOLLET, 1);
	EP_CTL(ep, ADD, twin, EPOLLIN, 2);
	for (i = 0; i < 10; i++) {
		ep_send(c->cl, "hello");
		ep_look(ep, "arrived");
		ep_look(ep, "again");
		ep_recv(i & 1 ? twin : c->sv);
		ep_look(ep, "read");
		ep_pass(i & 1 ? c->sv : twin, c->cl, "world");
	}
	EP_CTL(ep, DEL, twin, 0, 0);
	ep_send(c->cl, "one left");
	ep_look(ep, "arrived");
}

/* A closed number whose socket lives on is still in the set. */
void dup_closed(struct compat *c)
{
	const int ep = ep_new(), twin = dup(c->sv), number = c->sv;

	life_settle();
	EP_CTL(ep, ADD, c->sv, EPOLLIN, 1);
	REC(close(c->sv));
	ep_send(c->cl, "hello");
	ep_look(ep, "the number is closed");
	ep_recv(twin);
	ep_look(ep, "read");
	EP_CTL(ep, MOD, number, EPOLLIN | EPOLLOUT, 2);
	EP_CTL(ep, DEL, number, 0, 0);
	EP_CTL(ep, MOD, twin, EPOLLIN, 2);
	EP_CTL(ep, ADD, twin, EPOLLIN | EPOLLET, 3);
	ep_send(c->cl, "two entries");
	ep_look(ep, "arrived");
	ep_pass(twin, c->cl, "answer");
	REC(close(twin));
	life_settle();
	ep_look(ep, "all closed");
	REC_POLL(c->cl, POLLIN | POLLOUT | POLLRDHUP);
}

void close_removes(struct compat *c)
{
	const int ep = ep_new();

	life_settle();
	EP_CTL(ep, ADD, c->sv, EPOLLIN, 1);
	EP_CTL(ep, ADD, c->cl, EPOLLIN | EPOLLRDHUP, 2);
	ep_send(c->cl, "hello");
	ep_look(ep, "arrived");
	compat_close(c, &c->sv);
	life_settle();
	ep_look(ep, "closed");
	compat_close(c, &c->cl);
	ep_look(ep, "both");
}

/* The number belongs to another connection, which is not in the set. */
void reused_number(struct compat *c)
{
	const int ep = ep_new(), number = c->sv;
	struct net_pair other;
	int i;

	life_settle();
	EP_CTL(ep, ADD, c->sv, EPOLLIN, 1);
	ep_send(c->cl, "first");
	ep_look(ep, "first");
	compat_pair(c, &other);
	REC(dup2(other.server, number) == number);
	REC(close(other.server));
	ep_look(ep, "replaced");
	for (i = 0; i < 8; i++) {
		ep_send(other.client, "second");
		ep_look(ep, "not in the set");
		ep_recv(number);
		ep_pass(number, other.client, "answer");
	}
	EP_CTL(ep, MOD, number, EPOLLIN, 2);
	EP_CTL(ep, ADD, number, EPOLLIN, 2);
	ep_send(other.client, "third");
	ep_look(ep, "in the set");
	ep_recv(number);
	ep_recv(c->cl);
}

/* Parent and child use the same set and the same sockets. */
void after_fork(struct compat *c)
{
	const int ep = ep_new();
	pid_t holder;
	int held[2];
	int i;

	life_settle();
	EP_CTL(ep, ADD, c->sv, EPOLLIN | EPOLLET | EPOLLRDHUP, 1);
	for (i = 0; i < 8; i++) {
		pid_t pid;

		ep_send(c->cl, "to the child");
		pid = net_fork();
		if (!pid) {
			ep_wait(ep, "child");
			ep_recv(c->sv);
			ep_send(c->sv, "from the child");
			fflush(stdout);
			_exit(i);
		}
		REC(net_wait(pid));
		ep_look(ep, "parent");
		ep_recv(c->cl);
		ep_send(c->cl, "to the parent");
		ep_wait(ep, "parent");
		ep_recv(c->sv);
	}
	COMPAT_MUST(pipe(held) == 0);
	holder = net_fork();
	if (!holder) {
		/* The parent's close is not the last one. */
		close(held[1]);
		_exit((int)read(held[0], &(char){ 0 }, 1));
	}
	REC(close(c->sv));
	ep_send(c->cl, "the child holds it");
	ep_look(ep, "closed here");
	REC(shutdown(c->cl, SHUT_WR));
	ep_wait(ep, "end");
	close(held[1]);
	net_wait(holder);
}

/* One arrival wakes one of those that ask for it to be so. */
void exclusive(struct compat *c)
{
	struct life_call a = LIFE_CALL("first set", ep_wait_one, ep_new());
	struct life_call b = LIFE_CALL("second set", ep_wait_one, ep_new());
	const int tell = eventfd(0, 0);
	const uint64_t one = 1;
	int i;

	life_settle();
	EP_CTL(a.fd, ADD, c->sv, EPOLLIN | EPOLLEXCLUSIVE, 1);
	EP_CTL(b.fd, ADD, c->sv, EPOLLIN | EPOLLEXCLUSIVE, 1);
	EP_CTL(a.fd, ADD, tell, EPOLLIN, 2);
	EP_CTL(b.fd, ADD, tell, EPOLLIN, 2);
	for (i = 0; i < 8; i++) {
		life_begin(&a);
		life_begin(&b);
		ep_send(c->cl, "for one");
		life_either(&a, &b);
		ep_recv(c->sv);
		REC(write(tell, &one, 8));
		pthread_join(a.thread, NULL);
		pthread_join(b.thread, NULL);
		/* Which one is open, and more than one may be woken. */
		rec_say("somebody got it: %d", a.ret == 1 || b.ret == 1);
		REC(read(tell, a.buf, 8));
		ep_pass(c->sv, c->cl, "answer");
	}
}

/* A set that another process gets by a Unix socket, with the connection. */
void passed_set(struct compat *c)
{
	char room[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { (char []){ "x" }, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);
	int ends[2], fds[2] = { ep_new(), c->sv };
	pid_t pid;

	life_settle();
	COMPAT_MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	pid = net_fork();
	if (!pid) {
		close(c->sv);
		close(fds[0]);
		COMPAT_MUST(recvmsg(ends[1], &msg, 0) == 1);
		memcpy(fds, CMSG_DATA(cm), sizeof(fds));
		ep_wait(fds[0], "the other process");
		ep_recv(fds[1]);
		ep_send(fds[1], "from there");
		fflush(stdout);
		_exit(0);
	}
	EP_CTL(fds[0], ADD, c->sv, EPOLLIN | EPOLLRDHUP, 7);
	fflush(stdout);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cm), fds, sizeof(fds));
	COMPAT_MUST(sendmsg(ends[0], &msg, 0) == 1);
	COMPAT_MUST(send(c->cl, "to there", 8, 0) == 8);
	REC(net_wait(pid));
	ep_recv(c->cl);
	REC(close(c->sv));
	ep_look(fds[0], "all closed");
	compat_until(c->cl, POLLRDHUP);
	ep_recv(c->cl);
}
