/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test that waits for ever is a lost wake-up: say so and fail.  Also the one
 * knob: SDIRECT_NATIVE_SCALE multiplies the amount of work.
 */
#ifndef NATIVE_TIME_LIMIT_H
#define NATIVE_TIME_LIMIT_H

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void time_is_up(int sig)
{
	static const char text[] =
		"time limit reached: a wake-up was lost, or nothing moves\n";

	(void)sig;
	_exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? 3 : 2);
}

static inline void time_limit(unsigned int seconds)
{
	signal(SIGALRM, time_is_up);
	alarm(seconds);
}

static inline unsigned long scaled(unsigned long n)
{
	const char *env = getenv("SDIRECT_NATIVE_SCALE");
	double factor = env ? atof(env) : 1;

	return factor > 0 ? (unsigned long)(n * factor) + 1 : n;
}

#endif /* NATIVE_TIME_LIMIT_H */
