/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's versions and counters. */
#ifndef SDIRECT_COUNTERS_H
#define SDIRECT_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

struct nlattr;
struct nlmsghdr;

struct counter {
	char name[64];
	uint64_t value;
};

struct counters {
	char version[32];
	uint32_t abi_version;
	struct counter *v;
	size_t n;
};

/* Appends the counter that a nest tells of.  Return: an mnl callback's. */
int counters_add(const struct nlattr *nest, struct counters *stat);

/* Reads the reply to SDIRECT_CMD_STAT_GET.  Return: 0 or -errno. */
int counters_parse(const struct nlmsghdr *nlh, struct counters *stat);

/* counters_reply() is an mnl callback that fills the struct at @data. */
int counters_reply(const struct nlmsghdr *nlh, void *data);
void counters_free(struct counters *stat);

#endif /* SDIRECT_COUNTERS_H */
