/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP connections, on the loopback device or where the environment says:
 * BENCH_ADDRESS is the server's address, BENCH_SERVER_NET and BENCH_CLIENT_NET
 * are files of network namespaces.
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

struct sdirect_info;

/* A listener on a free port; @family is AF_INET or AF_SDIRECT. */
int net_listen(int family, int backlog);

/* A connection to that listener. */
int net_connect(int family, int listener);
int net_accept(int listener);

/* No waiting for more bytes before a small packet is sent. */
void net_no_delay(int fd);

/* Return: 0 if the socket is no AF_SDIRECT socket. */
int net_info(int fd, struct sdirect_info *info);

#endif /* BENCH_NET_H */
