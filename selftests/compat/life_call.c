// SPDX-License-Identifier: GPL-2.0-only
/* Calls that wait in a thread; see life_state.h. */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "life_state.h"

static void *in_thread(void *arg)
{
	struct life_call *call = arg;

	__atomic_store_n(&call->tid, net_tid(), __ATOMIC_RELEASE);
	errno = 0;
	call->ret = call->run(call);
	call->err = errno;
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void life_start(struct life_call *call)
{
	call->tid = 0;
	call->done = false;
	COMPAT_MUST(!pthread_create(&call->thread, NULL, in_thread, call));
	while (!__atomic_load_n(&call->tid, __ATOMIC_ACQUIRE))
		sched_yield();
}

void life_begin(struct life_call *call)
{
	life_start(call);
	COMPAT_MUST(!net_wait_sleeping(call->tid));
}

/* What the system says of a thread. */
static bool told(pid_t tid, const char *what, char line[256])
{
	char path[64];
	bool said;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, what);
	f = fopen(path, "r");
	if (!f)
		return false;
	said = fgets(line, 256, f);
	fclose(f);
	return said;
}

/*
 * The state follows the name, which has no bracket here.  A thread that naps is
 * a library that has a lock to wait for, which is not its caller's wait.
 */
static bool asleep(pid_t tid)
{
	char line[256];
	const char *at;

	if (!told(tid, "syscall", line) || atoi(line) == SYS_nanosleep)
		return false;
	at = told(tid, "stat", line) ? strrchr(line, ')') : NULL;
	return at && at[1] && at[2] == 'S';
}

void life_look(struct life_call *call)
{
	const uint64_t end = net_now_ms() + compat_stretch(10000);

	life_settle();
	while (!life_done(call)) {
		if (asleep(call->tid)) {
			rec_say("%s waits", call->what);
			return;
		}
		COMPAT_MUST(net_now_ms() < end);
		sched_yield();
	}
	rec_say("%s waits no longer", call->what);
}

void life_end(struct life_call *call)
{
	COMPAT_MUST(!pthread_join(call->thread, NULL));
	rec_result(call->what, call->ret, call->ret == -1 ? call->err : 0);
}

bool life_done(const struct life_call *call)
{
	return __atomic_load_n(&call->done, __ATOMIC_ACQUIRE);
}

void life_either(const struct life_call *a, const struct life_call *b)
{
	while (!life_done(a) && !life_done(b))
		poll(NULL, 0, 1);
}

static void count(int sig)
{
	(void)sig;
	net_signals++;
}

void life_handle(bool restart)
{
	const struct sigaction act = { .sa_handler = count,
				       .sa_flags = restart ? SA_RESTART : 0 };

	COMPAT_MUST(!sigaction(SIGUSR1, &act, NULL));
}

void life_interrupt(struct life_call *call)
{
	life_begin(call);
	REC(pthread_kill(call->thread, SIGUSR1));
}

long life_recv(struct life_call *call)
{
	return recv(call->fd, call->buf, call->len, 0);
}

long life_read(struct life_call *call)
{
	return read(call->fd, call->buf, call->len);
}

long life_send_all(struct life_call *call)
{
	static const char block[16384];
	long n;

	do {
		n = send(call->fd, block, sizeof(block), MSG_NOSIGNAL);
	} while (n > 0);
	return n;
}

long life_poll(struct life_call *call)
{
	struct pollfd pfd = { .fd = call->fd, .events = call->len };
	int ret = poll(&pfd, 1, -1);

	return ret < 0 ? ret : pfd.revents;
}
