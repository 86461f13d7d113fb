// SPDX-License-Identifier: GPL-2.0
/* The lease on the rings: who gets it, what it maps, how it is taken away. */
#include "compat.h"

#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <net/tcp.h>

#include "fixture_test.h"
#include "lease.h"
#include "pair.h"
#include "region.h"
#include "rendezvous.h"
#include "ring.h"
#include "stream.h"

/*
 * struct holder - an end whose rings are mapped
 * @conn:	its connection
 * @ss, @peer:	the ends
 * @file:	the socket's
 * @at:		what ATTACH said
 * @tx, @rx:	where the views are, 0 if they are not
 */
struct holder {
	struct test_conn *conn;
	struct sdr_sock *ss, *peer;
	struct file *file;
	struct sdirect_attach at;
	unsigned long tx, rx;
};

static int attach(struct sdr_sock *ss, struct sdirect_attach *at)
{
	int err;

	mutex_lock(&ss->rx_lock);
	lock_sock(ss->sk);
	err = sdr_lease_attach(ss, at);
	release_sock(ss->sk);
	mutex_unlock(&ss->rx_lock);
	return err;
}

static int attach_now(struct holder *h)
{
	memset(&h->at, 0, sizeof(h->at));
	h->at.abi_version = SDIRECT_ABI_VERSION;
	return attach(h->ss, &h->at);
}

static void enter(struct sdr_sock *ss, bool is_tx)
{
	mutex_lock(&ss->rx_lock);
	lock_sock(ss->sk);
	if (is_tx)
		sdr_lease_enter_tx(ss);
	else
		sdr_lease_enter_rx(ss);
	release_sock(ss->sk);
	mutex_unlock(&ss->rx_lock);
}

static void revoke(struct sdr_sock *ss)
{
	enter(ss, true);
}

static bool seal(struct sdr_sock *ss)
{
	bool sealed;

	lock_sock(ss->sk);
	sealed = sdr_stream_seal_now(ss);
	release_sock(ss->sk);
	return sealed;
}

static unsigned long map(struct holder *h, bool read_only)
{
	u64 offset = read_only ? h->at.rx_offset : h->at.tx_offset;
	u64 length = read_only ? h->at.rx_length : h->at.tx_length;
	unsigned long addr = vm_mmap(h->file, 0, length, PROT_READ |
				     (read_only ? 0 : PROT_WRITE), MAP_SHARED,
				     offset);

	return IS_ERR_VALUE(addr) ? 0 : addr;
}

static void unmap(struct holder *h)
{
	if (h->tx)
		vm_munmap(h->tx, h->at.tx_length);
	if (h->rx)
		vm_munmap(h->rx, h->at.rx_length);
	h->tx = 0;
	h->rx = 0;
}

/* A connection with rings both ways; no memory of a process is needed. */
static bool connect_rings(struct kunit *test, struct holder *h)
{
	bool sealed;

	memset(h, 0, sizeof(*h));
	h->conn = test_connected(test, PF_SDIRECT);
	h->ss = sdr_sk(h->conn->end[0]->sk);
	h->peer = sdr_sk(h->conn->end[1]->sk);
	h->file = sock_alloc_file(h->conn->end[0], O_RDWR, NULL);
	if (IS_ERR(h->file))
		h->conn->end[0] = NULL;	/* it has gone with it */
	KUNIT_ASSERT_FALSE(test, IS_ERR(h->file));
	sealed = seal(h->ss) && seal(h->peer);
	KUNIT_EXPECT_TRUE(test, sealed);
	return sealed;
}

/* From here on until put_down() this thread has the memory of the loader. */
static bool take_up(struct kunit *test, struct holder *h)
{
	int err;

	if (!connect_rings(test, h) || !test_mm_use(test))
		return false;
	err = attach_now(h);
	KUNIT_EXPECT_EQ(test, err, 0);
	if (!err) {
		h->tx = map(h, false);
		h->rx = map(h, true);
	}
	KUNIT_EXPECT_NE(test, h->tx, 0);
	KUNIT_EXPECT_NE(test, h->rx, 0);
	if (h->tx && h->rx)
		return true;
	unmap(h);
	test_mm_unuse();
	return false;
}

static void put_down(struct holder *h)
{
	unmap(h);
	test_mm_unuse();
}

static u64 tally(const struct sdr_sock *ss, enum sdr_stat id)
{
	return sdr_tally_read(&ss->tally, id);
}

