/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing JSON. */
#ifndef SDIRECT_JSON_H
#define SDIRECT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - a document being written; zero all but @out to begin
 * @out:	where to
 * @more:	something precedes on this level
 * @depth:	objects and arrays that are open
 */
struct json {
	FILE *out;
	bool more;
	unsigned int depth;
};

/*
 * Each writes one value; @key is NULL in arrays and at the top.  The end of the
 * outermost object or array ends the line.
 */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *value);
void json_uint(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);

#endif /* SDIRECT_JSON_H */
