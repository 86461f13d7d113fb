/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon says: to the journal where there is one, else to stderr. */
#ifndef SDIRECTD_LOG_H
#define SDIRECTD_LOG_H

#include "complaint.h"
#include "query.h"

/* log_line() - priority as in syslog(3). */
void log_line(int priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* log_complaints() - a line for each, with its place as fields. */
void log_complaints(const struct complaints *complaints);

/* log_denial() - a connection was denied; both ends are fields. */
void log_denial(const struct query *query);

#endif /* SDIRECTD_LOG_H */