static struct sdirect_ctl_page *ctl(const struct sdr_sock *ss)
{
	return sdr_pair_ctl(ss->pair, ss->side);
}

static struct sdirect_kern_end *kern(const struct sdr_sock *ss)
{
	return sdr_pair_kern(ss->pair, ss->side);
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

static int take(struct socket *sock, u64 pos, size_t n)
{
	struct kvec vec = { .iov_base = kzalloc(n, GFP_KERNEL), .iov_len = n };
	struct msghdr msg = { };
	int ret;

	if (!vec.iov_base)
		return -ENOMEM;
	ret = kernel_recvmsg(sock, &msg, &vec, 1, n, MSG_DONTWAIT);
	if (ret > 0 && !test_same(vec.iov_base, pos, ret))
		ret = -EILSEQ;
	kfree(vec.iov_base);
	return ret;
}

static int put(struct socket *sock, u64 pos, size_t n)
{
	struct kvec vec = { .iov_base = kmalloc(n, GFP_KERNEL), .iov_len = n };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	int ret;

	if (!vec.iov_base)
		return -ENOMEM;
	test_fill(vec.iov_base, pos, n);
	ret = kernel_sendmsg(sock, &msg, &vec, 1, n);
	kfree(vec.iov_base);
	return ret;
}

/* --- who gets it --- */

static void wrong_questions(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION + 1 };
	struct holder h;

	if (!connect_rings(test, &h))
		return;
	KUNIT_EXPECT_EQ(test, attach(h.ss, &at), -EPROTO);
	at.abi_version = SDIRECT_ABI_VERSION;
	at.flags = 1;
	KUNIT_EXPECT_EQ(test, attach(h.ss, &at), -EINVAL);
	KUNIT_EXPECT_NULL(test, h.ss->region);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
}

static void nothing_to_map(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	struct test_conn *conn = test_connected(test, PF_INET);
	struct sdr_sock *a = test_end(test, conn->end[0]->sk, true);
	struct sdr_sock *b = test_end(test, conn->end[1]->sk, false);
	struct sdr_sock *listener = test_end(test, conn->listener->sk, false);

	KUNIT_EXPECT_EQ(test, attach(listener, &at), -ENOTCONN);
	/* Nobody has met; asking is looking. */
	KUNIT_EXPECT_EQ(test, attach(a, &at), -EAGAIN);
	KUNIT_EXPECT_EQ(test, a->rdv, SDR_RDV_POSTED);
	KUNIT_EXPECT_TRUE(test, test_leave(a));
	KUNIT_EXPECT_EQ(test, attach(a, &at), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, attach(b, &at), -EAGAIN);
	KUNIT_EXPECT_NULL(test, a->region);
	KUNIT_EXPECT_NULL(test, b->region);
}

static void paired_but_cold(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	struct test_conn *conn = test_connected(test, PF_SDIRECT);
	struct sdr_sock *ss = sdr_sk(conn->end[0]->sk);

	ss->stay_tcp = true;
	KUNIT_EXPECT_EQ(test, attach(ss, &at), -EAGAIN);
	KUNIT_EXPECT_NULL(test, ss->region);
}

static void granted(struct kunit *test)
{
	struct holder h;

	if (!take_up(test, &h))
		return;
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.peer));
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_LEASES), 1);
	KUNIT_EXPECT_EQ(test, h.at.side, h.ss->side);
	KUNIT_EXPECT_EQ(test, h.at.tx_epoch, kern(h.ss)->tx_epoch);
	KUNIT_EXPECT_EQ(test, h.at.rx_epoch, kern(h.ss)->rx_epoch);
	KUNIT_EXPECT_EQ(test, h.at.tx_size, h.ss->tx.seg->ring->size);
	KUNIT_EXPECT_EQ(test, h.at.rx_size, h.ss->rx.seg->ring->size);
	KUNIT_EXPECT_EQ(test, h.at.tx_base, h.ss->tx.seg->start);
	KUNIT_EXPECT_EQ(test, h.at.rx_base, h.ss->rx.seg->start);
	KUNIT_EXPECT_EQ(test, h.at.tx_length,
			PAGE_SIZE + 2 * (u64)h.at.tx_size);
	KUNIT_EXPECT_EQ(test, h.at.rx_length,
			2 * PAGE_SIZE + 2 * (u64)h.at.rx_size);
	KUNIT_EXPECT_NE(test, h.at.tx_offset, h.at.rx_offset);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)), h.at.tx_epoch);

	/* Once more is the same once more. */
	KUNIT_EXPECT_EQ(test, attach_now(&h), 0);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_LEASES), 1);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKES), 0);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)), h.at.tx_epoch);
	put_down(&h);
}

