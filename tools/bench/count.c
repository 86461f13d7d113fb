// SPDX-License-Identifier: GPL-2.0-only
#include "count.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define SYS_ENTER	"/sys/kernel/tracing/events/raw_syscalls/sys_enter/id"

/* The number of the tracepoint; 0: there is none. */
static uint64_t tracepoint(void)
{
	FILE *file = fopen(SYS_ENTER, "re");
	unsigned long long id = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%llu", &id) != 1)
		id = 0;
	fclose(file);
	return id;
}

/* One CPU's, of the calls of @pid alone; -1: it cannot be had. */
static int counter(uint64_t id, int cpu, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr),
		.config = id, .disabled = 1,
	};
	char filter[64];
	int fd;

	fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
			  PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -1;
	snprintf(filter, sizeof(filter), "common_pid == %d", (int)pid);
	if (!ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter) &&
	    !ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return fd;
	close(fd);
	return -1;
}

void count_open(struct count *c, pid_t pid)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t id = tracepoint();

	c->cpus = 0;
	if (!id || cpus > COUNT_CPUS)
		return;
	for (int cpu = 0; cpu < cpus; cpu++) {
		c->fd[cpu] = counter(id, cpu, pid);
		if (c->fd[cpu] < 0) {
			count_close(c);
			return;
		}
		c->cpus++;
	}
}

uint64_t count_read(const struct count *c)
{
	uint64_t sum = 0, value = 0;

	for (int cpu = 0; cpu < c->cpus; cpu++) {
		if (read(c->fd[cpu], &value, sizeof(value)) !=
		    (ssize_t)sizeof(value))
			bench_die("perf");
		sum += value;
	}
	return sum;
}

void count_close(struct count *c)
{
	while (c->cpus)
		close(c->fd[--c->cpus]);
}
