// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary interface of AF_SDIRECT: counters, attaching, mapping, leases,
 * and what happens to those who break the rules.
 */
#include "fixture.h"

#include <signal.h>
#include <sys/mman.h>

#include "direct.h"

NET_FIXTURE(abi);
NET_VARIANTS_DIRECT(abi);

enum { MESSAGE = 50 };

static const long page = 4096;

/* The next message of a stream by system calls, checked. */
static int hear(int fd, uint64_t *pos, size_t len)
{
	static char buf[1 << 20];

	if (net_recv_all(fd, buf, len) != (ssize_t)len)
		return -1;
	errno = EBADMSG;
	if (net_check(buf, len, 1, *pos) >= 0)
		return -1;
	*pos += len;
	return 0;
}

static int say(int fd, uint64_t *pos, size_t len)
{
	static char buf[1 << 20];

	net_fill(buf, len, 1, *pos);
	*pos += len;
	return net_send_all(fd, buf, len) == (ssize_t)len ? 0 : -1;
}

/* The same through the rings. */
static int say_direct(struct direct *d, uint64_t *pos, size_t len)
{
	char buf[4096];

	net_fill(buf, len, 1, *pos);
	*pos += len;
	return direct_send(d, buf, len) == (ssize_t)len ? 0 : -1;
}

static int hear_direct(struct direct *d, uint64_t *pos, size_t len)
{
	const uint64_t end = net_now_ms() + 10000;
	char buf[4096];
	size_t got = 0;
	ssize_t n;

	while (got < len && net_now_ms() < end) {
		n = direct_recv(d, buf + got, len - got);
		if (n < 0)
			return -1;
		got += n;
	}
	errno = EBADMSG;
	if (got < len || net_check(buf, len, 1, *pos) >= 0)
		return -1;
	*pos += len;
	return 0;
}

/* Warm, then attached: the client's end, or both. */
static int open_client(const struct net_pair *p, const struct net_family *nf,
		       struct direct *d)
{
	return net_warm(nf, p) || direct_open(p->client, d) ||
	       !d->at.tx_size || !d->at.rx_size ? -1 : 0;
}

static bool map_fails(int fd, size_t length, int prot, int flags,
		      uint64_t offset)
{
	void *at = mmap(NULL, length, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		return true;
	munmap(at, length);
	return false;
}

TEST_F(abi, info_before_traffic)
{
	struct sdirect_info info;

	ASSERT_EQ(0, net_info(self->p.client, &info));
	EXPECT_EQ(SDIRECT_ABI_VERSION, info.abi_version);
	EXPECT_EQ(SDIRECT_CARRIER_TCP, info.tx_carrier);
	EXPECT_NE(SDIRECT_REASON_NONE, info.reason);
	EXPECT_EQ(0, info.tx_ring_bytes);
	EXPECT_EQ(0, info.leased);
	EXPECT_EQ(0, info.reserved);
	ASSERT_EQ(0, net_info(self->p.listener, &info));
	EXPECT_EQ(SDIRECT_REASON_IDLE, info.reason);
}

TEST_F(abi, info_counts_every_byte)
{
	struct sdirect_info c, s;

	ASSERT_EQ(0, net_pingpong(&self->p, 100, 1000));
	ASSERT_EQ(0, net_info(self->p.client, &c));
	ASSERT_EQ(0, net_info(self->p.server, &s));
	EXPECT_EQ(100000, c.tx_bytes);
	EXPECT_EQ(100000, c.rx_bytes);
	EXPECT_EQ(100000, s.tx_bytes);
	EXPECT_EQ(100000, s.rx_bytes);
	EXPECT_EQ(c.tx_ring_bytes, s.rx_ring_bytes);
	EXPECT_EQ(s.tx_ring_bytes, c.rx_ring_bytes);
	EXPECT_LT(50000, c.tx_ring_bytes);
	EXPECT_LT(50000, s.tx_ring_bytes);
	EXPECT_EQ(SDIRECT_CARRIER_LOCAL, c.tx_carrier);
	EXPECT_EQ(SDIRECT_REASON_NONE, c.reason);
	EXPECT_LE(SDIRECT_RING_MIN, c.tx_ring_size);
	EXPECT_EQ(c.tx_ring_size, s.rx_ring_size);
	EXPECT_EQ(c.rx_ring_size, s.tx_ring_size);
}

TEST_F(abi, info_short_buffer)
{
	struct sdirect_info info;
	socklen_t len = 8;

	memset(&info, 0xff, sizeof(info));
	EXPECT_EQ(0, getsockopt(self->p.client, SOL_SDIRECT, SDIRECT_INFO,
				&info, &len));
	EXPECT_EQ(8, len);
	EXPECT_EQ(SDIRECT_ABI_VERSION, info.abi_version);
	EXPECT_EQ(~0ull, info.tx_bytes);
	len = 1000;
	EXPECT_EQ(-1, getsockopt(self->p.client, SOL_SDIRECT, SDIRECT_INFO,
				 (void *)8, &len));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, setsockopt(self->p.client, SOL_SDIRECT, SDIRECT_INFO,
				 &info, sizeof(info)));
	EXPECT_EQ(ENOPROTOOPT, errno);
}

