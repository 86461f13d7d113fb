/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* When a wait is over. */
#ifndef SDI_DUE_H
#define SDI_DUE_H

#include <stdint.h>
#include <time.h>

/**
 * struct sdi_due - the end of a wait
 * @timeout:	what the caller has given, a valid time; NULL: for ever
 * @end:	when that is over, nanoseconds; 0: the clock was not read yet
 * @left:	room for an answer
 */
struct sdi_due {
	const struct timespec *timeout;
	uint64_t end;
	struct timespec left;
};

/*
 * What is left of it; it begins with the first question.  Never too little: who
 * has asked for whole milliseconds waits for whole milliseconds.
 */
const struct timespec *sdi_due_left(struct sdi_due *d);

static inline int sdi_due_is_over(const struct timespec *left)
{
	return left && !left->tv_sec && !left->tv_nsec;
}

#endif /* SDI_DUE_H */