static void another_program(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	struct holder h;

	if (!take_up(test, &h))
		return;
	test_mm_switch(1);
	KUNIT_EXPECT_EQ(test, attach(h.ss, &at), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKES), 0);
	/* What nobody maps may be had, and what the other had is not seen. */
	test_mm_switch(0);
	unmap(&h);
	test_mm_switch(1);
	h.ss->region->next_grant = jiffies;
	KUNIT_EXPECT_EQ(test, attach(h.ss, &at), 0);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKES), 1);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_LEASES), 2);
	test_mm_switch(0);
	KUNIT_EXPECT_EQ(test, map(&h, false), 0);
	put_down(&h);
}

/* --- what it maps --- */

/*
 * struct map_case - a question to mmap(), by what is wrong with it
 */
struct map_case {
	const char *name;
	bool read_only;
	s64 offset, length;	/* off from what is right */
	unsigned long prot, flags;
	int err;
};

#define RW	(PROT_READ | PROT_WRITE)

static const struct map_case map_cases[] = {
	{ "send view",		false, 0, 0, RW, MAP_SHARED, 0 },
	{ "receive view",	true, 0, 0, PROT_READ, MAP_SHARED, 0 },
	{ "send view, read only", false, 0, 0, PROT_READ, MAP_SHARED, 0 },
	{ "receive view, writable", true, 0, 0, RW, MAP_SHARED, -EACCES },
	{ "executable",		false, 0, 0, RW | PROT_EXEC, MAP_SHARED,
	  -EACCES },
	{ "private",		false, 0, 0, RW, MAP_PRIVATE, -EINVAL },
	{ "another epoch",	false, 1ll << 28, 0, RW, MAP_SHARED, -EINVAL },
	{ "one page on",	false, 4096, 0, RW, MAP_SHARED, -EINVAL },
	{ "too long",		false, 0, 4096, RW, MAP_SHARED, -EINVAL },
	{ "too short",		true, 0, -4096, PROT_READ, MAP_SHARED,
	  -EINVAL },
	{ "offset 0",		true, -(1ll << 27), 0, PROT_READ, MAP_SHARED,
	  -EINVAL },
};

static void map_name(const struct map_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(map, map_cases, map_name);

static void views(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct holder h;
	unsigned long addr;
	u64 offset, length;
	int before;

	if (!take_up(test, &h))
		return;
	before = atomic_read(&h.ss->region->views);
	KUNIT_EXPECT_EQ(test, before, 2);
	offset = (c->read_only ? h.at.rx_offset : h.at.tx_offset) + c->offset;
	length = (c->read_only ? h.at.rx_length : h.at.tx_length) + c->length;
	addr = vm_mmap(h.file, 0, length, c->prot, c->flags, offset);
	KUNIT_EXPECT_EQ(test, IS_ERR_VALUE(addr) ? (int)addr : 0, c->err);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views),
			before + !c->err);
	if (!IS_ERR_VALUE(addr))
		vm_munmap(addr, length);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views), before);
	put_down(&h);
}

static void nobody_may_map(struct kunit *test)
{
	struct holder h;

	if (!connect_rings(test, &h) || !test_mm_use(test))
		return;
	h.at.tx_length = PAGE_SIZE;
	/* No region yet, and then no lease any more. */
	KUNIT_EXPECT_EQ(test, map(&h, false), 0);
	KUNIT_EXPECT_EQ(test, attach_now(&h), 0);
	revoke(h.ss);
	KUNIT_EXPECT_EQ(test, map(&h, false), 0);
	KUNIT_EXPECT_EQ(test, map(&h, true), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views), 0);
	test_mm_unuse();
}

