/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of hosts: IPv6, IPv4 as ::ffff:a.b.c.d. */
#ifndef _SDR_RDMA_ADDR_H
#define _SDR_RDMA_ADDR_H

#include <linux/in6.h>
#include <linux/socket.h>
#include <linux/types.h>

/**
 * sdr_rdma_addr_to - an address as its family wants it
 * @to:		(out)
 * @addr:	the address
 * @port:	host byte order
 *
 * Return: bytes of @to that are used.
 */
int sdr_rdma_addr_to(struct sockaddr_storage *to, const struct in6_addr *addr,
		     u16 port);

/* Likewise any address of AF_INET or AF_INET6. */
int sdr_rdma_addr_any(struct sockaddr_storage *to, int family, u16 port);

/* sdr_rdma_addr_from() reads one of either family; false: of another. */
bool sdr_rdma_addr_from(struct in6_addr *addr,
			const struct sockaddr_storage *from);

/* Can a host be called so?  Link-local ones name nobody without an interface. */
bool sdr_rdma_addr_ok(const struct in6_addr *addr);

#endif /* _SDR_RDMA_ADDR_H */