TEST_F(abi, attach_checks_its_argument)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION + 1 };

	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	EXPECT_EQ(-1, ioctl(self->p.client, SDIRECT_IOC_ATTACH, &at));
	EXPECT_EQ(EPROTO, errno);
	at.abi_version = SDIRECT_ABI_VERSION;
	at.flags = 1u << 31;
	EXPECT_EQ(-1, ioctl(self->p.client, SDIRECT_IOC_ATTACH, &at));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->p.client, SDIRECT_IOC_ATTACH, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->p.client, SDIRECT_IOC_SETTLE, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
}

TEST_F(abi, attach_needs_a_connection)
{
	int fd = net_socket(&variant->nf, 0);
	struct sdirect_attach at;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, direct_attach(fd, &at));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_EQ(-1, direct_attach(self->p.listener, &at));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_TRUE(map_fails(fd, page, PROT_READ, MAP_SHARED, 0));
	close(fd);
}

TEST_F(abi, unknown_ioctls)
{
	const unsigned long requests[] = {
		0, ~0ul, 0xdeadbeef, _IO(SDIRECT_IOC_MAGIC, 0),
		_IO(SDIRECT_IOC_MAGIC, 99), _IO(SDIRECT_IOC_MAGIC, 1),
		_IOWR(SDIRECT_IOC_MAGIC, 1, char[4000]), 0x5401,
	};
	int tcp = socket(variant->nf.ip, SOCK_STREAM, 0), round, want;
	unsigned int i;
	char arg[8192];

	ASSERT_LE(0, tcp);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(requests); i++) {
			errno = 0;
			ioctl(tcp, requests[i], arg);
			want = errno;
			errno = 0;
			EXPECT_EQ(-1, ioctl(self->p.client, requests[i], arg));
			EXPECT_EQ(want, errno)
				TH_LOG("ioctl %#lx", requests[i]);
		}
		ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	}
	close(tcp);
}

TEST_F(abi, mmap_refuses_what_was_not_offered)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct sdirect_attach at;
	int fd = self->p.client;

	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	ASSERT_EQ(0, direct_attach(fd, &at));
	EXPECT_TRUE(map_fails(fd, at.tx_length, rw, MAP_PRIVATE, at.tx_offset));
	EXPECT_TRUE(map_fails(fd, at.rx_length, PROT_READ, MAP_PRIVATE,
			      at.rx_offset));
	EXPECT_TRUE(map_fails(fd, at.rx_length, rw, MAP_SHARED, at.rx_offset));
	EXPECT_TRUE(map_fails(fd, at.rx_length, PROT_WRITE, MAP_SHARED,
			      at.rx_offset));
	EXPECT_TRUE(map_fails(fd, at.tx_length + page, rw, MAP_SHARED,
			      at.tx_offset));
	EXPECT_TRUE(map_fails(fd, 1ul << 40, rw, MAP_SHARED, at.tx_offset));
	EXPECT_TRUE(map_fails(fd, at.tx_length, rw | PROT_EXEC, MAP_SHARED,
			      at.tx_offset));
	EXPECT_TRUE(map_fails(fd, at.tx_length, rw, MAP_SHARED,
			      at.tx_offset + (1ull << 45)));
	EXPECT_TRUE(map_fails(fd, at.tx_length, rw, MAP_SHARED,
			      at.tx_offset + page));
	EXPECT_TRUE(map_fails(fd, page, rw, MAP_SHARED, ~0xfffull));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
}

