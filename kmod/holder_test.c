// SPDX-License-Identifier: GPL-2.0
/* An end whose rings are mapped, for the tests of leases. */
#include "compat.h"

#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "holder_test.h"
#include "lease.h"

int test_attach(struct sdr_sock *ss, struct sdirect_attach *at)
{
	int err;

	mutex_lock(&ss->rx_lock);
	lock_sock(ss->sk);
	err = sdr_lease_attach(ss, at);
	release_sock(ss->sk);
	mutex_unlock(&ss->rx_lock);
	return err;
}

int holder_attach(struct holder *h)
{
	memset(&h->at, 0, sizeof(h->at));
	h->at.abi_version = SDIRECT_ABI_VERSION;
	return test_attach(h->ss, &h->at);
}

void test_enter(struct sdr_sock *ss, bool is_tx)
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

unsigned long holder_map(struct holder *h, bool read_only)
{
	u64 offset = read_only ? h->at.rx_offset : h->at.tx_offset;
	u64 length = read_only ? h->at.rx_length : h->at.tx_length;
	unsigned long addr = vm_mmap(h->file, 0, length, PROT_READ |
				     (read_only ? 0 : PROT_WRITE), MAP_SHARED,
				     offset);

	return IS_ERR_VALUE(addr) ? 0 : addr;
}

void holder_unmap(struct holder *h)
{
	if (h->tx)
		vm_munmap(h->tx, h->at.tx_length);
	if (h->rx)
		vm_munmap(h->rx, h->at.rx_length);
	h->tx = 0;
	h->rx = 0;
}

bool holder_connect(struct kunit *test, struct holder *h)
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
	sealed = test_seal(h->ss) && test_seal(h->peer);
	KUNIT_EXPECT_TRUE(test, sealed);
	return sealed;
}

bool holder_take_up(struct kunit *test, struct holder *h)
{
	int err;

	if (!holder_connect(test, h) || !test_mm_use(test))
		return false;
	err = holder_attach(h);
	KUNIT_EXPECT_EQ(test, err, 0);
	if (!err) {
		h->tx = holder_map(h, false);
		h->rx = holder_map(h, true);
	}
	KUNIT_EXPECT_NE(test, h->tx, 0);
	KUNIT_EXPECT_NE(test, h->rx, 0);
	if (h->tx && h->rx)
		return true;
	holder_unmap(h);
	test_mm_unuse();
	return false;
}

void holder_put_down(struct holder *h)
{
	holder_unmap(h);
	test_mm_unuse();
}
