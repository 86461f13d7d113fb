/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP connections, on the loopback device or where the environment says:
 * BENCH_ADDRESS is the server's address, BENCH_SERVER_NET and BENCH_CLIENT_NET
 * are files of network namespaces.
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <stdint.h>

struct sdirect_info;

/* A listener on a free port or name; AF_INET, AF_SDIRECT or AF_UNIX. */
int net_listen(int family, int backlog);

/* A connection to that listener, with TCP_NODELAY. */
int net_connect(int family, int listener);
/* With flags of accept4(). */
int net_accept(int listener, int flags);

/* Whether a small packet may wait for more bytes. */
void net_delay(int fd, int may);

/* 8 bytes to a server that sends them back; the answer is checked. */
void net_ask(int fd, uint64_t number);
void net_answered(int fd, uint64_t number);
/* Both. */
void net_exchange(int fd, uint64_t number);

/* Return: 0 if the socket is no AF_SDIRECT socket. */
int net_info(int fd, struct sdirect_info *info);

#endif /* BENCH_NET_H */
