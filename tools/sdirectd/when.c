// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "when.h"

#define TEXT_MAX	16	/* of a date with a time */

bool when_holds(const struct when *when, time_t now, const struct tm *local)
{
	int minute = local->tm_hour * 60 + local->tm_min;

	if (!when)
		return true;
	if ((when->since && now < when->since) ||
	    (when->until && now >= when->until))
		return false;
	if (when->days && !(when->days & 1 << local->tm_wday))
		return false;
	if (!when->hours)
		return true;
	if (when->begin < when->end)
		return minute >= when->begin && minute < when->end;
	return minute >= when->begin || minute < when->end;
}

/* Reads a form such as "99:99" digit by digit; numbers go to @value. */
static bool digits(const char *text, size_t len, const char *form, int *value)
{
	size_t i;

	if (len != strlen(form))
		return false;
	for (*value = 0, i = 0; i < len; i++) {
		if (form[i] == '9' ? !isdigit((unsigned char)text[i]) :
		    text[i] != form[i])
			return false;
		if (form[i] == '9')
			*value = *value * 10 + text[i] - '0';
		else
			*++value = 0;
	}
	return true;
}

bool when_hours(struct when *when, const char *text, size_t len)
{
	int v[4];

	if (!digits(text, len, "99:99-99:99", v) || v[1] > 59 || v[3] > 59)
		return false;
	when->begin = v[0] * 60 + v[1];
	when->end = v[2] * 60 + v[3];
	when->hours = true;
	return when->begin < WHEN_DAY && when->end <= WHEN_DAY &&
	       when->begin != when->end;
}

static int day_number(const char *text, size_t len)
{
	static const char names[] = "sunmontuewedthufrisat";
	int i;

	for (i = 0; i < 7 && len == 3; i++)
		if (!memcmp(text, names + 3 * i, 3))
			return i;
	return -1;
}

bool when_days(struct when *when, const char *text, size_t len)
{
	const char *dash = memchr(text, '-', len);
	int first, last;

	first = day_number(text, dash ? (size_t)(dash - text) : len);
	last = dash ? day_number(dash + 1, text + len - dash - 1) : first;
	if (first < 0 || last < 0)
		return false;
	for (; first != last; first = (first + 1) % 7)
		when->days |= 1 << first;
	when->days |= 1 << last;
	return true;
}

bool when_date(const char *text, size_t len, bool behind, int64_t *time)
{
	bool day = len < TEXT_MAX;
	struct tm tm = { .tm_isdst = -1 }, read;
	int v[5] = { 0 };

	if (!digits(text, len, day ? "9999-99-99" : "9999-99-99T99:99", v))
		return false;
	tm.tm_year = v[0] - 1900;
	tm.tm_mon = v[1] - 1;
	tm.tm_mday = v[2];
	tm.tm_hour = v[3];
	tm.tm_min = v[4];
	read = tm;
	*time = mktime(&tm);
	/* What is no date, such as the 30th of February, becomes another one. */
	if (v[0] < 1971 || v[3] > 23 || v[4] > 59 ||
	    tm.tm_mon != read.tm_mon || tm.tm_mday != read.tm_mday)
		return false;
	if (day && behind) {
		read.tm_mday++;
		*time = mktime(&read);
	}
	return true;
}
