// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stddef.h>

#include "json.h"

/*
 * Length of the UTF-8 character at @s, or 0 if there is none: names of
 * processes are any bytes, JSON is UTF-8.
 */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t min;
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	uint32_t code;
	size_t i, len;

	for (len = 1; len <= 4; len++)
		if ((s[0] & forms[len - 1].mask) == forms[len - 1].lead)
			break;
	if (len > 4)
		return 0;
	code = s[0] & ~forms[len - 1].mask;
	for (i = 1; i < len; i++) {
		/* The end of the string is not a continuation either. */
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < forms[len - 1].min || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

static void quote(FILE *out, const char *string)
{
	const unsigned char *s = (const unsigned char *)string;
	size_t len;

	putc('"', out);
	for (; *s; s += len) {
		len = utf8_length(s);
		if (!len) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s);
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out, "\\u%04x", *s);
		} else {
			fwrite(s, 1, len, out);
		}
	}
	putc('"', out);
}

/* What comes before a value: a comma, a line break between rows, the key. */
static void lead(struct json *json, const char *key)
{
	if (json->more)
		fputs(json->depth == 1 ? ",\n" : ", ", json->out);
	json->more = true;
	if (key) {
		quote(json->out, key);
		fputs(": ", json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	lead(json, key);
	putc(bracket, json->out);
	json->more = false;
	json->depth++;
}

void json_close(struct json *json, char bracket)
{
	putc(bracket, json->out);
	json->more = true;
	if (!--json->depth)
		putc('\n', json->out);
}

void json_string(struct json *json, const char *key, const char *value)
{
	lead(json, key);
	quote(json->out, value);
}

void json_uint(struct json *json, const char *key, uint64_t value)
{
	lead(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	lead(json, key);
	fputs(value ? "true" : "false", json->out);
}
