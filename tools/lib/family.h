/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Opening sockets of the family, or TCP's where it is not to be had. */
#ifndef SDI_FAMILY_H
#define SDI_FAMILY_H

#include "shared.h"

/**
 * sdi_socket - socket(2) for TCP, on AF_SDIRECT if that works
 * @family:	AF_INET or AF_INET6
 * @type:	SOCK_STREAM with flags
 * @protocol:	0 or IPPROTO_TCP
 *
 * Return: a descriptor that is noted as a candidate if it may become direct,
 * or -errno.
 */
SDI_SHARED int sdi_socket(int family, int type, int protocol);

#endif /* SDI_FAMILY_H */
