// SPDX-License-Identifier: GPL-2.0-only
/* Processes that share sockets after fork() and its kind. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sharing.h"

#define SERVERS	4

/* The child connects by a socket that the parent has made. */
void fork_before_connect(struct compat *c)
{
	union net_addr addr;
	const int listener = net_listen(c->nf, 4, &addr);
	struct share_talk t = { net_socket(c->nf, 0), -1, 0, 0 };
	pid_t pid = net_fork();

	if (!pid)
		_exit(connect(t.cl, &addr.sa, net_addr_len(c->nf)) ? 1 : 0);
	share_wait("the child that connects", pid);
	t.sv = REC_FD(accept(listener, NULL, NULL));
	share_exchange(&t, "in the parent");
	share_exchange(&t, "and again");
	share_close(&t);
}

/* What each process has sent is told to the other by shared memory. */
static struct share_talk *shared_talk(void)
{
	void *at = mmap(NULL, sizeof(struct share_talk), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	COMPAT_MUST(at != MAP_FAILED);
	return at;
}

static void in_children(struct compat *c, pid_t (*start)(void), int count)
{
	struct share_talk *t = shared_talk();
	pid_t pid;
	int i;

	*t = share_open(c);
	for (i = 0; i < count; i++) {
		pid = start();
		if (!pid) {
			share_exchange(t, "in a child");
			share_leave();
		}
		share_wait("child", pid);
		share_exchange(t, "in the parent");
	}
	share_close(t);
}

void fork_after_connect(struct compat *c)
{
	in_children(c, net_fork, 4);
}

void fork_before_accept(struct compat *c)
{
	union net_addr addr;
	const int listener = net_listen(c->nf, 4, &addr);
	int i, client, fd;
	char buf[8];
	pid_t pid;

	for (i = 0; i < 4; i++) {
		pid = net_fork();
		if (!pid) {
			fd = accept(listener, NULL, NULL);
			_exit(net_echo(fd) ? 1 : 0);
		}
		client = net_connect(c->nf, &addr);
		REC(send(client, "echo", 4, 0));
		REC_RECV(recv(client, buf, 4, MSG_WAITALL), buf);
		REC(shutdown(client, SHUT_WR));
		REC(recv(client, buf, 4, 0));
		share_wait("the child that accepts", pid);
		net_close(&client);
	}
}

/* Both use the same ends, in turns of one message. */
void fork_takes_turns(struct compat *c)
{
	struct share_talk *t = shared_talk();
	int down[2], up[2], i;
	char byte = 't';
	pid_t pid;

	*t = share_open(c);
	COMPAT_MUST(!pipe(down) && !pipe(up));
	pid = net_fork();
	for (i = 0; i < 60; i++) {
		if (!pid)
			COMPAT_MUST(read(down[0], &byte, 1) == 1);
		share_message(t->cl, t->sv, &t->up, 1 + i * 40);
		share_message(t->sv, t->cl, &t->down, 1 + i * 30);
		if (pid)
			COMPAT_MUST(write(down[1], &byte, 1) == 1 &&
				    read(up[0], &byte, 1) == 1);
		else
			COMPAT_MUST(write(up[1], &byte, 1) == 1);
	}
	if (!pid)
		_exit(0);
	share_wait("the child", pid);
	share_exchange(t, "alone again");
	share_close(t);
}

/* A connection ends with its last holder, and not before. */
void fork_closes(struct compat *c)
{
	struct share_talk t = share_open(c);
	char buf[16];
	int go[2];
	pid_t pid;

	COMPAT_MUST(!pipe(go));
	pid = net_fork();
	if (!pid) {
		COMPAT_MUST(read(go[0], buf, 1) == 1);
		if (send(t.cl, "from the child", 14, 0) != 14)
			_exit(1);
		_exit(0);
	}
	share_exchange(&t, "with the child alive");
	REC(close(t.cl));
	REC(recv(t.sv, buf, sizeof(buf), MSG_DONTWAIT));
	REC_POLL(t.sv, POLLIN | POLLRDHUP);
	COMPAT_MUST(write(go[1], "g", 1) == 1);
	share_wait("the child", pid);
	REC_RECV(recv(t.sv, buf, 14, MSG_WAITALL), buf);
	REC(recv(t.sv, buf, sizeof(buf), 0));
	net_close(&t.sv);
}

void fork_of_fork(struct compat *c)
{
	struct share_talk *t = shared_talk();
	pid_t pid, inner;

	*t = share_open(c);
	pid = net_fork();
	if (!pid) {
		share_exchange(t, "in the child");
		inner = net_fork();
		if (!inner) {
			share_exchange(t, "in its child");
			share_leave();
		}
		share_wait("the inner one", inner);
		share_exchange(t, "in the child again");
		share_leave();
	}
	share_wait("the child", pid);
	share_exchange(t, "in the parent");
	share_close(t);
}

static void serve(int listener)
{
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (net_echo(fd))
			_exit(1);
		close(fd);
	}
	_exit(0);
}

