// SPDX-License-Identifier: GPL-2.0-only
/* Signal handlers inside calls, jumps out of them, and cancelled threads. */
#include <linux/sockios.h>
#include <setjmp.h>
#include <signal.h>

#include "shim.h"

#define ROUNDS	20

static int handled_fd;
static size_t handled_len;
static char handled_buf[4096];
static volatile sig_atomic_t handled;
static sigjmp_buf out_of_call;

static void handle(int sig, void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART };

	COMPAT_MUST(!sigaction(sig, &act, NULL));
}

/* --- handlers that use the socket themselves --- */

static void write_record(int sig)
{
	char buf[4096];

	(void)sig;
	memset(buf, 'B', handled_len);
	if (send(handled_fd, buf, handled_len, 0) != (ssize_t)handled_len)
		_exit(3);
	handled++;
}

struct records {
	int fd;
	pid_t tid;
	size_t len;
	int each;		/* records in a round */
	int rounds;
	pthread_barrier_t start;
};

static void *write_records(void *arg)
{
	struct records *r = arg;
	int i, round;
	char buf[4096];

	__atomic_store_n(&r->tid, net_tid(), __ATOMIC_RELEASE);
	memset(buf, 'A', r->len);
	for (round = 0; round < r->rounds; round++) {
		pthread_barrier_wait(&r->start);
		for (i = 0; i < r->each; i++)
			COMPAT_MUST(send(r->fd, buf, r->len, 0) ==
				    (ssize_t)r->len);
	}
	/* A signal to a thread that has ended would be lost. */
	pthread_barrier_wait(&r->start);
	return NULL;
}

/* Whole records only, all of the writer's, one of its handler's. */
static bool records_good(const char *buf, const struct records *r)
{
	int seen[2] = { }, i;
	size_t j;

	for (i = 0; i < r->each + 1; i++, buf += r->len) {
		for (j = 1; j < r->len && buf[j] == *buf; j++)
			;
		if (j < r->len || (*buf != 'A' && *buf != 'B'))
			return false;
		seen[*buf == 'B']++;
	}
	return seen[0] == r->each && seen[1] == 1;
}

static void write_with_handler(struct compat *c, size_t len, int each)
{
	struct records r = { .fd = c->cl, .len = len, .each = each,
			     .rounds = 150 };
	char *buf = malloc((each + 1) * len);
	pthread_t thread;
	int round, bad = 0;
	volatile int i;

	handled_fd = c->cl;
	handled_len = len;
	pthread_barrier_init(&r.start, NULL, 2);
	COMPAT_MUST(!pthread_create(&thread, NULL, write_records, &r));
	for (round = 0; round < r.rounds; round++) {
		pthread_barrier_wait(&r.start);
		/* Somewhere in the writer's calls, each time elsewhere. */
		for (i = 0; i < round * 37 % 1000; i++)
			;
		COMPAT_MUST(!pthread_kill(thread, SIGUSR1));
		COMPAT_MUST(net_recv_all(c->sv, buf, (each + 1) * len) ==
			    (ssize_t)((each + 1) * len));
		bad += !records_good(buf, &r);
	}
	pthread_barrier_wait(&r.start);
	pthread_join(thread, NULL);
	rec_say("records of %zu bytes: %d rounds, %d bad", len, round, bad);
	free(buf);
}

void handler_writes(struct compat *c)
{
	struct share_talk t = { c->cl, c->sv, 0, 0 };

	handle(SIGUSR1, write_record);
	write_with_handler(c, 1, 40);
	write_with_handler(c, 64, 40);
	write_with_handler(c, 1000, 10);
	write_with_handler(c, 3000, 3);
	share_exchange(&t, "after that");
}

static void read_some(int sig)
{
	ssize_t n;

	(void)sig;
	n = recv(handled_fd, handled_buf, 1, MSG_DONTWAIT);
	if (n > 0)
		handled += n;
}

static long read_rest;

static void *read_bytes(void *arg)
{
	struct records *r = arg;
	char buf[64];
	ssize_t n;

	__atomic_store_n(&r->tid, net_tid(), __ATOMIC_RELEASE);
	while ((n = recv(r->fd, buf, sizeof(buf), 0)) > 0)
		read_rest += n;
	return NULL;
}

/* The handler takes a byte now and then; none is lost, none comes twice. */
void handler_reads(struct compat *c)
{
	struct records r = { .fd = c->sv };
	char buf[300] = { };
	pthread_t thread;
	long sum = 0;
	int i;

	handle(SIGUSR1, read_some);
	handled_fd = c->sv;
	handled = 0;
	COMPAT_MUST(!pthread_create(&thread, NULL, read_bytes, &r));
	COMPAT_MUST(net_until(__atomic_load_n(&r.tid, __ATOMIC_ACQUIRE)));
	for (i = 0; i < 500; i++) {
		compat_send(c->cl, buf, 1 + i % 300);
		sum += 1 + i % 300;
		COMPAT_MUST(!pthread_kill(thread, SIGUSR1));
	}
	REC(shutdown(c->cl, SHUT_WR));
	pthread_join(thread, NULL);
	REC(handled + read_rest == sum);
}

/* --- jumps --- */

