// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>

#include "text.h"

const char *text_bytes(char *buf, uint64_t n, bool full)
{
	static const char units[] = "KMGTPE";
	unsigned int unit = 0;
	uint64_t size = 1024;

	if (full || n < 1024) {
		snprintf(buf, TEXT_BYTES, "%" PRIu64, n);
		return buf;
	}
	while (units[unit + 1] && n / 1024 >= size) {
		size *= 1024;
		unit++;
	}
	if (n / size < 10)
		snprintf(buf, TEXT_BYTES, "%" PRIu64 ".%" PRIu64 "%c",
			 n / size, n % size / (size / 1024) * 10 / 1024,
			 units[unit]);
	else
		snprintf(buf, TEXT_BYTES, "%" PRIu64 "%c", n / size,
			 units[unit]);
	return buf;
}

const char *text_addr(char *buf, uint16_t family, const void *addr)
{
	if (!inet_ntop(family, addr, buf, TEXT_ADDR))
		snprintf(buf, TEXT_ADDR, "?");
	return buf;
}

const char *text_end(char *buf, uint16_t family, const void *addr,
		     uint16_t port, uint32_t ifindex)
{
	char name[IF_NAMESIZE], dev[IF_NAMESIZE + 1] = "";
	bool six = family == AF_INET6;
	char host[TEXT_ADDR], num[8];

	text_addr(host, family, addr);
	if (ifindex && if_indextoname(ifindex, name))
		snprintf(dev, sizeof(dev), "%%%s", name);
	else if (ifindex)
		snprintf(dev, sizeof(dev), "%%%" PRIu32, ifindex);
	snprintf(num, sizeof(num), "%u", ntohs(port));
	snprintf(buf, TEXT_END, "%s%s%s%s:%s", six ? "[" : "", host, dev,
		 six ? "]" : "", port ? num : "*");
	return buf;
}

char *text_printable(char *s)
{
	char *at;

	for (at = s; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return s;
}
