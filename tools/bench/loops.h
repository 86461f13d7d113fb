/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loops that are timed.  Each transport gets a copy of its own, with its
 * calls in line, so that none pays for being one of many.
 *
 * Every message is checked, in the same way on every transport: its number is at
 * the front, at the end, and at one more word that moves on with each message,
 * so that no byte that was left from the message before can pass.  Of the first
 * messages every byte is looked at.
 */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include <errno.h>
#include <string.h>

#include "end.h"

#define STOP		(1ull << 63)	/* in the number of the last message */
#define CHECK_WHOLE	16u		/* messages of which each byte counts */

#define LOOP		static inline __attribute__((always_inline)) void

static inline uint64_t word_at(const uint8_t *buf, size_t word)
{
	uint64_t value;

	memcpy(&value, buf + word * sizeof(value), sizeof(value));
	return value;
}

static inline void set_word(uint8_t *buf, size_t word, uint64_t value)
{
	memcpy(buf + word * sizeof(value), &value, sizeof(value));
}

/* The word that message @number has its number at besides; may be the first. */
static inline size_t place_of(size_t size, uint64_t number)
{
	return number & (size / sizeof(number) - 1);
}

LOOP stamp(struct work *w, uint64_t number, uint64_t mark)
{
	size_t before = place_of(w->size, number - 1);

	if (w->size > sizeof(number)) {
		set_word(w->out, before, word_at(w->pattern, before));
		set_word(w->out, place_of(w->size, number), number);
		set_word(w->out, w->size / sizeof(number) - 1, number);
	}
	set_word(w->out, 0, number | mark);
}

/* Dies; says which message was wrong. */
void loops_bad(uint64_t number) __attribute__((noreturn, cold));
/* Dies unless all but the words with a number is the pattern. */
void loops_whole(const struct work *w, const uint8_t *buf, uint64_t number);

/* Checks the message with this number; returns its mark. */
static inline uint64_t expect(const struct work *w, const uint8_t *buf,
			      uint64_t number)
{
	size_t last = w->size / sizeof(number) - 1;
	size_t at = place_of(w->size, number);
	uint64_t got = word_at(buf, 0);

	if (__builtin_expect((got & ~STOP) != number, 0))
		loops_bad(number);
	if (!last)
		return got & STOP;
	if (word_at(buf, last) != number ||
	    (at && word_at(buf, at) != number))
		loops_bad(number);
	if (number <= CHECK_WHOLE)
		loops_whole(w, buf, number);
	return got & STOP;
}

/**
 * struct watch - knows when time is up without looking at the clock each time
 * @w:		whose time
 * @now:	when it was last looked at
 * @last:	number of the message then
 * @next:	number of the message at which to look again
 * @best:	nanoseconds for a message in the quickest part; 0: none yet
 */
struct watch {
	struct work *w;
	uint64_t now;
	uint64_t last;
	uint64_t next;
	double best;
};

static inline struct watch watch_start(struct work *w)
{
	struct watch t = { .w = w, .now = bench_now(), .next = 1 };

	w->begin = t.now;
	w->parts = 0;
	return t;
}

/* Looks at the clock, and notes how long the part behind it took. */
int watch_look(struct watch *t, uint64_t number);

/* True if message @number shall be the last. */
static inline int watch_over(struct watch *t, uint64_t number)
{
	return __builtin_expect(number >= t->next, 0) && watch_look(t, number);
}

static inline void idle(uint64_t ns)
{
	struct timespec ts = { .tv_nsec = (long)ns };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

LOOP loop_ping(struct end *e, struct work *w,
	       void (*send)(struct end *e, const uint8_t *buf, size_t len),
	       void (*recv)(struct end *e, uint8_t *buf, size_t len))
{
	struct watch watch = watch_start(w);
	uint64_t number, mark = 0, began = 0;
	size_t samples = 0;

	for (number = 1; !mark; number++) {
		if (watch_over(&watch, number) ||
		    (w->sample && number == w->samples))
			mark = STOP;
		if (w->idle_ns)
			idle(w->idle_ns);
		if (w->sample)
			began = bench_now();
		stamp(w, number, mark);
		send(e, w->out, w->size);
		recv(e, w->in, w->size);
		if (w->sample)
			w->sample[samples++] = (uint32_t)(bench_now() - began);
		if (expect(w, w->in, number) != mark)
			loops_bad(number);
	}
	w->end = bench_now();
	w->count = number - 1;
	w->samples = samples;
}

LOOP loop_pong(struct end *e, struct work *w,
	       void (*send)(struct end *e, const uint8_t *buf, size_t len),
	       void (*recv)(struct end *e, uint8_t *buf, size_t len))
{
	uint64_t number = 0, mark = 0;

	while (!mark) {
		recv(e, w->in, w->size);
		mark = expect(w, w->in, ++number);
		send(e, w->in, w->size);
	}
	w->count = number;
}

LOOP loop_source(struct end *e, struct work *w,
		 void (*send)(struct end *e, const uint8_t *buf, size_t len))
{
	struct watch watch = watch_start(w);
	uint64_t number, mark = 0;

	for (number = 1; !mark; number++) {
		if (watch_over(&watch, number))
			mark = STOP;
		stamp(w, number, mark);
		send(e, w->out, w->size);
	}
	w->count = number - 1;
}

LOOP loop_sink(struct end *e, struct work *w,
	       void (*recv)(struct end *e, uint8_t *buf, size_t len))
{
	uint64_t number = 0, mark = 0;

	while (!mark) {
		recv(e, w->in, w->size);
		mark = expect(w, w->in, ++number);
	}
	w->end = bench_now();
	w->count = number;
}

/* Both ends in one process, for counting: a message goes in and comes out. */
LOOP loop_through(struct end *from, struct end *to, struct work *w,
		  void (*send)(struct end *e, const uint8_t *buf, size_t len),
		  void (*recv)(struct end *e, uint8_t *buf, size_t len))
{
	for (uint64_t number = 1; number <= w->count; number++) {
		stamp(w, number, 0);
		send(from, w->out, w->size);
		recv(to, w->in, w->size);
		expect(w, w->in, number);
	}
}

/* A transport's own copies of them: NAME_ping and so on. */
#define LOOPS(name, send, recv) \
	static void name##_ping(struct end *e, struct work *w) \
	{ \
		loop_ping(e, w, send, recv); \
	} \
	static void name##_pong(struct end *e, struct work *w) \
	{ \
		loop_pong(e, w, send, recv); \
	} \
	static void name##_source(struct end *e, struct work *w) \
	{ \
		loop_source(e, w, send); \
	} \
	static void name##_sink(struct end *e, struct work *w) \
	{ \
		loop_sink(e, w, recv); \
	} \
	static void name##_through(struct end *from, struct end *to, \
				   struct work *w) \
	{ \
		loop_through(from, to, w, send, recv); \
	}

#define LOOPS_OF(name) \
	.ping = name##_ping, .pong = name##_pong, \
	.source = name##_source, .sink = name##_sink, \
	.through = name##_through

#endif /* BENCH_LOOPS_H */
