// SPDX-License-Identifier: GPL-2.0-only
#include "count.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define SYS_ENTER	"/sys/kernel/tracing/events/raw_syscalls/sys_enter/id"

int count_calls(pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr),
		.disabled = 1,
	};
	FILE *file = fopen(SYS_ENTER, "re");
	unsigned long long id = 0;

	if (!file)
		return -1;
	if (fscanf(file, "%llu", &id) != 1)
		id = 0;
	fclose(file);
	attr.config = id;
	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

void count_start(int counter)
{
	if (counter >= 0 && (ioctl(counter, PERF_EVENT_IOC_RESET, 0) ||
			     ioctl(counter, PERF_EVENT_IOC_ENABLE, 0)))
		bench_die("perf");
}

uint64_t count_stop(int counter)
{
	uint64_t value = 0;

	if (counter >= 0 && (ioctl(counter, PERF_EVENT_IOC_DISABLE, 0) ||
			     read(counter, &value, sizeof(value)) !=
			     (ssize_t)sizeof(value)))
		bench_die("perf");
	return value;
}
