/* SPDX-License-Identifier: GPL-2.0-only */
/* When a rule holds. */
#ifndef SDIRECTD_WHEN_H
#define SDIRECTD_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define WHEN_DAY	(24 * 60)

/**
 * struct when - in local time
 * @hours:	there are hours
 * @begin:	minute of the day with which they begin
 * @end:	minute with which they end, up to WHEN_DAY; not above @begin: they
 *		go on over midnight
 * @days:	bits 1 << tm_wday; 0: every day
 * @since:	first second; 0: no such
 * @until:	first second in which it holds no more; 0: no such
 */
struct when {
	bool hours;
	uint16_t begin;
	uint16_t end;
	uint8_t days;
	int64_t since;
	int64_t until;
};

/**
 * when_holds - does it hold?
 * @when:	or NULL, which always does
 * @now:	the time
 * @local:	the same as local time
 */
bool when_holds(const struct when *when, time_t now, const struct tm *local);

/* These read @len characters.  Return: false if they make no sense. */
bool when_hours(struct when *when, const char *text, size_t len);
/* One day or a range of days, which are added. */
bool when_days(struct when *when, const char *text, size_t len);
/* YYYY-MM-DD[THH:MM]; @behind: a day alone is that day's end. */
bool when_date(const char *text, size_t len, bool behind, int64_t *time);

#endif /* SDIRECTD_WHEN_H */
