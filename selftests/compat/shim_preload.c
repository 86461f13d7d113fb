// SPDX-License-Identifier: GPL-2.0-only
/* The shim beside other libraries; and where the loader ignores it. */
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "shim.h"

/* The build says which it is. */
#ifndef SHIM_ASAN
#define SHIM_ASAN	"libasan.so.8"
#endif

/* Before what is preloaded already, after it, or both are one. */
static char **with(const char *library, bool first)
{
	static char list[2 * PATH_MAX];
	const char *old = getenv("LD_PRELOAD");

	if (!old || !*old)
		snprintf(list, sizeof(list), "%s", library);
	else if (first)
		snprintf(list, sizeof(list), "%s:%s", library, old);
	else
		snprintf(list, sizeof(list), "%s:%s", old, library);
	return share_env(list);
}

static void talk(struct compat *c, const char *what, const char *program,
		 char **env)
{
	share_wait(what, share_start(env, program, "talk", share_family(c),
				     share_ip(c)));
}

void program_itself(struct compat *c)
{
	talk(c, "as it is", "shim_child", environ);
	talk(c, "as it is", "shim_child", environ);
}

void other_preload(struct compat *c)
{
	char *other = strdup(share_beside("shim_other.so"));

	talk(c, "other library first", "shim_child", with(other, true));
	talk(c, "other library last", "shim_child", with(other, false));
	free(other);
}

void other_allocator(struct compat *c)
{
	talk(c, "first", "shim_child", with("libjemalloc.so.2", true));
	talk(c, "last", "shim_child", with("libjemalloc.so.2", false));
}

void sanitized(struct compat *c)
{
	talk(c, "as it is", "shim_child_asan", environ);
}

void sanitized_static(struct compat *c)
{
	talk(c, "as it is", "shim_child_asan_static", environ);
}

/* As the sanitizer asks for when it finds another library before it. */
void sanitizer_first(struct compat *c)
{
	talk(c, "sanitizer first", "shim_child_asan", with(SHIM_ASAN, true));
}

static void copy_program(const char *from, const char *to)
{
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	const int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ssize_t n;

	COMPAT_MUST(in >= 0 && out >= 0);
	do {
		n = sendfile(out, in, NULL, 1 << 20);
	} while (n > 0);
	COMPAT_MUST(!n && !fchmod(out, 04755));
	close(in);
	close(out);
}

static pid_t run_as_nobody(const char *program, const char *a, const char *b,
			   const char *c)
{
	pid_t pid = net_fork();

	if (!pid) {
		COMPAT_MUST(!setgid(65534) && !setuid(65534));
		execl(program, program, a, b, c, NULL);
		_exit(127);
	}
	return pid;
}

/* The loader ignores what is to be preloaded: its sockets are TCP's. */
void set_user_id(struct compat *c)
{
	char dir[] = "/tmp/sdirect-suid-XXXXXX", path[64], fd[12];
	struct share_talk t = share_open(c);
	char out[600], in[600];
	pid_t pid;
	int i;

	COMPAT_MUST(mkdtemp(dir) && !chmod(dir, 0755));
	snprintf(path, sizeof(path), "%s/child", dir);
	copy_program(share_beside("shim_child"), path);
	share_wait("alone", run_as_nobody(path, "talk", share_family(c),
					  share_ip(c)));
	fcntl(t.sv, F_SETFD, 0);
	snprintf(fd, sizeof(fd), "%d", t.sv);
	pid = run_as_nobody(path, "secure", fd, NULL);
	net_close(&t.sv);
	for (i = 0; i < 20; i++) {
		net_fill(out, sizeof(out), 1, i);
		compat_send(t.cl, out, sizeof(out));
		REC_RECV(recv(t.cl, in, sizeof(in), MSG_WAITALL), in);
	}
	/* Not recorded: what the child says of it would come before or after. */
	COMPAT_MUST(!shutdown(t.cl, SHUT_WR));
	REC(recv(t.cl, in, sizeof(in), 0));
	share_wait("with a socket of ours", pid);
	unlink(path);
	rmdir(dir);
}

/* As daemons do at their start. */
void closes_all(struct compat *c)
{
	static const char *const ways[] = {
		"one by one", "close_range", "closefrom"
	};
	size_t i;

	for (i = 0; i < SHARE_COUNT(ways); i++)
		share_wait(ways[i], share_start(NULL, "shim_child", "sweep",
						ways[i], share_family(c),
						share_ip(c)));
}
