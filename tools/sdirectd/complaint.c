// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "complaint.h"

static struct complaint *complaint_new(struct complaints *to)
{
	size_t room = to->room ? to->room * 2 : 8;
	struct complaint *v;

	if (to->n == to->room) {
		v = reallocarray(to->v, room, sizeof(*v));
		if (!v)
			return NULL;
		to->v = v;
		to->room = room;
	}
	return &to->v[to->n];
}

void complain(struct complaints *to, bool warning, const char *file,
	      uint32_t line, uint32_t column, const char *format, ...)
{
	struct complaint *v = complaint_new(to);
	char *text = NULL, *copy;
	va_list args;

	to->errors += !warning;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	copy = strdup(file);
	if (!v || !text || !copy) {
		to->lost = true;
		free(text);
		free(copy);
		return;
	}
	v->file = copy;
	v->line = line;
	v->column = column;
	v->warning = warning;
	v->text = text;
	to->n++;
}

/* What was quoted from a file must not reach a terminal as it is. */
static void print_safe(const char *text, FILE *out)
{
	for (; *text; text++)
		putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text,
		     out);
}

void complaints_print(const struct complaints *complaints, FILE *out)
{
	const struct complaint *c;
	size_t i;

	for (i = 0; i < complaints->n; i++) {
		c = &complaints->v[i];
		print_safe(c->file, out);
		if (c->line)
			fprintf(out, ":%" PRIu32 ":%" PRIu32, c->line,
				c->column);
		fputs(c->warning ? ": warning: " : ": ", out);
		print_safe(c->text, out);
		putc('\n', out);
	}
	if (complaints->lost)
		fputs("out of memory\n", out);
}

void complaints_free(struct complaints *complaints)
{
	while (complaints->n) {
		complaints->n--;
		free(complaints->v[complaints->n].file);
		free(complaints->v[complaints->n].text);
	}
	free(complaints->v);
	memset(complaints, 0, sizeof(*complaints));
}
