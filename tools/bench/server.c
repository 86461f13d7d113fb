// SPDX-License-Identifier: GPL-2.0-only
/* Many connections to an epoll server, some of them busy. */
#include <errno.h>
#include <linux/sdirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command.h"
#include "count.h"
#include "echo.h"
#include "net.h"

#define EVENTS		64
#define WARM_EACH	32	/* messages on each busy connection */
#define IDLE_NS		300000000u
#define RING_SHARE	0.9

/**
 * struct client - one busy connection
 * @fd:		its socket
 * @got:	bytes of the answer that have come
 * @number:	of the message under way
 * @sent:	when it was sent
 */
struct client {
	int fd;
	size_t got;
	uint64_t number;
	uint64_t sent;
};

/**
 * struct crowd - all of them
 * @o:		what is asked for
 * @fd:		of each connection
 * @c:		those that are busy
 * @epoll:	where their answers show
 * @flying:	messages under way
 * @done:	answered
 * @sample:	how long each of the first took, nanoseconds
 * @out:	a message
 * @in:		an answer
 */
struct crowd {
	const struct options *o;
	int *fd;
	struct client *c;
	int epoll;
	int flying;
	uint64_t done;
	uint32_t *sample;
	uint8_t *out;
	uint8_t *in;
};

#define SAMPLES	(1u << 17)

static void *memory(size_t n, size_t size)
{
	void *at = calloc(n, size);

	if (!at)
		bench_die("memory");
	return at;
}

/* Number and connection, again and again. */
static uint64_t word_of(const struct crowd *k, const struct client *c)
{
	return c->number << 20 | (uint64_t)(c - k->c);
}

static void send_next(struct crowd *k, struct client *c)
{
	size_t size = k->o->size[0];
	uint64_t word;

	c->number++;
	c->got = 0;
	word = word_of(k, c);
	for (size_t at = 0; at < size; at += sizeof(word))
		memcpy(k->out + at, &word, sizeof(word));
	c->sent = bench_now();
	if (send(c->fd, k->out, size, MSG_NOSIGNAL) != (ssize_t)size)
		bench_die("send");
	k->flying++;
}

static void check(const struct crowd *k, const struct client *c, size_t n)
{
	uint64_t word = word_of(k, c);
	const uint8_t *bytes = (const uint8_t *)&word;

	errno = 0;
	for (size_t i = 0; i < n; i++)
		if (k->in[i] != bytes[(c->got + i) % sizeof(word)])
			bench_die("message %llu has wrong bytes",
				  (unsigned long long)c->number);
}

/* Return: 1 when its answer is complete. */
static int take_answer(struct crowd *k, struct client *c)
{
	ssize_t n = recv(c->fd, k->in, k->o->size[0] - c->got, 0);

	if (n <= 0)
		bench_die(n ? "recv" : "end of stream");
	check(k, c, (size_t)n);
	c->got += (size_t)n;
	if (c->got < k->o->size[0])
		return 0;
	if (k->done < SAMPLES)
		k->sample[k->done] = (uint32_t)(bench_now() - c->sent);
	k->done++;
	k->flying--;
	return 1;
}

