// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that other programs get, under the shim or not. */
#include <sys/wait.h>

#include "sharing.h"

static void set_cloexec(int fd, bool on)
{
	COMPAT_MUST(!fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0));
}

static const char *number(int fd)
{
	static char text[4][12];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[turn]), "%d", fd);
	return text[turn];
}

/* The peer is an echo now, until the end is sent. */
static void with_echo(struct share_talk *t)
{
	char out[3000], in[3000];
	int i;

	for (i = 0; i < 25; i++) {
		const size_t len = 1 + i * 100;

		net_fill(out, len, 3, i);
		compat_send(t->cl, out, len);
		COMPAT_MUST(net_recv_all(t->cl, in, len) == (ssize_t)len);
		COMPAT_MUST(net_check(in, len, 3, i) < 0);
	}
	rec_say("%d messages came back", i);
	REC(shutdown(t->cl, SHUT_WR));
	REC(recv(t->cl, in, sizeof(in), 0));
}

/* The server's end is @who's alone, who echoes and ends. */
static void echo_ends(struct share_talk *t, const char *who, pid_t pid)
{
	net_close(&t->sv);
	with_echo(t);
	share_wait(who, pid);
	net_close(&t->cl);
}

static void echo_by(struct compat *c, char **env)
{
	struct share_talk t;
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		t = share_open(c);
		set_cloexec(t.cl, true);
		set_cloexec(t.sv, false);
		pid = share_start(env, "shim_child", "echo", number(t.sv));
		echo_ends(&t, "the program", pid);
	}
}

static void inherited(struct compat *c, bool cloexec, const char *who)
{
	struct share_talk t = share_open(c);
	pid_t pid;
	int i;

	for (i = 0; i < 3; i++) {
		set_cloexec(t.cl, cloexec);
		pid = share_start(NULL, "shim_child", "is-open", number(t.cl));
		share_wait(who, pid);
		share_exchange(&t, "after that");
	}
	share_close(&t);
}

void exec_keeps(struct compat *c)
{
	inherited(c, false, "a program that has it");
}

void exec_closes(struct compat *c)
{
	inherited(c, true, "a program that has it not");
}

/* In a child: the rest of it is that program. */
__attribute__((noreturn))
static void become_echo(const char *program, const struct share_talk *t)
{
	execl(program, program, "echo", number(t->sv), NULL);
	_exit(1);
}

/* The process that has the rings becomes another program. */
void exec_in_place(struct compat *c)
{
	const char *program = share_beside("shim_child");
	struct share_talk t;
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		pid_t parent = getpid();

		t = share_open(c);
		fflush(stdout);
		pid = fork();
		if (!pid) {
			COMPAT_MUST(getppid() == parent);
			close(t.cl);
			set_cloexec(t.sv, false);
			become_echo(program, &t);
		}
		echo_ends(&t, "the program", pid);
	}
}

void spawned(struct compat *c)
{
	echo_by(c, NULL);
}

/* In an environment without the shim: by system call, on the same rings. */
void spawned_without(struct compat *c)
{
	echo_by(c, share_env(NULL));
}

static pid_t spawn_cat(struct share_talk *t, char **env)
{
	char *const words[] = { "cat", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, t->sv, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, t->sv, STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, t->cl);
	fflush(stdout);
	errno = posix_spawnp(&pid, "cat", &actions, NULL, words, env);
	COMPAT_MUST(!errno);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* As inetd does: a program that knows nothing of sockets. */
void spawned_as_stdio(struct compat *c)
{
	struct share_talk t;
	pid_t pid;
	int i;

	for (i = 0; i < 4; i++) {
		t = share_open(c);
		pid = spawn_cat(&t, i & 1 ? share_env(NULL) : environ);
		echo_ends(&t, "cat", pid);
	}
}

static void pass(struct compat *c, char **env)
{
	struct share_talk t;
	int via[2], i;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		t = share_open(c);
		COMPAT_MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, via));
		set_cloexec(t.cl, true);
		set_cloexec(t.sv, true);
		set_cloexec(via[0], true);
		pid = share_start(env, "shim_child", "receive", number(via[1]));
		share_exchange(&t, "while the program starts");
		COMPAT_MUST(!net_send_fd(via[0], t.sv, 0));
		echo_ends(&t, "the program", pid);
	}
}

void passed_to_program(struct compat *c)
{
	pass(c, NULL);
}

void passed_without(struct compat *c)
{
	pass(c, share_env(NULL));
}

/* The usual way to start a program without copying the parent. */
void vforked(struct compat *c)
{
	const char *program = share_beside("shim_child");
	struct share_talk t;
	pid_t pid;
	int i;

	for (i = 0; i < 3; i++) {
		t = share_open(c);
		set_cloexec(t.cl, true);
		set_cloexec(t.sv, false);
		fflush(stdout);
		pid = vfork();
		if (!pid)
			become_echo(program, &t);
		echo_ends(&t, "the program", pid);
	}
}
