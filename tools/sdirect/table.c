// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

int table_add(struct table *table, const char *cell)
{
	size_t room = table->room ? table->room * 2 : 256;
	char **cells;

	if (table->n == table->room) {
		cells = reallocarray(table->cells, room, sizeof(*cells));
		if (!cells)
			return -ENOMEM;
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->n] = strdup(cell);
	if (!table->cells[table->n])
		return -ENOMEM;
	table->n++;
	return 0;
}

static int column_width(const struct table *table, unsigned int column)
{
	size_t i, len, width = 0;

	for (i = column; i < table->n; i += table->columns) {
		len = strlen(table->cells[i]);
		if (len > width)
			width = len;
	}
	return (int)width;
}

static void print_row(const struct table *table, const int *width,
		      char **cell, FILE *out)
{
	unsigned int i;

	for (i = 0; i < table->columns; i++) {
		if (i)
			fputs("  ", out);
		if (table->align[i] == 'r')
			fprintf(out, "%*s", width[i], cell[i]);
		else if (i + 1 < table->columns)
			fprintf(out, "%-*s", width[i], cell[i]);
		else
			fputs(cell[i], out);	/* no blanks at the end */
	}
	putc('\n', out);
}

void table_print(const struct table *table, FILE *out)
{
	int width[table->columns];
	unsigned int i;
	size_t row;

	for (i = 0; i < table->columns; i++)
		width[i] = column_width(table, i);
	for (row = 0; row + table->columns <= table->n; row += table->columns)
		print_row(table, width, &table->cells[row], out);
}

void table_free(struct table *table)
{
	while (table->n)
		free(table->cells[--table->n]);
	free(table->cells);
	table->cells = NULL;
	table->room = 0;
}