TEST_F(abi, read_only_stays_read_only)
{
	struct direct d;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	EXPECT_EQ(-1, mprotect((void *)d.kern, page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect((void *)d.rx, page, PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(SDIRECT_ABI_VERSION, d.kern->abi_version);
	direct_close(&d);
}

/* Writing where only the peer may write is a fault of the writer. */
TEST_F(abi, writing_the_peers_page_faults)
{
	struct direct d;
	pid_t pid;

	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	pid = net_fork();
	if (!pid) {
		net_close(&self->p.server);
		CHILD_CHECK(!direct_open(self->p.client, &d) ||
			    errno == EAGAIN);
		if (d.kern)
			*(volatile int *)d.kern = 1;
		raise(SIGSEGV);
	}
	EXPECT_EQ(256 + SIGSEGV, net_wait(pid));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
}

TEST_F(abi, mappings_do_not_grow_or_split_badly)
{
	struct direct d;
	void *more;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	more = mremap(d.ctl, d.at.tx_length, d.at.tx_length + 16 * page,
		      MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, more);
	/* Half of it may go; the rest and the socket live on. */
	EXPECT_EQ(0, munmap(d.tx, page));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 100));
	direct_close(&d);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 100));
}

/* The client works its rings, the server makes system calls. */
TEST_F(abi, rings_against_calls)
{
	uint64_t c = 0, s = 0, hc = 0, hs = 0;
	struct direct d;
	int i;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, say_direct(&d, &c, MESSAGE + i % 30));
		ASSERT_EQ(0, hear(self->p.server, &hs, MESSAGE + i % 30));
		ASSERT_EQ(0, say(self->p.server, &s, MESSAGE));
		ASSERT_EQ(0, hear_direct(&d, &hc, MESSAGE));
	}
	EXPECT_FALSE(direct_tx_lost(&d));
	EXPECT_FALSE(direct_rx_lost(&d));
	direct_close(&d);
}

TEST_F(abi, rings_against_rings)
{
	uint64_t c = 0, s = 0, hc = 0, hs = 0;
	struct direct one, two;
	int i;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &one));
	ASSERT_EQ(0, direct_open(self->p.server, &two));
	EXPECT_NE(one.at.side, two.at.side);
	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(0, say_direct(&one, &c, 1 + i % 1000));
		ASSERT_EQ(0, hear_direct(&two, &hs, 1 + i % 1000));
		ASSERT_EQ(0, say_direct(&two, &s, MESSAGE));
		ASSERT_EQ(0, hear_direct(&one, &hc, MESSAGE));
	}
	EXPECT_FALSE(direct_tx_lost(&one));
	EXPECT_FALSE(direct_rx_lost(&two));
	direct_close(&one);
	direct_close(&two);
}

TEST_F(abi, info_says_leased)
{
	struct sdirect_info info;
	struct direct d;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	ASSERT_EQ(0, net_info(self->p.client, &info));
	EXPECT_EQ(1, info.leased);
	direct_close(&d);
}

/* The doorbell wakes whoever sleeps at the other end. */
TEST_F(abi, doorbell_wakes_a_reader)
{
	struct direct d;
	uint64_t c = 0;
	int i;

	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	ASSERT_EQ(0, direct_open(self->p.client, &d));
	for (i = 0; i < 10; i++) {
		struct net_flow f = { .fd = self->p.server, .seed = 1,
				      .bytes = MESSAGE, .chunk = MESSAGE,
				      .pos = c };
		pthread_t t;
		void *bad;

		ASSERT_EQ(0, pthread_create(&t, NULL, net_flow_recv, &f));
		ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
		ASSERT_EQ(0, pthread_join(t, &bad));
		ASSERT_NULL(bad);
	}
	direct_close(&d);
}

