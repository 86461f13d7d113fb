/* SPDX-License-Identifier: GPL-2.0-only */
/* Ends of connections as people read them. */
#ifndef SDIRECTD_PRINT_H
#define SDIRECTD_PRINT_H

#include "policy.h"

#define PRINT_END	80	/* bytes of an address with a port */

/* print_addr() - an address, as inet_ntop(3) does; @buf of PRINT_END. */
const char *print_addr(char *buf, wide_t addr);

/* print_end() - address and port, "?" for what is not known. */
const char *print_end(char *buf, const struct end *end);

#endif /* SDIRECTD_PRINT_H */
