/* SPDX-License-Identifier: GPL-2.0 */
/* An end whose rings are mapped, for the tests of leases. */
#ifndef _SDR_HOLDER_TEST_H
#define _SDR_HOLDER_TEST_H

#include <linux/uaccess.h>

#include "fixture_test.h"
#include "sock.h"

/**
 * struct holder - an end whose rings are mapped
 * @conn:	its connection
 * @ss:		the end
 * @peer:	the other end
 * @file:	the socket's
 * @at:		what ATTACH said
 * @tx:		where the view to send by is, 0 if it is not
 * @rx:		the same to receive
 */
struct holder {
	struct test_conn *conn;
	struct sdr_sock *ss, *peer;
	struct file *file;
	struct sdirect_attach at;
	unsigned long tx, rx;
};

/* sdr_lease_attach() under the locks that it wants; the second fills @h->at. */
int test_attach(struct sdr_sock *ss, struct sdirect_attach *at);
int holder_attach(struct holder *h);

/* A connection with rings both ways; no memory of a process is needed. */
bool holder_connect(struct kunit *test, struct holder *h);
/* From here on until holder_put_down() this thread has the loader's memory. */
bool holder_take_up(struct kunit *test, struct holder *h);
void holder_put_down(struct holder *h);

/* Where a view that was granted is now, or 0. */
unsigned long holder_map(struct holder *h, bool read_only);
void holder_unmap(struct holder *h);

/* A call of the end's own, without a mark, takes the lease away. */
void test_enter(struct sdr_sock *ss, bool is_tx);

static inline void test_revoke(struct sdr_sock *ss)
{
	test_enter(ss, true);
}

static inline u64 test_tally(const struct sdr_sock *ss, enum sdr_stat id)
{
	return sdr_tally_read(&ss->tally, id);
}

/* The holder's own page and the kernel's, as the holder sees them. */
#define OWN(h, field) \
	(&((struct sdirect_ctl_page __user *)(h)->tx)->field)
#define KERN(h, field) \
	(&((struct sdirect_kern_page __user *)(h)->rx)->end[(h)->at.side].field)

#define GET(test, from) ({						\
	typeof(*(from)) __value = 0;					\
									\
	KUNIT_EXPECT_EQ(test, get_user(__value, from), 0);		\
	__value;							\
})
#define PUT(test, value, to) \
	KUNIT_EXPECT_EQ(test, put_user((typeof(*(to)))(value), to), 0)

#endif /* _SDR_HOLDER_TEST_H */
