/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of text in columns as wide as they need to be. */
#ifndef SDIRECT_TABLE_H
#define SDIRECT_TABLE_H

#include <stddef.h>
#include <stdio.h>

/**
 * struct table - cells, row by row; zero all but @columns and @align to begin
 * @columns:	cells in a row
 * @align:	one letter for each column: l or r
 * @cells:	what has been added
 * @n:		how many
 * @room:	how many fit
 */
struct table {
	unsigned int columns;
	const char *align;
	char **cells;
	size_t n;
	size_t room;
};

/* table_add() appends a copy of a cell.  Return: 0 or -ENOMEM. */
int table_add(struct table *table, const char *cell);
void table_print(const struct table *table, FILE *out);
void table_free(struct table *table);

#endif /* SDIRECT_TABLE_H */
