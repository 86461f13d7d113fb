// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <stdio.h>

#include "print.h"
#include "value.h"

const char *print_addr(char *buf, wide_t addr)
{
	struct in_addr four = { htonl(addr) };
	struct in6_addr six;
	int i;

	if (addr >= VALUE_MAPPED_FIRST && addr <= VALUE_MAPPED_LAST)
		return inet_ntop(AF_INET, &four, buf, PRINT_END);
	for (i = sizeof(six.s6_addr); i-- > 0; addr >>= 8)
		six.s6_addr[i] = addr;
	return inet_ntop(AF_INET6, &six, buf, PRINT_END);
}

const char *print_end(char *buf, const struct end *end)
{
	char addr[PRINT_END] = "?", port[8] = "?";
	bool six;

	if (end->known & 1 << FIELD_ADDR)
		print_addr(addr, end->addr);
	if (end->known & 1 << FIELD_PORT)
		snprintf(port, sizeof(port), "%u", end->port);
	six = end->known & 1 << FIELD_ADDR &&
	      (end->addr < VALUE_MAPPED_FIRST || end->addr > VALUE_MAPPED_LAST);
	snprintf(buf, PRINT_END, "%s%.50s%s:%s", six ? "[" : "", addr,
		 six ? "]" : "", port);
	return buf;
}
