/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * Sockets that were made TCP's because the program opens so many in vain
 * (lib/storm.h), though nobody could know whether they will connect or listen.
 * One that listens, or is bound to a port of the program's choice, is replaced
 * by one of AF_SDIRECT while it is as new: nothing but its flags and a few
 * options can have changed, and they are carried over.  Clients say
 * SO_REUSEADDR too, or bind to any port; that is no sign of a listener.
 *
 * The other socket is made by the thread that binds or listens.  If by now that
 * is in another network namespace, or has another user id, than the socket has,
 * or the kernel does not tell (namespaces since Linux 5.14), it stays TCP's.
 * The control group and the context of a security module are not compared: they
 * are those of the thread at that time, not when it called socket(2).
 *
 * Who shares it with another process before that, which then uses its own
 * descriptor as the listener, has two sockets; a listener is bound before it is
 * shared.
 */
#ifndef SPARED_H
#define SPARED_H

#include <sys/socket.h>

/* Before listen(2). */
void shim_spared_listens(int fd);
/* Before bind(2): to no port of its choice, it stays TCP's. */
void shim_spared_binds(int fd, const struct sockaddr *addr, socklen_t len);
/* Before setsockopt(2): it stays TCP's unless that option is carried over. */
void shim_spared_option(int fd, int level, int name);
/* Something is done to it that would not be carried over: it stays TCP's. */
void shim_spared_keep(int fd);

#endif /* SPARED_H */
