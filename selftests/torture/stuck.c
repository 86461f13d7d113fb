// SPDX-License-Identifier: GPL-2.0-only
/* Shows what a group of processes waits for. */
#include "stuck.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void show_file(const char *dir, const char *name)
{
	char path[400], text[2000];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	printf("#   %s: %s%s", name, text, n && text[n - 1] == '\n' ? "" : "\n");
	fclose(f);
}

static void show_threads(const char *pid)
{
	char dir[100], task[380];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%s/task", pid);
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		printf("# thread %s of %s\n", e->d_name, pid);
		snprintf(task, sizeof(task), "%s/%s", dir, e->d_name);
		show_file(task, "stat");
		show_file(task, "syscall");
		show_file(task, "stack");
	}
	if (d)
		closedir(d);
}

void stuck_show(pid_t group)
{
	struct dirent *e;
	DIR *d = opendir("/proc");
	pid_t pid;

	while (d && (e = readdir(d))) {
		pid = atoi(e->d_name);
		if (pid > 0 && getpgid(pid) == group)
			show_threads(e->d_name);
	}
	if (d)
		closedir(d);
	fflush(stdout);
}