/* Bytes without a system call, both ways, over the ring's end. */
static void bytes_by_mapping(struct kunit *test)
{
	u8 *mem = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct holder h;
	u64 pos, off;
	int n = 3000, i;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	if (!take_up(test, &h))
		return;
	for (i = 0; i < 12; i++) {
		pos = GET(test, OWN(&h, tx_tail));
		off = h.tx + PAGE_SIZE + (pos & (h.at.tx_size - 1));
		test_fill(mem, pos, n);
		KUNIT_EXPECT_EQ(test, copy_to_user((void __user *)off, mem, n),
				0);
		PUT(test, pos + n, OWN(&h, tx_tail));
		KUNIT_EXPECT_EQ(test, take(h.conn->end[1], pos, n), n);

		pos = GET(test, OWN(&h, rx_head));
		KUNIT_EXPECT_EQ(test, put(h.conn->end[1], pos, n), n);
		off = h.rx + 2 * PAGE_SIZE + (pos & (h.at.rx_size - 1));
		memset(mem, 0, n);
		KUNIT_EXPECT_EQ(test, copy_from_user(mem, (void __user *)off,
						     n), 0);
		KUNIT_EXPECT_TRUE(test, test_same(mem, pos, n));
		PUT(test, pos + n, OWN(&h, rx_head));
	}
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	/* The receive view is the peer's and the kernel's to write. */
	for (off = 0; off < 3; off++)
		KUNIT_EXPECT_NE(test, clear_user((void __user *)(h.rx +
						 off * PAGE_SIZE), 8), 0);
	put_down(&h);
}

/* --- how it is taken away --- */

static void revoked(struct kunit *test)
{
	struct sdirect_settle settle;
	struct holder h;
	u64 tail;

	if (!take_up(test, &h))
		return;
	PUT(test, 123, OWN(&h, tx_tail));
	revoke(h.ss);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKES), 1);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKE_FORCED), 0);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)),
			h.at.tx_epoch + 1);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, rx_epoch)),
			h.at.rx_epoch + 1);

	/* What is written now goes nowhere; what was written has counted. */
	tail = ctl(h.ss)->tx_tail;
	KUNIT_EXPECT_EQ(test, tail, 123);
	PUT(test, 4567, OWN(&h, tx_tail));
	PUT(test, 4567, (u64 __user *)(h.tx + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, ctl(h.ss)->tx_tail, tail);
	KUNIT_EXPECT_EQ(test,
			*(u64 *)page_address(h.ss->tx.seg->ring->pages[0]), 0);
	KUNIT_EXPECT_EQ(test, sdr_lease_settle(h.ss, &settle), 0);
	KUNIT_EXPECT_EQ(test, settle.tx_final, 123);
	KUNIT_EXPECT_EQ(test, settle.rx_final, 0);
	KUNIT_EXPECT_NULL(test, h.ss->region->unsettled);

	/* Nothing is there to be taken away again. */
	revoke(h.ss);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKES), 1);
	put_down(&h);
}

static void comes_back_after_a_while(struct kunit *test)
{
	struct holder h;
	u32 old;

	if (!take_up(test, &h))
		return;
	old = h.at.tx_epoch;
	revoke(h.ss);
	h.ss->region->next_grant = jiffies + 100 * HZ;
	KUNIT_EXPECT_EQ(test, attach_now(&h), -EAGAIN);
	h.ss->region->next_grant = jiffies;
	KUNIT_EXPECT_EQ(test, attach_now(&h), 0);
	KUNIT_EXPECT_NE(test, h.at.tx_epoch, old);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_LEASES), 2);
	put_down(&h);
}

/* The more often it is taken away, the longer it stays away; not for ever. */
static void stays_away_longer(struct kunit *test)
{
	unsigned long before, after, away, next;
	struct holder h;
	int i;

	if (!take_up(test, &h))
		return;
	for (i = 0; i < 100; i++) {
		before = jiffies;
		revoke(h.ss);
		after = jiffies;
		next = h.ss->region->next_grant;
		away = min_t(unsigned long, HZ, BIT(i / 8));
		KUNIT_EXPECT_TRUE(test, time_in_range(next, before + away,
						      after + away));
		h.ss->region->next_grant = jiffies;
		if (attach_now(&h))
			KUNIT_FAIL(test, "not granted after %d times", i);
	}
	put_down(&h);
}

/* Whoever has unmapped all of it need not wait. */
static void given_up(struct kunit *test)
{
	struct holder h;

	if (!take_up(test, &h))
		return;
	unmap(&h);
	KUNIT_EXPECT_EQ(test, atomic_read(&h.ss->region->views), 0);
	h.ss->region->next_grant = jiffies - 1;
	revoke(h.ss);
	KUNIT_EXPECT_TRUE(test, time_before(h.ss->region->next_grant,
					    jiffies));
	KUNIT_EXPECT_EQ(test, attach_now(&h), 0);
	put_down(&h);
}