TEST_F(abi, doorbell_reaches_poll)
{
	struct pollfd pfd = { .fd = self->p.server, .events = POLLIN };
	uint64_t c = 0, hs = 0;
	struct direct d;
	pid_t parent = getpid(), pid;
	int i, go[2];
	char token;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	pid = net_fork();
	if (!pid) {
		net_close(&self->p.server);
		CHILD_CHECK(read(go[0], &token, 1) == 1);
		CHILD_CHECK(!direct_open(self->p.client, &d));
		for (i = 0; i < 10; i++) {
			CHILD_CHECK(!net_wait_sleeping(parent));
			CHILD_CHECK(!say_direct(&d, &c, MESSAGE));
			CHILD_CHECK(read(go[0], &token, 1) == 1);
		}
		_exit(0);
	}
	/* Alone with its end, the child may have the lease. */
	net_close(&self->p.client);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(1, write(go[1], "g", 1));
		ASSERT_EQ(1, poll(&pfd, 1, 20000));
		ASSERT_EQ(0, hear(self->p.server, &hs, MESSAGE));
	}
	ASSERT_EQ(1, write(go[1], "g", 1));
	EXPECT_EQ(0, net_wait(pid));
}

TEST_F(abi, doorbell_by_itself_is_harmless)
{
	int i, fd = net_socket(&variant->nf, 0);

	for (i = 0; i < 100; i++) {
		ioctl(fd, SDIRECT_IOC_DOORBELL);
		ioctl(self->p.listener, SDIRECT_IOC_DOORBELL);
		ioctl(self->p.client, SDIRECT_IOC_DOORBELL);
		ASSERT_EQ(0, net_pingpong(&self->p, 100, 2));
	}
	close(fd);
}

/* A full ring, filled by hand, empties by the peer's system calls. */
TEST_F(abi, full_ring_by_hand)
{
	uint64_t c = 0, hs = 0;
	struct direct d;
	int n = 0;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	while (d.tail + 1000 - SDIRECT_LOAD(&d.peer->rx_head) < d.at.tx_size) {
		ASSERT_EQ(0, say_direct(&d, &c, 1000));
		ASSERT_GT(10000, n++);
	}
	ASSERT_EQ(0, hear(self->p.server, &hs, c));
	ASSERT_EQ(0, say_direct(&d, &c, 1000));
	ASSERT_EQ(0, hear(self->p.server, &hs, 1000));
	direct_close(&d);
}

/* Somebody else's system call takes the lease, in order and without loss. */
TEST_F(abi, child_takes_the_lease)
{
	struct sdirect_settle settle = {};
	uint64_t c = 0, hs = 0;
	struct direct d;
	pid_t pid;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
	pid = net_fork();
	if (!pid) {
		CHILD_CHECK(!say(self->p.client, &c, MESSAGE));
		_exit(0);
	}
	ASSERT_EQ(0, net_wait(pid));
	c += MESSAGE;
	EXPECT_TRUE(direct_tx_lost(&d));
	ASSERT_EQ(0, ioctl(self->p.client, SDIRECT_IOC_SETTLE, &settle));
	EXPECT_EQ(d.tail, settle.tx_final);
	/* The holder of old sees it and asks the kernel. */
	ASSERT_EQ(0, direct_send(&d, "x", 1));
	ASSERT_EQ(0, say(self->p.client, &c, MESSAGE));
	ASSERT_EQ(0, hear(self->p.server, &hs, 3 * MESSAGE));
	direct_close(&d);
}

