/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of what the module says in numbers. */
#ifndef SDIRECT_NAMES_H
#define SDIRECT_NAMES_H

/**
 * struct name - a number's name
 * @name:	short, for JSON and columns
 * @text:	for people, or NULL
 */
struct name {
	const char *name;
	const char *text;
};

/* Each knows what to say of numbers that a newer module may use. */
const struct name *name_of_carrier(unsigned int carrier);
const struct name *name_of_reason(unsigned int reason);
const struct name *name_of_state(unsigned int state);
const struct name *name_of_verdict(unsigned int verdict);
const struct name *name_of_source(unsigned int source);

#endif /* SDIRECT_NAMES_H */
