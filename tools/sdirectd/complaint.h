/* SPDX-License-Identifier: GPL-2.0-only */
/* What is wrong with a policy, and where. */
#ifndef SDIRECTD_COMPLAINT_H
#define SDIRECTD_COMPLAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct complaint - something that is wrong
 * @file:	where
 * @line:	from 1; 0: the file as a whole
 * @column:	from 1
 * @warning:	the policy can be used all the same
 * @text:	what
 */
struct complaint {
	char *file;
	uint32_t line;
	uint32_t column;
	bool warning;
	char *text;
};

/**
 * struct complaints - all of them, in the order of the text; zero to begin
 * @v:		they
 * @n:		how many
 * @room:	how many fit
 * @errors:	how many are no warnings
 * @lost:	there was no memory to keep one
 */
struct complaints {
	struct complaint *v;
	size_t n;
	size_t room;
	size_t errors;
	bool lost;
};

void complain(struct complaints *to, bool warning, const char *file,
	      uint32_t line, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
void complaints_print(const struct complaints *complaints, FILE *out);
void complaints_free(struct complaints *complaints);

#endif /* SDIRECTD_COMPLAINT_H */