/*
 * struct call_case - a system call of the holder's, and the mark it made
 * @is_tx:	on the send direction
 * @tx, @rx:	the marks: 0 none, 1 this thread's, 2 another's
 * @kept:	the lease goes on
 */
struct call_case {
	const char *name;
	bool is_tx;
	int tx, rx;
	bool kept;
};

static const struct call_case call_cases[] = {
	{ "send, marked",		true, 1, 0, true },
	{ "send, both marked",		true, 1, 1, true },
	{ "send, not marked",		true, 0, 0, false },
	{ "send, marked by another",	true, 2, 0, false },
	{ "send, marked for receive",	true, 0, 1, false },
	{ "receive, marked",		false, 0, 1, true },
	{ "receive, not marked",	false, 0, 0, false },
	{ "receive, marked by another",	false, 0, 2, false },
	{ "receive, marked for send",	false, 1, 0, false },
};

static void call_name(const struct call_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(call, call_cases, call_name);

static u32 mark_of(int who)
{
	return who == 1 ? task_pid_vnr(current) : who == 2 ? 1 << 30 : 0;
}

static void calls(struct kunit *test)
{
	const struct call_case *c = test->param_value;
	struct holder h;

	if (!take_up(test, &h))
		return;
	PUT(test, mark_of(c->tx), OWN(&h, tx_call));
	PUT(test, mark_of(c->rx), OWN(&h, rx_call));
	enter(h.ss, c->is_tx);
	KUNIT_EXPECT_EQ(test, sdr_lease_held(h.ss), c->kept);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKES), !c->kept);
	/* A mark counts only with the holder's memory around it. */
	test_mm_switch(1);
	enter(h.ss, c->is_tx);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
	test_mm_switch(0);
	put_down(&h);
}

/*
 * struct inside_case - threads that are marked as inside an operation
 * @tx, @rx:	as in struct call_case
 * @forced:	they are waited for in vain
 */
struct inside_case {
	const char *name;
	int tx, rx;
	bool forced;
};

static const struct inside_case inside_cases[] = {
	{ "nobody",		0, 0, false },
	{ "another, sending",	2, 0, true },
	{ "another, receiving",	0, 2, true },
	{ "another, both",	2, 2, true },
	{ "the caller itself",	1, 0, false },
	{ "caller and another",	1, 2, true },
};

static void inside_name(const struct inside_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(inside, inside_cases, inside_name);

static void taken_from_inside(struct kunit *test)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	const struct inside_case *c = test->param_value;
	struct sdirect_settle settle;
	bool owed = c->tx || c->rx;
	struct holder h;

	if (!take_up(test, &h))
		return;
	PUT(test, 77, OWN(&h, tx_tail));
	PUT(test, mark_of(c->tx), OWN(&h, tx_inside));
	PUT(test, mark_of(c->rx), OWN(&h, rx_inside));
	revoke(h.ss);
	KUNIT_EXPECT_FALSE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_REVOKE_FORCED), c->forced);
	KUNIT_EXPECT_EQ(test, !!h.ss->region->unsettled, owed);

	/* Until it has asked how far it came, nobody else gets the lease. */
	h.ss->region->next_grant = jiffies;
	test_mm_switch(1);
	if (owed)
		KUNIT_EXPECT_EQ(test, attach(h.ss, &at), -EAGAIN);
	KUNIT_EXPECT_EQ(test, sdr_lease_settle(h.ss, &settle), 0);
	KUNIT_EXPECT_EQ(test, !!h.ss->region->unsettled, owed);
	test_mm_switch(0);
	KUNIT_EXPECT_EQ(test, sdr_lease_settle(h.ss, &settle), 0);
	KUNIT_EXPECT_NULL(test, h.ss->region->unsettled);
	KUNIT_EXPECT_EQ(test, settle.tx_final, 77);

	/* A new lease begins without the marks of the old. */
	KUNIT_EXPECT_EQ(test, attach_now(&h), 0);
	KUNIT_EXPECT_EQ(test, ctl(h.ss)->tx_inside, 0);
	KUNIT_EXPECT_EQ(test, ctl(h.ss)->rx_inside, 0);
	put_down(&h);
}