/* A store into a page that has been taken away lands nowhere. */
TEST_F(abi, late_stores_go_nowhere)
{
	uint64_t c = 0, hs = 0;
	struct direct d;
	pid_t pid;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
	pid = net_fork();
	if (!pid) {
		CHILD_CHECK(!say(self->p.client, &c, MESSAGE));
		_exit(0);
	}
	ASSERT_EQ(0, net_wait(pid));
	c += MESSAGE;
	memset(d.tx, 'Z', d.at.tx_size);
	SDIRECT_STORE_RELEASE(&d.ctl->tx_tail, d.tail + 1000);
	ASSERT_EQ(0, hear(self->p.server, &hs, 2 * MESSAGE));
	ASSERT_EQ(0, say(self->p.client, &c, MESSAGE));
	ASSERT_EQ(0, hear(self->p.server, &hs, MESSAGE));
	EXPECT_EQ(-1, recv(self->p.server, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	direct_close(&d);
}

/* A plain call of the same process that is not marked as the library's. */
TEST_F(abi, unmarked_call_takes_the_lease)
{
	uint64_t c = 0, hs = 0;
	struct direct d;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
	ASSERT_EQ(0, say(self->p.client, &c, MESSAGE));
	EXPECT_TRUE(direct_tx_lost(&d));
	ASSERT_EQ(0, say(self->p.client, &c, MESSAGE));
	ASSERT_EQ(0, hear(self->p.server, &hs, 3 * MESSAGE));
	direct_close(&d);
}

TEST_F(abi, marked_call_keeps_the_lease)
{
	uint64_t c = 0, s = 0, hc = 0, hs = 0;
	struct direct d;
	int i;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
		__atomic_store_n(&d.ctl->tx_call, net_tid(), __ATOMIC_RELAXED);
		ASSERT_EQ(0, say(self->p.client, &c, MESSAGE));
		__atomic_store_n(&d.ctl->tx_call, 0, __ATOMIC_RELAXED);
		d.tail = SDIRECT_LOAD(&d.ctl->tx_tail);
		ASSERT_EQ(0, say(self->p.server, &s, 2 * MESSAGE));
		ASSERT_EQ(0, hear_direct(&d, &hc, MESSAGE));
		__atomic_store_n(&d.ctl->rx_call, net_tid(), __ATOMIC_RELAXED);
		ASSERT_EQ(0, hear(self->p.client, &hc, MESSAGE));
		__atomic_store_n(&d.ctl->rx_call, 0, __ATOMIC_RELAXED);
		d.head = SDIRECT_LOAD(&d.ctl->rx_head);
		ASSERT_EQ(0, hear(self->p.server, &hs, 2 * MESSAGE));
	}
	EXPECT_FALSE(direct_tx_lost(&d));
	EXPECT_FALSE(direct_rx_lost(&d));
	direct_close(&d);
}

/* After the others have gone the lease can be had again. */
TEST_F(abi, lease_comes_back)
{
	uint64_t c = 0, hs = 0;
	struct direct d;
	uint64_t end;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
		ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
		ASSERT_EQ(0, say(self->p.client, &c, MESSAGE));
		ASSERT_TRUE(direct_tx_lost(&d));
		ASSERT_EQ(0, hear(self->p.server, &hs, 2 * MESSAGE));
		direct_close(&d);
		/* EAGAIN means: more traffic, or some time, first. */
		end = net_now_ms() + 20000;
		while (direct_open(self->p.client, &d)) {
			ASSERT_EQ(EAGAIN, errno);
			ASSERT_LT(net_now_ms(), end);
			ASSERT_EQ(0, say(self->p.client, &c, MESSAGE));
			ASSERT_EQ(0, hear(self->p.server, &hs, MESSAGE));
		}
		direct_close(&d);
		hs = c = 0;
	}
}

/* The lease is not to be had by two. */
TEST_F(abi, one_holder)
{
	struct sdirect_attach at;
	struct direct d;
	pid_t pid;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	pid = net_fork();
	if (!pid) {
		CHILD_CHECK(direct_attach(self->p.client, &at) == -1);
		CHILD_CHECK(errno == EAGAIN);
		_exit(0);
	}
	EXPECT_EQ(0, net_wait(pid));
	direct_close(&d);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
}

/* The mapping keeps neither the connection nor its peer from ending. */
TEST_F(abi, mapping_outlives_the_socket)
{
	struct pollfd pfd = { .fd = self->p.server, .events = POLLIN };
	uint64_t c = 0, hs = 0;
	struct direct d;
	char byte;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
	ASSERT_EQ(0, net_close(&self->p.client));
	ASSERT_EQ(1, poll(&pfd, 1, 10000));
	ASSERT_EQ(0, hear(self->p.server, &hs, MESSAGE));
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
	/* Still there to be looked at and written to, to no effect. */
	memset(d.tx, 'Z', d.at.tx_size);
	SDIRECT_STORE_RELEASE(&d.ctl->tx_tail, d.tail + 5);
	EXPECT_EQ(SDIRECT_ABI_VERSION, SDIRECT_LOAD(&d.kern->abi_version));
	EXPECT_TRUE(direct_tx_lost(&d) || SDIRECT_LOAD(&d.me->tx_closed));
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
	direct_close(&d);
}

