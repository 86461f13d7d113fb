/* SPDX-License-Identifier: GPL-2.0 */
/* One direction of a connection, for the tests of streams. */
#ifndef _SDR_WAY_TEST_H
#define _SDR_WAY_TEST_H

#include "fixture_test.h"
#include "stream.h"

#define WAY_FIRST_RING	16384u

/**
 * struct way - one direction of a connection
 * @from:	the end that sends
 * @to:		the end that receives
 * @sent:	bytes so far
 * @got:	bytes so far
 */
struct way {
	struct socket *from, *to;
	u64 sent, got;
};

static inline struct way way_of(struct test_conn *conn, int from)
{
	struct way way = { .from = conn->end[from], .to = conn->end[!from] };

	return way;
}

/* That of a connection of its own, which is closed when the test ends. */
struct way test_way(struct kunit *test);

static inline struct sdr_sock *way_sender(const struct way *way)
{
	return sdr_sk(way->from->sk);
}

static inline struct sdr_sock *way_receiver(const struct way *way)
{
	return sdr_sk(way->to->sk);
}

static inline bool way_on_ring(const struct way *way)
{
	return !!way_sender(way)->tx.seg->ring;
}

/* The next bytes of the stream; a wrong one is -EILSEQ. */
int way_put(struct way *way, size_t n, int flags);
int way_take(struct way *way, size_t n, int flags);

/* Has all that TCP carries arrived? */
bool way_arrived(const struct way *way);

/* To a ring, to a larger one, back to TCP; the first waits for way_arrived(). */
bool way_seal(struct way *way);
bool way_grow(struct way *way);
int way_to_tcp(struct way *way);
/* The sender says that it was all. */
int way_finish(struct way *way);

#endif /* _SDR_WAY_TEST_H */
