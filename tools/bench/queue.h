/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What shared memory can do, to compare with: a bare queue of bytes with one
 * producer and one consumer, and a single cache line that goes back and forth.
 * No system call, no lease, no distrust.
 *
 * The tail's release pairs with the consumer's acquire, the head's with the
 * producer's; bytes are written before the tail and read before the head.
 */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include <linux/sdirect_ring.h>
#include <stdint.h>
#include <string.h>

#include "util.h"

#define QUEUE_SIZE	(256u << 10)	/* bytes: all of it fits in L2 */
#define QUEUE_CHUNK	(16u << 10)	/* between two looks by the consumer */

/**
 * struct queue - in memory that both ends share
 * @tail:	behind the last byte written
 * @head:	of the first byte not read
 * @want:	where a sleeping consumer would want to be woken; nobody sleeps
 * @bytes:	position p lives at p modulo QUEUE_SIZE
 */
struct queue {
	uint64_t tail __attribute__((aligned(BENCH_LINE)));
	uint64_t head __attribute__((aligned(BENCH_LINE)));
	uint64_t want __attribute__((aligned(BENCH_LINE)));
	uint8_t bytes[QUEUE_SIZE] __attribute__((aligned(4096)));
};

/**
 * struct queue_end - one end's own copy
 * @q:		the queue
 * @mine:	own position, perhaps not published yet
 * @shown:	own position as published
 * @seen:	the other end's position when it was last looked at
 * @bells:	how often a sleeper would have been woken
 */
struct queue_end {
	struct queue *q;
	uint64_t mine;
	uint64_t shown;
	uint64_t seen;
	uint64_t bells;
};

static inline void queue_copy(void *dst, const void *src, size_t n)
{
	if (n == sizeof(uint64_t))
		memcpy(dst, src, sizeof(uint64_t));
	else
		memcpy(dst, src, n);
}

static inline size_t queue_piece(size_t n, uint64_t most, uint64_t pos)
{
	uint64_t whole = QUEUE_SIZE - pos % QUEUE_SIZE;

	if (n > most)
		n = (size_t)most;
	if (n > whole)
		n = (size_t)whole;
	return n < QUEUE_CHUNK ? n : QUEUE_CHUNK;
}

/* With @check as a queue must that has sleepers: fence and look for one. */
static inline __attribute__((always_inline))
void queue_send(struct queue_end *e, const uint8_t *buf, size_t len, int check)
{
	uint64_t want;
	size_t n;

	for (; len; len -= n, buf += n) {
		while (e->mine - e->seen == QUEUE_SIZE)
			e->seen = __atomic_load_n(&e->q->head,
						  __ATOMIC_ACQUIRE);
		n = queue_piece(len, QUEUE_SIZE - (e->mine - e->seen), e->mine);
		queue_copy(e->q->bytes + e->mine % QUEUE_SIZE, buf, n);
		e->mine += n;
		__atomic_store_n(&e->q->tail, e->mine, __ATOMIC_RELEASE);
		if (!check)
			continue;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		want = __atomic_load_n(&e->q->want, __ATOMIC_RELAXED);
		e->bells += (uint64_t)sdirect_need_event(want, e->mine,
							 e->mine - n);
	}
}

/*
 * Room is given back a quarter at a time.  The pause leaves the producer its
 * line for a while: without it a stream has half to two thirds of the rate.
 */
static inline __attribute__((always_inline))
void queue_recv(struct queue_end *e, uint8_t *buf, size_t len)
{
	size_t n;

	for (; len; buf += n, len -= n) {
		while (e->mine == e->seen) {
			bench_pause();
			e->seen = __atomic_load_n(&e->q->tail,
						  __ATOMIC_ACQUIRE);
		}
		n = queue_piece(len, e->seen - e->mine, e->mine);
		queue_copy(buf, e->q->bytes + e->mine % QUEUE_SIZE, n);
		e->mine += n;
		if (e->mine - e->shown < QUEUE_SIZE / 4)
			continue;
		__atomic_store_n(&e->q->head, e->mine, __ATOMIC_RELEASE);
		e->shown = e->mine;
	}
}

/**
 * struct line - a cache line of each direction
 * @word:	the message: 8 bytes, never the same twice in a row
 */
struct line {
	uint64_t word __attribute__((aligned(BENCH_LINE)));
};

/**
 * struct line_end - one end's own copy
 * @line:	where it writes, or where it reads
 * @last:	the last message read
 */
struct line_end {
	struct line *line;
	uint64_t last;
};

static inline void line_send(struct line_end *e, const void *buf)
{
	uint64_t word;

	memcpy(&word, buf, sizeof(word));
	__atomic_store_n(&e->line->word, word, __ATOMIC_RELEASE);
}

static inline void line_recv(struct line_end *e, void *buf)
{
	uint64_t word;

	while ((word = __atomic_load_n(&e->line->word, __ATOMIC_ACQUIRE)) ==
	       e->last)
		;
	e->last = word;
	memcpy(buf, &word, sizeof(word));
}

#endif /* BENCH_QUEUE_H */
