// SPDX-License-Identifier: GPL-2.0
/* Addresses of hosts; see addr.h. */
#include "compat.h"

#include <linux/in.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "rdma/addr.h"

int sdr_rdma_addr_to(struct sockaddr_storage *to, const struct in6_addr *addr,
		     u16 port)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	struct sockaddr_in *four = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (ipv6_addr_v4mapped(addr)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		four->sin_addr.s_addr = addr->s6_addr32[3];
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	six->sin6_addr = *addr;
	return sizeof(*six);
}

int sdr_rdma_addr_any(struct sockaddr_storage *to, int family, u16 port)
{
	struct in6_addr any = in6addr_any;

	if (family == AF_INET)
		ipv6_addr_set_v4mapped(htonl(INADDR_ANY), &any);
	return sdr_rdma_addr_to(to, &any, port);
}

bool sdr_rdma_addr_from(struct in6_addr *addr,
			const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	switch (from->ss_family) {
	case AF_INET:
		ipv6_addr_set_v4mapped(four->sin_addr.s_addr, addr);
		return true;
	case AF_INET6:
		*addr = six->sin6_addr;
		return true;
	default:
		return false;
	}
}

bool sdr_rdma_addr_ok(const struct in6_addr *addr)
{
	return !(ipv6_addr_type(addr) & (IPV6_ADDR_LINKLOCAL |
					 IPV6_ADDR_MULTICAST));
}
