/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Opening sockets of the family, or TCP's where it is not to be had. */
#ifndef SDI_FAMILY_H
#define SDI_FAMILY_H

/**
 * sdi_socket - socket(2) for TCP, on AF_SDIRECT if that works
 * @family:	AF_INET or AF_INET6
 * @type:	SOCK_STREAM with flags
 * @protocol:	0 or IPPROTO_TCP
 *
 * Return: a descriptor that is noted as a candidate if it may become direct,
 * or -errno.
 */
int sdi_socket(int family, int type, int protocol);

/**
 * sdi_socket_try - the same for a program that did not ask for the family
 * @family:	as for sdi_socket()
 * @type:	the same
 * @protocol:	the same
 *
 * If too many of its connections were of no use (storm.h) this is TCP's; then it
 * is SDI_SPARED, as it may be going to listen.  Otherwise it is SDI_TRIED.
 *
 * Return: as sdi_socket().
 */
int sdi_socket_try(int family, int type, int protocol);

/* sdi_fd_drop() before close(2): what was never mapped was tried in vain. */
void sdi_fd_close(int fd);

#endif /* SDI_FAMILY_H */
