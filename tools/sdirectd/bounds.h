/* SPDX-License-Identifier: GPL-2.0-only */
/* Values in order, many of them, and where each has gone. */
#ifndef SDIRECTD_BOUNDS_H
#define SDIRECTD_BOUNDS_H

#include <stddef.h>
#include <stdint.h>

#include "wide.h"

/**
 * struct bound - where a range begins or ends
 * @value:	the first number that belongs to it, or the first that does not
 * @of:		whose bound it is: a number that the caller knows
 */
struct bound {
	wide_t value;
	uint32_t of;
};

/**
 * bounds_sort - puts bounds into ascending order of their values
 * @v:		the bounds
 * @spare:	room for as many
 * @n:		how many
 *
 * Takes time for each byte in which the values differ, not for each two that
 * would be compared.  Equal ones keep their order.
 */
void bounds_sort(struct bound *v, struct bound *spare, size_t n);

#endif /* SDIRECTD_BOUNDS_H */