/* A ring that is replaced: one epoch changes, the lease stays. */
static void stale(struct kunit *test)
{
	struct sdirect_attach old;
	struct holder h;

	if (!take_up(test, &h))
		return;
	old = h.at;
	lock_sock(h.ss->sk);
	KUNIT_EXPECT_TRUE(test, sdr_stream_grow(h.ss));
	release_sock(h.ss->sk);
	KUNIT_EXPECT_TRUE(test, sdr_lease_held(h.ss));
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_epoch)), old.tx_epoch + 1);
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, rx_epoch)), old.rx_epoch);
	vm_munmap(h.tx, h.at.tx_length);
	KUNIT_EXPECT_EQ(test, attach_now(&h), 0);
	KUNIT_EXPECT_EQ(test, h.at.tx_size, 4 * old.tx_size);
	KUNIT_EXPECT_NE(test, h.at.tx_offset, old.tx_offset);
	h.tx = map(&h, false);
	KUNIT_EXPECT_NE(test, h.tx, 0);
	KUNIT_EXPECT_EQ(test, tally(h.ss, SDR_STAT_LEASES), 1);
	put_down(&h);
}

/* --- the ends of things --- */

/* A reset must reach a sender that makes no system call. */
static void reset_is_seen(struct kunit *test)
{
	struct holder h;

	if (!take_up(test, &h))
		return;
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_closed)), 0);
	tcp_abort(h.peer->sk, ECONNRESET);
	KUNIT_EXPECT_TRUE(test, test_until(GET(test, KERN(&h, tx_closed))));
	put_down(&h);
}

static void peers_close_is_seen(struct kunit *test)
{
	struct holder h;

	if (!take_up(test, &h))
		return;
	sock_release(h.conn->end[1]);
	h.conn->end[1] = NULL;
	KUNIT_EXPECT_EQ(test, GET(test, KERN(&h, tx_closed)), 1);
	put_down(&h);
}

/* A mapping outlives its socket, and shows nothing but the end. */
static void mapped_after_close(struct kunit *test)
{
	struct holder h;

	if (!take_up(test, &h))
		return;
	PUT(test, 5, OWN(&h, tx_tail));
	test_close(h.conn);
	KUNIT_EXPECT_NE(test, GET(test, KERN(&h, tx_epoch)), h.at.tx_epoch);
	KUNIT_EXPECT_EQ(test, GET(test, OWN(&h, tx_tail)), 0);
	PUT(test, 6, OWN(&h, tx_tail));
	put_down(&h);
}

static void no_memory(struct kunit *test)
{
	unsigned int nth, failures = 0;
	bool came = true;

	if (!test_can_fail(test))
		return;
	for (nth = 1; came && nth < TEST_NTH_MAX; nth++) {
		struct holder h;
		int err;

		if (!connect_rings(test, &h) || !test_mm_use(test))
			return;
		test_fail_nth(nth);
		err = attach_now(&h);
		came = test_failed();
		failures += !!err;
		KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
		KUNIT_EXPECT_EQ(test, sdr_lease_held(h.ss), !err);
		if (err) {
			KUNIT_EXPECT_NULL(test, h.ss->region);
			KUNIT_EXPECT_EQ(test, attach_now(&h), 0);
		}
		test_close(h.conn);
		test_mm_unuse();
	}
	KUNIT_EXPECT_FALSE(test, came);
	/* The region, its dummy page, an inode, a file. */
	KUNIT_EXPECT_GE(test, failures, 4 / 2);
}

static struct kunit_case lease_tests[] = {
	KUNIT_CASE(wrong_questions),
	KUNIT_CASE(nothing_to_map),
	KUNIT_CASE(paired_but_cold),
	KUNIT_CASE(granted),
	KUNIT_CASE(another_program),
	KUNIT_CASE_PARAM(views, map_gen_params),
	KUNIT_CASE(nobody_may_map),
	KUNIT_CASE(bytes_by_mapping),
	KUNIT_CASE(revoked),
	KUNIT_CASE(comes_back_after_a_while),
	KUNIT_CASE(stays_away_longer),
	KUNIT_CASE(given_up),
	KUNIT_CASE_PARAM(calls, call_gen_params),
	KUNIT_CASE_PARAM(taken_from_inside, inside_gen_params),
	KUNIT_CASE(stale),
	KUNIT_CASE(reset_is_seen),
	KUNIT_CASE(peers_close_is_seen),
	KUNIT_CASE(mapped_after_close),
	KUNIT_CASE(no_memory),
	{ }
};

struct kunit_suite sdr_lease_suite = {
	.name		= "sdirect_lease",
	.suite_init	= test_mm_init,
	.suite_exit	= test_mm_exit,
	.test_cases	= lease_tests,
};
