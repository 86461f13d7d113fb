/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, names and addresses as people read them. */
#ifndef SDIRECT_TEXT_H
#define SDIRECT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_BYTES	24	/* room that text_bytes() needs */
#define TEXT_ADDR	48	/* room that text_addr() needs */
#define TEXT_END	80	/* room that text_end() needs */

/**
 * text_bytes - a count of bytes
 * @buf:	TEXT_BYTES
 * @n:		the count
 * @full:	every digit; else at most four characters and a unit of 1024
 *
 * Rounds down, so that nothing looks like more than it is.  Return: @buf.
 */
const char *text_bytes(char *buf, uint64_t n, bool full);

/* text_addr() writes an address of @family alone. */
const char *text_addr(char *buf, uint16_t family, const void *addr);

/* text_end() writes address, interface (if not 0) and port (network order). */
const char *text_end(char *buf, uint16_t family, const void *addr,
		     uint16_t port, uint32_t ifindex);

/* text_printable() replaces what could upset a terminal, in place. */
char *text_printable(char *s);

#endif /* SDIRECT_TEXT_H */
