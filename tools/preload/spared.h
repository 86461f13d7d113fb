/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * Sockets that were made TCP's because the program opens so many in vain
 * (lib/storm.h), though nobody could know whether they will connect or listen.
 * One that is about to listen is replaced by one of AF_SDIRECT while it is as
 * new: nothing but its flags can have changed, and they are carried over.
 *
 * Who shares it with another process before that, which then uses its own
 * descriptor as the listener, has two sockets; a listener is bound before it is
 * shared.
 */
#ifndef SPARED_H
#define SPARED_H

/* It is bound, or what else only those do that will listen. */
void shim_spared_listens(int fd);
/* Something is done to it that would not be carried over: it stays TCP's. */
void shim_spared_keep(int fd);

#endif /* SPARED_H */