/* Servers that wait at one listener: any of them may take a connection. */
void pre_forked(struct compat *c)
{
	union net_addr addr;
	int listener = net_listen(c->nf, 16, &addr);
	pid_t pids[SERVERS];
	int clients[6], i, round;
	char out[3000], in[3000];

	for (i = 0; i < SERVERS; i++) {
		pids[i] = net_fork();
		if (!pids[i])
			serve(listener);
	}
	for (i = 0; i < SERVERS; i++) {
		clients[i] = net_connect(c->nf, &addr);
		COMPAT_MUST(clients[i] >= 0);
	}
	for (round = 0; round < 20; round++) {
		for (i = 0; i < SERVERS; i++) {
			net_fill(out, sizeof(out), i, round);
			compat_send(clients[i], out, 100 + round * 100);
			COMPAT_MUST(net_recv_all(clients[i], in,
						 100 + round * 100) > 0);
			COMPAT_MUST(net_check(in, 100 + round * 100, i,
					      round) < 0);
		}
	}
	rec_say("%d rounds with %d servers", round, SERVERS);
	for (i = 0; i < SERVERS; i++) {
		REC(shutdown(clients[i], SHUT_WR));
		REC(recv(clients[i], in, sizeof(in), 0));
		net_close(&clients[i]);
	}
	/* Wakes those that wait. */
	shutdown(listener, SHUT_RDWR);
	for (i = 0; i < SERVERS; i++)
		share_wait("server", pids[i]);
}

/* Shares memory with its parent, not the table of descriptors. */
void vfork_closes(struct compat *c)
{
	struct share_talk t = share_open(c);
	pid_t pid;
	int i;

	for (i = 0; i < 5; i++) {
		pid = vfork();
		if (!pid) {
			close(t.cl);
			if (i & 1)
				dup2(STDOUT_FILENO, t.cl);
			_exit(0);
		}
		share_wait("the child", pid);
		share_exchange(&t, "in the parent");
	}
	share_close(&t);
}

/* By a Unix socket, to a second number in this process. */
void passed_to_itself(struct compat *c)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = { };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct share_talk t = share_open(c);
	int via[2], first = t.cl;
	struct cmsghdr *cmsg;

	COMPAT_MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, via));
	*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &first, sizeof(int));
	REC(sendmsg(via[0], &msg, 0));
	share_exchange(&t, "while it is under way");
	REC(recvmsg(via[1], &msg, 0));
	cmsg = CMSG_FIRSTHDR(&msg);
	COMPAT_MUST(cmsg);
	memcpy(&t.cl, CMSG_DATA(cmsg), sizeof(int));
	share_exchange(&t, "by the new number");
	REC(close(first));
	share_exchange(&t, "by the new number alone");
	REC(close(t.cl));
	REC(recv(t.sv, &byte, 1, 0));
}

/* fork() as some libraries make it, past the C library. */
static pid_t past_the_library(void)
{
	fflush(stdout);
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

void child_by_clone(struct compat *c)
{
	in_children(c, past_the_library, 3);
}
