/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon may do. */
#ifndef SDIRECTD_RIGHTS_H
#define SDIRECTD_RIGHTS_H

/**
 * rights_drop - keep CAP_NET_ADMIN alone
 * @user:	to become, or NULL to stay who we are
 *
 * Return: 0 or -errno.
 */
int rights_drop(const char *user);

#endif /* SDIRECTD_RIGHTS_H */