/* One message under way on each busy connection, until @until or @most. */
static void keep_busy(struct crowd *k, uint64_t until, uint64_t most)
{
	struct epoll_event ev[EVENTS];
	int over = 0, n;

	k->done = 0;
	for (int i = 0; i < k->o->active; i++)
		send_next(k, &k->c[i]);
	while (k->flying) {
		n = epoll_wait(k->epoll, ev, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			bench_die("epoll_wait");
		over |= bench_now() >= until && k->done >= most;
		for (int i = 0; i < n; i++)
			if (take_answer(k, ev[i].data.ptr) && !over)
				send_next(k, ev[i].data.ptr);
	}
}

static void crowd_open(struct crowd *k, const struct options *o, int listener)
{
	*k = (struct crowd) { .o = o, .epoll = epoll_create1(EPOLL_CLOEXEC) };
	k->fd = memory((size_t)o->clients, sizeof(*k->fd));
	k->c = memory((size_t)o->active, sizeof(*k->c));
	k->sample = memory(SAMPLES, sizeof(*k->sample));
	k->out = memory(1, o->size[0]);
	k->in = memory(1, o->size[0]);
	for (int i = 0; i < o->clients; i++)
		k->fd[i] = net_connect(o->transport->family, listener);
	for (int i = 0; i < o->active; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		/* Spread over all of them. */
		k->c[i].fd = k->fd[(size_t)i * (size_t)o->clients /
				   (size_t)o->active];
		ev.data.ptr = &k->c[i];
		if (epoll_ctl(k->epoll, EPOLL_CTL_ADD, k->c[i].fd, &ev))
			bench_die("epoll_ctl");
	}
}

static void crowd_close(struct crowd *k)
{
	for (int i = 0; i < k->o->clients; i++)
		close(k->fd[i]);
	close(k->epoll);
	free(k->fd);
	free(k->c);
	free(k->sample);
	free(k->out);
	free(k->in);
}

/* The busy ones go by rings, if that is what the transport is about. */
static void check_way(const struct crowd *k, uint64_t done)
{
	uint64_t ring = 0, all = 2 * done * k->o->size[0];
	struct sdirect_info info;
	int direct = !!k->o->transport->kept;

	errno = 0;
	for (int i = 0; i < k->o->active; i++) {
		if (net_info(k->c[i].fd, &info) != direct)
			bench_die("this is not the transport that was asked for");
		if (direct)
			ring += info.tx_ring_bytes + info.rx_ring_bytes;
	}
	errno = 0;
	if (direct && (double)ring < RING_SHARE * (double)all)
		bench_die("%llu of %llu bytes by rings",
			  (unsigned long long)ring, (unsigned long long)all);
}

static uint64_t cpu_of(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		bench_die("CPU clock");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Both are connected, have been busy, and have nothing to do now. */
static void report_idle(pid_t server)
{
	const struct timespec settle = { .tv_nsec = 20000000 };
	const struct timespec ts = { .tv_nsec = IDLE_NS };
	uint64_t used;

	nanosleep(&settle, NULL);
	used = cpu_of(server);
	nanosleep(&ts, NULL);
	used = cpu_of(server) - used;
	bench_report(0, "idle-cpu", (double)used / IDLE_NS * 100, "%");
}

static void report_time(struct crowd *k, uint64_t took)
{
	size_t n = k->done < SAMPLES ? k->done : SAMPLES;

	bench_sort(k->sample, n);
	bench_report(k->o->size[0], "messages",
		     (double)k->done * 1e9 / (double)took, "1/s");
	bench_report(k->o->size[0], "p50", bench_us(k->sample[n / 2]), "us");
	bench_report(k->o->size[0], "p99", bench_us(k->sample[n * 99 / 100]), "us");
}

/* What comes behind the name, in brackets, begins with the state. */
static int is_asleep(pid_t pid)
{
	char path[64], line[512] = "", *name_end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file))
		bench_die("%s", path);
	fclose(file);
	name_end = strrchr(line, ')');
	return name_end && name_end[1] && name_end[2] == 'S';
}

/* Nothing is under way, so that it looks for some more, and then sleeps. */
static void until_asleep(pid_t server)
{
	const struct timespec ts = { .tv_nsec = 1000000 };

	while (!is_asleep(server))
		nanosleep(&ts, NULL);
}

/*
 * What a message costs beside time: calls, at the server and at the client.
 * They are counted after what is timed, which counting would slow down.
 */
static void count_calls(struct crowd *k, pid_t server)
{
	static const char * const name[] = { "server-calls", "client-calls" };
	struct count count[2];
	uint64_t calls[2];

	until_asleep(server);
	count_open(&count[0], server);
	count_open(&count[1], getpid());
	keep_busy(k, bench_now() + k->o->ns / 2, 0);
	calls[1] = count_read(&count[1]);
	until_asleep(server);
	calls[0] = count_read(&count[0]);
	for (int i = 0; i < 2; i++) {
		if (count[i].cpus)
			bench_report(k->o->size[0], name[i],
				     (double)calls[i] / (double)k->done,
				     "1/message");
		count_close(&count[i]);
	}
}

void command_server(const struct options *o)
{
	uint64_t begin, took, all;
	struct crowd k;
	int listener;
	pid_t server;

	bench_more_files();
	server = echo_start(o->transport->family, o->edge, o->cpu[1], &listener);
	bench_pin(o->cpu[0]);
	crowd_open(&k, o, listener);
	keep_busy(&k, bench_now() + o->ns / 2,
		  (uint64_t)o->active * WARM_EACH);
	all = k.done;
	begin = bench_now();
	keep_busy(&k, begin + o->ns, 0);
	took = bench_now() - begin;
	report_time(&k, took);
	all += k.done;
	count_calls(&k, server);
	all += k.done;
	bench_report(o->size[0], "total", (double)all, "messages");
	check_way(&k, all);
	report_idle(server);
	crowd_close(&k);
	echo_end(server);
}
