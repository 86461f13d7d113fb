// SPDX-License-Identifier: GPL-2.0-only
/*
 * What connections cost in memory: everything that the kernel and the programs
 * have more, but for the page cache.
 *
 * Two things make this exact enough for a few hundred connections: free pages
 * that a CPU keeps for itself are free, and of a slab those objects count that
 * are in use, wherever a free one may have been left before.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "echo.h"
#include "net.h"

#define ACTIVE_EACH	32	/* round trips, after which one is active */
#define LINE		256

/* Calls @each for each line of a file. */
static int each_line(const char *path, double *sum,
		     void (*each)(const char *line, double *sum))
{
	FILE *file = fopen(path, "re");
	char line[LINE];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		each(line, sum);
	fclose(file);
	return 1;
}

/* In use, but for slabs and the page cache. */
static void of_meminfo(const char *line, double *sum)
{
	char name[32];
	long kb;

	if (sscanf(line, "%31s %ld kB", name, &kb) != 2)
		return;
	if (!strcmp(name, "MemTotal:"))
		*sum += (double)kb * 1024;
	else if (!strcmp(name, "MemFree:") || !strcmp(name, "Buffers:") ||
		 !strcmp(name, "Cached:") || !strcmp(name, "Slab:"))
		*sum -= (double)kb * 1024;
}

static void of_slab_total(const char *line, double *sum)
{
	long kb;

	if (sscanf(line, "Slab: %ld kB", &kb) == 1)
		*sum += (double)kb * 1024;
}

static void of_slabinfo(const char *line, double *sum)
{
	unsigned long active, all, size;

	if (sscanf(line, "%*s %lu %lu %lu", &active, &all, &size) == 3)
		*sum += (double)active * (double)size;
}

/* "count:" is what a CPU keeps, as "high:" and "batch:" behind it say how. */
static void of_zoneinfo(const char *line, double *sum)
{
	unsigned long pages;

	if (sscanf(line, " count: %lu", &pages) == 1)
		*sum -= (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double used_bytes(void)
{
	double sum = 0;

	if (!each_line("/proc/meminfo", &sum, of_meminfo))
		bench_die("/proc/meminfo");
	/* Only root may see it; whole slabs are better than nothing. */
	if (!each_line("/proc/slabinfo", &sum, of_slabinfo))
		each_line("/proc/meminfo", &sum, of_slab_total);
	each_line("/proc/zoneinfo", &sum, of_zoneinfo);
	return sum;
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
