// SPDX-License-Identifier: GPL-2.0-only
/* What connections cost: in time to set them up, and in memory to keep them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "echo.h"
#include "net.h"

#define SAMPLES		(1u << 16)
#define WARM		20	/* connections before the first that counts */
#define ACTIVE_EACH	32	/* round trips, after which one is active */

/* One after the other: connect, one request, one answer, close. */
static uint64_t churn(const struct options *o, int listener, uint64_t until,
		      uint64_t least, uint32_t *sample)
{
	uint64_t n = 0, began;
	int fd;

	while (n < least || (bench_now() < until && n < SAMPLES)) {
		began = bench_now();
		fd = net_connect(o->transport->family, listener);
		net_exchange(fd, n);
		sample[n++] = (uint32_t)(bench_now() - began);
		close(fd);
	}
	return n;
}

void command_connect(const struct options *o)
{
	uint32_t *sample = bench_shared(SAMPLES * sizeof(*sample));
	uint64_t begin, took, n;
	int listener, keep;
	pid_t server;

	server = echo_start(o->transport->family, 0, o->cpu[1], &listener);
	bench_pin(o->cpu[0]);
	keep = net_connect(o->transport->family, listener);
	net_exchange(keep, 1);
	churn(o, listener, 0, WARM, sample);
	begin = bench_now();
	n = churn(o, listener, begin + o->ns, 1, sample);
	took = bench_now() - begin;
	bench_sort(sample, n);
	bench_report(8, "connections", (double)n * 1e9 / (double)took, "1/s");
	bench_report(8, "first-byte", bench_us(sample[n / 2]), "us");
	close(keep);
	echo_end(server);
}

/* Memory in use, but for the page cache; kB as the kernel counts it. */
static double used_bytes(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	double total = 0;
	char name[32];
	long value;

	if (!file)
		bench_die("/proc/meminfo");
	while (fscanf(file, "%31s %ld kB\n", name, &value) == 2) {
		if (!strcmp(name, "MemTotal:"))
			total += (double)value;
		else if (!strcmp(name, "MemFree:") ||
			 !strcmp(name, "Buffers:") || !strcmp(name, "Cached:"))
			total -= (double)value;
	}
	fclose(file);
	return total * 1024;
}

void command_memory(const struct options *o)
{
	int *fd = bench_shared((size_t)o->clients * sizeof(*fd));
	double empty, idle;
	int listener, keep;
	pid_t server;

	bench_more_files();
	server = echo_start(o->transport->family, 0, o->cpu[1], &listener);
	keep = net_connect(o->transport->family, listener);
	for (int i = 0; i < ACTIVE_EACH; i++)
		net_exchange(keep, 1);
	empty = used_bytes();
	for (int i = 0; i < o->clients; i++)
		fd[i] = net_connect(o->transport->family, listener);
	/* The server has accepted all when the last one is answered. */
	net_exchange(fd[o->clients - 1], 1);
	idle = used_bytes();
	for (uint64_t j = 0; j < ACTIVE_EACH; j++) {
		for (int i = 0; i < o->clients; i++)
			net_ask(fd[i], j);
		for (int i = 0; i < o->clients; i++)
			net_answered(fd[i], j);
	}
	bench_report(0, "idle-memory", (idle - empty) / o->clients, "B");
	bench_report(0, "active-memory", (used_bytes() - empty) / o->clients,
		     "B");
	for (int i = 0; i < o->clients; i++)
		close(fd[i]);
	close(keep);
	echo_end(server);
}
