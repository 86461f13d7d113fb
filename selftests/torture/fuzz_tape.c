// SPDX-License-Identifier: GPL-2.0-only
/* Tapes: files of them, and what becomes of one by chance; see fuzz_tape.h. */
#include "fuzz_tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN	32

/* --- files --- */

static int parse_call(struct fuzz_call *call, const char *line)
{
	char name[NAME_MAX_LEN + 1], hex[2 * FUZZ_ARGS + 2], more;
	unsigned int i, byte;

	if (sscanf(line, "%32s %33s %c", name, hex, &more) != 2 ||
	    strlen(hex) != 2 * FUZZ_ARGS ||
	    strspn(hex, "0123456789abcdef") != 2 * FUZZ_ARGS)
		return -1;
	for (i = 0; i < FUZZ_ARGS; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -1;
		call->arg[i] = byte;
	}
	call->op = fuzz_op_find(name);
	return call->op ? 0 : -1;
}

static int parse(struct fuzz_tape *t, const char *path, FILE *file)
{
	char line[200];
	int number = 0;

	t->n = 0;
	while (fgets(line, sizeof(line), file)) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (t->n == TAPE_CALLS || parse_call(&t->call[t->n], line)) {
			fprintf(stderr, "fuzz: %s:%d: %s", path, number,
				t->n == TAPE_CALLS ? "too long\n" : line);
			return -1;
		}
		t->n++;
	}
	if (!t->n)
		fprintf(stderr, "fuzz: %s: no calls\n", path);
	return t->n ? 0 : -1;
}

int tape_load(struct fuzz_tape *t, const char *path)
{
	FILE *file = fopen(path, "r");
	int err;

	if (!file) {
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
		return -1;
	}
	err = parse(t, path, file);
	fclose(file);
	return err;
}

void tape_print(const struct fuzz_tape *t, FILE *file)
{
	unsigned int i, k;

	for (i = 0; i < t->n; i++) {
		fprintf(file, "%-14s ", t->call[i].op->name);
		for (k = 0; k < FUZZ_ARGS; k++)
			fprintf(file, "%02x", t->call[i].arg[k]);
		fputc('\n', file);
	}
}

int tape_save(const struct fuzz_tape *t, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file) {
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
		return -1;
	}
	tape_print(t, file);
	return fclose(file) ? -1 : 0;
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t n)
{
	const uint8_t *at = data;

	while (n--)
		hash = (hash ^ *at++) * 0x100000001b3ull;
	return hash;
}

uint64_t tape_hash(const struct fuzz_tape *t)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		const struct fuzz_call *call = &t->call[i];

		hash = hash_bytes(hash, call->op->name, strlen(call->op->name));
		hash = hash_bytes(hash, call->arg, FUZZ_ARGS);
	}
	return hash;
}

/* --- chance --- */

void tape_cut(struct fuzz_tape *t, unsigned int at, unsigned int n)
{
	memmove(t->call + at, t->call + at + n,
		(t->n - at - n) * sizeof(*t->call));
	t->n -= n;
}

/* Puts @n calls before the one at @at; what is too much falls off the end. */
static void insert(struct fuzz_tape *t, unsigned int at,
		   const struct fuzz_call *from, unsigned int n)
{
	struct fuzz_call copy[TAPE_CALLS];
	unsigned int rest;

	if (n > TAPE_CALLS - at)
		n = TAPE_CALLS - at;
	memcpy(copy, from, n * sizeof(*from));
	rest = t->n - at;
	if (rest > TAPE_CALLS - at - n)
		rest = TAPE_CALLS - at - n;
	memmove(t->call + at + n, t->call + at, rest * sizeof(*from));
	memcpy(t->call + at, copy, n * sizeof(*from));
	t->n = at + n + rest;
}

void tape_random(struct fuzz_tape *t, struct rng *rng)
{
	unsigned int i;

	t->n = 8 + rng_below(rng, 41);
	for (i = 0; i < t->n; i++)
		fuzz_call_draw(rng, &t->call[i]);
}

static void change_args(struct fuzz_call *call, struct rng *rng)
{
	uint8_t *arg = &call->arg[rng_below(rng, FUZZ_ARGS)];
	struct fuzz_call fresh;

	switch (rng_below(rng, 4)) {
	case 0:
		*arg ^= 1 << rng_below(rng, 8);
		break;
	case 1:
		*arg = rng_next(rng);
		break;
	case 2:		/* what makes one_in() true */
		*arg = 0;
		break;
	default:
		fuzz_call_draw(rng, &fresh);
		memcpy(call->arg, fresh.arg, sizeof(fresh.arg));
	}
}

/* A part of @from, to before a random call of @t. */
static void transplant(struct fuzz_tape *t, const struct fuzz_tape *from,
		       struct rng *rng)
{
	const unsigned int begin = rng_below(rng, from->n);
	const unsigned int n = 1 + rng_below(rng, from->n - begin);

	insert(t, rng_below(rng, t->n + 1), from->call + begin, n);
}

static void change(struct fuzz_tape *t, const struct fuzz_tape *other,
		   struct rng *rng)
{
	const unsigned int at = rng_below(rng, t->n);
	struct fuzz_call fresh;

	switch (rng_below(rng, 8)) {
	case 0:
	case 1:
	case 2:
		change_args(&t->call[at], rng);
		break;
	case 3:
	case 4:
		fuzz_call_draw(rng, &fresh);
		insert(t, at, &fresh, 1);
		break;
	case 5:		/* the same again, now or later */
		fresh = t->call[at];
		insert(t, at + rng_below(rng, t->n - at + 1), &fresh, 1);
		break;
	case 6:
		if (t->n > 1)
			tape_cut(t, at, rng_below(rng, (t->n - at + 1) / 2 + 1));
		break;
	default:
		transplant(t, other, rng);
	}
}

void tape_mutate(struct fuzz_tape *t, const struct fuzz_tape *other,
		 struct rng *rng)
{
	unsigned int i;

	for (i = 1 + rng_below(rng, 5); i; i--)
		change(t, other, rng);
}