static void jump(int sig)
{
	(void)sig;
	siglongjmp(out_of_call, 1);
}

struct jumper {
	int fd;
	pid_t tid;
	bool sends;
	bool jumped;
};

static void *jump_out(void *arg)
{
	static const char block[1 << 17];
	struct jumper *j = arg;
	char buf[64];

	if (sigsetjmp(out_of_call, 1)) {
		j->jumped = true;
		return NULL;
	}
	__atomic_store_n(&j->tid, net_tid(), __ATOMIC_RELEASE);
	if (j->sends)
		send(j->fd, block, sizeof(block), 0);
	else
		recv(j->fd, buf, sizeof(buf), 0);
	return NULL;
}

static void interrupt(int fd, bool sends)
{
	struct jumper j = { fd, 0, sends, false };
	pthread_t thread;

	COMPAT_MUST(!pthread_create(&thread, NULL, jump_out, &j));
	COMPAT_MUST(net_until(__atomic_load_n(&j.tid, __ATOMIC_ACQUIRE)));
	COMPAT_MUST(!net_wait_sleeping(j.tid));
	COMPAT_MUST(!pthread_kill(thread, SIGUSR1));
	pthread_join(thread, NULL);
	rec_say("it has %s", j.jumped ? "jumped" : "returned");
}

void jump_out_of_recv(struct compat *c)
{
	struct share_talk t = { c->cl, c->sv, 0, 0 };
	int i;

	handle(SIGUSR1, jump);
	for (i = 0; i < ROUNDS; i++) {
		interrupt(c->sv, false);
		share_exchange(&t, "after that");
	}
}

static void fill(int fd)
{
	static const char block[4096];
	const uint64_t end = net_now_ms() + compat_stretch(10000);
	bool more;

	do {
		COMPAT_MUST(net_now_ms() < end);
		more = net_queued(fd, SIOCOUTQ) != net_queued(fd, SIOCOUTQNSD);
		while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
			more = true;
	} while (more);
}

/* Nothing is left at either end; how much it was is open. */
static void drain(struct compat *c)
{
	static char block[65536];
	const uint64_t end = net_now_ms() + compat_stretch(10000);
	ssize_t n;

	do {
		COMPAT_MUST(net_now_ms() < end);
		n = recv(c->sv, block, sizeof(block), MSG_DONTWAIT);
		if (n < 0)
			poll(&(struct pollfd){ c->sv, POLLIN, 0 }, 1, 1);
	} while (n > 0 || net_queued(c->cl, SIOCOUTQ) ||
		 net_queued(c->sv, SIOCINQ));
}

void jump_out_of_send(struct compat *c)
{
	struct share_talk t = { c->cl, c->sv, 0, 0 };
	int i;

	handle(SIGUSR1, jump);
	for (i = 0; i < 4; i++) {
		fill(c->cl);
		interrupt(c->cl, true);
		drain(c);
		share_exchange(&t, "after that");
	}
}

/* --- threads that are cancelled --- */

static void cancel(int fd, bool sends)
{
	struct jumper j = { fd, 0, sends, false };
	pthread_t thread;
	void *result;

	COMPAT_MUST(!pthread_create(&thread, NULL, jump_out, &j));
	COMPAT_MUST(net_until(__atomic_load_n(&j.tid, __ATOMIC_ACQUIRE)));
	COMPAT_MUST(!net_wait_sleeping(j.tid));
	COMPAT_MUST(!pthread_cancel(thread));
	pthread_join(thread, &result);
	rec_say("it was %s", result == PTHREAD_CANCELED ? "cancelled" :
							  "too late");
}

void cancel_recv(struct compat *c)
{
	struct share_talk t = { c->cl, c->sv, 0, 0 };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		cancel(c->sv, false);
		share_exchange(&t, "after that");
	}
}

void cancel_send(struct compat *c)
{
	struct share_talk t = { c->cl, c->sv, 0, 0 };
	int i;

	for (i = 0; i < 4; i++) {
		fill(c->cl);
		cancel(c->cl, true);
		drain(c);
		share_exchange(&t, "after that");
	}
}

static void *be_cancelled(void *arg)
{
	const struct jumper *j = arg;
	char buf[64];
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	if (j->sends)
		send(j->fd, "lost", 4, 0);
	else
		recv(j->fd, buf, sizeof(buf), 0);
	return NULL;
}

/* What is cancelled already does nothing, even if it would not have waited. */
void cancel_pending(struct compat *c)
{
	struct share_talk t = { c->cl, c->sv, 0, 0 };
	struct jumper reads = { .fd = c->sv }, sends = { c->cl, 0, true, false };
	pthread_t thread;
	void *result;
	char buf[64];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		REC(write(c->cl, "kept", 4));
		compat_arrived(c->sv, 4);
		COMPAT_MUST(!pthread_create(&thread, NULL, be_cancelled,
					    &reads));
		pthread_join(thread, &result);
		REC(result == PTHREAD_CANCELED);
		COMPAT_MUST(!pthread_create(&thread, NULL, be_cancelled,
					    &sends));
		pthread_join(thread, &result);
		REC(result == PTHREAD_CANCELED);
		REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
		share_exchange(&t, "after that");
	}
}
