// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary interface of AF_SDIRECT: counters, attaching, mapping, and what
 * is refused.
 */
#include "fixture.h"

#include <signal.h>
#include <sys/mman.h>

#include "direct.h"

NET_FIXTURE(abi);
NET_VARIANTS_DIRECT(abi);

enum { MESSAGE = 50 };

static const long page = 4096;

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
	unsigned char big[1000];
	struct sdirect_info info;
	socklen_t len = 8;

	memset(&info, 0xff, sizeof(info));
	EXPECT_EQ(0, getsockopt(self->p.client, SOL_SDIRECT, SDIRECT_INFO,
				&info, &len));
	EXPECT_EQ(8, len);
	EXPECT_EQ(SDIRECT_ABI_VERSION, info.abi_version);
	EXPECT_EQ(~0ull, info.tx_bytes);
	/* Nothing is written behind what there is to tell. */
	len = sizeof(big);
	memset(big, 0xff, sizeof(big));
	EXPECT_EQ(0, getsockopt(self->p.client, SOL_SDIRECT, SDIRECT_INFO,
				big, &len));
	EXPECT_EQ(sizeof(info), len);
	EXPECT_EQ(0xff, big[sizeof(info)]);
	EXPECT_EQ(0, memcmp(big + sizeof(info), big + sizeof(info) + 1,
			    sizeof(big) - sizeof(info) - 1));
	len = 1000;
	EXPECT_EQ(-1, getsockopt(self->p.client, SOL_SDIRECT, SDIRECT_INFO,
				 (void *)8, &len));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, setsockopt(self->p.client, SOL_SDIRECT, SDIRECT_INFO,
				 &info, sizeof(info)));
	EXPECT_EQ(ENOPROTOOPT, errno);
}

static int peer_cred(int fd, struct ucred *cred)
{
	socklen_t len = sizeof(*cred);

	return getsockopt(fd, SOL_SDIRECT, SDIRECT_PEERCRED, cred, &len);
}

/* Who opened an end is known as long as the other is open. */
TEST_F(abi, peer_is_known)
{
	struct ucred cred;
	int fd, status;
	pid_t pid;

	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	ASSERT_EQ(0, peer_cred(self->p.client, &cred));
	EXPECT_EQ(getpid(), cred.pid);
	EXPECT_EQ(geteuid(), cred.uid);
	EXPECT_EQ(getegid(), cred.gid);
	/* Who asks does not matter, nor that the other has closed. */
	pid = fork();
	if (!pid)
		_exit(peer_cred(self->p.server, &cred) ||
		      cred.pid != getppid());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	net_close(&self->p.client);
	EXPECT_EQ(0, peer_cred(self->p.server, &cred));
	EXPECT_EQ(getpid(), cred.pid);

	fd = socket(AF_SDIRECT, SOCK_STREAM, 0);
	EXPECT_EQ(-1, peer_cred(fd, &cred));
	EXPECT_EQ(ENOTCONN, errno);
	close(fd);
}

/* A disconnected end that connects again is TCP, and knows nobody. */
TEST_F(abi, peer_is_forgotten)
{
	union net_addr none = { .sa.sa_family = AF_UNSPEC };
	struct ucred cred;

	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	ASSERT_EQ(0, peer_cred(self->p.client, &cred));
	ASSERT_EQ(0, connect(self->p.client, &none.sa, sizeof(none.sa)));
	EXPECT_EQ(-1, peer_cred(self->p.client, &cred));
	EXPECT_EQ(ENOTCONN, errno);
	ASSERT_EQ(0, connect(self->p.client, &self->p.addr.sa,
			     net_addr_len(&variant->nf)));
	EXPECT_EQ(-1, peer_cred(self->p.client, &cred));
	EXPECT_EQ(ENODATA, errno);
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
	EXPECT_TRUE(map_fails(fd, page, PROT_READ, MAP_SHARED, 1ul << 28));
	/* What is before the first ring is TCP's, to read only. */
	EXPECT_FALSE(map_fails(fd, page, PROT_READ, MAP_SHARED, 0));
	EXPECT_TRUE(map_fails(fd, page, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
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

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	EXPECT_EQ(-1, mprotect((void *)d.kern, page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect((void *)d.rx, page, PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(SDIRECT_ABI_VERSION, d.kern->abi_version);
	direct_close(&d);
}

/* What the holder of a lease maps, but may not write. */
enum { KERNELS_PAGE, PEERS_PAGE, PEERS_RING, READ_ONLY };

static void store_read_only(const struct net_pair *p, int where)
{
	struct direct d;

	CHILD_CHECK(!direct_open(p->client, &d));
	switch (where) {
	case KERNELS_PAGE:
		*(volatile int *)d.kern = 1;
		break;
	case PEERS_PAGE:
		*(volatile int *)d.peer = 1;
		break;
	case PEERS_RING:
		*(volatile char *)d.rx = 1;
		break;
	}
	_exit(0);
}

/* Writing where only others may write is a fault of the writer. */
TEST_F(abi, writing_the_peers_page_faults)
{
	int where;
	pid_t pid;

	for (where = 0; where < READ_ONLY; where++) {
		ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
		pid = net_fork();
		if (!pid)
			store_read_only(&self->p, where);
		EXPECT_EQ(256 + SIGSEGV, net_wait(pid))
			TH_LOG("page %d", where);
		EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
	}
}

TEST_F(abi, mappings_do_not_grow_or_split_badly)
{
	struct direct d;
	void *more;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	more = mremap(d.ctl, d.at.tx_length, d.at.tx_length + 16 * page,
		      MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, more);
	/* Half of it may go; the rest and the socket live on. */
	EXPECT_EQ(0, munmap(d.tx, page));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 100));
	direct_close(&d);
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 100));
}

/* The mapping keeps neither the connection nor its peer from ending. */
TEST_F(abi, mapping_outlives_the_socket)
{
	struct pollfd pfd = { .fd = self->p.server, .events = POLLIN };
	uint64_t c = 0, hs = 0;
	struct direct d;
	char byte;

	ASSERT_EQ(0, direct_open_warm(&variant->nf, &self->p, &d));
	ASSERT_EQ(0, direct_say(&d, &c, MESSAGE));
	ASSERT_EQ(0, net_close(&self->p.client));
	ASSERT_EQ(1, poll(&pfd, 1, 10000));
	ASSERT_EQ(0, net_hear(self->p.server, &hs, MESSAGE));
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
	/* Still there to be looked at and written to, to no effect. */
	memset(d.tx, 'Z', d.at.tx_size);
	SDIRECT_STORE_RELEASE(&d.ctl->tx_tail, d.tail + 5);
	EXPECT_EQ(SDIRECT_ABI_VERSION, SDIRECT_LOAD(&d.kern->abi_version));
	EXPECT_TRUE(direct_tx_lost(&d) || SDIRECT_LOAD(&d.me->tx_closed));
	EXPECT_EQ(0, recv(self->p.server, &byte, 1, 0));
	direct_close(&d);
}

NET_MAIN
