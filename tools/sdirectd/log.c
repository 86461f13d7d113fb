// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log.h"
#include "print.h"

static bool journal(void)
{
	return getenv("JOURNAL_STREAM");
}

void log_line(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (journal()) {
		sd_journal_printv(priority, format, args);
	} else {
		fputs("sdirectd: ", stderr);
		vfprintf(stderr, format, args);
		putc('\n', stderr);
	}
	va_end(args);
}

void log_complaints(const struct complaints *complaints)
{
	const struct complaint *c;
	size_t i;

	if (!journal())
		return complaints_print(complaints, stderr);
	for (i = 0; i < complaints->n; i++) {
		c = &complaints->v[i];
		sd_journal_send("MESSAGE=%s:%" PRIu32 ":%" PRIu32 ": %s",
				c->file, c->line, c->column, c->text,
				"PRIORITY=%d",
				c->warning ? LOG_WARNING : LOG_ERR,
				"SDIRECT_FILE=%s", c->file,
				"SDIRECT_LINE=%" PRIu32, c->line,
				"SDIRECT_COLUMN=%" PRIu32, c->column, NULL);
	}
}

void log_denial(const struct query *query)
{
	const struct end *from = &query->candidate.end[SIDE_FROM];
	const struct end *to = &query->candidate.end[SIDE_TO];
	char a[PRINT_END], b[PRINT_END];

	print_end(a, from);
	print_end(b, to);
	if (!journal())
		return log_line(LOG_NOTICE, "rule %" PRIu32 " denied %s to %s",
				query->number, a, b);
	sd_journal_send("MESSAGE=rule %" PRIu32 " denied %s to %s",
			query->number, a, b, "PRIORITY=%d", LOG_NOTICE,
			"SDIRECT_VERDICT=deny",
			"SDIRECT_RULE=%" PRIu32, query->number,
			"SDIRECT_GENERATION=%" PRIu32, query->generation,
			"SDIRECT_FROM=%s", a, "SDIRECT_TO=%s", b,
			"SDIRECT_FROM_UID=%" PRIu32, from->user,
			"SDIRECT_TO_UID=%" PRIu32, to->user,
			"SDIRECT_FROM_PID=%" PRIu32, query->pid[SIDE_FROM],
			"SDIRECT_TO_PID=%" PRIu32, query->pid[SIDE_TO],
			"SDIRECT_FROM_CGROUP=%s",
			from->cgroup ? from->cgroup : "",
			"SDIRECT_TO_CGROUP=%s", to->cgroup ? to->cgroup : "",
			NULL);
}
