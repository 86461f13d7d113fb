// SPDX-License-Identifier: GPL-2.0-only
/* sdirect monitor */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "../sdirectd/link.h"
#include "../sdirectd/print.h"
#include "../sdirectd/query.h"
#include "command.h"
#include "genl.h"
#include "json.h"
#include "names.h"
#include "text.h"

static void json_end(struct json *json, const char *key, const struct end *end,
		     uint32_t pid)
{
	char buf[PRINT_END];

	json_open(json, key, '{');
	if (end->known & 1 << FIELD_ADDR)
		json_string(json, "address", print_addr(buf, end->addr));
	if (end->known & 1 << FIELD_PORT)
		json_uint(json, "port", end->port);
	if (end->known & 1 << FIELD_USER)
		json_uint(json, "uid", end->user);
	if (end->known & 1 << FIELD_GROUP)
		json_uint(json, "gid", end->group);
	if (pid)
		json_uint(json, "pid", pid);
	if (end->known & 1 << FIELD_NETNS)
		json_uint(json, "netns", end->netns);
	if (end->cgroup)
		json_string(json, "cgroup", end->cgroup);
	if (end->exe)
		json_string(json, "exe", end->exe);
	if (end->label)
		json_string(json, "label", end->label);
	json_close(json, '}');
}

static void print_json(const struct query *q, const struct timespec *now)
{
	/* A level deeper than the top, where all stays on one line. */
	struct json json = { .out = stdout, .depth = 1 };

	json_open(&json, NULL, '{');
	json_uint(&json, "time_ms",
		  now->tv_sec * 1000ull + now->tv_nsec / 1000000);
	json_string(&json, "verdict", name_of_verdict(q->verdict)->name);
	json_string(&json, "source", name_of_source(q->source)->name);
	if (q->number)
		json_uint(&json, "rule", q->number);
	json_uint(&json, "generation", q->generation);
	json_bool(&json, "changed", q->changed);
	json_string(&json, "carrier",
		    name_of_carrier(q->candidate.carrier)->name);
	if (q->device)
		json_string(&json, "device", q->device);
	json_end(&json, "from", &q->candidate.end[SIDE_FROM],
		 q->pid[SIDE_FROM]);
	json_end(&json, "to", &q->candidate.end[SIDE_TO], q->pid[SIDE_TO]);
	json_close(&json, '}');
	putchar('\n');
}

static void print_end_text(const struct end *end)
{
	char buf[PRINT_END], exe[256];

	fputs(print_end(buf, end), stdout);
	if (end->known & 1 << FIELD_USER)
		printf(" uid %" PRIu32, end->user);
	if (end->exe) {
		snprintf(exe, sizeof(exe), "%s", end->exe);
		printf(" %s", text_printable(exe));
	}
}

static void print_text(const struct query *q, const struct timespec *now)
{
	struct tm local;
	char when[16];

	localtime_r(&now->tv_sec, &local);
	strftime(when, sizeof(when), "%H:%M:%S", &local);
	printf("%s.%03ld %s by ", when, now->tv_nsec / 1000000,
	       name_of_verdict(q->verdict)->name);
	if (q->number)
		printf("rule %" PRIu32, q->number);
	else
		fputs("default", stdout);
	if (q->source > SDIRECT_SOURCE_RULE)
		printf(" (%s)", name_of_source(q->source)->text);
	fputs(q->changed ? ", changed: " : ": ", stdout);
	print_end_text(&q->candidate.end[SIDE_FROM]);
	fputs(" -> ", stdout);
	print_end_text(&q->candidate.end[SIDE_TO]);
	putchar('\n');
}

static void on_decision(void *data, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *gnlh = mnl_nlmsg_get_payload(nlh);
	const struct options *opt = data;
	struct timespec now;
	struct query query;

	if (gnlh->cmd != SDIRECT_CMD_POLICY_DECISION || query_parse(nlh, &query))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	if (opt->json)
		print_json(&query, &now);
	else
		print_text(&query, &now);
}

/* Until somebody ends it, or does not listen any more. */
static int watch(struct link *link)
{
	struct pollfd polls[] = { { link_fd(link), POLLIN, 0 },
				  { fileno(stdout), 0, 0 } };
	int err = 0;

	while (!err && !ferror(stdout)) {
		if (poll(polls, 2, -1) < 0)
			return errno == EINTR ? 0 : -errno;
		if (polls[1].revents & POLLERR)
			return 0;
		err = link_read(link);
		fflush(stdout);
	}
	return err;
}

int cmd_monitor(const struct options *opt)
{
	struct link link = {
		.news = on_decision, .data = (void *)opt,
		.wanted = SDIRECT_GENL_GROUP_DECISIONS,
	};
	int err;

	err = link_open(&link);
	if (!err)
		err = link_join(&link);
	if (!err) {
		fputs("sdirect: watching\n", stderr);
		err = watch(&link);
	}
	link_close(&link);
	return err ? genl_complain(err) : EXIT_OK;
}
