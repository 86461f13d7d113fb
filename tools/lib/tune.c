// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "tune.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>

#include "raw.h"

/**
 * struct setting - where it is found, and what it may be
 * @name:	in the environment
 * @file:	for all programs
 * @most:	the largest allowed
 */
static const struct setting {
	const char *name;
	const char *file;
	uint32_t most;
} settings[SDI_TUNES] = {
	[SDI_TUNE_SPIN_US] = {
		"SDIRECT_SPIN_US", "/etc/sdirect/spin_us", 10000
	},
	[SDI_TUNE_STORM] = {
		"SDIRECT_STORM", "/etc/sdirect/storm", 1000000
	},
};

int64_t sdi_tune_number(const char *text, uint32_t most)
{
	uint64_t n = 0;
	int i;

	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++) {
		n = n * 10 + (uint64_t)(text[i] - '0');
		if (n > most)
			return -1;
	}
	return i && (!text[i] || text[i] == '\n') ? (int64_t)n : -1;
}

/* Without the C library, whose functions may be interposed by others yet. */
static int64_t number_in(const char *path, uint32_t most)
{
	char line[32] = "";
	long fd = sdi_raw(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	long n;

	if (fd < 0)
		return -1;
	n = sdi_raw(SYS_read, fd, line, sizeof(line) - 1);
	sdi_raw(SYS_close, fd);
	return n > 0 ? sdi_tune_number(line, most) : -1;
}

int64_t sdi_tune(enum sdi_tune what)
{
	const struct setting *set = &settings[what];
	const char *text = secure_getenv(set->name);
	int64_t number = text ? sdi_tune_number(text, set->most) : -1;

	return number < 0 ? number_in(set->file, set->most) : number;
}
