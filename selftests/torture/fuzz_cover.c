// SPDX-License-Identifier: GPL-2.0-only
/* Coverage of the module, read from KCOV; see fuzz_cover.h. */
#include "fuzz_cover.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KCOV		"/sys/kernel/debug/kcov"
#define MODULE		"sdirect"
/* Words: more than a tape writes, mostly; the rest is lost. */
#define WORDS		(1 << 18)
#define SLOTS		(2 * COVER_PLACES)
#define FUNCTIONS	4096

static int kcov = -1;
static uint64_t *words;
/* The module, in the kernel. */
static uint64_t begin, end;

/* Addresses, hashed; place[] says which number each has. */
static uint64_t slot[SLOTS];
static uint16_t place[SLOTS];
static uint64_t address[COVER_PLACES];
static unsigned int places;

static int find_module(void)
{
	FILE *file = fopen("/proc/modules", "r");
	char line[500], name[100];
	unsigned long size;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%99s %lu %*s %*s %*s 0x%lx", name, &size,
			   &begin) == 3 && !strcmp(name, MODULE))
			end = begin + size;
	if (file)
		fclose(file);
	if (end)
		return 0;
	fprintf(stderr, "fuzz: the module is not loaded\n");
	return -1;
}

int cover_open(void)
{
	kcov = open(KCOV, O_RDWR | O_CLOEXEC);
	if (kcov < 0 || ioctl(kcov, KCOV_INIT_TRACE, WORDS)) {
		fprintf(stderr, "fuzz: %s: %s\n", KCOV, strerror(errno));
		return -1;
	}
	words = mmap(NULL, WORDS * sizeof(*words), PROT_READ | PROT_WRITE,
		     MAP_SHARED, kcov, 0);
	if (words == MAP_FAILED) {
		fprintf(stderr, "fuzz: mmap of kcov: %s\n", strerror(errno));
		return -1;
	}
	return find_module();
}

void cover_start(void)
{
	__atomic_store_n(&words[0], 0, __ATOMIC_RELAXED);
	if (ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC)) {
		perror("fuzz: KCOV_ENABLE");
		_exit(1);
	}
}

/* -1 if there are too many. */
static int number_of(uint64_t pc)
{
	unsigned int at = pc * 0x9e3779b97f4a7c15ull >> 32;

	for (;; at++) {
		at %= SLOTS;
		if (slot[at] == pc)
			return place[at];
		if (slot[at])
			continue;
		if (places == COVER_PLACES)
			return -1;
		slot[at] = pc;
		address[places] = pc;
		place[at] = places;
		return places++;
	}
}

void cover_take(struct cover_set *reached)
{
	const uint64_t n = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
	uint64_t i;
	int number;

	memset(reached, 0, sizeof(*reached));
	for (i = 1; i <= n && i < WORDS; i++) {
		if (words[i] < begin || words[i] >= end)
			continue;
		number = number_of(words[i]);
		if (number >= 0)
			reached->bits[number / 64] |= 1ull << number % 64;
	}
}

unsigned int cover_count(const struct cover_set *set)
{
	return cover_beyond(set, &(struct cover_set){});
}

unsigned int cover_beyond(const struct cover_set *set,
			  const struct cover_set *known)
{
	unsigned int i, n = 0;

	for (i = 0; i < COVER_PLACES / 64; i++)
		n += __builtin_popcountll(set->bits[i] & ~known->bits[i]);
	return n;
}

void cover_add(struct cover_set *to, const struct cover_set *set)
{
	unsigned int i;

	for (i = 0; i < COVER_PLACES / 64; i++)
		to->bits[i] |= set->bits[i];
}

void cover_keep(struct cover_set *of, const struct cover_set *set)
{
	unsigned int i;

	for (i = 0; i < COVER_PLACES / 64; i++)
		of->bits[i] &= set->bits[i];
}

/* --- names --- */

struct function {
	uint64_t at;
	char name[60];
};

static int by_address(const void *a, const void *b)
{
	const struct function *f = a, *g = b;

	return f->at < g->at ? -1 : f->at > g->at;
}

static unsigned int read_functions(struct function *f)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[500], type, module[100];
	unsigned int n = 0;

	while (file && n < FUNCTIONS && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx %c %59s [%99[^]]]", &f[n].at, &type,
			   f[n].name, module) == 4 &&
		    (type == 't' || type == 'T') && !strcmp(module, MODULE) &&
		    f[n].at >= begin && f[n].at < end)
			n++;
	if (file)
		fclose(file);
	qsort(f, n, sizeof(*f), by_address);
	return n;
}

static bool reached_between(const struct cover_set *reached, uint64_t from,
			    uint64_t to)
{
	unsigned int i;

	for (i = 0; i < places; i++)
		if (address[i] >= from && address[i] < to &&
		    reached->bits[i / 64] >> i % 64 & 1)
			return true;
	return false;
}

static void write_places(const struct cover_set *reached, const char *dir)
{
	char path[4096];
	unsigned int i;
	FILE *file;

	snprintf(path, sizeof(path), "%s/places", dir);
	file = fopen(path, "w");
	for (i = 0; file && i < places; i++)
		if (reached->bits[i / 64] >> i % 64 & 1)
			fprintf(file, "0x%lx\n", address[i] - begin);
	if (file)
		fclose(file);
}

void cover_report(const struct cover_set *reached, const char *dir)
{
	static struct function f[FUNCTIONS];
	const unsigned int n = read_functions(f);
	unsigned int i, known = 0, missing = 0;

	for (i = 0; i < n; i++) {
		const uint64_t next = i + 1 < n ? f[i + 1].at : end;

		/* What the compiler adds for its checks, and has set apart. */
		if (!strncmp(f[i].name, "_sub_", 5) ||
		    strstr(f[i].name, ".cold"))
			continue;
		known++;
		if (reached_between(reached, f[i].at, next))
			continue;
		printf("%s %s", missing++ % 5 ? "" : "# never reached:",
		       f[i].name);
		if (!(missing % 5))
			printf("\n");
	}
	printf("%s# %u of %u functions were never reached\n",
	       missing % 5 ? "\n" : "", missing, known);
	write_places(reached, dir);
}
