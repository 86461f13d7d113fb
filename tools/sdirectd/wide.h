/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that an IPv6 address fits into. */
#ifndef SDIRECTD_WIDE_H
#define SDIRECTD_WIDE_H

typedef unsigned __int128 wide_t;

#define WIDE_MAX	(~(wide_t)0)

#endif /* SDIRECTD_WIDE_H */