/* What a lying end writes breaks that connection and nothing else. */
static int broken_errno(int err)
{
	return err == ECONNRESET || err == EPROTO || err == EPIPE ||
	       err == EIO;
}

/* Added to a position: more than any ring holds, or back. */
static const uint64_t lies[] = { SDIRECT_RING_MAX + 1, 1ull << 40, 1ull << 63,
				 ~0ull, ~0ull - 4096 };

TEST_F(abi, lie_about_the_tail)
{
	static char buf[1 << 16];
	struct direct d;
	struct net_pair p;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		ASSERT_EQ(0, net_pair_open(&variant->nf, &p));
		ASSERT_EQ(0, open_client(&p, &variant->nf, &d));
		SDIRECT_STORE_RELEASE(&d.ctl->tx_tail, d.tail + lies[i]);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		n = recv(p.server, buf, sizeof(buf), 0);
		EXPECT_EQ(-1, n);
		EXPECT_TRUE(broken_errno(errno))
			TH_LOG("lie %u: errno %d", i, errno);
		direct_close(&d);
		net_pair_close(&p);
	}
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
}

TEST_F(abi, lie_about_the_head)
{
	static char buf[1 << 16];
	struct net_pair p;
	struct direct d;
	unsigned int i;
	ssize_t n;
	int calls;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		ASSERT_EQ(0, net_pair_open(&variant->nf, &p));
		ASSERT_EQ(0, open_client(&p, &variant->nf, &d));
		SDIRECT_STORE_RELEASE(&d.ctl->rx_head, d.head + lies[i]);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		/* The sender looks at the head when it must, if ever. */
		for (calls = 0; calls < 1000; calls++) {
			n = send(p.server, buf, sizeof(buf),
				 MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0)
				break;
		}
		EXPECT_EQ(-1, n);
		EXPECT_TRUE(broken_errno(errno) || errno == EAGAIN)
			TH_LOG("lie %u: errno %d", i, errno);
		direct_close(&d);
		net_pair_close(&p);
	}
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
}

TEST_F(abi, garbage_everywhere)
{
	static char buf[1 << 16];
	struct pollfd pfd = { .events = POLLIN | POLLOUT };
	struct net_pair p;
	struct direct d;
	unsigned int seed;

	for (seed = 0; seed < 16; seed++) {
		ASSERT_EQ(0, net_pair_open(&variant->nf, &p));
		ASSERT_EQ(0, open_client(&p, &variant->nf, &d));
		net_fill(d.ctl, page, seed, seed);
		net_fill(d.tx, d.at.tx_size, seed, seed);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		pfd.fd = p.server;
		poll(&pfd, 1, 0);
		send(p.server, buf, 1000, MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(p.server, buf, sizeof(buf), MSG_DONTWAIT);
		send(p.client, buf, 1000, MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(p.client, buf, sizeof(buf), MSG_DONTWAIT);
		net_fill(d.ctl, page, seed + 1, seed);
		ioctl(p.client, SDIRECT_IOC_DOORBELL);
		if (seed & 1)
			direct_close(&d);
		net_pair_close(&p);
		if (!(seed & 1))
			direct_close(&d);
	}
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 200));
}

/* Holding "inside" for ever does not hold anyone up. */
TEST_F(abi, stuck_inside)
{
	uint64_t c = 0, hs = 0, begin;
	struct direct d;
	pid_t pid;

	ASSERT_EQ(0, open_client(&self->p, &variant->nf, &d));
	ASSERT_EQ(0, say_direct(&d, &c, MESSAGE));
	__atomic_store_n(&d.ctl->tx_inside, net_tid(), __ATOMIC_RELAXED);
	__atomic_store_n(&d.ctl->rx_inside, net_tid(), __ATOMIC_RELAXED);
	begin = net_now_ms();
	pid = net_fork();
	if (!pid) {
		CHILD_CHECK(!say(self->p.client, &c, MESSAGE));
		_exit(0);
	}
	ASSERT_EQ(0, net_wait(pid));
	EXPECT_GT(10000, net_now_ms() - begin);
	ASSERT_EQ(0, hear(self->p.server, &hs, 2 * MESSAGE));
	direct_close(&d);
}

NET_MAIN
