/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * libsdirect - read and write AF_SDIRECT sockets without a system call.
 *
 * The calls below work on any stream socket.  What the fast path cannot do at
 * once (no ring, ring empty or full, unusual flags) becomes the system call of
 * the same name, and its result is returned as it is.  All calls return -1 and
 * set errno on failure, and leave errno alone on success.  All of them may be
 * called from any thread, and from a signal handler.
 *
 * A descriptor that the library knows must not be closed or replaced behind
 * its back: call sdirect_detach() before close(2), dup2(2) onto it and the
 * like.  The preload shim does this for whole programs.
 */
#ifndef SDIRECT_H
#define SDIRECT_H

#include <linux/sdirect.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * sdirect_socket - open a stream socket, direct if it can be
 * @family:	AF_INET or AF_INET6
 * @flags:	0 or SOCK_NONBLOCK, SOCK_CLOEXEC
 *
 * Where AF_SDIRECT is missing or not allowed, this is an ordinary TCP socket.
 * Addresses are struct sockaddr_in and sockaddr_in6 in both cases.  The
 * library attaches by itself once the connection has proved to be busy.
 *
 * Return: a descriptor, or -1.
 */
int sdirect_socket(int family, int flags);

/**
 * sdirect_attach - map the rings of a connection now
 * @fd:		a connected AF_SDIRECT socket
 *
 * It is never wrong not to call this, or to ignore its failure.  EAGAIN: there
 * is nothing to map yet, the library tries again after some more traffic.
 * EOPNOTSUPP, EPROTO, ENOTTY: this socket stays on system calls.
 *
 * Return: 0, or -1.
 */
int sdirect_attach(int fd);

/**
 * sdirect_detach - forget a descriptor
 * @fd:		the descriptor
 *
 * From now on it is served by system calls.  Bytes that are in the rings stay
 * there and are not lost.
 *
 * Return: 0.
 */
int sdirect_detach(int fd);

/**
 * sdirect_send - send(2)
 * @fd:		a stream socket
 * @buf:	what to send
 * @len:	number of bytes
 * @flags:	as for send(2)
 *
 * Return: as send(2).
 */
ssize_t sdirect_send(int fd, const void *buf, size_t len, int flags);

/**
 * sdirect_recv - recv(2)
 * @fd:		a stream socket
 * @buf:	where to
 * @len:	number of bytes
 * @flags:	as for recv(2)
 *
 * Return: as recv(2).
 */
ssize_t sdirect_recv(int fd, void *buf, size_t len, int flags);

/**
 * sdirect_reserve - room in the send ring, to be filled in place
 * @fd:		an attached socket
 * @len:	(in) the least number of bytes that is of use; (out) the room
 *
 * The calling thread must call sdirect_commit() soon and send nothing else on
 * this socket in between.  EAGAIN: not enough room; EOPNOTSUPP: no ring now.
 * In both cases use sdirect_send(), which always works.
 *
 * Return: where to write, or NULL.
 */
void *sdirect_reserve(int fd, size_t *len);

/**
 * sdirect_commit - send what was written after sdirect_reserve()
 * @fd:		the socket
 * @len:	number of bytes, at most the room; 0 sends nothing
 *
 * ESTALE: somebody else used the socket meanwhile and took the ring away;
 * nothing was sent, and what was written there is lost: write it again.
 *
 * Return: 0, or -1.
 */
int sdirect_commit(int fd, size_t len);

/**
 * sdirect_peek - unread bytes, in place
 * @fd:		an attached socket
 * @len:	(out) how many there are
 *
 * The calling thread must call sdirect_consume() soon and read nothing else
 * from this socket in between.  EAGAIN: no byte now; EOPNOTSUPP: no ring now.
 * In both cases use sdirect_recv(), or poll(2) first.
 *
 * Return: the bytes, or NULL.
 */
const void *sdirect_peek(int fd, size_t *len);

/**
 * sdirect_consume - take bytes seen by sdirect_peek() off the stream
 * @fd:		the socket
 * @len:	number of bytes, at most what was there; 0 takes nothing
 *
 * ESTALE: somebody else used the socket meanwhile; nothing was taken, and who
 * reads next, reads from where the stream then is.
 *
 * Return: 0, or -1.
 */
int sdirect_consume(int fd, size_t len);

/**
 * sdirect_version - SDIRECT_VERSION of the library
 */
const char *sdirect_version(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SDIRECT_H */
