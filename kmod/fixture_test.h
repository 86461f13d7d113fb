/* SPDX-License-Identifier: GPL-2.0 */
/* What the unit tests share: connections, bytes, memory, failures. */
#ifndef _SDR_FIXTURE_TEST_H
#define _SDR_FIXTURE_TEST_H

#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/sched.h>

#include "pair.h"
#include "payer.h"
#include "sock.h"

extern struct kunit_suite sdr_ring_suite, sdr_ring_math_suite, sdr_policy_suite,
	sdr_rules_suite, sdr_answers_suite, sdr_judge_suite,
	sdr_payer_suite, sdr_pair_suite, sdr_roll_suite, sdr_key_suite,
	sdr_rendezvous_suite,
	sdr_carrier_suite, sdr_stream_suite, sdr_seal_suite, sdr_liar_suite,
	sdr_lease_suite, sdr_view_suite, sdr_revoke_suite,
	sdr_far_suite,
	sdr_rdma_allow_suite, sdr_rdma_msg_suite, sdr_rdma_path_suite,
	sdr_rdma_state_suite, sdr_rdma_wr_suite, sdr_rdma_link_suite,
	sdr_rdma_bytes_suite;

#define TEST_LIMIT	(10 * HZ)	/* of any one wait */

/* KUNIT_ARRAY_PARAM() for an @array of structs that have a name. */
#define TEST_PARAM(title, array)					\
	static void title ## _name(typeof(&(array)[0]) row, char *desc)	\
	{								\
		strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);	\
	}								\
	KUNIT_ARRAY_PARAM(title, array, title ## _name)

/* True if @cond comes true in time: for what softirqs bring about. */
#define test_until(cond) ({						\
	unsigned long __end = jiffies + TEST_LIMIT;			\
									\
	while (!(cond) && time_before(jiffies, __end))			\
		schedule_timeout_uninterruptible(1);			\
	(cond);								\
})

/* --- connections, made in the kernel, over loopback --- */

/**
 * struct test_conn - a connection
 * @end:	the one that connected, the one that was accepted
 * @listener:	where
 */
struct test_conn {
	struct socket *end[2];
	struct socket *listener;
};

/* The name of a socket that is bound, in @addr; the length. */
int test_name(struct socket *sock, struct sockaddr_storage *addr);

/* A TCP socket bound to a loopback address and a free port. */
int test_bound(int family, struct socket **sock);

/**
 * test_listen - a listener
 * @conn:	(out) the connection, with the listener only
 * @family:	PF_INET, PF_INET6 or PF_SDIRECT (which is IPv4)
 */
int test_listen(struct test_conn *conn, int family);
/* The same, connected. */
int test_connect(struct test_conn *conn, int family);
/* Takes what test_listen() and test_connect() made, however far they came. */
void test_close(struct test_conn *conn);

/* A connection that is closed when the test ends, however it does. */
struct test_conn *test_connected(struct kunit *test, int family);

/**
 * test_end - sdirect's state for a TCP socket, without the socket family
 * @test:	the test
 * @sk:		its socket; may have a state already (two of one key)
 * @active:	it connected
 *
 * Freed by sdr_sock_destroy() when the test ends.
 */
struct sdr_sock *test_end(struct kunit *test, struct sock *sk, bool active);

/* sdr_key_preset() under the lock that it wants. */
void test_preset(struct sock *sk, u32 *secret);
/* sdr_rendezvous_try() and _leave() under the lock that they want. */
void test_meet(struct sdr_sock *ss);
bool test_leave(struct sdr_sock *ss);

/* sdr_stream_seal_now() likewise. */
bool test_seal(struct sdr_sock *ss);

/* What an end may write, and what the kernel tells it. */
static inline struct sdirect_ctl_page *test_ctl(const struct sdr_sock *ss)
{
	return sdr_pair_ctl(ss->pair, ss->side);
}

static inline struct sdirect_kern_end *test_kern(const struct sdr_sock *ss)
{
	return sdr_pair_kern(ss->pair, ss->side);
}

/* --- bytes: each position of a stream has its own --- */

u8 test_byte(u64 pos);
void test_fill(void *to, u64 pos, size_t n);
bool test_same(const void *from, u64 pos, size_t n);

/* Send or receive bytes of the stream that begin at @pos, past sdirect. */
int test_tcp_send(struct sock *sk, u64 pos, size_t n, int flags);
int test_tcp_recv(struct sock *sk, u64 pos, size_t n, int flags);

/* The same by calls on a socket of any family; MSG_TRUNC is not compared. */
int test_send(struct socket *sock, u64 pos, size_t n, int flags);
int test_recv(struct socket *sock, u64 pos, size_t n, int flags);

/* The same by sdirect's own path of an end; sends with MSG_DONTWAIT. */
ssize_t test_put(struct sdr_sock *ss, u64 pos, size_t n);
ssize_t test_take(struct sdr_sock *ss, u64 pos, size_t n, int flags);

/* --- memory of a process: of whoever loads the module --- */

int test_mm_init(struct kunit_suite *suite);
void test_mm_exit(struct kunit_suite *suite);
/* False, with the test skipped, where there is none. */
bool test_mm_use(struct kunit *test);
void test_mm_unuse(void);
/* To that of another process, and back. */
void test_mm_switch(int other);

/* --- who pays: root --- */

const struct sdr_payer *test_payer(void);
int test_payer_init(void);
void test_payer_exit(void);

/* --- failures --- */

/* False, with the test skipped, if memory does not fail on demand here. */
bool test_can_fail(struct kunit *test);

/* The @nth allocation of this thread fails; 0: none. */
static inline void test_fail_nth(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, nth);
#endif
}

/* Ends it, and says if that allocation came. */
static inline bool test_failed(void)
{
	bool came = false;

#ifdef CONFIG_FAULT_INJECTION
	came = !READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
#endif
	return came;
}

/* What the namespace of the tests has counted. */
u64 test_counted(enum sdr_stat id);

/*
 * An end for loops over the above.  Now and then an allocation makes one more,
 * of the allocator's own, and the count skips one: expect half of them.
 */
#define TEST_NTH_MAX	2000

#endif /* _SDR_FIXTURE_TEST_H */
